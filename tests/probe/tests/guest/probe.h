/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the probe share: its driver, its registers, its place on the bus. */
#ifndef PROBE_H
#define PROBE_H

#include <ersatz/ktap.h>

#include <dirent.h>
#include <sys/ioctl.h>

#include "../../linux/probe_ioctl.h"
#include "probe_spec.h"

#define PROBE_DEV "/dev/probe0"
#define PROBE_BUS "/sys/bus/pci/drivers/probe/"

/* How long an interrupt may take that must come. */
#define AWAIT_MS 10000

#define ENABLED 0xfu /* every source that has a bit in IER */

/* ---- the driver ---- */

/* Loads it anew, with these parameters. */
static inline void probe_load(const char *parameters)
{
	char command[128];

	must("modprobe -r probe");
	snprintf(command, sizeof(command), "modprobe probe %s", parameters);
	must(command);
	WAIT_FOR(file_exists(PROBE_DEV));
}

static inline int probe_open(void)
{
	int fd = open(PROBE_DEV, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		note("%s: %s", PROBE_DEV, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

static inline int probe_start(const char *parameters)
{
	probe_load(parameters);
	return probe_open();
}

/* ---- registers, by the driver ---- */

static inline uint64_t get_at(int fd, uint32_t bar, uint64_t offset, uint32_t width)
{
	struct probe_access a = { .bar = bar, .width = width, .offset = offset };

	if (ioctl(fd, PROBE_IOC_READ, &a)) {
		note("read of %u bytes from BAR%u 0x%llx: %s", width, bar,
		     (unsigned long long)offset, strerror(errno));
		CHECK(false);
	}
	return a.value;
}

static inline void put_at(int fd, uint32_t bar, uint64_t offset, uint32_t width, uint64_t value)
{
	struct probe_access a = { bar, width, offset, value };

	if (ioctl(fd, PROBE_IOC_WRITE, &a)) {
		note("write of %u bytes to BAR%u 0x%llx: %s", width, bar,
		     (unsigned long long)offset, strerror(errno));
		CHECK(false);
	}
}

static inline uint32_t get(int fd, uint32_t reg)
{
	return (uint32_t)get_at(fd, PROBE_BAR_REGS, reg, 4);
}

static inline void put(int fd, uint32_t reg, uint32_t value)
{
	put_at(fd, PROBE_BAR_REGS, reg, 4, value);
}

/* A register of 64 bits that is accessed by halves. */
static inline uint64_t get_halves(int fd, uint32_t reg)
{
	uint64_t low = get(fd, reg);

	return low | (uint64_t)get(fd, reg + 4) << 32;
}

static inline void put_halves(int fd, uint32_t reg, uint64_t value)
{
	put(fd, reg, (uint32_t)value);
	put(fd, reg + 4, (uint32_t)(value >> 32));
}

/* ---- interrupts ---- */

static inline struct probe_counts probe_counts(int fd)
{
	struct probe_counts counts;

	CHECK_EQ(ioctl(fd, PROBE_IOC_COUNTS, &counts), 0);
	return counts;
}

static inline uint32_t count_of(int fd, uint32_t event)
{
	return probe_counts(fd).event[event];
}

/* Until the event has been counted `wanted` times; one time too often is wrong, too. */
static inline void await(int fd, uint32_t event, uint32_t wanted)
{
	uint32_t count = count_of(fd, event);

	while (count != wanted) {
		struct probe_wait wait = {
			.event = event,
			.count = count,
			.timeout_ms = AWAIT_MS,
		};

		if (ioctl(fd, PROBE_IOC_WAIT, &wait))
			note("waiting for event %u, counted %u times, to get to %u", event, count,
			     wanted);
		else
			errno = 0;
		CHECK_EQ(errno, 0);
		count = wait.count;
		CHECK((int32_t)(wanted - count) >= 0);
	}
}

/* Until the device's own clock has gone on by that much; it is the device that is asked. */
static inline void let_pass(int fd, uint64_t ns)
{
	uint64_t end = get_halves(fd, PROBE_NOW) + ns;

	while (get_halves(fd, PROBE_NOW) < end)
		;
}

/* ---- the device, as the PCI core sees it ---- */

#define COMMAND 0x04
#define COMMAND_IO 0x1
#define COMMAND_MEM 0x2
#define COMMAND_MASTER 0x4
#define COMMAND_INTX_DISABLE 0x400
#define STATUS 0x06
#define STATUS_INTERRUPT 0x0008
#define STATUS_MASTER_ABORT 0x2000

struct probe_pci {
	char slot[32]; /* "0000:00:02.0" */
	char path[64]; /* /sys/bus/pci/devices/SLOT */
};

static inline bool probe_is(const char *slot)
{
	char path[320], id[16];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", slot);
	file_read(path, id, sizeof(id));
	if (strtoul(id, NULL, 16) != PROBE_VENDOR_ID)
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", slot);
	file_read(path, id, sizeof(id));
	return strtoul(id, NULL, 16) == PROBE_DEVICE_ID;
}

/* The first one. */
static inline struct probe_pci probe_pci(void)
{
	struct probe_pci pci = { .slot = "" };
	struct dirent *entry;
	DIR *dir = opendir("/sys/bus/pci/devices");

	CHECK(dir != NULL);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !probe_is(entry->d_name))
			continue;
		if (!*pci.slot || strcmp(entry->d_name, pci.slot) < 0)
			snprintf(pci.slot, sizeof(pci.slot), "%.31s", entry->d_name);
	}
	closedir(dir);
	CHECK(*pci.slot);
	snprintf(pci.path, sizeof(pci.path), "/sys/bus/pci/devices/%s", pci.slot);
	return pci;
}

static inline int pci_write(const struct probe_pci *pci, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", pci->path, name);
	return file_write(path, text);
}

static inline int config_open(void)
{
	struct probe_pci pci = probe_pci();
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/config", pci.path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static inline void command_set(int fd, uint32_t bits)
{
	config_set(fd, COMMAND, 2, config_get(fd, COMMAND, 2) | bits);
}

static inline void command_clear(int fd, uint32_t bits)
{
	config_set(fd, COMMAND, 2, config_get(fd, COMMAND, 2) & ~bits);
}

/* The kernel's function reset, which is the way to D3hot and back. */
static inline void probe_reset(void)
{
	struct probe_pci pci = probe_pci();

	CHECK_EQ(pci_write(&pci, "reset", "1"), 0);
}

#endif
