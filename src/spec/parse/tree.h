/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML text -> a tree in which everything knows its line and column. Bounded
 * in size and depth; no aliases, so nothing in it can be larger than the text.
 */
#ifndef SPEC_TREE_H
#define SPEC_TREE_H

#include "spec/diag.h"

enum tree_kind {
	TREE_SCALAR,
	TREE_LIST,
	TREE_MAP,
};

struct tree {
	enum tree_kind kind;
	struct spec_pos pos;
	/* scalars */
	const char *text; /* no NUL inside */
	bool quoted; /* '...', "..." or a block: a string, whatever it looks like */
	/* lists and maps */
	struct tree *first, *last;
	unsigned int count;
	/* as a member of one */
	struct tree *next;
	const struct tree *key; /* member of a map: a scalar */
};

#define TREE_MAX_DEPTH 32
#define TREE_MAX_NODES 1000000

/*
 * The root, or NULL with an error reported. Errors that leave a usable tree
 * (an alias, a tag) are reported too.
 */
struct tree *tree_parse(struct spec_arena *arena, struct spec_diags *diags, const char *text,
			size_t len);

/* Is it text that tree_parse can be given? Reports if not. */
bool tree_scan(struct spec_diags *diags, const char *text, size_t len);

#endif
