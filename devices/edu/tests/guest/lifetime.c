// SPDX-License-Identifier: BSD-2-Clause
/* The driver and the device come and go, with files open, programs asleep and work in flight. */
#include "edu.h"

static void check_dead(int fd)
{
	struct edu_liveness live = { 0 };
	struct edu_factorial f = { .n = 3 };
	struct edu_raise raise = { .bits = 2 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[16];

	CHECK_ERRNO(ioctl(fd, EDU_IOC_LIVENESS, &live), ENODEV);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_FACTORIAL, &f), ENODEV);
	CHECK_ERRNO(ioctl(fd, EDU_IOC_RAISE, &raise), ENODEV);
	CHECK_ERRNO(dma(fd, bytes, sizeof(bytes), 0, EDU_TO_DEVICE), ENODEV);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
}

/* A child in a call that takes a minute, and asleep in it by now. It must get that error. */
static pid_t sleeper(int fd, int error)
{
	static uint8_t from[1u << 20], to[1u << 20];
	pid_t pid = ktap_fork();

	if (!pid) {
		struct edu_copy c = { .from = (uintptr_t)from,
				      .to = (uintptr_t)to,
				      .length = sizeof(from) };

		CHECK_ERRNO(ioctl(fd, EDU_IOC_COPY, &c), error);
		CHECK(c.length < sizeof(from));
		fflush(stdout);
		_exit(0);
	}
	wait_asleep(pid);
	sleep_ms(50);
	return pid;
}

static void unbind(const char *parameters)
{
	char slot[32];
	uint8_t *page;
	pid_t pid;
	int old;

	edu_load(parameters);
	edu_slot(0, slot, sizeof(slot));
	old = edu_open(0);
	check_works(old);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, old, 0);
	CHECK(page != MAP_FAILED);
	strcpy((char *)page, "still here");
	pid = sleeper(old, ENODEV);
	CHECK_EQ(file_write(EDU_BUS "unbind", slot), 0);
	CHECK_EQ(ktap_wait(pid), 0);
	check_dead(old);
	/* What is mapped stays, though no device sees it any more. */
	CHECK(!strcmp((char *)page, "still here"));
	munmap(page, 4096);
	CHECK_EQ(file_write(EDU_BUS "bind", slot), 0);
	WAIT_FOR(file_exists("/dev/edu0"));
	check_works(edu_open(0));
	check_dead(old);
}

static void unbind_intx(void)
{
	unbind("irq=intx");
}

static void unbind_msi(void)
{
	unbind("irq=msi");
}

static void remove_and_rescan(void)
{
	char slot[32], path[96];
	unsigned int count;
	pid_t pid;
	int old;

	edu_load("");
	count = edu_count();
	edu_slot(0, slot, sizeof(slot));
	old = edu_open(0);
	pid = sleeper(old, ENODEV);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", slot);
	CHECK_EQ(file_write(path, "1"), 0);
	CHECK_EQ(ktap_wait(pid), 0);
	check_dead(old);
	pci_rescan();
	WAIT_FOR(edu_count() == count);
	check_works(edu_open(0));
}

static void unload_is_refused(void)
{
	char text[256];
	int fd;

	edu_load("");
	fd = edu_open(0);
	CHECK(shell("rmmod ersatz_edu", text, sizeof(text)) != 0);
	check_works(fd);
	close(fd);
	must("rmmod ersatz_edu");
	CHECK(!file_exists("/dev/edu0"));
	edu_load("");
}

/* All the time somebody is in the middle of something. */
static void unload_under_load(void)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		pid_t pid;

		edu_load(i % 2 ? "irq=intx" : "irq=msi");
		pid = ktap_fork();
		if (!pid) {
			for (;;) {
				int fd = open("/dev/edu0", O_RDWR | O_CLOEXEC | O_NONBLOCK);
				struct edu_raise raise = { .bits = 0x80 };
				struct edu_factorial f = { .n = 9 };
				uint8_t bytes[8] = "";

				/* Interrupts and work that nobody waits for. */
				if (fd < 0)
					continue;
				ioctl(fd, EDU_IOC_RAISE, &raise);
				ioctl(fd, EDU_IOC_FACTORIAL, &f);
				dma(fd, bytes, sizeof(bytes), 0, EDU_TO_DEVICE);
				close(fd);
			}
		}
		sleep_ms(30 + 37 * i);
		kill(pid, SIGKILL);
		CHECK(WIFSIGNALED(ktap_wait(pid)));
		must("modprobe -r ersatz_edu");
	}
	edu_load("");
	check_works(edu_open(0));
}

/* ---- resets ---- */

/* The kernel's function reset; false: the device knows none of this kind. */
static bool function_reset(unsigned int n, const char *method)
{
	char slot[32], path[96], text[64];

	edu_slot(n, slot, sizeof(slot));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method", slot);
	CHECK_EQ(file_write(path, "default"), 0);
	file_read(path, text, sizeof(text));
	if (!strstr(text, method))
		return false;
	CHECK_EQ(file_write(path, method), 0);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", slot);
	CHECK_EQ(file_write(path, "1"), 0);
	return true;
}

static void reset_in_flight(const char *method)
{
	unsigned int n = edu_ours();
	int fd = edu_open(n);
	pid_t pid = sleeper(fd, EIO);

	if (!function_reset(n, method)) {
		kill(pid, SIGKILL);
		skip("the device has no reset of kind %s", method);
	}
	CHECK_EQ(ktap_wait(pid), 0);
	check_works(fd);
	close(fd);
}

/* Advanced features of conventional PCI: initiate FLR. */
static void flr_in_flight(void)
{
	edu_load("irq=intx");
	reset_in_flight("af_flr");
	edu_load("irq=msi");
	reset_in_flight("af_flr");
}

static void d3hot_in_flight(void)
{
	edu_load("irq=intx");
	reset_in_flight("pm");
	edu_load("irq=msi");
	reset_in_flight("pm");
}

/* Config space, MSI and bus mastering come back; the device's own registers are as new. */
static void resets_again_and_again(void)
{
	unsigned int i, n = edu_ours();
	int fd = edu_open(n);

	for (i = 0; i < 10; i++) {
		CHECK(function_reset(n, i % 2 ? "pm" : "af_flr"));
		check_works(fd);
	}
}

static void own_reset_in_flight(void)
{
	unsigned int n = edu_ours();
	int fd = edu_open(n), other = edu_open(n);
	pid_t pid = sleeper(fd, EIO);

	CHECK_EQ(ioctl(other, EDU_IOC_RESET), 0);
	CHECK_EQ(ktap_wait(pid), 0);
	check_works(fd);
}

static void the_original_has_no_reset(void)
{
	unsigned int n;

	for (n = 0; n < edu_count(); n++) {
		int fd = edu_open(n);

		if (!edu_info(fd).extended) {
			CHECK_ERRNO(ioctl(fd, EDU_IOC_RESET), EOPNOTSUPP);
			check_works(fd);
			return;
		}
		close(fd);
	}
	skip("no edu of QEMU's own: --qemu-arg -device --qemu-arg edu,addr=6");
}

/* A call that is frozen and restarted: it gets its bytes through, as if nothing had been. */
static void copy_over_it(int fd)
{
	static uint8_t from[40960], to[40960];
	struct edu_copy c = { .from = (uintptr_t)from,
			      .to = (uintptr_t)to,
			      .length = sizeof(from) };

	fill(from, sizeof(from), 9);
	CHECK_EQ(ioctl(fd, EDU_IOC_COPY, &c), 0);
	CHECK(!memcmp(from, to, sizeof(from)));
	fflush(stdout);
	_exit(0);
}

/* The whole machine, with work in flight; an alarm of the real-time clock wakes it. */
static void suspend_and_resume(void)
{
	int fd = edu_open(edu_ours());
	pid_t pid;

	check_works(fd);
	pid = ktap_fork();
	if (!pid)
		copy_over_it(fd);
	wait_asleep(pid);
	machine_sleep();
	CHECK_EQ(ktap_wait(pid), 0);
	check_works(fd);
}

static const struct ktap_case cases[] = {
	{ "unbind_intx", unbind_intx },
	{ "unbind_msi", unbind_msi },
	{ "remove_and_rescan", remove_and_rescan },
	{ "unload_is_refused", unload_is_refused },
	{ "unload_under_load", unload_under_load },
	{ "flr_in_flight", flr_in_flight },
	{ "d3hot_in_flight", d3hot_in_flight },
	{ "resets_again_and_again", resets_again_and_again },
	{ "own_reset_in_flight", own_reset_in_flight },
	{ "the_original_has_no_reset", the_original_has_no_reset },
	{ "suspend_and_resume", suspend_and_resume },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
