/* SPDX-License-Identifier: BSD-2-Clause */
/* Bus-master DMA: what moves, what is refused, what stays untouched. */
#include "bench_test.h"

static int dma(struct ez_bench *b, enum command c, uint64_t address, uint32_t length)
{
	ez_bench_write(b, 0, ADDRESS, 8, address);
	wr(b, LENGTH, length);
	command(b, c);
	return (int32_t)rd(b, STATUS);
}

static void both_ways(void **state)
{
	static const uint32_t lengths[] = { 1, 4095, 4096 };
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	for (size_t l = 0; l < 3; l++) {
		for (size_t i = 0; i < 4096; i++)
			ram[0x1003 + i] = (uint8_t)(i * 7 + l);
		memset(ram + 0x10000, 0xee, 0x3000);
		assert_int_equal(dma(b, DMA_IN, 0x1003, lengths[l]), 0);
		assert_int_equal(dma(b, DMA_OUT, 0x11001, lengths[l]), 0);
		assert_memory_equal(ram + 0x11001, ram + 0x1003, lengths[l]);
		assert_int_equal(ram[0x11000], 0xee);
		assert_int_equal(ram[0x11001 + lengths[l]], 0xee);
	}
}

static void lengths_that_cannot_be(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(dma(b, DMA_IN, 0, 0), -EINVAL);
	assert_int_equal(dma(b, DMA_IN, UINT64_MAX - 1, 4), -EINVAL);
	assert_int_equal(dma(b, DMA_OUT, UINT64_MAX, 1), -EFAULT);
}

static void bus_mastering_off(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_ram(b)[0x100] = 0x55;
	ez_bench_config_write(b, 0x04, 2, 0x003);
	assert_int_equal(dma(b, DMA_OUT, 0x100, 1), -EPERM);
	assert_int_equal(ez_bench_ram(b)[0x100], 0x55);
	assert_int_equal(dma(b, DMA_IN, 0x100, 1), -EPERM);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	/* What was refused read as all-ones into the device's buffer. */
	assert_int_equal(dma(b, DMA_OUT, 0x100, 1), 0);
	assert_int_equal(ez_bench_ram(b)[0x100], 0xff);
}

/* A range that runs out of memory: the part before has moved, the rest is all-ones. */
static void straddles_the_end_of_ram(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram + EZ_BENCH_RAM - 2, 0x12, 2);
	assert_int_equal(dma(b, DMA_IN, EZ_BENCH_RAM - 2, 4), -EFAULT);
	assert_int_equal(dma(b, DMA_OUT, 0x200, 4), 0);
	assert_memory_equal(ram + 0x200, "\x12\x12\xff\xff", 4);
	assert_true(strstr(ez_bench_log_last(b, EZ_LOG_VIOLATION), "master abort") != NULL);
}

/* A DMA into the device's own registers would nest callbacks: nobody answers it. */
static void own_bar(void **state)
{
	struct ez_bench *b = *state;
	uint64_t base = ez_bench_config_read(b, 0x10, 4);

	assert_int_equal(dma(b, DMA_OUT, base + CTRL, 4), -EFAULT);
	assert_int_equal(rd(b, CTRL), 0);
	assert_int_equal(dma(b, DMA_IN, base + CTRL, 4), -EFAULT);
}

static void another_devices_bar(void **state)
{
	struct ez_bench *b = *state;
	struct ez_bench *other = ez_bench_beside(b, NULL, NULL);
	uint64_t base = ez_bench_config_read(other, 0x10, 4);

	ez_bench_ram(b)[0x300] = 0x42;
	assert_int_equal(dma(b, DMA_IN, 0x300, 4), 0);
	assert_int_equal(dma(b, DMA_OUT, base + CTRL, 4), 0);
	assert_int_equal(rd(other, CTRL), 0x42);
	assert_int_equal(rd(b, CTRL), 0);
	ez_bench_free(other);
}

static void powered_down(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_write(b, 0, ADDRESS, 8, 0x400);
	wr(b, LENGTH, 4);
	ez_bench_config_write(b, CAP_PM_AT + 4, 2, 3);
	command(b, DMA_OUT);
	assert_int_equal(ez_bench_ram(b)[0x400], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways),	 TEST(lengths_that_cannot_be),
		TEST(bus_mastering_off), TEST(straddles_the_end_of_ram),
		TEST(own_bar),		 TEST(another_devices_bar),
		TEST(powered_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
