/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of edu share: its driver, its nodes, its place on the bus. */
#ifndef EDU_H
#define EDU_H

#define KTAP_TIMEOUT 120
#include <ersatz/ktap.h>

#include <dirent.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../../linux/edu_ioctl.h"

#define EDU_BUS "/sys/bus/pci/drivers/ersatz_edu/"

/* ---- the driver ---- */

static inline unsigned int edu_count(void)
{
	char path[32];
	unsigned int n = 0;

	for (; n < 8; n++) {
		snprintf(path, sizeof(path), "/dev/edu%u", n);
		if (!file_exists(path))
			break;
	}
	return n;
}

/* Loads it anew, with these parameters. */
static inline void edu_load(const char *parameters)
{
	char command[128];

	must("modprobe -r ersatz_edu");
	snprintf(command, sizeof(command), "modprobe ersatz_edu %s", parameters);
	must(command);
	WAIT_FOR(edu_count() > 0);
}

static inline int edu_open(unsigned int n)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/edu%u", n);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		note("%s: %s", path, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

static inline struct edu_info edu_info(int fd)
{
	struct edu_info info;

	CHECK_EQ(ioctl(fd, EDU_IOC_INFO, &info), 0);
	return info;
}

/* The first device that is ours; with a register more than the original's. */
static inline unsigned int edu_ours(void)
{
	unsigned int n, count = edu_count();

	for (n = 0; n < count; n++) {
		int fd = edu_open(n);
		bool ours = edu_info(fd).extended;

		close(fd);
		if (ours)
			return n;
	}
	skip("no device of ours");
}

/* Where it is: "0000:00:02.0". */
static inline void edu_slot(unsigned int n, char *ret_slot, size_t size)
{
	char command[64];

	snprintf(command, sizeof(command), "basename $(readlink -f /sys/class/misc/edu%u/device)",
		 n);
	CHECK_EQ(shell(command, ret_slot, size), 0);
	ret_slot[strcspn(ret_slot, "\n")] = 0;
}

/* ---- calls ---- */

static inline int dma(int fd, void *bytes, uint64_t length, uint32_t offset, uint32_t direction)
{
	struct edu_dma d = {
		.user = (uintptr_t)bytes, .length = length, .offset = offset, .direction = direction
	};

	return ioctl(fd, EDU_IOC_DMA, &d);
}

static inline uint32_t factorial(int fd, uint32_t n)
{
	struct edu_factorial f = { .n = n };

	CHECK_EQ(ioctl(fd, EDU_IOC_FACTORIAL, &f), 0);
	return f.result;
}

static inline void fill(uint8_t *bytes, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 31 + seed + i / 255);
}

/* Registers, a message or a line, DMA both ways. */
static inline void check_works(int fd)
{
	struct edu_liveness live = { .value = 0x0ff0abcd };
	struct edu_raise raise = { .bits = 0x40 };
	uint8_t sent[64], got[64];

	CHECK_EQ(ioctl(fd, EDU_IOC_LIVENESS, &live), 0);
	CHECK_EQ(live.value, 0xf00f5432);
	CHECK_EQ(factorial(fd, 10), 3628800);
	CHECK_EQ(ioctl(fd, EDU_IOC_RAISE, &raise), 0);
	fill(sent, sizeof(sent), (unsigned int)getpid());
	CHECK_EQ(dma(fd, sent, sizeof(sent), 7, EDU_TO_DEVICE), 0);
	CHECK_EQ(dma(fd, got, sizeof(got), 7, EDU_FROM_DEVICE), 0);
	CHECK(!memcmp(sent, got, sizeof(got)));
}

#endif
