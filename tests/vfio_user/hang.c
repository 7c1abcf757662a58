/* SPDX-License-Identifier: BSD-2-Clause */
/* A hook that does not return, and a device that waits for a debugger. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"
#include "crasher.h"
#include "backends/vfio_user/keeper.h"

static struct client *visit(struct bed *bed)
{
	struct client *c = client_connect(bed->path);

	assert_int_equal(client_version(c, NULL), 0);
	return c;
}

static void told_and_ended(void **state)
{
	struct client *c;
	struct bed *bed;

	bed_hang_ms = 3000;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_hang_ms = 0;
	c = visit(bed);
	client_write(c, BAR0, BAD_WRITE, 4, HANG);
	/* What it does not do: it stands in the way of this. The card is pulled then. */
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0xffffffff);
	bed_await(bed, "crasher_BAD_WRITE_onwrite has not returned for 2 s: "
		       "4-byte write to BAD_WRITE (BAR0 0x8), value 0x6");
	bed_await(bed, "it has not returned for 3 s: it is ended");
	bed_await(bed, "the model died: Aborted");
	/* A sanitizer gives the account itself. */
	if (!dlsym(RTLD_DEFAULT, "__asan_init"))
		bed_await(bed, "#0 bad_write at");
	client_free(c);
	assert_int_equal(bed_stop(bed, 0), EOWNERDEAD);
}

static void quiet_while_nothing_hangs(void **state)
{
	struct bed *bed;
	struct client *c;

	bed_hang_ms = 1;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_hang_ms = 0;
	c = visit(bed);
	/* Longer than what a hook that hangs is given. */
	sleep(3);
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0x600d);
	client_free(c);
	assert_string_equal(bed_said(bed), "");
	assert_int_equal(bed_stop(bed, 0), 0);
}

/* We are the debugger. */
static void waits_for_a_debugger(void **state)
{
	struct client *c;
	struct bed *bed;
	int status;
	pid_t pid;

	bed_await_gdb = true;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_await_gdb = false;
	pid = bed_child_of(bed->pid);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL)) {
		print_message("not allowed to attach here: %s\n", strerror(errno));
		bed_stop(bed, SIGKILL);
		skip();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	/* However long it takes, nobody calls it a hang. */
	sleep(3);
	assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	/* It has seen nobody yet, as we had stopped it at once. */
	assert_int_equal(ptrace(PTRACE_ATTACH, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	c = visit(bed);
	assert_int_equal(client_read(c, BAR0, WELL, 4), 0x600d);
	client_free(c);
	/* Its end is for its tracer to see first. */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_string_equal(bed_said(bed), "");
	assert_int_equal(bed_stop(bed, 0), 0);
}

/*
 * And its keeper goes, before it waits or while it does: it leaves in order, and takes
 * the socket along.
 */
static void nobody_comes(void **state)
{
	struct bed *bed;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bed_await_gdb = true;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_await_gdb = false;
	pid = bed_child_of(bed->pid);
	kill(bed->pid, SIGKILL);
	assert_int_equal(bed_wait_exit(pid), 0);
	assert_int_not_equal(access(bed->path, F_OK), 0);
	assert_int_equal(bed_stop(bed, 0), 1000 + SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* A hook that hangs has nobody any more who would end it, or take the socket away. */
static void hangs_without_a_keeper(void **state)
{
	struct {
		struct vu_access a;
		uint32_t value;
	} w = { { BAD_WRITE, BAR0, 4 }, HANG };
	struct bed *bed = bed_start(getenv("CRASHER"), true, true);
	struct client *c = visit(bed);
	pid_t pid = bed_child_of(bed->pid);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	client_send(c, VU_REGION_WRITE, VU_FLAG_NO_REPLY, &w, 20, NULL, 0);
	bed_await(bed, "has not returned");
	kill(bed->pid, SIGKILL);
	assert_int_equal(bed_wait_exit(pid), 1000 + SIGALRM);
	assert_int_not_equal(access(bed->path, F_OK), 0);
	client_free(c);
	assert_int_equal(bed_stop(bed, 0), 1000 + SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* Whoever stops it while it waits hears nothing of a death. */
static void not_wanted_any_more(void **state)
{
	siginfo_t info;
	struct bed *bed;

	bed_await_gdb = true;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_await_gdb = false;
	kill(bed->pid, SIGTERM);
	assert_int_equal(waitid(P_PID, (id_t)bed->pid, &info, WEXITED | WNOWAIT), 0);
	assert_string_equal(bed_said(bed), "");
	assert_int_not_equal(access(bed->path, F_OK), 0);
	assert_int_equal(bed_stop(bed, 0), 0);
}

/* ---- one look at a time ---- */

#define SECOND UINT64_C(1000000000)

static void look_setup(struct vu_child *child, struct vu_recipe *recipe)
{
	static struct ez_error error;

	recipe->model = ez_model_open(getenv("CRASHER"), &error);
	assert_non_null(recipe->model);
	recipe->id = (char *)(uintptr_t) "look";
	recipe->hang_ms = 5000;
	keeper_init(child);
	child->page = page_new();
	child->pid = fork();
	if (!child->pid) {
		signal(SIGABRT, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	page_doing(child->page, VU_DOING_MESSAGE, 0);
	/* It has begun. */
	watch_look(child, recipe);
	assert_false(child->watch.told);
}

static void look_teardown(struct vu_child *child, struct vu_recipe *recipe)
{
	int status;

	kill(child->pid, SIGKILL);
	waitpid(child->pid, &status, 0);
	child->pid = 0;
	keeper_free(child);
	ez_model_close(recipe->model);
}

/* Its keeper has looked all the time: it hangs. */
static void looked_at_all_the_time(void **state)
{
	struct vu_recipe recipe = { 0 };
	struct vu_child child;

	look_setup(&child, &recipe);
	child.watch.since = vu_monotonic() - 10 * SECOND;
	watch_look(&child, &recipe);
	assert_true(child.watch.ended);
	look_teardown(&child, &recipe);
}

/* Its keeper has slept as long: all of them were frozen, or stopped, or short of a processor. */
static void slept_all_of_them(void **state)
{
	struct vu_recipe recipe = { 0 };
	struct vu_child child;

	look_setup(&child, &recipe);
	child.watch.since = vu_monotonic() - 100 * SECOND;
	child.watch.looked = child.watch.since;
	watch_look(&child, &recipe);
	assert_false(child.watch.told || child.watch.ended);
	/* What it took before that counts. */
	child.watch.since = vu_monotonic() - 103 * SECOND;
	child.watch.looked = vu_monotonic() - 100 * SECOND;
	watch_look(&child, &recipe);
	assert_true(child.watch.told);
	assert_false(child.watch.ended);
	look_teardown(&child, &recipe);
}

/* Somebody has stopped it: it does not hang. */
static void stopped(void **state)
{
	struct vu_recipe recipe = { 0 };
	struct vu_child child;
	int status;

	look_setup(&child, &recipe);
	kill(child.pid, SIGSTOP);
	assert_int_equal(waitpid(child.pid, &status, WUNTRACED), child.pid);
	child.watch.since = vu_monotonic() - 10 * SECOND;
	watch_look(&child, &recipe);
	assert_false(child.watch.told || child.watch.ended);
	look_teardown(&child, &recipe);
}

/* What is due when the client comes is done without a sleep that it would rise from. */
static void a_client_is_work(void **state)
{
	struct vu_recipe recipe = { 0 };
	struct vu_child child;
	int pair[2];

	look_setup(&child, &recipe);
	page_doing(child.page, VU_DOING_NOTHING, 0);
	watch_look(&child, &recipe);
	assert_int_equal(watch_look(&child, &recipe), -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	child.control = pair[0];
	assert_int_equal(keeper_serve(&child, dup(pair[1])), 0);
	assert_true(watch_look(&child, &recipe) > 0);
	close(pair[1]);
	look_teardown(&child, &recipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_and_ended),
		cmocka_unit_test(quiet_while_nothing_hangs),
		cmocka_unit_test(waits_for_a_debugger),
		cmocka_unit_test(nobody_comes),
		cmocka_unit_test(hangs_without_a_keeper),
		cmocka_unit_test(not_wanted_any_more),
		cmocka_unit_test(looked_at_all_the_time),
		cmocka_unit_test(slept_all_of_them),
		cmocka_unit_test(stopped),
		cmocka_unit_test(a_client_is_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
