/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One node of the tree -> one value. All of them report what is wrong and
 * then return false, leaving *ret_... untouched. `what` is the key that the
 * node belongs to, for the message.
 */
#ifndef SPEC_VALUE_H
#define SPEC_VALUE_H

#include "spec/parse/keys.h"
#include "spec/parse/tree.h"

/* A block of registers, read from a file that the device includes. */
struct block {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	GArray *regs; /* struct spec_reg, offsets relative to the block */
	GArray *groups; /* struct spec_regfile, the same */
	bool used;
};

struct parser {
	struct spec_arena *arena;
	struct spec_diags *diags;
	struct spec_device *dev;
	const char *file; /* path of the device.yaml, as it was given */
	GArray *blocks; /* struct block */
	GArray *groups; /* struct spec_regfile: where parse_all_registers() puts them */
	size_t included; /* bytes of the files included so far */
	bool full; /* too many registers: said */
	bool alone; /* a block is checked for itself: there is no device that it stands in */
};

/* A word that stands for a number. Tables end with a NULL word. */
struct word {
	const char *word;
	unsigned int value;
	bool later; /* known, not supported yet */
};

/* A user's text made harmless for a message: short, printable. In the arena. */
const char *value_show(struct parser *p, const char *text);
/* "a list", "a string", ... */
const char *value_kind(const struct tree *node);

bool value_number(struct parser *p, const struct tree *node, const char *what, uint64_t min,
		  uint64_t max, uint64_t *ret_value);
/* Also below zero, as two's complement. `bits` is the size of the signed type. */
bool value_signed(struct parser *p, const struct tree *node, const char *what, unsigned int bits,
		  uint64_t *ret_value);
/* A number or "N KiB", "N MiB", "N GiB". */
bool value_size(struct parser *p, const struct tree *node, const char *what, uint64_t *ret_value);
bool value_bool(struct parser *p, const struct tree *node, const char *what, bool *ret_value);
bool value_word(struct parser *p, const struct tree *node, const char *what,
		const struct word *words, unsigned int *ret_value);
/* A C identifier that we can use. */
bool value_name(struct parser *p, const struct tree *node, const char *what, const char **ret_name);
bool value_text(struct parser *p, const struct tree *node, const char *what, const char **ret_text);
/* "7:0" or "3". */
bool value_bits(struct parser *p, const struct tree *node, unsigned int *ret_lsb,
		unsigned int *ret_width);

/* Is it that kind? Reports if not. */
bool value_list(struct parser *p, const struct tree *node, const char *what);
bool value_map(struct parser *p, const struct tree *node, const char *what);

/*
 * The values of a mapping by key; NULL where a key is not there. Reports
 * unknown, repeated and missing keys. False: not a mapping at all.
 */
bool value_keys(struct parser *p, const struct tree *node, enum key_section section,
		const struct tree *ret_values[KEYS]);

#endif
