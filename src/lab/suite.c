/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/suite.h"
#include "lab/lab.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A test program still to be run. */
struct job {
	const struct project *project;
	char *path; /* here */
	char *name; /* "my_rng bench: numbers" */
	char *program; /* in the guest; NULL: a bench test */
};

struct suite {
	const struct suite_options *options;
	GPtrArray *results;
	int timeout;
	gboolean late; /* a time-out happened */
};

static void job_free(gpointer data)
{
	struct job *job = data;

	g_free(job->path);
	g_free(job->name);
	g_free(job->program);
	g_free(job);
}

static void add_jobs(GPtrArray *jobs, const struct project *project, gboolean guest)
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
		if (guest)
			job->program = g_strdup_printf("/tests/%s/%s", project->name, file);
		g_ptr_array_add(jobs, job);
	}
}

static void report(struct suite *suite, struct ktap *test)
{
	g_ptr_array_add(suite->results, test);
	if (suite->options->result)
		suite->options->result(suite->options->data, test, suite->results->len);
}

/* ---- bench tests ---- */

static void child_setup(gpointer data)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

struct bench {
	GSubprocess *process;
	gboolean late;
};

static gboolean too_late(gpointer data)
{
	struct bench *bench = data;
	const char *id = g_subprocess_get_identifier(bench->process);

	bench->late = TRUE;
	if (id)
		kill(-(pid_t)g_ascii_strtoll(id, NULL, 10), SIGKILL);
	return G_SOURCE_REMOVE;
}

static void communicated(GObject *object, GAsyncResult *result, gpointer data)
{
	GAsyncResult **slot = data;

	*slot = g_object_ref(result);
}

static void run_bench(struct suite *suite, const struct job *job)
{
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
	g_autoptr(GSubprocess) process = NULL;
	g_autoptr(GBytes) output = NULL;
	g_autoptr(GError) local = NULL;
	g_autofree char *text = NULL;
	GAsyncResult *result = NULL;
	struct bench bench = { 0 };
	struct ktap *test;
	gint64 begin = g_get_monotonic_time();
	guint timer;
	int status;

	g_subprocess_launcher_setenv(launcher, "ERSATZ_MODEL", job->project->model, TRUE);
	g_subprocess_launcher_setenv(launcher, "CMOCKA_MESSAGE_OUTPUT", "TAP", TRUE);
	g_subprocess_launcher_set_cwd(launcher, job->project->dir);
	g_subprocess_launcher_set_child_setup(launcher, child_setup, NULL, NULL);
	process = g_subprocess_launcher_spawn(launcher, &local, job->path, NULL);
	if (!process) {
		test = ktap_new(job->name);
		ktap_fail(test, "cannot be started: %s", local->message);
		report(suite, test);
		return;
	}
	bench.process = process;
	timer = g_timeout_add_seconds((guint)suite->timeout, too_late, &bench);
	g_subprocess_communicate_async(process, NULL, NULL, communicated, &result);
	while (!result)
		g_main_context_iteration(NULL, TRUE);
	g_subprocess_communicate_finish(process, result, &output, NULL, NULL);
	g_object_unref(result);
	if (!bench.late)
		g_source_remove(timer);
	status = g_subprocess_get_status(process);
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	text = output ? g_strndup(g_bytes_get_data(output, NULL), g_bytes_get_size(output))
		      : g_strdup("");
	test = ktap_parse(job->name, text, status);
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

/* FALSE with an error: the guest is of no use any more. */
static gboolean run_guest(struct suite *suite, struct guest *guest, const struct job *job,
			  GError **error)
{
	g_autoptr(GString) output = g_string_new(NULL);
	g_autoptr(GString) errors = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	struct guest_streams streams = {
		.in = -1,
		.out = -1,
		.err = -1,
		.out_text = output,
		.err_text = errors,
	};
	char *argv[] = { job->program, NULL };
	gint64 begin = g_get_monotonic_time();
	struct ktap *test;
	gboolean ok, late;
	int status = 0;

	ok = guest_command(guest, argv, &streams, suite->timeout, &status, &late, &local);
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

/* One boot serves as long as it lives; a guest that a test killed is replaced for the next. */
static gboolean run_guests(struct suite *suite, GPtrArray *jobs, guint first, GError **error)
{
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
				g_propagate_error(error, g_steal_pointer(&local));
				return FALSE;
			}
		}
		if (run_guest(suite, lab_guest(lab), jobs->pdata[i], &local))
			continue;
		lab_stop(lab);
		lab = NULL;
		ok = local->code == FAILURE_GUEST || local->code == FAILURE_TIMEOUT;
		suite->late |= local->code == FAILURE_TIMEOUT;
		if (!ok) {
			for (i++; i < jobs->len; i++)
				not_run(suite, jobs->pdata[i], local->message);
			g_propagate_error(error, g_steal_pointer(&local));
		}
	}
	lab_stop(lab);
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
		kernel = kernel_get(options->lab->kernel, options->lab->kernel_build, error);
		if (!kernel)
			return FALSE;
		parts |= PROJECT_GUEST;
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
	guint benches;

	suite.timeout = options->timeout ? options->timeout : SUITE_TIMEOUT;
	suite.results = g_ptr_array_new_with_free_func((GDestroyNotify)ktap_free);
	*ret_results = suite.results;
	if (!build(options, projects, error))
		return FALSE;
	for (guint i = 0; options->bench && i < projects->len; i++)
		add_jobs(jobs, projects->pdata[i], FALSE);
	benches = jobs->len;
	for (guint i = 0; options->guest && i < projects->len; i++)
		add_jobs(jobs, projects->pdata[i], TRUE);
	if (options->plan)
		options->plan(options->data, jobs->len);
	for (guint i = 0; i < benches; i++)
		run_bench(&suite, jobs->pdata[i]);
	if (benches < jobs->len && !run_guests(&suite, jobs, benches, &local)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	if (suite.late)
		return failure_set(error, FAILURE_TIMEOUT, "a test did not end in time");
	return TRUE;
}
