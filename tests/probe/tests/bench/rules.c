/* SPDX-License-Identifier: BSD-2-Clause */
/* What few registers have, tried through the probe's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "probe_spec.h"

static int setup(void **state)
{
	*state = ez_bench_new(NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	ez_bench_free(*state);
	return 0;
}

static uint32_t get(struct ez_bench *b, uint32_t reg)
{
	return (uint32_t)ez_bench_read(b, PROBE_BAR_REGS, reg, 4);
}

static void put(struct ez_bench *b, uint32_t reg, uint32_t value)
{
	ez_bench_write(b, PROBE_BAR_REGS, reg, 4, value);
}

static uint32_t violations(struct ez_bench *b)
{
	return ez_bench_log_count(b, EZ_LOG_VIOLATION);
}

/* As OpenTitan's regwen: once shut, a reset opens it again. */
static void a_lock_without_a_way_back(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_GUARDED, 0x5a0011);
	assert_int_equal(get(b, PROBE_GUARDED), 0x5a0011);
	put(b, PROBE_LOCK, 0);
	put(b, PROBE_LOCK, PROBE_LOCK_OPEN_MASK);
	put(b, PROBE_GUARDED, 0x5a0022);
	assert_int_equal(get(b, PROBE_GUARDED), 0x5a0021);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "write to GUARDED.MODE (BAR0 0x304) while LOCK.OPEN is clear; ignored");
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	put(b, PROBE_GUARDED, 0x5a0022);
	assert_int_equal(get(b, PROBE_GUARDED), 0x5a0022);
}

static void values_that_are_not_taken(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_GUARDED, 0x5a0642);
	assert_int_equal(violations(b), 0);
	put(b, PROBE_GUARDED, 0x5a0653);
	assert_int_equal(violations(b), 2);
	put(b, PROBE_GUARDED, 0x00064e);
	/* RSVD not as read, and bits 3:2, which must be zero. */
	assert_int_equal(violations(b), 4);
	assert_int_equal(get(b, PROBE_GUARDED), 0x5a0642);
	put(b, PROBE_GUARDED, 0x5a1642);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_UNIMPLEMENTED), 1);
}

static void one_write_a_reset(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_SERIAL, 0x1234);
	put(b, PROBE_SERIAL, 0x5678);
	assert_int_equal(get(b, PROBE_SERIAL), 0x1234);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	put(b, PROBE_SERIAL, 0x5678);
	assert_int_equal(get(b, PROBE_SERIAL), 0x1234);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	put(b, PROBE_SERIAL, 0x5678);
	assert_int_equal(get(b, PROBE_SERIAL), 0x5678);
}

static void a_pulse_and_counters(void **state)
{
	struct ez_bench *b = *state;
	unsigned int i;

	for (i = 0; i < 20; i++)
		put(b, PROBE_PULSE, 0x0301);
	put(b, PROBE_PULSE, 0x0300);
	assert_int_equal(get(b, PROBE_PULSE), 0x0300);
	/* 20 pulses of 3; their counter ends at 15. */
	assert_int_equal(get(b, PROBE_COUNTS), 60u << 8 | 15);
}

static void registers_at_one_address(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_FACE_A, 0x111);
	put(b, PROBE_LOCK, PROBE_LOCK_OPEN_MASK | PROBE_LOCK_BANK_MASK);
	assert_int_equal(get(b, PROBE_FACE_B), 0xb);
	put(b, PROBE_FACE_B, 0x222);
	put(b, PROBE_LOCK, PROBE_LOCK_OPEN_MASK);
	assert_int_equal(get(b, PROBE_FACE_A), 0x111);
	/* A port: one way in, another out. */
	put(b, PROBE_PORT_OUT, 5);
	assert_int_equal(get(b, PROBE_PORT_IN), 1);
	assert_int_equal(get(b, PROBE_PORT_IN), 2);
	assert_int_equal(get(b, PROBE_COUNTS), 5u << 8 | 2 << 4);
	assert_int_equal(violations(b), 0);
}

static void the_same_moment(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_EVENTS_ON, 3);
	put(b, PROBE_EVENTS_TEST, 3);
	assert_true(ez_bench_intx(b));
	ez_bench_coincide(b, "EARLY");
	put(b, PROBE_EVENTS, PROBE_EVENTS_EARLY_MASK);
	assert_int_equal(get(b, PROBE_EVENTS), PROBE_EVENTS_LATE_MASK);
	ez_bench_coincide(b, "LATE");
	put(b, PROBE_EVENTS, PROBE_EVENTS_LATE_MASK);
	assert_int_equal(get(b, PROBE_EVENTS), PROBE_EVENTS_LATE_MASK);
	assert_true(ez_bench_intx(b));
	put(b, PROBE_EVENTS, PROBE_EVENTS_LATE_MASK);
	assert_false(ez_bench_intx(b));
}

static void a_level(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_EVENTS_ON, PROBE_EVENTS_HELD_MASK);
	put(b, PROBE_HOLD, 1);
	put(b, PROBE_EVENTS, PROBE_EVENTS_HELD_MASK);
	assert_true(ez_bench_intx(b));
	put(b, PROBE_HOLD, 0);
	assert_int_equal(get(b, PROBE_EVENTS), 0);
	assert_false(ez_bench_intx(b));
}

static void lanes(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_write(b, 0, PROBE_LANES + 1, 1, 0);
	assert_int_equal(get(b, PROBE_LANES), 0x0000ff00);
	ez_bench_write(b, 0, PROBE_LANES + 2, 2, 0);
	assert_int_equal(get(b, PROBE_LANES), 0xffff0000);
}

static void regfile_and_blocks(void **state)
{
	struct ez_bench *b = *state;
	uint32_t i, k;

	put(b, PROBE_CH_KEY(2), 1);
	for (i = 0; i < PROBE_CH_VALUE_ROWS; i++)
		for (k = 0; k < PROBE_CH_VALUE_COUNT; k++)
			put(b, PROBE_CH_VALUE(i, k), i * 16 + k + 1);
	for (i = 0; i < PROBE_CH_VALUE_ROWS; i++)
		for (k = 0; k < PROBE_CH_VALUE_COUNT; k++)
			assert_int_equal(get(b, PROBE_CH_VALUE(i, k)), i == 2 ? 0 : i * 16 + k + 1);
	put(b, PROBE_PORTS_SWITCH(1), 1);
	put(b, PROBE_PORTS_HIDDEN(1), 0x99);
	assert_int_equal(get(b, PROBE_PORTS_HIDDEN(1)), 0x99);
	assert_int_equal(get(b, PROBE_PORTS_HIDDEN(0)), 0x70);
	assert_int_equal(get(b, PROBE_PORT0_PLAIN), 0x70);
	assert_int_equal(get(b, PROBE_PORT0_SCRATCH), 5);
	assert_int_equal(violations(b), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lock_without_a_way_back),
		TEST(values_that_are_not_taken),
		TEST(one_write_a_reset),
		TEST(a_pulse_and_counters),
		TEST(registers_at_one_address),
		TEST(the_same_moment),
		TEST(a_level),
		TEST(lanes),
		TEST(regfile_and_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
