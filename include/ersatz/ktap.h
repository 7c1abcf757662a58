/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test a driver: programs that run in the guest (tests/guest/T.c) and report in
 * KTAP, https://docs.kernel.org/dev-tools/ktap.html. Nothing to link: everything
 * is in this header, which one source file of a program includes, first of all.
 *
 *	#include <ersatz/ktap.h>
 *
 *	static void node_is_there(void)
 *	{
 *		CHECK(file_exists("/dev/adder"));
 *	}
 *
 *	static const struct ktap_case cases[] = {
 *		{ "node_is_there", node_is_there },
 *	};
 *
 *	int main(void)
 *	{
 *		return ktap_main(cases, KTAP_LENGTH(cases));
 *	}
 *
 * Each case runs until it returns, or until a CHECK fails or skip() is called,
 * which leave it at once, wherever they are: so what a case must put back is
 * best put back by the next one, or the case proper runs in a child. Files that
 * it has left open are closed, children of ktap_fork() that still run are killed.
 *
 * A case that takes longer than KTAP_TIMEOUT seconds (define it before the
 * #include; 60) fails and ends the program. After the last case comes one more,
 * kernel_is_well: has the kernel had an oops, a warning or a lock-up?
 *
 * Where a driver comes and goes, wait for a condition, not for a time: WAIT_FOR,
 * pci_rescan(), wait_asleep().
 */
#ifndef ERSATZ_KTAP_H
#define ERSATZ_KTAP_H

/* For glibc, whose own headers must not have come before this one. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef KTAP_TIMEOUT
#define KTAP_TIMEOUT 60
#endif

/* Elements of an array. */
#define KTAP_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct ktap_case {
	const char *name; /* as in the report: no spaces, no "#" */
	void (*run)(void);
};

enum { KTAP_PASS, KTAP_FAIL, KTAP_SKIP };

/* ---- the header's own ---- */

static jmp_buf ktap_leave;
static pid_t ktap_pid; /* the program itself: children leave by _exit() */
static pid_t ktap_children[64]; /* 0: free */
static char ktap_reason[256];
static const char *ktap_running = "";
static unsigned int ktap_number;

/* ---- inside a case ---- */

/* A line for the reader; not part of the result. No newline at its end. */
__attribute__((format(printf, 1, 2))) static inline void note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static inline _Noreturn void ktap_end_case(int result)
{
	fflush(stdout);
	if (getpid() != ktap_pid)
		_exit(result);
	longjmp(ktap_leave, result);
}

/*
 * Leaves the case: it makes no sense here, and that is nobody's fault. The
 * reason is reported, as "# SKIP reason".
 */
__attribute__((format(printf, 1, 2))) static inline _Noreturn void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ktap_reason, sizeof(ktap_reason), format, args);
	va_end(args);
	ktap_end_case(KTAP_SKIP);
}

/* Leaves the case, as failed, unless the condition holds. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			note("%s:%d: not so: %s (errno: %s)", __FILE__, __LINE__, #condition,      \
			     strerror(errno));                                                     \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

/* The same for two integers that must be equal; each is evaluated once. */
#define CHECK_EQ(got, wanted)                                                                      \
	do {                                                                                       \
		long long got_ = (got), wanted_ = (wanted);                                        \
		if (got_ != wanted_) {                                                             \
			note("%s:%d: %s is %lld (0x%llx), not %lld (0x%llx)", __FILE__, __LINE__,  \
			     #got, got_, got_, wanted_, wanted_);                                  \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

/* The same for a call that must give -1 and this errno. */
#define CHECK_ERRNO(call, wanted)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		long long got_ = (call);                                                           \
		if (got_ != -1 || errno != (wanted)) {                                             \
			note("%s:%d: %s gives %lld (%s), not -1 (%s)", __FILE__, __LINE__, #call,  \
			     got_, strerror(errno), strerror(wanted));                             \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

/*
 * Until the condition holds; it is asked each 10 ms, 2000 times at most: for 20 s
 * or more, that a guest which gets little of a processor is not called broken.
 * Then the case fails; once it has held it is not asked again. For what nobody can be
 * asked to wait for, like a device node.
 */
#define WAIT_FOR(condition)                                                                        \
	do {                                                                                       \
		bool held_ = (condition);                                                          \
		for (int tries_ = 0; !held_ && tries_ < 2000; tries_++) {                          \
			sleep_ms(10);                                                              \
			held_ = (condition);                                                       \
		}                                                                                  \
		if (!held_) {                                                                      \
			note("%s:%d: never so: %s", __FILE__, __LINE__, #condition);               \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

/*
 * A child, as fork() makes it, that outlives neither the case nor us; 64 at
 * most at a time. In it a failed CHECK exits with 1, skip() with 2; it must
 * leave by _exit(), after fflush(stdout).
 */
static inline pid_t ktap_fork(void)
{
	unsigned int slot = 0;
	pid_t pid;

	while (slot < KTAP_LENGTH(ktap_children) && ktap_children[slot])
		slot++;
	CHECK(slot < KTAP_LENGTH(ktap_children));
	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(ktap_children, 0, sizeof(ktap_children));
	} else {
		ktap_children[slot] = pid;
	}
	return pid;
}

/* Waits for the end of a child of ktap_fork(); its wait status, for WIFEXITED() and the like. */
static inline int ktap_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	for (unsigned int i = 0; i < KTAP_LENGTH(ktap_children); i++)
		if (ktap_children[i] == pid)
			ktap_children[i] = 0;
	return status;
}

/* What a failed case has left running would be in the way of the next ones. */
static inline void ktap_end_children(void)
{
	for (unsigned int i = 0; i < KTAP_LENGTH(ktap_children); i++) {
		if (!ktap_children[i])
			continue;
		kill(ktap_children[i], SIGKILL);
		waitpid(ktap_children[i], NULL, 0);
		ktap_children[i] = 0;
	}
}

/* ---- files, mostly of sysfs; commands ---- */

static inline void sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static inline bool file_exists(const char *path)
{
	return !access(path, F_OK);
}

/* Writes the text in one piece; 0, or -1 with errno. */
static inline int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

/*
 * The start of a file, as a string, without the newline at its end; size is the
 * buffer's, a terminating zero included. A file that cannot be read fails the case.
 */
static inline void file_read(const char *path, char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		note("no %s", path);
	CHECK(fd >= 0);
	n = read(fd, ret_text, size - 1);
	close(fd);
	CHECK(n >= 0);
	if (n && ret_text[n - 1] == '\n')
		n--;
	ret_text[n] = '\0';
}

/*
 * Runs a shell command. What it prints (both outputs; what does not fit is
 * dropped) as a string; its exit status, or -1 if a signal ended it.
 */
static inline int shell(const char *command, char *ret_text, size_t size)
{
	char line[512], rest[512];
	size_t n;
	FILE *pipe;
	int status;

	CHECK(snprintf(line, sizeof(line), "exec 2>&1 </dev/null; %s", command) <
	      (int)sizeof(line));
	fflush(stdout);
	pipe = popen(line, "r");
	CHECK(pipe != NULL);
	n = fread(ret_text, 1, size - 1, pipe);
	ret_text[n] = '\0';
	while (fread(rest, 1, sizeof(rest), pipe))
		;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A command that must work: any status but 0 fails the case, with what it said. */
static inline void must(const char *command)
{
	char text[512];
	int status = shell(command, text, sizeof(text));

	if (status)
		note("%s: %s", command, text);
	CHECK_EQ(status, 0);
}

/* ---- configuration space, /sys/bus/pci/devices/SLOT/config ---- */

/* A value of 1, 2 or 4 bytes. Little endian, as every machine that the lab has. */
static inline uint32_t config_get(int fd, unsigned int offset, unsigned int width)
{
	uint32_t value = 0;

	CHECK_EQ(pread(fd, &value, width, offset), width);
	return value;
}

static inline void config_set(int fd, unsigned int offset, unsigned int width, uint32_t value)
{
	CHECK_EQ(pwrite(fd, &value, width, offset), width);
}

/* ---- devices come, the machine sleeps ---- */

/* Has anybody not read yet what the kernel says of devices? NETLINK_KOBJECT_UEVENT is 15. */
static inline bool ktap_devices_unread(void)
{
	FILE *file = fopen("/proc/net/netlink", "r");
	unsigned int protocol, bytes;
	bool unread = false;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %u %*u %*x %u", &protocol, &bytes) == 2 && protocol == 15)
			unread |= bytes > 0;
	if (file)
		fclose(file);
	return unread;
}

/* Of a process: its state, as /proc/PID/stat has it, its name and its parent. '\0': it is gone. */
static inline char ktap_process(const char *pid, char ret_name[32], int *ret_parent)
{
	char path[288], line[256], *end, state = 0;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	end = strrchr(line, ')');
	if (!end || sscanf(end + 1, " %c %d", &state, ret_parent) != 2 ||
	    sscanf(line, "%*d (%31[^)]", ret_name) != 1)
		return 0;
	return state;
}

/* Has it the first process's command line? So has a fork of that before it becomes a program. */
static inline bool ktap_is_fork_of_first(const char *pid)
{
	char path[288], line[2][256];
	ssize_t n[2];

	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", i ? pid : "1");
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
		n[i] = read(fd, line[i], sizeof(line[i]));
		close(fd);
	}
	return n[0] > 0 && n[0] == n[1] && !memcmp(line[0], line[1], (size_t)n[0]);
}

/* Is the first process, which loads drivers, idle, and no modprobe of its own at work? */
static inline bool ktap_settled(void)
{
	char first[32], name[32];
	bool settled = true;
	int parent;
	DIR *dir;

	if (ktap_devices_unread() || ktap_process("1", first, &parent) != 'S')
		return false;
	dir = opendir("/proc");
	for (struct dirent *entry; dir && settled && (entry = readdir(dir));) {
		char state = 0;

		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			state = ktap_process(entry->d_name, name, &parent);
		if (state && state != 'Z' && parent == 1 &&
		    (!strcmp(name, "modprobe") || ktap_is_fork_of_first(entry->d_name)))
			settled = false;
	}
	if (dir)
		closedir(dir);
	return settled;
}

/*
 * Until a child sleeps, in a system call that waits: for a case whose children do not
 * sleep anywhere else before.
 */
static inline void wait_asleep(pid_t pid)
{
	char text[16], name[32];
	int parent;

	snprintf(text, sizeof(text), "%d", (int)pid);
	WAIT_FOR(ktap_process(text, name, &parent) == 'S');
}

/*
 * Until drivers have been loaded for the devices that have come. The first process of a
 * guest of the lab's does that beside whatever a test does: a driver that a test unloads
 * too soon after a rescan may be loaded once more. Where udev does it (ersatz test
 * --export) nobody is waited for.
 */
static inline void ktap_settle(void)
{
	WAIT_FOR(ktap_settled());
}

/* Looks for devices on the PCI bus, and waits for their drivers as ktap_settle(). */
static inline void pci_rescan(void)
{
	CHECK_EQ(file_write("/sys/bus/pci/rescan", "1"), 0);
	ktap_settle();
}

/*
 * Puts the whole machine to sleep: its clock wakes it up, 5 s after the call.
 * Leaves the case, as skipped, where the kernel cannot. Drivers may be suspended
 * and resumed more than once: an alarm that comes too early for a slow machine
 * ends its going to sleep, and it is tried again.
 */
static inline void machine_sleep(void)
{
	static const char alarm_file[] = "/sys/class/rtc/rtc0/wakealarm";
	char text[64] = "";

	if (file_exists("/sys/power/mem_sleep"))
		file_read("/sys/power/mem_sleep", text, sizeof(text));
	if (!strstr(text, "deep") || !file_exists(alarm_file))
		skip("this kernel does not sleep, or has no clock to wake it");
	CHECK_EQ(file_write("/sys/power/mem_sleep", "deep"), 0);
	for (int tries = 1;; tries++) {
		CHECK_EQ(file_write(alarm_file, "0"), 0);
		CHECK_EQ(file_write(alarm_file, "+5"), 0);
		/* From here on an event that would wake it keeps it awake: EBUSY. */
		file_read("/sys/power/wakeup_count", text, sizeof(text));
		if (!file_write("/sys/power/wakeup_count", text) &&
		    !file_write("/sys/power/state", "mem"))
			return;
		note("no sleep: %s", strerror(errno));
		CHECK(tries < 10 && (errno == EBUSY || errno == EINVAL));
	}
}

/* ---- the program ---- */

static inline void ktap_timed_out(int sig)
{
	char line[256];
	int length = snprintf(line, sizeof(line), "not ok %u %s # TIMEOUT after %d s\n",
			      ktap_number, ktap_running, KTAP_TIMEOUT);

	(void)sig;
	if (write(STDOUT_FILENO, line, length) < 0)
		_exit(2);
	_exit(1);
}

static inline unsigned long ktap_taint(void)
{
	unsigned long taint = 0;
	FILE *file = fopen("/proc/sys/kernel/tainted", "r");

	if (file) {
		if (fscanf(file, "%lu", &taint) != 1)
			taint = 0;
		fclose(file);
	}
	return taint;
}

/* Bits of Documentation/admin-guide/tainted-kernels.rst. */
static inline void ktap_kernel_is_well(void)
{
	unsigned long taint = ktap_taint();

	CHECK_EQ(taint & (1 << 5), 0); /* bad page, KASAN's report */
	CHECK_EQ(taint & (1 << 7), 0); /* oops or BUG */
	CHECK_EQ(taint & (1 << 9), 0); /* WARN */
	CHECK_EQ(taint & (1 << 14), 0); /* soft lockup */
}

static inline bool ktap_run(const struct ktap_case *one)
{
	int result;

	ktap_number++;
	ktap_running = one->name;
	alarm(KTAP_TIMEOUT);
	result = setjmp(ktap_leave);
	if (!result) {
		errno = 0;
		one->run();
	}
	ktap_end_children();
	alarm(0);
	/* Files that a failed case has left open would make the next ones fail. */
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	printf("%s %u %s", result == KTAP_FAIL ? "not ok" : "ok", ktap_number, one->name);
	if (result == KTAP_SKIP)
		printf(" # SKIP %s", ktap_reason);
	putchar('\n');
	fflush(stdout);
	return result != KTAP_FAIL;
}

/* Runs n cases, one after the other. What main() returns: 0, or 1 if one has failed. */
static inline int ktap_main(const struct ktap_case *cases, unsigned int n)
{
	static const struct ktap_case last = { "kernel_is_well", ktap_kernel_is_well };
	bool ok = true;

	ktap_pid = getpid();
	signal(SIGALRM, ktap_timed_out);
	printf("KTAP version 1\n1..%u\n", n + 1);
	for (unsigned int i = 0; i < n; i++)
		ok &= ktap_run(&cases[i]);
	ok &= ktap_run(&last);
	return ok ? 0 : 1;
}

#endif
