/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/step.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char *dir, *input, *output, *stamp;
};

static int setup(void **state)
{
	struct place *p = g_new0(struct place, 1);

	p->dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	p->input = g_build_filename(p->dir, "in", NULL);
	p->output = g_build_filename(p->dir, "sub", "out", NULL);
	p->stamp = g_build_filename(p->dir, "stamps", "s", NULL);
	g_file_set_contents(p->input, "one", -1, NULL);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	paths_remove(p->dir);
	g_free(p->dir);
	g_free(p->input);
	g_free(p->output);
	g_free(p->stamp);
	g_free(p);
	return 0;
}

static struct step *copying(struct place *p)
{
	struct step *step = step_new("test: copy", p->stamp, p->output);

	step_add(step, "cp", p->input, p->output, NULL);
	step_input(step, p->input);
	return step;
}

/* Runs it; was anything done? */
static gboolean ran(struct step *step)
{
	gboolean did;

	assert_true(step_run(step, &did, NULL));
	assert_true(step_fresh(step));
	return did;
}

static void set_time(const char *path, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void only_what_changed(void **state)
{
	struct place *p = *state;
	AUTO_STEP step = copying(p);
	AUTO_STEP other = copying(p);
	AUTO_STEP more = copying(p);

	set_time(p->input, 1000);
	assert_false(step_fresh(step));
	assert_true(ran(step));
	assert_false(ran(step));
	set_time(p->input, 2000);
	assert_true(ran(step));
	/* Older than before, as a checkout may leave it, is a change as well. */
	set_time(p->input, 500);
	assert_true(ran(step));
	unlink(p->output);
	assert_true(ran(step));
	step_add(other, "-p", NULL); /* another command */
	assert_true(ran(other));
	step_add(more, "-p", NULL);
	step_input(more, "/"); /* another input */
	assert_true(ran(more));
	assert_true(ran(other)); /* one less */
}

static void failure_is_not_success(void **state)
{
	struct place *p = *state;
	AUTO_STEP step = copying(p);
	AUTO_STEP bad = step_new("test: bad", p->stamp, p->output);
	g_autoptr(GError) error = NULL;

	assert_true(ran(step));
	step_add(bad, "false", NULL);
	bad->hint = g_strdup("does not do");
	assert_false(step_run(bad, NULL, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_string_equal(error->message, "test: bad: does not do");
	assert_false(step_fresh(bad));
	assert_false(step_fresh(step));
}

static void depfile_joins_the_inputs(void **state)
{
	struct place *p = *state;
	AUTO_STEP step = step_new("test: dep", p->stamp, p->output);
	g_autofree char *header = g_build_filename(p->dir, "header", NULL);
	g_autofree char *script = NULL;

	g_file_set_contents(header, "h", -1, NULL);
	set_time(header, 1000);
	set_time(p->input, 1000);
	step->depfile = g_build_filename(p->dir, "d", NULL);
	script = g_strdup_printf("echo x > %s; echo '%s: %s \\' > %s; echo ' %s' >> %s", p->output,
				 p->output, p->input, step->depfile, header, step->depfile);
	step_add(step, "sh", "-c", script, NULL);
	step_input(step, p->input);
	assert_true(ran(step));
	assert_false(ran(step));
	set_time(header, 3000);
	assert_true(ran(step));
	unlink(header);
	assert_false(step_fresh(step));
}

/* An input that changes while the command runs: nobody knows which one it saw. */
static void changed_meanwhile(void **state)
{
	struct place *p = *state;
	AUTO_STEP step = step_new("test: race", p->stamp, p->output);
	g_autofree char *script =
		g_strdup_printf("sleep 0.05; echo x > %s; echo y > %s", p->output, p->input);

	step_add(step, "sh", "-c", script, NULL);
	step_input(step, p->input);
	assert_true(step_run(step, NULL, NULL));
	assert_false(step_fresh(step));
}

/* As somebody who reads a file until it has a process id does. */
static pid_t read_pid(const char *file)
{
	for (int i = 0; i < 500; i++) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(file, &text, NULL, NULL) && strchr(text, '\n'))
			return (pid_t)g_ascii_strtoll(text, NULL, 10);
		g_usleep(10000);
	}
	fail_msg("no process id in %s", file);
	return 0;
}

static void wait_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		g_autofree char *status = g_strdup_printf("/proc/%d/status", pid);
		g_autofree char *text = NULL;

		/* A zombie has ended: who takes it over may be slow to reap it. */
		if (!g_file_get_contents(status, &text, NULL, NULL) || strstr(text, "State:\tZ"))
			return;
		g_usleep(10000);
	}
	fail_msg("%d still runs", pid);
}

/* A signal ends the command and what that has started; being killed ends the command, at least. */
static void signals_end_the_command(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGKILL };
	struct place *p = *state;
	g_autofree char *outer = g_build_filename(p->dir, "outer", NULL);
	g_autofree char *inner = g_build_filename(p->dir, "inner", NULL);
	g_autofree char *script =
		g_strdup_printf("sleep 100 & echo $! > %s; echo $$ > %s; wait", inner, outer);

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		int status;
		pid_t us, in, out;

		unlink(inner);
		unlink(outer);
		us = fork();
		if (us == 0) {
			AUTO_STEP step = step_new("test: long", p->stamp, p->output);
			g_autoptr(GError) error = NULL;

			/* nohup ignores it, and what is ignored stays so. */
			if (numbers[i] != SIGKILL)
				signal(numbers[i], SIG_DFL);
			step_add(step, "sh", "-c", script, NULL);
			_exit(step_run(step, NULL, &error) ? 0 : error->code);
		}
		out = read_pid(outer);
		in = read_pid(inner);
		assert_int_equal(kill(us, numbers[i]), 0);
		assert_int_equal(waitpid(us, &status, 0), us);
		wait_gone(out);
		if (numbers[i] == SIGKILL) {
			kill(in, SIGKILL);
			continue;
		}
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 128 + numbers[i]);
		wait_gone(in);
	}
}

static void depfiles(void **state)
{
	g_autoptr(GPtrArray) files =
		step_parse_depfile("out.so: a.c \\\n b\\ c.h /x/$$y.h\\\n z.h\n\nlast.h c\\:d.h");

	assert_int_equal(files->len, 6);
	assert_string_equal(files->pdata[5], "c:d.h");
	assert_string_equal(files->pdata[0], "a.c");
	assert_string_equal(files->pdata[1], "b c.h");
	assert_string_equal(files->pdata[2], "/x/$y.h");
	assert_string_equal(files->pdata[3], "z.h");
	assert_string_equal(files->pdata[4], "last.h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_is_not_success, setup, teardown),
		cmocka_unit_test_setup_teardown(depfile_joins_the_inputs, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(signals_end_the_command, setup, teardown),
		cmocka_unit_test(depfiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
