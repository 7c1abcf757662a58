/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of a device for its readers: what it says is in reference.c,
 * how it looks in markdown.c and html.c, which are handed one piece after the
 * other. Text comes from users: whoever writes it out escapes it.
 */
#ifndef SPEC_EMIT_REFERENCE_H
#define SPEC_EMIT_REFERENCE_H

#include "spec/emit/emit.h"

struct reference_out {
	GString *out;
	const struct spec_device *dev;
	/* level: 1 the device, 2 a part, 3 a register. id: unique, of letters, digits, _ and -. */
	void (*heading)(struct reference_out *r, unsigned int level, const char *id,
			const char *title);
	void (*paragraph)(struct reference_out *r, bool begin);
	/* Columns' titles end with NULL; NULL ends the table. */
	void (*table)(struct reference_out *r, const char *const *titles);
	void (*row)(struct reference_out *r, bool begin);
	void (*cell)(struct reference_out *r, bool begin);
	/* Inside a paragraph or a cell. */
	void (*text)(struct reference_out *r, const char *text);
	void (*code)(struct reference_out *r, const char *text);
	void (*link)(struct reference_out *r, const char *id, const char *text);
	void (*anchor)(struct reference_out *r, const char *id);
	void (*line_break)(struct reference_out *r);
	/* The fields of a register, as a picture. */
	void (*picture)(struct reference_out *r, const struct spec_reg *reg);
	/* Where to find what, behind the device's own heading. NULL: no such list. */
	void (*contents)(struct reference_out *r);
};

void reference_write(struct reference_out *r);
/* Its part in reference_caps.c: both lists of capabilities. */
void reference_capabilities(struct reference_out *r);

/* "reg-RNG", "field-INFO-SEEDED"; freed by the caller. */
char *reference_register_id(const struct spec_reg *reg);
char *reference_field_id(const struct spec_reg *reg, const struct spec_field *field);
/* "bar-0" */
char *reference_bar_id(const struct spec_bar *bar);
/* Text on one line, without repeated spaces, of printing characters only, and none that turns the direction of writing. */
char *reference_clean(const char *text);

#endif
