/* SPDX-License-Identifier: BSD-2-Clause */
/* The DMA engine: both ways, its time, and all that it refuses. */
#include "edu_bench.h"

#define RAM 0x10000
#define BACK 0x20000

static void fill(uint8_t *bytes, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 13 + seed + i / 251);
}

static void both_ways(void **state)
{
	static const uint32_t lengths[] = { 1, 2, 3, 4, 100, 4095, 4096 };
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t len = lengths[i];

		fill(ram + RAM + 3, len, len);
		memset(ram + BACK, 0xcc, 8192);
		assert_int_equal(dma(b, RAM + 3, BUFFER, len, 0), 0);
		assert_int_equal(dma(b, BUFFER, BACK + 5, len, TO_RAM), 0);
		assert_memory_equal(ram + RAM + 3, ram + BACK + 5, len);
		assert_int_equal(ram[BACK + 4], 0xcc);
		assert_int_equal(ram[BACK + 5 + len], 0xcc);
	}
}

static void anywhere_in_the_buffer(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	uint8_t want[4096];

	fill(ram + RAM, 4096, 1);
	memcpy(want, ram + RAM, 4096);
	assert_int_equal(dma(b, RAM, BUFFER, 4096, 0), 0);
	fill(ram + RAM, 100, 99);
	assert_int_equal(dma(b, RAM, BUFFER + 3996, 100, 0), 0);
	memcpy(want + 3996, ram + RAM, 100);
	assert_int_equal(dma(b, RAM + 7, BUFFER + 1, 1, 0), 0);
	want[1] = ram[RAM + 7];
	assert_int_equal(dma(b, BUFFER, BACK, 4096, TO_RAM), 0);
	assert_memory_equal(ram + BACK, want, 4096);
}

/* It is made at the end of the 100 ms; until then writes of its registers are ignored. */
static void takes_100_ms(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	start(b, RAM, BUFFER, 4, RUN | IRQ);
	ez_bench_advance(b, 100 * MS - 1);
	assert_int_equal(rd(b, 0x98, 8), RUN | IRQ);
	wr(b, 0x80, 8, 0);
	wr(b, 0x88, 4, 0);
	wr(b, 0x90, 8, 4096);
	wr(b, 0x98, 8, RUN | TO_RAM);
	wr(b, 0x98, 8, 0);
	assert_int_equal(rd(b, 0x80, 8), RAM);
	assert_int_equal(rd(b, 0x88, 8), BUFFER);
	assert_int_equal(rd(b, 0x90, 8), 4);
	memcpy(ram + RAM, "late", 4);
	assert_false(ez_bench_intx(b));
	ez_bench_advance(b, 1);
	assert_int_equal(rd(b, 0x98, 8), IRQ);
	assert_int_equal(rd(b, 0x24, 4), 0x100);
	assert_true(ez_bench_intx(b));
	assert_int_equal(dma(b, BUFFER, BACK, 4, TO_RAM), 0);
	assert_memory_equal(ram + BACK, "late", 4);
}

static void command_needs_run(void **state)
{
	struct ez_bench *b = *state;

	wr(b, 0x98, 8, TO_RAM | IRQ);
	assert_int_equal(rd(b, 0x98, 8), 0);
	assert_false(ez_bench_step(b));
	/* The rest of the register is kept, of a write of 4 bytes only that. */
	wr(b, 0x90, 4, 0);
	wr(b, 0x88, 8, BUFFER);
	wr(b, 0x98, 8, UINT64_C(0xabcd000012340001));
	ez_bench_advance(b, 100 * MS);
	assert_int_equal(rd(b, 0x98, 8), UINT64_C(0xabcd000012340000));
	wr(b, 0x98, 4, 0x00ab0001);
	ez_bench_advance(b, 100 * MS);
	assert_int_equal(rd(b, 0x98, 8), 0x00ab0000);
}

/* Out of the buffer by a byte or by far: the same time, the interrupt, no byte moved. */
static void leaves_the_buffer(void **state)
{
	static const struct {
		uint64_t at, count;
	} ranges[] = {
		{ BUFFER, 4097 },
		{ BUFFER + 1, 4096 },
		{ BUFFER + 4096, 1 },
		{ BUFFER - 1, 1 },
		{ BUFFER - 1, 2 },
		{ 0, 4096 },
		{ BUFFER, UINT64_MAX },
		{ BUFFER + 16, UINT64_MAX },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, UINT64_MAX },
		{ BUFFER, UINT64_C(1) << 32 },
		{ BUFFER + 4097, 0 },
		{ BUFFER + (UINT64_C(1) << 32), 4 },
	};
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram + RAM, 0x77, 8192);
	assert_int_equal(dma(b, RAM, BUFFER, 4096, 0), 0);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		memset(ram + RAM, 0x11, 8192);
		start(b, RAM, ranges[i].at, ranges[i].count, RUN | IRQ);
		assert_int_equal(rd(b, 0xa0, 4), 0);
		ez_bench_advance(b, 100 * MS - 1);
		assert_int_equal(rd(b, 0x98, 8), RUN | IRQ);
		assert_false(ez_bench_intx(b));
		ez_bench_advance(b, 1);
		assert_int_equal(rd(b, 0x98, 8), IRQ);
		assert_int_equal(rd(b, 0xa0, 4), EDU_DMA_ERROR_CODE_RANGE);
		assert_int_equal(rd(b, 0x24, 4), 0x100);
		wr(b, 0x64, 4, 0x100);
		assert_int_equal(dma(b, ranges[i].at, RAM, ranges[i].count, TO_RAM),
				 EDU_DMA_ERROR_CODE_RANGE);
		assert_int_equal(rd(b, 0x24, 4), 0);
		for (uint32_t k = 0; k < 8192; k++)
			assert_int_equal(ram[RAM + k], 0x11);
	}
	assert_int_equal(dma(b, BUFFER, RAM, 4096, TO_RAM), 0);
	for (uint32_t k = 0; k < 4096; k++)
		assert_int_equal(ram[RAM + k], 0x77);
	assert_true(ez_bench_log_count(b, EZ_LOG_VIOLATION) > 0);
}

static void nothing_is_moved_well(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(dma(b, RAM, BUFFER, 0, IRQ), 0);
	assert_int_equal(rd(b, 0x24, 4), 0x100);
	assert_int_equal(dma(b, BUFFER + 4096, RAM, 0, TO_RAM), 0);
}

static void no_memory_there(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	assert_int_equal(dma(b, EZ_BENCH_RAM + 0x1000, BUFFER, 64, IRQ), EDU_DMA_ERROR_CODE_FAULT);
	assert_int_equal(rd(b, 0x24, 4), 0x100);
	/* PCI 3.0, 6.2.3: Received Master Abort. */
	assert_true(ez_bench_config_read(b, 0x06, 2) & 0x2000);
	assert_int_equal(dma(b, BUFFER, RAM, 65, TO_RAM), 0);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(ram[RAM + i], 0xff);
	assert_int_equal(ram[RAM + 64], 0);
	assert_int_equal(dma(b, BUFFER, EZ_BENCH_RAM + 0x1000, 64, TO_RAM),
			 EDU_DMA_ERROR_CODE_FAULT);
	/* The next one is judged by itself. */
	assert_int_equal(dma(b, RAM, BUFFER, 64, 0), 0);
}

static void bus_mastering_off(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	ez_bench_config_write(b, 0x04, 2, 0x0002);
	ram[RAM] = 0x42;
	assert_int_equal(dma(b, BUFFER, RAM, 16, TO_RAM | IRQ), EDU_DMA_ERROR_CODE_BUS_MASTER);
	assert_int_equal(ram[RAM], 0x42);
	assert_int_equal(rd(b, 0x24, 4), 0x100);
	assert_int_equal(dma(b, RAM, BUFFER, 16, 0), EDU_DMA_ERROR_CODE_BUS_MASTER);
	ez_bench_config_write(b, 0x04, 2, 0x0006);
	assert_int_equal(dma(b, RAM, BUFFER, 16, 0), 0);
}

/* 28 address bits: 0x10010000 is 0x10000 for it. */
static void address_bits(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memcpy(ram + RAM, "mask", 4);
	assert_int_equal(dma(b, UINT64_C(0xffff000010000000) + RAM, BUFFER, 4, 0), 0);
	assert_int_equal(dma(b, BUFFER, 0x70000000 + BACK, 4, TO_RAM), 0);
	assert_memory_equal(ram + BACK, "mask", 4);
	assert_int_equal(rd(b, 0x88, 8), 0x70000000 + BACK);
	/* Of its own addresses nothing is cut off. */
	assert_int_equal(dma(b, RAM, 0x10000000 + BUFFER, 4, 0), EDU_DMA_ERROR_CODE_RANGE);
}

static void address_bits_can_be_chosen(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, "dma_mask=0xffffffffffffffff");

	assert_int_equal(dma(b, 0x10000000, BUFFER, 4, 0), EDU_DMA_ERROR_CODE_FAULT);
	ez_bench_free(b);
	b = ez_bench_new(NULL, "dma_mask=0xffff");
	memcpy(ez_bench_ram(b) + 0x0100, "four", 4);
	assert_int_equal(dma(b, 0x30100, BUFFER, 4, 0), 0);
	assert_int_equal(dma(b, BUFFER, 0x50200, 4, TO_RAM), 0);
	assert_memory_equal(ez_bench_ram(b) + 0x0200, "four", 4);
	ez_bench_free(b);
}

/* Two devices have two buffers. */
static void two_devices(void **state)
{
	struct ez_bench *b = *state, *c = ez_bench_beside(b, NULL, NULL);
	uint8_t *ram = ez_bench_ram(b);

	memcpy(ram + RAM, "onetwo", 6);
	assert_int_equal(dma(b, RAM, BUFFER, 3, 0), 0);
	assert_int_equal(dma(c, RAM + 3, BUFFER, 3, 0), 0);
	assert_int_equal(dma(b, BUFFER, BACK, 3, TO_RAM), 0);
	assert_memory_equal(ram + BACK, "one", 3);
	ez_bench_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_ways),	 CASE(anywhere_in_the_buffer),
		CASE(takes_100_ms),	 CASE(command_needs_run),
		CASE(leaves_the_buffer), CASE(nothing_is_moved_well),
		CASE(no_memory_there),	 CASE(bus_mastering_off),
		CASE(address_bits),	 cmocka_unit_test(address_bits_can_be_chosen),
		CASE(two_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
