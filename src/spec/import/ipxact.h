/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the IP-XACT importer. */
#ifndef SPEC_IMPORT_IPXACT_H
#define SPEC_IMPORT_IPXACT_H

#include "spec/import/import.h"

struct ipx {
	struct import *import;
	struct block *block;
	unsigned int unit; /* bytes that one address means */
};

/* What registers and fields inherit from what they stand in. */
struct ipx_defaults {
	const struct xml_node *access; /* or NULL */
	const char *is_volatile; /* "true", "false", or NULL */
	const struct xml_node *policy; /* where the access of the thing itself stands */
};

/* ---- numbers: ipxact.c ---- */

/* False: reported. */
bool ipx_evaluate(struct import *import, const struct xml_node *node, uint64_t *ret_value);
/* Of a child. False: not there, or bad, which is reported. */
bool ipx_number(struct import *import, const struct xml_node *node, const char *name,
		uint64_t *ret_value);
/* The same, where it must be there. */
bool ipx_needed(struct import *import, const struct xml_node *node, const char *name, uint64_t max,
		uint64_t *ret_value);
/* A truth value; `none` if it is not there. */
bool ipx_flag(struct import *import, const struct xml_node *node, const char *name, bool none);

/* ---- access, fields: ipxact_fields.c ---- */

struct ipx_defaults ipx_inherit(struct ipx *ipx, const struct ipx_defaults *outer,
				const struct xml_node *node, struct notes **notes,
				const char *what);
/* False: reported. */
bool ipx_take_access(struct ipx *ipx, const struct xml_node *node, struct block_access *access);
void ipx_take_volatile(struct block_access *access, const char *text);
/* The <reset> that counts, or NULL. */
const struct xml_node *ipx_reset_of(struct ipx *ipx, const struct xml_node *node,
				    struct notes **notes, const char *what);
/* False: isPresent says that it is not there. */
bool ipx_present(struct ipx *ipx, const struct xml_node *node, struct notes **notes,
		 const char *what);
/* dim: of all dimensions together, which lie behind each other. False: reported. */
bool ipx_take_dim(struct ipx *ipx, const struct xml_node *node, bool *ret_array,
		  uint64_t *ret_count, uint64_t *ret_stride, struct notes **notes);
void ipx_take_fields(struct ipx *ipx, const struct xml_node *node, struct block_reg *reg,
		     const struct ipx_defaults *defaults, const char *what);

/* ---- registers and register files: ipxact_regs.c ---- */

void ipx_registers(struct ipx *ipx, const struct xml_node *node,
		   const struct ipx_defaults *defaults);

#endif
