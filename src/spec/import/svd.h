/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the CMSIS-SVD importer. */
#ifndef SPEC_IMPORT_SVD_H
#define SPEC_IMPORT_SVD_H

#include "spec/import/import.h"

#define SVD_MAX_DERIVE 16

/* Everything that a read of one block needs. */
struct svd {
	struct import *import;
	struct block *block;
	GHashTable *index; /* (owner, name) -> element; made when first needed */
};

/*
 * An element, and those that it is derived from, nearest first: what an
 * element does not say, the next one does.
 */
struct svd_chain {
	const struct xml_node *node[SVD_MAX_DERIVE];
	unsigned int n;
};

/* False: reported (not there, or a circle). */
bool svd_derive(struct svd *svd, const struct xml_node *node, struct svd_chain *ret_chain);
/* The first child of that name in the chain, or NULL. */
const struct xml_node *svd_find(const struct svd_chain *chain, const char *name);
/* Its text, or NULL. */
const char *svd_text(const struct svd_chain *chain, const char *name);

/*
 * A number as SVD writes them: 12, 0x1f, #101, with k, m, g, t behind it.
 * False: it is none.
 */
bool svd_scan(const char *text, uint64_t *ret_value);
/* The same for a child; false if it is not there. Bad ones are reported, as errors. */
bool svd_number(struct svd *svd, const struct svd_chain *chain, const char *name,
		uint64_t *ret_value);

/* What registers inherit: registerPropertiesGroup. */
struct svd_props {
	uint64_t size; /* bits */
	const struct xml_node *access; /* or NULL */
	bool has_reset;
	uint64_t reset, mask;
	const char *protection; /* or NULL */
};

void svd_take_props(struct svd *svd, const struct svd_chain *chain, struct svd_props *props);

/* dim: and what belongs to it. */
struct svd_dim {
	bool there, array; /* array: [%s], and so one register with an index */
	uint64_t n, increment;
	char **names; /* n of them, or NULL: 0, 1, ... */
	const char *name; /* of the element without [%s] or %s, if it can be one array; else NULL */
	const char *pattern; /* with %s where the index goes */
};

/* False: reported. */
bool svd_take_dim(struct svd *svd, const struct svd_chain *chain, const char *what,
		  struct svd_dim *ret_dim);
/* The name of element i, in the arena. */
const char *svd_dim_name(struct svd *svd, const struct svd_dim *dim, uint64_t i);
void svd_dim_clear(struct svd_dim *dim);

/* Access: words of SVD. False: unknown, reported. */
bool svd_take_access(struct svd *svd, const struct xml_node *node, struct block_access *access);
void svd_take_effects(struct svd *svd, const struct svd_chain *chain, struct block_access *access,
		      struct notes **notes, const char *what);
/* writeConstraint. */
void svd_take_constraint(struct svd *svd, const struct svd_chain *chain, enum block_limit *limit,
			 uint64_t *min, uint64_t *max, struct notes **notes, const char *what);

/* fields: of a register. */
void svd_fields(struct svd *svd, const struct svd_chain *chain, struct block_reg *reg,
		const struct block_access *access, const char *what);
/* registers: of a peripheral or of a cluster. */
void svd_registers(struct svd *svd, const struct svd_chain *chain, const struct svd_props *props);

/* Children of a container in the whole chain, each name once; nearest first. */
GPtrArray *svd_members(const struct svd_chain *chain, const char *container);

#endif
