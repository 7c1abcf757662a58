/* SPDX-License-Identifier: BSD-2-Clause */
/* Liveness, the factorial unit, interrupts, resets, saved state. DMA is in dma.c. */
#include "edu_bench.h"

static void liveness(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x12345678, 0x80000000, 0xffffffff };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		wr(b, 0x04, 4, values[i]);
		assert_int_equal(rd(b, 0x04, 4), values[i] ^ 0xffffffff);
	}
}

/* ---- factorial ---- */

static uint32_t factorial(struct ez_bench *b, uint32_t n)
{
	wr(b, 0x08, 4, n);
	assert_int_equal(rd(b, 0x20, 4) & 1, 1);
	while (rd(b, 0x20, 4) & 1)
		assert_true(ez_bench_step(b));
	return (uint32_t)rd(b, 0x08, 4);
}

/* From tables: 12! is the last that fits; the others modulo 2^32. 34! has 32 factors of 2. */
static void factorials(void **state)
{
	static const struct {
		uint32_t n, result;
	} table[] = {
		{ 0, 1 },	    { 1, 1 },		{ 2, 2 },	   { 3, 6 },
		{ 5, 120 },	    { 10, 3628800 },	{ 12, 479001600 }, { 13, 1932053504 },
		{ 20, 2192834560 }, { 33, 0x80000000 }, { 34, 0 },	   { 35, 0 },
		{ 100000, 0 },	    { 0xffffffff, 0 },
	};
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(factorial(b, table[i].n), table[i].result);
}

static void writes_while_computing_are_ignored(void **state)
{
	struct ez_bench *b = *state;

	wr(b, 0x08, 4, 5);
	wr(b, 0x08, 4, 7);
	/* The operand, until the result is there. */
	assert_int_equal(rd(b, 0x08, 4), 5);
	assert_true(ez_bench_step(b));
	assert_int_equal(rd(b, 0x08, 4), 120);
	assert_int_equal(rd(b, 0x20, 4), 0);
	assert_false(ez_bench_step(b));
}

static void interrupt_after_factorial(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(factorial(b, 4), 24);
	assert_int_equal(rd(b, 0x24, 4), 0);
	assert_false(ez_bench_intx(b));
	wr(b, 0x20, 4, 0xffffffff);
	assert_int_equal(rd(b, 0x20, 4), 0x80);
	assert_int_equal(factorial(b, 4), 24);
	assert_int_equal(rd(b, 0x24, 4), 0x1);
	assert_true(ez_bench_intx(b));
	wr(b, 0x64, 4, 0x1);
	assert_false(ez_bench_intx(b));
	/* Asked for while it computes: it is looked at in the end. */
	wr(b, 0x20, 4, 0);
	wr(b, 0x08, 4, 3);
	wr(b, 0x20, 4, 0x80);
	assert_int_equal(rd(b, 0x20, 4), 0x81);
	assert_true(ez_bench_step(b));
	assert_int_equal(rd(b, 0x24, 4), 0x1);
	assert_int_equal(rd(b, 0x20, 4), 0x80);
}

static void factorial_may_take_its_time(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, "factorial_ms=500");

	wr(b, 0x08, 4, 5);
	ez_bench_advance(b, 500 * MS - 1);
	assert_int_equal(rd(b, 0x20, 4), 1);
	ez_bench_advance(b, 10 * MS);
	assert_int_equal(rd(b, 0x20, 4), 0);
	assert_int_equal(rd(b, 0x08, 4), 120);
	ez_bench_free(b);
}

/* ---- interrupts ---- */

static void raise_and_ack(void **state)
{
	struct ez_bench *b = *state;

	wr(b, 0x60, 4, 0);
	assert_false(ez_bench_intx(b));
	wr(b, 0x60, 4, 0x80000010);
	wr(b, 0x60, 4, 0x00000020);
	assert_int_equal(rd(b, 0x24, 4), 0x80000030);
	assert_true(ez_bench_intx(b));
	wr(b, 0x64, 4, 0x80000010);
	assert_int_equal(rd(b, 0x24, 4), 0x20);
	assert_true(ez_bench_intx(b));
	wr(b, 0x64, 4, 0x20);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_intx_count(b), 1);
	wr(b, 0x64, 4, 0xffffffff);
	assert_int_equal(ez_bench_intx_count(b), 1);
}

/* Each raise is a message, one that adds no bit too, as long as a bit is set. */
static void messages(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 1), 0);
	assert_int_equal(ez_bench_msi(b, 2), -EINVAL);
	wr(b, 0x60, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	wr(b, 0x60, 4, 0x10);
	wr(b, 0x60, 4, 0x10);
	wr(b, 0x60, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 3);
	wr(b, 0x64, 4, 0x10);
	wr(b, 0x60, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 3);
	wr(b, 0x20, 4, 0x80);
	factorial(b, 3);
	assert_int_equal(ez_bench_msi_count(b, 0), 4);
	assert_int_equal(dma(b, 0x1000, BUFFER, 16, IRQ), 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 5);
	assert_false(ez_bench_intx(b));
}

/* PCI 3.0, 2.2.6: the line says what IRQ_STATUS says, whenever it is the line that counts. */
static void line_follows_when_msi_goes(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 1), 0);
	wr(b, 0x60, 4, 0x10);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_msi(b, 0), 0);
	assert_true(ez_bench_intx(b));
	wr(b, 0x64, 4, 0x10);
	assert_false(ez_bench_intx(b));
}

/* What could not go out while bus mastering was off does so later. */
static void message_waits_for_the_bus(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 1), 0);
	ez_bench_config_write(b, 0x04, 2, 0x0002);
	wr(b, 0x60, 4, 0x10);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	ez_bench_config_write(b, 0x04, 2, 0x0006);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
}

/* ---- resets ---- */

/* Everything at work, and every register and the buffer with something in them. */
static void busy(struct ez_bench *b)
{
	memset(ez_bench_ram(b) + 0x1000, 0x5a, 4096);
	assert_int_equal(dma(b, 0x1000, BUFFER, 4096, 0), 0);
	assert_int_equal(dma(b, 0x1000, BUFFER, 4097, 0), EDU_DMA_ERROR_CODE_RANGE);
	wr(b, 0x04, 4, 0x11111111);
	wr(b, 0x20, 4, 0x80);
	wr(b, 0x60, 4, 0x42);
	start(b, BUFFER, 0x3000, 4096, RUN | TO_RAM | IRQ);
	wr(b, 0x08, 4, 5);
}

static void is_as_new(struct ez_bench *b)
{
	static const uint8_t zeros[4096];
	uint32_t line_went_up = ez_bench_intx_count(b);

	assert_false(ez_bench_intx(b));
	assert_int_equal(rd(b, 0x04, 4), 0);
	assert_int_equal(rd(b, 0x08, 4), 0);
	assert_int_equal(rd(b, 0x20, 4), 0);
	assert_int_equal(rd(b, 0x24, 4), 0);
	for (uint64_t at = 0x80; at <= 0x98; at += 8)
		assert_int_equal(rd(b, at, 8), 0);
	assert_int_equal(rd(b, 0xa0, 4), 0);
	/* Nothing that was at work goes on. */
	ez_bench_advance(b, 1000 * MS);
	assert_int_equal(ez_bench_intx_count(b), line_went_up);
	assert_int_equal(rd(b, 0x08, 4), 0);
	assert_int_equal(rd(b, 0x24, 4), 0);
	assert_memory_equal(ez_bench_ram(b) + 0x3000, zeros, 4096);
	memset(ez_bench_ram(b) + 0x3000, 0xee, 4096);
	assert_int_equal(dma(b, BUFFER, 0x3000, 4096, TO_RAM), 0);
	assert_memory_equal(ez_bench_ram(b) + 0x3000, zeros, 4096);
	memset(ez_bench_ram(b) + 0x3000, 0, 4096);
}

static void resets(void **state)
{
	struct ez_bench *b = *state;

	for (enum ez_reset_kind kind = EZ_RESET_POWER_ON; kind <= EZ_RESET_FUNCTION; kind++) {
		busy(b);
		assert_true(ez_bench_intx(b));
		ez_bench_reset(b, kind);
		ez_bench_setup(b);
		is_as_new(b);
	}
}

static void own_reset(void **state)
{
	struct ez_bench *b = *state;

	busy(b);
	wr(b, 0xa8, 4, 0xfffffffe);
	assert_int_equal(rd(b, 0x24, 4), 0x42);
	wr(b, 0xa8, 4, 1);
	is_as_new(b);
}

/* PCI PM 1.2, 3.2.4 and 5.4: D3hot and back is a reset; in D3hot nobody answers. */
static void d3hot_and_back(void **state)
{
	struct ez_bench *b = *state;
	uint32_t pm = ez_bench_capability(b, 0x01);

	assert_int_equal(pm, 0x50);
	busy(b);
	ez_bench_config_write(b, pm + 4, 2, 3);
	assert_int_equal(rd(b, 0x00, 4), 0xffffffff);
	ez_bench_config_write(b, pm + 4, 2, 0);
	ez_bench_setup(b);
	assert_int_equal(rd(b, 0x00, 4), 0x010000ed);
	is_as_new(b);
}

/* Advanced Capabilities for Conventional PCI (ECN of 2006): Initiate FLR. */
static void function_level_reset(void **state)
{
	struct ez_bench *b = *state;
	uint32_t af = ez_bench_capability(b, 0x13);

	assert_int_equal(af, 0x58);
	busy(b);
	ez_bench_config_write(b, af + 4, 1, 1);
	assert_int_equal(ez_bench_config_read(b, af + 4, 1), 0);
	ez_bench_setup(b);
	is_as_new(b);
}

/* ---- saved state ---- */

static void work_in_flight_is_saved(void **state)
{
	struct ez_bench *b = *state, *other;
	struct ez_error error;
	size_t size;
	void *saved;

	busy(b);
	ez_bench_advance(b, 0);
	saved = ez_bench_save(b, &size);
	other = ez_bench_new(NULL, NULL);
	assert_int_equal(ez_bench_load(other, saved, size, &error), 0);
	free(saved);
	assert_int_equal(rd(other, 0x04, 4), 0xeeeeeeee);
	assert_int_equal(rd(other, 0x20, 4), 0x81);
	assert_int_equal(rd(other, 0x24, 4), 0x42);
	assert_int_equal(rd(other, 0x80, 8), BUFFER);
	assert_int_equal(rd(other, 0x98, 8), RUN | TO_RAM | IRQ);
	assert_int_equal(rd(other, 0x9c, 4), 0xffffffff);
	assert_true(ez_bench_intx(other));
	ez_bench_advance(other, 200 * MS);
	assert_int_equal(rd(other, 0x08, 4), 120);
	assert_int_equal(rd(other, 0x24, 4), 0x143);
	assert_int_equal(rd(other, 0x98, 8), TO_RAM | IRQ);
	assert_int_equal(ez_bench_ram(other)[0x3000], 0x5a);
	assert_int_equal(ez_bench_ram(other)[0x3fff], 0x5a);
	ez_bench_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(liveness),
		CASE(factorials),
		CASE(writes_while_computing_are_ignored),
		CASE(interrupt_after_factorial),
		cmocka_unit_test(factorial_may_take_its_time),
		CASE(raise_and_ack),
		CASE(messages),
		CASE(line_follows_when_msi_goes),
		CASE(message_waits_for_the_bus),
		CASE(resets),
		CASE(own_reset),
		CASE(d3hot_and_back),
		CASE(function_level_reset),
		CASE(work_in_flight_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
