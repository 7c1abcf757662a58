/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the SystemRDL emitter. */
#ifndef SPEC_EMIT_RDL_H
#define SPEC_EMIT_RDL_H

#include "spec/device.h"

/* Name of the only field of a register that has none. */
#define RDL_WHOLE "VALUE"

struct rdl {
	const struct spec_device *dev;
	GString *out;
	unsigned int indent;
	const GArray *members; /* struct rdl_member: of the scope that is being written */
};

/* A name, with the \ that a keyword needs. */
void rdl_id(GString *out, const char *name);
void rdl_indent(struct rdl *r);
void rdl_line(struct rdl *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* property = "text"; nothing if there is no text. */
void rdl_string(struct rdl *r, const char *property, const char *text);

/* ---- what stands where: rdl_place.c ---- */

/* A member of a BAR's address map or of a regfile. */
struct rdl_member {
	/* One of these; the others are NULL. */
	const struct spec_regfile *file;
	const struct spec_reg *reg;
	const struct spec_window *window;
	const char *name;
	bool own; /* it is an array by itself, not by its regfile */
	bool flat; /* its array is that of its regfile, which was taken apart */
	bool apart; /* its elements lie between others': not as one array */
	uint64_t start, end; /* all elements */
};

/*
 * In the order of their places. A regfile that cannot be one (its elements lie
 * between others) is not among them: its registers are, by their whole names.
 */
GArray *rdl_members(const struct spec_device *dev, unsigned int bar, unsigned int file);
/* Elements in its own dimension. */
uint32_t rdl_own_count(const struct spec_reg *reg);
/* Of registers at one place, one that is hidden. */
bool rdl_is_second(const struct spec_device *dev, const struct spec_reg *reg);

/* ---- what refers to what: rdl_refs.c ---- */

/* intr of a status field. */
void rdl_interrupts(struct rdl *r, const struct spec_reg *reg, uint64_t bits, enum spec_hw hw);
/* At the end of a scope: swwe, swwel and enable of its members. */
void rdl_references(struct rdl *r);
/* Locks that cannot be expressed there. field NULL: of the whole register. */
void rdl_locks_as_text(struct rdl *r, const struct spec_reg *reg, const struct spec_field *field);

#endif
