/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XML text -> a tree in which every element knows its line and column. Made
 * for files of strangers: nothing is fetched, nothing expands, and size, depth
 * and number of elements have limits.
 */
#ifndef SPEC_IMPORT_XML_H
#define SPEC_IMPORT_XML_H

#include "spec/diag.h"

/* Largest file read, bytes: the largest chips' SVD files have some 40 MiB. */
#define XML_MAX_FILE (64u << 20)
#define XML_MAX_DEPTH 64
#define XML_MAX_NODES 4000000
#define XML_MAX_ATTRIBUTES 64
#define XML_MAX_NAMESPACES 256
#define XML_MAX_TAG (64u << 10)

struct xml_attr {
	const char *name; /* without its prefix; xmlns is none of them */
	const char *value;
	const struct xml_attr *next;
};

struct xml_node {
	const char *name; /* without its prefix */
	const char *text; /* of an element without children: trimmed; else "" */
	const struct xml_attr *attrs;
	struct xml_node *parent, *first, *next;
	struct spec_pos pos; /* of its < */
};

struct xml_doc {
	struct xml_node *root;
	GStringChunk *strings;
	GPtrArray *slabs;
};

/* NULL with one error reported. Takes no copy: `text` may go afterwards. */
struct xml_doc *xml_parse(struct spec_diags *diags, const char *text, size_t len);
void xml_free(struct xml_doc *doc);

/* First child of that name, or NULL. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
/* Next sibling with the same name, or NULL. */
const struct xml_node *xml_again(const struct xml_node *node);
/* Text of the child of that name, or NULL: no such child. */
const char *xml_child_text(const struct xml_node *node, const char *name);
/* Value of an attribute, or NULL. */
const char *xml_attr(const struct xml_node *node, const char *name);

#endif
