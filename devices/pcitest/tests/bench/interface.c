/* SPDX-License-Identifier: BSD-2-Clause */
/* Identity, BARs, registers, and every vector. */
#include "pcitest_bench.h"

/* PCI 3.0, 6.1 and 6.7; PM 1.2, 3.2; PCIe 5.0, 7.5.3 and 7.6.3: written from their tables. */
static void identity(void **state)
{
	struct ez_bench *b = *state;
	static const struct {
		uint32_t at, value;
	} dwords[] = {
		{ 0x00, 0xb500104c }, /* TI DRA74x, as the kernel's documentation has it */
		{ 0x08, 0xff000000 },  { 0x2c, 0x11001af4 },
		{ 0x34, 0x00000040 },  { 0x40, 0x00035001 }, /* PM 1.2 */
		{ 0x50, 0x018a7005 }, /* MSI: 32 vectors, 64 bits, masks */
		{ 0x70, 0x003f8011 }, /* MSI-X: 64 vectors */
		{ 0x74, 0x00008000 }, /* table: BAR0, 32 KiB */
		{ 0x78, 0x00004000 }, /* pending bits: BAR0, 16 KiB */
		{ 0x80, 0x00020010 }, /* PCI Express, version 2, endpoint, the last one */
		{ 0x100, 0x14820001 }, /* AER, version 2 */
		{ 0x148, 0x00010003 }, /* serial number, the last one */
		{ 0x14c, 0x747a0001 }, { 0x150, 0x65727361 },
	};

	ez_bench_reset(b, EZ_RESET_POWER_ON);
	for (size_t i = 0; i < sizeof(dwords) / sizeof(dwords[0]); i++)
		assert_int_equal(ez_bench_config_read(b, dwords[i].at, 4), dwords[i].value);
	assert_int_equal(ez_bench_config_read(b, 0x3d, 1), 1);
	/* Function level reset: bit 28 of Device Capabilities. */
	assert_true(ez_bench_config_read(b, 0x84, 4) & UINT32_C(1) << 28);
	assert_int_equal(ez_bench_config_read(b, 0xffc, 4), 0);
}

/* PCI 3.0, 6.2.5.1: what sizing shows. */
static void bars(void **state)
{
	static const uint32_t sizing[6] = { 0xffff0000, 0xffffc000, 0xffff0008,
					    0xfffe0000, 0xfff0000c, 0xffffffff };
	struct ez_bench *b = *state;

	for (uint32_t bar = 0; bar < 6; bar++) {
		ez_bench_config_write(b, 0x10 + 4 * bar, 4, 0xffffffff);
		assert_int_equal(ez_bench_config_read(b, 0x10 + 4 * bar, 4), sizing[bar]);
	}
}

/* What the kernel's BAR test does; of BAR0 it touches the first register only. */
static void bars_are_memory(void **state)
{
	static const uint32_t sizes[5] = { 4, 16 << 10, 64 << 10, 128 << 10, 1 << 20 };
	struct ez_bench *b = *state;

	for (unsigned int bar = 0; bar < 5; bar++) {
		for (uint32_t at = 0; at < sizes[bar]; at += 4)
			ez_bench_write(b, bar, at, 4, 0xa0a0a0a0 + at);
		for (uint32_t at = 0; at < sizes[bar]; at += 4)
			assert_int_equal(ez_bench_read(b, bar, at, 4), 0xa0a0a0a0 + at);
	}
	assert_int_equal(rd(b, COMMAND), 0);
}

static void registers(void **state)
{
	static const uint32_t plain[] = { MAGIC, SRC,	   SRC + 4,  DST,	 DST + 4,
					  SIZE,	 CHECKSUM, IRQ_TYPE, IRQ_NUMBER, FLAGS };
	struct ez_bench *b = *state;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		uint32_t bits = plain[i] == FLAGS ? 1 : UINT32_MAX;

		assert_int_equal(rd(b, plain[i]), 0);
		wr(b, plain[i], 0xffffffff);
		assert_int_equal(rd(b, plain[i]) & bits, bits);
		wr(b, plain[i], 0x5a5a5a5a);
		assert_int_equal(rd(b, plain[i]) & bits, 0x5a5a5a5a & bits);
		wr(b, plain[i], 0);
	}
	/* Unaligned access, MSI, MSI-X, INTx; and they stay. */
	wr(b, CAPS, 0);
	assert_int_equal(rd(b, CAPS), 0xf);
	/* Software clears IRQ_RAISED, and never sets it. */
	wr(b, STATUS, 0xffffffff);
	assert_int_equal(rd(b, STATUS) & IRQ_RAISED, 0);
	assert_false(ez_bench_intx(b));
}

static void intx(void **state)
{
	struct ez_bench *b = *state;

	wr(b, COMMAND, RAISE_INTX);
	assert_int_equal(rd(b, STATUS), IRQ_RAISED);
	assert_true(ez_bench_intx(b));
	handle(b);
	assert_int_equal(rd(b, STATUS), 0);
	assert_false(ez_bench_intx(b));
	/* With messages there is no line: PCI 3.0, 6.8.1.3. */
	ez_bench_msi(b, 1);
	wr(b, COMMAND, RAISE_INTX);
	assert_int_equal(rd(b, STATUS), 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	assert_int_equal(ez_bench_intx_count(b), 1);
}

static void every_vector(struct ez_bench *b, uint32_t command, uint32_t vectors)
{
	for (uint32_t i = 1; i <= vectors; i++) {
		wr(b, IRQ_NUMBER, i);
		wr(b, COMMAND, command);
		assert_int_equal(rd(b, STATUS), IRQ_RAISED);
		assert_int_equal(ez_bench_msi_count(b, i - 1), 1);
		handle(b);
	}
	/* None is sent that was not granted, and none by the other way. */
	wr(b, IRQ_NUMBER, 0);
	wr(b, COMMAND, command);
	assert_int_equal(rd(b, STATUS), 0);
	wr(b, IRQ_NUMBER, vectors + 1);
	wr(b, COMMAND, command);
	assert_int_equal(rd(b, STATUS), 0);
	wr(b, IRQ_NUMBER, 1);
	wr(b, COMMAND, command ^ RAISE_MSI ^ RAISE_MSIX);
	assert_int_equal(rd(b, STATUS), 0);
	for (uint32_t i = 0; i < vectors; i++)
		assert_int_equal(ez_bench_msi_count(b, i), 1);
	assert_int_equal(ez_bench_intx_count(b), 0);
}

static void every_msi(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t vectors = 1; vectors <= 32; vectors *= 2) {
		struct ez_bench *fresh_one = ez_bench_new(NULL, NULL);

		assert_int_equal(ez_bench_msi(fresh_one, vectors), 0);
		every_vector(fresh_one, RAISE_MSI, vectors);
		ez_bench_free(fresh_one);
	}
	/* None while it is off. */
	wr(b, IRQ_NUMBER, 1);
	wr(b, COMMAND, RAISE_MSI);
	assert_int_equal(rd(b, STATUS), 0);
}

static void every_msix(void **state)
{
	assert_int_equal(ez_bench_msix(*state, 64), 0);
	every_vector(*state, RAISE_MSIX, 64);
}

/* As newer kernels test it: enable, ring where it says, disable. */
static void doorbell(void **state)
{
	struct ez_bench *b = *state;
	uint32_t bar = rd(b, DB_BAR), at = rd(b, DB_OFFSET), data = rd(b, DB_DATA);

	assert_true(bar <= 5);
	/* Rung while it is off: nothing. */
	ez_bench_write(b, bar, at, 4, data);
	assert_int_equal(rd(b, STATUS), 0);
	wr(b, COMMAND, DOORBELL_ON);
	assert_int_equal(rd(b, STATUS), BELL_ON | IRQ_RAISED);
	wr(b, STATUS, 0);
	ez_bench_write(b, bar, at, 4, data + 1);
	assert_int_equal(rd(b, STATUS), 0);
	ez_bench_write(b, bar, at, 4, data);
	assert_int_equal(rd(b, STATUS), RUNG | IRQ_RAISED);
	assert_true(ez_bench_intx(b));
	wr(b, COMMAND, DOORBELL_OFF);
	assert_int_equal(rd(b, STATUS), BELL_OFF | IRQ_RAISED);
	wr(b, STATUS, 0);
	ez_bench_write(b, bar, at, 4, data);
	assert_int_equal(rd(b, STATUS), 0);
	assert_false(ez_bench_intx(b));
}

static void unknown_commands(void **state)
{
	struct ez_bench *b = *state;

	wr(b, COMMAND, 0);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
	wr(b, COMMAND, 0x100);
	assert_int_equal(rd(b, COMMAND), 0);
	assert_int_equal(rd(b, STATUS), 0);
	assert_int_not_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(identity),	  CASE(bars),	  CASE(bars_are_memory),
		CASE(registers),  CASE(intx),	  CASE(every_msi),
		CASE(every_msix), CASE(doorbell), CASE(unknown_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
