/* SPDX-License-Identifier: BSD-2-Clause */
/* One register after the other: what it holds after a reset, and what writes do to it. */
#include "private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Patterns that are written: none, all, alternating, and each bit by itself. */
#define PATTERNS(reg) (4 + 8u * (reg)->width)

static uint64_t pattern_of(unsigned int k)
{
	switch (k) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return UINT64_C(0xa5a5a5a5a5a5a5a5);
	case 3:
		return UINT64_C(0x5a5a5a5a5a5a5a5a);
	default:
		return UINT64_C(1) << (k - 4);
	}
}

/* ---- accesses ---- */

uint64_t regtest_get(const struct regtest *t, const struct regtest_reg *reg, uint64_t index)
{
	uint64_t at = regtest_offset(reg, index), value = 0;
	unsigned int width = regtest_width(t, reg);

	for (unsigned int done = 0; done < reg->width; done += width)
		value |= t->io->read(t->io->user, reg->bar, at + done, width) << 8 * done;
	return value;
}

void regtest_put(const struct regtest *t, const struct regtest_reg *reg, uint64_t index,
		 uint64_t value)
{
	uint64_t at = regtest_offset(reg, index);
	unsigned int width = regtest_width(t, reg);

	for (unsigned int done = 0; done < reg->width; done += width)
		t->io->write(t->io->user, reg->bar, at + done, width,
			     value >> 8 * done & regtest_ones(width));
}

/* ---- words ---- */

const char *regtest_name(const struct regtest_reg *reg, const struct regtest_field *field,
			 uint64_t index, bool for_all, char *buf)
{
	char element[48] = "";
	bool gap = field->flags & REGTEST_GAP;

	if (!for_all && reg->rows > 1)
		snprintf(element, sizeof(element), "[%" PRIu64 "][%" PRIu64 "]", index / reg->count,
			 index % reg->count);
	else if (!for_all && reg->count > 1)
		snprintf(element, sizeof(element), "[%" PRIu64 "]", index);
	snprintf(buf, REGTEST_TEXT, "%s%s%s%s", reg->name, element,
		 gap	       ? " (bits of no field)"
		 : field->name ? "."
			       : "",
		 !gap && field->name ? field->name : "");
	return buf;
}

void regtest_report(struct regtest *t, const char *name, const char *what,
		    const struct regtest_outcome *outcome)
{
	bool failed = *outcome->failure;

	t->number++;
	if (failed)
		t->failed++;
	else if (!outcome->skip)
		t->passed++;
	if (*outcome->note)
		printf("# %s: %s\n", name, outcome->note);
	printf("%sok %u - %s: %s", failed ? "not " : "", t->number, name, what);
	if (!failed && outcome->skip)
		printf(" # SKIP %s", outcome->skip);
	putchar('\n');
	if (failed)
		printf("# %s\n", outcome->failure);
	fflush(stdout);
}

__attribute__((format(printf, 2, 3))) static void fail(struct regtest_outcome *outcome,
						       const char *format, ...)
{
	va_list args;

	if (*outcome->failure)
		return;
	va_start(args, format);
	vsnprintf(outcome->failure, sizeof(outcome->failure), format, args);
	va_end(args);
}

static const char *rule(const struct regtest_field *field)
{
	static const char *const effects[] = {
		[REGTEST_STORE] = "a write stores",
		[REGTEST_WOCLR] = "ones written clear (woclr)",
		[REGTEST_WOSET] = "ones written set (woset)",
		[REGTEST_WOT] = "ones written toggle (wot)",
		[REGTEST_WZC] = "zeros written clear (wzc)",
		[REGTEST_WZS] = "zeros written set (wzs)",
		[REGTEST_WZT] = "zeros written toggle (wzt)",
		[REGTEST_WCLR] = "any write clears (wclr)",
		[REGTEST_WSET] = "any write sets (wset)",
	};

	if (field->flags & REGTEST_GAP)
		return "bits of no field read as 0";
	if (!(field->flags & REGTEST_WRITE))
		return "it is read-only";
	if (!(field->flags & REGTEST_READ))
		return "it reads as 0";
	if (field->flags & REGTEST_ONCE)
		return "only the first write counts";
	return effects[field->onwrite];
}

/* Everything about where a field is and what it reads, before the complaint. */
static const char *place(const struct regtest_reg *reg, const struct regtest_field *field,
			 uint64_t index, char *buf)
{
	char name[REGTEST_TEXT];

	snprintf(buf, REGTEST_TEXT, "%s (BAR%u 0x%" PRIx64 ", bits 0x%" PRIx64 ")",
		 regtest_name(reg, field, index, false, name), reg->bar, regtest_offset(reg, index),
		 field->mask);
	return buf;
}

/* ---- what a reset leaves ---- */

static void check_reset(struct regtest *t, const struct regtest_reg *reg,
			struct regtest_outcome *outcomes)
{
	uint64_t index = 0;

	do {
		uint64_t got = regtest_get(t, reg, index);

		for (uint32_t i = 0; i < reg->n_fields; i++) {
			const struct regtest_field *field = &reg->fields[i];
			uint64_t want = field->flags & REGTEST_READ ? reg->reset & field->mask : 0;
			char where[REGTEST_TEXT];

			if (outcomes[i].skip || (got & field->mask) == want)
				continue;
			fail(&outcomes[i],
			     "%.140s reads 0x%" PRIx64 " after a reset, not 0x%" PRIx64,
			     place(reg, field, index, where), got & field->mask, want);
		}
	} while (regtest_next(reg, &index));
	if (regtest_read_changes(reg))
		t->dirty = true;
}

static void test_reset(struct regtest *t, const struct regtest_reg *reg)
{
	struct regtest_outcome outcomes[65] = { 0 };
	char buf[REGTEST_TEXT], name[REGTEST_TEXT];
	const char *why = regtest_no_read(t, reg, buf);
	bool any = false;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (why)
			outcomes[i].skip = why;
		else if (field->flags & REGTEST_HARDWARE)
			outcomes[i].skip = field->untouched ? field->untouched
							    : "the device changes it by itself";
		else if (!(field->flags & REGTEST_GAP) && !(field->resets & t->io->fresh) &&
			 field->resets)
			outcomes[i].skip =
				t->io->fresh ? "the reset that was done does not reach it"
					     : "no reset was done: what it holds is not known";
		any |= !outcomes[i].skip;
	}
	if (any)
		check_reset(t, reg, outcomes);
	for (uint32_t i = 0; i < reg->n_fields; i++)
		regtest_report(t, regtest_name(reg, &reg->fields[i], 0, true, name), "reset value",
			       &outcomes[i]);
}

/* ---- what writes do ---- */

/* One element under test. */
struct element {
	struct regtest *t;
	const struct regtest_reg *reg;
	uint64_t index;
	struct regtest_state state;
	uint64_t followed; /* bits that have read as whatever was written, so far */
	struct regtest_outcome *outcomes;
};

static uint64_t visible(const struct regtest_reg *reg, uint64_t value)
{
	uint64_t seen = value & regtest_readable(reg);

	for (uint32_t i = 0; i < reg->n_fields; i++)
		if (reg->fields[i].flags & REGTEST_GAP)
			seen &= ~reg->fields[i].mask;
	return seen;
}

/* Reads what came of a write of `value`, and holds every field to its rule. */
static void look(struct element *e, uint64_t value, const char *how)
{
	const struct regtest_reg *reg = e->reg;
	uint64_t readable = regtest_readable(reg);
	uint64_t want = visible(reg, e->state.value), got = regtest_get(e->t, reg, e->index);
	uint64_t wrong = (got ^ want) & regtest_steady(reg);
	char where[REGTEST_TEXT];

	for (uint32_t i = 0; wrong && i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (!(wrong & field->mask) || e->outcomes[i].skip)
			continue;
		fail(&e->outcomes[i],
		     "%.120s: wrote 0x%" PRIx64 "%s, reads 0x%" PRIx64 ", not 0x%" PRIx64 ": %s",
		     place(reg, field, e->index, where), value & field->mask, how,
		     got & field->mask, want & field->mask,
		     e->state.locked & field->mask ? "its lock is closed" : rule(field));
	}
	e->followed &= ~(got ^ value);
	/* Go on from what is really there. */
	e->state.value = (got & readable) | (e->state.value & ~readable);
	regtest_after_read(reg, &e->state);
}

/* Reads once more: what the first read was to change has changed. */
static void look_again(struct element *e)
{
	const struct regtest_reg *reg = e->reg;
	uint64_t want = visible(reg, e->state.value), got = regtest_get(e->t, reg, e->index);
	uint64_t wrong = (got ^ want) & regtest_steady(reg);
	char where[REGTEST_TEXT];

	for (uint32_t i = 0; wrong && i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (!(wrong & field->mask) || e->outcomes[i].skip)
			continue;
		fail(&e->outcomes[i],
		     "%.120s: a second read gives 0x%" PRIx64 ", not 0x%" PRIx64 ": %s",
		     place(reg, field, e->index, where), got & field->mask, want & field->mask,
		     field->onread == REGTEST_RCLR   ? "a read clears (rclr)"
		     : field->onread == REGTEST_RSET ? "a read sets (rset)"
						     : "a read changes nothing");
	}
	e->state.value = (got & regtest_readable(reg)) | (e->state.value & ~regtest_readable(reg));
	regtest_after_read(reg, &e->state);
}

static void write_patterns(struct element *e)
{
	const struct regtest_reg *reg = e->reg;

	for (unsigned int k = 0; k < PATTERNS(reg); k++) {
		uint64_t value = regtest_compose(e->t, reg, &e->state, pattern_of(k), k);

		regtest_after_write(reg, &e->state, regtest_ones(reg->width), value);
		regtest_put(e->t, reg, e->index, value);
		look(e, value, "");
		if (regtest_read_changes(reg))
			look_again(e);
	}
}

/* Narrower accesses, where they are legal: they reach the bytes that they name, and no others. */
static void write_narrow(struct element *e)
{
	const struct regtest_reg *reg = e->reg;
	const struct regtest_io *io = e->t->io;
	uint64_t at = regtest_offset(reg, e->index);

	for (unsigned int width = regtest_width(e->t, reg) / 2; width; width /= 2) {
		if (!(reg->access & width))
			continue;
		for (unsigned int byte = 0; byte < reg->width; byte += width) {
			uint64_t lanes = regtest_ones(width) << 8 * byte;
			uint64_t value = regtest_compose(
				e->t, reg, &e->state,
				byte / width % 2 ? pattern_of(2) : pattern_of(3), byte);
			uint64_t want = visible(reg, e->state.value), got;
			char how[40];

			snprintf(how, sizeof(how), " with %u byte%s at +%u", width,
				 width == 1 ? "" : "s", byte);
			if (!regtest_read_changes(reg)) {
				uint64_t wrong;

				got = io->read(io->user, reg->bar, at + byte, width) << 8 * byte;
				wrong = (got ^ want) & lanes & regtest_steady(reg);
				for (uint32_t i = 0; wrong && i < reg->n_fields; i++) {
					const struct regtest_field *field = &reg->fields[i];
					char where[REGTEST_TEXT];

					if (!(wrong & field->mask) || e->outcomes[i].skip)
						continue;
					fail(&e->outcomes[i],
					     "%.120s: reads 0x%" PRIx64 "%s, not 0x%" PRIx64
					     ", as it does in one piece",
					     place(reg, field, e->index, where),
					     got & field->mask & lanes, how,
					     want & field->mask & lanes);
				}
			}
			regtest_after_write(reg, &e->state, lanes, value);
			io->write(io->user, reg->bar, at + byte, width,
				  value >> 8 * byte & regtest_ones(width));
			look(e, value, how);
		}
	}
}

/* Which bits are protected now. False: that cannot be known. */
static bool find_locks(struct element *e)
{
	const struct regtest_reg *reg = e->reg;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		for (uint32_t k = 0; k < field->n_locks && !field->untouched; k++) {
			const struct regtest_lock *lock = &field->locks[k];
			const struct regtest_reg *other = &e->t->table->regs[lock->reg];
			char buf[REGTEST_TEXT];
			bool set;

			if (regtest_no_read(e->t, other, buf))
				return false;
			set = regtest_get(e->t, other, lock->per ? e->index / lock->per : 0) &
			      lock->mask;
			if (set == lock->open_if_set)
				continue;
			e->state.locked |= field->mask;
			snprintf(e->outcomes[i].note, sizeof(e->outcomes[i].note),
				 "its lock in %s is closed: held to be unchangeable", other->name);
		}
	}
	return true;
}

static void test_element(struct element *e)
{
	const struct regtest_reg *reg = e->reg;
	uint64_t saved, value;
	char where[REGTEST_TEXT];

	saved = regtest_get(e->t, reg, e->index);
	e->state.value = saved;
	e->followed = UINT64_MAX;
	regtest_after_read(reg, &e->state);
	write_patterns(e);
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if ((field->flags & REGTEST_HARDWARE) && !(field->flags & REGTEST_WRITE) &&
		    (e->followed & field->mask) && !e->outcomes[i].skip)
			fail(&e->outcomes[i],
			     "%.140s: bits 0x%" PRIx64 " read as whatever was written: %s",
			     place(reg, field, e->index, where), e->followed & field->mask,
			     rule(field));
	}
	write_narrow(e);
	value = regtest_restore(e->t, reg, &e->state, saved);
	regtest_after_write(reg, &e->state, regtest_ones(reg->width), value);
	regtest_put(e->t, reg, e->index, value);
	if (!regtest_read_changes(reg))
		look(e, value, " to put it back");
}

void regtest_access(struct regtest *t, const struct regtest_reg *reg)
{
	struct regtest_outcome outcomes[65] = { 0 };
	struct element e = { .t = t, .reg = reg, .outcomes = outcomes };
	char buf[REGTEST_TEXT], name[REGTEST_TEXT];
	const char *why = regtest_no_write(t, reg, buf);
	bool any = false, known = true;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		outcomes[i].skip = why ? why : regtest_untouched(t, &reg->fields[i]);
		any |= !outcomes[i].skip;
	}
	if (any) {
		do {
			e.state = (struct regtest_state){ 0 };
			known = find_locks(&e);
			if (known)
				test_element(&e);
		} while (known && regtest_next(reg, &e.index));
	}
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (!known && !outcomes[i].skip)
			outcomes[i].skip = "a lock in another register cannot be read";
		if (!outcomes[i].skip && (!regtest_undone(field) || field->onread))
			t->dirty = true;
		regtest_report(t, regtest_name(reg, field, 0, true, name), "writes", &outcomes[i]);
	}
}

/* ---- all of it ---- */

static bool gone(const struct regtest *t)
{
	if (!t->io->alive || t->io->alive(t->io->user))
		return false;
	printf("Bail out! the device does not answer any more\n");
	return true;
}

static enum regtest_reset widest(unsigned int kinds)
{
	return kinds & REGTEST_POWER_ON ? REGTEST_POWER_ON
	       : kinds & REGTEST_BUS	? REGTEST_BUS
					: REGTEST_FUNCTION;
}

/* What only a reset brings back is brought back. */
static void bring_back(struct regtest *t)
{
	if (t->dirty && t->io->resets && !t->io->reset(t->io->user, widest(t->io->resets))) {
		printf("# the device could not be reset: what was changed has stayed so\n");
		t->failed++;
	}
	t->dirty = false;
}

int regtest_run(const struct regtest_table *table, const struct regtest_io *given)
{
	struct regtest_io io = *given;
	struct regtest t = { .table = table, .io = &io };
	unsigned int planned = 0;

	for (uint32_t i = 0; i < table->n_regs; i++)
		planned += 2 * table->regs[i].n_fields;
	planned += regtest_across_count(&t);
	printf("KTAP version 1\n1..%u\n# %s, spec %s\n", planned, table->name, table->hash);
	if (!io.fresh && io.resets) {
		if (io.reset(io.user, widest(io.resets)))
			io.fresh = widest(io.resets);
		else
			io.resets = 0;
	}
	for (uint32_t i = 0; i < table->n_regs; i++)
		test_reset(&t, &table->regs[i]);
	bring_back(&t);
	if (t.failed && gone(&t))
		return 1;
	/* Locks last: trying them may close them. */
	for (int locks = 0; locks < 2; locks++) {
		for (uint32_t i = 0; i < table->n_regs; i++) {
			unsigned int failed = t.failed;

			if (table->regs[i].lock != locks)
				continue;
			regtest_access(&t, &table->regs[i]);
			if (t.failed != failed && gone(&t))
				return 1;
		}
	}
	bring_back(&t);
	regtest_across(&t);
	bring_back(&t);
	printf("# %u passed, %u failed, %u skipped\n", t.passed, t.failed,
	       t.number - t.passed - t.failed);
	return t.failed ? 1 : t.passed ? 0 : 4;
}
