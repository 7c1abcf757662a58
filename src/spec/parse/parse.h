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

/* Whole keys of the device. */
void parse_pci(struct parser *p, const struct tree *node);
void parse_bars(struct parser *p, const struct tree *node);
void parse_capabilities(struct parser *p, const struct tree *node);
void parse_properties(struct parser *p, const struct tree *node);
void parse_state(struct parser *p, const struct tree *node);
void parse_jobs(struct parser *p, const struct tree *node);
void parse_timers(struct parser *p, const struct tree *node);
void parse_interrupts(struct parser *p, const struct tree *node);

/* registers: of one BAR, appended to the device's in `into`. */
void parse_registers(struct parser *p, const struct tree *node, unsigned int bar, GArray *into);

#endif
