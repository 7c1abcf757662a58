// SPDX-License-Identifier: BSD-2-Clause
/*
 * Drivers in user space, as others write them for this device: they map resource0, poll, and
 * know nothing of ours. The kernel's driver is let go of while they run.
 */
#include "edu.h"

#define MAPPING (1u << 20)

struct foreign {
	char slot[32];
	volatile uint8_t *regs;
	int config;
};

static uint32_t get(const struct foreign *f, uint32_t at)
{
	return *(volatile uint32_t *)(f->regs + at);
}

static void put(const struct foreign *f, uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(f->regs + at) = value;
}

static void put_low(const struct foreign *f, uint32_t at, uint64_t value)
{
	put(f, at, (uint32_t)value);
}

static uint64_t get64(const struct foreign *f, uint32_t at)
{
	return *(volatile uint64_t *)(f->regs + at);
}

static void put64(const struct foreign *f, uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(f->regs + at) = value;
}

/* Memory on, bus mastering as asked. */
static void command(const struct foreign *f, uint16_t value)
{
	CHECK_EQ(pwrite(f->config, &value, 2, 0x04), 2);
}

/* The n-th device by its ids, without its driver. */
static struct foreign start(unsigned int n)
{
	struct foreign f = { .slot = "" };
	char line[128], path[96];
	int fd;

	must("modprobe -r ersatz_edu");
	snprintf(line, sizeof(line),
		 "grep -l 0x11e8 /sys/bus/pci/devices/*/device | sed -n %up | cut -d/ -f6", n + 1);
	CHECK_EQ(shell(line, f.slot, sizeof(f.slot)), 0);
	f.slot[strcspn(f.slot, "\n")] = 0;
	CHECK(*f.slot);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", f.slot);
	f.config = open(path, O_RDWR | O_CLOEXEC);
	CHECK(f.config >= 0);
	command(&f, 0x0006);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", f.slot);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	CHECK(fd >= 0);
	f.regs = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(f.regs != MAP_FAILED);
	close(fd);
	return f;
}

static void quiet(struct foreign *f)
{
	command(f, 0x0002);
	put(f, 0x20, 0);
	put(f, 0x64, 0xffffffff);
	munmap((void *)f->regs, MAPPING);
	close(f->config);
}

/* The driver takes over, and the kernel takes away what anybody else has mapped of it. */
static void stop(struct foreign *f)
{
	quiet(f);
	edu_load("");
}

static unsigned int devices(void)
{
	char text[16];

	CHECK_EQ(shell("grep -l 0x11e8 /sys/bus/pci/devices/*/device | wc -l", text, sizeof(text)),
		 0);
	return (unsigned int)strtoul(text, NULL, 10);
}

static void compute(const struct foreign *f, uint32_t n, uint32_t result)
{
	put(f, 0x08, n);
	while (get(f, 0x20) & 0x01)
		;
	CHECK_EQ(get(f, 0x08), result);
}

static void polls_registers(void)
{
	unsigned int n;

	for (n = 0; n < devices(); n++) {
		struct foreign f = start(n);

		CHECK_EQ(get(&f, 0x00), 0x010000ed);
		put(&f, 0x04, 0xdeadbeef);
		CHECK_EQ(get(&f, 0x04), 0x21524110);
		compute(&f, 10, 3628800);
		put(&f, 0x20, 0x80);
		compute(&f, 3, 6);
		/* The original sets the one before the other. */
		WAIT_FOR(get(&f, 0x24) == 1);
		put(&f, 0x64, 1);
		CHECK_EQ(get(&f, 0x24), 0);
		stop(&f);
	}
}

static void transfer(const struct foreign *f, uint64_t src, uint64_t dst, uint64_t count,
		     uint64_t cmd)
{
	put64(f, 0x80, src);
	put64(f, 0x88, dst);
	put64(f, 0x90, count);
	put64(f, 0x98, cmd | 1);
	WAIT_FOR(!(get64(f, 0x98) & 1));
}

/* Locked memory at an address that the DMA engine can reach, as drivers in user space find it. */
static uint8_t *low_page(uint64_t *ret_address)
{
	enum { PAGES = 4096 };
	uint8_t *pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED, -1, 0);
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	size_t i;

	CHECK(pages != MAP_FAILED);
	CHECK(map >= 0);
	for (i = 0; i < PAGES; i++) {
		CHECK_EQ(pread(map, &entry, 8, ((uintptr_t)pages / 4096 + i) * 8), 8);
		CHECK(entry >> 63);
		*ret_address = (entry & ((UINT64_C(1) << 55) - 1)) * 4096;
		CHECK(*ret_address);
		if (*ret_address < UINT64_C(1) << 28)
			break;
	}
	close(map);
	if (i == PAGES)
		skip("all memory to be had is above 256 MiB");
	return pages + i * 4096;
}

/* There and back, the registers written in 4 bytes or in 8; the interrupt asked for, and polled. */
static void transfers(void)
{
	uint8_t *page, want[1000];
	uint64_t address;
	char text[64];
	unsigned int n, width;

	if (!shell("ls /sys/class/iommu | grep .", text, sizeof(text)))
		skip("an IOMMU knows nothing of a program's memory");
	page = low_page(&address);
	for (n = 0; n < devices(); n++) {
		struct foreign f = start(n);

		for (width = 4; width <= 8; width += 4) {
			void (*set)(const struct foreign *, uint32_t, uint64_t) =
				width == 8 ? put64 : put_low;

			fill(want, sizeof(want), width + n);
			memcpy(page + 3, want, sizeof(want));
			set(&f, 0x80, address + 3);
			set(&f, 0x88, 0x40000 + 17);
			set(&f, 0x90, sizeof(want));
			set(&f, 0x98, 0x1 | 0x4);
			CHECK_EQ(get(&f, 0x80), address + 3);
			WAIT_FOR(!(get(&f, 0x98) & 1));
			WAIT_FOR(get(&f, 0x24) == 0x100);
			put(&f, 0x64, 0x100);
			CHECK_EQ(get(&f, 0x24), 0);
			memset(page, 0xee, 4096);
			set(&f, 0x80, 0x40000 + 17);
			set(&f, 0x88, address + 1000);
			set(&f, 0x98, 0x1 | 0x2);
			WAIT_FOR(!(get64(&f, 0x98) & 1));
			CHECK(!memcmp(page + 1000, want, sizeof(want)));
			CHECK_EQ(page[999], 0xee);
			CHECK_EQ(page[2000], 0xee);
			CHECK_EQ(get(&f, 0x24), 0);
		}
		stop(&f);
	}
}

/* Bus mastering off, an address too many: the device is as before. */
static void refused_transfers(void)
{
	struct foreign f;
	unsigned int n;

	for (n = 0; n < devices(); n++) {
		f = start(n);
		if (get(&f, 0xa4) == 0x2b756465)
			break;
		stop(&f);
	}
	if (n == devices())
		skip("no device of ours");
	command(&f, 0x0002);
	transfer(&f, 0x1000, 0x40000, 16, 0);
	CHECK_EQ(get(&f, 0xa0), 2);
	command(&f, 0x0006);
	transfer(&f, 0x1000, 0x40000, 4097, 4);
	CHECK_EQ(get(&f, 0xa0), 1);
	CHECK_EQ(get(&f, 0x24), 0x100);
	transfer(&f, 0x1000, 0x40000, 0, 0);
	CHECK_EQ(get(&f, 0xa0), 0);
	put(&f, 0xa8, 1);
	CHECK_EQ(get(&f, 0x24), 0);
	stop(&f);
}

/*
 * With an IOMMU: nobody has given the device that address. The transfer is refused, the
 * device says so, and so does the kernel, naming the device.
 */
static void stray_access_is_caught(void)
{
	struct foreign f;
	unsigned int n;
	char line[160], text[1024];

	if (shell("ls /sys/class/iommu | grep .", text, sizeof(text)))
		skip("no IOMMU: --iommu");
	for (n = 0; n < devices(); n++) {
		f = start(n);
		if (get(&f, 0xa4) == 0x2b756465)
			break;
		stop(&f);
	}
	if (n == devices())
		skip("no device of ours");
	transfer(&f, 0x5555000, 0x40000, 64, 0);
	CHECK_EQ(get(&f, 0xa0), 3);
	transfer(&f, 0x40000, 0x6666000, 64, 2);
	CHECK_EQ(get(&f, 0xa0), 3);
	/* Received Master Abort. */
	CHECK_EQ(pread(f.config, text, 2, 0x06), 2);
	CHECK(text[1] & 0x20);
	/* Behind a vfio-user client it is the client that has said no, and the IOMMU was not asked. */
	file_read("/proc/cmdline", text, sizeof(text));
	if (!strstr(text, "ersatz.backend=qemu")) {
		stop(&f);
		return;
	}
	snprintf(line, sizeof(line), "dmesg | grep -i 'DMAR.*%s' | tail -n 4", f.slot + 5);
	CHECK_EQ(shell(line, text, sizeof(text)), 0);
	note("%s", text);
	CHECK(strstr(text, "5555000"));
	CHECK(strstr(text, "6666000"));
	stop(&f);
	check_works(edu_open(edu_ours()));
}

/* ---- both, side by side ---- */

/* The same accesses to both; what they answer is the same, too. */
static void both_are_the_same(void)
{
	static const uint32_t places[] = { 0x00, 0x04, 0x08, 0x20, 0x24, 0x60, 0x64,  0x80,   0x84,
					   0x88, 0x90, 0x94, 0x98, 0x9c, 0x0c, 0x100, 0x40000 };
	struct foreign f[2];
	uint32_t seed = 1, i, at;

	if (devices() < 2)
		skip("one edu only: --qemu-arg -device --qemu-arg edu,addr=6");
	f[0] = start(0);
	f[1] = start(1);
	for (i = 0; i < 2; i++) {
		put(&f[i], 0x20, 0);
		put(&f[i], 0x04, 0);
		compute(&f[i], 0, 1);
		put(&f[i], 0x64, 0xffffffff);
		transfer(&f[i], 0, 0x40000, 0, 0);
	}
	for (i = 0; i < 20000; i++) {
		seed = seed * 1664525u + 1013904223u;
		at = places[(seed >> 16) % KTAP_LENGTH(places)];
		if (seed & 1u << 31) {
			CHECK_EQ(get(&f[0], at), get(&f[1], at));
			if (!(at & 7))
				CHECK(get64(&f[0], at) == get64(&f[1], at));
			continue;
		}
		/* Not what takes time. */
		if (at == 0x08 || at == 0x98)
			continue;
		put(&f[0], at, seed);
		put(&f[1], at, seed);
		if (at >= 0x80 && !(at & 7)) {
			put64(&f[0], at, seed * 0x100000001ull);
			put64(&f[1], at, seed * 0x100000001ull);
		}
	}
	for (i = 0; i < 40; i++) {
		put(&f[0], 0x20, 0);
		put(&f[1], 0x20, 0);
		put(&f[0], 0x08, i);
		put(&f[1], 0x08, i);
		WAIT_FOR(!(get(&f[0], 0x20) & 1) && !(get(&f[1], 0x20) & 1));
		CHECK_EQ(get(&f[0], 0x08), get(&f[1], 0x08));
	}
	quiet(&f[1]);
	stop(&f[0]);
}

static const struct ktap_case cases[] = {
	{ "polls_registers", polls_registers },
	{ "transfers", transfers },
	{ "refused_transfers", refused_transfers },
	{ "stray_access_is_caught", stray_access_is_caught },
	{ "both_are_the_same", both_are_the_same },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
