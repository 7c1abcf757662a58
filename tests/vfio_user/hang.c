/* SPDX-License-Identifier: BSD-2-Clause */
/* A hook that does not return, and a device that waits for a debugger. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"
#include "crasher.h"

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

/* And its keeper goes: it does not wait for ever. */
static void nobody_comes(void **state)
{
	struct bed *bed;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bed_await_gdb = true;
	bed = bed_start(getenv("CRASHER"), true, true);
	bed_await_gdb = false;
	pid = bed_child_of(bed->pid);
	assert_int_equal(bed_stop(bed, SIGKILL), 1000 + SIGKILL);
	assert_int_equal(bed_wait_exit(pid), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_and_ended),
		cmocka_unit_test(quiet_while_nothing_hangs),
		cmocka_unit_test(waits_for_a_debugger),
		cmocka_unit_test(nobody_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
