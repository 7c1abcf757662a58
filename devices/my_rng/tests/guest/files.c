// SPDX-License-Identifier: BSD-2-Clause
/* The device node: read() of any length, ioctls and pointers good and bad, readers at once. */
#include "rng.h"

#define SEED 0x42

/* Bytes of the sequence of SEED from number `from` on, as read() gives them. */
static void sequence(unsigned char *ret_bytes, size_t length, unsigned int from)
{
	struct reference reference;

	reference_seed(&reference, SEED);
	while (from--)
		reference_rand(&reference);
	for (size_t i = 0; i < length; i += 4) {
		unsigned int number = reference_rand(&reference);

		memcpy(ret_bytes + i, &number, length - i < 4 ? length - i : 4);
	}
}

/* length bytes into a buffer at this alignment: the next numbers, and nothing beyond. */
static void read_equals(int fd, size_t length, unsigned int align)
{
	unsigned char *buffer = malloc(length + 64), *wanted = malloc(length + 1);
	unsigned char *to = buffer + 16 + align;
	struct reference reference;
	unsigned int next = 0;

	CHECK(buffer && wanted);
	memset(buffer, 0xa5, length + 64);
	sequence(wanted, length, 1);
	rng_seed(fd, SEED);
	rng_rand(fd);
	CHECK_EQ(read(fd, to, length), length);
	CHECK(!memcmp(to, wanted, length));
	for (unsigned char *p = buffer; p < buffer + length + 64; p++)
		CHECK((p >= to && p < to + length) || *p == 0xa5);

	/* A begun number is used up; the next is the one after it. */
	reference_seed(&reference, SEED);
	for (size_t i = 0; i <= 1 + (length + 3) / 4; i++)
		next = reference_rand(&reference);
	CHECK_EQ(rng_rand(fd), next);
	free(buffer);
	free(wanted);
}

static void read_short(void)
{
	int fd = rng_open();

	rng_needs_glibc();
	for (size_t length = 0; length <= 40; length++)
		for (unsigned int align = 0; align < 8; align++)
			read_equals(fd, length, align);
	close(fd);
}

static void read_around_batches(void)
{
	static const size_t lengths[] = { 252, 255, 256, 257, 260, 512, 513, 4095, 4096, 4097 };
	int fd = rng_open();

	rng_needs_glibc();
	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++)
		read_equals(fd, lengths[i], i % 8);
	close(fd);
}

static void read_long(void)
{
	int fd = rng_open();

	rng_needs_glibc();
	read_equals(fd, 100003, 3);
	close(fd);
}

static void read_with_o_nonblock(void)
{
	int fd = open(RNG_DEV, O_RDONLY | O_NONBLOCK);

	CHECK(fd >= 0);
	rng_needs_glibc();
	read_equals(fd, 24, 0);
	close(fd);
}

/* A stream: there is no place in it. */
static void no_position(void)
{
	char bytes[8] = "";
	int fd = rng_open();

	CHECK_ERRNO(lseek(fd, 4, SEEK_SET), ESPIPE);
	CHECK_ERRNO(pread(fd, bytes, sizeof(bytes), 0), ESPIPE);
	CHECK_ERRNO(write(fd, bytes, sizeof(bytes)), EINVAL);
	close(fd);
}

static void unknown_ioctls(void)
{
	static const unsigned int unknown[] = {
		0,
		~0u,
		_IO('q', 1),
		_IOWR('q', 1, unsigned int),
		_IOR('q', 0, unsigned int),
		_IOR('q', 2, unsigned int),
		_IOR('r', 1, unsigned int),
		_IOR('q', 1, unsigned long),
		_IOW('q', 1, unsigned short),
	};
	unsigned long argument[4] = { 0 };
	int fd = rng_open();

	rng_needs_glibc();
	rng_seed(fd, SEED);
	for (size_t i = 0; i < KTAP_LENGTH(unknown); i++)
		CHECK_ERRNO(ioctl(fd, unknown[i], argument), ENOTTY);
	CHECK_EQ(rng_rand(fd), 286129175);
	close(fd);
}

/* A page that can be used, and one behind it that cannot. */
static char *page_before_nothing(size_t page)
{
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(mprotect(pages + page, page, PROT_NONE), 0);
	return pages;
}

static void bad_pointers(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *end = page_before_nothing(page) + page;
	char *constant = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* 0, nothing there, half there, not to be written, the kernel's */
	char *const bad[] = { NULL, (char *)16, end, end - 2, constant, (char *)-4096L };
	int fd = rng_open();

	rng_needs_glibc();
	rng_seed(fd, SEED);
	for (size_t i = 0; i < KTAP_LENGTH(bad); i++) {
		CHECK_ERRNO(ioctl(fd, MY_RNG_IOCTL_RAND, bad[i]), EFAULT);
		if (bad[i] != constant)
			CHECK_ERRNO(ioctl(fd, MY_RNG_IOCTL_SEED, bad[i]), EFAULT);
		if (bad[i] != end - 2)
			CHECK_ERRNO(read(fd, bad[i], 4), EFAULT);
	}
	/* None of that cost a number, or seeded anything. */
	CHECK_EQ(rng_rand(fd), 286129175);
	close(fd);
}

/* As much as there is room for, then the error. */
static void read_into_half_a_buffer(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = page_before_nothing(page);
	unsigned char wanted[1000];
	int fd = rng_open();

	rng_needs_glibc();
	sequence(wanted, sizeof(wanted), 0);
	rng_seed(fd, SEED);
	CHECK_EQ(read(fd, pages + page - 1000, 3000), 1000);
	CHECK(!memcmp(pages + page - 1000, wanted, 1000));
	CHECK_ERRNO(read(fd, pages + page, 3000), EFAULT);
	close(fd);
}

#define LONG ((size_t)256 << 20)

/* Room for a read that takes seconds: one MiB, seen again and again. */
static char *long_buffer(void)
{
	size_t piece = 1 << 20;
	char *buffer = mmap(NULL, LONG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	CHECK(buffer != MAP_FAILED);
	CHECK_EQ(ftruncate(fd, piece), 0);
	for (size_t at = 0; at < LONG; at += piece)
		CHECK(mmap(buffer + at, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			   0) != MAP_FAILED);
	close(fd);
	return buffer;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A long read ends when a signal comes, and says how far it came. */
static void read_is_interruptible(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	char *buffer = long_buffer();
	int fd = rng_open();
	ssize_t n;
	pid_t pid;

	/* Not SIGALRM: that is the time-out. */
	sigaction(SIGUSR1, &action, NULL);
	pid = ktap_fork();
	/* Again and again: the first one may come before the read has begun. */
	while (!pid) {
		sleep_ms(200);
		kill(getppid(), SIGUSR1);
	}
	n = read(fd, buffer, LONG);
	kill(pid, SIGKILL);
	ktap_wait(pid);
	CHECK(n > 0 && n < (ssize_t)LONG);
	munmap(buffer, LONG);
	close(fd);
}

static void read_can_be_killed(void)
{
	pid_t pid = ktap_fork();
	int status;

	if (!pid)
		_exit(read(rng_open(), long_buffer(), LONG) < 0);
	sleep_ms(200);
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The numbers of a 32-bit program's ioctls are the same; so is what they do. */
static void ioctl_of_a_32_bit_program(void)
{
#ifdef __x86_64__
	int fd = rng_open(), status;
	pid_t pid;

	rng_needs_glibc();
	pid = ktap_fork();
	if (!pid) {
		unsigned int *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		long ret;

		CHECK(low != MAP_FAILED);
		*low = SEED;
		/* Call 54 of the 32-bit table is ioctl. */
		asm volatile("int $0x80"
			     : "=a"(ret)
			     : "a"(54L), "b"((long)fd), "c"(MY_RNG_IOCTL_SEED), "d"(low)
			     : "memory", "r8", "r9", "r10", "r11");
		CHECK_EQ((int)ret, 0);
		asm volatile("int $0x80"
			     : "=a"(ret)
			     : "a"(54L), "b"((long)fd), "c"(MY_RNG_IOCTL_RAND), "d"(low)
			     : "memory", "r8", "r9", "r10", "r11");
		CHECK_EQ((int)ret, 0);
		CHECK_EQ(*low, 286129175);
		_exit(0);
	}
	status = ktap_wait(pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip("the kernel runs no 32-bit programs");
	CHECK_EQ(status, 0);
	close(fd);
#else
	skip("no 32-bit system calls on this architecture");
#endif
}

#define READERS 4
#define PER_READER 3000
#define TOTAL (READERS * PER_READER)

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

/* Numbers that each reader takes at a time; 1: by ioctl. The driver keeps up to 64 together. */
static const unsigned int chunk[READERS] = { 1, 2, 5, 64 };

static void reader(unsigned int which, unsigned int *to)
{
	int fd = rng_open();

	for (unsigned int n = 0; n < PER_READER;) {
		unsigned int count = chunk[which];

		if (count == 1) {
			to[n++] = rng_rand(fd);
			continue;
		}
		if (count > PER_READER - n)
			count = PER_READER - n;
		CHECK_EQ(read(fd, to + n, count * 4), count * 4);
		n += count;
	}
	close(fd);
}

/* What they get together is the sequence: nothing lost, nothing twice, each in order. */
static void readers_at_once(void)
{
	static unsigned int expected[TOTAL], sorted[TOTAL];
	size_t size = sizeof(unsigned int) * TOTAL;
	unsigned int *got =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct reference reference;
	pid_t pids[READERS];
	int fd = rng_open();

	rng_needs_glibc();
	CHECK(got != MAP_FAILED);
	reference_seed(&reference, SEED);
	for (unsigned int n = 0; n < TOTAL; n++)
		expected[n] = reference_rand(&reference);

	rng_seed(fd, SEED);
	for (unsigned int i = 0; i < READERS; i++) {
		pids[i] = ktap_fork();
		if (!pids[i]) {
			reader(i, got + i * PER_READER);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < READERS; i++)
		CHECK_EQ(ktap_wait(pids[i]), 0);
	CHECK_EQ(rng_rand(fd), reference_rand(&reference));

	/* Each reader's numbers come in the order of the sequence, one read()'s without a gap ... */
	for (unsigned int i = 0; i < READERS; i++) {
		for (unsigned int n = 0, at = 0; n < PER_READER; n++, at++) {
			if (n % chunk[i] == 0)
				while (at < TOTAL && expected[at] != got[i * PER_READER + n])
					at++;
			CHECK(at < TOTAL);
			CHECK_EQ(got[i * PER_READER + n], expected[at]);
		}
	}
	/* ... and all together they are all of it. */
	memcpy(sorted, got, size);
	qsort(sorted, TOTAL, sizeof(*sorted), compare);
	qsort(expected, TOTAL, sizeof(*expected), compare);
	CHECK(!memcmp(sorted, expected, size));
	munmap(got, size);
	close(fd);
}

static const struct ktap_case cases[] = {
	{ "read_short", read_short },
	{ "read_around_batches", read_around_batches },
	{ "read_long", read_long },
	{ "read_with_o_nonblock", read_with_o_nonblock },
	{ "no_position", no_position },
	{ "unknown_ioctls", unknown_ioctls },
	{ "bad_pointers", bad_pointers },
	{ "read_into_half_a_buffer", read_into_half_a_buffer },
	{ "read_is_interruptible", read_is_interruptible },
	{ "read_can_be_killed", read_can_be_killed },
	{ "ioctl_of_a_32_bit_program", ioctl_of_a_32_bit_program },
	{ "readers_at_once", readers_at_once },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
