// SPDX-License-Identifier: BSD-2-Clause
/*
 * Registers as a kernel reaches them, in each kind of BAR: 32-bit memory, I/O
 * ports, 64-bit prefetchable memory; by the driver, and by a program's own
 * mapping. Values are those of SystemRDL's text, worked out by hand.
 */
#include "probe.h"

#include <sys/mman.h>

/* Volatile in config space: command, status, cache line, latency, addresses, line. */
static void config_golden(void)
{
	static const struct {
		uint32_t offset, width, value;
	} bytes[] = {
		{ 0x00, 4, 0x0b0e1234 }, { 0x08, 4, 0x00ff0002 }, { 0x0e, 2, 0 },
		{ 0x2c, 4, 0x11001af4 }, { 0x30, 4, 0 },	  { 0x34, 1, 0x40 },
		{ 0x3d, 1, 1 },		 { 0x3e, 2, 0 },	  { 0x40, 2, 0x5001 },
		{ 0x50, 2, 0x7005 },	 { 0x70, 2, 0x8009 },	  { 0x80, 2, 0x0011 },
		{ 0x84, 4, 0x10004 },	 { 0x88, 4, 0x11004 },
	};
	int config = config_open();

	/* Whoever is at it meanwhile, of the status nothing but its list of capabilities is fixed. */
	CHECK(config_get(config, STATUS, 2) & 0x10);
	for (size_t i = 0; i < KTAP_LENGTH(bytes); i++)
		CHECK_EQ(config_get(config, bytes[i].offset, bytes[i].width), bytes[i].value);
	/* BAR0: 32 bits; BAR1: ports; BAR2 and BAR4: 64 bits, prefetchable. */
	CHECK_EQ(config_get(config, 0x10, 4) & 0xfff, 0x0);
	CHECK_EQ(config_get(config, 0x14, 4) & 0x1f, 0x1);
	CHECK_EQ(config_get(config, 0x18, 4) & 0xffff, 0xc);
	CHECK_EQ(config_get(config, 0x20, 4) & 0x1ffff, 0xc);
	/* MSI: four asked for, 64-bit address, no masks. MSI-X: eight, both parts in BAR4. */
	CHECK_EQ(config_get(config, 0x52, 2) & 0x018e, 0x0084);
	CHECK_EQ(config_get(config, 0x82, 2) & 0x07ff, 7);
}

static void as_the_kernel_sees_it(void)
{
	struct probe_pci pci = probe_pci();
	static const struct {
		unsigned long long size, flags;
	} bars[] = {
		{ 0x1000, 0x200 }, /* IORESOURCE_MEM */
		{ 32, 0x100 }, /* IORESOURCE_IO */
		{ 0x10000, 0x102200 }, /* IORESOURCE_MEM, _MEM_64, _PREFETCH */
		{ 0, 0 }, /* its upper half */
		{ 0x20000, 0x102200 },
	};
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/resource", pci.path);
	file = fopen(path, "r");
	CHECK(file != NULL);
	for (size_t i = 0; i < KTAP_LENGTH(bars); i++) {
		unsigned long long begin, end, flags;

		CHECK_EQ(fscanf(file, "%llx %llx %llx", &begin, &end, &flags), 3);
		if (!bars[i].size)
			continue;
		CHECK(begin != 0);
		CHECK_EQ(begin % bars[i].size, 0);
		CHECK_EQ(end - begin + 1, bars[i].size);
		CHECK_EQ(flags & 0x102300, bars[i].flags);
	}
	fclose(file);
	snprintf(path, sizeof(path), "%s/resource2_wc", pci.path);
	CHECK(file_exists(path));
}

/* What a write or a read does: SystemRDL's onwrite and onread. */
static void effects(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	put(fd, PROBE_ONES, 0x55333305);
	CHECK_EQ(get(fd, PROBE_ONES), 0x553c3f0a);
	put(fd, PROBE_ZEROS, 0x55333305);
	CHECK_EQ(get(fd, PROBE_ZEROS), 0x55c3cf05);
	CHECK_EQ(get(fd, PROBE_ANY), 0x0f0f0f0f);
	CHECK_EQ(get(fd, PROBE_ANY), 0xff000f0f);
	put(fd, PROBE_ANY, 0x12345678);
	CHECK_EQ(get(fd, PROBE_ANY), 0x1234ff00);
	put(fd, PROBE_ID, 0);
	CHECK_EQ(get(fd, PROBE_ID), 0x626f7270);
}

static void widths(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	put(fd, PROBE_WIDE, 0x44332211);
	put_at(fd, 0, PROBE_WIDE + 2, 1, 0xaa);
	CHECK_EQ(get(fd, PROBE_WIDE), 0x44aa2211);
	CHECK_EQ(get_at(fd, 0, PROBE_WIDE + 2, 2), 0x44aa);
	put_at(fd, 0, PROBE_QUAD, 8, 0x8877665544332211);
	CHECK_EQ(get_at(fd, 0, PROBE_QUAD, 8), 0x8877665544332211);
	CHECK_EQ(get(fd, PROBE_QUAD + 4), 0x88776655);
	CHECK_EQ(get_at(fd, 0, PROBE_QUAD + 7, 1), 0x88);
	put_at(fd, 0, PROBE_BYTE, 1, 0x7f);
	put_at(fd, 0, PROBE_HALF, 2, 0xbeef);
	CHECK_EQ(get_at(fd, 0, PROBE_BYTE, 1), 0x7f);
	CHECK_EQ(get_at(fd, 0, PROBE_HALF, 2), 0xbeef);
	/* Illegal: all-ones, as declared, and nothing changes. */
	CHECK_EQ(get_at(fd, 0, PROBE_SCRATCH, 1), 0xff);
	CHECK_EQ(get_at(fd, 0, PROBE_SCRATCH, 2), 0xffff);
	CHECK_EQ(get_at(fd, 0, PROBE_ID, 8), UINT64_MAX);
	put_at(fd, 0, PROBE_SCRATCH, 1, 0x55);
	put_at(fd, 0, PROBE_SCRATCH, 2, 0x5555);
	put_at(fd, 0, PROBE_ID, 8, 0x5555555555555555);
	CHECK_EQ(get(fd, PROBE_SCRATCH), 0);
	/* No register there: zeros, as declared. */
	CHECK_EQ(get(fd, 0x700), 0);
}

static void reserved_and_gaps(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	CHECK_EQ(get(fd, PROBE_PARTLY), 0xa000);
	put(fd, PROBE_PARTLY, 0xffffffff);
	CHECK_EQ(get(fd, PROBE_PARTLY), 0xa00f);
	/* Not there yet, and said to the user, but harmless. */
	put(fd, PROBE_GAP, 1);
	get(fd, PROBE_GAP);
	put(fd, PROBE_LOG, 2);
	CHECK_EQ(get(fd, PROBE_ID), 0x626f7270);
}

static void hooks_and_arrays(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	put(fd, PROBE_NOTED, 1);
	put(fd, PROBE_NOTED, 2);
	CHECK_EQ(get(fd, PROBE_NOTES), 2);
	for (uint32_t i = 0; i < 8; i++) {
		put(fd, PROBE_SLOT(i), 100 + i);
		put(fd, PROBE_LATCH(i), 200 + i);
	}
	for (uint32_t i = 0; i < 8; i++) {
		CHECK_EQ(get(fd, PROBE_SLOT(i)), 100 + i);
		CHECK_EQ(get(fd, PROBE_LATCH(i)), 200 + 2 * i);
		CHECK_EQ(get(fd, PROBE_LATCH(i) + 4), 0);
	}
}

/* I/O ports; a wide access is cut into the registers that it covers. */
static void ports(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	for (uint32_t i = 0; i < 4; i++)
		put_at(fd, PROBE_BAR_PORTS, PROBE_PORT(i), 1, 0x11 * (i + 1));
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT(0), 4), 0x44332211);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT(2), 2), 0x4433);
	put_at(fd, PROBE_BAR_PORTS, PROBE_PORT(0), 2, 0xbbaa);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT(1), 1), 0xbb);
	put_at(fd, PROBE_BAR_PORTS, PROBE_PORT16, 2, 0x1234);
	put_at(fd, PROBE_BAR_PORTS, PROBE_PORT32, 4, 0xfedcba98);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT16, 2), 0x1234);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT32, 4), 0xfedcba98);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, 0x1c, 4), 0xffffffff);
	CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, 0x1f, 1), 0xff);
}

/* Eight bytes at a time, or any part of them. */
static void cells(void)
{
	int fd = probe_start("irq=auto");

	probe_reset();
	for (uint32_t i = 0; i < 1024; i += 31)
		put_at(fd, PROBE_BAR_CELLS, PROBE_CELL(i), 8,
		       UINT64_C(0x0123456789abcdef) * (i + 1));
	for (uint32_t i = 0; i < 1024; i += 31)
		CHECK_EQ(get_at(fd, PROBE_BAR_CELLS, PROBE_CELL(i), 8),
			 (int64_t)(UINT64_C(0x0123456789abcdef) * (i + 1)));
	/* A part of one is written, and the rest is as it was. */
	put_at(fd, PROBE_BAR_CELLS, PROBE_CELL(0), 4, 1);
	put_at(fd, PROBE_BAR_CELLS, PROBE_CELL(0) + 7, 1, 0xaa);
	CHECK_EQ((int64_t)get_at(fd, PROBE_BAR_CELLS, PROBE_CELL(0), 8),
		 (int64_t)0xaa23456700000001);
	CHECK_EQ(get_at(fd, PROBE_BAR_CELLS, PROBE_CELL(0) + 4, 2), 0x4567);
	CHECK_EQ(get_at(fd, PROBE_BAR_CELLS, 0x8000, 8), 0);
}

/* ---- without a driver: a program's own mapping, as for a driver in user space ---- */

struct bare {
	struct probe_pci pci;
	volatile uint8_t *regs, *cells, *combined;
	int ports;
};

static void *map(const struct probe_pci *pci, const char *name, size_t size)
{
	char path[128];
	void *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pci->path, name);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	CHECK(fd >= 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED);
	close(fd);
	return at;
}

static struct bare bare(void)
{
	struct bare b = { .pci = probe_pci() };
	char path[128];

	must("modprobe -r probe");
	CHECK_EQ(pci_write(&b.pci, "enable", "1"), 0);
	b.regs = map(&b.pci, "resource0", PROBE_BAR_REGS_SIZE);
	b.cells = map(&b.pci, "resource2", PROBE_BAR_CELLS_SIZE);
	b.combined = map(&b.pci, "resource2_wc", PROBE_BAR_CELLS_SIZE);
	snprintf(path, sizeof(path), "%s/resource1", b.pci.path);
	b.ports = open(path, O_RDWR | O_CLOEXEC);
	CHECK(b.ports >= 0);
	return b;
}

static void bare_end(struct bare *b)
{
	munmap((void *)(uintptr_t)b->regs, PROBE_BAR_REGS_SIZE);
	munmap((void *)(uintptr_t)b->cells, PROBE_BAR_CELLS_SIZE);
	munmap((void *)(uintptr_t)b->combined, PROBE_BAR_CELLS_SIZE);
	CHECK_EQ(pci_write(&b->pci, "enable", "0"), 0);
	must("modprobe probe");
	WAIT_FOR(file_exists(PROBE_DEV));
}

static volatile uint32_t *reg32(struct bare *b, uint32_t reg)
{
	return (volatile uint32_t *)(b->regs + reg);
}

static void mapped_registers(void)
{
	struct bare b = bare();

	CHECK_EQ(*reg32(&b, PROBE_ID), 0x626f7270);
	*reg32(&b, PROBE_SCRATCH) = 0x12345678;
	CHECK_EQ(*reg32(&b, PROBE_SCRATCH), 0x12345678);
	*(volatile uint64_t *)(b.regs + PROBE_QUAD) = 0x1122334455667788;
	CHECK_EQ(*(volatile uint16_t *)(b.regs + PROBE_QUAD + 2), 0x5566);
	bare_end(&b);
}

/* One mapping as it is, one where the processor may combine writes. Both are the same cells. */
static void mapped_cells(void)
{
	struct bare b = bare();
	volatile uint64_t *plain = (volatile uint64_t *)b.cells;
	volatile uint64_t *combined = (volatile uint64_t *)b.combined;

	for (uint64_t i = 0; i < 1024; i++)
		combined[i] = i * UINT64_C(0x0101010101010101);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint64_t i = 0; i < 1024; i++) {
		CHECK_EQ((int64_t)plain[i], (int64_t)(i * UINT64_C(0x0101010101010101)));
		plain[i] = ~i;
	}
	for (uint64_t i = 0; i < 1024; i++)
		CHECK_EQ((int64_t)combined[i], (int64_t)~i);
	bare_end(&b);
}

/* Ports by read() and write() at their offsets. */
static void ports_by_file(void)
{
	struct bare b = bare();
	uint32_t value = 0xcafef00d;
	uint8_t byte;
	uint16_t half = 0x7788;

	CHECK_EQ(pwrite(b.ports, &value, 4, PROBE_PORT32), 4);
	CHECK_EQ(pwrite(b.ports, &half, 2, PROBE_PORT16), 2);
	for (uint32_t i = 0; i < 4; i++) {
		byte = (uint8_t)(0xa0 + i);
		CHECK_EQ(pwrite(b.ports, &byte, 1, PROBE_PORT(i)), 1);
	}
	CHECK_EQ(pread(b.ports, &value, 4, PROBE_PORT(0)), 4);
	CHECK_EQ(value, 0xa3a2a1a0);
	CHECK_EQ(pread(b.ports, &value, 4, PROBE_PORT32), 4);
	CHECK_EQ(value, 0xcafef00d);
	CHECK_EQ(pread(b.ports, &half, 2, PROBE_PORT16), 2);
	CHECK_EQ(half, 0x7788);
	bare_end(&b);
}

/* Misaligned, whole or in pieces: all-ones, as the spec declares, and nothing changes. */
static void misaligned(void)
{
	struct bare b;
	char text[8];

	if (!shell("grep -q ersatz.backend=vfio-user /proc/cmdline", text, sizeof(text)))
		skip("the vfio-user transport: the client answers misaligned accesses itself");
	b = bare();
	*reg32(&b, PROBE_SCRATCH) = 0x12345678;
	for (unsigned int at = 1; at < 4; at++) {
		CHECK_EQ(*(volatile uint32_t *)(b.regs + PROBE_SCRATCH + at), 0xffffffff);
		*(volatile uint32_t *)(b.regs + PROBE_SCRATCH + at) = 0;
		CHECK_EQ(*reg32(&b, PROBE_SCRATCH), 0x12345678);
	}
	bare_end(&b);
}

/* Decoding off: nobody answers. On again: as it was. */
static void decoding_off(void)
{
	struct bare b = bare();
	int config = config_open();
	uint32_t off;

	*reg32(&b, PROBE_SCRATCH) = 0x12345678;
	command_clear(config, COMMAND_MEM);
	off = *reg32(&b, PROBE_ID);
	*reg32(&b, PROBE_SCRATCH) = 0;
	command_set(config, COMMAND_MEM);
	CHECK(off != 0x626f7270);
	CHECK_EQ(*reg32(&b, PROBE_SCRATCH), 0x12345678);
	bare_end(&b);
}

static const struct ktap_case cases[] = {
	{ "config_golden", config_golden },
	{ "as_the_kernel_sees_it", as_the_kernel_sees_it },
	{ "effects", effects },
	{ "widths", widths },
	{ "reserved_and_gaps", reserved_and_gaps },
	{ "hooks_and_arrays", hooks_and_arrays },
	{ "ports", ports },
	{ "cells", cells },
	{ "mapped_registers", mapped_registers },
	{ "mapped_cells", mapped_cells },
	{ "ports_by_file", ports_by_file },
	{ "misaligned", misaligned },
	{ "decoding_off", decoding_off },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
