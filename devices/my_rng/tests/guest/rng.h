/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of my_rng share: the device as its users see it, as the PCI
 * core sees it, and glibc's own generator to compare with.
 */
#ifndef RNG_H
#define RNG_H

#include <ersatz/ktap.h>

#include <dirent.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../../linux/my_rng_ioctl.h"

#define RNG_NODE "my_rng_driver"
#define RNG_DEV "/dev/" RNG_NODE
#define RNG_CLASS "/sys/class/my_rng/"
#define RNG_BUS "/sys/bus/pci/drivers/my_rng/"

/* The device, as its users see it */

static inline int rng_open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		note("%s: %s", path, strerror(errno));
	CHECK(fd >= 0);
	return fd;
}

static inline int rng_open(void)
{
	return rng_open_node(RNG_DEV);
}

static inline void rng_seed(int fd, unsigned int seed)
{
	CHECK_EQ(ioctl(fd, MY_RNG_IOCTL_SEED, &seed), 0);
}

static inline unsigned int rng_rand(int fd)
{
	unsigned int number;

	CHECK_EQ(ioctl(fd, MY_RNG_IOCTL_RAND, &number), 0);
	return number;
}

/* Only the classic generator gives numbers that can be known beforehand. */
static inline void rng_needs_glibc(void)
{
	char algorithm[32];

	file_read(RNG_CLASS RNG_NODE "/algorithm", algorithm, sizeof(algorithm));
	if (strcmp(algorithm, "glibc"))
		skip("the device's algorithm is %s, not glibc", algorithm);
}

static inline unsigned int rng_count(void)
{
	unsigned int n = 0;
	DIR *dir = opendir(RNG_CLASS);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* The device, as the PCI core sees it: "0000:00:04.0" */

struct rng_pci {
	char slot[32];
	char path[128]; /* /sys/bus/pci/devices/SLOT */
};

static inline struct rng_pci rng_pci(const char *node)
{
	char link[PATH_MAX], target[PATH_MAX];
	struct rng_pci pci;

	snprintf(link, sizeof(link), RNG_CLASS "%s/device", node);
	CHECK(realpath(link, target) != NULL);
	CHECK(snprintf(pci.slot, sizeof(pci.slot), "%s", strrchr(target, '/') + 1) <
	      (int)sizeof(pci.slot));
	snprintf(pci.path, sizeof(pci.path), "/sys/bus/pci/devices/%s", pci.slot);
	return pci;
}

static inline int rng_pci_write(const struct rng_pci *pci, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", pci->path, name);
	return file_write(path, text);
}

static inline int rng_config_open(const struct rng_pci *pci)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/config", pci->path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static inline void rng_unbind(const struct rng_pci *pci)
{
	CHECK_EQ(file_write(RNG_BUS "unbind", pci->slot), 0);
}

static inline void rng_bind(const struct rng_pci *pci)
{
	CHECK_EQ(file_write(RNG_BUS "bind", pci->slot), 0);
}

/* glibc's generator, as srand() and rand() have it */

struct reference {
	struct random_data data;
	char state[128];
};

static inline void reference_seed(struct reference *reference, unsigned int seed)
{
	memset(reference, 0, sizeof(*reference));
	initstate_r(1, reference->state, sizeof(reference->state), &reference->data);
	srandom_r(seed, &reference->data);
}

static inline unsigned int reference_rand(struct reference *reference)
{
	int32_t number;

	random_r(&reference->data, &number);
	return number;
}

#endif
