/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers: effects, widths, answers. Expected values are SystemRDL 2.0's words, not our code's. */
#include "bench_test.h"

#define R EFFECTS_RESET

/* For each onwrite effect: value after writing 0xff00ff00 to 0x0f0f0f0f (SystemRDL 2.0, table 9). */
static void write_effects(void **state)
{
	static const uint32_t expected[] = {
		0x000f000f, /* woclr: ones written clear */
		0xff0fff0f, /* woset */
		0xf00ff00f, /* wot */
		0x0f000f00, /* wzc: zeros written clear */
		0x0fff0fff, /* wzs */
		0x0ff00ff0, /* wzt */
		0x00000000, /* wclr: any write */
		0xffffffff, /* wset */
	};
	struct ez_bench *b = *state;

	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(rd(b, EFFECTS + 4 * i), R);
		wr(b, EFFECTS + 4 * i, 0xff00ff00);
		assert_int_equal(rd(b, EFFECTS + 4 * i), expected[i]);
	}
}

/* A narrow access has its effect in its own bytes only. */
static void narrow_write_effects(void **state)
{
	static const uint32_t expected[] = {
		0x0f0f000f, 0x0f0fff0f, 0x0f0ff00f, 0x0f0f0f0f,
		0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f000f, 0x0f0fff0f,
	};
	struct ez_bench *b = *state;

	for (uint32_t i = 0; i < 8; i++) {
		ez_bench_write(b, 0, EFFECTS + 4 * i + 1, 1, 0xff);
		assert_int_equal(rd(b, EFFECTS + 4 * i), expected[i]);
	}
}

static void read_effects(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(rd(b, EFFECTS + 32), R);
	assert_int_equal(rd(b, EFFECTS + 32), 0);
	assert_int_equal(ez_bench_read(b, 0, EFFECTS + 36, 1), 0x0f);
	assert_int_equal(rd(b, EFFECTS + 36), 0x0f0f0fff);
	assert_int_equal(rd(b, EFFECTS + 36), 0xffffffff);
}

static void stored_bits_only(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0x00ffff5a);
	assert_int_equal(rd(b, CTRL), 0x5a);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	wr(b, CTRL, 0x81000001);
	assert_int_equal(rd(b, CTRL), 0x01);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "write to CTRL (BAR0 0x4) sets reserved bits 0x81000000, "
			    "which must be zero");
}

static void widths_within_a_register(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_read(b, 0, ID + 3, 1), 0x12);
	assert_int_equal(ez_bench_read(b, 0, ID + 2, 2), 0x1234);
	assert_int_equal(ez_bench_read(b, 0, ID + 1, 2), 0xffff); /* misaligned */
	assert_int_equal(ez_bench_read(b, 0, ID, 8), UINT64_MAX); /* runs into CTRL */
	wr(b, ID, 0);
	assert_int_equal(rd(b, ID), 0x12345678);
}

static void wide_register_in_halves(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_write(b, 4, WIDE, 4, 0x11223344);
	ez_bench_write(b, 4, WIDE + 4, 4, 0x55667788);
	assert_int_equal(ez_bench_read(b, 4, WIDE, 8), UINT64_C(0x5566778811223344));
	assert_int_equal(ez_bench_read(b, 4, WIDE + 4, 4), 0x55667788);
	ez_bench_write(b, 4, WIDE, 8, UINT64_C(0x0102030405060708));
	assert_int_equal(ez_bench_read(b, 4, WIDE, 4), 0x05060708);
}

static void arrays(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t i = 0; i < 4; i++)
		wr(b, ARRAY + 8 * i, 0x100 + i);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(rd(b, ARRAY + 8 * i), 0x100 + i);
	/* Between the elements is nothing, and behind the last. */
	assert_int_equal(rd(b, ARRAY + 4), 0xffffffff);
	assert_int_equal(rd(b, ARRAY + 32), 0xffffffff);
}

/* A split BAR cuts an access along its registers: 1, 1, 2 and 4 bytes. */
static void split_bar(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_write(b, 2, 0, 8, UINT64_C(0x8877665544332211));
	assert_int_equal(ez_bench_read(b, 2, 0, 1), 0x11);
	assert_int_equal(ez_bench_read(b, 2, 1, 1), 0x22);
	assert_int_equal(ez_bench_read(b, 2, 2, 2), 0x4433);
	assert_int_equal(ez_bench_read(b, 2, 0, 2), 0x2211);
	assert_int_equal(ez_bench_read(b, 2, 0, 4), 0x44332211);
	assert_int_equal(ez_bench_read(b, 2, 0, 8), UINT64_C(0x8877665544332211));
	/* This BAR answers 0 where nothing is. */
	assert_int_equal(ez_bench_read(b, 2, 8, 4), 0);
}

static void gaps_are_said(void **state)
{
	struct ez_bench *b = *state;

	rd(b, GAP);
	wr(b, GAP, 1);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_UNIMPLEMENTED), 1);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_UNIMPLEMENTED),
			    "read of GAP (BAR0 0xc0), which the model does not have");
}

/* No access of any width and alignment, in or past any BAR, reaches another register. */
static void sweep(void **state)
{
	static const struct {
		unsigned int bar;
		uint64_t size;
	} bars[] = { { 0, 4096 }, { 2, 16 }, { 4, 65536 } };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < 3; i++) {
		for (uint64_t at = 0; at < bars[i].size + 9; at++) {
			for (unsigned int width = 1; width <= 8; width *= 2) {
				ez_bench_read(b, bars[i].bar, at, width);
				if (at < DOORBELL - 8 || at > DOORBELL + 3)
					ez_bench_write(b, bars[i].bar, at, width, 0);
			}
		}
		ez_bench_read(b, bars[i].bar, UINT64_MAX, 8);
		ez_bench_write(b, bars[i].bar, UINT64_MAX - 3, 4, 1);
	}
	assert_int_equal(rd(b, ID), 0x12345678);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(write_effects),
		TEST(narrow_write_effects),
		TEST(read_effects),
		TEST(stored_bits_only),
		TEST(widths_within_a_register),
		TEST(wide_register_in_halves),
		TEST(arrays),
		TEST(split_bar),
		TEST(gaps_are_said),
		TEST(sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
