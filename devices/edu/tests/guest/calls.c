// SPDX-License-Identifier: BSD-2-Clause
/* Each call of the driver, with both kinds of interrupt, at each edu that is there. */
#include "edu.h"

static void on_each(void (*check)(int fd))
{
	unsigned int n, count = edu_count();

	CHECK(count > 0);
	for (n = 0; n < count; n++) {
		int fd = edu_open(n);

		check(fd);
		close(fd);
	}
}

static void check_mode(int fd, uint32_t mode)
{
	struct edu_info before = edu_info(fd), after;

	CHECK_EQ(before.id, 0x010000ed);
	CHECK_EQ(before.mode, mode);
	check_works(fd);
	after = edu_info(fd);
	/* The factorial, the raise, two transfers. */
	CHECK_EQ(after.interrupts - before.interrupts, 4);
}

static void check_intx(int fd)
{
	check_mode(fd, EDU_MODE_INTX);
}

static void check_msi(int fd)
{
	check_mode(fd, EDU_MODE_MSI);
}

static void intx(void)
{
	edu_load("irq=intx");
	on_each(check_intx);
}

static void msi(void)
{
	edu_load("irq=msi");
	on_each(check_msi);
}

static unsigned long attribute(unsigned int n, const char *name)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/class/misc/edu%u/%s", n, name);
	file_read(path, text, sizeof(text));
	return strtoul(text, NULL, 10);
}

/* Two on one line: the handler of each is called for the other, and says that it was not meant. */
static void shared_line(void)
{
	unsigned long before[2], irq[2];

	if (edu_count() < 2)
		skip("one device only");
	edu_load("irq=intx");
	WAIT_FOR(edu_count() == 2);
	for (unsigned int n = 0; n < 2; n++) {
		irq[n] = attribute(n, "device/irq");
		before[n] = attribute(n, "unclaimed");
	}
	if (irq[0] != irq[1])
		skip("they have lines of their own: %lu, %lu", irq[0], irq[1]);
	check_works(edu_open(0));
	CHECK(attribute(1, "unclaimed") > before[1]);
	before[0] = attribute(0, "unclaimed");
	check_works(edu_open(1));
	CHECK(attribute(0, "unclaimed") > before[0]);
}

static void wrong_parameter(void)
{
	char text[256];

	must("modprobe -r ersatz_edu");
	CHECK(shell("modprobe ersatz_edu irq=msix", text, sizeof(text)) != 0);
	edu_load("");
}

static void check_factorials(int fd)
{
	static const uint32_t table[][2] = {
		{ 0, 1 }, { 1, 1 }, { 5, 120 }, { 12, 479001600 }, { 13, 1932053504 }, { 40, 0 },
	};
	size_t i;

	for (i = 0; i < KTAP_LENGTH(table); i++)
		CHECK_EQ(factorial(fd, table[i][0]), table[i][1]);
}

static void factorials(void)
{
	on_each(check_factorials);
}

/* Bits of the driver's own sources do not confuse it. */
static void check_raise(int fd)
{
	static const uint32_t bits[] = { 0x1, 0x100, 0x101, 0x80000000, 0x7ffffeff, 0xffffffff };
	struct edu_raise raise = { .bits = 0 };
	size_t i;

	CHECK_ERRNO(ioctl(fd, EDU_IOC_RAISE, &raise), EINVAL);
	for (i = 0; i < KTAP_LENGTH(bits); i++) {
		raise.bits = bits[i];
		CHECK_EQ(ioctl(fd, EDU_IOC_RAISE, &raise), 0);
	}
	check_works(fd);
}

static void raises(void)
{
	on_each(check_raise);
}

/* ---- DMA ---- */

static void check_lengths(int fd)
{
	static const uint32_t lengths[] = { 1, 3, 4095, 4096 };
	static uint8_t sent[4096 + 2], got[4096 + 2];
	size_t i;

	CHECK_EQ(dma(fd, sent, 0, 0, EDU_TO_DEVICE), 0);
	CHECK_EQ(dma(fd, got, 0, 4095, EDU_FROM_DEVICE), 0);
	for (i = 0; i < KTAP_LENGTH(lengths); i++) {
		uint32_t len = lengths[i];

		fill(sent, sizeof(sent), len);
		memset(got, 0xee, sizeof(got));
		CHECK_EQ(dma(fd, sent + 1, len, 0, EDU_TO_DEVICE), 0);
		CHECK_EQ(dma(fd, got + 1, len, 0, EDU_FROM_DEVICE), 0);
		CHECK(!memcmp(sent + 1, got + 1, len));
		CHECK_EQ(got[0], 0xee);
		CHECK_EQ(got[len + 1], 0xee);
	}
}

static void dma_lengths(void)
{
	on_each(check_lengths);
}

/* Round the buffer: what is longer overwrites its own start. */
static void check_round(int fd)
{
	static uint8_t sent[4097 + 100], got[8192];
	size_t i;

	fill(sent, sizeof(sent), 77);
	CHECK_EQ(dma(fd, sent, sizeof(sent), 4000, EDU_TO_DEVICE), 0);
	CHECK_EQ(dma(fd, got, sizeof(got), 4000, EDU_FROM_DEVICE), 0);
	for (i = 0; i < sizeof(got); i++)
		CHECK_EQ(got[i], sent[i % 4096 + (i % 4096 < 101 ? 4096 : 0)]);
}

static void dma_round_the_buffer(void)
{
	on_each(check_round);
}

static void check_copies(int fd)
{
	static const uint32_t lengths[] = { 0, 1, 4095, 4096, 4097, 20481 };
	static uint8_t from[20481], to[20481 + 1];
	size_t i;

	fill(from, sizeof(from), 5);
	for (i = 0; i < KTAP_LENGTH(lengths); i++) {
		struct edu_copy c = { .from = (uintptr_t)from,
				      .to = (uintptr_t)to,
				      .length = lengths[i] };

		memset(to, 0xdd, sizeof(to));
		CHECK_EQ(ioctl(fd, EDU_IOC_COPY, &c), 0);
		CHECK_EQ(c.length, lengths[i]);
		CHECK(!memcmp(from, to, lengths[i]));
		CHECK_EQ(to[lengths[i]], 0xdd);
	}
}

static void copies(void)
{
	on_each(check_copies);
}

static uint8_t *map(int fd)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

static int mapped(int fd, uint64_t at, uint64_t length, uint32_t offset, uint32_t direction)
{
	struct edu_dma d = { .user = at,
			     .length = length,
			     .offset = offset,
			     .direction = direction,
			     .flags = EDU_DMA_MAPPED };
	int ret = ioctl(fd, EDU_IOC_DMA, &d);

	if (!ret)
		CHECK_EQ(d.length, length);
	return ret;
}

/* The program's own page is what the device reads and writes; other calls leave it alone. */
static void check_mapped(int fd)
{
	uint8_t *page = map(fd), copy[4096];
	uint8_t other[16] = "sixteen bytes...", back[16];

	fill(page, 4096, 3);
	memcpy(copy, page, 4096);
	CHECK_EQ(mapped(fd, 0, 4096, 0, EDU_TO_DEVICE), 0);
	memset(page, 0, 4096);
	CHECK_EQ(mapped(fd, 100, 96, 4000, EDU_FROM_DEVICE), 0);
	CHECK(!memcmp(page + 100, copy + 4000, 96));
	CHECK_EQ(page[99], 0);
	CHECK_EQ(page[196], 0);
	CHECK_EQ(dma(fd, other, sizeof(other), 0, EDU_TO_DEVICE), 0);
	CHECK_EQ(dma(fd, back, sizeof(back), 0, EDU_FROM_DEVICE), 0);
	CHECK(!memcmp(other, back, sizeof(back)));
	CHECK_EQ(page[0], 0);
	/* Past its end, or the buffer's. */
	CHECK_ERRNO(mapped(fd, 0, 4097, 0, EDU_TO_DEVICE), EINVAL);
	CHECK_ERRNO(mapped(fd, 1, 4096, 0, EDU_TO_DEVICE), EINVAL);
	CHECK_ERRNO(mapped(fd, 0, 4096, 1, EDU_TO_DEVICE), EINVAL);
	CHECK_ERRNO(mapped(fd, 4096, 1, 0, EDU_TO_DEVICE), EINVAL);
	munmap(page, 4096);
	CHECK(mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096) == MAP_FAILED);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED);
}

static void mapped_page(void)
{
	on_each(check_mapped);
}

/* Two files have two pages. */
static void pages_are_apart(void)
{
	int a = edu_open(0), b = edu_open(0);
	uint8_t *x = map(a), *y = map(b);

	strcpy((char *)x, "mine");
	CHECK_EQ(y[0], 0);
	CHECK_EQ(mapped(a, 0, 5, 0, EDU_TO_DEVICE), 0);
	CHECK_EQ(mapped(b, 8, 5, 0, EDU_FROM_DEVICE), 0);
	CHECK(!strcmp((char *)y + 8, "mine"));
	munmap(x, 4096);
	munmap(y, 4096);
}

/* ---- without waiting, and not for ever ---- */

static void wait_in(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK_EQ(poll(&p, 1, 60000), 1);
	CHECK_EQ(p.revents & POLLIN, POLLIN);
}

static void check_nonblock(int fd)
{
	struct edu_dma d = { .length = 16, .direction = EDU_TO_DEVICE };
	struct edu_factorial f = { .n = 5 };
	struct edu_raise raise = { .bits = 2 };
	struct edu_copy copy = { .length = 1 };
	uint8_t bytes[16] = "without waiting", back[16] = "";

	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, &f), EAGAIN);
	wait_in(fd);
	f.n = 6;
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, &f), EBUSY);
	f.n = 5;
	CHECK_EQ(ioctl(fd, EDU_IOC_FACTORIAL, &f), 0);
	CHECK_EQ(f.result, 120);

	d.user = (uintptr_t)bytes;
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EAGAIN);
	d.offset = 1;
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EBUSY);
	d.offset = 0;
	wait_in(fd);
	CHECK_EQ(ioctl(fd, EDU_IOC_DMA, &d), 0);
	CHECK_EQ(d.length, 16);
	d.user = (uintptr_t)back;
	d.direction = EDU_FROM_DEVICE;
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EAGAIN);
	wait_in(fd);
	CHECK_EQ(ioctl(fd, EDU_IOC_DMA, &d), 0);
	CHECK(!memcmp(bytes, back, sizeof(back)));

	CHECK_EQ(ioctl(fd, EDU_IOC_RAISE, &raise), 0);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_COPY, &copy), EINVAL);
	/* Left in the middle: the next one has the device to itself. */
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EAGAIN);
}

/* What a file has begun and not asked for yet is not waited for by itself, nor written over. */
static void check_begun(int fd)
{
	uint8_t first[16] = "the first bytes", second[16] = "not these bytes", back[16] = "";
	struct edu_dma d = { .user = (uintptr_t)first, .length = 16, .direction = EDU_TO_DEVICE };
	struct edu_copy copy = { .from = (uintptr_t)second, .to = (uintptr_t)back, .length = 16 };
	struct edu_factorial f = { .n = 5 };

	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EAGAIN);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, &f), EAGAIN);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK_ERRNO(dma(fd, second, sizeof(second), 0, EDU_TO_DEVICE), EBUSY);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_COPY, &copy), EBUSY);
	CHECK_EQ(copy.length, 16);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, &f), EBUSY);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (ioctl(fd, EDU_IOC_DMA, &d)) {
		CHECK_EQ(errno, EAGAIN);
		sleep_ms(10);
	}
	while (ioctl(fd, EDU_IOC_FACTORIAL, &f)) {
		CHECK_EQ(errno, EAGAIN);
		sleep_ms(10);
	}
	CHECK_EQ(f.result, 120);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	CHECK_EQ(dma(fd, back, sizeof(back), 0, EDU_FROM_DEVICE), 0);
	CHECK(!memcmp(back, first, sizeof(back)));
}

static void begun(void)
{
	on_each(check_begun);
}

static void nonblock(void)
{
	on_each(check_nonblock);
	on_each(check_works);
}

/* A transfer takes 100 ms. */
static void check_timeouts(int fd)
{
	uint8_t bytes[16] = "";
	struct edu_dma d = { .user = (uintptr_t)bytes,
			     .length = sizeof(bytes),
			     .direction = EDU_TO_DEVICE,
			     .timeout_ms = 10 };

	int tries = 0;

	/* A guest that has stood still meanwhile finds it done. */
	while (!ioctl(fd, EDU_IOC_DMA, &d))
		CHECK(++tries < 20);
	CHECK_EQ(errno, ETIMEDOUT);
	check_works(fd);
}

/* Somebody has switched the line off: what has ended is found by looking. */
static void check_lost_interrupts(int fd)
{
	uint8_t sent[16] = "not lost at all", got[16] = "";
	struct edu_dma d = { .user = (uintptr_t)sent,
			     .length = sizeof(sent),
			     .direction = EDU_TO_DEVICE,
			     .timeout_ms = 5000 };
	struct edu_factorial f = { .n = 5, .timeout_ms = 5000 };
	char path[64], link[64], node[96];
	uint16_t command, off;
	int config, left;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	CHECK(n > 0);
	link[n] = 0;
	snprintf(node, sizeof(node), "/sys/class/misc/%s/device/config", link + strlen("/dev/"));
	config = open(node, O_RDWR | O_CLOEXEC);
	CHECK(config >= 0);
	CHECK_EQ(pread(config, &command, 2, 0x04), 2);
	off = command | 0x400;
	CHECK_EQ(pwrite(config, &off, 2, 0x04), 2);

	CHECK_EQ(ioctl(fd, EDU_IOC_FACTORIAL, &f), 0);
	CHECK_EQ(f.result, 120);
	CHECK_EQ(ioctl(fd, EDU_IOC_DMA, &d), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	d.user = (uintptr_t)got;
	d.direction = EDU_FROM_DEVICE;
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EAGAIN);
	while (ioctl(fd, EDU_IOC_DMA, &d)) {
		CHECK_EQ(errno, EAGAIN);
		sleep_ms(10);
	}
	CHECK(!memcmp(got, sent, sizeof(got)));

	/* Nor does one that nobody asks about any more keep the device from others. */
	left = open(link, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	CHECK(left >= 0);
	CHECK_ERRNO(ioctl(left, EDU_IOC_FACTORIAL, &f), EAGAIN);
	close(left);
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	f.n = 6;
	CHECK_EQ(ioctl(fd, EDU_IOC_FACTORIAL, &f), 0);
	CHECK_EQ(f.result, 720);

	CHECK_EQ(pwrite(config, &command, 2, 0x04), 2);
	close(config);
	check_works(fd);
}

static void lost_interrupts(void)
{
	edu_load("irq=intx");
	on_each(check_lost_interrupts);
	edu_load("");
}

static void timeouts(void)
{
	on_each(check_timeouts);
}

/* Of two, one waits for its turn, and not longer than it has said. */
static void turns(void)
{
	int a = edu_open(0), b = edu_open(0);
	uint8_t bytes[16];
	struct edu_dma d = { .user = (uintptr_t)bytes, .length = 16, .timeout_ms = 10 };

	CHECK_EQ(fcntl(a, F_SETFL, O_NONBLOCK), 0);
	d.timeout_ms = 0;
	CHECK_ERRNO(ioctl(a, EDU_IOC_DMA, &d), EAGAIN);
	/* A transfer takes 100 ms; 10 may be over before this begins to wait. */
	d.timeout_ms = 10;
	if (ioctl(b, EDU_IOC_DMA, &d))
		CHECK_EQ(errno, ETIMEDOUT);
	d.timeout_ms = 0;
	d.length = 16;
	CHECK_EQ(ioctl(b, EDU_IOC_DMA, &d), 0);
	CHECK_EQ(ioctl(a, EDU_IOC_DMA, &d), 0);
}

/*
 * Who has begun something and does not ask how it went keeps nobody from the device; and
 * what others do there meanwhile does not change what he is told at last.
 */
static void check_unasked(int a)
{
	uint8_t first[16] = "the first bytes", second[16] = "not these bytes", got[16] = "";
	struct edu_dma d = { .user = (uintptr_t)got, .length = 16, .direction = EDU_FROM_DEVICE };
	char path[64], link[64];
	struct edu_factorial f = { .n = 5 };
	ssize_t n;
	int b;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", a);
	n = readlink(path, link, sizeof(link) - 1);
	CHECK(n > 0);
	link[n] = 0;
	b = open(link, O_RDWR | O_CLOEXEC);
	CHECK(b >= 0);
	CHECK_EQ(dma(b, first, sizeof(first), 0, EDU_TO_DEVICE), 0);

	CHECK_EQ(fcntl(a, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(ioctl(a, EDU_IOC_DMA, &d), EAGAIN);
	CHECK_ERRNO(ioctl(a, EDU_IOC_FACTORIAL, &f), EAGAIN);
	CHECK_EQ(dma(b, second, sizeof(second), 0, EDU_TO_DEVICE), 0);
	CHECK_EQ(factorial(b, 10), 3628800);
	wait_in(a);
	CHECK_EQ(ioctl(a, EDU_IOC_FACTORIAL, &f), 0);
	CHECK_EQ(f.result, 120);
	wait_in(a);
	CHECK_EQ(ioctl(a, EDU_IOC_DMA, &d), 0);
	CHECK_EQ(d.length, 16);
	CHECK(!memcmp(got, first, sizeof(got)));

	/* Closed without having asked, too. */
	CHECK_ERRNO(ioctl(a, EDU_IOC_FACTORIAL, &f), EAGAIN);
	CHECK_ERRNO(ioctl(a, EDU_IOC_DMA, &d), EAGAIN);
	check_works(b);
	close(b);
}

static void unasked(void)
{
	on_each(check_unasked);
	on_each(check_works);
}

/* Programs that share a file, too: the limit is on the whole call, its turn included. */
static void turns_of_one_file(void)
{
	static uint8_t from[65536], to[65536];
	uint8_t bytes[16] = "";
	struct edu_dma d = { .user = (uintptr_t)bytes, .length = 16, .timeout_ms = 300 };
	int fd = edu_open(0), status;
	pid_t pid = ktap_fork();

	if (!pid) {
		struct edu_copy c = { .from = (uintptr_t)from,
				      .to = (uintptr_t)to,
				      .length = sizeof(from) };

		/* 3.2 s */
		ioctl(fd, EDU_IOC_COPY, &c);
		_exit(0);
	}
	wait_asleep(pid);
	sleep_ms(50);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), ETIMEDOUT);
	CHECK_EQ(d.length, 0);
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	check_works(fd);
}

static void nonsense(void)
{
	int fd = edu_open(0);
	struct edu_liveness live = { .pad = 1 };
	struct edu_dma d = { .offset = 4096 };
	uint8_t bytes[4096];

	CHECK_ERRNO(ioctl(fd, _IO('E', 99), 0), ENOTTY);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_INFO, 0), EFAULT);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, 0), EFAULT);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_LIVENESS, &live), EINVAL);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_DMA, &d), EINVAL);
	CHECK_ERRNO(dma(fd, bytes, 1, 0, 2), EINVAL);
	CHECK_ERRNO(dma(fd, bytes, UINT64_MAX, 0, EDU_TO_DEVICE), EINVAL);
	CHECK_ERRNO(dma(fd, NULL, 4096, 0, EDU_TO_DEVICE), EFAULT);
	CHECK_ERRNO(dma(fd, NULL, 4096, 0, EDU_FROM_DEVICE), EFAULT);
	check_works(fd);
}

/* ---- many at once ---- */

static void worker(unsigned int n, unsigned int seed)
{
	int fd = edu_open(n);
	uint8_t from[3000], to[3000];
	struct edu_copy c = { .from = (uintptr_t)from,
			      .to = (uintptr_t)to,
			      .length = sizeof(from) };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		fill(from, sizeof(from), seed * 16 + i);
		c.length = sizeof(from);
		CHECK_EQ(ioctl(fd, EDU_IOC_COPY, &c), 0);
		CHECK(!memcmp(from, to, sizeof(from)));
		CHECK_EQ(factorial(fd, 3 + seed % 3), seed % 3 == 0 ? 6 : seed % 3 == 1 ? 24 : 120);
	}
	fflush(stdout);
	_exit(0);
}

static void many_processes(void)
{
	pid_t pid[12];
	unsigned int i, count = edu_count();

	for (i = 0; i < KTAP_LENGTH(pid); i++) {
		pid[i] = ktap_fork();
		if (!pid[i])
			worker(i % count, i);
	}
	for (i = 0; i < KTAP_LENGTH(pid); i++)
		CHECK_EQ(ktap_wait(pid[i]), 0);
}

/* In the middle of something, by a signal that nobody can catch. */
static void killed_processes(void)
{
	static uint8_t from[65536], to[65536];
	unsigned int i;

	for (i = 0; i < 8; i++) {
		pid_t pid = ktap_fork();
		int status;

		if (!pid) {
			int fd = edu_open(0);
			struct edu_copy c = { .from = (uintptr_t)from,
					      .to = (uintptr_t)to,
					      .length = sizeof(from) };

			fcntl(fd, F_SETFL, i % 2 ? O_NONBLOCK : 0);
			if (i % 2)
				dma(fd, from, 100, 0, EDU_TO_DEVICE);
			while (i % 2)
				pause();
			ioctl(fd, EDU_IOC_COPY, &c);
			_exit(0);
		}
		wait_asleep(pid);
		sleep_ms(i * 20);
		kill(pid, SIGKILL);
		status = ktap_wait(pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	on_each(check_works);
}

/* ---- what else shows it ---- */

static void sysfs(void)
{
	char text[32];

	edu_load("irq=intx");
	file_read("/sys/class/misc/edu0/irq_mode", text, sizeof(text));
	CHECK(!strcmp(text, "intx"));
	file_read("/sys/class/misc/edu0/transfers", text, sizeof(text));
	CHECK(!strcmp(text, "0"));
	on_each(check_works);
	file_read("/sys/class/misc/edu0/transfers", text, sizeof(text));
	CHECK(!strcmp(text, "2"));
	edu_load("");
}

static void program(void)
{
	char text[512];

	CHECK_EQ(shell("edu factorial 5; edu live 0; printf hello | edu write 4094;"
		       "edu read 4094 5; printf 'and back' | edu copy; edu raise 0x20",
		       text, sizeof(text)),
		 0);
	note("%s", text);
	CHECK(!strcmp(text,
		      "5! = 120\n0x00000000 -> 0xffffffff\nhelloand backinterrupt 0x00000020\n"));
	CHECK_EQ(shell("edu -d /dev/nothing info", text, sizeof(text)), 1);
	CHECK_EQ(shell("edu dance", text, sizeof(text)), 2);
	CHECK_EQ(shell("edu live x", text, sizeof(text)), 2);
}

static const struct ktap_case cases[] = {
	{ "intx", intx },
	{ "msi", msi },
	{ "shared_line", shared_line },
	{ "wrong_parameter", wrong_parameter },
	{ "factorials", factorials },
	{ "raises", raises },
	{ "dma_lengths", dma_lengths },
	{ "dma_round_the_buffer", dma_round_the_buffer },
	{ "copies", copies },
	{ "mapped_page", mapped_page },
	{ "pages_are_apart", pages_are_apart },
	{ "nonblock", nonblock },
	{ "begun", begun },
	{ "lost_interrupts", lost_interrupts },
	{ "timeouts", timeouts },
	{ "turns", turns },
	{ "unasked", unasked },
	{ "turns_of_one_file", turns_of_one_file },
	{ "nonsense", nonsense },
	{ "many_processes", many_processes },
	{ "killed_processes", killed_processes },
	{ "sysfs", sysfs },
	{ "program", program },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
