/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What concerns more than one register: that none answers for another, which
 * kinds of reset bring back what, and what the rest of a BAR answers.
 */
#include "private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One element that takes part, and what it held before and was given. */
struct sample {
	const struct regtest_reg *reg;
	uint64_t index, saved, given;
	uint64_t bits; /* that can be told by */
};

static const struct {
	enum regtest_reset kind;
	const char *name;
} kinds[] = {
	{ REGTEST_FUNCTION, "a function reset" },
	{ REGTEST_BUS, "a bus reset" },
	{ REGTEST_POWER_ON, "power-on" },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

unsigned int regtest_across_count(const struct regtest *t)
{
	unsigned int n = 1;

	for (size_t i = 0; i < N_KINDS; i++)
		n += !!(t->io->resets & kinds[i].kind);
	if (t->io->is_virtual)
		n += 2 * t->table->n_bars;
	return n;
}

/* Bits that hold what is written to them, as long as nobody writes something else. */
static uint64_t plain_bits(const struct regtest *t, const struct regtest_reg *reg)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if ((field->flags & REGTEST_READ) && (field->flags & REGTEST_WRITE) &&
		    field->onwrite == REGTEST_STORE && regtest_undone(field) && !field->n_locks &&
		    field->must == REGTEST_ANY && !regtest_untouched(t, field))
			bits |= field->mask;
	}
	return bits;
}

/* Neither reads nor writes may do more to it than a plain register's. */
static bool plain(const struct regtest *t, const struct regtest_reg *reg)
{
	char buf[REGTEST_TEXT];

	if (regtest_no_write(t, reg, buf) || regtest_read_changes(reg) || !plain_bits(t, reg))
		return false;
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if ((field->flags & REGTEST_WRITE) && !regtest_undone(field))
			return false;
	}
	return true;
}

/* Freed by the caller; NULL if there are none. */
static struct sample *take(const struct regtest *t, size_t *ret_n)
{
	struct sample *samples = NULL;
	size_t room = 0, n = 0;

	for (uint32_t i = 0; i < t->table->n_regs; i++) {
		const struct regtest_reg *reg = &t->table->regs[i];
		uint64_t index = 0;

		if (!plain(t, reg))
			continue;
		do {
			if (n == room) {
				void *more;

				room = room ? room * 2 : 64;
				more = realloc(samples, room * sizeof(*samples));
				if (!more)
					goto out;
				samples = more;
			}
			samples[n++] = (struct sample){
				.reg = reg,
				.index = index,
				.saved = regtest_get(t, reg, index),
				.bits = plain_bits(t, reg),
			};
		} while (regtest_next(reg, &index));
	}
out:
	*ret_n = n;
	return samples;
}

/* Locks are left out: they are written as they are. */
static void give(const struct regtest *t, struct sample *sample, uint64_t pattern,
		 unsigned int turn)
{
	struct regtest_state state = { .value = sample->saved };
	uint64_t value = regtest_compose(t, sample->reg, &state, pattern, turn);

	for (uint32_t i = 0; i < sample->reg->n_fields; i++) {
		const struct regtest_field *field = &sample->reg->fields[i];

		if (field->n_locks)
			value = (value & ~field->mask) | (sample->saved & field->mask);
	}
	sample->given = value & sample->bits;
	regtest_put(t, sample->reg, sample->index, value);
}

static void put_back(const struct regtest *t, const struct sample *sample)
{
	struct regtest_state state = { .value = regtest_get(t, sample->reg, sample->index) };

	regtest_put(t, sample->reg, sample->index,
		    regtest_restore(t, sample->reg, &state, sample->saved));
}

/* The name of the first field that is not as it should be. */
static const char *name_wrong(const struct sample *sample, uint64_t wrong, char *buf)
{
	for (uint32_t i = 0; i < sample->reg->n_fields; i++)
		if (sample->reg->fields[i].mask & wrong)
			return regtest_name(sample->reg, &sample->reg->fields[i], sample->index,
					    false, buf);
	return sample->reg->name;
}

/* Each gets a value that no other has, as far as its bits go; then each still has its own. */
static void test_apart(struct regtest *t)
{
	struct regtest_outcome outcome = { 0 };
	struct sample *samples;
	char name[REGTEST_TEXT];
	size_t n;

	samples = take(t, &n);
	if (n < 2)
		outcome.skip = "there are no two plain registers";
	/* Twice, so that values that are equal by chance once are not so again. */
	for (unsigned int round = 1; n >= 2 && round <= 2; round++) {
		for (size_t i = 0; i < n; i++)
			give(t, &samples[i], (i + round) * UINT64_C(0x9e3779b97f4a7c15) >> round,
			     (unsigned int)i + round);
		for (size_t i = 0; i < n && !*outcome.failure; i++) {
			uint64_t got = regtest_get(t, samples[i].reg, samples[i].index);
			uint64_t wrong = (got ^ samples[i].given) & samples[i].bits;

			if (wrong)
				snprintf(outcome.failure, sizeof(outcome.failure),
					 "%.160s (BAR%u 0x%" PRIx64 ") has changed while other "
					 "registers were written",
					 name_wrong(&samples[i], wrong, name), samples[i].reg->bar,
					 regtest_offset(samples[i].reg, samples[i].index));
		}
	}
	for (size_t i = n; n >= 2 && i-- > 0;)
		put_back(t, &samples[i]);
	free(samples);
	regtest_report(t, "all registers", "none answers for another", &outcome);
}

/* After a reset: what it reaches is as declared, and the rest is as it was. */
static void check_kind(struct regtest *t, const struct sample *sample, size_t k,
		       struct regtest_outcome *outcome)
{
	const struct regtest_reg *reg = sample->reg;
	uint64_t got = regtest_get(t, reg, sample->index);
	char name[REGTEST_TEXT];

	for (uint32_t i = 0; i < reg->n_fields && !*outcome->failure; i++) {
		const struct regtest_field *field = &reg->fields[i];
		uint64_t bits = field->mask & sample->bits;
		bool reached = field->resets & kinds[k].kind;
		uint64_t want = (reached ? reg->reset : sample->given) & bits;

		if ((got & bits) != want)
			snprintf(outcome->failure, sizeof(outcome->failure),
				 "%.120s reads 0x%" PRIx64 " after %s, not 0x%" PRIx64
				 ": that reset %s",
				 regtest_name(reg, field, sample->index, false, name), got & bits,
				 kinds[k].name, want,
				 reached ? "brings it back" : "does not reach it");
	}
}

static void test_kind(struct regtest *t, size_t k)
{
	struct regtest_outcome outcome = { 0 };
	struct sample *samples;
	char what[64];
	size_t n;

	samples = take(t, &n);
	for (size_t i = 0; i < n; i++)
		give(t, &samples[i], ~samples[i].reg->reset, (unsigned int)i);
	if (!n)
		outcome.skip = "there is no plain register";
	else if (!t->io->reset(t->io->user, kinds[k].kind))
		snprintf(outcome.failure, sizeof(outcome.failure), "it could not be reset");
	for (size_t i = 0; i < n && !*outcome.failure; i++)
		check_kind(t, &samples[i], k, &outcome);
	for (size_t i = 0; i < n; i++)
		put_back(t, &samples[i]);
	free(samples);
	snprintf(what, sizeof(what), "%s reaches what it should", kinds[k].name);
	regtest_report(t, "all registers", what, &outcome);
}

/* ---- what is not there, and what is not legal: declared for models only ---- */

static bool is_there(const struct regtest *t, const struct regtest_bar *bar,
		     struct regtest_outcome *outcome)
{
	outcome->skip = t->io->unreachable(t->io->user, bar->number);
	return !outcome->skip;
}

static void test_hole(struct regtest *t, const struct regtest_bar *bar)
{
	struct regtest_outcome outcome = { 0 };
	char name[32];

	snprintf(name, sizeof(name), "BAR%u", bar->number);
	if (bar->hole < 0)
		outcome.skip = "there is no place without a register";
	else if (is_there(t, bar, &outcome)) {
		for (unsigned int width = 1; width <= 4; width *= 2) {
			uint64_t want = bar->zero_unmapped ? 0 : regtest_ones(width);
			uint64_t got =
				t->io->read(t->io->user, bar->number, (uint64_t)bar->hole, width);

			if (got != want && !*outcome.failure)
				snprintf(outcome.failure, sizeof(outcome.failure),
					 "%u bytes at 0x%" PRIx64 ", where no register is, read "
					 "0x%" PRIx64 ", not 0x%" PRIx64,
					 width, (uint64_t)bar->hole, got, want);
		}
	}
	regtest_report(t, name, "reads where no register is", &outcome);
}

/* Narrower than is legal: the device is not to do anything, so nothing is lost. */
static void test_illegal(struct regtest *t, const struct regtest_bar *bar)
{
	struct regtest_outcome outcome = { 0 };
	unsigned int n = 0;
	char name[32], buf[REGTEST_TEXT];

	snprintf(name, sizeof(name), "BAR%u", bar->number);
	for (uint32_t i = 0; is_there(t, bar, &outcome) && i < t->table->n_regs; i++) {
		const struct regtest_reg *reg = &t->table->regs[i];
		unsigned int width = 1;
		uint64_t got, want;

		if (reg->bar != bar->number || (reg->access & 1) || regtest_no_read(t, reg, buf) ||
		    *outcome.failure)
			continue;
		while (!(reg->access & (width * 2)))
			width *= 2;
		if (width > 4)
			continue;
		n++;
		got = t->io->read(t->io->user, reg->bar, reg->offset, width);
		want = bar->zero_illegal ? 0 : regtest_ones(width);
		if (got != want)
			snprintf(outcome.failure, sizeof(outcome.failure),
				 "%.100s: an access of %u bytes is not legal and reads 0x%" PRIx64
				 ", not 0x%" PRIx64,
				 reg->name, width, got, want);
	}
	if (!n && !outcome.skip)
		outcome.skip = "there is no register with an illegal width";
	regtest_report(t, name, "accesses that are too narrow", &outcome);
}

void regtest_across(struct regtest *t)
{
	test_apart(t);
	for (size_t k = 0; k < N_KINDS; k++)
		if (t->io->resets & kinds[k].kind)
			test_kind(t, k);
	for (uint32_t i = 0; t->io->is_virtual && i < t->table->n_bars; i++) {
		test_hole(t, &t->table->bars[i]);
		test_illegal(t, &t->table->bars[i]);
	}
}
