/* SPDX-License-Identifier: BSD-2-Clause */
/* The frozen interface: config space byte for byte, and BAR0 in every width. */
#include "edu_bench.h"

#define ONES(width) (UINT64_MAX >> (64 - 8 * (width)))

/*
 * PCI 3.0, 6.1: as QEMU's device of these ids shows itself, which is what drivers know, and
 * behind its one capability two of ours.
 */
static void config_space_golden(void **state)
{
	static const uint8_t golden[0x5e] = {
		[0x00] = 0x34,
		[0x01] = 0x12, /* vendor */
		[0x02] = 0xe8,
		[0x03] = 0x11, /* device */
		[0x06] = 0x10, /* status: capabilities */
		[0x08] = 0x10, /* revision */
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
		[0x42] = 0x80, /* 64 bits, one message, off, no mask */
		[0x50] = 0x01,
		[0x51] = 0x58, /* PM */
		[0x52] = 0x03, /* version 3: PCI PM 1.2 */
		[0x58] = 0x13,
		[0x59] = 0x00, /* AF, the last one */
		[0x5a] = 0x06,
		[0x5b] = 0x03, /* six bytes; transactions pending, and FLR, are known */
	};
	struct ez_bench *b = *state;

	ez_bench_reset(b, EZ_RESET_POWER_ON);
	for (uint32_t at = 0; at < EZ_CONFIG_SIZE; at++)
		assert_int_equal(ez_bench_config_read(b, at, 1),
				 at < sizeof(golden) ? golden[at] : 0);
	assert_int_equal(ez_bench_config_read(b, EZ_CONFIG_SIZE, 4), 0xffffffff);
}

/* PCI 3.0, 6.2.5.1: what sizing shows. One BAR: 1 MiB, 32 bits, not prefetchable. */
static void one_bar_of_1m(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t bar = 0; bar < 6; bar++) {
		ez_bench_config_write(b, 0x10 + 4 * bar, 4, 0xffffffff);
		assert_int_equal(ez_bench_config_read(b, 0x10 + 4 * bar, 4), bar ? 0 : 0xfff00000);
	}
	ez_bench_config_write(b, 0x30, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, 0x30, 4), 0);
}

/* After power-on: what each place of the map reads as. */
static uint64_t expected(uint64_t at, unsigned int width)
{
	if (width == 4) {
		switch (at) {
		case 0x00:
			return 0x010000ed;
		case 0x04:
		case 0x08:
		case 0x20:
		case 0x24:
		case 0x80:
		case 0x88:
		case 0x90:
		case 0x98:
		case 0xa0:
			return 0;
		case 0xa4:
			return 0x2b756465;
		}
	}
	if (width == 8 && (at == 0x80 || at == 0x88 || at == 0x90 || at == 0x98))
		return 0;
	return ONES(width);
}

/* Below 0x80 4 bytes, above 4 or 8; all-ones everywhere else, and no byte of the buffer. */
static void every_read_has_its_answer(void **state)
{
	struct ez_bench *b = *state;

	for (int round = 0; round < 2; round++)
		for (uint64_t at = 0; at < 0x200; at++)
			for (unsigned int width = 1; width <= 8; width *= 2)
				assert_int_equal(rd(b, at, width), expected(at, width));
	for (uint64_t at = 0x200; at <= EDU_BAR_REGS_SIZE; at += 0x1000 - 4)
		assert_int_equal(rd(b, at, 4), 0xffffffff);
	for (uint64_t at = 0x40000; at < 0x41000; at += 4)
		assert_int_equal(rd(b, at, 4), 0xffffffff);
	assert_int_equal(rd(b, EDU_BAR_REGS_SIZE - 4, 8), UINT64_MAX);
}

static bool writable(uint64_t at, unsigned int width)
{
	static const uint8_t of_4[] = {
		0x04, 0x08, 0x20, 0x60, 0x64, 0x80, 0x88, 0x90, 0x98, 0xa8
	};

	if (width == 8)
		return at == 0x80 || at == 0x88 || at == 0x90 || at == 0x98;
	return width == 4 && at < 0x100 && memchr(of_4, (int)at, sizeof(of_4));
}

/* A write that is not in the map changes nothing, starts nothing, interrupts nobody. */
static void illegal_writes_do_nothing(void **state)
{
	struct ez_bench *b = *state;

	for (uint64_t at = 0; at < 0x200; at++)
		for (unsigned int width = 1; width <= 8; width *= 2)
			if (!writable(at, width))
				wr(b, at, width, UINT64_MAX);
	assert_false(ez_bench_step(b));
	assert_int_equal(ez_bench_intx_count(b), 0);
	every_read_has_its_answer(state);
}

static void dma_registers_by_halves(void **state)
{
	static const uint8_t regs[] = { 0x80, 0x88, 0x90 };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(regs); i++) {
		uint64_t at = regs[i];

		wr(b, at, 8, UINT64_C(0x1122334455667788));
		assert_int_equal(rd(b, at, 8), UINT64_C(0x1122334455667788));
		assert_int_equal(rd(b, at, 4), 0x55667788);
		assert_int_equal(rd(b, at + 4, 4), 0xffffffff);
		assert_int_equal(rd(b, at, 8), UINT64_C(0x1122334455667788));
		assert_int_equal(rd(b, at + 4, 4), 0xffffffff);
		wr(b, at + 4, 4, 0x99999999);
		assert_int_equal(rd(b, at, 8), UINT64_C(0x1122334455667788));
		wr(b, at, 4, 0xaabbccdd);
		assert_int_equal(rd(b, at, 8), 0xaabbccdd);
		assert_int_equal(rd(b, at + 4, 4), 0xffffffff);
	}
}

static void illegal_accesses_are_said(void **state)
{
	struct ez_bench *b = *state;

	rd(b, 0x00, 8);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	rd(b, 0x00, 2);
	rd(b, 0x60, 4);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "read of IRQ_RAISE (BAR0 0x60), which is write-only; reads all-ones");
	wr(b, 0x24, 4, 1);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_VIOLATION),
			    "write to IRQ_STATUS (BAR0 0x24), which is read-only; ignored");
}

static void bar_moves_and_switches_off(void **state)
{
	struct ez_bench *b = *state;
	uint64_t base = ez_bench_config_read(b, 0x10, 4);

	assert_int_equal(ez_bench_mem_read(b, base, 4), 0x010000ed);
	ez_bench_config_write(b, 0x10, 4, 0xd0300000);
	assert_int_equal(ez_bench_mem_read(b, base, 4), 0xffffffff);
	assert_int_equal(ez_bench_mem_read(b, 0xd0300000, 4), 0x010000ed);
	ez_bench_config_write(b, 0x04, 2, 0x0004);
	assert_int_equal(ez_bench_mem_read(b, 0xd0300000, 4), 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(config_space_golden),	  CASE(one_bar_of_1m),
		CASE(every_read_has_its_answer),  CASE(illegal_writes_do_nothing),
		CASE(dma_registers_by_halves),	  CASE(illegal_accesses_are_said),
		CASE(bar_moves_and_switches_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
