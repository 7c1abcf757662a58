/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the importers share. Each reads its format into a struct block, as the
 * source has it; settle.c makes that legal in our grammar, and yaml.c writes it.
 * What gets lost on the way is said twice: as a comment at its place in the
 * YAML, and as a warning with its place in the source.
 */
#ifndef SPEC_IMPORT_IMPORT_H
#define SPEC_IMPORT_IMPORT_H

#include "spec/import/xml.h"

/* Of one block, after lists are written out; what the grammar can hold is not much more. */
#define IMPORT_MAX_REGS 65536
#define IMPORT_MAX_FIELDS 200000
#define IMPORT_MAX_VALUES 200000 /* of all fields */
#define IMPORT_MAX_TEXT (32u << 20) /* bytes of descriptions and comments */
/* Named values of one field. */
#define IMPORT_MAX_FIELD_VALUES 1024
/* Elements of one list or array in the source. */
#define IMPORT_MAX_DIM (1u << 20)

/* Comment lines that belong to one place of the YAML; NULL: none. */
struct notes {
	const char *text;
	struct notes *next;
};

struct block_value {
	const char *name;
	const char *desc; /* or NULL */
	uint64_t value;
	struct spec_pos pos;
	struct block_value *next;
};

enum block_limit {
	BLOCK_LIMIT_NONE,
	BLOCK_LIMIT_VALUES,
	BLOCK_LIMIT_RANGE,
	BLOCK_LIMIT_AS_READ,
};

struct block_access {
	bool r, w, once;
	enum spec_onwrite onwrite;
	enum spec_onread onread;
	const char *hw; /* "r", "na", or NULL: the source does not say */
};

struct block_field {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	unsigned int lsb, width;
	struct block_access access;
	bool has_reset;
	uint64_t reset;
	struct block_value *values, **values_tail;
	unsigned int n_values;
	enum block_limit limit;
	uint64_t min, max;
	bool reserved; /* only names reserved bits */
	bool donttest;
	const char *why_not; /* written as a comment only, for this reason */
	struct notes *notes;
	struct block_field *next;
};

struct block_reg {
	const char *name; /* within its regfile */
	const char *desc;
	struct spec_pos pos;
	uint64_t offset; /* bytes, within its regfile */
	uint64_t width; /* bits */
	struct block_access access;
	bool array;
	uint64_t count, stride; /* bytes */
	bool has_reset;
	uint64_t reset, reset_known; /* bits of the reset that are defined */
	enum block_limit limit; /* of a register without fields */
	uint64_t min, max;
	const char *alternate; /* what the source says it shares its place with, or NULL */
	const char *alternate_to; /* settled: what our grammar says */
	struct block_field *fields, **fields_tail;
	const char *why_not;
	struct notes *notes;
	struct block_reg *next;
};

/* Registers of a block; also its registers outside of any regfile. */
struct block_file {
	const char *name; /* NULL: the block's own */
	const char *desc;
	struct spec_pos pos;
	uint64_t offset;
	bool array;
	uint64_t count, stride;
	struct block_reg *regs, **tail;
	unsigned int n_regs;
	struct notes *notes;
	struct block_file *next;
};

/* A place in the source where this block stands. */
struct block_instance {
	const char *name;
	uint64_t base;
	bool has_base;
	uint64_t count, stride; /* 0: no array */
	struct block_instance *next;
};

struct block {
	struct spec_arena *arena;
	struct spec_diags *diags;
	const char *name;
	const char *desc;
	const char *source; /* "UART0 of uart.svd" */
	struct spec_pos pos;
	uint64_t size; /* bytes the source gives it; 0: does not say */
	struct block_file own; /* offset 0 */
	struct block_file *files, **files_tail;
	unsigned int n_regs, n_fields, n_values; /* all */
	size_t n_text;
	struct block_instance *instances;
	struct notes *notes;
	bool full; /* one of the limits was reported: read no further */
};

struct block *block_new(struct spec_arena *arena, struct spec_diags *diags);
/* NULL once there are too many, which is reported. */
struct block_reg *block_add_reg(struct block *block, struct block_file *file, struct spec_pos pos);
struct block_file *block_add_file(struct block *block, struct spec_pos pos);
struct block_field *block_add_field(struct block *block, struct block_reg *reg,
				    struct spec_pos pos);
/* Passes over what is there already. */
void block_add_value(struct block *block, struct block_field *field, struct spec_pos pos,
		     const char *name, const char *desc, uint64_t value);
/* A description, tidied; counts for the limit. */
const char *block_text(struct block *block, const char *text);

/* A comment, and no more. */
void import_note(struct block *block, struct notes **notes, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* Something was lost: a comment and a warning. `what` ("register CR") opens the warning. */
void import_lost(struct block *block, struct notes **notes, struct spec_pos pos, const char *what,
		 const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Spaces and line ends between words become one space each; "" gives NULL. */
const char *import_tidy(struct spec_arena *arena, const char *text);
/* A user's text made harmless for a message: one line, printable, short. */
const char *import_show(struct spec_arena *arena, const char *text);

/* A C identifier made from any text; "X" if nothing in it is fit for one. */
const char *import_identifier(struct spec_arena *arena, const char *text);

/*
 * Makes it legal: names, widths, overlaps, resets. Errors are only for what
 * cannot be put right.
 */
void block_settle(struct block *block);
/* Appends the block file. `file`: what it will be called, for the example in it. */
void block_write(const struct block *block, const char *file, GString *out);
/* Appends the lines that put the block into a device.yaml, `indent` before each. */
void block_usage(const struct block *block, const char *file, const char *indent, GString *out);

/* ---- the formats ---- */

/* One that can be imported. */
struct source {
	const char *name; /* as the user gives it */
	const char *desc;
	const char *of; /* another one that it is just one more of, or NULL */
	const struct xml_node *node;
	uint64_t base;
	bool has_base;
};

struct import {
	struct spec_arena *arena;
	struct spec_diags *diags;
	struct xml_doc *doc;
	const char *file; /* last part of its path */
	GArray *sources; /* struct source */
	const struct format *format;
	void *data; /* the format's */
};

struct format {
	const char *root; /* name of the root element */
	/* Fills sources. Errors are reported. */
	void (*list)(struct import *import);
	/* One of them, as the source has it. Errors are reported. */
	void (*read)(struct import *import, unsigned int source, struct block *block);
	void (*free)(struct import *import);
};

extern const struct format format_svd, format_ipxact;

#endif
