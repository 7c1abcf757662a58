/* SPDX-License-Identifier: BSD-2-Clause */
/* READ, WRITE and COPY, as Linux's driver asks for them. */
#include "pcitest_bench.h"

/* Those of the kernel's test script, and some around what the model moves at a time. */
static const uint32_t sizes[] = { 1,	 1024,	1025,  4095,   4096,	4097,
				  65535, 65536, 65537, 131072, 1024000, 1024001 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

enum { SOURCE = 0x100003, TARGET = 0x400005 };

static void pattern(uint8_t *at, uint32_t n)
{
	uint32_t x = n | 1;

	for (uint32_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		at[i] = (uint8_t)(x >> 24);
	}
}

/* Starts it, and waits for its end. */
static uint32_t run(struct ez_bench *b, uint32_t command, uint32_t size)
{
	wr(b, SIZE, size);
	wr(b, COMMAND, command);
	assert_int_equal(rd(b, COMMAND), 0);
	while (rd(b, STATE) & 1)
		ez_bench_advance(b, 100000);
	return rd(b, STATUS);
}

static void the_crc_is_the_kernels(void **state)
{
	/* The check value of CRC-32/JAMCRC: not inverted at the end. */
	assert_int_equal(crc32_le((const uint8_t *)"123456789", 9), 0x340bc6d9);
	(void)state;
}

static void reads(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	ez_bench_msi(b, 1);
	wr(b, IRQ_TYPE, MSI);
	wr(b, IRQ_NUMBER, 1);
	wr_address(b, SRC, SOURCE);
	for (uint32_t i = 0; i < SIZES; i++) {
		pattern(ram + SOURCE, sizes[i]);
		wr(b, CHECKSUM, crc32_le(ram + SOURCE, sizes[i]));
		assert_int_equal(run(b, READ, sizes[i]), READ_OK | IRQ_RAISED);
		assert_int_equal(ez_bench_msi_count(b, 0), 2 * i + 1);
		assert_int_equal(rd(b, MOVED), sizes[i]);
		handle(b);
		assert_int_equal(rd(b, STATUS), READ_OK);
		/* One bit of the last byte. */
		ram[SOURCE + sizes[i] - 1] ^= 0x10;
		assert_int_equal(run(b, READ, sizes[i]), READ_BAD | IRQ_RAISED);
		assert_int_equal(ez_bench_msi_count(b, 0), 2 * i + 2);
		handle(b);
	}
}

static void writes(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);
	uint32_t before = 0;

	ez_bench_msix(b, 64);
	wr(b, IRQ_TYPE, MSIX);
	wr(b, IRQ_NUMBER, 1);
	wr_address(b, DST, TARGET);
	for (uint32_t i = 0; i < SIZES; i++) {
		memset(ram + TARGET - 16, 0x5a, sizes[i] + 32);
		assert_int_equal(run(b, WRITE, sizes[i]), WRITE_OK | IRQ_RAISED);
		assert_int_equal(ez_bench_msi_count(b, 0), i + 1);
		assert_int_equal(rd(b, CHECKSUM), crc32_le(ram + TARGET, sizes[i]));
		for (uint32_t k = 0; k < 16; k++) {
			assert_int_equal(ram[TARGET - 16 + k], 0x5a);
			assert_int_equal(ram[TARGET + sizes[i] + k], 0x5a);
		}
		/* Random: not the same bytes each time. */
		if (i)
			assert_int_not_equal(rd(b, CHECKSUM), before);
		before = rd(b, CHECKSUM);
		handle(b);
	}
}

static void copies(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	wr(b, IRQ_TYPE, INTX);
	wr_address(b, SRC, SOURCE);
	wr_address(b, DST, TARGET);
	for (uint32_t i = 0; i < SIZES; i++) {
		pattern(ram + SOURCE, sizes[i]);
		memset(ram + TARGET - 16, 0x5a, sizes[i] + 32);
		assert_int_equal(run(b, COPY, sizes[i]), COPY_OK | IRQ_RAISED);
		assert_true(ez_bench_intx(b));
		assert_memory_equal(ram + TARGET, ram + SOURCE, sizes[i]);
		assert_int_equal(ram[TARGET - 1], 0x5a);
		assert_int_equal(ram[TARGET + sizes[i]], 0x5a);
		handle(b);
		assert_false(ez_bench_intx(b));
		assert_int_equal(ez_bench_intx_count(b), i + 1);
	}
}

/* Nothing to move is moved at once, and its CRC is where it begins. */
static void nothing(void **state)
{
	struct ez_bench *b = *state;

	wr_address(b, SRC, NOWHERE);
	wr(b, CHECKSUM, 0xffffffff);
	assert_int_equal(run(b, READ, 0), READ_OK | IRQ_RAISED);
	wr_address(b, DST, NOWHERE);
	assert_int_equal(run(b, WRITE, 0), WRITE_OK | IRQ_RAISED);
	assert_int_equal(rd(b, CHECKSUM), 0xffffffff);
}

static void addresses_that_are_not_there(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram + TARGET, 0x5a, 4096);
	wr_address(b, SRC, NOWHERE);
	wr_address(b, DST, TARGET);
	assert_int_equal(run(b, READ, 4096), READ_BAD | SRC_BAD | IRQ_RAISED);
	assert_int_equal(run(b, COPY, 4096), COPY_BAD | SRC_BAD | IRQ_RAISED);
	for (uint32_t i = 0; i < 4096; i++)
		assert_int_equal(ram[TARGET + i], 0x5a);
	wr_address(b, SRC, SOURCE);
	wr_address(b, DST, NOWHERE);
	assert_int_equal(run(b, COPY, 4096), COPY_BAD | DST_BAD | IRQ_RAISED);
	assert_int_equal(run(b, WRITE, 4096), WRITE_BAD | DST_BAD | IRQ_RAISED);
	/* PCI 3.0, 6.2.3: Received Master Abort. */
	assert_true(ez_bench_config_read(b, 0x06, 2) & 0x2000);
	/* One that wraps around. */
	wr_address(b, SRC, UINT64_MAX - 100);
	assert_int_equal(run(b, READ, 4096), READ_BAD | SRC_BAD | IRQ_RAISED);
	/* And then one that is there. */
	wr_address(b, DST, TARGET);
	assert_int_equal(run(b, WRITE, 4096), WRITE_OK | IRQ_RAISED);
}

static void bus_mastering_off(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram + TARGET, 0x5a, 16);
	wr_address(b, DST, TARGET);
	ez_bench_config_write(b, 0x04, 2, 0x0003);
	assert_int_equal(run(b, WRITE, 16), WRITE_BAD | DST_BAD | IRQ_RAISED);
	assert_int_equal(ram[TARGET], 0x5a);
}

static void one_at_a_time(void **state)
{
	struct ez_bench *b = *state;

	wr_address(b, DST, TARGET);
	wr(b, SIZE, 1024000);
	wr(b, COMMAND, WRITE);
	assert_int_equal(rd(b, STATE), 1);
	wr(b, COMMAND, COPY);
	assert_int_equal(rd(b, COMMAND), 0);
	assert_non_null(strstr(ez_bench_log_last(b, EZ_LOG_VIOLATION), "in hand"));
	wr(b, SIZE, 1); /* for the next one */
	ez_bench_advance(b, 10000000);
	assert_int_equal(rd(b, STATUS), WRITE_OK | IRQ_RAISED);
	assert_int_equal(rd(b, MOVED), 1024000);
}

/* PCIe 7.5.3.4, bit 15 of Device Control: what is in hand ends, and says nothing. */
static void function_level_reset(void **state)
{
	struct ez_bench *b = *state;
	uint32_t express = ez_bench_capability(b, 0x10);

	wr(b, MAGIC, 0x12345678);
	wr_address(b, DST, TARGET);
	wr(b, SIZE, 1024000);
	wr(b, COMMAND, WRITE);
	ez_bench_config_write(b, express + 8, 2, 0x8000);
	ez_bench_setup(b);
	assert_int_equal(rd(b, STATE), 0);
	assert_int_equal(rd(b, MAGIC), 0);
	ez_bench_advance(b, 10000000);
	assert_int_equal(rd(b, STATUS), 0);
	assert_int_equal(ez_bench_intx_count(b), 0);
	wr_address(b, DST, TARGET);
	assert_int_equal(run(b, WRITE, 4096), WRITE_OK | IRQ_RAISED);
}

static void saved_in_the_middle(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	size_t size;
	void *saved;

	pattern(ez_bench_ram(from) + SOURCE, 1024001);
	memcpy(ez_bench_ram(to) + SOURCE, ez_bench_ram(from) + SOURCE, 1024001);
	wr_address(from, SRC, SOURCE);
	wr(from, CHECKSUM, crc32_le(ez_bench_ram(from) + SOURCE, 1024001));
	wr(from, SIZE, 1024001);
	wr(from, COMMAND, READ);
	ez_bench_advance(from, 1000);
	assert_int_equal(rd(from, STATE), 1);
	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	ez_bench_advance(to, 10000000);
	assert_int_equal(rd(to, STATUS), READ_OK | IRQ_RAISED);
	free(saved);
	ez_bench_free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_crc_is_the_kernels),
		CASE(reads),
		CASE(writes),
		CASE(copies),
		CASE(nothing),
		CASE(addresses_that_are_not_there),
		CASE(bus_mastering_off),
		CASE(one_at_a_time),
		CASE(function_level_reset),
		CASE(saved_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
