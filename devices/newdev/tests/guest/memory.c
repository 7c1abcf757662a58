// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device's memory as a file: by port, by window and by DMA, with INTx and with
 * MSI; lengths, offsets, ends, several programs at once; every errno.
 */
#include "newdev.h"

static const char *const irqs[] = { "irq=intx", "irq=msi" };

static const struct {
	const char *name;
	uint32_t mode;
	uint32_t most; /* bytes that do not take for ever over a socket */
} modes[] = {
	{ "auto", NEWDEV_MODE_AUTO, MEMORY },
	{ "pio", NEWDEV_MODE_PIO, 20000 },
	{ "mmio", NEWDEV_MODE_MMIO, 20000 },
	{ "dma", NEWDEV_MODE_DMA, MEMORY },
};

/* ---- lengths ---- */

static void round_trip(int fd, uint32_t len, uint32_t offset, uint32_t misalign)
{
	uint8_t *out = pages(len + misalign + 1), *in = pages(len + misalign + 1);

	fill(out + misalign, len, len ^ offset);
	CHECK_EQ(lseek(fd, offset, SEEK_SET), offset);
	write_all(fd, out + misalign, len);
	memset(in, 0xaa, len + misalign + 1);
	CHECK_EQ(lseek(fd, offset, SEEK_SET), offset);
	read_all(fd, in + misalign, len);
	CHECK(!memcmp(in + misalign, out + misalign, len));
	for (uint32_t i = 0; i < misalign; i++)
		CHECK_EQ(in[i], 0xaa);
	CHECK_EQ(in[misalign + len], 0xaa);
	munmap(out, len + misalign + 1);
	munmap(in, len + misalign + 1);
}

static void lengths(const char *irq)
{
	static const uint32_t some[] = { 0,    1,    3,	   63,	 64,	  65,	   2047,  2049,
					 4095, 4096, 4097, 8191, 1024001, 1048577, MEMORY };

	newdev_load(irq);
	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		int fd = newdev_open(O_RDWR | O_TRUNC);
		uint32_t most = backend_is("qemu") ? MEMORY : modes[m].most;
		struct newdev_info before = newdev_info(fd), after;

		newdev_mode(fd, modes[m].mode);
		for (size_t i = 0; i < KTAP_LENGTH(some); i++) {
			if (some[i] > most)
				continue;
			round_trip(fd, some[i], MEMORY - some[i], 0);
			round_trip(fd, some[i], 0, 1 + i);
		}
		after = newdev_info(fd);
		CHECK_EQ(after.missed, before.missed);
		CHECK_EQ(after.event[NEWDEV_SOURCE_ERROR], before.event[NEWDEV_SOURCE_ERROR]);
		if (modes[m].mode == NEWDEV_MODE_DMA)
			CHECK(after.event[NEWDEV_SOURCE_DONE] >=
			      before.event[NEWDEV_SOURCE_DONE] + 30);
		CHECK_EQ(after.irq, strcmp(irq, "irq=intx") ? NEWDEV_BY_MSI : NEWDEV_BY_INTX);
		close(fd);
	}
}

static void lengths_intx(void)
{
	lengths(irqs[0]);
}

static void lengths_msi(void)
{
	lengths(irqs[1]);
}

/* As a device of yesterday: no address over 32 bits. */
static void lengths_32_bits(void)
{
	lengths("dma_bits=32");
}

/* What one way has written, each other one reads. */
static void each_way_sees_the_others(void)
{
	uint8_t out[5000], in[5000];
	int fd;

	newdev_load("");
	fd = newdev_open(O_RDWR);
	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		newdev_mode(fd, modes[m].mode);
		fill(out, sizeof(out), m);
		CHECK_EQ(pwrite(fd, out, sizeof(out), 77), sizeof(out));
		for (size_t n = 0; n < KTAP_LENGTH(modes); n++) {
			newdev_mode(fd, modes[n].mode);
			memset(in, 0, sizeof(in));
			CHECK_EQ(pread(fd, in, sizeof(in), 77), sizeof(in));
			CHECK(!memcmp(in, out, sizeof(in)));
		}
	}
}

/* Whose pages are scattered, more than one piece of them. */
static void every_second_page(void)
{
	const uint32_t n = 300;
	uint8_t *out = pages(2 * n * 4096), *in = pages(2 * n * 4096);
	int fd = newdev_open(O_RDWR | O_TRUNC);

	/* Touch the pages in an order in which neighbours were not neighbours. */
	for (uint32_t i = 0; i < n; i++)
		out[(i * 7 % n) * 4096] = in[(i * 11 % n) * 4096] = 1;
	newdev_mode(fd, NEWDEV_MODE_DMA);
	fill(out, n * 4096, 5);
	CHECK_EQ(pwrite(fd, out + 100, n * 4096 - 100, 3), n * 4096 - 100);
	CHECK_EQ(pread(fd, in + 100, n * 4096 - 100, 3), n * 4096 - 100);
	CHECK(!memcmp(in + 100, out + 100, n * 4096 - 100));
}

/* ---- as a file ---- */

static void offsets_and_ends(void)
{
	int fd = newdev_open(O_RDWR | O_TRUNC);
	char buf[64];

	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	CHECK_EQ(write(fd, "0123456789", 10), 10);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	/* In parts, the last one short. */
	CHECK_EQ(read(fd, buf, 4), 4);
	CHECK_EQ(read(fd, buf + 4, 4), 4);
	CHECK_EQ(read(fd, buf + 8, 4), 2);
	CHECK_EQ(read(fd, buf, 0), 0);
	CHECK(!memcmp(buf, "0123456789", 10));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10);
	CHECK_EQ(lseek(fd, -3, SEEK_END), 7);
	CHECK_EQ(read(fd, buf, sizeof(buf)), 3);
	CHECK(!memcmp(buf, "789", 3));
	/* pread and pwrite leave the place alone. */
	CHECK_EQ(pwrite(fd, "xy", 2, 1), 2);
	CHECK_EQ(pread(fd, buf, 4, 0), 4);
	CHECK(!memcmp(buf, "0xy3", 4));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10);
	CHECK_EQ(pread(fd, buf, sizeof(buf), 1000), 0);
	CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERRNO(lseek(fd, MEMORY + 1, SEEK_SET), EINVAL);
	CHECK_EQ(lseek(fd, MEMORY, SEEK_SET), MEMORY);
	CHECK_EQ(newdev_info(fd).used, 10);
	/* Another file has another place. */
	CHECK_EQ(read(newdev_open(O_RDONLY), buf, 2), 2);
	CHECK(!memcmp(buf, "0x", 2));
	/* O_TRUNC begins anew; without, it goes on. */
	close(newdev_open(O_WRONLY));
	CHECK_EQ(newdev_info(fd).used, 10);
	close(newdev_open(O_RDONLY | O_TRUNC));
	CHECK_EQ(newdev_info(fd).used, 10);
	close(newdev_open(O_WRONLY | O_TRUNC));
	CHECK_EQ(newdev_info(fd).used, 0);
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 0);
}

/* What was skipped is zeros, and not what somebody has written there before. */
static void holes_are_zeros(void)
{
	static uint8_t junk[9000], in[9000];
	int fd = newdev_open(O_RDWR | O_TRUNC);

	fill(junk, sizeof(junk), 1);
	CHECK_EQ(write(fd, junk, sizeof(junk)), sizeof(junk));
	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		close(newdev_open(O_WRONLY | O_TRUNC));
		newdev_mode(fd, modes[m].mode);
		CHECK_EQ(pwrite(fd, "end", 3, 8000), 3);
		CHECK_EQ(pread(fd, in, sizeof(in), 0), 8003);
		for (int i = 0; i < 8000; i++)
			CHECK_EQ(in[i], 0);
		CHECK(!memcmp(in + 8000, "end", 3));
		CHECK_EQ(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
	}
}

static void the_end_of_the_memory(void)
{
	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		int fd = newdev_open(O_RDWR | O_TRUNC);
		char buf[64] = "";

		newdev_mode(fd, modes[m].mode);
		CHECK_EQ(pwrite(fd, "12345", 5, MEMORY - 3), 3);
		CHECK_EQ(pread(fd, buf, sizeof(buf), MEMORY - 3), 3);
		CHECK(!memcmp(buf, "123", 3));
		CHECK_ERRNO(pwrite(fd, "x", 1, MEMORY), ENOSPC);
		CHECK_ERRNO(pwrite(fd, "x", 1, MEMORY + 1), EFBIG);
		CHECK_ERRNO(pwrite(fd, "x", 1, (off_t)1 << 40), EFBIG);
		CHECK_EQ(pwrite(fd, "x", 0, MEMORY), 0);
		CHECK_EQ(pread(fd, buf, 1, MEMORY), 0);
		CHECK_EQ(pread(fd, buf, 1, (off_t)1 << 40), 0);
		CHECK_EQ(newdev_info(fd).used, MEMORY);
		close(fd);
	}
}

static void appended(void)
{
	int fd = newdev_open(O_RDWR | O_TRUNC), other = newdev_open(O_WRONLY | O_APPEND);
	char buf[16];

	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_EQ(write(other, "def", 3), 3);
	CHECK_EQ(lseek(other, 0, SEEK_SET), 0);
	CHECK_EQ(write(other, "ghi", 3), 3);
	CHECK_EQ(pread(fd, buf, sizeof(buf), 0), 9);
	CHECK(!memcmp(buf, "abcdefghi", 9));
}

/* ---- bad pointers ---- */

static void bad_pointers(void)
{
	/* Through a volatile, or the compiler knows that too. */
	void *volatile low = (void *)16, *volatile kernel = (void *)0xffffffff81000000;

	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		int fd = newdev_open(O_RDWR | O_TRUNC);
		uint8_t *at = pages(3 * 4096), *constant;
		ssize_t n;

		newdev_mode(fd, modes[m].mode);
		fill(at, 3 * 4096, m);
		CHECK_EQ(write(fd, at, 3 * 4096), 3 * 4096);
		CHECK_ERRNO(pwrite(fd, low, 5000, 0), EFAULT);
		CHECK_ERRNO(pread(fd, low, 5000, 0), EFAULT);
		CHECK_ERRNO(pread(fd, at + 3 * 4096, 5000, 0), EFAULT);
		/* The kernel's own memory. */
		CHECK_ERRNO(pread(fd, kernel, 5000, 0), EFAULT);
		/* Memory that may not be written to. */
		constant = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(constant != MAP_FAILED);
		CHECK_ERRNO(pread(fd, constant, 5000, 0), EFAULT);
		/* Half of it is there: as much as that, or nothing. */
		n = pread(fd, at + 2 * 4096, 3 * 4096, 0);
		CHECK(n == 4096 || (n < 0 && errno == EFAULT));
		CHECK_EQ(pread(fd, at, 3 * 4096, 0), 3 * 4096);
		close(fd);
	}
}

/* ---- several at it ---- */

/* Records that several programs append, and that none of them may tear. */
static void several_writers(const char *irq)
{
	enum { WRITERS = 4, EACH = 40, RECORD = 3000 };
	static uint8_t record[RECORD], seen[WRITERS][EACH];
	pid_t pids[WRITERS];
	int fd, status;

	newdev_load(irq);
	memset(seen, 0, sizeof(seen));
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = ktap_fork();
		if (pids[w])
			continue;
		fd = newdev_open(O_WRONLY | O_APPEND);
		newdev_mode(fd, w < 2 ? NEWDEV_MODE_DMA : NEWDEV_MODE_MMIO);
		for (int i = 0; i < EACH; i++) {
			fill(record, RECORD, w * EACH + i);
			record[0] = w;
			record[1] = i;
			CHECK_EQ(write(fd, record, RECORD), RECORD);
		}
		fflush(stdout);
		_exit(0);
	}
	for (int w = 0; w < WRITERS; w++) {
		status = ktap_wait(pids[w]);
		CHECK_EQ(status, 0);
	}
	fd = newdev_open(O_RDONLY);
	CHECK_EQ(newdev_info(fd).used, WRITERS * EACH * RECORD);
	for (int n = 0; n < WRITERS * EACH; n++) {
		static uint8_t got[RECORD];

		read_all(fd, got, RECORD);
		CHECK(got[0] < WRITERS && got[1] < EACH);
		CHECK_EQ(seen[got[0]][got[1]]++, 0);
		fill(record, RECORD, got[0] * EACH + got[1]);
		CHECK(!memcmp(record + 2, got + 2, RECORD - 2));
	}
}

static void several_writers_intx(void)
{
	several_writers(irqs[0]);
}

static void several_writers_msi(void)
{
	several_writers(irqs[1]);
}

/* Each file at its own place, each in its own way, all of them at once. */
static void several_readers(void)
{
	enum { READERS = 5, SIZE = 50000 };
	static uint8_t all[SIZE], got[SIZE];
	pid_t pids[READERS];
	int fd = newdev_open(O_RDWR | O_TRUNC), status;

	fill(all, SIZE, 99);
	write_all(fd, all, SIZE);
	for (int r = 0; r < READERS; r++) {
		pids[r] = ktap_fork();
		if (pids[r])
			continue;
		fd = newdev_open(O_RDONLY);
		/* The port is slow over a socket. */
		newdev_mode(fd, r % 2 ? NEWDEV_MODE_DMA : NEWDEV_MODE_AUTO);
		for (int i = 0; i < 5; i++) {
			CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
			for (int at = 0, n; at < SIZE; at += n) {
				n = read(fd, got + at, 100 + 777 * (r + 1));
				CHECK(n > 0);
			}
			CHECK(!memcmp(got, all, SIZE));
		}
		fflush(stdout);
		_exit(0);
	}
	for (int r = 0; r < READERS; r++) {
		status = ktap_wait(pids[r]);
		CHECK_EQ(status, 0);
	}
}

/* ---- waiting ---- */

static void followed(void)
{
	int fd = newdev_open(O_RDWR | O_TRUNC), status;
	pid_t pid = ktap_fork();
	char buf[16];

	if (!pid) {
		int own = newdev_open(O_RDONLY);

		newdev_follow(own);
		CHECK_EQ(read(own, buf, 5), 5);
		CHECK(!memcmp(buf, "first", 5));
		CHECK_EQ(read(own, buf, sizeof(buf)), 6);
		CHECK(!memcmp(buf, "second", 6));
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	CHECK_EQ(write(fd, "first", 5), 5);
	wait_asleep(pid);
	CHECK_EQ(write(fd, "second", 6), 6);
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void a_signal_ends_it(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	pid_t pid = ktap_fork();
	int status;

	if (!pid) {
		int own = newdev_open(O_RDWR | O_TRUNC);
		uint8_t byte = 1;

		newdev_follow(own);
		sigaction(SIGUSR1, &action, NULL);
		CHECK_ERRNO(read(own, &byte, 1), EINTR);
		/* In the middle of DMA, too; and then it works again. */
		newdev_mode(own, NEWDEV_MODE_DMA);
		newdev_delay("4000000");
		CHECK_ERRNO(write(own, &byte, 1), EINTR);
		newdev_delay("0");
		CHECK_EQ(write(own, &byte, 1), 1);
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	kill(pid, SIGUSR1);
	/* It sleeps in write() when the delay is there, and a moment later. */
	for (;;) {
		char text[16];

		file_read(NEWDEV_SYS "used", text, sizeof(text));
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		kill(pid, SIGUSR1);
		sleep_ms(50);
	}
	CHECK_EQ(status, 0);
}

static void without_blocking(void)
{
	int fd = newdev_open(O_RDWR | O_TRUNC), quick = newdev_open(O_RDWR | O_NONBLOCK), status;
	struct pollfd ready = { .fd = quick, .events = POLLIN | POLLOUT };
	char byte = 'x';
	pid_t pid;

	newdev_follow(quick);
	CHECK_ERRNO(read(quick, &byte, 1), EAGAIN);
	CHECK_EQ(poll(&ready, 1, 0), 1);
	CHECK_EQ(ready.revents, POLLOUT);
	CHECK_EQ(write(fd, "abc", 3), 3);
	CHECK_EQ(poll(&ready, 1, 0), 1);
	CHECK_EQ(ready.revents, POLLIN | POLLOUT);
	CHECK_EQ(read(quick, &byte, 1), 1);
	CHECK_EQ(byte, 'a');
	/* While somebody else's transfer is under way. */
	newdev_delay("300000");
	pid = ktap_fork();
	if (!pid) {
		int own = newdev_open(O_RDWR);

		newdev_mode(own, NEWDEV_MODE_DMA);
		CHECK_EQ(pwrite(own, "XYZ", 3, 0), 3);
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	CHECK_ERRNO(read(quick, &byte, 1), EAGAIN);
	CHECK_ERRNO(write(quick, "n", 1), EAGAIN);
	CHECK_EQ(poll(&ready, 1, 0), 0);
	/* It ends, and that wakes who polls. */
	CHECK_EQ(poll(&ready, 1, 5000), 1);
	CHECK_EQ(read(quick, &byte, 1), 1);
	CHECK_EQ(byte, 'Y');
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
	newdev_delay("0");
}

static void poll_waits_for_more(void)
{
	int fd = newdev_open(O_RDWR | O_TRUNC), status;
	pid_t pid = ktap_fork();

	if (!pid) {
		int own = newdev_open(O_RDONLY);
		struct pollfd ready = { .fd = own, .events = POLLIN };

		newdev_follow(own);
		CHECK_EQ(poll(&ready, 1, 30000), 1);
		CHECK_EQ(ready.revents, POLLIN);
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	CHECK_EQ(write(fd, "x", 1), 1);
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
}

/* ---- words of the driver ---- */

static void settings(void)
{
	static const char *const names[] = { "auto", "pio", "mmio", "dma" };
	int fd = newdev_open(O_RDWR), other;
	uint32_t value;
	char text[64];

	for (uint32_t i = 0; i < 4; i++) {
		CHECK_EQ(file_write(NEWDEV_SYS "mode", names[i]), 0);
		file_read(NEWDEV_SYS "mode", text, sizeof(text));
		CHECK(!strcmp(text, names[i]));
		other = newdev_open(O_RDONLY);
		CHECK_EQ(newdev_info(other).mode, i);
		close(other);
	}
	CHECK_EQ(newdev_info(fd).mode, 0); /* it was open before */
	CHECK_ERRNO(file_write(NEWDEV_SYS "mode", "pigeon"), EINVAL);
	CHECK_ERRNO(file_write(NEWDEV_SYS "delay_us", "soon"), EINVAL);
	value = 4;
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_MODE, &value), EINVAL);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_FOLLOW, &value), EINVAL);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_RAISE, &value), EINVAL);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_MODE, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_INFO, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, (void *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, _IO('N', 99), 0), ENOTTY);
	close(fd);
	must("modprobe -r newdev");
	CHECK(shell("modprobe newdev mode=pigeon", text, sizeof(text)) != 0);
	for (uint32_t i = 3; i > 0; i--) {
		snprintf(text, sizeof(text), "mode=%s", names[i]);
		newdev_load(text);
		fd = newdev_open(O_RDONLY);
		CHECK_EQ(newdev_info(fd).mode, i);
		close(fd);
	}
	must("modprobe -r newdev");
	CHECK(shell("modprobe newdev irq=pigeon", text, sizeof(text)) != 0);
	CHECK(shell("modprobe newdev dma_bits=31", text, sizeof(text)) != 0);
	newdev_load("");
}

/* ---- the paper's file ---- */

static void proc_file(void)
{
	char text[256];
	int fd;

	must("echo 'Hello, newdevice!' > " NEWDEV_PROC);
	CHECK_EQ(shell("cat " NEWDEV_PROC, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "Hello, newdevice!\n"));
	must("echo again >> " NEWDEV_PROC);
	CHECK_EQ(shell("cat " NEWDEV_PROC, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "Hello, newdevice!\nagain\n"));
	must("echo short > " NEWDEV_PROC);
	CHECK_EQ(shell("cat " NEWDEV_PROC, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "short\n"));
	/* It is the device's memory, and stays there when the driver goes. */
	fd = newdev_open(O_RDONLY);
	CHECK_EQ(read(fd, text, sizeof(text)), 6);
	close(fd);
	must("modprobe -r newdev");
	CHECK(!file_exists(NEWDEV_PROC));
	must("modprobe newdev");
	WAIT_FOR(file_exists(NEWDEV_PROC));
	CHECK_EQ(shell("cat " NEWDEV_PROC, text, sizeof(text)), 0);
	CHECK(!strcmp(text, "short\n"));
}

static const struct ktap_case cases[] = {
	{ "proc_file", proc_file },
	{ "lengths_intx", lengths_intx },
	{ "lengths_msi", lengths_msi },
	{ "lengths_32_bits", lengths_32_bits },
	{ "each_way_sees_the_others", each_way_sees_the_others },
	{ "every_second_page", every_second_page },
	{ "offsets_and_ends", offsets_and_ends },
	{ "holes_are_zeros", holes_are_zeros },
	{ "the_end_of_the_memory", the_end_of_the_memory },
	{ "appended", appended },
	{ "bad_pointers", bad_pointers },
	{ "several_writers_intx", several_writers_intx },
	{ "several_writers_msi", several_writers_msi },
	{ "several_readers", several_readers },
	{ "followed", followed },
	{ "a_signal_ends_it", a_signal_ends_it },
	{ "without_blocking", without_blocking },
	{ "poll_waits_for_more", poll_waits_for_more },
	{ "settings", settings },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
