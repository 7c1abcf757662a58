/* SPDX-License-Identifier: BSD-2-Clause */
/* The frozen interface: config space byte for byte, and every access to BAR0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "my_rng_spec.h"

#define ONES(width) (UINT64_MAX >> (64 - 8 * (width)))

/* PCI 3.0, 6.1, of 1234:cafe as the assignment shows it; nothing in it may ever change. */
static void config_space_golden(void **unused)
{
	static const uint8_t header[64] = {
		[0x00] = 0x34, [0x01] = 0x12, /* vendor */
		[0x02] = 0xfe, [0x03] = 0xca, /* device */
		[0x08] = 0x10, /* revision */
		[0x0b] = 0x00, [0x0a] = 0xff, /* class 00ff: others */
		[0x2c] = 0xf4, [0x2d] = 0x1a, /* subsystem vendor */
		[0x2e] = 0x00, [0x2f] = 0x11, /* subsystem */
	};
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	ez_bench_reset(b, EZ_RESET_POWER_ON);
	for (uint32_t at = 0; at < EZ_CONFIG_SIZE; at++)
		assert_int_equal(ez_bench_config_read(b, at, 1), at < 64 ? header[at] : 0);
	/* Past the end of conventional config space nobody answers. */
	assert_int_equal(ez_bench_config_read(b, EZ_CONFIG_SIZE, 4), 0xffffffff);
	ez_bench_free(b);
}

/* PCI 3.0, 6.2.5.1: what sizing shows. One BAR: 4 KiB, 32 bits, not prefetchable. */
static void one_bar_of_4k(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	for (uint32_t bar = 0; bar < 6; bar++) {
		ez_bench_config_write(b, 0x10 + 4 * bar, 4, 0xffffffff);
		assert_int_equal(ez_bench_config_read(b, 0x10 + 4 * bar, 4), bar ? 0 : 0xfffff000);
	}
	/* No expansion ROM. */
	ez_bench_config_write(b, 0x30, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, 0x30, 4), 0);
	ez_bench_free(b);
}

/* What the declared answer is, from the register map in the interface's description. */
static uint64_t expected_read(uint64_t offset, unsigned int width, uint64_t *ret_drawn)
{
	*ret_drawn = 0;
	if (offset == 0x0 && width == 4)
		*ret_drawn = 1;
	else if (offset == 0x8 && (width == 4 || width == 8))
		*ret_drawn = 2;
	else if (offset == 0x10 && width == 4)
		return 0x100;
	else if (!(offset == 0xc && width == 4))
		return ONES(width);
	return 0;
}

static void every_access_has_its_answer(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint64_t numbers[2], drawn, got, want, high = 0;

	/* Reads: the numbers go on exactly where a number was due, and nowhere else. */
	ez_bench_write(b, 0, MY_RNG_SEED, 4, 1);
	srand(1);
	for (uint64_t offset = 0; offset < MY_RNG_BAR_REGS_SIZE + 16; offset++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			want = expected_read(offset, width, &drawn);
			for (uint64_t i = 0; i < drawn; i++)
				numbers[i] = (uint64_t)rand();
			got = ez_bench_read(b, 0, offset, width);
			if (drawn)
				want = width == 8 ? numbers[0] | numbers[1] << 32 : numbers[0];
			if (drawn == 2)
				high = numbers[1];
			if (offset == 0xc && width == 4)
				want = high;
			assert_int_equal(got, want);
		}
	}
	/* Writes: only a whole SEED does anything. */
	for (uint64_t offset = 0; offset < MY_RNG_BAR_REGS_SIZE + 16; offset++)
		for (unsigned int width = 1; width <= 8; width *= 2)
			if (offset != 0x4 || width != 4)
				ez_bench_write(b, 0, offset, width, UINT64_MAX);
	assert_int_equal(ez_bench_read(b, 0, MY_RNG_RNG, 4), rand());
	ez_bench_free(b);
}

static void illegal_accesses_are_said_once(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	for (int i = 0; i < 100; i++)
		ez_bench_read(b, 0, MY_RNG_RNG, 1);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "1-byte read of RNG+0 (BAR0 0x0), which allows 4 bytes; "
			    "reads all-ones");
	ez_bench_write(b, 0, MY_RNG_RNG, 4, 0);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "write to RNG (BAR0 0x0), which is read-only; ignored");
	ez_bench_read(b, 0, MY_RNG_SEED, 4);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "read of SEED (BAR0 0x4), which is write-only; reads all-ones");
	ez_bench_read(b, 0, 0x800, 4);
	ez_bench_read(b, 0, 0x804, 4);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "4-byte read of BAR0 0x800, where no register is; reads all-ones");
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 4);
	ez_bench_free(b);
}

static void bar_moves_and_switches_off(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint64_t base = ez_bench_config_read(b, 0x10, 4);

	assert_int_equal(ez_bench_mem_read(b, base + MY_RNG_INFO, 4), 0x100);
	ez_bench_config_write(b, 0x10, 4, 0xd0003000);
	assert_int_equal(ez_bench_mem_read(b, base + MY_RNG_INFO, 4), 0xffffffff);
	assert_int_equal(ez_bench_mem_read(b, 0xd0003000 + MY_RNG_INFO, 4), 0x100);
	/* Command register, bit 1. */
	ez_bench_config_write(b, 0x04, 2, 0x0004);
	assert_int_equal(ez_bench_mem_read(b, 0xd0003000 + MY_RNG_INFO, 4), 0xffffffff);
	ez_bench_config_write(b, 0x04, 2, 0x0006);
	assert_int_equal(ez_bench_mem_read(b, 0xd0003000 + MY_RNG_INFO, 4), 0x100);
	ez_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_space_golden),
		cmocka_unit_test(one_bar_of_4k),
		cmocka_unit_test(every_access_has_its_answer),
		cmocka_unit_test(illegal_accesses_are_said_once),
		cmocka_unit_test(bar_moves_and_switches_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
