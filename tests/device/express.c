/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI Express capability, Advanced Features, function level reset and extended
 * configuration space. Offsets and values are those of PCI Express Base 5.0, of
 * the ECN "Advanced Capabilities for Conventional PCI", and of PM 1.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "xcard_spec.h"

#define PM 0x40
#define MSI 0x50
#define EXPRESS 0x80
#define DEVICE_CONTROL (EXPRESS + 0x08)
#define LINK_CONTROL (EXPRESS + 0x10)
#define INITIATE_FLR 0x8000
#define AF 0x80
#define AER 0x100

static uint32_t get(struct ez_bench *b, uint32_t at, unsigned int width)
{
	return ez_bench_config_read(b, at, width);
}

static void set(struct ez_bench *b, uint32_t at, unsigned int width, uint32_t value)
{
	ez_bench_config_write(b, at, width, value);
}

static uint32_t rd(struct ez_bench *b, uint64_t reg)
{
	return (uint32_t)ez_bench_read(b, 0, reg, 4);
}

static void wr(struct ez_bench *b, uint64_t reg, uint32_t value)
{
	ez_bench_write(b, 0, reg, 4, value);
}

static unsigned int resets(struct ez_bench *b, enum ez_reset_kind kind)
{
	return rd(b, XCARD_CORE_RESETS) >> (8 * (unsigned int)kind) & 0xff;
}

static int express(void **state)
{
	*state = ez_bench_new(getenv("XCARD"), NULL);
	return 0;
}

static int classic(void **state)
{
	*state = ez_bench_new(getenv("XCARD_CLASSIC"), NULL);
	return 0;
}

static int teardown(void **state)
{
	ez_bench_free(*state);
	return 0;
}

/* ---- what is there ---- */

/* 7.5.3: a version 2 endpoint of 256-byte packets, four lanes of 8 GT/s, with FLR. */
static void express_capability(void **state)
{
	static const struct {
		uint32_t at, value;
	} golden[] = {
		{ 0x00, 0x0002c010 }, /* id, next is 0xc0; version 2, endpoint */
		{ 0x04, 0x10008021 }, /* FLR, role-based errors, extended tags, 256 bytes */
		{ 0x08, 0x00002810 }, /* read requests of 512, no snoop, relaxed order; no status */
		{ 0x0c, 0x00400043 }, /* ASPM optionality, x4, 8 GT/s */
		{ 0x10, 0x10430000 }, /* slot clock, x4, 8 GT/s */
		{ 0x14, 0 },	      { 0x18, 0 },	    { 0x1c, 0 },
		{ 0x20, 0 },	      { 0x24, 0x00000010 }, /* completion time-out can be switched off */
		{ 0x28, 0 },	      { 0x2c, 0x0000000e }, /* 2.5, 5 and 8 GT/s */
		{ 0x30, 0x00000003 }, /* target: 8 GT/s */
		{ 0x34, 0 },	      { 0x38, 0 },
	};
	struct ez_bench *b = *state;
	size_t i;

	assert_int_equal(ez_bench_capability(b, 0x10), EXPRESS);
	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		assert_int_equal(get(b, EXPRESS + golden[i].at, 4), golden[i].value);
}

/* What of it software can write: 7.5.3.4, .7, .16, .19. Initiate FLR left out. */
static void express_writes(void **state)
{
	static const struct {
		uint32_t at, value;
	} written[] = {
		{ 0x00, 0x0002c010 }, { 0x04, 0x10008021 }, { 0x08, 0x000079ff },
		{ 0x0c, 0x00400043 }, { 0x10, 0x104300cb }, { 0x24, 0x00000010 },
		{ 0x28, 0x00000010 }, { 0x2c, 0x0000000e }, { 0x30, 0x0000000f },
	};
	struct ez_bench *b = *state;
	size_t i;

	for (i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		set(b, EXPRESS + written[i].at, 4, written[i].at == 0x08 ? 0xffff7fff : 0xffffffff);
		assert_int_equal(get(b, EXPRESS + written[i].at, 4), written[i].value);
	}
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 0);
}

/* 7.6.3: headers {id, version, next}; what stands between them reads 0 and cannot be written. */
static void extended_list(void **state)
{
	struct ez_bench *b = *state;
	uint32_t at;

	assert_int_equal(get(b, 0x100, 4), 0x14820001);
	assert_int_equal(get(b, 0x148, 4), 0x16010003);
	assert_int_equal(get(b, 0x160, 4), 0xff81000b);
	assert_int_equal(get(b, 0xff8, 4), 0x00010018);
	assert_int_equal(ez_bench_ext_capability(b, 0x0001), 0x100);
	assert_int_equal(ez_bench_ext_capability(b, 0x0018), 0xff8);
	assert_int_equal(ez_bench_ext_capability(b, 0x0002), 0);
	assert_int_equal(get(b, 0x14c, 4), 0x89abcdef);
	assert_int_equal(get(b, 0x150, 4), 0x01234567);
	/* 7.9.5: id, revision, length: header 4, vendor's header 4, five bytes filled up to 8. */
	assert_int_equal(get(b, 0x164, 4), 0x01021234);
	assert_int_equal(get(b, 0x168, 4), 0x44332211);
	assert_int_equal(get(b, 0x16c, 4), 0x00000055);
	set(b, 0x164, 4, 0);
	set(b, 0x168, 4, 0xffffffff);
	set(b, 0x16c, 4, 0xffffffff);
	assert_int_equal(get(b, 0x164, 4), 0x01021234);
	assert_int_equal(get(b, 0x168, 4), 0x443322ff);
	assert_int_equal(get(b, 0x16c, 4), 0x000000f5);
	set(b, 0xffc, 4, 0xffffffff);
	assert_int_equal(get(b, 0xffc, 4), 0x1fff1fff);
	for (at = 0x170; at < 0xff8; at += 4) {
		set(b, at, 4, 0xffffffff);
		assert_int_equal(get(b, at, 4), 0);
	}
	assert_int_equal(get(b, 0x1000, 4), 0xffffffff);
	assert_int_equal(get(b, 0xffe, 4), 0xffffffff);
}

/* 7.8.4: severities and masks as they are after power-on, and their bits. */
static void error_reporting(void **state)
{
	static const struct {
		uint32_t at, initial, written;
	} regs[] = {
		{ 0x04, 0, 0 }, /* uncorrectable status: cleared by ones */
		{ 0x08, 0x00400000, 0x03fff030 }, /* its mask: internal errors */
		{ 0x0c, 0x00462030, 0x03fff030 }, /* severity */
		{ 0x10, 0, 0 }, /* correctable status */
		{ 0x14, 0x0000e000, 0x0000f1c1 }, /* its mask: advisory, internal, log overflow */
		{ 0x18, 0, 0 }, /* no ECRC, one header */
		{ 0x1c, 0, 0 },
		{ 0x28, 0, 0 },
		{ 0x44, 0, 0 },
	};
	struct ez_bench *b = *state;
	size_t i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
		assert_int_equal(get(b, AER + regs[i].at, 4), regs[i].initial);
		set(b, AER + regs[i].at, 4, 0xffffffff);
		assert_int_equal(get(b, AER + regs[i].at, 4), regs[i].written);
	}
}

/* Ones, and zeros where they were: only what stays may stay. */
static void advanced_features(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_capability(b, 0x13), AF);
	assert_int_equal(ez_bench_capability(b, 0x10), 0);
	assert_int_equal(get(b, AF, 4), 0x03060013); /* last, 6 bytes, TP and FLR */
	assert_int_equal(get(b, AF + 4, 2), 0);
	set(b, AF + 4, 1, 0xfe);
	set(b, AF, 4, 0xffffffff);
	assert_int_equal(get(b, AF, 4), 0x03060013);
	assert_int_equal(get(b, AF + 4, 2), 0);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 0);
	assert_int_equal(get(b, 0x100, 4), 0xffffffff);
	assert_int_equal(ez_bench_ext_capability(b, 0x0001), 0);
}

/* ---- resets ---- */

/* Work of every kind, an interrupt pending, and config space as a driver leaves it. */
static void make_busy(struct ez_bench *b)
{
	wr(b, XCARD_CORE_SCRATCH, 1);
	wr(b, XCARD_CORE_KEPT, 2);
	wr(b, XCARD_CORE_IER, 7);
	wr(b, XCARD_CORE_RAISE, XCARD_IRQ_LAST);
	wr(b, XCARD_CORE_DELAY, 1000);
	wr(b, XCARD_CORE_START, 1);
	wr(b, XCARD_CORE_PIECES, 3);
	ez_bench_write(b, 0, XCARD_CORE_ADDRESS, 4, 0x1000);
	wr(b, XCARD_CORE_VALUE, 0x5eed);
	wr(b, XCARD_CORE_PUMP, 1);
	assert_int_equal(rd(b, XCARD_CORE_PUMPING), 1);
	assert_true(ez_bench_intx(b));
	memset(ez_bench_ram(b) + 0x1000, 0, 4);
}

/* Nothing of it is left, and nothing comes later. */
static void check_reset(struct ez_bench *b)
{
	uint32_t word;

	assert_false(ez_bench_intx(b));
	/* The header is as after power-on: identity stays, BARs and command are gone. */
	assert_int_equal(get(b, 0x00, 2), 0x1234);
	assert_int_equal(get(b, 0x04, 2), 0);
	assert_int_equal(get(b, 0x10, 4), 0);
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0xffffffff);
	ez_bench_setup(b);
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0);
	assert_int_equal(rd(b, XCARD_CORE_KEPT), 2);
	assert_int_equal(rd(b, XCARD_CORE_ISR), 0);
	assert_int_equal(rd(b, XCARD_CORE_PUMPING), 0);
	ez_bench_advance(b, 1000000000);
	assert_int_equal(rd(b, XCARD_CORE_TICKS), 0);
	assert_int_equal(rd(b, XCARD_CORE_PUMPED), 0);
	memcpy(&word, ez_bench_ram(b) + 0x1000, 4);
	assert_int_equal(word, 0);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 1);
	assert_int_equal(resets(b, EZ_RESET_BUS), 0);
	assert_int_equal(resets(b, EZ_RESET_POWER_ON), 1);
}

/* 6.6.2: the bit reads 0; all is reset but the maximum payload and the link's control. */
static void express_flr(void **state)
{
	struct ez_bench *b = *state;

	make_busy(b);
	set(b, DEVICE_CONTROL, 2, 0x582f); /* reads of 4096, payload 256, errors; not relaxed */
	set(b, LINK_CONTROL, 2, 0x00cb);
	set(b, EXPRESS + 0x28, 2, 0x10);
	set(b, AER + 0x0c, 4, 0x00001000);
	set(b, 0x168, 1, 0x77);
	set(b, MSI + 0x10, 4, 5);
	set(b, DEVICE_CONTROL, 2, 0xd82f);
	assert_int_equal(get(b, DEVICE_CONTROL, 2), 0x2830);
	assert_int_equal(get(b, LINK_CONTROL, 2), 0x00cb);
	assert_int_equal(get(b, EXPRESS + 0x28, 2), 0);
	assert_int_equal(get(b, AER + 0x0c, 4), 0x00001000);
	assert_int_equal(get(b, 0x168, 1), 0x11);
	assert_int_equal(get(b, MSI + 0x10, 4), 0);
	check_reset(b);
}

/* By a byte, by a dword; and a zero does nothing. */
static void flr_by_any_width(void **state)
{
	struct ez_bench *b = *state;

	set(b, DEVICE_CONTROL, 2, 0x7fff);
	set(b, DEVICE_CONTROL, 1, 0xff);
	set(b, DEVICE_CONTROL + 2, 2, 0xffff);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 0);
	set(b, DEVICE_CONTROL + 1, 1, 0x80);
	ez_bench_setup(b);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 1);
	set(b, DEVICE_CONTROL, 4, 0x8000);
	ez_bench_setup(b);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 2);
}

static void af_flr(void **state)
{
	struct ez_bench *b = *state;

	make_busy(b);
	set(b, MSI + 4, 4, 0xfee00000);
	set(b, AF + 4, 1, 1);
	assert_int_equal(get(b, AF + 4, 2), 0);
	assert_int_equal(get(b, MSI + 4, 4), 0);
	check_reset(b);
}

/* PM 1.2, 5.4.1: without No_Soft_Reset, D0 is reached by a reset. */
static void power_up(void **state)
{
	struct ez_bench *b = *state;

	make_busy(b);
	set(b, PM + 4, 2, 3);
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0xffffffff);
	assert_int_equal(get(b, 0x04, 2), 7);
	set(b, PM + 4, 2, 0);
	check_reset(b);
}

/* FLR is heard in D3hot too, and leads to D0. */
static void flr_in_d3hot(void **state)
{
	struct ez_bench *b = *state;

	set(b, PM + 4, 2, 3);
	set(b, DEVICE_CONTROL, 2, INITIATE_FLR);
	assert_int_equal(get(b, PM + 4, 2) & 3, 0);
	ez_bench_setup(b);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 1);
}

/* 7.4: RWS and RW1CS outlive hot reset and FLR, and end with the power. */
static void sticky(void **state)
{
	static const enum ez_reset_kind kinds[] = { EZ_RESET_FUNCTION, EZ_RESET_BUS };
	struct ez_bench *b = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		set(b, AER + 0x08, 4, 0x1000);
		set(b, AER + 0x14, 4, 0x1);
		set(b, EXPRESS + 0x30, 2, 1);
		set(b, DEVICE_CONTROL, 2, 0x20);
		ez_bench_reset(b, kinds[i]);
		assert_int_equal(get(b, AER + 0x08, 4), 0x1000);
		assert_int_equal(get(b, AER + 0x14, 4), 0x1);
		assert_int_equal(get(b, EXPRESS + 0x30, 2), 1);
		/* Maximum payload: kept by the one, not by the other. */
		assert_int_equal(get(b, DEVICE_CONTROL, 2),
				 kinds[i] == EZ_RESET_FUNCTION ? 0x2830 : 0x2810);
	}
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	assert_int_equal(get(b, AER + 0x08, 4), 0x00400000);
	assert_int_equal(get(b, AER + 0x14, 4), 0x0000e000);
	assert_int_equal(get(b, EXPRESS + 0x30, 2), 3);
}

/* ---- power states ---- */

/* 5: each has what it says, closes the registers, and only D0 lies above. */
static void more_power_states(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(get(b, PM + 2, 2), 0x0603); /* D1, D2, version 3 */
	wr(b, XCARD_CORE_SCRATCH, 0x11);
	set(b, PM + 4, 2, 1);
	assert_int_equal(get(b, PM + 4, 2), 0x0009);
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0xffffffff);
	set(b, PM + 4, 2, 2);
	assert_int_equal(get(b, PM + 4, 2), 0x000a);
	set(b, PM + 4, 2, 1);
	assert_int_equal(get(b, PM + 4, 2), 0x000a);
	set(b, PM + 4, 2, 3);
	set(b, PM + 4, 2, 2);
	assert_int_equal(get(b, PM + 4, 2), 0x000b);
	set(b, PM + 4, 2, 0);
	/* No_Soft_Reset: all is as before. */
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0x11);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 0);
}

/* The other card has D1 and resets on its way from D3hot, not from D1. */
static void only_d1(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(get(b, PM + 2, 2), 0x0203);
	wr(b, XCARD_CORE_SCRATCH, 0x11);
	set(b, PM + 4, 2, 2);
	assert_int_equal(get(b, PM + 4, 2), 0);
	set(b, PM + 4, 2, 1);
	assert_int_equal(get(b, PM + 4, 2), 1);
	set(b, PM + 4, 2, 0);
	assert_int_equal(rd(b, XCARD_CORE_SCRATCH), 0x11);
}

/* ---- all of it together ---- */

/* INTx, MSI with 32 vectors and MSI-X with 2048 in one function: one at a time. */
static void three_kinds_of_interrupt(void **state)
{
	struct ez_bench *b = *state;

	wr(b, XCARD_CORE_IER, 7);
	wr(b, XCARD_CORE_RAISE, XCARD_IRQ_LAST);
	assert_true(ez_bench_intx(b));
	wr(b, XCARD_CORE_ISR, 7);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_msi(b, 32), 0);
	wr(b, XCARD_CORE_RAISE, XCARD_IRQ_LAST);
	assert_int_equal(ez_bench_msi_count(b, 31), 1);
	assert_false(ez_bench_intx(b));
	wr(b, XCARD_CORE_ISR, 7);
	assert_int_equal(ez_bench_msi(b, 0), 0);
	assert_int_equal(ez_bench_msix(b, 32), 0);
	wr(b, XCARD_CORE_RAISE, XCARD_IRQ_LAST);
	assert_int_equal(ez_bench_msi_count(b, 31), 2);
	assert_false(ez_bench_intx(b));
	/* A FLR ends that too, and the line is the way out again. */
	set(b, DEVICE_CONTROL, 2, INITIATE_FLR);
	ez_bench_setup(b);
	wr(b, XCARD_CORE_IER, 7);
	wr(b, XCARD_CORE_RAISE, XCARD_IRQ_LAST);
	assert_int_equal(ez_bench_msi_count(b, 31), 2);
	assert_true(ez_bench_intx(b));
}

/* Extended config space travels in a saved state. */
static void saved(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *buf;

	set(b, AER + 0x0c, 4, 0x00011000);
	set(b, 0xffc, 4, 0x00030002);
	set(b, DEVICE_CONTROL, 2, 0x1020);
	buf = ez_bench_save(b, &size);
	ez_bench_reset(b, EZ_RESET_POWER_ON);
	assert_int_equal(ez_bench_load(b, buf, size, &error), 0);
	free(buf);
	assert_int_equal(get(b, AER + 0x0c, 4), 0x00011000);
	assert_int_equal(get(b, 0xffc, 4), 0x00030002);
	assert_int_equal(get(b, DEVICE_CONTROL, 2), 0x1020);
	assert_int_equal(resets(b, EZ_RESET_FUNCTION), 0);
}

#define EXPRESS_TEST(f) cmocka_unit_test_setup_teardown(f, express, teardown)
#define CLASSIC_TEST(f) cmocka_unit_test_setup_teardown(f, classic, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXPRESS_TEST(express_capability),
		EXPRESS_TEST(express_writes),
		EXPRESS_TEST(extended_list),
		EXPRESS_TEST(error_reporting),
		CLASSIC_TEST(advanced_features),
		EXPRESS_TEST(express_flr),
		EXPRESS_TEST(flr_by_any_width),
		CLASSIC_TEST(af_flr),
		EXPRESS_TEST(power_up),
		EXPRESS_TEST(flr_in_d3hot),
		EXPRESS_TEST(sticky),
		CLASSIC_TEST(more_power_states),
		EXPRESS_TEST(only_d1),
		EXPRESS_TEST(three_kinds_of_interrupt),
		EXPRESS_TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
