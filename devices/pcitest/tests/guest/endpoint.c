/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The endpoint as any program sees it through sysfs: configuration space behind
 * a root port, memory in its BARs, a function level reset. What a driver sees is
 * for Linux's own one to say: see README.md.
 */
#include <ersatz/ktap.h>

#include <dirent.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BUS "/sys/bus/pci/devices/"

static char card[300];

static bool find(void)
{
	DIR *dir = opendir(BUS);
	struct dirent *entry;
	char path[300], ids[2][16];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), BUS "%.32s/vendor", entry->d_name);
		file_read(path, ids[0], sizeof(ids[0]));
		snprintf(path, sizeof(path), BUS "%.32s/device", entry->d_name);
		file_read(path, ids[1], sizeof(ids[1]));
		if (strcmp(ids[0], "0x104c") == 0 && strcmp(ids[1], "0xb500") == 0)
			snprintf(card, sizeof(card), BUS "%.32s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return card[0];
}

static int open_file(const char *name)
{
	char path[400];
	int fd;

	CHECK(card[0] || find());
	snprintf(path, sizeof(path), "%s/%s", card, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static uint32_t config(uint32_t at)
{
	int fd = open_file("config");
	uint32_t value = 0;

	CHECK_EQ(pread(fd, &value, sizeof(value), at), (ssize_t)sizeof(value));
	close(fd);
	return value;
}

static void decode(void)
{
	uint16_t command = 6; /* memory, bus mastering */
	int fd = open_file("config");

	CHECK_EQ(pwrite(fd, &command, sizeof(command), 4), 2);
	close(fd);
}

static volatile uint32_t *map(unsigned int bar, size_t *ret_size)
{
	char name[16];
	struct stat st;
	void *at;
	int fd;

	snprintf(name, sizeof(name), "resource%u", bar);
	fd = open_file(name);
	CHECK_EQ(fstat(fd, &st), 0);
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED);
	close(fd);
	*ret_size = (size_t)st.st_size;
	return at;
}

/* On q35 the card is behind a root port of its own; on a conventional bus 256 bytes is all there is. */
static void extended_capabilities(void)
{
	struct stat st;
	int fd = open_file("config");

	CHECK_EQ(fstat(fd, &st), 0);
	close(fd);
	if (st.st_size < 4096)
		skip("the slot has %lld bytes of configuration space", (long long)st.st_size);
	CHECK_EQ(config(0x100) & 0xffff, 0x0001);
	CHECK_EQ(config(0x148) & 0xffff, 0x0003);
	CHECK_EQ(config(0x14c), 0x747a0001);
	CHECK_EQ(config(0x150), 0x65727361);
}

static void memory_in_every_bar(void)
{
	static const size_t sizes[] = { 0x10000, 0x4000, 0x10000, 0x20000, 0x100000 };

	decode();
	for (unsigned int bar = 1; bar < 5; bar++) {
		volatile uint32_t *at;
		size_t size;

		at = map(bar, &size);
		CHECK_EQ(size, sizes[bar]);
		for (size_t i = 0; i < size / 4; i++)
			at[i] = (uint32_t)(bar << 24 | i);
		for (size_t i = 0; i < size / 4; i++) {
			if (at[i] != (bar << 24 | i))
				CHECK_EQ(at[i], bar << 24 | i);
		}
		munmap((void *)(uintptr_t)at, size);
	}
}

static void function_level_reset(void)
{
	volatile uint32_t *regs;
	char path[400];
	size_t size;

	if (!find())
		skip("there is no card");
	snprintf(path, sizeof(path), "%s/reset", card);
	decode();
	regs = map(0, &size);
	regs[0] = 0x12345678;
	CHECK_EQ(regs[0], 0x12345678);
	CHECK_EQ(file_write(path, "1"), 0);
	/* The kernel has put back what it needs of configuration space. */
	decode();
	CHECK_EQ(regs[0], 0);
	munmap((void *)(uintptr_t)regs, size);
}

static const struct ktap_case cases[] = {
	{ "extended_capabilities", extended_capabilities },
	{ "memory_in_every_bar", memory_in_every_bar },
	{ "function_level_reset", function_level_reset },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
