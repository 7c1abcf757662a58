/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/suite.h"
#include "lab/lab.h"
#include "lab/tool.h"
#include "lab/vmm.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEWS_MS 500 /* until it is known that the model is what a test failed of */

/* A test program still to be run. */
struct job {
	const struct project *project;
	char *path; /* here */
	char *name; /* "my_rng bench: numbers" */
	char **argv; /* in the guest; NULL: a bench test */
};

struct suite {
	const struct suite_options *options;
	GPtrArray *results;
	int timeout;
	gboolean late; /* a time-out happened */
	GError *death; /* a model's that no test has failed of, or that says nothing of a driver */
	guint lost; /* tests that failed of the latter */
};

static void job_free(gpointer data)
{
	struct job *job = data;

	g_free(job->path);
	g_free(job->name);
	g_strfreev(job->argv);
	g_free(job);
}

/* The register test that every spec with registers brings along; returns how many: 0 or 1. */
static guint add_regtest(GPtrArray *jobs, const struct project *project, gboolean guest)
{
	g_autoptr(GPtrArray) files =
		project_files(project, guest ? "regtest/guest" : "regtest/bench");
	/* Without a way to reset the device the program says what it leaves out. */
	static const char *const options[] = { "--unbind", "--reset", "--virtual" };

	for (guint i = 0; i < files->len; i++) {
		struct job *job = g_new0(struct job, 1);
		g_autofree char *file = g_path_get_basename(files->pdata[i]);

		job->project = project;
		job->path = g_strdup(files->pdata[i]);
		job->name = g_strdup_printf("%s %s: registers (declared rules)", project->name,
					    guest ? "guest" : "bench");
		if (guest) {
			job->argv = g_new0(char *, G_N_ELEMENTS(options) + 2);
			job->argv[0] = g_strconcat("/usr/bin/", file, NULL);
			for (guint k = 0; k < G_N_ELEMENTS(options); k++)
				job->argv[k + 1] = g_strdup(options[k]);
		}
		g_ptr_array_add(jobs, job);
	}
	return files->len;
}

/* Returns how many. */
static guint add_jobs(GPtrArray *jobs, const struct project *project, gboolean guest)
{
	g_autoptr(GPtrArray) files = project_files(project, guest ? "tests/guest" : "tests/bench");

	for (guint i = 0; i < files->len; i++) {
		struct job *job = g_new0(struct job, 1);
		g_autofree char *file = g_path_get_basename(files->pdata[i]);
		g_autofree char *base = g_strdup(file);

		if (g_str_has_suffix(base, ".sh"))
			base[strlen(base) - 3] = 0;
		job->project = project;
		job->path = g_strdup(files->pdata[i]);
		job->name = g_strdup_printf("%s %s: %s", project->name, guest ? "guest" : "bench",
					    base);
		if (guest) {
			job->argv = g_new0(char *, 2);
			job->argv[0] = g_strdup_printf("/tests/%s/%s", project->name, file);
		}
		g_ptr_array_add(jobs, job);
	}
	return files->len + add_regtest(jobs, project, guest);
}

/* Bench tests before guest tests. A device may be here for another's tests; all cannot. */
static gboolean plan_jobs(const struct suite_options *options, GPtrArray *projects, GPtrArray *jobs,
			  guint *ret_benches, GError **error)
{
	const char *where = !options->guest ? "tests/bench" : "tests/guest";
	g_autofree guint *counts = g_new0(guint, projects->len);

	if (options->bench && options->guest)
		where = "tests/bench or tests/guest";
	for (guint i = 0; options->bench && i < projects->len; i++)
		counts[i] += add_jobs(jobs, projects->pdata[i], FALSE);
	*ret_benches = jobs->len;
	for (guint i = 0; options->guest && i < projects->len; i++)
		counts[i] += add_jobs(jobs, projects->pdata[i], TRUE);
	for (guint i = 0; i < projects->len; i++) {
		const struct project *project = projects->pdata[i];

		if (counts[i])
			continue;
		if (!jobs->len)
			return failure_set(error, FAILURE_SETUP,
					   "no tests: there are none in %s of %s", where,
					   project->dir);
		say("%s has no tests in %s", project->dir, where);
	}
	return TRUE;
}

static void report(struct suite *suite, struct ktap *test)
{
	g_ptr_array_add(suite->results, test);
	if (suite->options->result)
		suite->options->result(suite->options->data, test, suite->results->len);
}

/* ---- bench tests ---- */

/* A group of its own, so that what it starts can be ended with it. */
static void child_setup(gpointer data)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != GPOINTER_TO_INT(data))
		_exit(125);
	dup2(STDOUT_FILENO, STDERR_FILENO);
}

struct bench {
	GPid pid;
	GString *output;
	gboolean ended, late;
	int status;
};

static gboolean too_late(gpointer data)
{
	struct bench *bench = data;

	bench->late = TRUE;
	kill(-bench->pid, SIGKILL);
	return G_SOURCE_REMOVE;
}

static void bench_ended(GPid pid, int status, gpointer data)
{
	struct bench *bench = data;

	bench->ended = TRUE;
	bench->status = status;
}

static gboolean read_bench(int fd, GIOCondition condition, gpointer data)
{
	struct bench *bench = data;
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		g_string_append_len(bench->output, buf, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)) ? G_SOURCE_CONTINUE
								       : G_SOURCE_REMOVE;
}

/*
 * Until the program ends, which is not when its output does: what it has left
 * behind may hold that open, and goes now.
 */
static void wait_bench(struct bench *bench, int fd, int limit)
{
	guint timer = g_timeout_add_seconds((guint)limit, too_late, bench);
	GSource *source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP);
	struct tool_guard guard;
	int waiting = 0;

	tool_guard(&guard);
	tool_guard_over(&guard, -bench->pid);
	g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	g_source_set_callback(source, G_SOURCE_FUNC(read_bench), bench, NULL);
	g_source_attach(source, NULL);
	g_child_watch_add(bench->pid, bench_ended, bench);
	while (!bench->ended)
		g_main_context_iteration(NULL, TRUE);
	kill(-bench->pid, SIGKILL);
	tool_unguard(&guard);
	g_source_destroy(source);
	g_source_unref(source);
	if (!bench->late)
		g_source_remove(timer);
	/* As much as is there now: a writer that got away could go on for ever. */
	if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0) {
		g_autofree char *rest = g_malloc((gsize)waiting);
		ssize_t n = read(fd, rest, (size_t)waiting);

		if (n > 0)
			g_string_append_len(bench->output, rest, n);
	}
}

static void run_bench(struct suite *suite, const struct job *job)
{
	const struct project *project = job->project;
	char *argv[] = { job->path, NULL };
	char **env = g_get_environ();
	g_autoptr(GString) output = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	struct bench bench = { .output = output };
	gint64 begin = g_get_monotonic_time();
	struct ktap *test;
	int fd, status;
	gboolean ok;

	env = g_environ_setenv(env, "ERSATZ_MODEL", project->model, TRUE);
	env = g_environ_setenv(env, "CMOCKA_MESSAGE_OUTPUT", "TAP", TRUE);
	ok = g_spawn_async_with_pipes(project->dir, argv, env, G_SPAWN_DO_NOT_REAP_CHILD,
				      child_setup, GINT_TO_POINTER(getpid()), &bench.pid, NULL, &fd,
				      NULL, &local);
	g_strfreev(env);
	if (!ok) {
		test = ktap_new(job->name);
		ktap_fail(test, "cannot be started: %s", local->message);
		report(suite, test);
		return;
	}
	wait_bench(&bench, fd, suite->timeout);
	close(fd);
	status = bench.status;
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	test = ktap_parse(job->name, output->str, status);
	test->seconds = (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
	if (bench.late) {
		ktap_fail(test, "did not end within %d s", suite->timeout);
		suite->late = TRUE;
	}
	report(suite, test);
}

/* ---- guest tests ---- */

static void add_error_text(struct ktap *test, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line)
			g_string_append_printf(test->text, "%s\n", *line);
}

/* A debug kernel's reports fail a test. FALSE: there are some. */
static gboolean add_reports(struct lab *lab, struct ktap *test)
{
	g_autoptr(GPtrArray) reports = guest_reports(lab_guest(lab));

	for (guint i = 0; reports && i < reports->len; i++) {
		const char *text = reports->pdata[i];

		if (i == 0)
			ktap_fail(test, "the kernel reports: %.*s", (int)strcspn(text, "\n"), text);
		add_error_text(test, text);
	}
	return !reports;
}

/* FALSE with an error: the guest is of no use any more. */
static gboolean run_guest(struct suite *suite, struct lab *lab, const struct job *job,
			  GError **error)
{
	struct guest *guest = lab_guest(lab);
	g_autoptr(GString) output = g_string_new(NULL);
	g_autoptr(GString) errors = g_string_new(NULL);
	g_autoptr(GError) local = NULL, death = NULL;
	struct guest_streams streams = {
		.in = -1,
		.out = -1,
		.err = -1,
		.out_text = output,
		.err_text = errors,
	};
	gint64 begin = g_get_monotonic_time();
	struct ktap *test;
	gboolean ok, late;
	int status = 0;

	/* Only the register test has options. */
	if (job->argv[1])
		say("%s: breaks rules on purpose; what the model says to that is no fault",
		    job->name);
	ok = guest_command(guest, job->argv, &streams, suite->timeout, &status, &late, &local);
	test = ktap_parse(job->name, output->str, ok && !late ? status : 0);
	test->seconds = (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
	add_error_text(test, errors->str);
	if (late) {
		g_autofree char *console = guest_console(guest, 12);

		ktap_fail(test, "did not end within %d s", suite->timeout);
		add_error_text(test, console);
		suite->late = TRUE;
	} else if (!ok) {
		g_auto(GStrv) parts = g_strsplit(local->message, "\n", 2);

		ktap_fail(test, "%s", parts[0]);
		add_error_text(test, local->message);
	}
	/*
	 * The guest lives on without its device, which may be why a test fails, or may not show. Or
	 * its driver has brought it down, having lost it.
	 */
	if (!lab_alive(lab, test->verdict == KTAP_FAIL ? NEWS_MS : 0, &death) &&
	    (ok || death->code == FAILURE_SETUP)) {
		ktap_fail(test, "%s", death->message);
		if (death->code == FAILURE_SETUP) {
			suite->lost++;
			if (!suite->death)
				suite->death = g_error_copy(death);
		}
		/* The next test gets another guest. */
		g_clear_error(&local);
		failure_set(&local, FAILURE_GUEST, "%s", death->message);
		ok = FALSE;
	}
	/* Some checks of the kernel are off after their first report. */
	if (!add_reports(lab, test) && ok) {
		failure_set(&local, FAILURE_GUEST, "the kernel reported a fault");
		ok = FALSE;
	}
	report(suite, test);
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&local));
	return ok;
}

static void not_run(struct suite *suite, const struct job *job, const char *why)
{
	struct ktap *test = ktap_new(job->name);
	g_auto(GStrv) parts = g_strsplit(why, "\n", 2);

	ktap_fail(test, "not run: %s", parts[0]);
	report(suite, test);
}

/* The last test under a debug kernel: what is to be seen only at the end. */
static void run_last(struct suite *suite, struct lab *lab, const char *why)
{
	struct ktap *test = ktap_new("kernel: modules unloaded, nothing leaked, nothing reported");
	gint64 begin = g_get_monotonic_time();
	g_autoptr(GError) local = NULL;

	if (!lab) {
		ktap_fail(test, "not run: %s", why);
		/* Of the driver that says nothing. */
		suite->lost += suite->death && suite->death->code == FAILURE_SETUP;
	} else {
		if (!lab_check(lab, &local)) {
			g_auto(GStrv) parts = g_strsplit(local->message, "\n", 2);

			ktap_fail(test, "%s", parts[0]);
			add_error_text(test, local->message);
			suite->late |= local->code == FAILURE_TIMEOUT;
		}
		add_reports(lab, test);
	}
	test->seconds = (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
	report(suite, test);
}

/* One boot serves as long as it lives; a guest that a test killed is replaced for the next. */
static gboolean run_guests(struct suite *suite, GPtrArray *jobs, guint first, GError **error)
{
	g_autoptr(GError) death = NULL;
	struct lab *lab = NULL;
	gboolean ok = TRUE;

	for (guint i = first; i < jobs->len; i++) {
		g_autoptr(GError) local = NULL;

		if (!lab) {
			lab = lab_start(suite->options->lab, suite->options->devices, FALSE,
					&local);
			if (!lab) { /* it would not start for the next one either */
				for (; i < jobs->len; i++)
					not_run(suite, jobs->pdata[i], local->message);
				if (suite->options->lab->debug_kernel)
					run_last(suite, NULL, "the guest did not start");
				g_propagate_error(error, g_steal_pointer(&local));
				return FALSE;
			}
		}
		if (run_guest(suite, lab, jobs->pdata[i], &local))
			continue;
		lab_stop(lab, NULL); /* a model that died has made this test fail */
		lab = NULL;
		ok = local->code == FAILURE_GUEST || local->code == FAILURE_TIMEOUT;
		suite->late |= local->code == FAILURE_TIMEOUT;
		if (!ok) {
			for (i++; i < jobs->len; i++)
				not_run(suite, jobs->pdata[i], local->message);
			g_propagate_error(error, g_steal_pointer(&local));
		}
	}
	if (suite->options->lab->debug_kernel)
		run_last(suite, lab, "the last test has ended the guest");
	/* A model's own fault counts for more than what somebody has done to another. */
	if (!lab_stop(lab, &death) && (!suite->death || death->code == FAILURE_GUEST)) {
		g_clear_error(&suite->death);
		suite->death = g_steal_pointer(&death);
	}
	return ok;
}

static gboolean build(const struct suite_options *options, GPtrArray *projects, GError **error)
{
	struct lab_kernel *kernel = NULL;
	unsigned int parts = PROJECT_MODEL | PROJECT_BENCH;
	gboolean ok;

	if (!lab_packages("guest", error))
		return FALSE;
	if (options->guest) {
		kernel = lab_kernel(options->lab, error);
		if (!kernel)
			return FALSE;
		parts |= PROJECT_GUEST;
		/* Long, if it must be fetched: it is, while the projects are built. */
		if (options->lab->vfio_user)
			vmm_begin();
	}
	ok = lab_build(projects, parts, kernel, error);
	kernel_free(kernel);
	return ok;
}

gboolean suite_run(const struct suite_options *options, GPtrArray **ret_results, GError **error)
{
	struct suite suite = { .options = options };
	g_autoptr(GPtrArray) projects = project_distinct(options->devices);
	g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
	g_autoptr(GError) local = NULL;
	guint benches, last, failed = 0;

	suite.timeout = options->timeout ? options->timeout : SUITE_TIMEOUT;
	if (!options->timeout && options->lab->debug_kernel)
		suite.timeout *= LAB_DEBUG_FACTOR;
	suite.results = g_ptr_array_new_with_free_func((GDestroyNotify)ktap_free);
	*ret_results = suite.results;
	if (!build(options, projects, error))
		return FALSE;
	if (!plan_jobs(options, projects, jobs, &benches, error))
		return FALSE;
	last = options->lab->debug_kernel && benches < jobs->len;
	if (options->plan)
		options->plan(options->data, jobs->len + last);
	for (guint i = 0; i < benches; i++)
		run_bench(&suite, jobs->pdata[i]);
	if (benches < jobs->len && !run_guests(&suite, jobs, benches, &local)) {
		g_clear_error(&suite.death);
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	if (suite.death) {
		for (guint i = 0; i < suite.results->len; i++)
			failed += ((struct ktap *)suite.results->pdata[i])->verdict == KTAP_FAIL;
		/* Other tests have said something of the driver. */
		if (failed > suite.lost)
			suite.death->code = FAILURE_GUEST;
		g_propagate_error(error, g_steal_pointer(&suite.death));
		return FALSE;
	}
	if (suite.late)
		return failure_set(error, FAILURE_TIMEOUT, "a test did not end in time");
	return TRUE;
}
