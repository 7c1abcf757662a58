/* SPDX-License-Identifier: BSD-2-Clause */
/* How the server waits: it may look hard for more while messages come, but an idle one sleeps. */
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"

struct sleeper {
	unsigned long wakeups; /* of all its threads */
	bool asleep; /* all of them */
};

static struct sleeper look_at(pid_t pid)
{
	struct sleeper s = { .asleep = true };
	char path[320], line[256], state;
	unsigned long n;
	struct dirent *task;
	FILE *f;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((task = readdir(dir))) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, task->d_name);
		f = fopen(path, "re");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "State: %c", &state) == 1)
				s.asleep &= state == 'S';
			if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
				s.wakeups += n;
		}
		fclose(f);
	}
	closedir(dir);
	return s;
}

/* Has it slept through a time in which every look-out that it might keep would wake it? */
static bool sleeps(pid_t pid)
{
	struct sleeper before = look_at(pid);
	struct sleeper after;

	poll(NULL, 0, 1200);
	after = look_at(pid);
	/* Whoever wakes goes to sleep again, and that is counted. */
	return before.asleep && after.asleep && after.wakeups == before.wakeups;
}

/* The keeper looks once more after the last work, and a busy machine may be late. */
static void expect_no_wakeup(pid_t pid)
{
	int i;

	for (i = 0; i < 5; i++)
		if (sleeps(pid))
			return;
	fail_msg("process %d does not stay asleep", (int)pid);
}

static void an_idle_server_makes_no_system_call(void **state)
{
	struct bed *bed = bed_start(getenv("ERSATZ_MODEL"), true, true);
	struct client *c;
	pid_t serving = bed_child_of(bed->pid);
	unsigned long wakeups;
	int i;

	/* Nobody there yet. */
	expect_no_wakeup(bed->pid);
	expect_no_wakeup(serving);
	c = client_connect(bed->path);
	assert_int_equal(client_version(c, NULL), 0);
	/* Dense traffic, so that it has got used to looking hard. */
	for (i = 0; i < 2000; i++)
		client_read(c, BAR0, ID, 4);
	expect_no_wakeup(serving);
	expect_no_wakeup(bed->pid);
	/* What is counted does count: it slept, and this woke it. */
	wakeups = look_at(serving).wakeups;
	client_read(c, BAR0, ID, 4);
	expect_no_wakeup(serving);
	assert_true(look_at(serving).wakeups > wakeups);
	client_free(c);
	assert_int_equal(bed_stop(bed, 0), 0);
}

/* With one processor, whoever looks hard keeps the client from speaking. */
static void on_one_processor_it_only_sleeps(void **state)
{
	cpu_set_t all, one;
	struct client *c;
	int i;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	for (i = 0; !CPU_ISSET(i, &all); i++)
		;
	CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	c = client_new(NULL, true);
	assert_false(c->session->may_spin);
	for (i = 0; i < 100; i++)
		client_read(c, BAR0, ID, 4);
	client_free(c);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	c = client_new(NULL, true);
	assert_int_equal(c->session->may_spin, CPU_COUNT(&all) > 1);
	client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_server_makes_no_system_call),
		cmocka_unit_test(on_one_processor_it_only_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
