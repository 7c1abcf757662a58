/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that run in the guest and report in KTAP. A test program is a table of
 * cases and a main() that hands it to ktap_main(). Each case runs until it
 * returns, or until a CHECK fails or skip() is called, which leave it at once.
 *
 * A case that takes longer than KTAP_TIMEOUT seconds ends the program. After
 * the last case the kernel is asked whether it has had an oops or a warning.
 */
#ifndef KTAP_H
#define KTAP_H

/* For glibc, whose own headers must not have come before this one. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
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
#include <unistd.h>

#ifndef KTAP_TIMEOUT
#define KTAP_TIMEOUT 60
#endif

#define KTAP_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct ktap_case {
	const char *name;
	void (*run)(void);
};

enum { KTAP_PASS, KTAP_FAIL, KTAP_SKIP };

static jmp_buf ktap_leave;
static pid_t ktap_pid; /* the program itself: children leave by _exit() */
static char ktap_reason[256];
static const char *ktap_running = "";
static unsigned int ktap_number;

/* A line for the reader; not part of the result. */
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

/* This case makes no sense here, and that is nobody's fault. */
__attribute__((format(printf, 1, 2))) static inline _Noreturn void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ktap_reason, sizeof(ktap_reason), format, args);
	va_end(args);
	ktap_end_case(KTAP_SKIP);
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			note("%s:%d: not so: %s (errno: %s)", __FILE__, __LINE__, #condition,      \
			     strerror(errno));                                                     \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

#define CHECK_EQ(got, wanted)                                                                      \
	do {                                                                                       \
		long long got_ = (got), wanted_ = (wanted);                                        \
		if (got_ != wanted_) {                                                             \
			note("%s:%d: %s is %lld (0x%llx), not %lld (0x%llx)", __FILE__, __LINE__,  \
			     #got, got_, got_, wanted_, wanted_);                                  \
			ktap_end_case(KTAP_FAIL);                                                  \
		}                                                                                  \
	} while (0)

/* The call fails, with this errno. */
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

/* A child that does not outlive us; in it a failed CHECK exits with 1. */
static inline pid_t ktap_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Its wait status. */
static inline int ktap_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	return status;
}

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

/* What main() returns: 0, or 1 if a case has failed. */
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
