// SPDX-License-Identifier: BSD-2-Clause
/*
 * What one 32-bit register access costs a user program in the guest, for
 * several devices in the same run.
 *
 *   mmio read  mmio_read=1234:cafe+0x10 edu_read=1234:11e8+0x4
 *   mmio write mmio_write=1234:5678+0x8 edu_write=1234:11e8+0x4
 *
 * prints one line, in the order of the arguments, and how the first compares
 * with the second:
 *
 *   mmio_read 198.31 edu_read 201.07 ratio 0.986
 *
 * Figures are ns per access, the median of many short blocks. Blocks of the
 * targets alternate, back and forth, so that whatever slows the machine down
 * for a while slows all of them; the ratio is the median of the ratios of
 * neighbouring blocks, and steadier than the ratio of the two figures.
 *
 * The first device with these ids is taken, or the one in a PCI slot
 * (0000:00:04.0+0x10). It is taken away from its driver meanwhile: the kernel
 * lets nobody else map registers that a driver has claimed. Give offsets
 * where an access has no effect that costs something by itself.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* CPU affinity */
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"
#define MAX_TARGETS 8

struct target {
	const char *name;
	char slot[NAME_MAX + 1];
	unsigned int bar;
	unsigned long offset;
	char driver[PATH_MAX]; /* folder of the driver to give it back to, or empty */
	bool enabled; /* by us */
	void *map;
	size_t size;
	volatile uint32_t *reg;
	double *ns; /* one figure a block */
};

static struct target targets[MAX_TARGETS];
static unsigned int n_targets;

static const char help[] =
	"Usage: mmio [--blocks N] [--ops N] read|write NAME=DEVICE[/BAR]+OFFSET...\n"
	"Prints ns per 32-bit access from user space, for each NAME, in one line.\n"
	"DEVICE is VENDOR:DEVICE in hexadecimal, or a slot (0000:00:04.0).\n"
	"\n"
	"  -b, --blocks N  blocks per target (default 501)\n"
	"  -o, --ops N     accesses per block (default 1000)\n"
	"  -h, --help      print this\n";

static void restore(void);

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	va_list args;

	fputs("mmio: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	restore();
	exit(EXIT_FAILURE);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static unsigned long read_number(const char *slot, const char *name)
{
	char path[PATH_MAX];
	unsigned long value = ULONG_MAX;
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", slot, name);
	file = fopen(path, "r");
	if (!file)
		return value;
	if (fscanf(file, "%lx", &value) != 1)
		value = ULONG_MAX;
	fclose(file);
	return value;
}

/* The device's slot: the lowest of those with these ids. */
static bool find_slot(unsigned int vendor, unsigned int device, char *ret_slot, size_t size)
{
	struct dirent **entries;
	int n = scandir(DEVICES, &entries, NULL, alphasort);
	bool found = false;

	for (int i = 0; i < n; i++) {
		const char *slot = entries[i]->d_name;

		if (!found && slot[0] != '.' && read_number(slot, "vendor") == vendor &&
		    read_number(slot, "device") == device) {
			snprintf(ret_slot, size, "%s", slot);
			found = true;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

/* NAME=DEVICE[/BAR]+OFFSET */
static void parse_target(struct target *target, char *text)
{
	char *device = strchr(text, '='), *bar, *offset, *end;
	unsigned int vendor, id;
	int used = 0;

	offset = device ? strchr(device, '+') : NULL;
	if (!offset)
		fail("\"%s\" is not NAME=DEVICE[/BAR]+OFFSET", text);
	*device++ = '\0';
	*offset++ = '\0';
	target->name = text;
	target->offset = strtoul(offset, &end, 0);
	if (end == offset || *end || target->offset % 4)
		fail("%s: offset \"%s\" is no multiple of 4", text, offset);
	bar = strchr(device, '/');
	if (bar) {
		*bar++ = '\0';
		if (*bar < '0' || *bar > '5' || bar[1])
			fail("%s: \"%s\" is no BAR: 0 to 5", text, bar);
		target->bar = *bar - '0';
	}
	if (sscanf(device, "%4x:%4x%n", &vendor, &id, &used) == 2 && !device[used]) {
		if (!find_slot(vendor, id, target->slot, sizeof(target->slot)))
			fail("%s: no device %04x:%04x here", text, vendor, id);
	} else if (strlen(device) >= sizeof(target->slot) || strchr(device, '/') ||
		   read_number(device, "vendor") == ULONG_MAX) {
		fail("%s: no PCI device \"%s\" here", text, device);
	} else {
		strcpy(target->slot, device);
	}
}

static void take(struct target *target)
{
	char path[PATH_MAX], unbind[PATH_MAX + 16];
	struct stat st;
	int fd, err;

	snprintf(path, sizeof(path), DEVICES "/%s/driver", target->slot);
	if (realpath(path, target->driver)) {
		snprintf(unbind, sizeof(unbind), "%s/unbind", target->driver);
		err = write_file(unbind, target->slot);
		if (err)
			fail("cannot unbind %s from its driver: %s", target->slot, strerror(-err));
	} else {
		target->driver[0] = '\0';
	}
	/* Counted. A second target on the same device enables it twice. */
	snprintf(path, sizeof(path), DEVICES "/%s/enable", target->slot);
	err = write_file(path, "1");
	if (err)
		fail("cannot enable %s: %s", target->slot, strerror(-err));
	target->enabled = true;

	snprintf(path, sizeof(path), DEVICES "/%s/resource%u", target->slot, target->bar);
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		fail("%s: %s", path, strerror(errno));
	if (target->offset + 4 > (unsigned long)st.st_size)
		fail("%s: BAR %u of %s ends before 0x%lx", target->name, target->bar, target->slot,
		     target->offset);
	target->size = st.st_size;
	target->map = mmap(NULL, target->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (target->map == MAP_FAILED) {
		target->map = NULL;
		fail("cannot map %s: %s", path, strerror(errno));
	}
	target->reg = (volatile uint32_t *)((char *)target->map + target->offset);
}

/* Give everything back, in reverse; also after half of it has been taken. */
static void restore(void)
{
	char path[PATH_MAX + 16];

	while (n_targets) {
		struct target *target = &targets[--n_targets];

		if (target->map)
			munmap(target->map, target->size);
		if (target->enabled) {
			snprintf(path, sizeof(path), DEVICES "/%s/enable", target->slot);
			write_file(path, "0");
		}
		if (target->driver[0]) {
			snprintf(path, sizeof(path), "%s/bind", target->driver);
			write_file(path, target->slot);
		}
		free(target->ns);
	}
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* ns per access over one block. */
static double run_block(const struct target *target, bool writes, unsigned long ops)
{
	volatile uint32_t *reg = target->reg;
	double start = now_ns();

	if (writes)
		for (unsigned long i = 0; i < ops; i++)
			*reg = i;
	else
		for (unsigned long i = 0; i < ops; i++)
			(void)*reg;
	return (now_ns() - start) / ops;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, unsigned long n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void measure(bool writes, unsigned long blocks, unsigned long ops)
{
	double *ratios = calloc(blocks, sizeof(*ratios));
	cpu_set_t cpu;

	if (!ratios)
		fail("out of memory");
	/* Moving between CPUs in mid-block would be measured too. */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu() < 0 ? 0 : sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);

	for (unsigned int i = 0; i < n_targets; i++) {
		targets[i].ns = calloc(blocks, sizeof(double));
		if (!targets[i].ns)
			fail("out of memory");
		run_block(&targets[i], writes, ops); /* warm up */
	}
	for (unsigned long block = 0; block < blocks; block++) {
		for (unsigned int i = 0; i < n_targets; i++) {
			unsigned int at = block % 2 ? n_targets - 1 - i : i;

			targets[at].ns[block] = run_block(&targets[at], writes, ops);
		}
		if (n_targets > 1)
			ratios[block] = targets[0].ns[block] / targets[1].ns[block];
	}
	for (unsigned int i = 0; i < n_targets; i++)
		printf("%s%s %.2f", i ? " " : "", targets[i].name, median(targets[i].ns, blocks));
	if (n_targets > 1)
		printf(" ratio %.3f", median(ratios, blocks));
	putchar('\n');
	free(ratios);
}

static unsigned long parse_count(const char *option, const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (*text < '0' || *text > '9' || *end || !value || value > 100000000)
		fail("--%s takes a number from 1 to 100000000, not \"%s\"", option, text);
	return value;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "blocks", required_argument, NULL, 'b' },
		{ "ops", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned long blocks = 501, ops = 1000;
	bool writes;
	int c;

	while ((c = getopt_long(argc, argv, "b:o:h", longs, NULL)) != -1) {
		switch (c) {
		case 'b':
			blocks = parse_count("blocks", optarg);
			break;
		case 'o':
			ops = parse_count("ops", optarg);
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 2 || argc - 1 > MAX_TARGETS ||
	    (strcmp(argv[0], "read") && strcmp(argv[0], "write"))) {
		fputs(help, stderr);
		return EXIT_FAILURE;
	}
	writes = !strcmp(argv[0], "write");

	for (int i = 1; i < argc; i++)
		parse_target(&targets[i - 1], argv[i]);
	for (int i = 1; i < argc; i++) {
		n_targets = i;
		take(&targets[i - 1]);
	}
	measure(writes, blocks, ops);
	restore();
	if (fflush(stdout))
		fail("cannot write the result: %s", strerror(errno));
	return EXIT_SUCCESS;
}
