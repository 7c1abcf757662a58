/* SPDX-License-Identifier: BSD-2-Clause */
/* The device without a VM: this program is the driver, the bus and the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "skeleton_spec.h"

enum { SOURCE = 0x1000, TARGET = 0x8000 };

static uint32_t get(struct ez_bench *b, uint32_t reg)
{
	return (uint32_t)ez_bench_read(b, SKELETON_BAR_REGS, reg, 4);
}

static void put(struct ez_bench *b, uint32_t reg, uint32_t value)
{
	ez_bench_write(b, SKELETON_BAR_REGS, reg, 4, value);
}

static void start(struct ez_bench *b, uint32_t source, uint32_t length, uint32_t letters)
{
	put(b, SKELETON_SOURCE, source);
	put(b, SKELETON_TARGET, TARGET);
	put(b, SKELETON_LENGTH, length);
	put(b, SKELETON_CTRL, SKELETON_CTRL_START_MASK | letters << SKELETON_CTRL_CASE_SHIFT);
}

static void letters(void **unused)
{
	static const char text[] = "Zebra @[`{ 42 \xe9";
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	char *ram = (char *)ez_bench_ram(b);

	memcpy(ram + SOURCE, text, sizeof(text));
	start(b, SOURCE, sizeof(text), SKELETON_CTRL_CASE_UPPER);
	assert_string_equal(ram + TARGET, "ZEBRA @[`{ 42 \xe9");
	assert_string_equal(ram + SOURCE, text);
	start(b, SOURCE, sizeof(text), SKELETON_CTRL_CASE_LOWER);
	assert_string_equal(ram + TARGET, "zebra @[`{ 42 \xe9");
	ez_bench_free(b);
}

/* More than the device moves at a time, and not a byte more than LENGTH. */
static void length_is_kept(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint8_t *ram = ez_bench_ram(b);

	memset(ram + SOURCE, 'x', 1300);
	start(b, SOURCE, 1299, SKELETON_CTRL_CASE_UPPER);
	assert_int_equal(ram[TARGET + 1298], 'X');
	assert_int_equal(ram[TARGET + 1299], 0);
	ez_bench_free(b);
}

static void status_is_cleared_by_ones(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	assert_int_equal(get(b, SKELETON_STATUS), 0);
	start(b, SOURCE, 1, SKELETON_CTRL_CASE_UPPER);
	assert_int_equal(get(b, SKELETON_STATUS), SKELETON_STATUS_DONE_MASK);
	put(b, SKELETON_STATUS, SKELETON_STATUS_ERROR_MASK);
	assert_int_equal(get(b, SKELETON_STATUS), SKELETON_STATUS_DONE_MASK);
	put(b, SKELETON_STATUS, SKELETON_STATUS_DONE_MASK);
	assert_int_equal(get(b, SKELETON_STATUS), 0);
	ez_bench_free(b);
}

static void bad_work_is_an_error(void **unused)
{
	static const struct {
		uint32_t source, length;
	} bad[] = { { SOURCE, 0 }, { SOURCE, 65537 }, { EZ_BENCH_RAM, 16 } };
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	for (size_t i = 0; i < 3; i++) {
		start(b, bad[i].source, bad[i].length, SKELETON_CTRL_CASE_UPPER);
		assert_int_equal(get(b, SKELETON_STATUS), SKELETON_STATUS_ERROR_MASK);
		put(b, SKELETON_STATUS, SKELETON_STATUS_ERROR_MASK);
		assert_int_equal(ez_bench_ram(b)[TARGET], 0);
	}
	ez_bench_free(b);
}

static void interrupts_by_line(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	start(b, SOURCE, 1, SKELETON_CTRL_CASE_UPPER);
	assert_false(ez_bench_intx(b));
	put(b, SKELETON_ENABLE, SKELETON_ENABLE_DONE_MASK);
	assert_true(ez_bench_intx(b));
	put(b, SKELETON_STATUS, SKELETON_STATUS_DONE_MASK);
	assert_false(ez_bench_intx(b));
	ez_bench_free(b);
}

static void interrupts_by_message(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	assert_int_equal(ez_bench_msi(b, 1), 0);
	put(b, SKELETON_ENABLE, SKELETON_ENABLE_ERROR_MASK);
	start(b, SOURCE, 1, SKELETON_CTRL_CASE_UPPER);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	start(b, SOURCE, 0, SKELETON_CTRL_CASE_UPPER);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_false(ez_bench_intx(b));
	ez_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(length_is_kept),
		cmocka_unit_test(status_is_cleared_by_ones),
		cmocka_unit_test(bad_work_is_an_error),
		cmocka_unit_test(interrupts_by_line),
		cmocka_unit_test(interrupts_by_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
