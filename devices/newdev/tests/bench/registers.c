/* SPDX-License-Identifier: BSD-2-Clause */
/* BAR1 as a whole: every offset in every width, what is kept, what each reset leaves. */
#include "newdev_bench.h"

/* The map, by its own numbers: where, how wide, after reset, which bits are kept. */
struct row {
	uint32_t at, bytes;
	uint64_t reset, kept;
	uint32_t narrowest; /* access that is legal */
};

#define ALL UINT32_C(0xffffffff)

/* Without those that do something when they are written: TEST, COPY, DMA_COMMAND. */
static const struct row rows[] = {
	{ 0x000, 4, 0, 0, 4 }, /* STATUS */
	{ 0x004, 4, 0x1337, ALL, 4 }, /* ID */
	{ 0x040, 4, 0x6477656e, 0, 4 }, /* MAGIC */
	{ 0x044, 4, 1, 0, 4 }, /* VERSION */
	{ 0x048, 4, 0x200000, 0, 4 }, /* SIZE */
	{ 0x04c, 4, 0, 0x2, 4 }, /* CONTROL, with RESET left alone */
	{ 0x050, 4, 0, 0, 4 }, /* ISR */
	{ 0x054, 4, 0, 0x7, 4 }, /* IER */
	{ 0x05c, 4, 0, 0, 4 }, /* RANDOM_STATUS */
	{ 0x060, 4, 0, ALL, 4 }, /* OFFSET */
	{ 0x064, 4, 0, ALL, 4 }, /* LENGTH */
	{ 0x06c, 4, 0, 0, 4 }, /* COPY_STATUS */
	{ 0x070, 4, 0, 0x3fffff, 4 }, /* USED */
	{ 0x080, 8, 0, UINT64_MAX, 4 }, /* DMA_ADDRESS */
	{ 0x088, 4, 0, ALL, 4 }, /* DMA_LENGTH */
	{ 0x08c, 4, 0, ALL, 4 }, /* DMA_OFFSET */
	{ 0x090, 4, 0, 0xffff, 4 }, /* DMA_ENTRIES */
	{ 0x094, 4, 0, ALL, 4 }, /* DMA_DELAY */
	{ 0x09c, 4, 0, 0, 4 }, /* DMA_STATUS */
	{ 0x0a0, 4, 0, 0, 4 }, /* DMA_MOVED */
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define PAGE 0x1000u
#define CONTROL 0x04cu
#define SOME(i) (UINT64_C(0x1122334455667788) + UINT64_C(0x0101010101010101) * (i))

/* All of the BAR as 32-bit reads give it. */
static void snapshot(struct ez_bench *b, uint32_t words[PAGE / 4])
{
	for (uint32_t at = 0; at < PAGE; at += 4)
		words[at / 4] = rd(b, at);
}

static void after_reset(void **state)
{
	uint32_t want[PAGE / 4] = { 0 }, got[PAGE / 4];

	for (size_t i = 0; i < ROWS; i++)
		want[rows[i].at / 4] = (uint32_t)rows[i].reset;
	snapshot(*state, got);
	assert_memory_equal(got, want, sizeof(want));
}

static void every_width_and_offset(void **state)
{
	struct ez_bench *b = *state;
	uint8_t bytes[PAGE + 16] = { 0 };
	uint32_t before[PAGE / 4], after[PAGE / 4];

	for (size_t i = 0; i < ROWS; i++) {
		uint64_t value = SOME(i) & rows[i].kept;

		if (rows[i].kept)
			ez_bench_write(b, REGS, rows[i].at, rows[i].bytes, value);
		value |= rows[i].kept ? 0 : rows[i].reset;
		memcpy(bytes + rows[i].at, &value, rows[i].bytes);
	}
	for (uint32_t at = 0; at < 0x800; at += 8) {
		uint64_t value = SOME(at);

		ez_bench_write(b, REGS, 0x800 + at, 8, value);
		memcpy(bytes + 0x800 + at, &value, 8);
	}
	snapshot(b, before);
	for (uint32_t at = 0; at < PAGE + 8; at++) {
		for (unsigned int width = 1; width <= 8; width *= 2) {
			uint64_t want = 0, got = ez_bench_read(b, REGS, at, width);

			/* The window takes anything that is aligned; other registers, themselves. */
			if (!(at % width) &&
			    (at >= 0x800 || width == 4 || (width == 8 && at == 0x80)))
				memcpy(&want, bytes + at, at < PAGE ? width : 0);
			assert_int_equal(got, want);
		}
	}
	/* Nor does a write of another width, or beside them, change anything. */
	for (uint32_t at = 0; at < 0x800; at++)
		for (unsigned int width = 1; width <= 8; width *= 2)
			if ((at % width || width != 4) && !(width == 8 && at == 0x80))
				ez_bench_write(b, REGS, at, width, UINT64_MAX);
	for (uint32_t at = 0xa4; at < 0x800; at += 4)
		wr(b, at, UINT32_MAX);
	for (uint32_t at = PAGE; at < PAGE + 16; at += 4)
		wr(b, at, UINT32_MAX);
	snapshot(b, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_false(ez_bench_intx(b));
}

/* What can be written is kept, and nobody else changes. */
static void kept_bits(void **unused)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct ez_bench *b = ez_bench_new(NULL, NULL);
		uint32_t before[PAGE / 4], after[PAGE / 4];
		uint64_t value = rows[i].at == CONTROL ? rows[i].kept : UINT64_MAX;

		snapshot(b, before);
		ez_bench_write(b, REGS, rows[i].at, rows[i].bytes, value);
		snapshot(b, after);
		value = rows[i].kept ? rows[i].kept : rows[i].reset;
		memcpy(&before[rows[i].at / 4], &value, rows[i].bytes);
		assert_memory_equal(before, after, sizeof(before));
		ez_bench_free(b);
	}
}

/* After each kind all is as after power-on, but for the memory and USED after the device's own. */
static void resets(void **unused)
{
	for (int kind = 0; kind < 4; kind++) {
		struct ez_bench *b = ez_bench_new(NULL, NULL);
		uint32_t fresh[PAGE / 4], now[PAGE / 4];

		snapshot(b, fresh);
		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].kept)
				ez_bench_write(b, REGS, rows[i].at, rows[i].bytes, rows[i].kept);
		wr(b, NEWDEV_OFFSET, 0);
		port_out(b, 8, 4, 0x11223344);
		wr(b, NEWDEV_WINDOW(0), 0x55667788);
		wr(b, NEWDEV_TEST, 7);
		port_out(b, PAPER_IRQ, 1, 1);
		wr(b, NEWDEV_USED, 1234);
		if (kind == EZ_RESET_SOFTWARE) {
			wr(b, CONTROL, 3);
			fresh[NEWDEV_USED / 4] = 1234;
		} else {
			ez_bench_reset(b, (enum ez_reset_kind)kind);
			ez_bench_setup(b);
		}
		assert_false(ez_bench_intx(b));
		snapshot(b, now);
		assert_memory_equal(now, fresh, sizeof(now));
		wr(b, CONTROL, 2);
		assert_int_equal(port_in(b, 8, 4), kind == EZ_RESET_SOFTWARE ? 0x11223344 : 0);
		ez_bench_free(b);
	}
}

/* Saved in the middle of everything, and put into another device. */
static void saved_state(void **state)
{
	struct ez_bench *b = *state, *other = ez_bench_new(NULL, NULL);
	uint8_t *ram = ez_bench_ram(b);
	uint32_t before[PAGE / 4], after[PAGE / 4];
	struct ez_error error = { 0 };
	void *saved;
	size_t size;

	fill_pattern(ram + 0x10000, 0x80000);
	assert_int_equal(dma(b, LOAD, 0x10000, 0x40000, 77), 0);
	port_out(b, PAPER_IRQ, 1, 1);
	wr(b, NEWDEV_IER, 3);
	wr(b, NEWDEV_DMA_DELAY, 5);
	dma_start(b, LOAD, 0x50000, 0x40000, 0x40000 + 77, 0);
	snapshot(b, before);
	saved = ez_bench_save(b, &size);
	assert_int_equal(ez_bench_load(other, saved, size, &error), 0);
	free(saved);
	snapshot(other, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_true(ez_bench_intx(other));
	/* The transfer goes on where it is now: in the other's memory. */
	memcpy(ez_bench_ram(other) + 0x50000, ram + 0x50000, 0x40000);
	assert_int_equal(dma_end(other), 0);
	wr(other, NEWDEV_DMA_DELAY, 0);
	assert_int_equal(dma(other, STORE, 0x200000, 0x80000, 77), 0);
	assert_memory_equal(ez_bench_ram(other) + 0x200000, ram + 0x10000, 0x80000);
	ez_bench_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_reset),	     TEST(every_width_and_offset),
		cmocka_unit_test(kept_bits), cmocka_unit_test(resets),
		TEST(saved_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
