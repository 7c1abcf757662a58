/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of parse/: each turns one part of the tree into the description. */
#ifndef SPEC_PARSE_H
#define SPEC_PARSE_H

#include "spec/parse/value.h"

/*
 * Parses each member of a list into an array of zeroed elements in the
 * arena. NULL and 0 if `node` is NULL, empty, not a list, or one of more than
 * `max` (reported).
 */
typedef void (*parse_item)(struct parser *p, const struct tree *node, void *item);
void *parse_items(struct parser *p, const struct tree *node, enum key key, unsigned int max,
		  size_t size, parse_item parse, unsigned int *ret_n);

/* name: and description:, which nearly everything has. */
void parse_name(struct parser *p, const struct tree **values, const char **ret_name,
		struct spec_pos *ret_pos);
void parse_desc(struct parser *p, const struct tree **values, const char **ret_desc);
/* A flag that keeps its value if its key is not there. */
void parse_flag(struct parser *p, const struct tree **values, enum key key, bool *ret_flag);
/* resets: [...]; keeps its value if it is not there. */
void parse_resets(struct parser *p, const struct tree **values, uint32_t *ret_mask);
/* count: of an array, 1 to 2^24. */
void parse_count(struct parser *p, const struct tree **values, bool *ret_array,
		 uint32_t *ret_count);

/* rules.c: what few registers and fields have. `sw_known`: access->w is what the file says. */
void parse_rules(struct parser *p, const struct tree **values, struct spec_access *access,
		 bool sw_known);
/* reserved:; false: not there, or reported. */
bool parse_reserved(struct parser *p, const struct tree *node, enum spec_reserved *ret_reserved);
/* Before the field's access: a reserved field has other defaults. */
void parse_field_reserved(struct parser *p, const struct tree **values, struct spec_field *field);
/* After its access, bits and reset. */
void parse_field_rules(struct parser *p, const struct tree **values, struct spec_field *field);
void parse_register_rules(struct parser *p, const struct tree **values, struct spec_reg *reg);

/* "REG" or "REG.FIELD"; NULL: nothing. */
void parse_ref(struct parser *p, const struct tree *node, const char *what, struct spec_ref *ref);

/* include.c: the files that include: names, and their blocks. */
void parse_include(struct parser *p, const struct tree *node);
/* The block of this name, or NULL. */
struct block *parse_find_block(struct parser *p, const char *name);
/* Complains of blocks that no BAR uses; frees what parse_include has made. */
void parse_blocks_end(struct parser *p);
/* spec_read_text(); alone: of a block that is checked for itself. */
struct spec_device *parse_text(const char *file, const char *text, size_t len, bool alone,
			       struct spec_diags *diags);
/* All of a regular file of at most `max` bytes; NULL with the reason why not. */
char *parse_read(const char *path, size_t max, size_t *ret_len, char **ret_why);

/* What a bar or a block has of registers: its own, those of regfiles and of blocks. */
struct parse_registers {
	const struct tree *registers, *regfiles, *blocks; /* NULL: none */
};
/* regfiles.c: all of them, appended to `into`; groups to p->groups. */
void parse_all_registers(struct parser *p, const struct parse_registers *from, unsigned int bar,
			 GArray *into);

/* irqblock.c: adds the registers of interrupt_block: to the device's. */
void parse_interrupt_block(struct parser *p, const struct tree *node);

/* body: and wmask: of a capability, byte by byte. */
struct parse_body {
	unsigned int before; /* bytes to leave free before them */
	unsigned int least, most; /* how many there may be */
	unsigned int multiple; /* what the whole is filled up to */
	unsigned int *ret_length; /* of the whole: before, body, filling */
	uint8_t **ret_body, **ret_wmask; /* in the arena; wmask stays as it is if there is none */
};
/* False: not there, or reported; the length is set where the body is. */
bool parse_body(struct parser *p, const struct tree **values, const struct parse_body *body);

/* Whole keys of the device. */
void parse_pci(struct parser *p, const struct tree *node);
void parse_bars(struct parser *p, const struct tree *node);
void parse_capabilities(struct parser *p, const struct tree *node);
void parse_extended_capabilities(struct parser *p, const struct tree *node);
void parse_properties(struct parser *p, const struct tree *node);
void parse_state(struct parser *p, const struct tree *node);
void parse_jobs(struct parser *p, const struct tree *node);
void parse_timers(struct parser *p, const struct tree *node);
void parse_interrupts(struct parser *p, const struct tree *node);

/* registers: of one BAR, appended to the device's in `into`. */
void parse_registers(struct parser *p, const struct tree *node, unsigned int bar, GArray *into);

#endif
