/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources and vectors: the line, four messages, fewer, masked ones, the same moment. */
#include "newdev_bench.h"

enum { DONE = 1, ERROR = 2, BELL = 4, ALL = 7 };

static void the_line_is_all_of_them(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t source = 1; source <= 4; source *= 2) {
		wr(b, NEWDEV_TEST, source);
		assert_int_equal(rd(b, NEWDEV_ISR), source);
		assert_false(ez_bench_intx(b));
		wr(b, NEWDEV_IER, source);
		assert_true(ez_bench_intx(b));
		port_out(b, PAPER_IRQ, 4, 1);
		wr(b, NEWDEV_ISR, source);
		assert_true(ez_bench_intx(b));
		port_out(b, PAPER_IRQ, 4, 0);
		assert_false(ez_bench_intx(b));
		wr(b, NEWDEV_IER, 0);
	}
}

/* What each source sends, when so many vectors were granted. */
static void vectors(void **unused)
{
	static const uint32_t vector[3][4] = { { 0, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 1, 2, 3 } };

	for (unsigned int i = 0; i < 3; i++) {
		struct ez_bench *b = ez_bench_new(NULL, NULL);
		uint32_t want[4] = { 0 };

		assert_int_equal(ez_bench_msi(b, 1u << i), 0);
		wr(b, NEWDEV_IER, ALL);
		for (uint32_t source = 0; source < 4; source++) {
			if (source)
				wr(b, NEWDEV_TEST, 1u << (source - 1));
			else
				port_out(b, PAPER_IRQ, 1, 1);
			want[vector[i][source]]++;
			for (uint32_t v = 0; v < 4; v++)
				assert_int_equal(ez_bench_msi_count(b, v), want[v]);
		}
		assert_false(ez_bench_intx(b));
		ez_bench_free(b);
	}
}

/* PCI 3.0, 6.8.1.9 and 6.8.1.10: the mask and pending bits behind 64-bit address and data. */
static void masked_vectors(void **state)
{
	struct ez_bench *b = *state;
	const uint32_t mask = 0x50 + 0x10, pending = 0x50 + 0x14;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	wr(b, NEWDEV_IER, ALL);
	ez_bench_config_write(b, mask, 4, UINT32_MAX);
	assert_int_equal(ez_bench_config_read(b, mask, 4), 0xf);
	wr(b, NEWDEV_TEST, ALL);
	port_out(b, PAPER_IRQ, 1, 1);
	assert_int_equal(ez_bench_config_read(b, pending, 4), 0xf);
	for (uint32_t v = 0; v < 4; v++)
		assert_int_equal(ez_bench_msi_count(b, v), 0);
	/* Dealt with before it was sent: it is not sent any more. */
	wr(b, NEWDEV_ISR, ERROR);
	assert_int_equal(ez_bench_config_read(b, pending, 4), 0xb);
	ez_bench_config_write(b, mask, 4, 0x1);
	for (uint32_t v = 0; v < 4; v++)
		assert_int_equal(ez_bench_msi_count(b, v), v == 1 || v == 3);
	assert_int_equal(ez_bench_config_read(b, pending, 4), 0x1);
	ez_bench_config_write(b, mask, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
}

/* A message is a write by the device: it waits for bus mastering. */
static void messages_need_mastering(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	wr(b, NEWDEV_IER, ALL);
	mastering(b, false);
	assert_int_equal(dma(b, LOAD, 0, 16, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 2), 0);
	wr(b, NEWDEV_TEST, BELL);
	assert_int_equal(ez_bench_msi_count(b, 3), 0);
	mastering(b, true);
	assert_int_equal(ez_bench_msi_count(b, 2), 0);
	assert_int_equal(ez_bench_msi_count(b, 3), 1);
}

static void transfers_interrupt(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	wr(b, NEWDEV_IER, ALL);
	for (uint32_t i = 1; i <= 10; i++) {
		assert_int_equal(dma(b, LOAD, 0, 16, 0), 0);
		assert_int_equal(dma(b, LOAD, EZ_BENCH_RAM, 16, 0), 2);
		assert_int_equal(ez_bench_msi_count(b, NEWDEV_IRQ_DONE_VECTOR), i);
		assert_int_equal(ez_bench_msi_count(b, NEWDEV_IRQ_ERROR_VECTOR), i);
	}
}

/* It happens again while the driver clears it: that is not lost. */
static void same_moment(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	wr(b, NEWDEV_IER, ALL);
	wr(b, NEWDEV_TEST, BELL);
	ez_bench_coincide(b, "BELL");
	wr(b, NEWDEV_ISR, BELL);
	assert_int_equal(rd(b, NEWDEV_ISR), BELL);
	assert_int_equal(ez_bench_msi_count(b, 3), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_line_is_all_of_them), cmocka_unit_test(vectors), TEST(masked_vectors),
		TEST(messages_need_mastering), TEST(transfers_interrupt), TEST(same_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
