// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device and its driver come and go, and the device is reset, with programs in
 * the middle of what they do.
 */
#include "newdev.h"

static const char *const irqs[] = { "irq=intx", "irq=msi" };

static void check_dead(int fd)
{
	struct newdev_wait wait = { .source = NEWDEV_SOURCE_BELL };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct newdev_info info;
	char byte;

	CHECK_ERRNO(read(fd, &byte, 1), ENODEV);
	CHECK_ERRNO(read(fd, &byte, 0), ENODEV);
	CHECK_ERRNO(write(fd, "x", 1), ENODEV);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ENODEV);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_INFO, &info), ENODEV);
	CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, &wait), ENODEV);
	CHECK_ERRNO(newdev_raise(fd, NEWDEV_SOURCE_BELL), ENODEV);
	CHECK_EQ(poll(&ready, 1, 0), 1);
	CHECK(ready.revents & POLLHUP);
}

static void check_works(void)
{
	uint8_t out[5000], in[5000];
	int fd = newdev_open(O_RDWR);

	newdev_mode(fd, NEWDEV_MODE_DMA);
	fill(out, sizeof(out), 3);
	CHECK_EQ(pwrite(fd, out, sizeof(out), 0), sizeof(out));
	CHECK_EQ(pread(fd, in, sizeof(in), 0), sizeof(in));
	CHECK(!memcmp(in, out, sizeof(in)));
	close(fd);
}

enum { FOLLOWS, WRITES, READS, WAITS, POLLS, PROC, HOW };

/* A program that is blocked in one way or another, and must get this error. */
static pid_t blocked(int how, int error)
{
	struct newdev_wait wait = { .source = NEWDEV_SOURCE_BELL };
	struct pollfd ready = { .events = POLLIN };
	static uint8_t data[10000];
	pid_t pid = ktap_fork();
	int fd;

	if (pid)
		return pid;
	fd = how == PROC ? open(NEWDEV_PROC, O_RDWR) : newdev_open(O_RDWR);
	CHECK(fd >= 0);
	if (how != PROC)
		newdev_mode(fd, NEWDEV_MODE_DMA);
	switch (how) {
	case FOLLOWS:
		newdev_follow(fd);
		lseek(fd, 0, SEEK_END);
		CHECK_ERRNO(read(fd, data, 1), error);
		break;
	case WRITES:
	case PROC:
		CHECK_ERRNO(write(fd, data, sizeof(data)), error);
		break;
	case READS:
		CHECK_ERRNO(read(fd, data, sizeof(data)), error);
		break;
	case WAITS:
		CHECK_ERRNO(ioctl(fd, NEWDEV_IOC_WAIT, &wait), error);
		break;
	case POLLS:
		newdev_follow(fd);
		lseek(fd, 0, SEEK_END);
		ready.fd = fd;
		CHECK_EQ(poll(&ready, 1, 60000), 1);
		CHECK(ready.revents & POLLHUP);
		break;
	}
	fflush(stdout);
	_exit(0);
}

static void start(const char *irq)
{
	static uint8_t data[10000];
	int fd;

	newdev_load(irq);
	fd = newdev_open(O_RDWR);
	CHECK_EQ(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
	/* So that a transfer is in the middle of it for as long as we need. */
	newdev_delay("60000000");
}

static void unbind_under(const char *irq)
{
	struct newdev_pci pci;
	int fd, status;
	pid_t pid;

	for (int how = 0; how < HOW; how++) {
		start(irq);
		pci = newdev_pci(0);
		fd = newdev_open(O_RDWR);
		pid = blocked(how, ENODEV);
		wait_asleep(pid);
		CHECK_EQ(file_write(NEWDEV_BUS "unbind", pci.slot), 0);
		status = ktap_wait(pid);
		CHECK_EQ(status, 0);
		check_dead(fd);
		close(fd);
		CHECK(!file_exists(NEWDEV_PROC));
		CHECK_EQ(file_write(NEWDEV_BUS "bind", pci.slot), 0);
		WAIT_FOR(file_exists(NEWDEV_DEV));
		newdev_delay("0");
		check_works();
	}
}

static void unbind_under_intx(void)
{
	unbind_under(irqs[0]);
}

static void unbind_under_msi(void)
{
	unbind_under(irqs[1]);
}

/* The card is taken out by the book, and found again. */
static void removed_and_rescanned(void)
{
	struct newdev_pci pci;
	pid_t pids[HOW];
	int fd, status;

	start("");
	pci = newdev_pci(0);
	fd = newdev_open(O_RDWR);
	for (int how = 0; how < HOW; how++)
		pids[how] = blocked(how, ENODEV);
	for (int how = 0; how < HOW; how++)
		wait_asleep(pids[how]);
	CHECK_EQ(newdev_pci_write(&pci, "remove", "1"), 0);
	for (int how = 0; how < HOW; how++) {
		status = ktap_wait(pids[how]);
		CHECK_EQ(status, 0);
	}
	check_dead(fd);
	close(fd);
	CHECK(!file_exists(pci.path));
	CHECK_EQ(file_write("/sys/bus/pci/rescan", "1"), 0);
	WAIT_FOR(file_exists(NEWDEV_DEV));
	newdev_delay("0");
	check_works();
}

/*
 * Interrupts at any moment of loading and unloading: somebody writes to the port all
 * the time, which no driver can keep him from.
 */
static void interrupts_meanwhile(const char *irq)
{
	struct newdev_pci pci;
	int status, tries = 15;
	char path[256], text[64];
	pid_t pid;

	newdev_load(irq);
	pci = newdev_pci(0);
	snprintf(path, sizeof(path), "%s/resource%u", pci.path, NEWDEV_BAR_PORTS);
	pid = ktap_fork();
	if (!pid) {
		int ports = open(path, O_RDWR);
		uint8_t one = 1;

		CHECK(ports >= 0);
		for (;;)
			CHECK_EQ(pwrite(ports, &one, 1, NEWDEV_PORT_IRQ), 1);
	}
	while (tries--)
		newdev_load(irq);
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	newdev_load(irq);
	check_works();
	CHECK_EQ(shell("dmesg | grep -c 'nobody cared'", text, sizeof(text)), 1);
}

static void interrupts_meanwhile_intx(void)
{
	interrupts_meanwhile(irqs[0]);
}

static void interrupts_meanwhile_msi(void)
{
	interrupts_meanwhile(irqs[1]);
}

/* A module that is in use stays. */
static void unload_in_use(void)
{
	char text[256];
	int fd;

	newdev_load("");
	fd = newdev_open(O_RDWR);
	CHECK(shell("modprobe -r newdev", text, sizeof(text)) != 0);
	check_works();
	close(fd);
}

/* By the kernel, through D3hot: what was under way ends with EIO, what comes after works. */
static void reset_under(const char *irq)
{
	static const int hows[] = { WRITES, READS };
	struct newdev_pci pci;
	char text[64], path[256];
	int status, fd;
	pid_t pid;

	for (size_t i = 0; i < KTAP_LENGTH(hows); i++) {
		start(irq);
		pci = newdev_pci(0);
		snprintf(path, sizeof(path), "%s/reset_method", pci.path);
		file_read(path, text, sizeof(text));
		CHECK(strstr(text, "pm") != NULL);
		CHECK_EQ(newdev_pci_write(&pci, "reset_method", "pm"), 0);
		pid = blocked(hows[i], EIO);
		wait_asleep(pid);
		CHECK_EQ(newdev_pci_write(&pci, "reset", "1"), 0);
		status = ktap_wait(pid);
		CHECK_EQ(status, 0);
		fd = newdev_open(O_RDWR);
		CHECK_EQ(newdev_info(fd).resets, 1);
		/* RAM that had no power. */
		CHECK_EQ(newdev_info(fd).used, 0);
		close(fd);
		file_read(NEWDEV_SYS "delay_us", text, sizeof(text));
		CHECK(!strcmp(text, "0"));
		check_works();
	}
}

static void reset_under_intx(void)
{
	reset_under(irqs[0]);
}

static void reset_under_msi(void)
{
	reset_under(irqs[1]);
}

/* Over and over, under programs that go on working as well as they can. */
static void many_resets(void)
{
	struct newdev_pci pci;
	pid_t pids[3];
	int status;

	newdev_load("");
	pci = newdev_pci(0);
	CHECK_EQ(newdev_pci_write(&pci, "reset_method", "pm"), 0);
	for (int p = 0; p < 3; p++) {
		static uint8_t data[40000];
		int fd;

		pids[p] = ktap_fork();
		if (pids[p])
			continue;
		fd = newdev_open(O_RDWR);
		newdev_mode(fd, p ? NEWDEV_MODE_DMA : NEWDEV_MODE_MMIO);
		for (;;) {
			if (pwrite(fd, data, sizeof(data), 0) < 0)
				CHECK(errno == EIO);
			if (pread(fd, data, sizeof(data), 0) < 0)
				CHECK(errno == EIO);
			if (p == 2 && newdev_raise(fd, NEWDEV_SOURCE_BELL))
				CHECK(errno == EIO);
		}
	}
	for (int i = 0; i < 20; i++)
		CHECK_EQ(newdev_pci_write(&pci, "reset", "1"), 0);
	for (int p = 0; p < 3; p++) {
		kill(pids[p], SIGKILL);
		status = ktap_wait(pids[p]);
		/* It ends by a failed check only, and not by that. */
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	check_works();
}

/* Somebody else raises the line all the time; while the driver keeps its hands off, too. */
static void many_resets_and_a_line(void)
{
	struct newdev_pci pci;
	char path[256], text[64];
	pid_t pid;
	int status;

	newdev_load(irqs[0]);
	pci = newdev_pci(0);
	CHECK_EQ(newdev_pci_write(&pci, "reset_method", "pm"), 0);
	snprintf(path, sizeof(path), "%s/resource%u", pci.path, NEWDEV_BAR_PORTS);
	pid = ktap_fork();
	if (!pid) {
		int ports = open(path, O_RDWR);
		uint8_t one = 1;

		CHECK(ports >= 0);
		for (;;)
			CHECK_EQ(pwrite(ports, &one, 1, NEWDEV_PORT_IRQ), 1);
	}
	for (int i = 0; i < 30; i++)
		CHECK_EQ(newdev_pci_write(&pci, "reset", "1"), 0);
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(shell("dmesg | grep -c 'nobody cared'", text, sizeof(text)), 1);
	check_works();
	CHECK_EQ(newdev_raise(newdev_open(O_RDWR), NEWDEV_SOURCE_BELL), 0);
	WAIT_FOR(!shell("grep -q 'bell [1-9]' " NEWDEV_SYS "counts", text, sizeof(text)));
}

/* ---- what somebody has switched off ---- */

static void bus_mastering_off(void)
{
	struct newdev_pci pci;
	char byte = 1;
	int fd, config;

	newdev_load("");
	pci = newdev_pci(0);
	config = newdev_config(&pci);
	fd = newdev_open(O_RDWR);
	newdev_mode(fd, NEWDEV_MODE_DMA);
	CHECK_EQ(write(fd, &byte, 1), 1);
	config_set(config, COMMAND, 2, config_get(config, COMMAND, 2) & ~COMMAND_MASTER);
	CHECK_ERRNO(pwrite(fd, &byte, 1, 0), EPERM);
	CHECK_ERRNO(pread(fd, &byte, 1, 0), EPERM);
	/* What needs no DMA goes on. */
	newdev_mode(fd, NEWDEV_MODE_MMIO);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 1);
	newdev_mode(fd, NEWDEV_MODE_DMA);
	config_set(config, COMMAND, 2, config_get(config, COMMAND, 2) | COMMAND_MASTER);
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	check_works();
}

/* The device is there and does not answer: all-ones are no data. */
static void bars_off(void)
{
	static const uint32_t modes[] = { NEWDEV_MODE_PIO, NEWDEV_MODE_MMIO, NEWDEV_MODE_DMA };
	struct newdev_pci pci;
	char bytes[100] = "";
	int fd, config;

	newdev_load("");
	pci = newdev_pci(0);
	config = newdev_config(&pci);
	fd = newdev_open(O_RDWR);
	CHECK_EQ(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	for (size_t m = 0; m < KTAP_LENGTH(modes); m++) {
		uint32_t command = config_get(config, COMMAND, 2);
		ssize_t got, put;
		int got_error, put_error;

		newdev_mode(fd, modes[m]);
		config_set(config, COMMAND, 2, command & ~(COMMAND_MEMORY | COMMAND_IO));
		got = pread(fd, bytes, sizeof(bytes), 0);
		got_error = errno;
		put = pwrite(fd, bytes, sizeof(bytes), 0);
		put_error = errno;
		config_set(config, COMMAND, 2, command);
		CHECK_EQ(got, -1);
		CHECK_EQ(got_error, EIO);
		CHECK_EQ(put, -1);
		CHECK_EQ(put_error, EIO);
		CHECK_EQ(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			CHECK_EQ(bytes[i], 0);
	}
	check_works();
}

/* It takes too long: stopped, and usable again. */
static void time_out(void)
{
	char byte = 1;
	int fd;

	newdev_load("timeout_ms=200");
	fd = newdev_open(O_RDWR);
	newdev_mode(fd, NEWDEV_MODE_DMA);
	newdev_delay("60000000");
	CHECK_ERRNO(write(fd, &byte, 1), ETIMEDOUT);
	CHECK_ERRNO(write(fd, &byte, 1), ETIMEDOUT);
	CHECK_EQ(newdev_info(fd).used, 0);
	newdev_delay("0");
	check_works();
}

/* The whole machine sleeps, and its clock wakes it up, with a reader that waits and a transfer under way. */
static void suspended(void)
{
	char text[64] = "", byte = 0;
	int fd, status;
	pid_t pid;

	if (file_exists("/sys/power/state"))
		file_read("/sys/power/state", text, sizeof(text));
	if (!strstr(text, "mem") || !file_exists("/sys/class/rtc/rtc0/wakealarm"))
		skip("this kernel does not sleep, or would not wake up");
	newdev_load("");
	fd = newdev_open(O_RDWR);
	CHECK_EQ(write(fd, "kept?", 5), 5);
	newdev_delay("1000000");
	pid = ktap_fork();
	if (!pid) {
		int own = newdev_open(O_RDWR);

		newdev_mode(own, NEWDEV_MODE_DMA);
		/* Begun anew after the sleep, or ended by it. */
		if (write(own, "x", 1) < 0)
			CHECK_EQ(errno, EIO);
		newdev_follow(own);
		lseek(own, 1, SEEK_SET);
		CHECK_EQ(read(own, &byte, 1), 1);
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	CHECK_EQ(file_write("/sys/class/rtc/rtc0/wakealarm", "+3"), 0);
	CHECK_EQ(file_write("/sys/power/state", "mem"), 0);
	CHECK_EQ(newdev_info(fd).resets, 1);
	newdev_delay("0");
	check_works();
	CHECK_EQ(pwrite(fd, "yz", 2, 0), 2);
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
}

static const struct ktap_case cases[] = {
	{ "unbind_under_intx", unbind_under_intx },
	{ "unbind_under_msi", unbind_under_msi },
	{ "removed_and_rescanned", removed_and_rescanned },
	{ "interrupts_meanwhile_intx", interrupts_meanwhile_intx },
	{ "interrupts_meanwhile_msi", interrupts_meanwhile_msi },
	{ "unload_in_use", unload_in_use },
	{ "reset_under_intx", reset_under_intx },
	{ "reset_under_msi", reset_under_msi },
	{ "many_resets", many_resets },
	{ "many_resets_and_a_line", many_resets_and_a_line },
	{ "bus_mastering_off", bus_mastering_off },
	{ "bars_off", bars_off },
	{ "time_out", time_out },
	{ "suspended", suspended },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
