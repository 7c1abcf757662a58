// SPDX-License-Identifier: BSD-2-Clause
/* DMA by way of the kernel's DMA API, and what becomes of DMA that must not be. */
#include "probe.h"

/* The device's maximum: what DATA holds. */
#define MAXIMUM 2048
#define PAGE 4096

/* Odd ones too; the driver's area is two pages, of which all of this fits. */
static const uint32_t lengths[] = { 1, 2, 3, 4, 5, 31, 64, 255, 1024, 1025, 2047, MAXIMUM };

static uint8_t pattern(unsigned int i, unsigned int seed)
{
	return (uint8_t)(i * 7 + (i >> 8) * 3 + seed);
}

static void set_data(int fd, unsigned int seed)
{
	for (unsigned int i = 0; i < MAXIMUM; i += 4)
		put(fd, PROBE_DATA(i / 4),
		    pattern(i, seed) | pattern(i + 1, seed) << 8 | pattern(i + 2, seed) << 16 |
			    (uint32_t)pattern(i + 3, seed) << 24);
}

static uint8_t data_byte(int fd, unsigned int i)
{
	return (uint8_t)(get(fd, PROBE_DATA(i / 4)) >> i % 4 * 8);
}

static void move(int fd, struct probe_dma *dma)
{
	CHECK_EQ(ioctl(fd, PROBE_IOC_DMA, dma), 0);
	CHECK_EQ(dma->error, 0);
}

/* The device reads what we have written. */
static void check_fetch(int fd, uint32_t offset, uint32_t length, bool scattered)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = {
		.area = (uintptr_t)area,
		.offset = offset,
		.length = length,
		.direction = PROBE_FETCH,
		.scattered = scattered,
	};
	unsigned int seed = offset + length;
	uint8_t behind = length < MAXIMUM ? data_byte(fd, length) : 0;

	for (unsigned int i = 0; i < PROBE_AREA; i++)
		area[i] = i - offset < length ? pattern(i - offset, seed) : 0xee;
	move(fd, &dma);
	for (unsigned int i = 0; i < length; i += i % 4 || i + 4 > length ? 1 : 4) {
		uint32_t value = get(fd, PROBE_DATA(i / 4));

		for (unsigned int at = i; at < i / 4 * 4 + 4 && at < length; at++)
			CHECK_EQ((uint8_t)(value >> at % 4 * 8), pattern(at, seed));
	}
	if (length < MAXIMUM)
		CHECK_EQ(data_byte(fd, length), behind);
}

/* The device writes what its registers hold, and nothing besides. */
static void check_store(int fd, uint32_t offset, uint32_t length, bool scattered)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = {
		.area = (uintptr_t)area,
		.offset = offset,
		.length = length,
		.direction = PROBE_STORE,
		.scattered = scattered,
	};

	memset(area, 0xee, sizeof(area));
	move(fd, &dma);
	for (unsigned int i = 0; i < PROBE_AREA; i++)
		if (area[i] != (i - offset < length ? pattern(i - offset, 9) : 0xee)) {
			note("byte %u of %u at %u is 0x%02x", i, length, offset, area[i]);
			CHECK(false);
		}
}

/* At the area's beginning and end, odd, up to a page's end, across it. */
static void each_place(int fd, void (*check)(int, uint32_t, uint32_t, bool))
{
	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++) {
		uint32_t length = lengths[i];
		const uint32_t places[] = { 0,	      1,    PAGE - length,	PAGE - length / 2,
					    PAGE - 1, PAGE, PROBE_AREA - length };

		for (size_t at = 0; at < KTAP_LENGTH(places); at++)
			if (places[at] <= PROBE_AREA - length)
				check(fd, places[at], length, false);
	}
}

static void fetch_with(const char *parameters)
{
	each_place(probe_start(parameters), check_fetch);
}

static void store_with(const char *parameters)
{
	int fd = probe_start(parameters);

	set_data(fd, 9);
	each_place(fd, check_store);
}

static void fetch_intx(void)
{
	fetch_with("irq=intx");
}

static void fetch_messages(void)
{
	fetch_with("irq=auto");
}

static void store_intx(void)
{
	store_with("irq=intx");
}

static void store_messages(void)
{
	store_with("irq=auto");
}

/* Two pages that are apart in memory, and neighbours on the bus: an IOMMU's work. */
static void scattered(void)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = {
		.area = (uintptr_t)area,
		.offset = PAGE - 10,
		.length = 20,
		.direction = PROBE_FETCH,
		.scattered = 1,
	};
	int fd = probe_start("irq=auto");

	if (ioctl(fd, PROBE_IOC_DMA, &dma) && errno == EOPNOTSUPP)
		skip("nothing here makes one range of two pages: run with --iommu");
	set_data(fd, 9);
	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++) {
		uint32_t length = lengths[i];

		if (length < 2)
			continue;
		check_store(fd, PAGE - length / 2, length, true);
		check_store(fd, PAGE - 1, length, true);
	}
	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++)
		if (lengths[i] > 1)
			check_fetch(fd, PAGE - lengths[i] / 2, lengths[i], true);
}

/* The driver does not ask for more than the device can do. */
static void too_long(void)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = { .area = (uintptr_t)area, .direction = PROBE_STORE };
	int fd = probe_start("irq=auto");

	dma.length = MAXIMUM + 1;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_DMA, &dma), EINVAL);
	dma.length = 0;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_DMA, &dma), EINVAL);
	dma.length = 2;
	dma.offset = PROBE_AREA - 1;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_DMA, &dma), EINVAL);
	dma.area = 0;
	dma.offset = 0;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_DMA, &dma), EFAULT);
}

/* Where nothing is, with an IOMMU or without: above all memory, and in no domain. */
static const uint64_t nowhere[] = { 0x7000000000, 0xfffffffffffff000, 0x00ff000000000001 };

static void bad_with(const char *parameters)
{
	int fd = probe_start(parameters), config = config_open();

	config_set(config, STATUS, 2, STATUS_MASTER_ABORT);
	for (size_t i = 0; i < KTAP_LENGTH(nowhere); i++) {
		uint32_t errors = count_of(fd, PROBE_IRQ_ERROR);

		CHECK_EQ(config_get(config, STATUS, 2) & STATUS_MASTER_ABORT, 0);
		set_data(fd, 9);
		put_halves(fd, PROBE_ADDRESS, nowhere[i]);
		put(fd, PROBE_LENGTH, 64);
		put(fd, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
		await(fd, PROBE_IRQ_ERROR, errors + 1);
		CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
		/* All-ones for what nobody has answered; the rest is as it was. */
		for (unsigned int at = 0; at < 64; at += 4)
			CHECK_EQ(get(fd, PROBE_DATA(at / 4)), 0xffffffff);
		CHECK_EQ(data_byte(fd, 64), pattern(64, 9));
		CHECK(config_get(config, STATUS, 2) & STATUS_MASTER_ABORT);
		config_set(config, STATUS, 2, STATUS_MASTER_ABORT);

		put(fd, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
		await(fd, PROBE_IRQ_ERROR, errors + 2);
		CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
		CHECK(config_get(config, STATUS, 2) & STATUS_MASTER_ABORT);
		config_set(config, STATUS, 2, STATUS_MASTER_ABORT);
	}
	/* And nothing is broken by it. */
	CHECK_EQ(count_of(fd, PROBE_IRQ_DMA), 0);
	check_fetch(fd, PAGE - 8, 16, false);
}

static void bad_address_intx(void)
{
	bad_with("irq=intx");
}

static void bad_address_messages(void)
{
	bad_with("irq=auto");
}

/*
 * Where memory below 4 GiB ends, as the firmware has said: behind it is a gap
 * before the PCI bus's own addresses. 0: not to be seen.
 */
static uint64_t end_of_memory(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long first, last;
	uint64_t end = 0;
	char line[256];

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == ' ' || sscanf(line, "%llx-%llx", &first, &last) != 2)
			continue;
		/* The last RAM, and what the firmware has taken of it at its end. */
		if (last < 0xc0000000 &&
		    (strstr(line, "System RAM") ||
		     (end && first == end && (strstr(line, "Reserved") || strstr(line, "ACPI")))))
			end = last + 1;
	}
	fclose(file);
	return end;
}

/* Half of it is memory: an error, and all-ones where nobody has answered. */
static void half_bad(void)
{
	uint64_t end = end_of_memory();
	char text[16];
	int fd;

	if (!shell("ls /sys/class/iommu | grep -q .", text, sizeof(text)))
		skip("an IOMMU stands before memory's end: run without --iommu");
	if (!end)
		skip("/proc/iomem does not tell where memory ends");
	note("memory ends at 0x%llx", (unsigned long long)end);
	fd = probe_start("irq=auto");
	set_data(fd, 9);
	put_halves(fd, PROBE_ADDRESS, end - 8);
	put(fd, PROBE_LENGTH, 8);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	await(fd, PROBE_IRQ_DMA, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), 0);
	put(fd, PROBE_LENGTH, 16);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	await(fd, PROBE_IRQ_ERROR, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
	CHECK_EQ(get(fd, PROBE_DATA(2)), 0xffffffff);
	CHECK_EQ(get(fd, PROBE_DATA(3)), 0xffffffff);
	CHECK_EQ(data_byte(fd, 16), pattern(16, 9));
}

/* A range that is none: no length, or around the end of all addresses. */
static void no_range(void)
{
	int fd = probe_start("irq=auto");

	put_halves(fd, PROBE_ADDRESS, 0x1000);
	put(fd, PROBE_LENGTH, 0);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	await(fd, PROBE_IRQ_ERROR, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), EINVAL);
	put_halves(fd, PROBE_ADDRESS, UINT64_MAX - 7);
	put(fd, PROBE_LENGTH, 16);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	await(fd, PROBE_IRQ_ERROR, 2);
	CHECK_EQ(get(fd, PROBE_ERRNO), EINVAL);
	check_fetch(fd, 0, 16, false);
}

/* The device's own registers cannot be reached by its DMA. */
static void own_registers(void)
{
	int fd = probe_start("irq=auto"), config = config_open();
	uint64_t bar = config_get(config, 0x10, 4) & ~0xfu;

	put_halves(fd, PROBE_ADDRESS, bar + PROBE_SCRATCH);
	put(fd, PROBE_SCRATCH, 0x5c5c5c5c);
	put(fd, PROBE_DATA(0), 0x12345678);
	put(fd, PROBE_LENGTH, 4);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	await(fd, PROBE_IRQ_ERROR, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
	CHECK_EQ(get(fd, PROBE_SCRATCH), 0x5c5c5c5c);
	config_set(config, STATUS, 2, STATUS_MASTER_ABORT);
}

/* Bus mastering off: nothing moves, and the device says why. On again, it does. */
static void without_mastering(void)
{
	int fd = probe_start("irq=intx"), config = config_open();
	uint32_t fetch, store, ones, command = config_get(config, COMMAND, 2);

	CHECK(command & COMMAND_MASTER);
	set_data(fd, 9);
	put_halves(fd, PROBE_ADDRESS, 0x1000);
	put(fd, PROBE_LENGTH, 4);
	command_clear(config, COMMAND_MASTER);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	fetch = get(fd, PROBE_ERRNO);
	ones = get(fd, PROBE_DATA(0));
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_STORE);
	store = get(fd, PROBE_ERRNO);
	config_set(config, COMMAND, 2, command);
	CHECK_EQ(fetch, EPERM);
	CHECK_EQ(ones, 0xffffffff);
	CHECK_EQ(store, EPERM);
	CHECK_EQ(config_get(config, STATUS, 2) & STATUS_MASTER_ABORT, 0);
	check_fetch(fd, 0, 16, false);
	CHECK_EQ(count_of(fd, PROBE_IRQ_DMA), 1);
}

/* An IOMMU's driver reports DMA to where nothing is mapped. */
static void iommu_reports_it(void)
{
	int fd = probe_start("irq=auto");
	char text[4096], command[160];
	struct probe_pci pci = probe_pci();

	if (shell("ls /sys/class/iommu | grep -q .", text, sizeof(text)))
		skip("there is no IOMMU: run with --iommu");
	if (!shell("grep -q ersatz.backend=vfio-user /proc/cmdline", text, sizeof(text)))
		skip("the vfio-user transport: DMA to an unmapped address never reaches the IOMMU");
	must("dmesg -c >/dev/null");
	put_halves(fd, PROBE_ADDRESS, 0x1234567000);
	put(fd, PROBE_LENGTH, 4);
	put(fd, PROBE_DMA, PROBE_DMA_COMMAND_FETCH);
	await(fd, PROBE_IRQ_ERROR, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
	/* "DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0x1234567000" */
	snprintf(command, sizeof(command), "dmesg | grep -i '%s.*fault addr 0x1234567000'",
		 pci.slot + 5);
	WAIT_FOR(!shell(command, text, sizeof(text)));
	note("%.*s", (int)strcspn(text, "\n"), text);
}

static const struct ktap_case cases[] = {
	/* First: the kernel reports ten in five seconds, and others cause more. */
	{ "iommu_reports_it", iommu_reports_it },
	{ "fetch_intx", fetch_intx },
	{ "fetch_messages", fetch_messages },
	{ "store_intx", store_intx },
	{ "store_messages", store_messages },
	{ "scattered", scattered },
	{ "too_long", too_long },
	{ "bad_address_intx", bad_address_intx },
	{ "bad_address_messages", bad_address_messages },
	{ "half_bad", half_bad },
	{ "no_range", no_range },
	{ "own_registers", own_registers },
	{ "without_mastering", without_mastering },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
