/* SPDX-License-Identifier: BSD-2-Clause */
/* What few registers have, one behaviour a test: rules/device.yaml and rules/race.yaml. */
#include "compiled.h"

#include <string.h>

static char *dir;

static struct ez_bench *bench_of(const char *name, const char *source)
{
	g_autofree char *yaml = data_path(name);
	g_autofree char *c = data_path(source);

	return compiled(dir, yaml, c);
}

static int set_up(void **state)
{
	*state = bench_of("device.yaml", "model.c");
	return *state ? 0 : -1;
}

static int set_up_race(void **state)
{
	*state = bench_of("race.yaml", "race.c");
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	ez_bench_free(*state);
	return 0;
}

static uint32_t rd(struct ez_bench *b, uint64_t offset)
{
	return (uint32_t)ez_bench_read(b, 0, offset, 4);
}

static void wr(struct ez_bench *b, uint64_t offset, uint32_t value)
{
	ez_bench_write(b, 0, offset, 4, value);
}

/* rules/device.yaml */
enum {
	ISR = 0x0,
	IER = 0x4,
	ITR = 0x8,
	DO = 0x10,
	CTRL = 0x14,
	KEYS = 0x18,
	ONCE = 0x1c,
	WHOLE = 0x20,
	THR = 0x24,
	IIR = 0x28,
	ONLY = 0x2c,
	COUNT = 0x30,
	WIDE = 0x38,
	SEEN = 0x48,
	PULSE = 0x4c,
	CH = 0x100,
};

enum { RAISE = 1, LOWER, UP, DOWN, UP_STAYS, DOWN_STAYS, UP_TINY, UP_WIDE, DOWN_WIDE, RESET };

static void command(struct ez_bench *b, unsigned int what, uint32_t n)
{
	wr(b, DO, what | n << 8);
}

static void expect_line(struct ez_bench *b, enum ez_log_kind kind, uint32_t count, const char *line)
{
	assert_string_equal(ez_bench_log_last(b, kind), line);
	assert_int_equal(ez_bench_log_count(b, kind), count);
}

/* ---- messages: with the field's name, once ---- */

static void reserved_bits(void **state)
{
	struct ez_bench *b = *state;
	/* ALWAYS, the bits of no field (3:2, 15:14, 31:24) and HIGH as they should be */
	const uint32_t good = 0xff53da0c;

	assert_int_equal(rd(b, CTRL), 0x00531a00);
	wr(b, CTRL, good);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	wr(b, CTRL, good | 0x50);
	expect_line(b, EZ_LOG_VIOLATION, 1,
		    "write to CTRL (BAR0 0x14) sets reserved bits 7:4 (RSVD), which must be zero");
	wr(b, CTRL, good | 0x10);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	wr(b, CTRL, good & ~0x100000u & ~0x200u);
	/* SAME too: it must be written as read. */
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 3);
	wr(b, CTRL, good & ~0x1000u);
	expect_line(b, EZ_LOG_VIOLATION, 4,
		    "write to CTRL (BAR0 0x14) clears reserved bit 12 (ALWAYS), which must be one");
	wr(b, CTRL, (good & ~0x80000000u) | 0x400000);
	expect_line(b, EZ_LOG_VIOLATION, 5,
		    "write to CTRL (BAR0 0x14) clears reserved bits 0x80000000, which must be one");
	/* Nothing of it was stored. */
	assert_int_equal(rd(b, CTRL) & 0xff00fff0, 0x00001a00);
}

static void reserved_keep(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0xff53d90c);
	expect_line(b, EZ_LOG_VIOLATION, 1,
		    "write to CTRL (BAR0 0x14) changes reserved bits 11:8 (HIGH), which must be "
		    "written as read");
}

static void unimplemented_field(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0xff53da0c);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_UNIMPLEMENTED), 0);
	wr(b, CTRL, 0xff53fa0c);
	wr(b, CTRL, 0xff53fa0c);
	expect_line(b, EZ_LOG_UNIMPLEMENTED, 1,
		    "write of 1 to CTRL.TURBO (BAR0 0x14), which the model does not have");
}

static void write_constraints(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0xff53da0e);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	wr(b, CTRL, 0xff53da0f);
	expect_line(b, EZ_LOG_VIOLATION, 1,
		    "write of 3 to CTRL.MODE (BAR0 0x14), which takes off, slow or fast");
	/* It is written all the same. */
	assert_int_equal(rd(b, CTRL) & 3, 3);
	wr(b, CTRL, 0xff5ada0e);
	expect_line(b, EZ_LOG_VIOLATION, 2,
		    "write of 10 to CTRL.LEVEL (BAR0 0x14), which takes 3 to 9");
	assert_int_equal(rd(b, CTRL) >> 16 & 0xf, 10);
	wr(b, CTRL, 0xff64da0e);
	expect_line(b, EZ_LOG_VIOLATION, 3,
		    "write of 6 to CTRL.SAME (BAR0 0x14), which takes only what it reads as, 5");
}

static void locks(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0xff53da0d);
	wr(b, KEYS, 0);
	wr(b, CTRL, 0xff54da0d); /* the same again in MODE: nothing lost */
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	wr(b, CTRL, 0xff53da0e);
	expect_line(b, EZ_LOG_VIOLATION, 1,
		    "write to CTRL.MODE (BAR0 0x14) while KEYS.WE is clear; ignored");
	assert_int_equal(rd(b, CTRL) & 0xf0003, 0x30001);
	/* A register under swwel, and its hook. */
	wr(b, WHOLE, 0x12);
	assert_int_equal(rd(b, SEEN), 0x112);
	wr(b, KEYS, 2);
	wr(b, WHOLE, 0x34);
	expect_line(b, EZ_LOG_VIOLATION, 2,
		    "write to WHOLE (BAR0 0x20) while KEYS.WEL is set; ignored");
	assert_int_equal(rd(b, WHOLE), 0x12);
	assert_int_equal(rd(b, SEEN), 0x112);
}

/* ---- write-once ---- */

static void once_until_its_reset(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_write(b, 0, ONCE, 4, 0x112233);
	assert_int_equal(rd(b, ONCE), 0x112233);
	wr(b, ONCE, 0x445533);
	/* SOFT was written as it is, HARD was not. */
	expect_line(
		b, EZ_LOG_VIOLATION, 1,
		"another write to ONCE.HARD (BAR0 0x1c), which takes one after a reset; ignored");
	assert_int_equal(rd(b, ONCE), 0x442233);
	command(b, RESET, 0);
	assert_int_equal(rd(b, ONCE), 0x2200);
	wr(b, ONCE, 0x667788);
	assert_int_equal(rd(b, ONCE), 0x662288);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	wr(b, ONCE, 0x99aabb);
	assert_int_equal(rd(b, ONCE), 0x99aabb);
}

/* A write that a lock has shut out is not the one. */
static void once_behind_a_lock(void **state)
{
	struct ez_bench *b = *state;

	wr(b, KEYS, 0);
	wr(b, ONCE, 0x11223344);
	assert_int_equal(rd(b, ONCE), 0x00223344);
	wr(b, KEYS, 1);
	wr(b, ONCE, 0x55223344);
	assert_int_equal(rd(b, ONCE), 0x55223344);
	wr(b, ONCE, 0x66223344);
	assert_int_equal(rd(b, ONCE), 0x55223344);
}

static void once_survives_a_save(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *saved;

	wr(b, ONCE, 0x112233);
	saved = ez_bench_save(b, &size);
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	free(saved);
	ez_bench_setup(b);
	wr(b, ONCE, 0x445566);
	assert_int_equal(rd(b, ONCE), 0x442233);
}

/* ---- alternates ---- */

static void alternates(void **state)
{
	struct ez_bench *b = *state;

	/* A read-only and a write-only register at one address. */
	wr(b, IIR, 0xc7);
	assert_int_equal(rd(b, IIR), 0x11);
	/* By a bit elsewhere, as a 16550's DLAB. */
	assert_int_equal(rd(b, THR), 1);
	assert_int_equal(rd(b, THR), 2);
	wr(b, THR, 0x55);
	assert_int_equal(rd(b, SEEN), 0x55);
	wr(b, KEYS, 0x81);
	wr(b, THR, 0x1234);
	assert_int_equal(rd(b, THR), 0x1234);
	assert_int_equal(rd(b, SEEN), 0x55);
	wr(b, KEYS, 0x01);
	assert_int_equal(rd(b, THR), 0x56);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	/* Nobody answers. */
	assert_int_equal(rd(b, ONLY), 0xffffffff);
	expect_line(b, EZ_LOG_VIOLATION, 1,
		    "4-byte read of BAR0 0x2c, where no register is; reads all-ones");
	wr(b, KEYS, 0x81);
	assert_int_equal(rd(b, ONLY), 0x77);
}

static void fifos_are_marked(void **state)
{
	const struct ez_spec *spec = ez_device_spec(ez_bench_device(*state));
	unsigned int n = 0;

	for (uint32_t i = 0; i < spec->n_regs; i++)
		n += !!(spec->regs[i].flags & EZ_REG_FIFO);
	assert_int_equal(n, 2);
}

/* ---- counters ---- */

static void counters(void **state)
{
	struct ez_bench *b = *state;
	/* TINY and NEAR, the neighbour, beside the two bytes */
	const uint32_t near = 0x5555u << 17;

	assert_int_equal(rd(b, COUNT), near | 0xfe00);
	command(b, UP, 0xff);
	assert_int_equal(rd(b, COUNT), near | 0xfeff);
	command(b, UP, 3); /* wraps */
	assert_int_equal(rd(b, COUNT), near | 0xfe02);
	command(b, DOWN, 4);
	assert_int_equal(rd(b, COUNT), near | 0xfefe);
	command(b, UP_STAYS, 1);
	assert_int_equal(rd(b, COUNT), near | 0xfffe);
	command(b, UP_STAYS, 1); /* stays */
	assert_int_equal(rd(b, COUNT), near | 0xfffe);
	command(b, DOWN_STAYS, 0x1000);
	assert_int_equal(rd(b, COUNT), near | 0x00fe);
	command(b, UP_TINY, 1);
	assert_int_equal(rd(b, COUNT), near | 0x100fe);
	command(b, UP_TINY, 1);
	assert_int_equal(rd(b, COUNT), near | 0x000fe);
	command(b, DOWN_WIDE, 1); /* wraps below zero */
	assert_int_equal(ez_bench_read(b, 0, WIDE, 8), UINT64_MAX);
	command(b, UP_WIDE, 7); /* saturates */
	assert_int_equal(ez_bench_read(b, 0, WIDE, 8), UINT64_MAX);
}

/* ---- regfiles and blocks ---- */

static void two_dimensions(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t row = 0; row < 4; row++) {
		for (uint32_t i = 0; i < 8; i++) {
			wr(b, CH + row * 0x40 + 0x10 + i * 4, 0x1000 + row * 16 + i);
			/* The hook's index is that of all elements. */
			assert_int_equal(rd(b, SEEN),
					 (row * 8 + i) << 16 | (0x1000 + row * 16 + i));
		}
		for (uint32_t i = 0; i < 4; i++)
			ez_bench_write(b, 0, CH + row * 0x40 + 0x30 + i * 2, 1, row * 4 + i);
		ez_bench_write(b, 0, CH + row * 0x40 + 0x8, 8, UINT64_C(0x100000000) * row + 7);
	}
	for (uint32_t row = 0; row < 4; row++) {
		for (uint32_t i = 0; i < 8; i++)
			assert_int_equal(rd(b, CH + row * 0x40 + 0x10 + i * 4),
					 0x1000 + row * 16 + i);
		for (uint32_t i = 0; i < 4; i++)
			assert_int_equal(ez_bench_read(b, 0, CH + row * 0x40 + 0x30 + i * 2, 1),
					 row * 4 + i);
		assert_int_equal(ez_bench_read(b, 0, CH + row * 0x40 + 0xc, 4), row);
	}
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	/* Between LUT's elements, and behind a row, there is nothing. */
	assert_int_equal(ez_bench_read(b, 0, CH + 0x31, 1), 0xff);
	assert_int_equal(ez_bench_read(b, 0, CH + 0x38, 4), 0xffffffff);
	assert_int_equal(rd(b, 0x200), 7);
}

/* A lock in a regfile is each element's own, and its rows'. */
static void locks_of_elements(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CH + 2 * 0x40, 0); /* locks channel 2: a zero clears its key */
	wr(b, CH + 2 * 0x40, 1); /* for good */
	for (uint32_t row = 0; row < 4; row++) {
		wr(b, CH + row * 0x40 + 0x8, 0x55);
		wr(b, CH + row * 0x40 + 0x10 + 5 * 4, 0x66);
	}
	for (uint32_t row = 0; row < 4; row++) {
		assert_int_equal(rd(b, CH + row * 0x40 + 0x8), row == 2 ? 0 : 0x55);
		assert_int_equal(rd(b, CH + row * 0x40 + 0x10 + 5 * 4), row == 2 ? 0 : 0x66);
	}
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 2);
}

static void blocks(void **state)
{
	struct ez_bench *b = *state;
	static const uint32_t bases[] = { 0x1000, 0x2000, 0x2100, 0x2200 };

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(rd(b, bases[i]), 1);
	/* DLAB of the second of the array: its own registers only. */
	wr(b, 0x2100 + 4, 0x80);
	for (unsigned int i = 0; i < 4; i++) {
		wr(b, bases[i] + 8, 0x10 + i);
		wr(b, bases[i] + 0x10, 0x20 + i);
		wr(b, bases[i] + 0x20 + 3 * 4, 0x30 + i);
	}
	wr(b, 0x2100 + 4, 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(rd(b, bases[i] + 8), bases[i] == 0x2100 ? 0 : 0x10 + i);
		assert_int_equal(rd(b, bases[i] + 0x10), bases[i] == 0x2100 ? 0 : 0x20 + i);
		assert_int_equal(rd(b, bases[i] + 0x20 + 3 * 4), 0x30 + i);
	}
	wr(b, 0x2100 + 4, 0x80);
	assert_int_equal(rd(b, 0x2100 + 8), 0x12);
}

static void pulse_without_a_hook(void **state)
{
	struct ez_bench *b = *state;

	wr(b, PULSE, 0x31);
	assert_int_equal(rd(b, PULSE), 0x30);
}

/* ---- interrupts ---- */

enum { SRC_PULSE, SRC_HELD, SRC_FLOW, SRC_LAST };

static void interrupt_block(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(rd(b, IER), 1);
	command(b, RAISE, SRC_PULSE);
	assert_int_equal(rd(b, ISR), 1);
	assert_true(ez_bench_intx(b));
	wr(b, ISR, 1);
	assert_int_equal(rd(b, ISR), 0);
	assert_false(ez_bench_intx(b));
	/* The test register: the status, and nothing of it stays. */
	wr(b, IER, 0xf);
	wr(b, ITR, 0x9);
	assert_int_equal(rd(b, ISR), 9);
	assert_int_equal(rd(b, ITR), 0);
	assert_true(ez_bench_intx(b));
	wr(b, ISR, 0xf);
	assert_false(ez_bench_intx(b));
	/* Of a level too: it is not held by anybody. */
	wr(b, ITR, 0x2);
	wr(b, ISR, 0x2);
	assert_int_equal(rd(b, ISR), 0);
}

static void levels_are_held(void **state)
{
	struct ez_bench *b = *state;

	wr(b, IER, 0xf);
	command(b, RAISE, SRC_HELD);
	command(b, RAISE, SRC_FLOW);
	wr(b, ISR, 0xf);
	assert_int_equal(rd(b, ISR), 6);
	assert_true(ez_bench_intx(b));
	command(b, LOWER, SRC_HELD);
	command(b, LOWER, SRC_FLOW);
	/* The first is sticky, the second is not. */
	assert_int_equal(rd(b, ISR), 2);
	wr(b, ISR, 2);
	assert_int_equal(rd(b, ISR), 0);
	assert_false(ez_bench_intx(b));
	/* A software reset does not lower it; the others do. */
	command(b, RAISE, SRC_HELD);
	command(b, RESET, 0);
	assert_int_equal(rd(b, ISR), 2);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	assert_int_equal(rd(b, ISR), 0);
}

static void a_held_level_sends_again(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	wr(b, IER, 0xf);
	command(b, RAISE, SRC_HELD);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	wr(b, ISR, 2);
	assert_int_equal(ez_bench_msi_count(b, 1), 2);
	wr(b, ISR, 1); /* not its own */
	assert_int_equal(ez_bench_msi_count(b, 1), 2);
	command(b, LOWER, SRC_HELD);
	wr(b, ISR, 2);
	assert_int_equal(ez_bench_msi_count(b, 1), 2);
}

static void level_survives_a_save(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *saved;

	command(b, RAISE, SRC_HELD);
	saved = ez_bench_save(b, &size);
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	free(saved);
	ez_bench_setup(b);
	wr(b, ISR, 2);
	assert_int_equal(rd(b, ISR), 2);
}

/* interrupt_policy: modulo */
static void vectors_not_granted(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 2), 0);
	wr(b, IER, 0xf);
	command(b, RAISE, SRC_FLOW);
	command(b, RAISE, SRC_LAST);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
}

static void type_is_not_the_name(void **state)
{
	const struct ez_spec *spec = ez_device_spec(ez_bench_device(*state));

	assert_string_equal(ez_spec_type(spec), "rules-of-all_kinds");
	assert_string_equal(spec->name, "rules");
}

/* ---- events in the moment of an access ---- */

enum { RACE = 0x40, HOOKED = 0x50, HOOK_SAW = 0x54, SET = 0x58 };

/* The event first, then the write: software clears what it never saw. */
static void software_wins(void **state)
{
	struct ez_bench *b = *state;

	wr(b, SET, 0);
	ez_bench_coincide(b, "SW");
	wr(b, RACE, 1);
	assert_int_equal(rd(b, RACE), 0);
	assert_false(ez_bench_intx(b));
	/* Once only. */
	wr(b, SET, 0);
	wr(b, RACE, 1);
	assert_int_equal(rd(b, RACE), 0);
}

/* The write first: the event survives. */
static void hardware_wins(void **state)
{
	struct ez_bench *b = *state;

	wr(b, SET, 1);
	ez_bench_coincide(b, "HW");
	wr(b, RACE, 2);
	assert_int_equal(rd(b, RACE), 2);
	assert_true(ez_bench_intx(b));
	wr(b, RACE, 2);
	assert_int_equal(rd(b, RACE), 0);
	wr(b, SET, 4);
	ez_bench_coincide(b, "ANY");
	wr(b, RACE, 0);
	assert_int_equal(rd(b, RACE), 0x10);
}

/* Reading RACE clears RSW and RHW. */
static void reads_clear_too(void **state)
{
	struct ez_bench *b = *state;

	wr(b, SET, 2);
	ez_bench_coincide(b, "RSW");
	assert_int_equal(rd(b, RACE), 4);
	assert_int_equal(rd(b, RACE), 0);
	wr(b, SET, 3);
	ez_bench_coincide(b, "RHW");
	assert_int_equal(rd(b, RACE), 8);
	assert_true(ez_bench_intx(b));
	assert_int_equal(rd(b, RACE), 8);
	assert_int_equal(rd(b, RACE), 0);
}

/* An access that changes nothing is not the moment; nor is one elsewhere. */
static void waits_for_the_access(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_coincide(b, "HW");
	wr(b, RACE, 2); /* clears nothing */
	rd(b, RACE);
	wr(b, HOOKED, 1);
	assert_int_equal(rd(b, RACE), 0);
	wr(b, SET, 1);
	wr(b, RACE, 2);
	assert_int_equal(rd(b, RACE), 2);
	/* A reset forgets it, and so does NULL. */
	ez_bench_coincide(b, "HW");
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	wr(b, SET, 1);
	wr(b, RACE, 2);
	assert_int_equal(rd(b, RACE), 0);
	ez_bench_coincide(b, "HW");
	ez_bench_coincide(b, NULL);
	wr(b, SET, 1);
	wr(b, RACE, 2);
	assert_int_equal(rd(b, RACE), 0);
	assert_int_equal(ez_device_coincide(ez_bench_device(b), 0, 6), -EINVAL); /* BARE */
	assert_int_equal(ez_device_coincide(ez_bench_device(b), 0, 8), -EINVAL);
	assert_int_equal(ez_device_coincide(ez_bench_device(b), 1, 0), -ENODEV);
}

/* The hook runs after both. */
static void hooks_see_the_event(void **state)
{
	struct ez_bench *b = *state;

	wr(b, SET, 5);
	wr(b, HOOKED, 1);
	assert_int_equal(rd(b, HOOK_SAW), 0x100);
	wr(b, SET, 5);
	ez_bench_coincide(b, "HOOKED");
	wr(b, HOOKED, 1);
	assert_int_equal(rd(b, HOOK_SAW), 0x101);
	/* What a level holds is there before the hook looks. */
	wr(b, SET, 7);
	wr(b, HOOKED, 3);
	assert_int_equal(rd(b, HOOK_SAW), 0x102);
}

#define RULE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define RACE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up_race, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULE(reserved_bits),
		RULE(reserved_keep),
		RULE(unimplemented_field),
		RULE(write_constraints),
		RULE(locks),
		RULE(once_until_its_reset),
		RULE(once_behind_a_lock),
		RULE(once_survives_a_save),
		RULE(alternates),
		RULE(fifos_are_marked),
		RULE(counters),
		RULE(two_dimensions),
		RULE(locks_of_elements),
		RULE(blocks),
		RULE(pulse_without_a_hook),
		RULE(interrupt_block),
		RULE(levels_are_held),
		RULE(a_held_level_sends_again),
		RULE(level_survives_a_save),
		RULE(vectors_not_granted),
		RULE(type_is_not_the_name),
		RACE_TEST(software_wins),
		RACE_TEST(hardware_wins),
		RACE_TEST(reads_clear_too),
		RACE_TEST(waits_for_the_access),
		RACE_TEST(hooks_see_the_event),
	};
	int failed;

	dir = scratch_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_free(dir);
	return failed;
}
