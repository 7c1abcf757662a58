/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the serving process dies: an account for its keeper, written by the
 * signal handler into the shared page. Nothing here allocates, locks or
 * prints; what names the frames runs in the keeper.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "backends/vfio_user/page.h"

#define STACK_SIZE (64u << 10)

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };

static struct vu_page *account;
static long device_thread;
static __thread sigjmp_buf *volatile copying;

static uint64_t program_counter(const void *context)
{
#if defined(__x86_64__)
	const ucontext_t *u = context;

	return (uint64_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	const ucontext_t *u = context;

	return u->uc_mcontext.pc;
#else
	return 0;
#endif
}

/*
 * The frames of this handler are of no interest: the first that counts is
 * where the signal struck. A stack that cannot be walked leaves that one.
 */
static void walk(struct vu_crash *crash, uint64_t pc)
{
	void *frames[VU_FRAMES];
	int i, n, from = 0;

	crash->frames[0] = pc;
	crash->n_frames = 1;
	/* A lock of the loader's held where we struck would hold us for ever. */
	signal(SIGALRM, SIG_DFL);
	alarm(2);
	n = backtrace(frames, VU_FRAMES);
	alarm(0);
	for (i = 0; i < n; i++)
		if ((uint64_t)(uintptr_t)frames[i] == pc)
			from = i + 1;
	if (!from)
		return;
	for (i = from; i < n; i++)
		crash->frames[crash->n_frames++] = (uint64_t)(uintptr_t)frames[i];
}

static void fatal(int signal_, siginfo_t *info, void *context)
{
	struct vu_crash *crash;

	if (signal_ == SIGBUS && copying)
		siglongjmp(*copying, 1);
	crash = &account->crash;
	if (!crash->signal) {
		crash->code = info->si_code;
		crash->address = (uint64_t)(uintptr_t)info->si_addr;
		crash->in_worker = syscall(SYS_gettid) != device_thread;
		crash->signal = signal_;
		walk(crash, program_counter(context));
	}
	/* The disposition is back to what it was: let it take its course, core file and all. */
	signal(signal_, SIG_DFL);
	raise(signal_);
}

static bool sanitized(void)
{
	return dlsym(RTLD_DEFAULT, "__asan_init") != NULL;
}

/* Once a process: a stack for the handler, for a model that has used up the other. */
static void prepare(void)
{
	stack_t stack = { .ss_size = STACK_SIZE };
	static bool done;
	void *first[1];

	if (done)
		return;
	done = true;
	/* Its first call loads a library. */
	backtrace(first, 1);
	stack.ss_sp =
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp != MAP_FAILED)
		sigaltstack(&stack, NULL);
}

void crash_install(struct vu_page *page)
{
	struct sigaction action = { .sa_sigaction = fatal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	size_t i;

	account = page;
	device_thread = syscall(SYS_gettid);
	prepare();
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!sanitized() || faults[i] == SIGBUS)
			sigaction(faults[i], &action, NULL);
}

bool crash_is_fault(int signal_)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i] == signal_)
			return true;
	return false;
}

void crash_report(const char *summary)
{
	void *frames[VU_FRAMES];
	int i, n;

	/* The first one is the cause. */
	if (!account || account->report[0])
		return;
	strncpy(account->report, summary, VU_REPORT_SIZE - 1);
	account->crash.in_worker = syscall(SYS_gettid) != device_thread;
	n = backtrace(frames, VU_FRAMES);
	for (i = 0; i < n; i++)
		account->crash.frames[i] = (uint64_t)(uintptr_t)frames[i];
	account->crash.n_frames = (uint32_t)n;
}

bool crash_copy(void *to, const void *from, size_t length)
{
	sigjmp_buf back;

	if (sigsetjmp(back, 0)) {
		copying = NULL;
		return false;
	}
	copying = &back;
	memcpy(to, from, length);
	copying = NULL;
	return true;
}
