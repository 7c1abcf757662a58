// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device below its driver: configuration space as a frozen interface,
 * registers by width, the BAR switched off, on, and moved.
 *
 * Mapping a BAR from user space needs the driver to let go of it first.
 */
#include "rng.h"
#include "my_rng_spec.h"

#define BAR_FLAGS 0xfu
#define COMMAND 0x04
#define COMMAND_MEM 0x2u
#define BAR0 0x10
#define FIRST_NUMBER 286129175
#define SECOND 1594929109
#define THIRD 971802288

/* An unbound device and its registers, mapped. */
struct bare {
	struct rng_pci pci;
	int config;
	volatile uint8_t *regs;
};

static uint32_t get32(const struct bare *bare, unsigned int offset)
{
	return *(volatile uint32_t *)(bare->regs + offset);
}

static uint64_t get64(const struct bare *bare, unsigned int offset)
{
	return *(volatile uint64_t *)(bare->regs + offset);
}

static void set32(const struct bare *bare, unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(bare->regs + offset) = value;
}

static struct bare bare_open(void)
{
	struct bare bare = { .pci = rng_pci(RNG_NODE) };
	char path[256];
	int fd;

	rng_unbind(&bare.pci);
	bare.config = rng_config_open(&bare.pci);
	/* Unbinding has counted it down; it still decodes, unless the kernel has its own mind. */
	config_set(bare.config, COMMAND, 2, config_get(bare.config, COMMAND, 2) | COMMAND_MEM);

	snprintf(path, sizeof(path), "%s/resource%d", bare.pci.path, MY_RNG_BAR_REGS);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	CHECK(fd >= 0);
	bare.regs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (bare.regs == MAP_FAILED)
		rng_bind(&bare.pci);
	CHECK(bare.regs != MAP_FAILED);
	return bare;
}

static void bare_close(struct bare *bare)
{
	munmap((void *)bare->regs, 4096);
	close(bare->config);
	rng_bind(&bare->pci);
}

/* Cases that need no guard of their own run between these two, so that a failure rebinds. */
static void with_bare(void (*run)(const struct bare *bare))
{
	pid_t pid;
	struct bare bare;
	int status;

	rng_needs_glibc();
	bare = bare_open();
	pid = ktap_fork();
	if (!pid) {
		run(&bare);
		fflush(stdout);
		_exit(0);
	}
	status = ktap_wait(pid);
	bare_close(&bare);
	if (WIFSIGNALED(status))
		note("killed by signal %d", WTERMSIG(status));
	CHECK_EQ(status, 0);
}

static void check_classic(const struct bare *bare)
{
	for (int round = 0; round < 2; round++) {
		set32(bare, MY_RNG_SEED, 0x42);
		CHECK_EQ(get32(bare, MY_RNG_RNG), FIRST_NUMBER);
		CHECK_EQ(get32(bare, MY_RNG_RNG), SECOND);
	}
}

static void classic_registers(void)
{
	with_bare(check_classic);
}

static void check_pair(const struct bare *bare)
{
	uint32_t low, high;

	/* One access of 64 bits: two numbers, the first of them low. */
	set32(bare, MY_RNG_SEED, 0x42);
	CHECK_EQ(get64(bare, MY_RNG_PAIR), FIRST_NUMBER | (uint64_t)SECOND << 32);
	CHECK_EQ(get32(bare, MY_RNG_RNG), THIRD);

	/* Two of 32: the low one takes both, the high one gives what is left, and again. */
	set32(bare, MY_RNG_SEED, 0x42);
	low = get32(bare, MY_RNG_PAIR);
	high = get32(bare, MY_RNG_PAIR + 4);
	CHECK_EQ(low, FIRST_NUMBER);
	CHECK_EQ(high, SECOND);
	CHECK_EQ(get32(bare, MY_RNG_PAIR + 4), SECOND);
	CHECK_EQ(get32(bare, MY_RNG_RNG), THIRD);
	CHECK_EQ(get32(bare, MY_RNG_PAIR + 4), SECOND);
}

static void pair(void)
{
	with_bare(check_pair);
}

static void check_info(const struct bare *bare)
{
	uint32_t info = get32(bare, MY_RNG_INFO);

	CHECK_EQ(info & MY_RNG_INFO_ALGORITHM_MASK, MY_RNG_INFO_ALGORITHM_GLIBC);
	CHECK(info & MY_RNG_INFO_SEEDED_MASK);
	CHECK_EQ(info & ~(MY_RNG_INFO_ALGORITHM_MASK | MY_RNG_INFO_SEEDED_MASK), 0);
	set32(bare, MY_RNG_INFO, 0);
	CHECK_EQ(get32(bare, MY_RNG_INFO), info);
}

static void info(void)
{
	with_bare(check_info);
}

/* What the spec does not allow answers all ones, costs no number and seeds nothing. */
static void check_illegal(const struct bare *bare)
{
	volatile uint8_t *regs = bare->regs;

	set32(bare, MY_RNG_SEED, 0x42);
	for (unsigned int at = 0; at < 0x18; at++) {
		CHECK_EQ(regs[at], 0xff);
		regs[at] = 1;
	}
	for (unsigned int at = 0; at < 0x18; at += 2) {
		CHECK_EQ(*(volatile uint16_t *)(regs + at), 0xffff);
		*(volatile uint16_t *)(regs + at) = 1;
	}
	CHECK_EQ(get64(bare, 0), ~0ull);
	*(volatile uint64_t *)(regs + 0) = 0x100000001;
	CHECK_EQ(get64(bare, 0x10), ~0ull);
	*(volatile uint64_t *)(regs + 8) = 1;
	CHECK_EQ(get32(bare, MY_RNG_SEED), ~0u);
	for (unsigned int at = 0x14; at < 4096; at += 4) {
		CHECK_EQ(get32(bare, at), ~0u);
		set32(bare, at, 0x12345678);
	}
	set32(bare, MY_RNG_RNG, 1);
	set32(bare, MY_RNG_PAIR, 1);
	CHECK_EQ(get32(bare, MY_RNG_RNG), FIRST_NUMBER);
}

static void illegal_accesses(void)
{
	with_bare(check_illegal);
}

/* Every offset, every width, cut to pieces on the way: whatever comes, nothing breaks. */
static void check_misaligned(const struct bare *bare)
{
	volatile uint8_t *regs = bare->regs;

	for (unsigned int at = 0; at <= 4096 - 8; at++) {
		(void)*(volatile uint16_t *)(regs + at);
		(void)*(volatile uint32_t *)(regs + at);
		(void)*(volatile uint64_t *)(regs + at);
		*(volatile uint16_t *)(regs + at) = 0x1234;
		*(volatile uint32_t *)(regs + at) = 0x12345678;
		*(volatile uint64_t *)(regs + at) = 0x123456789abcdef0;
	}
	check_classic(bare);
}

static void misaligned_accesses(void)
{
	with_bare(check_misaligned);
}

/* Decoding off: nobody answers and no number is lost. Then the sequence goes on. */
static void check_bar_off(const struct bare *bare)
{
	uint32_t command = config_get(bare->config, COMMAND, 2);

	set32(bare, MY_RNG_SEED, 0x42);
	CHECK_EQ(get32(bare, MY_RNG_RNG), FIRST_NUMBER);
	config_set(bare->config, COMMAND, 2, command & ~COMMAND_MEM);
	for (int i = 0; i < 10; i++)
		CHECK(get32(bare, MY_RNG_RNG) != SECOND);
	set32(bare, MY_RNG_SEED, 1);
	config_set(bare->config, COMMAND, 2, command);
	CHECK_EQ(get32(bare, MY_RNG_RNG), SECOND);
}

static void bar_off_and_on(void)
{
	with_bare(check_bar_off);
}

/* The same under the driver, which must say so instead of handing out what it reads. */
static void bar_off_under_the_driver(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	unsigned int number = 0, seed = 1, pair[2];
	int config = rng_config_open(&pci), fd = rng_open();
	uint32_t command = config_get(config, COMMAND, 2);
	int rand, rand_errno, read_errno, seed_errno;

	rng_needs_glibc();
	rng_seed(fd, 0x42);
	config_set(config, COMMAND, 2, command & ~COMMAND_MEM);
	rand = ioctl(fd, MY_RNG_IOCTL_RAND, &number);
	rand_errno = rand ? errno : 0;
	read_errno = read(fd, pair, sizeof(pair)) < 0 ? errno : 0;
	seed_errno = ioctl(fd, MY_RNG_IOCTL_SEED, &seed) < 0 ? errno : 0;
	config_set(config, COMMAND, 2, command);
	CHECK_EQ(rand_errno, EIO);
	CHECK_EQ(read_errno, EIO);
	CHECK_EQ(seed_errno, EIO);
	CHECK_EQ(number, 0);
	CHECK_EQ(rng_rand(fd), FIRST_NUMBER);
	close(fd);
	close(config);
}

/* Somewhere in the gaps of /proc/iomem, next to where it is now; 0 if there is no such place. */
static uint32_t free_address(uint32_t old)
{
	/* Below first, then above: after a rescan it may be at the bottom of a window. */
	for (uint32_t step = 1; step <= 0x800; step++) {
		uint32_t pages = step <= 0x400 ? -step : step - 0x400;
		uint32_t at = old + pages * 0x1000;
		FILE *file = fopen("/proc/iomem", "r");
		unsigned long long start, end, span = 0;
		char line[256];
		bool taken = false;

		CHECK(file != NULL);
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, " %llx-%llx", &start, &end) != 2 || at < start || at > end)
				continue;
			/* Inside the host bridge's window, and inside nothing in it. */
			if (line[0] != ' ' && strstr(line, "PCI Bus"))
				span = end;
			else
				taken = true;
		}
		fclose(file);
		if (span && !taken)
			return at;
	}
	return 0;
}

static void check_bar_moved(const struct bare *bare)
{
	uint32_t old = config_get(bare->config, BAR0, 4) & ~BAR_FLAGS, new = free_address(old);
	uint32_t command = config_get(bare->config, COMMAND, 2);
	struct bare moved = *bare;
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);

	if (fd < 0 || !new) {
		note("no /dev/mem, or no room: not moved");
		return;
	}
	moved.regs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, new);
	CHECK(moved.regs != MAP_FAILED);

	set32(bare, MY_RNG_SEED, 0x42);
	CHECK_EQ(get32(bare, MY_RNG_RNG), FIRST_NUMBER);
	CHECK(get32(&moved, MY_RNG_RNG) != SECOND);
	/* Sizing, as firmware does it. */
	config_set(bare->config, COMMAND, 2, command & ~COMMAND_MEM);
	config_set(bare->config, BAR0, 4, ~0u);
	CHECK_EQ(config_get(bare->config, BAR0, 4), 0xfffff000);
	config_set(bare->config, BAR0, 4, new);
	config_set(bare->config, COMMAND, 2, command);
	CHECK_EQ(config_get(bare->config, BAR0, 4), new);
	CHECK_EQ(get32(&moved, MY_RNG_RNG), SECOND);
	CHECK(get32(bare, MY_RNG_RNG) != THIRD);
	/* And back, this time while it decodes. */
	config_set(bare->config, BAR0, 4, old);
	CHECK_EQ(get32(bare, MY_RNG_RNG), THIRD);
	CHECK(get32(&moved, MY_RNG_INFO) != get32(bare, MY_RNG_INFO));
	close(fd);
}

static void bar_moved(void)
{
	with_bare(check_bar_moved);
}

/* Config space. Volatile: command, status, cache line, latency, BAR0's address, line. */
static void config_golden(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	int fd = rng_config_open(&pci);

	CHECK_EQ(config_get(fd, 0x00, 2), 0x1234);
	CHECK_EQ(config_get(fd, 0x02, 2), 0xcafe);
	CHECK(config_get(fd, COMMAND, 2) & COMMAND_MEM);
	CHECK_EQ(config_get(fd, 0x06, 2), 0x0000);
	CHECK_EQ(config_get(fd, 0x08, 4), 0x00ff0010);
	CHECK_EQ(config_get(fd, 0x0e, 2), 0x0000); /* header type, BIST */
	CHECK_EQ(config_get(fd, BAR0, 4) & 0xfff, 0);
	CHECK(config_get(fd, BAR0, 4) != 0);
	for (unsigned int at = 0x14; at < 0x2c; at += 4)
		CHECK_EQ(config_get(fd, at, 4), 0);
	CHECK_EQ(config_get(fd, 0x2c, 4), 0x11001af4);
	CHECK_EQ(config_get(fd, 0x30, 4), 0);
	CHECK_EQ(config_get(fd, 0x34, 4), 0);
	CHECK_EQ(config_get(fd, 0x38, 4), 0);
	CHECK_EQ(config_get(fd, 0x3d, 1), 0);
	CHECK_EQ(config_get(fd, 0x3e, 2), 0);
	for (unsigned int at = 0x40; at < 0x100; at += 4)
		CHECK_EQ(config_get(fd, at, 4), 0);
	close(fd);
}

/* What is read-only stays as it is, whatever is written. */
static void config_read_only(void)
{
	static const struct {
		unsigned int offset, width;
	} fixed[] = {
		{ 0x00, 4 }, { 0x08, 4 }, { 0x0e, 1 }, { 0x14, 4 }, { 0x18, 4 },
		{ 0x1c, 4 }, { 0x20, 4 }, { 0x24, 4 }, { 0x28, 4 }, { 0x2c, 4 },
		{ 0x30, 4 }, { 0x34, 4 }, { 0x38, 4 }, { 0x3d, 1 }, { 0x3e, 2 },
	};
	struct rng_pci pci = rng_pci(RNG_NODE);
	int fd = rng_config_open(&pci);

	for (size_t i = 0; i < KTAP_LENGTH(fixed); i++) {
		uint32_t before = config_get(fd, fixed[i].offset, fixed[i].width);

		config_set(fd, fixed[i].offset, fixed[i].width, ~0u);
		CHECK_EQ(config_get(fd, fixed[i].offset, fixed[i].width), before);
	}
	close(fd);
}

/* As a user sees it. */
static void lspci_shows_it(void)
{
	struct rng_pci pci = rng_pci(RNG_NODE);
	char text[4096], command[128];

	if (shell("lspci --version", text, sizeof(text)) || !strstr(text, "lspci version"))
		skip("there is no lspci of pciutils");
	snprintf(command, sizeof(command), "lspci -nn -vv -k -s %s", pci.slot);
	CHECK_EQ(shell(command, text, sizeof(text)), 0);
	for (char *line = text; *line; line = strchr(line, '\n') + 1)
		note("%.*s", (int)strcspn(line, "\n"), line);
	CHECK(strstr(text, "[00ff]") != NULL);
	CHECK(strstr(text, "[1234:cafe] (rev 10)") != NULL);
	CHECK(strstr(text, "[1af4:1100]") != NULL);
	CHECK(strstr(text, "Region 0: Memory at ") != NULL);
	CHECK(strstr(text, "(32-bit, non-prefetchable) [size=4K]") != NULL);
	CHECK(strstr(text, "Region 1") == NULL);
	CHECK(strstr(text, "Interrupt:") == NULL);
	CHECK(strstr(text, "Capabilities:") == NULL);
	CHECK(strstr(text, "Kernel driver in use: my_rng") != NULL);
}

static const struct ktap_case cases[] = {
	{ "classic_registers", classic_registers },
	{ "pair", pair },
	{ "info", info },
	{ "illegal_accesses", illegal_accesses },
	{ "misaligned_accesses", misaligned_accesses },
	{ "bar_off_and_on", bar_off_and_on },
	{ "bar_off_under_the_driver", bar_off_under_the_driver },
	{ "bar_moved", bar_moved },
	{ "config_golden", config_golden },
	{ "config_read_only", config_read_only },
	{ "lspci_shows_it", lspci_shows_it },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
