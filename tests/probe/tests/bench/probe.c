/* SPDX-License-Identifier: BSD-2-Clause */
/* Each part of the SDK, tried through the probe's registers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "probe_spec.h"

#define RAM 0x10000

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

/* What SystemRDL's names say that a write or a read does: onwrite, onread. */
static void write_effects(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_ONES, 0x55333305);
	assert_int_equal(get(b, PROBE_ONES), 0x553c3f0a);
	put(b, PROBE_ZEROS, 0x55333305);
	assert_int_equal(get(b, PROBE_ZEROS), 0x55c3cf05);
	assert_int_equal(get(b, PROBE_ANY), 0x0f0f0f0f);
	assert_int_equal(get(b, PROBE_ANY), 0xff000f0f);
	put(b, PROBE_ANY, 0x12345678);
	assert_int_equal(get(b, PROBE_ANY), 0x1234ff00);
}

static void widths(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_WIDE, 0x44332211);
	ez_bench_write(b, 0, PROBE_WIDE + 2, 1, 0xaa);
	assert_int_equal(get(b, PROBE_WIDE), 0x44aa2211);
	assert_int_equal(ez_bench_read(b, 0, PROBE_WIDE + 2, 2), 0x44aa);
	ez_bench_write(b, 0, PROBE_QUAD, 8, UINT64_C(0x8877665544332211));
	assert_int_equal(ez_bench_read(b, 0, PROBE_QUAD + 4, 4), 0x88776655);
	ez_bench_write(b, 0, PROBE_BYTE, 1, 0x7f);
	ez_bench_write(b, 0, PROBE_HALF, 2, 0xbeef);
	assert_int_equal(ez_bench_read(b, 0, PROBE_BYTE, 1), 0x7f);
	assert_int_equal(ez_bench_read(b, 0, PROBE_HALF, 2), 0xbeef);
	/* Illegal: all-ones, as declared, and nothing changes. */
	assert_int_equal(ez_bench_read(b, 0, PROBE_SCRATCH, 2), 0xffff);
	ez_bench_write(b, 0, PROBE_SCRATCH, 1, 0x55);
	assert_int_equal(get(b, PROBE_SCRATCH), 0);
	assert_int_equal(ez_bench_read(b, 0, PROBE_SCRATCH + 2, 4), 0xffffffff);
	assert_true(ez_bench_log_count(b, EZ_LOG_VIOLATION) >= 2);
	/* No register there: zeros, as declared. */
	assert_int_equal(get(b, 0x700), 0);
}

static void reserved_and_gaps(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(get(b, PROBE_PARTLY), 0xa000);
	put(b, PROBE_PARTLY, 0x5);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	put(b, PROBE_PARTLY, 0x85);
	assert_int_equal(get(b, PROBE_PARTLY), 0xa005);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	get(b, PROBE_GAP);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_UNIMPLEMENTED), 1);
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_UNIMPLEMENTED), "GAP"));
}

static void hooks_and_arrays(void **state)
{
	struct ez_bench *b = *state;
	uint32_t i;

	put(b, PROBE_NOTED, 1);
	put(b, PROBE_NOTED, 2);
	assert_int_equal(get(b, PROBE_NOTES), 2);
	for (i = 0; i < PROBE_SLOT_COUNT; i++) {
		put(b, PROBE_SLOT(i), 100 + i);
		put(b, PROBE_LATCH(i), 200 + i);
	}
	for (i = 0; i < PROBE_SLOT_COUNT; i++) {
		assert_int_equal(get(b, PROBE_SLOT(i)), 100 + i);
		assert_int_equal(get(b, PROBE_LATCH(i)), 200 + 2 * i);
	}
	for (i = 0; i < 4; i++)
		ez_bench_write(b, PROBE_BAR_PORTS, PROBE_PORT(i), 1, 0x11 * (i + 1));
	/* This BAR cuts a wide access into the registers that it covers. */
	assert_int_equal(ez_bench_read(b, PROBE_BAR_PORTS, PROBE_PORT(0), 4), 0x44332211);
}

static void interrupts(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_IER, 0xf);
	put(b, PROBE_RAISE, 1);
	assert_true(ez_bench_intx(b));
	put(b, PROBE_ISR, 1);
	assert_false(ez_bench_intx(b));
	put(b, PROBE_LEVEL, 1);
	assert_true(ez_bench_intx(b));
	put(b, PROBE_LEVEL, 0);
	assert_int_equal(ez_bench_intx_count(b), 2);
	assert_int_equal(ez_bench_msi(b, 4), 0);
	put(b, PROBE_RAISE, 0xf);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 3), 1);
	assert_false(ez_bench_intx(b));
}

/* With a table of its own, and vectors beyond MSI's. */
static void msix(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msix(b, PROBE_MSIX_VECTORS), 0);
	assert_int_equal(ez_bench_msix(b, PROBE_MSIX_VECTORS + 1), -EINVAL);
	put(b, PROBE_IER, 0xf);
	put(b, PROBE_RAISE, 0xf);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(ez_bench_msi_count(b, i), 1);
	ez_bench_msix_mask(b, PROBE_IRQ_LINE_VECTOR, true);
	put(b, PROBE_LEVEL, 1);
	assert_true(ez_bench_msix_pending(b, PROBE_IRQ_LINE_VECTOR));
	ez_bench_msix_mask(b, PROBE_IRQ_LINE_VECTOR, false);
	assert_int_equal(ez_bench_msi_count(b, PROBE_IRQ_LINE_VECTOR), 2);
	assert_int_equal(ez_bench_intx_count(b), 0);
}

#define BUFFER_AT(i) PROBE_BAR_MEMORY, PROBE_WINDOW_BUFFER_OFFSET + (i)
#define STAGE_AT(i) PROBE_BAR_MEMORY, PROBE_WINDOW_STAGE_OFFSET + (i)

/* What one side writes the other reads. */
static void windows(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	uint32_t i;

	put(b, PROBE_WIN_OFFSET, PROBE_WINDOW_BUFFER_SIZE - 4);
	put(b, PROBE_WIN_VALUE, 0x44332211);
	assert_int_equal(ez_bench_read(b, BUFFER_AT(PROBE_WINDOW_BUFFER_SIZE - 3), 2), 0x3322);
	ez_bench_write(b, STAGE_AT(0x101), 4, 0x0a0b0c0d);
	put(b, PROBE_WIN_INDEX, PROBE_WINDOW_STAGE);
	put(b, PROBE_WIN_OFFSET, 0x100);
	assert_int_equal(get(b, PROBE_WIN_VALUE), 0x0b0c0d00);
	put(b, PROBE_WIN_LENGTH, 8);
	put(b, PROBE_WIN, PROBE_WIN_COMMAND_SUM);
	assert_int_equal(get(b, PROBE_WIN_SUM), 0xa + 0xb + 0xc + 0xd);
	ez_bench_write(b, PROBE_BAR_REGS, PROBE_WIN_FILL, 1, 0xfe);
	put(b, PROBE_WIN, PROBE_WIN_COMMAND_FILL);
	assert_int_equal(ez_bench_read(b, STAGE_AT(0x100), 4), 0x0100fffe);
	/* DMA to and from guest memory. */
	put(b, PROBE_ADDRESS, RAM);
	put(b, PROBE_WIN, PROBE_WIN_COMMAND_STORE);
	assert_memory_equal(ram + RAM, "\xfe\xff\x00\x01\x02\x03\x04\x05", 8);
	put(b, PROBE_WIN_OFFSET, 0x203);
	put(b, PROBE_WIN, PROBE_WIN_COMMAND_FETCH);
	assert_int_equal(get(b, PROBE_ERRNO), 0);
	assert_int_equal(ez_bench_read(b, STAGE_AT(0x203), 8), UINT64_C(0x050403020100fffe));
	/* Not beyond it. */
	put(b, PROBE_WIN_OFFSET, PROBE_WINDOW_STAGE_SIZE - 7);
	put(b, PROBE_WIN, PROBE_WIN_COMMAND_FETCH);
	assert_int_equal(get(b, PROBE_ERRNO), ERANGE);
	/* A job loads the buffer. */
	for (i = 0; i < 1024; i++)
		ram[RAM + i] = (uint8_t)(i * 11);
	put(b, PROBE_COPY_TO, 0x1000);
	put(b, PROBE_ROUNDS, 4);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_LOAD);
	ez_bench_advance(b, 1000000);
	assert_int_equal(get(b, PROBE_ERRNO), 0);
	for (i = 0; i < 1024; i++)
		assert_int_equal(ez_bench_read(b, BUFFER_AT(0x1000 + i), 1), ram[RAM + i]);
	put(b, PROBE_COPY_TO, PROBE_WINDOW_BUFFER_SIZE - 512);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_LOAD);
	ez_bench_advance(b, 1000000);
	assert_int_equal(get(b, PROBE_ERRNO), ERANGE);
	/* Its resets. */
	ez_bench_write(b, STAGE_AT(0), 4, 1);
	put(b, PROBE_RESET, 1);
	assert_int_equal(ez_bench_read(b, STAGE_AT(0), 4), 0);
	assert_int_equal(ez_bench_read(b, BUFFER_AT(0x1001), 1), 11);
}

static void timers(void **state)
{
	struct ez_bench *b = *state;
	uint32_t now = get(b, PROBE_NOW);

	put(b, PROBE_DELAY, 1000);
	put(b, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	ez_bench_advance(b, 10500);
	assert_int_equal(get(b, PROBE_TICKS), 10);
	put(b, PROBE_TIMER, PROBE_TIMER_COMMAND_CANCEL);
	ez_bench_advance(b, 10500);
	assert_int_equal(get(b, PROBE_TICKS), 10);
	assert_int_equal(get(b, PROBE_NOW), now + 21000);
}

static void jobs(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	uint32_t value = 1, i;

	put(b, PROBE_ROUNDS, 100);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	assert_int_equal(get(b, PROBE_BUSY), 1);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	assert_int_equal(get(b, PROBE_ERRNO), EBUSY);
	ez_bench_advance(b, 1000000);
	assert_int_equal(get(b, PROBE_BUSY), 0);
	for (i = 0; i < 100; i++)
		value = value * 1664525u + 1013904223u;
	assert_int_equal(get(b, PROBE_RESULT), value);

	for (i = 0; i < 1024; i++)
		ram[RAM + i] = (uint8_t)(i * 5);
	put(b, PROBE_ADDRESS, RAM);
	put(b, PROBE_COPY_TO, RAM + 0x1000);
	put(b, PROBE_ROUNDS, 4);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	ez_bench_advance(b, 1000000);
	assert_memory_equal(ram + RAM, ram + RAM + 0x1000, 1024);

	put(b, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	put(b, PROBE_ISR, 1);
	ez_bench_advance(b, 10000000);
	assert_int_equal(get(b, PROBE_ISR), 0);
}

static void dma(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memcpy(ram + RAM, "0123456789abcdef", 16);
	put(b, PROBE_ADDRESS, RAM);
	put(b, PROBE_LENGTH, 16);
	put(b, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	assert_int_equal(get(b, PROBE_ERRNO), 0);
	put(b, PROBE_ADDRESS, RAM + 0x101);
	put(b, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	assert_memory_equal(ram + RAM + 0x101, "0123456789abcdef", 16);
	put(b, PROBE_ADDRESS, EZ_BENCH_RAM - 8);
	put(b, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	assert_int_equal(get(b, PROBE_ERRNO), EFAULT);
	assert_int_equal(get(b, PROBE_DATA(0)), 0);
	assert_int_equal(get(b, PROBE_DATA(2)), 0xffffffff);
	ez_bench_config_write(b, 4, 2, 3);
	put(b, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	assert_int_equal(get(b, PROBE_ERRNO), EPERM);
}

static void resets(void **state)
{
	struct ez_bench *b = *state;

	put(b, PROBE_SCRATCH, 1);
	put(b, PROBE_KEPT, 2);
	put(b, PROBE_STICKY, 3);
	put(b, PROBE_MIXED, 0xffffffff);
	put(b, PROBE_RESET, 1);
	assert_int_equal(get(b, PROBE_SCRATCH), 0);
	assert_int_equal(get(b, PROBE_KEPT), 2);
	assert_int_equal(get(b, PROBE_MIXED), 0xffff0000);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	assert_int_equal(get(b, PROBE_KEPT), 2);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	assert_int_equal(get(b, PROBE_KEPT), PROBE_KEPT_RESET);
	assert_int_equal(get(b, PROBE_MIXED), 0);
	assert_int_equal(get(b, PROBE_STICKY), 3);
	assert_int_equal(get(b, PROBE_RESETS), 0x01010101);
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	ez_bench_setup(b);
	assert_int_equal(get(b, PROBE_STICKY), 0);
	assert_int_equal(get(b, PROBE_RESETS), 1);
}

static void save_and_load(void **state)
{
	struct ez_bench *b = *state, *other;
	struct ez_error error;
	uint32_t mix;
	size_t size;
	void *saved;

	put(b, PROBE_STIR, 99);
	mix = get(b, PROBE_MIX);
	put(b, PROBE_DATA(511), 0xabcdef01);
	ez_bench_write(b, BUFFER_AT(0x7ff8), 8, UINT64_C(0x1122334455667788));
	ez_bench_msix(b, 3);
	put(b, PROBE_DELAY, 1000);
	put(b, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
	ez_bench_advance(b, 600);
	put(b, PROBE_ROUNDS, 3);
	put(b, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	saved = ez_bench_save(b, &size);
	other = ez_bench_new(NULL, NULL);
	assert_int_equal(ez_bench_load(other, saved, size, &error), 0);
	free(saved);
	assert_int_equal(get(other, PROBE_MIX), mix);
	assert_int_equal(get(other, PROBE_DATA(511)), 0xabcdef01);
	assert_int_equal(get(other, PROBE_LOADS), 1);
	assert_int_equal(ez_bench_read(other, BUFFER_AT(0x7ff8), 8), UINT64_C(0x1122334455667788));
	put(other, PROBE_IER, 0xf);
	put(other, PROBE_RAISE, 1);
	assert_int_equal(ez_bench_msi_count(other, 0), 1);
	ez_bench_advance(other, 399);
	assert_int_equal(get(other, PROBE_TICKS), 0);
	ez_bench_advance(other, 1);
	assert_int_equal(get(other, PROBE_TICKS), 1);
	assert_int_equal(get(other, PROBE_BUSY), 1);
	ez_bench_advance(other, 1000000);
	assert_int_equal(get(other, PROBE_BUSY), 0);
	ez_bench_free(other);
}

static void properties(void **state)
{
	struct ez_error error;
	struct ez_bench *b;

	(void)state;
	b = ez_bench_new(NULL, "flag=off,small=99,mode=slow,label=xyzzy");
	assert_int_equal(get(b, PROBE_PROP_FLAG), 0);
	assert_int_equal(get(b, PROBE_PROP_SMALL), 99);
	assert_int_equal(get(b, PROBE_PROP_MODE), 0);
	assert_int_equal(get(b, PROBE_PROP_LABEL), 0x7a7a7978);
	ez_bench_free(b);
	assert_null(ez_bench_try(NULL, "small=0", &error));
	assert_null(ez_bench_try(NULL, "mode=warp", &error));
	assert_null(ez_bench_try(NULL, "label=refuse", &error));
	assert_null(ez_bench_try(NULL, "nosuch=1", &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(write_effects, setup, teardown),
		cmocka_unit_test_setup_teardown(widths, setup, teardown),
		cmocka_unit_test_setup_teardown(reserved_and_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(hooks_and_arrays, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupts, setup, teardown),
		cmocka_unit_test_setup_teardown(msix, setup, teardown),
		cmocka_unit_test_setup_teardown(windows, setup, teardown),
		cmocka_unit_test_setup_teardown(timers, setup, teardown),
		cmocka_unit_test_setup_teardown(jobs, setup, teardown),
		cmocka_unit_test_setup_teardown(dma, setup, teardown),
		cmocka_unit_test_setup_teardown(resets, setup, teardown),
		cmocka_unit_test_setup_teardown(save_and_load, setup, teardown),
		cmocka_unit_test(properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
