/* SPDX-License-Identifier: BSD-2-Clause */
/* The frozen interface: config space byte for byte, and BAR0 in every width. */
#include "crypto_bench.h"

/*
 * PCI 3.0, 6.1 and 6.8.1, of 1111:2222 as the device's description has it, of which nothing
 * may ever change; and two capabilities of ours behind it (PM 1.2, 3.2; the AF ECN).
 */
static void config_space_golden(void **unused)
{
	static const uint8_t golden[0x5e] = {
		[0x00] = 0x11,
		[0x01] = 0x11, /* vendor */
		[0x02] = 0x22,
		[0x03] = 0x22, /* device */
		[0x06] = 0x10, /* status: capabilities */
		[0x08] = 0x00, /* revision */
		[0x0a] = 0xff,
		[0x0b] = 0x00, /* class 00ff: others */
		[0x2c] = 0xf4,
		[0x2d] = 0x1a, /* subsystem vendor */
		[0x2e] = 0x00,
		[0x2f] = 0x11, /* subsystem */
		[0x34] = 0x40, /* first capability */
		[0x3d] = 0x01, /* pin A */
		[0x40] = 0x05,
		[0x41] = 0x50, /* MSI */
		[0x42] = 0x84, /* 64 bits, four messages, off, no mask */
		[0x50] = 0x01,
		[0x51] = 0x58, /* PM */
		[0x52] = 0x03, /* version 3: PCI PM 1.2 */
		[0x58] = 0x13,
		[0x59] = 0x00, /* AF, the last one */
		[0x5a] = 0x06,
		[0x5b] = 0x03, /* six bytes; transactions pending, and FLR, are known */
	};
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	ez_bench_reset(b, EZ_RESET_POWER_ON);
	for (uint32_t at = 0; at < EZ_CONFIG_SIZE; at++)
		assert_int_equal(ez_bench_config_read(b, at, 1),
				 at < sizeof(golden) ? golden[at] : 0);
	/* Past the end of conventional config space nobody answers. */
	assert_int_equal(ez_bench_config_read(b, EZ_CONFIG_SIZE, 4), 0xffffffff);
	ez_bench_free(b);
}

/* PCI 3.0, 6.2.5.1: what sizing shows. One BAR: 4 KiB, 32 bits, not prefetchable. */
static void one_bar_of_4k(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t bar = 0; bar < 6; bar++) {
		ez_bench_config_write(b, 0x10 + 4 * bar, 4, 0xffffffff);
		assert_int_equal(ez_bench_config_read(b, 0x10 + 4 * bar, 4), bar ? 0 : 0xfffff000);
	}
	ez_bench_config_write(b, 0x30, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, 0x30, 4), 0);
}

/* A register of the map: where, how wide, and which bits can be written. */
struct row {
	uint32_t at, bytes;
	uint64_t reset, writable;
};

/* Of what has no effect when it is written; ErrorCode, State, Command and EXT_COMMAND are for other tests. */
static const struct row rows[] = {
	{ 0x00, 1, 0, 0 },
	{ 0x01, 1, 0, 0 },
	{ 0x02, 1, 0, 0 },
	{ 0x03, 1, 0, 0xff },
	{ 0x04, 4, 0, 0xffffffff },
	{ 0x08, 4, 0, 0xffffffff },
	{ 0x0c, 4, 0, 0xffffffff },
	{ 0x10, 4, 0, 0xffffffff },
	{ 0x14, 4, 0, 0xffffffff },
	{ 0x18, 4, 0, 0xffffffff },
	{ 0x1c, 1, 0, 0xff },
	{ 0x1d, 1, 0, 0xff },
	{ 0x1e, 1, 0, 0xff },
	{ 0x1f, 1, 0, 0 },
	{ 0x40, 4, 0x50595243, 0 },
	{ 0x44, 4, 0x00010000, 0 },
	{ 0x48, 4, 0x3f, 0 },
	{ 0x4c, 4, 0x100001, 0 },
	{ 0x50, 8, 0, UINT64_MAX },
	{ 0x58, 4, 0, 0xffffffff },
	{ 0x5c, 4, 0, 0xffffffff },
	{ 0x60, 8, 0, UINT64_MAX },
	{ 0x68, 4, 0, 0xffffffff },
	{ 0x6c, 4, 0, 0xffffffff },
	{ 0x70, 4, 0, 0 },
	{ 0x74, 4, 0, 0 },
	{ 0x78, 4, 0, 0 },
	/* KEY, 0x80 to 0x9f, reads as 0 */
	{ 0xa0, 4, 0, 0xffffffff },
	{ 0xa4, 4, 0, 0xffffffff },
	{ 0xa8, 4, 0, 0xffffffff },
	{ 0xac, 4, 0, 0xffffffff },
	{ 0xc0, 4, 0, 0xffffffff },
	{ 0xc4, 4, 0, 0xffffffff },
	{ 0xc8, 4, 0, 0xffffffff },
	{ 0xcc, 4, 0, 0xffffffff },
	{ 0xd0, 4, 0, 0xffffffff },
	{ 0xd4, 4, 0, 0xffffffff },
	{ 0xd8, 4, 0, 0xffffffff },
	{ 0xdc, 4, 0, 0xffffffff },
	{ 0xe0, 8, 0, UINT64_MAX },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What the bytes of the BAR read as, one by one. */
static void snapshot(struct ez_bench *b, uint8_t bytes[PAGE])
{
	for (uint32_t at = 0; at < PAGE; at++)
		bytes[at] = (uint8_t)rd(b, at, 1);
}

static void every_byte_after_reset(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint8_t want[PAGE] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		memcpy(want + rows[i].at, &rows[i].reset, rows[i].bytes);
	for (uint32_t at = 0; at < PAGE; at++)
		if (at != 0x70 && at != 0x71 && at != 0x72 && at != 0x73)
			assert_int_equal(rd(b, at, 1), want[at]);
	assert_int_equal(rd(b, 0x70, 4), 0);
	ez_bench_free(b);
}

static void wide_reads_are_their_bytes(void **state)
{
	struct ez_bench *b = *state;
	uint8_t bytes[PAGE + 8] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].writable)
			wr(b, rows[i].at, rows[i].bytes,
			   (UINT64_C(0x1122334455667788) + 0x0101010101010101 * i) &
				   rows[i].writable);
	snapshot(b, bytes);
	for (uint32_t width = 2; width <= 8; width *= 2) {
		for (uint32_t at = 0; at + width <= PAGE; at += width) {
			uint64_t want = 0;

			memcpy(&want, bytes + at, width);
			assert_int_equal(ez_bench_read(b, 0, at, width), want);
		}
	}
}

/* Byte by byte, and at once: what is kept is what can be written, and nobody else changes. */
static void narrow_and_wide_writes(void **unused)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!rows[i].writable)
			continue;
		for (uint32_t width = 1; width <= rows[i].bytes; width *= 2) {
			struct ez_bench *b = ez_bench_new(NULL, NULL);
			uint8_t before[PAGE], after[PAGE];
			uint64_t value = UINT64_C(0x8877665544332211);

			snapshot(b, before);
			for (uint32_t at = 0; at < rows[i].bytes; at += width)
				wr(b, rows[i].at + at, width, value >> (8 * at));
			memcpy(before + rows[i].at, &value, rows[i].bytes);
			snapshot(b, after);
			assert_memory_equal(before, after, PAGE);
			ez_bench_free(b);
		}
	}
}

static void read_only_stays(void **state)
{
	struct ez_bench *b = *state;
	uint8_t before[PAGE], after[PAGE];

	snapshot(b, before);
	for (uint32_t at = 0x40; at < 0x50; at++)
		wr(b, at, 1, 0xff);
	for (uint32_t at = 0x40; at < 0x50; at += 4)
		wr(b, at, 4, 0xffffffff);
	for (uint32_t at = 0x74; at < 0x80; at += 4)
		wr(b, at, 4, 0xffffffff);
	wr(b, 0x1f, 1, 0xff);
	/* Where no register is, up to the end of the BAR and past it. */
	for (uint32_t at = 0x20; at < 0x40; at++)
		wr(b, at, 1, 0xff);
	for (uint32_t at = 0xe8; at < PAGE + 16; at += 4)
		wr(b, at, 4, 0xffffffff);
	snapshot(b, after);
	assert_memory_equal(before, after, PAGE);
}

static void key_does_not_read(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t at = 0x80; at < 0xa0; at += 4)
		wr(b, at, 4, 0x01020304);
	for (uint32_t at = 0x80; at < 0xa0; at++)
		assert_int_equal(rd(b, at, 1), 0);
	for (uint32_t at = 0x80; at < 0xa0; at += 4)
		assert_int_equal(rd(b, at, 4), 0);
}

/* ErrorCode and State: an error each, with any value, and they do not change but for it. */
static void writes_to_read_only_are_errors(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t at = ERROR_CODE; at <= STATE; at++) {
		for (uint32_t value = 0; value < 256; value++) {
			wr(b, at, 1, value);
			expect_error(b, WRITE_ERROR, 1, 0);
		}
	}
}

static void bad_commands_are_errors(void **state)
{
	struct ez_bench *b = *state;

	wr(b, COMMAND, 1, 0);
	expect_error(b, WRITE_ERROR, 2, 0);
	for (uint32_t value = 5; value < 256; value++) {
		wr(b, COMMAND, 1, value);
		expect_error(b, WRITE_ERROR, 2, 0);
	}
}

/* Four registers at once, lowest first: two errors by the mask as it was, the command, the new mask. */
static void a_write_of_four_bytes_at_0(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	/* Reset takes back the errors before it; it is announced by the old mask too. */
	wr(b, ERROR_CODE, 4, 0x00000000 | RESET << 16 | 0x02u << 24);
	assert_int_equal(ez_bench_msi_count(b, 1), 2);
	assert_int_equal(ez_bench_msi_count(b, 3), 1);
	assert_int_equal(rd(b, ERROR_CODE, 4), 0x02000000);
	assert_int_equal(finish(b), FLAG_ERROR | FLAG_RESET);
	/* Now only ready is enabled: the flags come up, the messages do not. */
	wr(b, ERROR_CODE, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 1), 2);
	assert_int_equal(finish(b), FLAG_ERROR);
	assert_int_equal(rd(b, ERROR_CODE, 4), 3);
	/* Two bytes: the command by the old mask, which is 0. */
	wr(b, COMMAND, 2, RESET | 0xff << 8);
	assert_int_equal(ez_bench_msi_count(b, 3), 1);
	assert_int_equal(rd(b, ENABLE, 1), 0xff);
}

/* What each kind of reset leaves. */
static void resets(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint8_t fresh[PAGE], now[PAGE];

	snapshot(b, fresh);
	for (int kind = 0; kind < 4; kind++) {
		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].writable)
				wr(b, rows[i].at, rows[i].bytes, UINT64_MAX);
		wr(b, ERROR_CODE, 1, 0);
		if (kind == EZ_RESET_SOFTWARE) {
			wr(b, COMMAND, 1, RESET);
			fresh[0x03] = 0xff;
			fresh[0x1c] = 1; /* the error's */
			fresh[0x1d] = 0xff;
			fresh[0x1e] = 1;
		} else {
			ez_bench_reset(b, (enum ez_reset_kind)kind);
			ez_bench_setup(b);
		}
		snapshot(b, now);
		assert_memory_equal(now, fresh, PAGE);
		assert_int_equal(ez_bench_intx(b), kind == EZ_RESET_SOFTWARE);
	}
	ez_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_space_golden),
		TEST(one_bar_of_4k),
		cmocka_unit_test(every_byte_after_reset),
		TEST(wide_reads_are_their_bytes),
		cmocka_unit_test(narrow_and_wide_writes),
		TEST(read_only_stays),
		TEST(key_does_not_read),
		TEST(writes_to_read_only_are_errors),
		TEST(bad_commands_are_errors),
		TEST(a_write_of_four_bytes_at_0),
		cmocka_unit_test(resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
