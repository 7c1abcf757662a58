// SPDX-License-Identifier: BSD-2-Clause
/*
 * Memory windows: RAM of the device in a BAR. The kernel and programs map it,
 * DMA fills it, and through its registers the device tells what it sees there.
 */
#include "probe.h"

#include <sys/mman.h>

#define BUFFER 0
#define BUFFER_SIZE 0x8000
#define STAGE 1
#define STAGE_AT 0x8000 /* in the BAR */
#define STAGE_SIZE 0x4000
#define ALL (BUFFER_SIZE + STAGE_SIZE)

_Static_assert(PROBE_WINDOW_BUFFER == BUFFER && PROBE_WINDOW_BUFFER_OFFSET == 0 &&
		       PROBE_WINDOW_BUFFER_SIZE == BUFFER_SIZE && PROBE_WINDOW_STAGE == STAGE &&
		       PROBE_WINDOW_STAGE_OFFSET == STAGE_AT &&
		       PROBE_WINDOW_STAGE_SIZE == STAGE_SIZE,
	       "the layout that these tests are of");

static uint64_t mem_get(int fd, uint64_t offset, uint32_t width)
{
	return get_at(fd, PROBE_BAR_MEMORY, offset, width);
}

static void mem_put(int fd, uint64_t offset, uint32_t width, uint64_t value)
{
	put_at(fd, PROBE_BAR_MEMORY, offset, width, value);
}

static void look_at(int fd, uint32_t window, uint32_t offset)
{
	put(fd, PROBE_WIN_INDEX, window);
	put(fd, PROBE_WIN_OFFSET, offset);
}

/* What the device sees there. */
static uint32_t seen(int fd, uint32_t window, uint32_t offset)
{
	look_at(fd, window, offset);
	return get(fd, PROBE_WIN_VALUE);
}

static void work(int fd, uint32_t command, uint32_t length)
{
	uint32_t count = count_of(fd, PROBE_IRQ_DMA);

	put(fd, PROBE_WIN_LENGTH, length);
	put(fd, PROBE_WIN, command);
	await(fd, PROBE_IRQ_DMA, count + 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), 0);
}

/* Each side sees what the other one has written, whatever the width. */
static void both_sides(void)
{
	int fd = probe_start("irq=auto");

	for (uint32_t window = BUFFER; window <= STAGE; window++) {
		uint32_t at = window == STAGE ? STAGE_AT : 0;
		uint32_t last = (window == STAGE ? STAGE_SIZE : BUFFER_SIZE) - 4;

		mem_put(fd, at, 8, 0x8877665544332211);
		CHECK_EQ(seen(fd, window, 0), 0x44332211);
		CHECK_EQ(seen(fd, window, 4), 0x88776655);
		CHECK_EQ(seen(fd, window, 3), 0x77665544);
		mem_put(fd, at + 1, 1, 0xaa);
		mem_put(fd, at + 2, 2, 0xccbb);
		CHECK_EQ(seen(fd, window, 0), 0xccbbaa11);
		mem_put(fd, at + last, 4, 0xdeadbeef);
		CHECK_EQ(seen(fd, window, last), 0xdeadbeef);

		look_at(fd, window, 0x123);
		put(fd, PROBE_WIN_VALUE, 0x04030201);
		CHECK_EQ(mem_get(fd, at + 0x123, 1), 1);
		CHECK_EQ(mem_get(fd, at + 0x124, 2), 0x0302);
		CHECK_EQ(mem_get(fd, at + 0x126, 1), 4);
		look_at(fd, window, last);
		put(fd, PROBE_WIN_VALUE, 0xfeedf00d);
		CHECK_EQ(mem_get(fd, at + last, 4), 0xfeedf00d);
	}
	/* They are two: the end of one is not the beginning of the other. */
	mem_put(fd, STAGE_AT - 4, 4, 0x11111111);
	mem_put(fd, STAGE_AT, 4, 0x22222222);
	CHECK_EQ(seen(fd, BUFFER, BUFFER_SIZE - 4), 0x11111111);
	CHECK_EQ(seen(fd, STAGE, 0), 0x22222222);
}

/* All of it: written by us and added up there, filled there and read by us. */
static void all_of_it(void)
{
	int fd = probe_start("irq=auto");
	uint32_t sum = 0;

	for (uint32_t at = 0; at < BUFFER_SIZE; at += 8) {
		uint64_t value = at * UINT64_C(0x9e3779b97f4a7c15);

		mem_put(fd, at, 8, value);
		for (; value; value >>= 8)
			sum += value & 0xff;
	}
	look_at(fd, BUFFER, 0);
	work(fd, PROBE_WIN_COMMAND_SUM, BUFFER_SIZE);
	CHECK_EQ(get(fd, PROBE_WIN_SUM), sum);

	look_at(fd, STAGE, 0);
	put_at(fd, PROBE_BAR_REGS, PROBE_WIN_FILL, 1, 7);
	work(fd, PROBE_WIN_COMMAND_FILL, STAGE_SIZE);
	for (uint32_t at = 0; at < STAGE_SIZE; at += 4) {
		uint32_t low = (at + 7) & 0xff;

		CHECK_EQ(mem_get(fd, STAGE_AT + at, 1), low);
		CHECK_EQ(mem_get(fd, STAGE_AT + at + 2, 2), ((low + 2) & 0xff) | ((low + 3) & 0xff)
											 << 8);
	}
	/* Nothing of it in the other one. */
	look_at(fd, BUFFER, 0);
	work(fd, PROBE_WIN_COMMAND_SUM, BUFFER_SIZE);
	CHECK_EQ(get(fd, PROBE_WIN_SUM), sum);
}

/* A place that is not in the window is an error, and touches nothing. */
static void out_of_it(void)
{
	int fd = probe_start("irq=auto");

	mem_put(fd, STAGE_AT, 4, 0x33333333);
	CHECK_EQ(seen(fd, BUFFER, BUFFER_SIZE - 3), 0xffffffff);
	put(fd, PROBE_WIN_VALUE, 0);
	CHECK_EQ(mem_get(fd, STAGE_AT, 4), 0x33333333);
	put(fd, PROBE_WIN_OFFSET, 4);
	put(fd, PROBE_WIN_LENGTH, BUFFER_SIZE);
	put(fd, PROBE_WIN, PROBE_WIN_COMMAND_FILL);
	await(fd, PROBE_IRQ_ERROR, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), ERANGE);
	CHECK_EQ(mem_get(fd, STAGE_AT, 4), 0x33333333);
}

/* DMA between memory and a window, at any place and of any length. */
static void dma(void)
{
	static const uint32_t lengths[] = { 1, 3, 64, 1025, 4096, 8192 };
	static uint8_t area[PROBE_AREA];
	int fd = probe_start("irq=auto");

	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++) {
		uint32_t length = lengths[i], at = 0x321;
		struct probe_dma dma = {
			.area = (uintptr_t)area,
			.offset = (PROBE_AREA - length) / 2,
			.length = length,
			.direction = PROBE_FETCH,
			.window = 1,
		};

		for (uint32_t j = 0; j < PROBE_AREA; j++)
			area[j] = (uint8_t)(j * 3 + (j >> 8) + i);
		mem_put(fd, STAGE_AT + at - 1, 1, 0xe1);
		mem_put(fd, STAGE_AT + at + length, 1, 0xe2);
		look_at(fd, STAGE, at);
		CHECK_EQ(ioctl(fd, PROBE_IOC_DMA, &dma), 0);
		CHECK_EQ(dma.error, 0);
		CHECK_EQ(mem_get(fd, STAGE_AT + at - 1, 1), 0xe1);
		CHECK_EQ(mem_get(fd, STAGE_AT + at + length, 1), 0xe2);
		for (uint32_t j = 0; j < length; j += j < 16 ? 1 : 61)
			CHECK_EQ(mem_get(fd, STAGE_AT + at + j, 1), area[dma.offset + j]);

		/* And back, a byte further on. */
		dma.direction = PROBE_STORE;
		look_at(fd, STAGE, at - 1);
		memset(area, 0, sizeof(area));
		CHECK_EQ(ioctl(fd, PROBE_IOC_DMA, &dma), 0);
		CHECK_EQ(dma.error, 0);
		CHECK_EQ(area[dma.offset], 0xe1);
		for (uint32_t j = 1; j < length; j++) {
			uint32_t was = dma.offset + j - 1;

			CHECK_EQ(area[dma.offset + j], (uint8_t)(was * 3 + (was >> 8) + i));
		}
		CHECK(!dma.offset || !area[dma.offset - 1]);
		CHECK(dma.offset + length == PROBE_AREA || !area[dma.offset + length]);
	}
}

/* A job fills the window, while we look on or not. */
static void loaded_by_a_job(void)
{
	static uint8_t from[BUFFER_SIZE];
	struct probe_copy load = {
		.from = (uintptr_t)from,
		.to = 0x100,
		.length = BUFFER_SIZE - 0x200,
		.load = 1,
	};
	int fd = probe_start("irq=auto");

	for (uint32_t at = 0; at < sizeof(from); at++)
		from[at] = (uint8_t)(at * 11 + (at >> 8));
	mem_put(fd, 0xfc, 4, 0x12345678);
	mem_put(fd, BUFFER_SIZE - 0x100, 4, 0x12345678);
	CHECK_EQ(ioctl(fd, PROBE_IOC_COPY, &load), 0);
	CHECK_EQ(load.error, 0);
	for (uint32_t at = 0; at < load.length; at += 8) {
		uint64_t wanted;

		memcpy(&wanted, from + at, 8);
		CHECK_EQ((int64_t)mem_get(fd, load.to + at, 8), (int64_t)wanted);
	}
	CHECK_EQ(mem_get(fd, 0xfc, 4), 0x12345678);
	CHECK_EQ(mem_get(fd, BUFFER_SIZE - 0x100, 4), 0x12345678);
	/* One piece too many. */
	load.to = 0x300;
	CHECK_EQ(ioctl(fd, PROBE_IOC_COPY, &load), 0);
	CHECK_EQ(load.error, ERANGE);
}

/* The window's domain says what a reset clears: of BUFFER nothing, of STAGE all. */
static void resets(void)
{
	int fd = probe_start("irq=auto");

	for (int own = 0; own < 2; own++) {
		mem_put(fd, 0x10, 8, 0x0123456789abcdef);
		mem_put(fd, BUFFER_SIZE - 8, 8, 0xfedcba9876543210);
		for (uint32_t at = 0; at < STAGE_SIZE; at += 8)
			mem_put(fd, STAGE_AT + at, 8, UINT64_MAX);
		if (own) {
			put(fd, PROBE_RESET, 1);
			put(fd, PROBE_IER, ENABLED);
		} else {
			probe_reset();
		}
		CHECK_EQ(mem_get(fd, 0x10, 8), 0x0123456789abcdef);
		CHECK_EQ((int64_t)mem_get(fd, BUFFER_SIZE - 8, 8), (int64_t)0xfedcba9876543210);
		CHECK_EQ(seen(fd, BUFFER, 0x10), 0x89abcdef);
		for (uint32_t at = 0; at < STAGE_SIZE; at += 8)
			CHECK_EQ(mem_get(fd, STAGE_AT + at, 8), 0);
		CHECK_EQ(seen(fd, STAGE, STAGE_SIZE - 4), 0);
		mem_put(fd, STAGE_AT + 8, 4, 0x77);
		CHECK_EQ(seen(fd, STAGE, 8), 0x77);
	}
}

/* Removed, found again, its BARs perhaps elsewhere: it is the same memory. */
static void found_again(void)
{
	struct probe_pci pci = probe_pci();
	int fd = probe_start("irq=auto");

	mem_put(fd, 0x40, 8, 0x1122334455667788);
	close(fd);
	CHECK_EQ(pci_write(&pci, "remove", "1"), 0);
	pci_rescan();
	WAIT_FOR(file_exists(PROBE_DEV));
	fd = probe_open();
	CHECK_EQ(mem_get(fd, 0x40, 8), 0x1122334455667788);
	CHECK_EQ(seen(fd, BUFFER, 0x44), 0x11223344);
}

/* ---- a program's own mapping, without a driver ---- */

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

static volatile uint8_t *bare_regs;

static void bare_put(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(bare_regs + reg) = value;
}

static uint32_t bare_get(uint32_t reg)
{
	return *(volatile uint32_t *)(bare_regs + reg);
}

static void mapped_by(const char *name)
{
	struct probe_pci pci = probe_pci();
	volatile uint8_t *memory;
	uint32_t sum = 0;

	must("modprobe -r probe");
	CHECK_EQ(pci_write(&pci, "enable", "1"), 0);
	bare_regs = map(&pci, "resource0", PROBE_BAR_REGS_SIZE);
	memory = map(&pci, name, ALL);

	/* As memory, any width at any place. */
	for (uint32_t at = 0; at < BUFFER_SIZE; at++)
		memory[at] = (uint8_t)(at * 13 + (at >> 7));
	for (uint32_t at = 0; at < BUFFER_SIZE; at++)
		sum += (uint8_t)(at * 13 + (at >> 7));
	*(volatile uint64_t *)(memory + STAGE_AT + 0xffd) = 0x8877665544332211;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	bare_put(PROBE_WIN_INDEX, BUFFER);
	bare_put(PROBE_WIN_OFFSET, 0);
	bare_put(PROBE_WIN_LENGTH, BUFFER_SIZE);
	bare_put(PROBE_WIN, PROBE_WIN_COMMAND_SUM);
	CHECK_EQ(bare_get(PROBE_ERRNO), 0);
	CHECK_EQ(bare_get(PROBE_WIN_SUM), sum);
	bare_put(PROBE_WIN_INDEX, STAGE);
	bare_put(PROBE_WIN_OFFSET, 0xffd);
	CHECK_EQ(bare_get(PROBE_WIN_VALUE), 0x44332211);

	/* To and fro: neither side ever sees what was before. */
	for (uint32_t i = 1; i <= 1000; i++) {
		uint32_t at = i * 20;

		bare_put(PROBE_WIN_INDEX, BUFFER);
		bare_put(PROBE_WIN_OFFSET, at % (BUFFER_SIZE - 4));
		*(volatile uint32_t *)(memory + at % (BUFFER_SIZE - 4)) = i;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		CHECK_EQ(bare_get(PROBE_WIN_VALUE), i);
		bare_put(PROBE_WIN_VALUE, ~i);
		CHECK_EQ(*(volatile uint32_t *)(memory + at % (BUFFER_SIZE - 4)), ~i);
	}
	munmap((void *)(uintptr_t)memory, ALL);
	munmap((void *)(uintptr_t)bare_regs, PROBE_BAR_REGS_SIZE);
	CHECK_EQ(pci_write(&pci, "enable", "0"), 0);
	probe_load("irq=auto");
}

static void mapped(void)
{
	mapped_by("resource4");
}

static void mapped_write_combining(void)
{
	mapped_by("resource4_wc");
}

static const struct ktap_case cases[] = {
	{ "both_sides", both_sides },
	{ "all_of_it", all_of_it },
	{ "out_of_it", out_of_it },
	{ "dma", dma },
	{ "loaded_by_a_job", loaded_by_a_job },
	{ "resets", resets },
	{ "found_again", found_again },
	{ "mapped", mapped },
	{ "mapped_write_combining", mapped_write_combining },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
