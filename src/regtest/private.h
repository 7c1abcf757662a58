/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the register test's runtime share. */
#ifndef ERSATZ_REGTEST_PRIVATE_H
#define ERSATZ_REGTEST_PRIVATE_H

#include "regtest.h"

#define REGTEST_TEXT 256

/* A test run: one result a line, in the order of the table. */
struct regtest {
	const struct regtest_table *table;
	const struct regtest_io *io;
	unsigned int number, passed, failed;
	bool dirty; /* something was changed that only a reset brings back */
};

/* What came of one field; the first failure is the one that is told. */
struct regtest_outcome {
	const char *skip; /* why it was not tested; NULL: it was */
	char reason[REGTEST_TEXT]; /* room for one */
	char failure[REGTEST_TEXT]; /* "": none */
	char note[REGTEST_TEXT]; /* goes before the result; "": nothing to add */
};

/* ---- rules.c: what the table says ---- */

static inline uint64_t regtest_ones(unsigned int bytes)
{
	return bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1;
}

static inline uint64_t regtest_elements(const struct regtest_reg *reg)
{
	return (uint64_t)reg->count * reg->rows;
}

uint64_t regtest_offset(const struct regtest_reg *reg, uint64_t index);
/* Elements to try: all of a small array; else the first, the last and the powers of two. */
bool regtest_next(const struct regtest_reg *reg, uint64_t *index);
/* The widest legal access that this machine can make; 0: there is none. */
unsigned int regtest_width(const struct regtest *t, const struct regtest_reg *reg);
uint64_t regtest_readable(const struct regtest_reg *reg);
/* Bits whose value, once known, stays what it is until somebody writes. */
uint64_t regtest_steady(const struct regtest_reg *reg);
bool regtest_read_changes(const struct regtest_reg *reg);
/* Is what a write does to it undone by another write? */
bool regtest_undone(const struct regtest_field *field);
/* Can other values be written to it here and now? NULL, or why not. */
const char *regtest_untouched(const struct regtest *t, const struct regtest_field *field);
/* Why nothing can be read from, or written to, a register here and now; NULL: it can. */
const char *regtest_no_read(const struct regtest *t, const struct regtest_reg *reg, char *buf);
const char *regtest_no_write(const struct regtest *t, const struct regtest_reg *reg, char *buf);

/* What a register holds, as far as software can know. */
struct regtest_state {
	uint64_t value;
	uint64_t once; /* bits that a write has reached since the reset */
	uint64_t locked; /* bits that a lock protects now */
};

/* What a write of `value`, of which only `lanes` are carried, makes of it. */
void regtest_after_write(const struct regtest_reg *reg, struct regtest_state *state, uint64_t lanes,
			 uint64_t value);
/* The same for a read. */
void regtest_after_read(const struct regtest_reg *reg, struct regtest_state *state);
/*
 * What to write so that bits that may be tried get `pattern`, and all others
 * what leaves them as they are. `turn` chooses among values that are legal.
 */
uint64_t regtest_compose(const struct regtest *t, const struct regtest_reg *reg,
			 const struct regtest_state *state, uint64_t pattern, unsigned int turn);
/* What to write so that bits that were tried are `saved` again. */
uint64_t regtest_restore(const struct regtest *t, const struct regtest_reg *reg,
			 const struct regtest_state *state, uint64_t saved);

/* ---- run.c ---- */

uint64_t regtest_get(const struct regtest *t, const struct regtest_reg *reg, uint64_t index);
void regtest_put(const struct regtest *t, const struct regtest_reg *reg, uint64_t index,
		 uint64_t value);
/* "REG[2].FIELD"; for_all: without the element's number. Returns buf. */
const char *regtest_name(const struct regtest_reg *reg, const struct regtest_field *field,
			 uint64_t index, bool for_all, char *buf);
/* One line of the result; `what` goes behind the name. */
void regtest_report(struct regtest *t, const char *name, const char *what,
		    const struct regtest_outcome *outcome);
/* "writes": what is written to each field has the declared effect. */
void regtest_access(struct regtest *t, const struct regtest_reg *reg);

/* ---- across.c: what concerns more than one register ---- */

unsigned int regtest_across_count(const struct regtest *t);
void regtest_across(struct regtest *t);

#endif
