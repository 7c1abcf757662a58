/* SPDX-License-Identifier: BSD-2-Clause */
/* The 2 MiB: by port, by window, by DMA; at their ends, beyond them, two at a time. */
#include "newdev_bench.h"

#define DATA 0x8u /* BAR0 */

enum {
	NONE = 0,
	MASTER = 1,
	ADDRESS = 2,
	RANGE = 3,
	BUSY = 4,
	BAD_COMMAND = 5,
	LIST = 6,
	CANCELLED = 7
};

static const uint32_t lengths[] = { 0, 1, 4095, 4096, 4097, 1024001, MEMORY };

#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void open_ports(struct ez_bench *b)
{
	wr(b, NEWDEV_CONTROL, NEWDEV_CONTROL_PORTS_MASK);
}

/* ---- the port ---- */

static void port_widths(void **state)
{
	struct ez_bench *b = *state;

	open_ports(b);
	wr(b, NEWDEV_OFFSET, 3);
	port_out(b, DATA, 1, 0x11);
	port_out(b, DATA, 2, 0x3322);
	port_out(b, DATA, 4, 0x77665544);
	assert_int_equal(rd(b, NEWDEV_OFFSET), 10);
	wr(b, NEWDEV_OFFSET, 3);
	assert_int_equal(port_in(b, DATA, 4), 0x44332211);
	assert_int_equal(port_in(b, DATA, 2), 0x6655);
	assert_int_equal(port_in(b, DATA, 1), 0x77);
	assert_int_equal(rd(b, NEWDEV_OFFSET), 10);
	/* Beside its first byte it is not there. */
	for (uint32_t at = DATA + 1; at < DATA + 4; at++)
		port_out(b, at, 1, 0xff);
	port_out(b, DATA + 2, 2, 0xffff);
	assert_int_equal(rd(b, NEWDEV_OFFSET), 10);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), NONE);
	/* Switched off again. */
	wr(b, NEWDEV_CONTROL, 0);
	wr(b, NEWDEV_OFFSET, 3);
	assert_int_equal(port_in(b, DATA, 4), 0);
	assert_int_equal(rd(b, NEWDEV_OFFSET), 3);
}

static void port_all_of_it(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	open_ports(b);
	fill_pattern(ram, MEMORY);
	for (uint32_t i = 0; i < MEMORY; i++)
		port_out(b, DATA, 1, ram[i]);
	assert_int_equal(dma(b, STORE, MEMORY, MEMORY, 0), NONE);
	assert_memory_equal(ram, ram + MEMORY, MEMORY);
	/* At the end: the last byte, and no more. */
	wr(b, NEWDEV_OFFSET, MEMORY - 1);
	assert_int_equal(port_in(b, DATA, 2), 0);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), RANGE);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), NONE);
	assert_int_equal(rd(b, NEWDEV_OFFSET), MEMORY - 1);
	assert_int_equal(port_in(b, DATA, 1), pattern(MEMORY - 1));
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), NONE);
	port_out(b, DATA, 1, 1);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), RANGE);
	wr(b, NEWDEV_OFFSET, UINT32_MAX);
	assert_int_equal(port_in(b, DATA, 4), 0);
	port_out(b, DATA, 4, 1);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), RANGE);
	assert_int_equal(rd(b, NEWDEV_OFFSET), UINT32_MAX);
}

/* ---- the window ---- */

static void window_copies(void **state)
{
	static const uint32_t some[] = { 0, 1, 7, 8, 2047, 2048 };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		uint32_t at = 100 + 5000 * (uint32_t)i;

		for (uint32_t j = 0; j < 2048; j++)
			ez_bench_write(b, REGS, 0x800 + j, 1, pattern(at + j));
		wr(b, NEWDEV_OFFSET, at);
		wr(b, NEWDEV_LENGTH, some[i]);
		wr(b, NEWDEV_COPY, 1);
		assert_int_equal(rd(b, NEWDEV_COPY_STATUS), NONE);
		assert_int_equal(rd(b, NEWDEV_OFFSET), at + some[i]);
		for (uint32_t j = 0; j < 2048; j += 8)
			ez_bench_write(b, REGS, 0x800 + j, 8, UINT64_MAX);
		wr(b, NEWDEV_OFFSET, at);
		wr(b, NEWDEV_COPY, 2);
		for (uint32_t j = 0; j < 2048; j++)
			assert_int_equal(ez_bench_read(b, REGS, 0x800 + j, 1),
					 j < some[i] ? pattern(at + j) : 0xff);
		/* And beside it nothing was written. */
		open_ports(b);
		wr(b, NEWDEV_OFFSET, at - 1);
		assert_int_equal(port_in(b, DATA, 1), 0);
		wr(b, NEWDEV_OFFSET, at + some[i]);
		assert_int_equal(port_in(b, DATA, 1), 0);
	}
}

static void window_refuses(void **state)
{
	static const struct {
		uint32_t offset, length, command, code;
	} bad[] = {
		{ 0, 2049, 1, RANGE },	       { 0, UINT32_MAX, 2, RANGE },
		{ MEMORY - 10, 11, 1, RANGE }, { MEMORY, 1, 2, RANGE },
		{ UINT32_MAX, 2, 1, RANGE },   { 0, 8, 0, BAD_COMMAND },
		{ 0, 8, 3, BAD_COMMAND },      { 0, 8, 0x101, BAD_COMMAND },
		{ MEMORY - 10, 10, 1, NONE },  { MEMORY, 0, 2, NONE },
	};
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wr(b, NEWDEV_OFFSET, bad[i].offset);
		wr(b, NEWDEV_LENGTH, bad[i].length);
		wr(b, NEWDEV_COPY, bad[i].command);
		assert_int_equal(rd(b, NEWDEV_OFFSET),
				 bad[i].offset + (bad[i].code ? 0 : bad[i].length));
		assert_int_equal(rd(b, NEWDEV_COPY_STATUS), bad[i].code);
	}
}

/* ---- the engine ---- */

static void dma_both_ways(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	const uint32_t from = 0x100001, to = 0x800003;

	fill_pattern(ram + from, MEMORY);
	for (size_t i = 0; i < LENGTHS; i++) {
		uint32_t n = lengths[i], at = MEMORY - n;

		assert_int_equal(dma(b, LOAD, from, n, at), NONE);
		assert_int_equal(rd(b, NEWDEV_DMA_MOVED), n);
		memset(ram + to - 16, 0xaa, MEMORY + 32);
		assert_int_equal(dma(b, STORE, to, n, at), NONE);
		assert_int_equal(rd(b, NEWDEV_DMA_MOVED), n);
		assert_memory_equal(ram + from, ram + to, n);
		assert_int_equal(count_not(ram + to - 16, 16, 0xaa), 0);
		assert_int_equal(count_not(ram + to + n, 16, 0xaa), 0);
		assert_int_equal(dma(b, CLEAR, 0, n, at), NONE);
		assert_int_equal(dma(b, STORE, to, n, at), NONE);
		assert_int_equal(count_not(ram + to, n, 0), 0);
	}
}

static void put_entry(struct ez_bench *b, uint64_t list, uint32_t i, uint64_t address,
		      uint32_t length, uint32_t zero)
{
	uint8_t *at = ez_bench_ram(b) + list + 16ull * i;

	memcpy(at, &address, 8);
	memcpy(at + 8, &length, 4);
	memcpy(at + 12, &zero, 4);
}

/* Pieces of all sizes, in an order of their own; more of them than one trip of the engine takes. */
static void dma_scattered(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b), *want;
	const uint32_t list = 0x40008;
	uint32_t n = 333, total = 0;

	want = malloc(n * 4096);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = i % 5 ? 1 + i * 12 % 4096 : 4096, at = 0x100000 + (n - i) * 0x1800;

		for (uint32_t j = 0; j < len; j++)
			want[total + j] = ram[at + j] = pattern(total + j);
		put_entry(b, list, i, at, len, 0);
		total += len;
	}
	dma_start(b, LOAD, list, total, 4, n);
	assert_int_equal(dma_end(b), NONE);
	assert_int_equal(rd(b, NEWDEV_DMA_MOVED), total);
	assert_int_equal(dma(b, STORE, 0x1000000, total, 4), NONE);
	assert_memory_equal(ram + 0x1000000, want, total);
	/* And out again, to the same places. */
	memset(ram + 0x100000, 0, 0x200000);
	dma_start(b, STORE, list, total, 4, n);
	assert_int_equal(dma_end(b), NONE);
	for (uint32_t i = 0, done = 0; i < n; i++) {
		uint64_t at;
		uint32_t len;

		memcpy(&at, ram + list + 16 * i, 8);
		memcpy(&len, ram + list + 16 * i + 8, 4);
		assert_memory_equal(ram + at, want + done, len);
		done += len;
	}
	free(want);
}

static void dma_bad_lists(void **state)
{
	static const struct {
		uint32_t length[3], zero, entries, total, moved;
	} bad[] = {
		{ { 16, 0, 16 }, 0, 3, 32, 0 }, /* an entry of nothing */
		{ { 16, 32, 16 }, 0, 3, 48, 0 }, /* more than was said */
		{ { 16, UINT32_MAX, 16 }, 0, 3, 31, 0 },
		{ { 16, 16, 16 }, 0, 3, 64, 48 }, /* less */
		{ { 16, 16, 16 }, 1, 3, 48, 0 }, /* a word that must be zero */
		{ { 16, 16, 16 }, 0, 3, 0, 0 },
	};
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint32_t j = 0; j < 3; j++)
			put_entry(b, 0x1000, j, 0x10000 + 0x1000 * j, bad[i].length[j],
				  j == 1 ? bad[i].zero : 0);
		dma_start(b, STORE, 0x1000, bad[i].total, 0, bad[i].entries);
		assert_int_equal(dma_end(b), LIST);
		assert_int_equal(rd(b, NEWDEV_DMA_MOVED), bad[i].moved);
	}
	/* More entries than data, where the surplus is in a later piece of the list. */
	for (uint32_t j = 0; j < 65; j++)
		put_entry(b, 0x1000, j, 0x10000, 1, 0);
	dma_start(b, LOAD, 0x1000, 64, 0, 65);
	assert_int_equal(dma_end(b), LIST);
	/* The list itself is not there. */
	dma_start(b, LOAD, EZ_BENCH_RAM, 64, 0, 4);
	assert_int_equal(dma_end(b), ADDRESS);
	/* One entry is not: what was before it has moved, and is counted. */
	put_entry(b, 0x1000, 0, 0x10000, 100, 0);
	put_entry(b, 0x1000, 1, EZ_BENCH_RAM - 50, 100, 0);
	put_entry(b, 0x1000, 2, 0x10000, 100, 0);
	dma_start(b, LOAD, 0x1000, 300, 0, 3);
	assert_int_equal(dma_end(b), ADDRESS);
	assert_int_equal(rd(b, NEWDEV_DMA_MOVED), 100);
}

static void dma_errors(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram, 0xaa, MEMORY);
	assert_int_equal(dma(b, STORE, 0, 1, MEMORY), RANGE);
	assert_int_equal(dma(b, STORE, 0, 2, MEMORY - 1), RANGE);
	assert_int_equal(dma(b, STORE, 0, MEMORY + 1, 0), RANGE);
	assert_int_equal(dma(b, STORE, 0, UINT32_MAX, UINT32_MAX), RANGE);
	assert_int_equal(dma(b, CLEAR, 0, UINT32_MAX, 2), RANGE);
	assert_int_equal(dma(b, STORE, 0, 0, MEMORY), NONE);
	assert_int_equal(dma(b, 0, 0, 16, 0), BAD_COMMAND);
	assert_int_equal(dma(b, 5, 0, 16, 0), BAD_COMMAND);
	assert_int_equal(dma(b, 0x82, 0, 16, 0), BAD_COMMAND);
	assert_int_equal(count_not(ram, MEMORY, 0xaa), 0);
	assert_int_equal(dma(b, LOAD, EZ_BENCH_RAM, 16, 0), ADDRESS);
	assert_int_equal(dma(b, STORE, UINT64_MAX - 3, 16, 0), ADDRESS);
	/* Its own registers are no memory for it. */
	assert_int_equal(dma(b, STORE, ez_bench_config_read(b, 0x14, 4), 16, 0), ADDRESS);
	/* In the middle of a long one: the pieces before it have moved. */
	assert_int_equal(dma(b, STORE, EZ_BENCH_RAM - (1 << 20) + 1, 1 << 20, 0), ADDRESS);
	assert_int_equal(rd(b, NEWDEV_DMA_MOVED), 15 << 16);
	/* What does not come leaves the memory as it is. */
	fill_pattern(ram, 64);
	assert_int_equal(dma(b, LOAD, 0, 64, 0), NONE);
	assert_int_equal(dma(b, LOAD, EZ_BENCH_RAM, 64, 0), ADDRESS);
	mastering(b, false);
	assert_int_equal(dma(b, LOAD, 0, 64, 0), MASTER);
	wr(b, NEWDEV_CONTROL, NEWDEV_CONTROL_PORTS_MASK);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(port_in(b, DATA, 1), pattern(i));
	assert_int_equal(dma(b, STORE, 0, 16, 0), MASTER);
	assert_int_equal(rd(b, NEWDEV_DMA_MOVED), 0);
	/* That needs no bus. */
	assert_int_equal(dma(b, CLEAR, 0, MEMORY, 0), NONE);
	mastering(b, true);
	assert_int_equal(dma(b, LOAD, 0, 16, 0), NONE);
}

/* While it works, nobody else reaches the memory, and a second command is no command. */
static void dma_is_alone(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	open_ports(b);
	fill_pattern(ram, 64);
	wr(b, NEWDEV_DMA_DELAY, 10);
	wr(b, NEWDEV_LENGTH, 8);
	dma_start(b, LOAD, 0, 64, 0, 0);
	assert_int_equal(rd(b, NEWDEV_DMA_STATUS), 1);
	assert_int_equal(port_in(b, DATA, 4), 0);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), BUSY);
	port_out(b, DATA, 4, 0xffffffff);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), BUSY);
	wr(b, NEWDEV_COPY, 1);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), BUSY);
	assert_int_equal(rd(b, NEWDEV_OFFSET), 0);
	dma_start(b, CLEAR, 0x1000, 32, 0, 0);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	/* What was written into the registers meanwhile is for the next command. */
	ez_bench_advance(b, 10000);
	assert_int_equal(rd(b, NEWDEV_DMA_STATUS), 1);
	assert_int_equal(dma_end(b), NONE);
	assert_int_equal(rd(b, NEWDEV_DMA_MOVED), 64);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(port_in(b, DATA, 1), pattern(i));
}

static void dma_cancelled(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram, 0xaa, 0x1000);
	/* Nothing in hand: nothing to cancel. */
	wr(b, NEWDEV_DMA_COMMAND, CANCEL);
	assert_int_equal(rd(b, NEWDEV_ISR), 0);
	/* While it waits, and when it has begun. */
	for (uint32_t delay = 0; delay < 10; delay += 5) {
		wr(b, NEWDEV_DMA_DELAY, delay);
		dma_start(b, STORE, 0, 0x1000, 0, 0);
		wr(b, NEWDEV_DMA_COMMAND, CANCEL);
		assert_int_equal(dma_end(b), CANCELLED);
		assert_int_equal(rd(b, NEWDEV_DMA_MOVED), 0);
	}
	/* By each reset, without a word. */
	for (int kind = 0; kind < 4; kind++) {
		wr(b, NEWDEV_DMA_DELAY, kind % 2 ? 5 : 0);
		wr(b, NEWDEV_IER, 7);
		dma_start(b, STORE, 0, 0x1000, 0, 0);
		if (kind == EZ_RESET_SOFTWARE)
			wr(b, NEWDEV_CONTROL, NEWDEV_CONTROL_RESET_MASK);
		else
			ez_bench_reset(b, (enum ez_reset_kind)kind);
		ez_bench_setup(b);
		assert_int_equal(rd(b, NEWDEV_DMA_STATUS), 0);
		assert_false(ez_bench_step(b));
		assert_int_equal(rd(b, NEWDEV_ISR), 0);
	}
	assert_int_equal(count_not(ram, 0x1000, 0xaa), 0);
	/* And it works again. */
	assert_int_equal(dma(b, STORE, 0, 0x1000, 0), NONE);
	assert_int_equal(count_not(ram, 0x1000, 0), 0);
}

/* Two devices, one bus: each has its memory. */
static void two_devices(void **state)
{
	struct ez_bench *b = *state, *other = ez_bench_beside(b, NULL, NULL);
	uint8_t *ram = ez_bench_ram(b);

	fill_pattern(ram, 0x2000);
	dma_start(b, LOAD, 0, 0x1000, 0, 0);
	dma_start(other, LOAD, 0x1000, 0x1000, 0, 0);
	assert_int_equal(dma_end(b), NONE);
	assert_int_equal(dma_end(other), NONE);
	assert_int_equal(dma(other, STORE, 0x5000, 0x1000, 0), NONE);
	assert_int_equal(dma(b, STORE, 0x4000, 0x1000, 0), NONE);
	assert_memory_equal(ram, ram + 0x4000, 0x2000);
	ez_bench_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(port_widths),    TEST(port_all_of_it), TEST(window_copies),
		TEST(window_refuses), TEST(dma_both_ways),  TEST(dma_scattered),
		TEST(dma_bad_lists),  TEST(dma_errors),	    TEST(dma_is_alone),
		TEST(dma_cancelled),  TEST(two_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
