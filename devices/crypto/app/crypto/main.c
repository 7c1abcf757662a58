// SPDX-License-Identifier: BSD-2-Clause
/*
 * Encrypt, decrypt or hash a file by the crypto device.
 *
 * Exit status: 0 done, 1 the device, the input or the output failed, 2 wrong usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../../linux/ersatz_crypto.h"
#include "crypto.h"
#include "crypto_spec.h"

#define DEFAULT_DEVICE "/dev/ersatz_crypto"

/* Without being asked, progress is for what takes long enough to be looked at. */
#define LARGE (8u << 20)

/* Milliseconds between two lines of progress. */
#define PROGRESS_MS 200

struct operation {
	const char *name;
	unsigned long request;
	const char *no_parts; /* why a large input cannot be done in parts */
};

static const struct operation operations[] = {
	{ "encrypt", ERSATZ_CRYPTO_IOC_ENCRYPT, "as the IV is the same for each" },
	{ "decrypt", ERSATZ_CRYPTO_IOC_DECRYPT, "as the IV is the same for each" },
	{ "sha256", ERSATZ_CRYPTO_IOC_SHA256, "as each begins a hash of its own" },
};

enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

static struct options {
	const struct operation *operation;
	const char *device;
	const char *input;
	const char *output;
	uint64_t size; /* of what was encrypted; UINT64_MAX: all */
	int offset; /* -1: none */
	enum progress_when progress;
} options = { .device = DEFAULT_DEVICE, .input = "-", .size = UINT64_MAX, .offset = -1 };

static const char help[] =
	"Usage: crypto encrypt|decrypt|sha256 [OPTION]... [FILE]\n"
	"Does so with FILE, or standard input, by the crypto device: AES-256-CBC with the\n"
	"device's key and IV, or SHA-256. The result goes to standard output.\n"
	"\n"
	"encrypt adds zeros up to a multiple of 16 bytes, and does not write down how many:\n"
	"decrypt gives them back, unless --size says how long the data was. sha256 prints\n"
	"what sha256sum(1) prints.\n"
	"\n"
	"  -o, --output FILE   write the result there; FILE is replaced when all is well\n"
	"  -n, --size N        decrypt: the data had N bytes\n"
	"  -d, --device PATH   device node (default " DEFAULT_DEVICE ")\n"
	"  -p, --progress      tell how far it is (default: on a terminal, from 8 MiB on)\n"
	"  -q, --quiet         do not\n"
	"      --offset N      let buffers begin N bytes behind the start of a page, 0 to 4095\n"
	"  -h, --help          print this\n"
	"\n"
	"One command of the device does all of the input, as neither AES nor SHA-256 can go on\n"
	"where another command has ended. So all of it has to fit into memory, and into 1 GiB.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

/* ---- messages ---- */

static struct {
	bool shown; /* there is a line that is not finished */
	uint64_t last; /* when, in ms */
} line;

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void progress(const char *what, uint64_t done, uint64_t of)
{
	bool terminal = isatty(STDERR_FILENO);
	uint64_t now;

	if (options.progress == PROGRESS_NEVER)
		return;
	if (options.progress == PROGRESS_AUTO && (!terminal || (of ? of : done) < LARGE))
		return;
	now = now_ms();
	/* The last line of each part is what is left in a file. */
	if (now - line.last < PROGRESS_MS && done != of)
		return;
	line.last = now;
	fprintf(stderr, "%scrypto: %s: %llu", terminal ? "\r\033[K" : "", what,
		(unsigned long long)(done >> 10));
	if (of)
		fprintf(stderr, " of %llu", (unsigned long long)(of >> 10));
	fprintf(stderr, " KiB%s", terminal ? "" : "\n");
	line.shown = terminal;
}

void progress_end(void)
{
	if (line.shown)
		fputs("\r\033[K", stderr);
	line.shown = false;
}

_Noreturn void fail(const char *format, ...)
{
	va_list args;

	progress_end();
	output_abandon();
	fputs("crypto: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void on_signal(int sig)
{
	output_abandon();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* ---- usage ---- */

static _Noreturn void usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

static _Noreturn void usage(const char *format, ...)
{
	va_list args;

	fputs("crypto: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry 'crypto --help'.\n", stderr);
	exit(EXIT_USAGE);
}

/* A whole number with nothing before or after it. */
static uint64_t parse_number(const char *option, const char *text, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	/* strtoull() itself takes blanks and signs: "-1" would be a large number. */
	if (*text < '0' || *text > '9' || *end || errno || value > max)
		usage("--%s takes a number from 0 to %llu, not \"%s\"", option,
		      (unsigned long long)max, text);
	return value;
}

static void parse_words(int argc, char **argv)
{
	if (optind == argc)
		usage("what is to be done: encrypt, decrypt or sha256?");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (!strcmp(argv[optind], operations[i].name))
			options.operation = &operations[i];
	if (!options.operation)
		usage("\"%s\" is none of encrypt, decrypt and sha256", argv[optind]);
	if (++optind < argc)
		options.input = argv[optind++];
	if (optind < argc)
		usage("what is \"%s\"? One input at a time", argv[optind]);
	if (options.size != UINT64_MAX && options.operation->request != ERSATZ_CRYPTO_IOC_DECRYPT)
		usage("--size is for decrypt");
}

static void parse_options(int argc, char **argv)
{
	enum { OPTION_OFFSET = 256 };
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "size", required_argument, NULL, 'n' },
		{ "device", required_argument, NULL, 'd' },
		{ "progress", no_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "offset", required_argument, NULL, OPTION_OFFSET },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "o:n:d:pqh", longs, NULL)) != -1) {
		switch (c) {
		case 'o':
			options.output = optarg;
			break;
		case 'n':
			options.size = parse_number("size", optarg, UINT64_MAX - 1);
			break;
		case 'd':
			options.device = optarg;
			break;
		case 'p':
			options.progress = PROGRESS_ALWAYS;
			break;
		case 'q':
			options.progress = PROGRESS_NEVER;
			break;
		case OPTION_OFFSET:
			options.offset = parse_number("offset", optarg, 4095);
			break;
		case 'h':
			fputs(help, stdout);
			exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
		default:
			fputs("Try 'crypto --help'.\n", stderr);
			exit(EXIT_USAGE);
		}
	}
	parse_words(argc, argv);
}

/* ---- the device ---- */

static int device_open(uint64_t *ret_limit)
{
	struct ersatz_crypto_info info;
	int fd = open(options.device, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		fail("cannot open %s: %s%s", options.device, strerror(errno),
		     errno == ENOENT ? "; is its driver loaded (modprobe ersatz_crypto)?" : "");
	if (ioctl(fd, ERSATZ_CRYPTO_IOC_INFO, &info)) {
		if (errno == ENOTTY)
			fail("%s is no crypto device", options.device);
		fail("cannot ask %s: %s", options.device, strerror(errno));
	}
	*ret_limit = info.max_size;
	return fd;
}

static _Noreturn void device_failed(const struct ersatz_crypto_op *op, int error)
{
	if (op->error_code)
		fail("the device reports error %u (reason %u, entry %u of the %s's table); "
		     "its README tells what that is",
		     op->error_code, op->error_detail & CRYPTO_ERROR_DETAIL_REASON_MASK,
		     op->error_entry,
		     op->error_detail & CRYPTO_ERROR_DETAIL_SIDE_MASK ? "output" : "input");
	switch (error) {
	case ECANCELED:
		fail("somebody has reset the device: try again");
	case ENODEV:
		fail("the device is gone");
	case ETIMEDOUT:
		fail("the device did not come to an end, and was reset");
	case ENOMEM:
		fail("no memory for the device's table of pages");
	default:
		fail("%s cannot do it: %s", options.device, strerror(error));
	}
}

/* One command, from its start to its end. */
static void device_run(int fd, const struct input *input, void *out, size_t out_size)
{
	struct ersatz_crypto_op op = {
		.in = (uintptr_t)input->data,
		.in_size = input->size,
		.out = (uintptr_t)out,
		.out_size = out_size,
	};
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (!ioctl(fd, options.operation->request, &op) || errno != EINPROGRESS)
		device_failed(&op, errno);
	while (poll(&poll_fd, 1, PROGRESS_MS) <= 0)
		progress("the device works on", input->size, 0);
	if (ioctl(fd, ERSATZ_CRYPTO_IOC_RESULT, &op))
		device_failed(&op, errno);
}

/* ---- what is to be done ---- */

static void do_sha256(int fd, const struct input *input)
{
	unsigned char *digest =
		(unsigned char *)memory_get(ERSATZ_CRYPTO_DIGEST_SIZE, options.offset);
	char text[2 * ERSATZ_CRYPTO_DIGEST_SIZE + 1];

	device_run(fd, input, digest, ERSATZ_CRYPTO_DIGEST_SIZE);
	for (int i = 0; i < ERSATZ_CRYPTO_DIGEST_SIZE; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	output_write(text, strlen(text));
	output_write("  ", 2);
	output_write(options.input, strlen(options.input));
	output_write("\n", 1);
}

/* Bytes of the result that are to be written: without what encrypt has added. */
static size_t without_padding(const struct input *input, const unsigned char *data, size_t size)
{
	if (options.size == UINT64_MAX)
		return size;
	if (options.size > size || size - options.size >= ERSATZ_CRYPTO_BLOCK_SIZE)
		fail("%s: data of %llu bytes would not have become %zu bytes", input->name,
		     (unsigned long long)options.size, size);
	for (size_t i = options.size; i < size; i++)
		if (data[i])
			fail("%s: what follows %llu bytes is not padding: another --size, "
			     "another key, or not made by crypto encrypt",
			     input->name, (unsigned long long)options.size);
	return options.size;
}

static void do_aes(int fd, const struct input *input)
{
	bool decrypt = options.operation->request == ERSATZ_CRYPTO_IOC_DECRYPT;
	size_t size = (input->size + ERSATZ_CRYPTO_BLOCK_SIZE - 1) / ERSATZ_CRYPTO_BLOCK_SIZE *
		      ERSATZ_CRYPTO_BLOCK_SIZE;
	unsigned char *out = (unsigned char *)input->data;

	if (decrypt && size != input->size)
		fail("%s: %zu bytes are not a multiple of 16: not all of it, or not made by "
		     "crypto encrypt",
		     input->name, input->size);
	/* What has been read is ours, with room behind it; a file that is mapped is not. */
	if (input->mapped)
		out = (unsigned char *)memory_get(size, options.offset);
	/* The device takes no 0 bytes; without a block there is none to be chained. */
	if (size)
		device_run(fd, input, out, size);
	output_write(out, decrypt ? without_padding(input, out, size) : size);
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT };
	struct input input;
	uint64_t limit;
	int fd;

	parse_options(argc, argv);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
	fd = device_open(&limit);
	input = input_get(options.input, limit, options.operation->no_parts, options.offset);
	output_begin(options.output);
	if (options.operation->request == ERSATZ_CRYPTO_IOC_SHA256)
		do_sha256(fd, &input);
	else
		do_aes(fd, &input);
	output_end();
	progress_end();
	return EXIT_SUCCESS;
}
