// SPDX-License-Identifier: BSD-2-Clause
/* edu: the device from the command line, by its driver. Without arguments: a short demonstration. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../linux/edu_ioctl.h"

static const char usage[] =
	"usage: edu [-d /dev/edu0] [COMMAND]\n"
	"  info               what it is, and how its interrupts come\n"
	"  live VALUE         what the liveness register makes of it\n"
	"  factorial N        N! modulo 2^32\n"
	"  raise BITS         an interrupt with these bits, and wait for it\n"
	"  write [OFFSET]     standard input into the device's buffer\n"
	"  read OFFSET COUNT  so many bytes of it to standard output\n"
	"  copy               standard input through the device to standard output\n"
	"  reset              end all work\n"
	"Without a command: some of them, as an example.\n";

static int fd;

static void fail(const char *what)
{
	fprintf(stderr, "edu: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = text ? strtoul(text, &end, 0) : 0;
	if (!text || !*text || *end || errno) {
		fputs(usage, stderr);
		exit(2);
	}
	return value;
}

static void info(void)
{
	struct edu_info i;

	if (ioctl(fd, EDU_IOC_INFO, &i))
		fail("info");
	printf("edu 0x%08x, %s, %s, %u interrupts\n", i.id,
	       i.extended ? "extended" : "as QEMU has it", i.mode == EDU_MODE_MSI ? "MSI" : "INTx",
	       i.interrupts);
}

static void live(unsigned long value)
{
	struct edu_liveness l = { .value = (__u32)value };

	if (ioctl(fd, EDU_IOC_LIVENESS, &l))
		fail("live");
	printf("0x%08lx -> 0x%08x\n", value, l.value);
}

static void factorial(unsigned long n)
{
	struct edu_factorial f = { .n = (__u32)n };

	if (ioctl(fd, EDU_IOC_FACTORIAL, &f))
		fail("factorial");
	printf("%lu! = %u\n", n, f.result);
}

static void raise_bits(unsigned long bits)
{
	struct edu_raise r = { .bits = (__u32)bits };

	if (ioctl(fd, EDU_IOC_RAISE, &r))
		fail("raise");
	printf("interrupt 0x%08lx\n", bits);
}

static void put(const char *bytes, size_t len)
{
	ssize_t n;

	for (; len; bytes += n, len -= (size_t)n) {
		n = write(STDOUT_FILENO, bytes, len);
		if (n < 0)
			fail("standard output");
	}
}

/* All of standard input, to be freed. */
static char *take(size_t *ret_len)
{
	size_t size = EDU_BUFFER_BYTES, len = 0;
	char *bytes = malloc(size);
	ssize_t n = 1;

	while (bytes && n > 0) {
		if (len == size)
			bytes = realloc(bytes, size *= 2);
		if (!bytes)
			break;
		n = read(STDIN_FILENO, bytes + len, size - len);
		if (n < 0)
			fail("standard input");
		len += (size_t)n;
	}
	if (!bytes)
		fail("standard input");
	*ret_len = len;
	return bytes;
}

static void dma(unsigned long offset, char *bytes, size_t len, unsigned int direction)
{
	struct edu_dma d = { .user = (uintptr_t)bytes,
			     .length = len,
			     .offset = (__u32)offset,
			     .direction = direction };

	if (ioctl(fd, EDU_IOC_DMA, &d)) {
		if (d.error)
			fprintf(stderr, "edu: the device says: error %u\n", d.error);
		fail("DMA");
	}
}

static void write_buffer(unsigned long offset)
{
	size_t len;
	char *bytes = take(&len);

	dma(offset, bytes, len, EDU_TO_DEVICE);
	free(bytes);
}

static void read_buffer(unsigned long offset, unsigned long len)
{
	char *bytes = malloc(len ? len : 1);

	if (!bytes)
		fail("read");
	dma(offset, bytes, len, EDU_FROM_DEVICE);
	put(bytes, len);
	free(bytes);
}

static void copy(void)
{
	struct edu_copy c = { 0 };
	size_t len;
	char *from = take(&len), *to = malloc(len ? len : 1);

	if (!to)
		fail("copy");
	c.from = (uintptr_t)from;
	c.to = (uintptr_t)to;
	c.length = len;
	/* Two transfers of 100 ms each for 4096 bytes; ten times that is too long. */
	c.timeout_ms = (__u32)(10000 + len / 4096 * 2000);
	if (ioctl(fd, EDU_IOC_COPY, &c))
		fail("copy");
	put(to, len);
	free(to);
	free(from);
}

static void demonstration(void)
{
	static char text[] = "through the device and back";
	char back[sizeof(text)];

	info();
	live(0x12345678);
	factorial(10);
	raise_bits(0x10);
	dma(0, text, sizeof(text), EDU_TO_DEVICE);
	dma(0, back, sizeof(back), EDU_FROM_DEVICE);
	printf("%s\n", back);
}

int main(int argc, char **argv)
{
	const char *node = "/dev/edu0", *command;

	if (argc > 2 && !strcmp(argv[1], "-d")) {
		node = argv[2];
		argv += 2;
		argc -= 2;
	}
	command = argc > 1 ? argv[1] : "";
	if (!strcmp(command, "-h") || !strcmp(command, "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail(node);
	if (!*command)
		demonstration();
	else if (!strcmp(command, "info"))
		info();
	else if (!strcmp(command, "live"))
		live(number(argv[2]));
	else if (!strcmp(command, "factorial"))
		factorial(number(argv[2]));
	else if (!strcmp(command, "raise"))
		raise_bits(number(argv[2]));
	else if (!strcmp(command, "write"))
		write_buffer(argc > 2 ? number(argv[2]) : 0);
	else if (!strcmp(command, "read"))
		read_buffer(number(argv[2]), number(argc > 3 ? argv[3] : NULL));
	else if (!strcmp(command, "copy"))
		copy();
	else if (!strcmp(command, "reset") && ioctl(fd, EDU_IOC_RESET))
		fail("reset");
	else if (strcmp(command, "reset")) {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}
