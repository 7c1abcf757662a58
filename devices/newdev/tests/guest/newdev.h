/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest tests of newdev share: the device as its users see it, and as the PCI core does. */
#ifndef NEWDEV_H
#define NEWDEV_H

#define KTAP_TIMEOUT 120
#include <ersatz/ktap.h>

#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../../linux/newdev_ioctl.h"
#include "newdev_spec.h"

#define NEWDEV_DEV "/dev/newdev0"
#define NEWDEV_PROC "/proc/newdevice"
#define NEWDEV_SYS "/sys/class/misc/newdev0/"
#define NEWDEV_BUS "/sys/bus/pci/drivers/newdev/"
#define MEMORY (2u << 20)

static inline int newdev_open(int flags)
{
	int fd = open(NEWDEV_DEV, flags | O_CLOEXEC);

	if (fd < 0)
		note("%s: %s", NEWDEV_DEV, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

/* The module anew, with these parameters; the device's memory is empty then. */
static inline void newdev_load(const char *parameters)
{
	char line[256];

	if (file_exists("/sys/module/newdev"))
		must("modprobe -r newdev");
	snprintf(line, sizeof(line), "modprobe newdev %s", parameters);
	must(line);
	WAIT_FOR(file_exists(NEWDEV_DEV));
	close(newdev_open(O_WRONLY | O_TRUNC));
}

static inline struct newdev_info newdev_info(int fd)
{
	struct newdev_info info;

	CHECK_EQ(ioctl(fd, NEWDEV_IOC_INFO, &info), 0);
	return info;
}

static inline void newdev_mode(int fd, uint32_t mode)
{
	CHECK_EQ(ioctl(fd, NEWDEV_IOC_MODE, &mode), 0);
}

static inline void newdev_follow(int fd)
{
	uint32_t on = 1;

	CHECK_EQ(ioctl(fd, NEWDEV_IOC_FOLLOW, &on), 0);
}

static inline int newdev_raise(int fd, uint32_t source)
{
	return ioctl(fd, NEWDEV_IOC_RAISE, &source);
}

/* Until the source's count is another than this one, in 5 s. */
static inline uint32_t newdev_await(int fd, uint32_t source, uint32_t count)
{
	struct newdev_wait wait = { .source = source, .count = count, .timeout_ms = 5000 };

	CHECK_EQ(ioctl(fd, NEWDEV_IOC_WAIT, &wait), 0);
	return wait.count;
}

static inline void newdev_delay(const char *microseconds)
{
	CHECK_EQ(file_write(NEWDEV_SYS "delay_us", microseconds), 0);
}

/* All of it, in as many calls as it takes. */
static inline void write_all(int fd, const void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);

		CHECK(n > 0);
		done += n;
	}
}

static inline void read_all(int fd, void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		CHECK(n > 0);
		done += n;
	}
}

static inline void fill(uint8_t *at, size_t len, uint32_t seed)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < len; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		at[i] = x >> 56;
	}
}

/* Pages with nothing behind them. */
static inline uint8_t *pages(size_t bytes)
{
	size_t len = (bytes + 4095) / 4096 * 4096;
	uint8_t *at =
		mmap(NULL, len + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK_EQ(mprotect(at + len, 4096, PROT_NONE), 0);
	return at;
}

/* ---- the device, as the PCI core sees it ---- */

struct newdev_pci {
	char slot[32]; /* "0000:00:04.0" */
	char path[128]; /* /sys/bus/pci/devices/SLOT */
};

/* The one with this number, by its node; or, without a driver, the first. */
static inline struct newdev_pci newdev_pci(unsigned int number)
{
	char link[PATH_MAX], target[PATH_MAX], text[16];
	struct newdev_pci pci;

	snprintf(link, sizeof(link), "/sys/class/misc/newdev%u/device", number);
	if (realpath(link, target)) {
		snprintf(pci.slot, sizeof(pci.slot), "%s", strrchr(target, '/') + 1);
		snprintf(pci.path, sizeof(pci.path), "/sys/bus/pci/devices/%s", pci.slot);
		return pci;
	}
	glob_t found;
	bool is_it = false;

	CHECK_EQ(glob("/sys/bus/pci/devices/*", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc && !is_it; i++) {
		snprintf(pci.path, sizeof(pci.path), "%s", found.gl_pathv[i]);
		snprintf(pci.slot, sizeof(pci.slot), "%s", strrchr(pci.path, '/') + 1);
		snprintf(link, sizeof(link), "%s/vendor", pci.path);
		file_read(link, text, sizeof(text));
		is_it = !strcmp(text, "0x1337");
	}
	globfree(&found);
	CHECK(is_it);
	return pci;
}

static inline int newdev_pci_write(const struct newdev_pci *pci, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", pci->path, name);
	return file_write(path, text);
}

static inline int newdev_config(const struct newdev_pci *pci)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/config", pci->path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

#define COMMAND 0x04
#define COMMAND_IO 0x1
#define COMMAND_MEMORY 0x2
#define COMMAND_MASTER 0x4

static inline bool backend_is(const char *name)
{
	char text[2048], word[64];

	file_read("/proc/cmdline", text, sizeof(text));
	snprintf(word, sizeof(word), "ersatz.backend=%s", name);
	return strstr(text, word) != NULL;
}

static inline bool has_iommu(void)
{
	glob_t found;
	int none = glob("/sys/class/iommu/*", 0, NULL, &found);

	if (!none)
		globfree(&found);
	return !none;
}

#endif
