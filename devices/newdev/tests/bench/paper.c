/* SPDX-License-Identifier: BSD-2-Clause */
/* The frozen interface: config space byte for byte, both BARs in every width, what the paper's drivers do. */
#include "newdev_bench.h"

/*
 * PCI 3.0, 6.1 and 6.8.1, PM 1.2, 3.2, of 1337:0001 as it was published, and of the two
 * capabilities that are ours; nothing in it may ever change.
 */
static void config_space_golden(void **unused)
{
	static const uint8_t golden[EZ_CONFIG_SIZE] = {
		[0x00] = 0x37, [0x01] = 0x13, /* vendor */
		[0x02] = 0x01, [0x03] = 0x00, /* device */
		[0x06] = 0x10, /* status: capabilities */
		[0x08] = 0x00, /* revision */
		[0x0a] = 0xff, [0x0b] = 0x00, /* class 00ff: others */
		[0x10] = 0x01, /* BAR0: ports */
		[0x2c] = 0xf4, [0x2d] = 0x1a, /* subsystem vendor */
		[0x2e] = 0x00, [0x2f] = 0x11, /* subsystem */
		[0x34] = 0x40, /* first capability */
		[0x3d] = 0x02, /* pin B */
		[0x40] = 0x01, [0x41] = 0x50, [0x42] = 0x03, /* PM 1.2, D3hot loses the state */
		[0x50] = 0x05, [0x51] = 0x00, /* MSI, the last one */
		[0x52] = 0x84, [0x53] = 0x01, /* 64 bits, four messages, off, a mask each */
	};
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	ez_bench_reset(b, EZ_RESET_POWER_ON);
	for (uint32_t at = 0; at < EZ_CONFIG_SIZE; at++)
		assert_int_equal(ez_bench_config_read(b, at, 1), golden[at]);
	/* Past the end of conventional config space nobody answers. */
	assert_int_equal(ez_bench_config_read(b, EZ_CONFIG_SIZE, 4), 0xffffffff);
	ez_bench_free(b);
}

/* PCI 3.0, 6.2.5.1: what sizing shows. 16 ports, 4 KiB of 32-bit memory, nothing else. */
static void two_bars(void **state)
{
	static const uint32_t size[6] = { 0xfffffff1, 0xfffff000 };
	struct ez_bench *b = *state;

	for (uint32_t bar = 0; bar < 6; bar++) {
		ez_bench_config_write(b, 0x10 + 4 * bar, 4, 0xffffffff);
		assert_int_equal(ez_bench_config_read(b, 0x10 + 4 * bar, 4), size[bar]);
	}
	ez_bench_config_write(b, 0x30, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, 0x30, 4), 0);
}

static void id_register(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(rd(b, PAPER_ID), 0x1337);
	wr(b, PAPER_ID, 0xcafe0042);
	assert_int_equal(rd(b, PAPER_ID), 0xcafe0042);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	assert_int_equal(rd(b, PAPER_ID), 0x1337);
}

/* One byte or four, any bit of them: the line goes up, and both registers say so. */
static void line_interrupt(void **state)
{
	struct ez_bench *b = *state;

	for (unsigned int width = 1; width <= 4; width *= 4) {
		for (unsigned int bit = 0; bit < 8 * width; bit++) {
			port_out(b, PAPER_IRQ, width, 1u << bit);
			assert_true(ez_bench_intx(b));
			assert_int_equal(port_in(b, PAPER_IRQ, 4), 1);
			assert_int_equal(rd(b, PAPER_STATUS), 1);
			port_out(b, PAPER_IRQ, width, 0);
			assert_false(ez_bench_intx(b));
			assert_int_equal(port_in(b, PAPER_IRQ, 4), 0);
			assert_int_equal(rd(b, PAPER_STATUS), 0);
		}
	}
	/* Up by four, down by one. Twice up is up. */
	port_out(b, PAPER_IRQ, 4, 0x100);
	port_out(b, PAPER_IRQ, 4, 2);
	assert_true(ez_bench_intx(b));
	assert_int_equal(rd(b, PAPER_STATUS), 1);
	port_out(b, PAPER_IRQ, 1, 0);
	assert_false(ez_bench_intx(b));
	/* The bytes behind the first are no ports of their own. */
	for (uint32_t at = 1; at < 4; at++)
		port_out(b, at, 1, 0xff);
	assert_false(ez_bench_intx(b));
	port_out(b, PAPER_IRQ, 1, 1);
	for (uint32_t at = 1; at < 4; at++)
		port_out(b, at, 1, 0);
	assert_true(ez_bench_intx(b));
	/* The register in memory is read-only. */
	wr(b, PAPER_STATUS, 0);
	assert_true(ez_bench_intx(b));
	/* It needs no bus mastering: a line is a wire. */
	port_out(b, PAPER_IRQ, 1, 0);
	mastering(b, false);
	port_out(b, PAPER_IRQ, 1, 1);
	assert_true(ez_bench_intx(b));
	ez_bench_reset(b, EZ_RESET_BUS);
	assert_false(ez_bench_intx(b));
}

/* While MSI is on it is a message, and the line stays down. */
static void line_as_message(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	port_out(b, PAPER_IRQ, 4, 1);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(rd(b, PAPER_STATUS), 1);
	assert_int_equal(ez_bench_msi(b, 0), 0);
	assert_true(ez_bench_intx(b));
}

/* Written at once, that many bytes and not one more; other ones each time. */
static void random_bytes(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b), *first = malloc(PAPER_DMA_BYTES);
	const uint32_t at = 0x123457;
	uint32_t seen[256] = { 0 };

	memset(ram, 0xaa, 0x200000);
	port_out(b, PAPER_DMA, 4, at);
	assert_int_equal(count_not(ram, at, 0xaa), 0);
	assert_int_equal(count_not(ram + at + PAPER_DMA_BYTES, 0x10000, 0xaa), 0);
	for (uint32_t i = 0; i < PAPER_DMA_BYTES; i++)
		seen[ram[at + i]]++;
	/* 512 of each are expected; 5 standard deviations are 113. */
	for (int i = 0; i < 256; i++)
		assert_in_range(seen[i], 512 - 113, 512 + 113);
	memcpy(first, ram + at, PAPER_DMA_BYTES);
	port_out(b, PAPER_DMA, 4, at);
	assert_memory_not_equal(first, ram + at, PAPER_DMA_BYTES);
	assert_int_equal(rd(b, NEWDEV_RANDOM_STATUS), 0);
	/* The address cannot be read back. */
	assert_int_equal(port_in(b, PAPER_DMA, 4), 0);
	/* They are the backend's: the same seed, the same bytes. */
	ez_bench_seed(b, 7);
	port_out(b, PAPER_DMA, 4, at);
	memcpy(first, ram + at, PAPER_DMA_BYTES);
	ez_bench_seed(b, 7);
	port_out(b, PAPER_DMA, 4, at);
	assert_memory_equal(first, ram + at, PAPER_DMA_BYTES);
	free(first);
}

static void random_bytes_refused(void **state)
{
	struct ez_bench *b = *state;
	uint8_t *ram = ez_bench_ram(b);

	memset(ram, 0xaa, 0x200000);
	mastering(b, false);
	port_out(b, PAPER_DMA, 4, 0x1000);
	assert_int_equal(count_not(ram, 0x200000, 0xaa), 0);
	assert_int_equal(rd(b, NEWDEV_RANDOM_STATUS), 1);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	mastering(b, true);
	/* Off the end of memory: what is there may be written, and the code says that it was not all. */
	port_out(b, PAPER_DMA, 4, (uint32_t)EZ_BENCH_RAM - 0x2000);
	assert_int_equal(rd(b, NEWDEV_RANDOM_STATUS), 2);
	assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 0x2000, 0x2000);
	/* A byte or two are no address. */
	memset(ram, 0xaa, 0x200000);
	port_out(b, PAPER_DMA, 1, 0x10);
	port_out(b, PAPER_DMA, 2, 0x1000);
	assert_int_equal(count_not(ram, 0x200000, 0xaa), 0);
	port_out(b, PAPER_DMA, 4, 0x1000);
	assert_int_equal(rd(b, NEWDEV_RANDOM_STATUS), 0);
}

/* What nobody has switched on reads as 0, whatever has been written there. */
static void rest_reads_zero(void **state)
{
	struct ez_bench *b = *state;

	wr(b, NEWDEV_OFFSET, 0);
	for (unsigned int width = 1; width <= 4; width *= 2) {
		for (uint32_t at = 8; at < 16; at += width)
			port_out(b, at, width, UINT32_MAX);
		for (uint32_t at = width < 4 ? 8 : 4; at < 16; at += width)
			assert_int_equal(port_in(b, at, width), 0);
	}
	for (uint32_t at = 8; at < 0x40; at += 4) {
		wr(b, at, UINT32_MAX);
		assert_int_equal(rd(b, at), 0);
	}
	assert_int_equal(rd(b, NEWDEV_OFFSET), 0);
	assert_int_equal(rd(b, NEWDEV_COPY_STATUS), 0);
	assert_false(ez_bench_intx(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_space_golden),
		TEST(two_bars),
		TEST(id_register),
		TEST(line_interrupt),
		TEST(line_as_message),
		TEST(random_bytes),
		TEST(random_bytes_refused),
		TEST(rest_reads_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
