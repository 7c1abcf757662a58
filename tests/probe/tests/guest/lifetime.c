// SPDX-License-Identifier: BSD-2-Clause
/* The driver and the device come and go, with files open, programs asleep and work going on. */
#include "probe.h"

#define MILLISECOND 1000000u
#define ENDLESS 0xffffffffu

static void check_dead(int fd)
{
	struct probe_access access = { PROBE_BAR_REGS, 4, PROBE_ID, 0 };
	struct probe_wait wait = { .event = PROBE_IRQ_DONE };
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = { .area = (uintptr_t)area, .length = 16, .direction = PROBE_STORE };
	struct probe_counts counts;

	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), ENODEV);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_WRITE, &access), ENODEV);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_WAIT, &wait), ENODEV);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_DMA, &dma), ENODEV);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_LEVEL), ENODEV);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_COUNTS, &counts), ENODEV);
}

/* Registers, an interrupt, DMA. */
static void check_works(int fd)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = { .area = (uintptr_t)area, .length = 4, .direction = PROBE_STORE };
	uint32_t count = count_of(fd, PROBE_IRQ_DONE);

	CHECK_EQ(get(fd, PROBE_ID), 0x626f7270);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, count + 1);
	put(fd, PROBE_DATA(0), 0x04030201);
	CHECK_EQ(ioctl(fd, PROBE_IOC_DMA, &dma), 0);
	CHECK_EQ(dma.error, 0);
	CHECK(!memcmp(area, "\1\2\3\4", 4));
}

/* A child that waits for what never comes, and is asleep by now. It must get ENODEV. */
static pid_t sleeper(int fd)
{
	pid_t pid = ktap_fork();

	if (!pid) {
		struct probe_wait wait = { .event = PROBE_IRQ_LINE };

		wait.count = count_of(fd, PROBE_IRQ_LINE);
		CHECK_ERRNO(ioctl(fd, PROBE_IOC_WAIT, &wait), ENODEV);
		check_dead(fd);
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	return pid;
}

static void make_busy(int fd)
{
	put(fd, PROBE_DELAY, MILLISECOND);
	put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	put(fd, PROBE_ROUNDS, ENDLESS);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	CHECK_EQ(get(fd, PROBE_BUSY), 1);
}

static void unbind_with_parameters(const char *parameters)
{
	struct probe_pci pci = probe_pci();
	int old = probe_start(parameters), fd;
	pid_t pid = sleeper(old);

	check_works(old);
	make_busy(old);
	CHECK_EQ(file_write(PROBE_BUS "unbind", pci.slot), 0);
	CHECK(!file_exists(PROBE_DEV));
	CHECK_EQ(ktap_wait(pid), 0);
	check_dead(old);
	CHECK_EQ(file_write(PROBE_BUS "bind", pci.slot), 0);
	WAIT_FOR(file_exists(PROBE_DEV));
	fd = probe_open();
	/* What the old driver had begun it has ended. */
	CHECK_EQ(get(fd, PROBE_BUSY), 0);
	check_works(fd);
	check_dead(old);
}

static void unbind_intx(void)
{
	unbind_with_parameters("irq=intx");
}

static void unbind_messages(void)
{
	unbind_with_parameters("irq=auto");
}

static void remove_with_parameters(const char *parameters)
{
	struct probe_pci pci = probe_pci();
	int old = probe_start(parameters), fd;
	pid_t pid = sleeper(old);

	check_works(old);
	make_busy(old);
	CHECK_EQ(pci_write(&pci, "remove", "1"), 0);
	CHECK(!file_exists(pci.path));
	CHECK(!file_exists(PROBE_DEV));
	CHECK_EQ(ktap_wait(pid), 0);
	check_dead(old);
	pci_rescan();
	WAIT_FOR(file_exists(PROBE_DEV));
	CHECK(!strcmp(probe_pci().slot, pci.slot));
	fd = probe_open();
	check_works(fd);
	check_dead(old);
}

static void remove_and_rescan_intx(void)
{
	remove_with_parameters("irq=intx");
}

static void remove_and_rescan_messages(void)
{
	remove_with_parameters("irq=auto");
}

/* Whoever loads the drivers is slow: pci_rescan() has waited for him, and nothing is loaded later. */
static void rescan_waits_for_drivers(void)
{
	struct probe_pci pci = probe_pci();
	char line[1024];
	int status;
	pid_t pid;

	/* Elsewhere it is udev that loads them, and /sbin/modprobe is nobody's to change. */
	file_read("/proc/cmdline", line, sizeof(line));
	if (!strstr(line, "ersatz."))
		skip("not a guest of the lab's");
	unlink("/tmp/late");
	must("mv /sbin/modprobe /sbin/modprobe.own && "
	     "printf '#!/bin/sh\nusleep 300000\nbusybox modprobe \"$@\"\ntouch /tmp/late\n' "
	     ">/sbin/modprobe && chmod +x /sbin/modprobe");
	/* In a child, so that what fails there leaves modprobe as it was. */
	pid = ktap_fork();
	if (!pid) {
		CHECK_EQ(pci_write(&pci, "remove", "1"), 0);
		pci_rescan();
		CHECK(file_exists("/tmp/late"));
		fflush(stdout);
		_exit(0);
	}
	status = ktap_wait(pid);
	must("mv /sbin/modprobe.own /sbin/modprobe");
	CHECK_EQ(status, 0);
	check_works(probe_start("irq=auto"));
}

/* Somebody is always in the middle of something. All that may happen is that it is gone. */
static void work_for_ever(void)
{
	static uint8_t area[PROBE_AREA];
	static uint8_t from[4096], to[4096];

	for (;;) {
		int fd = open(PROBE_DEV, O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			CHECK(errno == ENOENT || errno == ENXIO || errno == ENODEV);
			continue;
		}
		for (int i = 0; i < 20; i++) {
			struct probe_dma dma = { .area = (uintptr_t)area,
						 .length = 16,
						 .direction = PROBE_STORE };
			struct probe_copy copy = { .from = (uintptr_t)from,
						   .to = (uintptr_t)to,
						   .length = sizeof(from) };

			if (ioctl(fd, PROBE_IOC_DMA, &dma) || ioctl(fd, PROBE_IOC_COPY, &copy)) {
				CHECK_EQ(errno, ENODEV);
				break;
			}
			CHECK_EQ(dma.error, 0);
			CHECK_EQ(copy.error, 0);
		}
		close(fd);
	}
}

static void under_load(const char *parameters)
{
	struct probe_pci pci = probe_pci();
	int fd = probe_start(parameters);
	pid_t pid;

	close(fd);
	pid = ktap_fork();
	if (!pid)
		work_for_ever();
	for (int i = 0; i < 10; i++) {
		/* Until it has done something. */
		fd = probe_open();
		WAIT_FOR(count_of(fd, PROBE_IRQ_DMA) > 0);
		close(fd);
		if (i % 2) {
			CHECK_EQ(file_write(PROBE_BUS "unbind", pci.slot), 0);
			CHECK_EQ(file_write(PROBE_BUS "bind", pci.slot), 0);
		} else {
			CHECK_EQ(pci_write(&pci, "remove", "1"), 0);
			pci_rescan();
		}
		WAIT_FOR(file_exists(PROBE_DEV));
	}
	/* It ends by a failed check only. */
	kill(pid, SIGKILL);
	{
		int status = ktap_wait(pid);

		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	check_works(probe_open());
}

static void under_load_intx(void)
{
	under_load("irq=intx");
}

static void under_load_messages(void)
{
	under_load("irq=auto");
}

/* A signal ends a wait; the device does not mind. */
static void interrupted(void)
{
	int fd = probe_start("irq=auto"), status;
	pid_t pid = sleeper(fd);

	kill(pid, SIGTERM);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	check_works(fd);
}

static void unload_is_refused(void)
{
	int fd = probe_start("irq=auto");
	char text[256];

	CHECK(shell("rmmod probe", text, sizeof(text)) != 0);
	check_works(fd);
	close(fd);
	must("rmmod probe");
	CHECK(!file_exists(PROBE_DEV));
	must("modprobe probe");
	WAIT_FOR(file_exists(PROBE_DEV));
	check_works(probe_open());
}

/* What a program may say that makes no sense. */
static void nonsense(void)
{
	struct probe_access access = { 0, 4, 0, 0 };
	struct probe_wait wait = { .event = PROBE_EVENT_KINDS };
	struct probe_copy copy = { .length = 0 };
	int fd = probe_start("irq=auto");

	CHECK_ERRNO(ioctl(fd, _IO('P', 99), 0), ENOTTY);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, 0), EFAULT);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_WAIT, &wait), EINVAL);
	wait.event = PROBE_IRQ_LINE;
	wait.count = count_of(fd, PROBE_IRQ_LINE);
	wait.timeout_ms = 1;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_WAIT, &wait), ETIMEDOUT);
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_COPY, &copy), EINVAL);
	copy.length = PROBE_COPY_PIECE + 1;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_COPY, &copy), EINVAL);
	copy.length = PROBE_COPY_PIECE;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_COPY, &copy), EFAULT);
	access.offset = PROBE_BAR_REGS_SIZE;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), EINVAL);
	access.offset = 2;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), EINVAL);
	access.offset = 0;
	access.width = 3;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), EINVAL);
	access.width = 4;
	access.bar = 6;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), EINVAL);
	access.bar = PROBE_BAR_PORTS;
	access.width = 8;
	CHECK_ERRNO(ioctl(fd, PROBE_IOC_READ, &access), EINVAL);
	check_works(fd);
}

static const struct ktap_case cases[] = {
	{ "unbind_intx", unbind_intx },
	{ "unbind_messages", unbind_messages },
	{ "remove_and_rescan_intx", remove_and_rescan_intx },
	{ "remove_and_rescan_messages", remove_and_rescan_messages },
	{ "rescan_waits_for_drivers", rescan_waits_for_drivers },
	{ "under_load_intx", under_load_intx },
	{ "under_load_messages", under_load_messages },
	{ "interrupted", interrupted },
	{ "unload_is_refused", unload_is_refused },
	{ "nonsense", nonsense },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
