// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two edu devices through the one driver, ours and QEMU's, in the same guest. Prints lines of
 * figures, ours and theirs: interrupts a second, each raised, handled and waited for by a
 * program; bytes a second by DMA each way. Blocks of the two alternate; medians.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "edu_ioctl.h"

#define BLOCKS 101
#define RAISES 300
/* A transfer of 4096 bytes takes 100 ms: that is all there is to measure. */
#define DMA_BLOCKS 3
#define DMA_BYTES 16384

enum { OURS, THEIRS, DEVICES };

static int fd[DEVICES];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void interrupts(int f)
{
	struct edu_raise raise = { .bits = 0x10 };

	for (int i = 0; i < RAISES; i++)
		if (ioctl(f, EDU_IOC_RAISE, &raise))
			fail("raise");
}

static void dma(int f, uint32_t direction)
{
	static uint8_t bytes[DMA_BYTES];
	struct edu_dma d = { .user = (uintptr_t)bytes,
			     .length = sizeof(bytes),
			     .direction = direction };

	if (ioctl(f, EDU_IOC_DMA, &d))
		fail("DMA");
}

static void to_device(int f)
{
	dma(f, EDU_TO_DEVICE);
}

static void from_device(int f)
{
	dma(f, EDU_FROM_DEVICE);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(const char *name, const char *unit, void (*work)(int), double amount,
		    int blocks)
{
	double rate[DEVICES][BLOCKS];

	for (int i = 0; i < blocks; i++) {
		for (int k = 0; k < DEVICES; k++) {
			int device = i % 2 ? DEVICES - 1 - k : k;
			double start = now();

			work(fd[device]);
			rate[device][i] = amount / (now() - start);
		}
	}
	for (int k = 0; k < DEVICES; k++)
		qsort(rate[k], (size_t)blocks, sizeof(double), by_value);
	printf("%s %.1f %s edu %.1f\n", name, rate[OURS][blocks / 2], unit,
	       rate[THEIRS][blocks / 2]);
}

int main(void)
{
	fd[OURS] = fd[THEIRS] = -1;
	for (int n = 0; n < DEVICES; n++) {
		struct edu_info info;
		char path[16];
		int f;

		snprintf(path, sizeof(path), "/dev/edu%d", n);
		f = open(path, O_RDWR);
		if (f < 0 || ioctl(f, EDU_IOC_INFO, &info))
			fail(path);
		fd[info.extended ? OURS : THEIRS] = f;
	}
	if (fd[OURS] < 0 || fd[THEIRS] < 0) {
		fputs("edu: it takes one of each\n", stderr);
		return 1;
	}
	measure("edu_interrupts", "1/s", interrupts, RAISES, BLOCKS);
	measure("edu_dma_to_device", "kB/s", to_device, DMA_BYTES / 1000.0, DMA_BLOCKS);
	measure("edu_dma_from_device", "kB/s", from_device, DMA_BYTES / 1000.0, DMA_BLOCKS);
	return 0;
}
