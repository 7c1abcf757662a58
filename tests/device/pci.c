/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI rules as software sees them, from PCI 3.0 and PM 1.2. */
#include "bench_test.h"

#define CFG(b, at, w) ez_bench_config_read(b, at, w)
#define SET(b, at, w, v) ez_bench_config_write(b, at, w, v)

static void identity_is_read_only(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t at = 0; at < 4; at += 4)
		SET(b, at, 4, 0xffffffff);
	SET(b, 0x08, 4, 0xffffffff);
	SET(b, 0x2c, 4, 0xffffffff);
	assert_int_equal(CFG(b, 0x00, 4), 0x56781234);
	assert_int_equal(CFG(b, 0x08, 4), 0x00ff0003);
	assert_int_equal(CFG(b, 0x2c, 4), 0x11001af4);
	assert_int_equal(CFG(b, 0x3d, 1), 2);
	assert_int_equal(CFG(b, 0x06, 2) & 0x10, 0x10);
}

/* 6.2.5.1: write all ones, read back size and type. */
static void sizing(void **state)
{
	static const uint32_t expected[6] = { 0xfffff000, 0xffff8000, 0xfffffff1,
					      0,	  0xffff000c, 0xffffffff };
	struct ez_bench *b = *state;

	for (uint32_t i = 0; i < 6; i++) {
		SET(b, 0x10 + 4 * i, 4, 0xffffffff);
		assert_int_equal(CFG(b, 0x10 + 4 * i, 4), expected[i]);
	}
}

static void decoding_is_switched(void **state)
{
	struct ez_bench *b = *state;

	SET(b, 0x04, 2, 0x4);
	assert_int_equal(rd(b, ID), 0xffffffff);
	assert_int_equal(ez_bench_read(b, 2, 0, 1), 0xff);
	SET(b, 0x04, 2, 0x1);
	assert_int_equal(rd(b, ID), 0xffffffff);
	assert_int_equal(ez_bench_read(b, 2, 0, 1), 0);
	SET(b, 0x04, 2, 0x2);
	assert_int_equal(rd(b, ID), 0x12345678);
	assert_int_equal(ez_bench_read(b, 2, 0, 1), 0xff);
}

static void moved_bars_are_followed(void **state)
{
	struct ez_bench *b = *state;

	SET(b, 0x10, 4, 0xa0005000);
	SET(b, 0x18, 4, 0x2000);
	SET(b, 0x20, 4, 0x00010000);
	SET(b, 0x24, 4, 0x12);
	ez_bench_io_write(b, 0x2004, 4, 0xcafe);
	assert_int_equal(ez_bench_mem_read(b, 0xa0005000, 4), 0x12345678);
	assert_int_equal(ez_bench_io_read(b, 0x2004, 4), 0xcafe);
	ez_bench_mem_write(b, UINT64_C(0x1200010000) + WIDE, 8, 0x77);
	assert_int_equal(ez_bench_read(b, 4, WIDE, 8), 0x77);
}

static void capability_list(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_capability(b, 0x01), CAP_PM_AT);
	assert_int_equal(ez_bench_capability(b, 0x05), CAP_MSI_AT);
	assert_int_equal(ez_bench_capability(b, 0x09), CAP_VENDOR_AT);
	assert_int_equal(ez_bench_capability(b, 0x10), 0);
	/* A vendor capability: header, length, body with its own write mask. */
	assert_int_equal(CFG(b, CAP_VENDOR_AT + 2, 1), 6);
	SET(b, CAP_VENDOR_AT + 2, 2, 0xffff);
	SET(b, CAP_VENDOR_AT + 4, 2, 0xffff);
	assert_int_equal(CFG(b, CAP_VENDOR_AT + 2, 1), 6);
	assert_int_equal(CFG(b, CAP_VENDOR_AT + 3, 1), 0xaa);
	assert_int_equal(CFG(b, CAP_VENDOR_AT + 4, 1), 0xf5);
	assert_int_equal(CFG(b, CAP_VENDOR_AT + 5, 1), 0xff);
}

/* PM 1.2, 5.4.1: D3hot answers config only; without No_Soft_Reset, D0 is a reset. */
static void power_states(void **state)
{
	struct ez_bench *b = *state;

	wr(b, CTRL, 0x5a);
	SET(b, CAP_PM_AT + 4, 2, 3);
	assert_int_equal(CFG(b, CAP_PM_AT + 4, 2) & 3, 3);
	assert_int_equal(rd(b, CTRL), 0xffffffff);
	assert_int_equal(CFG(b, 0x00, 4), 0x56781234);
	SET(b, CAP_PM_AT + 4, 2, 0);
	/* Command register and BARs are gone, as after power-on. */
	assert_int_equal(CFG(b, 0x04, 2), 0);
	assert_int_equal(CFG(b, 0x10, 4), 0);
	ez_bench_setup(b);
	assert_int_equal(rd(b, CTRL), 0);
	/* D1 and D2 are not there: the write completes, the state stays. */
	SET(b, CAP_PM_AT + 4, 2, 1);
	assert_int_equal(CFG(b, CAP_PM_AT + 4, 2) & 3, 0);
}

static void reset_domains(void **state)
{
	struct ez_bench *b = *state;

	wr(b, SURVIVOR, 0xabcd);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	assert_int_equal(rd(b, SURVIVOR), 0x11cd);
	command(b, SOFT_RESET);
	assert_int_equal(rd(b, SURVIVOR), 0x11cd);
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	ez_bench_setup(b);
	assert_int_equal(rd(b, SURVIVOR), 0x1122);
}

static void odd_config_accesses(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(CFG(b, 1, 2), 0xffff);
	assert_int_equal(CFG(b, 2, 4), 0xffffffff);
	assert_int_equal(CFG(b, 256, 1), 0xff);
	assert_int_equal(CFG(b, 0xfffffffc, 4), 0xffffffff);
	SET(b, 0xfffffffc, 4, 0);
	SET(b, 3, 2, 0);
	assert_int_equal(ez_device_config_read(ez_bench_device(b), 1, 0, 4), 0xffffffff);
}

/* The master abort bit is set by a failed DMA and cleared by writing one (6.2.3). */
static void received_master_abort(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(CFG(b, 0x06, 2) & 0x2000, 0);
	ez_bench_write(b, 0, ADDRESS, 8, EZ_BENCH_RAM);
	wr(b, LENGTH, 4);
	command(b, DMA_IN);
	assert_int_equal((int32_t)rd(b, STATUS), -EFAULT);
	assert_int_equal(CFG(b, 0x06, 2) & 0x2000, 0x2000);
	SET(b, 0x06, 2, 0x2000);
	assert_int_equal(CFG(b, 0x06, 2) & 0x2000, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity_is_read_only), TEST(sizing),
		TEST(decoding_is_switched),  TEST(moved_bars_are_followed),
		TEST(capability_list),	     TEST(power_states),
		TEST(reset_domains),	     TEST(odd_config_accesses),
		TEST(received_master_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
