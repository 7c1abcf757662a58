// SPDX-License-Identifier: BSD-2-Clause
/*
 * Seed the random number generator and print what it gives, several times
 * over: every round must be the same.
 *
 * Exit status: 0 done, 1 the device or the output failed, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../linux/my_rng_ioctl.h"

#define DEFAULT_DEVICE "/dev/my_rng_driver"

enum { EXIT_USAGE = 2 };

struct options {
	const char *device;
	unsigned int seed;
	unsigned int rounds;
	unsigned int count;
};

static const char help[] =
	"Usage: my_rng [--seed N] [--rounds N] [--count N] [--device PATH]\n"
	"Seeds the random number generator and prints numbers from it, in rounds\n"
	"that must all be the same.\n"
	"\n"
	"  -s, --seed N       seed: decimal, 0x hexadecimal or 0 octal (default 0x42)\n"
	"  -r, --rounds N     how many rounds (default 2)\n"
	"  -c, --count N      how many numbers in a round (default 5)\n"
	"  -d, --device PATH  device node (default " DEFAULT_DEVICE ")\n"
	"  -h, --help         print this\n";

/* A whole number of 32 bits, with nothing before or after it, or exit. */
static unsigned int parse_number(const char *option, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	/* strtoull() itself takes blanks and signs: "-1" would be a large number. */
	if (*text < '0' || *text > '9' || *end || errno || value > UINT_MAX) {
		fprintf(stderr, "my_rng: --%s takes a number from 0 to %u, not \"%s\"\n", option,
			UINT_MAX, text);
		exit(EXIT_USAGE);
	}
	return value;
}

static struct options parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'c' },
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options options = { DEFAULT_DEVICE, 0x42, 2, 5 };
	int c;

	while ((c = getopt_long(argc, argv, "s:r:c:d:h", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options.seed = parse_number("seed", optarg);
			break;
		case 'r':
			options.rounds = parse_number("rounds", optarg);
			break;
		case 'c':
			options.count = parse_number("count", optarg);
			break;
		case 'd':
			options.device = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
		default:
			fputs("Try 'my_rng --help'.\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "my_rng: what is \"%s\"? Try 'my_rng --help'.\n", argv[optind]);
		exit(EXIT_USAGE);
	}
	return options;
}

static void fail(const char *what, const char *where)
{
	const char *hint = errno == ENOENT ? "; is its driver loaded (modprobe my_rng)?" : "";

	fprintf(stderr, "my_rng: cannot %s %s: %s%s\n", what, where, strerror(errno), hint);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	unsigned int number;
	int fd = open(options.device, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("open", options.device);
	for (unsigned int round = 0; round < options.rounds; round++) {
		if (ioctl(fd, MY_RNG_IOCTL_SEED, &options.seed))
			fail("seed", options.device);
		for (unsigned int i = 0; i < options.count; i++) {
			if (ioctl(fd, MY_RNG_IOCTL_RAND, &number))
				fail("get a number from", options.device);
			printf("Round %u number %u: %u\n", round, i, number);
			if (ferror(stdout))
				fail("write", "the output");
		}
	}
	if (fflush(stdout))
		fail("write", "the output");
	close(fd);
	return EXIT_SUCCESS;
}
