// SPDX-License-Identifier: BSD-2-Clause
/*
 * Somebody else's driver: a program that knows only what was published, by its own
 * numbers, and reaches the device through the files that the kernel has of it; the
 * line interrupt through uio_pci_generic, the kernel's own driver for such.
 */
#include "newdev.h"

#include <sys/sysmacros.h>

enum { IRQ_PORT = 0, DMA_PORT = 4, STATUS_REGISTER = 0, ID_REGISTER = 4 };
#define RANDOM_BYTES 0x1ffffu
#define HUGE (2u << 20)

static struct newdev_pci pci;
static int ports, memory;
static volatile uint32_t *regs;

/* Our driver is not there. Each case has the device to itself, as it was at the start. */
static void take(void)
{
	char path[256];

	if (file_exists("/sys/module/uio_pci_generic"))
		must("modprobe -r uio_pci_generic");
	if (file_exists("/sys/module/newdev"))
		must("modprobe -r newdev");
	pci = newdev_pci(0);
	CHECK_EQ(newdev_pci_write(&pci, "reset_method", "pm"), 0);
	CHECK_EQ(newdev_pci_write(&pci, "reset", "1"), 0);
	CHECK_EQ(newdev_pci_write(&pci, "enable", "1"), 0);
	snprintf(path, sizeof(path), "%s/resource0", pci.path);
	ports = open(path, O_RDWR);
	CHECK(ports >= 0);
	snprintf(path, sizeof(path), "%s/resource1", pci.path);
	memory = open(path, O_RDWR);
	CHECK(memory >= 0);
	if (regs)
		munmap((void *)regs, 4096);
	regs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	CHECK(regs != MAP_FAILED);
}

static void out(uint32_t offset, uint32_t value, size_t width)
{
	CHECK_EQ(pwrite(ports, &value, width, offset), width);
}

static uint32_t in(uint32_t offset, size_t width)
{
	uint32_t value = 0;

	CHECK_EQ(pread(ports, &value, width, offset), width);
	return value;
}

static void identity(void)
{
	char text[256], line[128];

	take();
	snprintf(line, sizeof(line), "lspci -n -s %s", pci.slot);
	CHECK_EQ(shell(line, text, sizeof(text)), 0);
	CHECK(strstr(text, " 00ff: 1337:0001\n") != NULL);
	CHECK_EQ(regs[ID_REGISTER / 4], 0x1337);
	regs[ID_REGISTER / 4] = 0x12345678;
	CHECK_EQ(regs[ID_REGISTER / 4], 0x12345678);
}

static void interrupt_status(void)
{
	take();
	CHECK_EQ(in(IRQ_PORT, 4), 0);
	for (size_t width = 1; width <= 4; width *= 4) {
		out(IRQ_PORT, 0x42, width);
		CHECK_EQ(in(IRQ_PORT, 4), 1);
		CHECK_EQ(regs[STATUS_REGISTER / 4], 1);
		out(IRQ_PORT, 0, width);
		CHECK_EQ(in(IRQ_PORT, 4), 0);
		CHECK_EQ(regs[STATUS_REGISTER / 4], 0);
	}
}

/* Our driver has been there before: what it has switched on is off again, without a reset. */
static void the_rest_after_our_driver(void)
{
	char text[64];

	take();
	must("modprobe newdev");
	WAIT_FOR(file_exists(NEWDEV_PROC));
	must("printf 0123456789abcdef >" NEWDEV_PROC);
	CHECK_EQ(shell("newdev -m pio -n 4 read", text, sizeof(text)), 0);
	CHECK(!strcmp(text, "0123"));
	must("modprobe -r newdev");
	for (uint32_t at = 8; at < 16; at += 4)
		CHECK_EQ(in(at, 4), 0);
}

static void the_rest_is_zero(void)
{
	take();
	for (uint32_t at = 4; at < 16; at += 4) {
		CHECK_EQ(in(at, 4), 0);
		if (at > DMA_PORT)
			out(at, 0xffffffff, 4);
		CHECK_EQ(in(at, 4), 0);
	}
	for (uint32_t at = 8; at < 0x40; at += 4) {
		regs[at / 4] = 0xffffffff;
		CHECK_EQ(regs[at / 4], 0);
	}
}

/* The line, as the kernel's generic driver counts it, which masks it until we have cleared the cause. */
static void line_interrupts(void)
{
	char text[64], path[256], node[300];
	unsigned int major, minor;
	glob_t found;
	uint32_t count = 0, seen;
	int uio, config;

	take();
	if (shell("modprobe uio_pci_generic", text, sizeof(text)))
		skip("this kernel has no uio_pci_generic");
	must("echo 1337 0001 >/sys/bus/pci/drivers/uio_pci_generic/new_id");
	/* With several devices it has taken them all; ours is this one. */
	snprintf(path, sizeof(path), "%s/uio/*", pci.path);
	WAIT_FOR(!glob(path, 0, NULL, &found));
	snprintf(node, sizeof(node), "/dev/%s", strrchr(found.gl_pathv[0], '/') + 1);
	snprintf(path, sizeof(path), "%s/dev", found.gl_pathv[0]);
	globfree(&found);
	file_read(path, text, sizeof(text));
	CHECK_EQ(sscanf(text, "%u:%u", &major, &minor), 2);
	if (!file_exists(node))
		CHECK_EQ(mknod(node, S_IFCHR | 0600, makedev(major, minor)), 0);
	uio = open(node, O_RDWR);
	CHECK(uio >= 0);
	config = newdev_config(&pci);
	for (uint32_t i = 0; i < 50; i++) {
		struct pollfd ready = { .fd = uio, .events = POLLIN };

		out(IRQ_PORT, i + 1, i % 2 ? 1 : 4);
		CHECK_EQ(poll(&ready, 1, 5000), 1);
		CHECK_EQ(read(uio, &seen, sizeof(seen)), sizeof(seen));
		CHECK(!i || seen == count + 1);
		count = seen;
		/* Masked by the command register, pending by the status register: PCI 3.0, 6.2.2 and 6.2.3. */
		CHECK_EQ(config_get(config, 0x04, 2) & 0x400, 0x400);
		CHECK_EQ(config_get(config, 0x06, 2) & 0x8, 0x8);
		out(IRQ_PORT, 0, 1);
		CHECK_EQ(config_get(config, 0x06, 2) & 0x8, 0);
		config_set(config, 0x04, 2, config_get(config, 0x04, 2) & ~0x400u);
	}
	close(uio);
	must("echo 1337 0001 >/sys/bus/pci/drivers/uio_pci_generic/remove_id");
	must("modprobe -r uio_pci_generic");
}

/* Memory that is one piece for a device without an IOMMU. */
static uint8_t *huge_page(uint64_t *ret_address)
{
	uint64_t entry;
	uint8_t *at;
	int map;

	if (file_write("/proc/sys/vm/nr_hugepages", "1"))
		skip("this kernel has no huge pages");
	at = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (at == MAP_FAILED)
		skip("no huge page to be had");
	map = open("/proc/self/pagemap", O_RDONLY);
	CHECK(map >= 0);
	CHECK_EQ(pread(map, &entry, 8, (uintptr_t)at / 4096 * 8), 8);
	CHECK(entry >> 63);
	*ret_address = (entry & ((UINT64_C(1) << 55) - 1)) * 4096;
	CHECK(*ret_address && *ret_address + HUGE <= UINT32_MAX);
	return at;
}

static void give_back(uint8_t *page)
{
	munmap(page, HUGE);
	file_write("/proc/sys/vm/nr_hugepages", "0");
}

static void mastering(bool on)
{
	int config = newdev_config(&pci);
	uint32_t command = config_get(config, COMMAND, 2);

	config_set(config, COMMAND, 2, on ? command | COMMAND_MASTER : command & ~COMMAND_MASTER);
	close(config);
}

static uint32_t changed(const uint8_t *at, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += at[i] != 0xaa;
	return n;
}

static void random_bytes(void)
{
	const uint32_t offset = 0x1235;
	uint64_t address;
	uint8_t *page;
	uint32_t n;

	take();
	page = huge_page(&address);
	memset(page, 0xaa, HUGE);
	/* Nobody has allowed it yet. */
	mastering(false);
	out(DMA_PORT, address + offset, 4);
	CHECK_EQ(changed(page, HUGE), 0);
	CHECK_EQ(regs[NEWDEV_RANDOM_STATUS / 4], NEWDEV_RANDOM_STATUS_CODE_MASTER);
	mastering(true);
	out(DMA_PORT, address + offset, 4);
	if (has_iommu()) {
		/* It does not know that page: it catches the stray access. */
		CHECK_EQ(changed(page, HUGE), 0);
		CHECK_EQ(regs[NEWDEV_RANDOM_STATUS / 4], NEWDEV_RANDOM_STATUS_CODE_ADDRESS);
		give_back(page);
		return;
	}
	CHECK_EQ(regs[NEWDEV_RANDOM_STATUS / 4], NEWDEV_RANDOM_STATUS_CODE_NONE);
	/* There when the write is over: those bytes, and one in 256 is an 0xaa by chance. */
	CHECK_EQ(changed(page, offset), 0);
	CHECK_EQ(changed(page + offset + RANDOM_BYTES, HUGE - offset - RANDOM_BYTES), 0);
	n = changed(page + offset, RANDOM_BYTES);
	CHECK(n > RANDOM_BYTES - 1024 && n <= RANDOM_BYTES);
	give_back(page);
}

/* It has not been in our driver's way. */
static void and_ours_again(void)
{
	char text[64];

	must("modprobe newdev");
	WAIT_FOR(file_exists(NEWDEV_PROC));
	must("echo back > " NEWDEV_PROC);
	CHECK_EQ(shell("cat " NEWDEV_PROC, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "back\n"));
}

static const struct ktap_case cases[] = {
	{ "identity", identity },
	{ "interrupt_status", interrupt_status },
	{ "the_rest_is_zero", the_rest_is_zero },
	{ "the_rest_after_our_driver", the_rest_after_our_driver },
	{ "line_interrupts", line_interrupts },
	{ "random_bytes", random_bytes },
	{ "and_ours_again", and_ours_again },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
