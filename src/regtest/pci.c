/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register test on a device of the machine that it runs on, through sysfs:
 * in a guest, or beside the real card. Run as root.
 */
#include "regtest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"
#define PAGE 4096u
#define RESOURCE_IO 0x100u /* linux/ioport.h: IORESOURCE_IO */

enum { EXIT_USAGE = 2, EXIT_SKIP = 4 };

struct card {
	char path[256], slot[32], driver[64];
	int config, enable, bind; /* files that undo what we did; -1: nothing to undo */
	const char *only, *skip;
	struct {
		volatile uint8_t *at;
		int port; /* file of an I/O BAR */
		char why[160]; /* it cannot be reached; "": it can */
	} bars[REGTEST_BARS];
};

static struct card card = { .config = -1, .enable = -1, .bind = -1 };

/* ---- files of sysfs ---- */

static int open_file(const char *dir, const char *name, int flags)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_CLOEXEC);
}

/* Its first line, without the newline; false: it cannot be read. */
static bool read_file(const char *dir, const char *name, char *buf, size_t size)
{
	int fd = open_file(dir, name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return true;
}

static bool write_fd(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool write_file(const char *dir, const char *name, const char *text)
{
	int fd = open_file(dir, name, O_WRONLY);
	bool ok = fd >= 0 && write_fd(fd, text);
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return ok;
}

static bool is_id(const char *dir, const char *name, unsigned int wanted)
{
	char text[32];

	return read_file(dir, name, text, sizeof(text)) && strtoul(text, NULL, 16) == wanted;
}

/* ---- leaving things as they were ---- */

/* Only what a signal's handler may do. */
static bool undo(void)
{
	bool ok = true;

	if (card.enable >= 0)
		ok = write_fd(card.enable, "0");
	card.enable = -1;
	if (card.bind >= 0)
		ok = write_fd(card.bind, card.slot) && ok;
	card.bind = -1;
	return ok;
}

static void ended(int sig)
{
	undo();
	_exit(128 + sig);
}

static __attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *format, ...)
{
	va_list args;

	undo();
	fprintf(stderr, "%s register test: ", regtest_table.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

/* ---- finding it ---- */

static void find(const char *slot)
{
	DIR *dir = opendir(DEVICES);
	unsigned int found = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		char path[sizeof(DEVICES) + 1 + sizeof(entry->d_name)];

		snprintf(path, sizeof(path), "%s/%s", DEVICES, name);
		if (!is_id(path, "vendor", regtest_table.vendor) ||
		    !is_id(path, "device", regtest_table.device))
			continue;
		/* "00:03.0" means the one in the first domain. */
		if (slot && strcmp(name, slot) != 0 &&
		    (strncmp(name, "0000:", 5) != 0 || strcmp(name + 5, slot) != 0))
			continue;
		found++;
		if (*card.slot && strcmp(card.slot, name) < 0)
			continue;
		snprintf(card.slot, sizeof(card.slot), "%.31s", name);
		snprintf(card.path, sizeof(card.path), "%s/%s", DEVICES, card.slot);
	}
	if (dir)
		closedir(dir);
	if (!found) {
		printf("KTAP version 1\n1..0 # SKIP there is no device %04x:%04x%s%s\n",
		       regtest_table.vendor, regtest_table.device, slot ? " at " : "",
		       slot ? slot : "");
		exit(EXIT_SKIP);
	}
	if (found > 1)
		printf("# %u devices %04x:%04x; this is %s (others: --slot)\n", found,
		       regtest_table.vendor, regtest_table.device, card.slot);
}

static void find_driver(bool unbind, bool force)
{
	char link[512], target[512], dir[512];
	ssize_t n;

	snprintf(link, sizeof(link), "%s/driver", card.path);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = 0;
	snprintf(card.driver, sizeof(card.driver), "%.63s", strrchr(target, '/') + 1);
	if (!unbind && !force)
		give_up("driver %s has %s: unbind it, or let this test do so with --unbind",
			card.driver, card.slot);
	if (!unbind)
		return;
	snprintf(dir, sizeof(dir), "/sys/bus/pci/drivers/%s", card.driver);
	card.bind = open_file(dir, "bind", O_WRONLY);
	if (card.bind < 0 || !write_file(dir, "unbind", card.slot)) {
		int err = errno;

		if (card.bind >= 0)
			close(card.bind);
		card.bind = -1;
		give_up("cannot unbind driver %s from %s: %s", card.driver, card.slot,
			strerror(err));
	}
}

/* ---- reaching it ---- */

/* Memory and I/O decoding; bus mastering stays off, so it cannot write to our memory. */
static void switch_on(void)
{
	char text[16];

	if (!read_file(card.path, "enable", text, sizeof(text)) || strcmp(text, "0") != 0)
		return;
	card.enable = open_file(card.path, "enable", O_WRONLY);
	if (card.enable < 0 || !write_fd(card.enable, "1")) {
		int err = errno;

		if (card.enable >= 0)
			close(card.enable);
		card.enable = -1;
		give_up("cannot switch %s on: %s%s", card.slot, strerror(err),
			err == EACCES || err == EPERM ? " (run as root)" : "");
	}
}

static void open_bar(const struct regtest_bar *bar, uint64_t start, uint64_t size, bool io)
{
	unsigned int in_page = (unsigned int)(start % PAGE);
	char *why = card.bars[bar->number].why, name[16];
	const size_t room = sizeof(card.bars[0].why);
	void *at;
	int fd;

	if (io != bar->io || size < bar->span) {
		snprintf(why, room, "BAR%u is not the one of the spec: %s of %" PRIu64 " bytes",
			 bar->number, io ? "I/O ports" : "memory", size);
		return;
	}
	if (!bar->span)
		return;
	snprintf(name, sizeof(name), "resource%u", bar->number);
	fd = open_file(card.path, name, O_RDWR | O_SYNC);
	if (fd < 0) {
		snprintf(why, room, "BAR%u cannot be opened: %s", bar->number, strerror(errno));
		return;
	}
	if (io) {
		card.bars[bar->number].port = fd;
		return;
	}
	/* The file begins with the page that the BAR begins in. */
	at = mmap(NULL, in_page + (size_t)bar->span, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		snprintf(why, room, "BAR%u cannot be mapped: %s%s", bar->number, strerror(errno),
			 errno == EPERM ? " (is the kernel locked down?)" : "");
	else
		card.bars[bar->number].at = (volatile uint8_t *)at + in_page;
	close(fd);
}

static void open_bars(void)
{
	char path[512], line[128];
	uint64_t start, end, flags;
	FILE *file;

	snprintf(path, sizeof(path), "%s/resource", card.path);
	file = fopen(path, "re");
	if (!file)
		give_up("cannot read %s: %s", path, strerror(errno));
	for (unsigned int i = 0; i < REGTEST_BARS; i++) {
		const struct regtest_bar *bar = NULL;

		for (uint32_t k = 0; k < regtest_table.n_bars; k++)
			if (regtest_table.bars[k].number == i)
				bar = &regtest_table.bars[k];
		if (!fgets(line, sizeof(line), file) ||
		    sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags) != 3)
			start = end = flags = 0;
		card.bars[i].port = -1;
		if (bar && !end)
			snprintf(card.bars[i].why, sizeof(card.bars[i].why), "BAR%u has no address",
				 i);
		else if (bar)
			open_bar(bar, start, end - start + 1, flags & RESOURCE_IO);
	}
	fclose(file);
}

static uint64_t card_read(void *user, unsigned int bar, uint64_t offset, unsigned int width)
{
	volatile uint8_t *at = card.bars[bar].at + offset;
	uint32_t port = UINT32_MAX;

	(void)user;
	if (card.bars[bar].port >= 0) {
		if (pread(card.bars[bar].port, &port, width, (off_t)offset) != (ssize_t)width)
			port = UINT32_MAX;
		return width == 1 ? (uint8_t)port : width == 2 ? (uint16_t)port : port;
	}
	switch (width) {
	case 1:
		return *at;
	case 2:
		return *(volatile uint16_t *)at;
	case 4:
		return *(volatile uint32_t *)at;
	default:
		return *(volatile uint64_t *)at;
	}
}

static void card_write(void *user, unsigned int bar, uint64_t offset, unsigned int width,
		       uint64_t value)
{
	volatile uint8_t *at = card.bars[bar].at + offset;

	(void)user;
	if (card.bars[bar].port >= 0) {
		/* What does not arrive shows in what is read back. */
		if (pwrite(card.bars[bar].port, &value, width, (off_t)offset) < 0)
			return;
		return;
	}
	switch (width) {
	case 1:
		*at = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)at = value;
		break;
	}
}

static const char *card_unreachable(void *user, unsigned int bar)
{
	(void)user;
	return *card.bars[bar].why ? card.bars[bar].why : NULL;
}

static bool card_alive(void *user)
{
	uint16_t vendor = 0xffff;

	(void)user;
	return pread(card.config, &vendor, sizeof(vendor), 0) == sizeof(vendor) && vendor != 0xffff;
}

/* Is NAME in "A,B,C"? */
static bool listed(const char *list, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, size) == 0 && (at[size] == ',' || !at[size]))
			return true;
	}
	return false;
}

static bool card_chosen(void *user, const char *reg)
{
	(void)user;
	return (!card.only || listed(card.only, reg)) && (!card.skip || !listed(card.skip, reg));
}

/* A name that is nobody's would leave alone what the user wants left alone. */
static void check_list(const char *list)
{
	char *copy = list ? strdup(list) : NULL, *rest = copy, *name;

	while ((name = strsep(&rest, ","))) {
		bool known = false;

		for (uint32_t i = 0; i < regtest_table.n_regs; i++)
			known |= strcmp(regtest_table.regs[i].name, name) == 0;
		if (!known)
			give_up("there is no register %s", name);
	}
	free(copy);
}

/* ---- resets ---- */

/* The method that the kernel tries first decides what kind of reset it is. */
static unsigned int reset_kinds(void)
{
	static const struct {
		const char *method;
		enum regtest_reset kind;
	} methods[] = {
		{ "flr", REGTEST_FUNCTION },
		{ "af_flr", REGTEST_FUNCTION },
		{ "pm", REGTEST_FUNCTION }, /* D3hot and back */
		{ "bus", REGTEST_BUS },
	};
	char text[128];

	if (!read_file(card.path, "reset_method", text, sizeof(text)))
		return 0;
	text[strcspn(text, " ")] = 0;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(text, methods[i].method) == 0)
			return methods[i].kind;
	return 0;
}

static bool card_reset(void *user, enum regtest_reset kind)
{
	(void)user;
	(void)kind;
	return write_file(card.path, "reset", "1");
}

/* ---- */

static const char help[] =
	"Holds a PCI device to the register rules of its spec; KTAP on stdout. Run as root.\n"
	"  --slot SLOT    the device there (0000:00:03.0); default: the first of its kind\n"
	"  --unbind       take it from its driver, and give it back at the end\n"
	"  --force        test it under its driver\n"
	"  --reset        reset it first, in between and at the end: tests reset values too, and\n"
	"                 what only a reset can put back\n"
	"  --fresh        it has just been powered on: reset values can be tested\n"
	"  --virtual      it is a model: try accesses that are not legal too\n"
	"  --only REG,... these registers\n"
	"  --skip REG,... not these\n"
	"  --spec         print the hash of the spec that this test was made from\n"
	"Status: 0 passed, 1 failed, 2 could not be done, 4 nothing could be tested.\n";

int main(int argc, char **argv)
{
	enum { SLOT = 256, UNBIND, FORCE, RESET, FRESH, VIRTUAL, ONLY, SKIP, SPEC, HELP };
	static const struct option options[] = {
		{ "slot", required_argument, NULL, SLOT },
		{ "unbind", no_argument, NULL, UNBIND },
		{ "force", no_argument, NULL, FORCE },
		{ "reset", no_argument, NULL, RESET },
		{ "fresh", no_argument, NULL, FRESH },
		{ "virtual", no_argument, NULL, VIRTUAL },
		{ "only", required_argument, NULL, ONLY },
		{ "skip", required_argument, NULL, SKIP },
		{ "spec", no_argument, NULL, SPEC },
		{ "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	struct regtest_io io = {
		.max_width = sizeof(void *),
		.read = card_read,
		.write = card_write,
		.reset = card_reset,
		.unreachable = card_unreachable,
		.alive = card_alive,
		.chosen = card_chosen,
	};
	bool unbind = false, force = false, reset = false;
	const char *slot = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case SLOT:
			slot = optarg;
			break;
		case UNBIND:
			unbind = true;
			break;
		case FORCE:
			force = true;
			break;
		case RESET:
			reset = true;
			break;
		case FRESH:
			io.fresh = REGTEST_POWER_ON;
			break;
		case VIRTUAL:
			io.is_virtual = true;
			break;
		case ONLY:
			card.only = optarg;
			break;
		case SKIP:
			card.skip = optarg;
			break;
		case SPEC:
			puts(regtest_table.hash);
			return 0;
		case HELP:
			fputs(help, stdout);
			return 0;
		default:
			fputs(help, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		give_up("what is \"%s\"? See --help", argv[optind]);
	check_list(card.only);
	check_list(card.skip);
	find(slot);
	signal(SIGINT, ended);
	signal(SIGTERM, ended);
	signal(SIGHUP, ended);
	signal(SIGPIPE, ended);
	signal(SIGBUS, ended);
	find_driver(unbind, force);
	card.config = open_file(card.path, "config", O_RDONLY);
	if (card.config < 0)
		give_up("cannot read the configuration space of %s: %s", card.slot,
			strerror(errno));
	switch_on();
	open_bars();
	if (reset)
		io.resets = reset_kinds();
	printf("# %s %04x:%04x at %s%s%s%s\n", regtest_table.name, regtest_table.vendor,
	       regtest_table.device, card.slot, *card.driver ? ", driver " : "", card.driver,
	       reset && !io.resets ? "; it has no reset that this test knows" : "");
	status = regtest_run(&regtest_table, &io);
	if (!undo()) {
		printf("# it could not be given back to driver %s: %s\n", card.driver,
		       strerror(errno));
		return 1;
	}
	return status;
}
