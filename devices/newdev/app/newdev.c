// SPDX-License-Identifier: BSD-2-Clause
/*
 * Write to newdev's memory, read it, see what the driver has counted, ring its bell.
 *
 * Exit status: 0 done, 1 the device or the output failed, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../linux/newdev_ioctl.h"

#define DEFAULT_DEVICE "/dev/newdev0"

enum { EXIT_USAGE = 2 };

struct options {
	const char *device;
	uint64_t offset;
	uint64_t length;
	uint32_t mode;
	uint32_t timeout_ms;
	bool keep;
	bool follow;
};

static const char *const modes[] = { "auto", "pio", "mmio", "dma" };
static const char *const sources[] = { "line", "done", "error", "bell" };

static const char help[] =
	"Usage: newdev [OPTION...] COMMAND\n"
	"Commands:\n"
	"  write [TEXT]       writes the text, or what comes from the input\n"
	"  read               prints what has been written\n"
	"  info               prints what there is, and what has happened\n"
	"  raise line|bell    has the device interrupt\n"
	"  wait SOURCE        until line, done, error or bell has interrupted once more\n"
	"\n"
	"  -d, --device PATH  device node (default " DEFAULT_DEVICE ")\n"
	"  -o, --offset N     where in the memory (default 0)\n"
	"  -n, --length N     bytes to read at most (default: all)\n"
	"  -m, --mode MODE    how bytes are moved: auto, pio, mmio or dma\n"
	"  -k, --keep         write: keep what is there beside it\n"
	"  -f, --follow       read: wait for more at the end\n"
	"  -t, --timeout MS   wait: so long at most (default: for ever)\n"
	"  -h, --help         print this\n";

static const char *device;

static _Noreturn void usage(const char *what, const char *text)
{
	fprintf(stderr, "newdev: %s: \"%s\"; try 'newdev --help'\n", what, text);
	exit(EXIT_USAGE);
}

static _Noreturn void fail(const char *what)
{
	const char *hint = "";

	switch (errno) {
	case ENOENT:
		hint = "; is its driver loaded (modprobe newdev)?";
		break;
	case EPERM:
		hint = "; is bus mastering off?";
		break;
	case ENXIO:
		hint = "; the device found no memory at an address of its transfer";
		break;
	}
	fprintf(stderr, "newdev: cannot %s %s: %s%s\n", what, device, strerror(errno), hint);
	exit(EXIT_FAILURE);
}

static uint64_t number(const char *option, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno)
		usage(option, text);
	return value;
}

static uint32_t word(const char *const *words, uint32_t n, const char *what, const char *text)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(words[i], text))
			return i;
	usage(what, text);
}

static struct options parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "offset", required_argument, NULL, 'o' },
		{ "length", required_argument, NULL, 'n' },
		{ "mode", required_argument, NULL, 'm' },
		{ "keep", no_argument, NULL, 'k' },
		{ "follow", no_argument, NULL, 'f' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = { .device = DEFAULT_DEVICE, .length = UINT64_MAX };
	int c;

	while ((c = getopt_long(argc, argv, "d:o:n:m:kft:h", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			options.device = optarg;
			break;
		case 'o':
			options.offset = number("--offset is no number", optarg);
			break;
		case 'n':
			options.length = number("--length is no number", optarg);
			break;
		case 'm':
			options.mode = word(modes, 4, "no such mode", optarg);
			break;
		case 'k':
			options.keep = true;
			break;
		case 'f':
			options.follow = true;
			break;
		case 't':
			options.timeout_ms = (uint32_t)number("--timeout is no number", optarg);
			break;
		case 'h':
			fputs(help, stdout);
			exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
		default:
			fputs("Try 'newdev --help'.\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc) {
		fputs("newdev: what to do? Try 'newdev --help'.\n", stderr);
		exit(EXIT_USAGE);
	}
	return options;
}

static void put_all(int fd, const char *bytes, size_t len, bool output)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && output) {
			perror("newdev: cannot write the output");
			exit(EXIT_FAILURE);
		}
		if (n < 0)
			fail("write to");
		bytes += n;
		len -= n;
	}
}

static void do_write(int fd, const char *text)
{
	static char buffer[1 << 20];
	ssize_t n;

	if (text) {
		put_all(fd, text, strlen(text), false);
		return;
	}
	while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
		put_all(fd, buffer, n, false);
	if (n < 0) {
		perror("newdev: cannot read the input");
		exit(EXIT_FAILURE);
	}
}

static void do_read(int fd, uint64_t left)
{
	static char buffer[1 << 20];
	ssize_t n = 1;

	while (left && n) {
		n = read(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer));
		if (n < 0)
			fail("read from");
		put_all(STDOUT_FILENO, buffer, n, true);
		left -= n;
	}
}

static void do_info(int fd)
{
	struct newdev_info info;

	if (ioctl(fd, NEWDEV_IOC_INFO, &info))
		fail("ask");
	printf("memory %u\nused %u\nirq %s\nvectors %u\n", info.size, info.used,
	       info.irq == NEWDEV_BY_MSI ? "msi" : "intx", info.vectors);
	for (int i = 0; i < NEWDEV_SOURCES; i++)
		printf("%s %u\n", sources[i], info.event[i]);
	printf("unclaimed %u\nmissed %u\nstorms %u\nresets %u\n", info.unclaimed, info.missed,
	       info.storms, info.resets);
}

static void do_wait(int fd, uint32_t source, uint32_t timeout_ms)
{
	struct newdev_wait wait = { .source = source, .timeout_ms = timeout_ms };
	struct newdev_info info;

	if (ioctl(fd, NEWDEV_IOC_INFO, &info))
		fail("ask");
	wait.count = info.event[source];
	if (ioctl(fd, NEWDEV_IOC_WAIT, &wait))
		fail("wait for");
}

/* What is not there is said before anything is opened, or emptied. */
static void check_command(const char *command, int more)
{
	static const struct {
		const char *name;
		int least, most;
	} known[] = {
		{ "write", 0, 1 }, { "read", 0, 0 }, { "info", 0, 0 },
		{ "raise", 1, 1 }, { "wait", 1, 1 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, command))
			continue;
		if (more < known[i].least || more > known[i].most)
			usage("too few or too many words for", command);
		return;
	}
	usage("no such command", command);
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	const char *command = argv[optind], *operand = argv[optind + 1];
	bool writes = !strcmp(command, "write");
	uint32_t source = 0, on = 1;
	int fd;

	check_command(command, argc - optind - 1);
	if (!strcmp(command, "raise") || !strcmp(command, "wait"))
		source = word(sources, NEWDEV_SOURCES, "no such source", operand);
	if (!strcmp(command, "raise") && source != NEWDEV_SOURCE_LINE &&
	    source != NEWDEV_SOURCE_BELL)
		usage("only line and bell can be raised", operand);
	device = options.device;
	fd = open(device, (writes ? O_WRONLY : O_RDONLY) | O_CLOEXEC |
				  (writes && !options.keep ? O_TRUNC : 0));
	if (fd < 0)
		fail("open");
	if (options.mode && ioctl(fd, NEWDEV_IOC_MODE, &options.mode))
		fail("set the mode of");
	if (options.follow && ioctl(fd, NEWDEV_IOC_FOLLOW, &on))
		fail("follow");
	if (options.offset && lseek(fd, (off_t)options.offset, SEEK_SET) < 0)
		fail("go to that offset of");
	if (writes)
		do_write(fd, operand);
	else if (!strcmp(command, "read"))
		do_read(fd, options.length);
	else if (!strcmp(command, "info"))
		do_info(fd);
	else if (!strcmp(command, "wait"))
		do_wait(fd, source, options.timeout_ms);
	else if (ioctl(fd, NEWDEV_IOC_RAISE, &source))
		fail("raise an interrupt of");
	if (fflush(stdout))
		fail("print what is in");
	close(fd);
	return EXIT_SUCCESS;
}
