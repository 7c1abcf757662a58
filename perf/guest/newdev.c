// SPDX-License-Identifier: BSD-2-Clause
/*
 * What newdev's DMA and interrupts cost in a guest.
 *
 *   newdev dma
 *       newdev_dma_write 810.3 memcpy 2950.1
 *       newdev_dma_read 790.9 memcpy 2950.1
 *     MB/s between a program's buffer of 1 MiB and the device, by the driver's node, and
 *     from one such buffer to another.
 *
 *   newdev irq
 *       newdev_irq 21034 edu 20877
 *     Interrupts per second that a program raises and waits for, one after the other, of newdev
 *     and of QEMU's edu, both by uio_pci_generic on their INTx; so no driver of ours is in it.
 *
 * Figures are medians of short blocks, which alternate.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "newdev_ioctl.h"
#include "newdev_spec.h"

#define BLOCKS 31
#define BYTES (1u << 20)
#define IRQS 200

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	va_list args;

	fputs("newdev: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values)
{
	qsort(values, BLOCKS, sizeof(*values), compare);
	return values[BLOCKS / 2];
}

/* ---- DMA ---- */

static void dma(void)
{
	static double in[BLOCKS], out[BLOCKS], copy[BLOCKS];
	char *one = aligned_alloc(4096, BYTES), *other = aligned_alloc(4096, BYTES);
	uint32_t mode = NEWDEV_MODE_DMA;
	int fd = open("/dev/newdev0", O_RDWR);
	double begin;

	if (fd < 0 || ioctl(fd, NEWDEV_IOC_MODE, &mode) || !one || !other)
		fail("/dev/newdev0");
	memset(one, 1, BYTES);
	memset(other, 2, BYTES);
	/* The first block is for warming up, and overwritten. */
	for (int i = -1; i < BLOCKS; i++) {
		int at = i < 0 ? 0 : i;

		begin = now();
		if (pwrite(fd, one, BYTES, 0) != BYTES)
			fail("write");
		out[at] = BYTES / (now() - begin) / 1e6;
		begin = now();
		if (pread(fd, other, BYTES, 0) != BYTES)
			fail("read");
		in[at] = BYTES / (now() - begin) / 1e6;
		begin = now();
		memcpy(one, other, BYTES);
		__asm__ volatile("" : : "r"(one) : "memory");
		copy[at] = BYTES / (now() - begin) / 1e6;
	}
	begin = median(copy);
	printf("newdev_dma_write %.1f memcpy %.1f\n", median(out), begin);
	printf("newdev_dma_read %.1f memcpy %.1f\n", median(in), begin);
}

/* ---- interrupts ---- */

struct card {
	const char *ids; /* as new_id takes them */
	unsigned int bar, raise, clear;
	uint32_t value;
	volatile uint32_t *regs;
	int uio, config;
	double rate[BLOCKS];
};

static struct card cards[] = {
	{ "1337 0001", NEWDEV_BAR_REGS, NEWDEV_TEST, NEWDEV_ISR, NEWDEV_TEST_BELL_MASK },
	{ "1234 11e8", 0, 0x60, 0x64, 1 },
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("%s", path);
	close(fd);
}

static int open_file(const char *slot, const char *name, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", slot, name);
	fd = open(path, flags);
	if (fd < 0)
		fail("%s", path);
	return fd;
}

static void take(struct card *card)
{
	static const char uio_class[] = "/sys/class/uio/*/device";
	char vendor[8], device[8], text[16], path[512], resource[16];
	glob_t found;
	int fd;

	put("/sys/bus/pci/drivers/uio_pci_generic/new_id", card->ids);
	sscanf(card->ids, "%7s %7s", vendor, device);
	if (glob(uio_class, 0, NULL, &found))
		fail("no UIO device");
	for (size_t i = 0; i < found.gl_pathc && !card->regs; i++) {
		const char *slot = found.gl_pathv[i];
		char node[64] = "";

		fd = open_file(slot, "device", O_RDONLY);
		memset(text, 0, sizeof(text));
		if (read(fd, text, sizeof(text) - 1) < 0)
			fail("%s", slot);
		close(fd);
		if (strncmp(text + 2, device, 4))
			continue;
		snprintf(resource, sizeof(resource), "resource%u", card->bar);
		fd = open_file(slot, resource, O_RDWR);
		card->regs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		if (card->regs == MAP_FAILED)
			fail("%s", resource);
		card->config = open_file(slot, "config", O_RDWR);
		sscanf(slot, "/sys/class/uio/%63[^/]", node);
		snprintf(path, sizeof(path), "/dev/%s", node);
		card->uio = open(path, O_RDONLY);
		if (card->uio < 0)
			fail("%s", path);
	}
	globfree(&found);
	if (!card->regs)
		fail("no %s", card->ids);
}

static double interrupts(struct card *card)
{
	double begin = now();
	uint16_t command;
	uint32_t count;

	for (int i = 0; i < IRQS; i++) {
		card->regs[card->raise / 4] = card->value;
		if (read(card->uio, &count, sizeof(count)) != sizeof(count))
			fail("read");
		card->regs[card->clear / 4] = card->value;
		/* It has masked the line by the command register, bit 10. */
		if (pread(card->config, &command, 2, 4) != 2)
			fail("config");
		command &= ~0x400;
		if (pwrite(card->config, &command, 2, 4) != 2)
			fail("config");
	}
	return IRQS / (now() - begin);
}

static void irq(void)
{
	for (int i = 0; i < 2; i++)
		take(&cards[i]);
	cards[0].regs[NEWDEV_IER / 4] = NEWDEV_IER_BELL_MASK;
	for (int i = -1; i < BLOCKS; i++)
		for (int j = 0; j < 2; j++)
			cards[j].rate[i < 0 ? 0 : i] = interrupts(&cards[j]);
	printf("newdev_irq %.0f edu %.0f\n", median(cards[0].rate), median(cards[1].rate));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "dma")) {
		dma();
	} else if (argc == 2 && !strcmp(argv[1], "irq")) {
		irq();
	} else {
		fputs("Usage: newdev dma|irq\n", stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
