/* SPDX-License-Identifier: BSD-2-Clause */
#include "project/step.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAGIC "ersatz-stamp 1"

struct step *step_new(const char *what, const char *stamp, const char *output)
{
	struct step *step = g_new0(struct step, 1);

	step->what = g_strdup(what);
	step->stamp = g_strdup(stamp);
	step->output = g_strdup(output);
	step->argv = g_ptr_array_new_with_free_func(g_free);
	step->inputs = g_ptr_array_new_with_free_func(g_free);
	return step;
}

void step_free(struct step *step)
{
	if (!step)
		return;
	g_free(step->what);
	g_free(step->stamp);
	g_free(step->output);
	g_free(step->depfile);
	g_free(step->hint);
	g_free(step->temporary);
	g_ptr_array_unref(step->argv);
	g_ptr_array_unref(step->inputs);
	g_free(step);
}

void step_cleanup(struct step **step)
{
	step_free(*step);
}

void step_add(struct step *step, const char *argument, ...)
{
	va_list args;

	va_start(args, argument);
	for (; argument; argument = va_arg(args, const char *))
		g_ptr_array_add(step->argv, g_strdup(argument));
	va_end(args);
}

void step_add_all(struct step *step, GPtrArray *arguments)
{
	for (guint i = 0; i < arguments->len; i++)
		step_add(step, arguments->pdata[i], NULL);
}

void step_input(struct step *step, const char *path)
{
	g_ptr_array_add(step->inputs, g_strdup(path));
}

char *step_compiler(GError **error)
{
	const char *cc = g_getenv("CC");
	g_autofree char *path = g_find_program_in_path(cc && *cc ? cc : "cc");

	if (!path)
		failure_set(
			error, FAILURE_SETUP,
			"no C compiler: there is no %s in PATH; install the package gcc, or set CC",
			cc && *cc ? cc : "cc");
	return g_steal_pointer(&path);
}

gint64 step_clock(void)
{
	struct timespec now;

	/* Not the coarse clock: from Linux 6.13 on, file systems may stamp with the fine one. */
	clock_gettime(CLOCK_REALTIME, &now);
	return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* "TIME SIZE" of a file, in words that change when it does; "-" if it is not there. */
static char *identity(const char *path, gint64 *ret_time)
{
	struct stat st;

	*ret_time = 0;
	if (stat(path, &st) < 0)
		return g_strdup("-");
	*ret_time = (gint64)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, *ret_time,
			       (gint64)st.st_size);
}

static char *command_line(struct step *step)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (guint i = 0; i < step->argv->len; i++) {
		g_autofree char *escaped = g_strescape(step->argv->pdata[i], NULL);

		g_string_append_printf(line, "%s\"%s\"", i ? " " : "", escaped);
	}
	return g_string_free(g_steal_pointer(&line), FALSE);
}

gboolean step_fresh(struct step *step)
{
	g_autofree char *text = NULL;
	g_autofree char *command = command_line(step);
	g_auto(GStrv) lines = NULL;
	guint n = 0;

	if (access(step->output, F_OK) || !g_file_get_contents(step->stamp, &text, NULL, NULL))
		return FALSE;
	lines = g_strsplit(text, "\n", -1);
	if (g_strcmp0(lines[0], MAGIC) || g_strcmp0(lines[1], command))
		return FALSE;
	for (char **line = lines + 2; *line && **line; line++, n++) {
		g_autofree char *now = NULL;
		char *path = strchr(*line, '\t');
		gint64 time;

		if (!path)
			return FALSE;
		*path++ = 0;
		/* The inputs known beforehand come first; one more or one less is a change. */
		if (n < step->inputs->len && strcmp(path, step->inputs->pdata[n]))
			return FALSE;
		now = identity(path, &time);
		if (strcmp(now, *line))
			return FALSE;
	}
	return n >= step->inputs->len && (step->depfile || n == step->inputs->len);
}

GPtrArray *step_parse_depfile(const char *text)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) name = g_string_new(NULL);
	const char *at = text;
	gboolean target = TRUE;

	for (;; at++) {
		if (*at == '\\' && at[1] == '\n') {
			at++;
		} else if (*at == '\\' && (at[1] == ' ' || at[1] == '#' || at[1] == ':')) {
			g_string_append_c(name, *++at);
			continue;
		} else if (*at == '$' && at[1] == '$') {
			g_string_append_c(name, *++at);
			continue;
		} else if (*at && !g_ascii_isspace(*at)) {
			g_string_append_c(name, *at);
			continue;
		}
		/* The end of a word; the first one that ends in a colon is the target. */
		if (name->len && target) {
			if (name->str[name->len - 1] == ':')
				target = FALSE;
		} else if (name->len) {
			g_ptr_array_add(files, g_strdup(name->str));
		}
		g_string_truncate(name, 0);
		if (!*at)
			return files;
	}
}

gboolean step_done(struct step *step, gint64 started, GError **error)
{
	g_autoptr(GString) text = g_string_new(MAGIC "\n");
	g_autoptr(GPtrArray) more = NULL;
	g_autofree char *command = command_line(step);
	g_autofree char *deps = NULL;
	g_autoptr(GError) local = NULL;

	g_string_append_printf(text, "%s\n", command);
	if (step->depfile && g_file_get_contents(step->depfile, &deps, NULL, NULL))
		more = step_parse_depfile(deps);
	for (guint i = 0; i < step->inputs->len + (more ? more->len : 0); i++) {
		const char *path = i < step->inputs->len ? step->inputs->pdata[i]
							 : more->pdata[i - step->inputs->len];
		g_autofree char *now = NULL;
		gint64 time;

		now = identity(path, &time);
		/* Changed while the command ran: which of the two it saw is not known. */
		g_string_append_printf(text, "%s\t%s\n", time > started ? "changed" : now, path);
	}
	if (!g_file_set_contents(step->stamp, text->str, (gssize)text->len, &local))
		return failure_set(error, FAILURE_SETUP, "%s: cannot write %s: %s", step->what,
				   step->stamp, local->message);
	return TRUE;
}

/*
 * The command is a process group of its own, and a signal that would end us
 * ends all of it first: a make that goes on alone would write where the next
 * run builds.
 */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t group;
static volatile sig_atomic_t caught;

static void pass_on(int number)
{
	int saved = errno;

	caught = number;
	if (group > 0)
		kill(-group, SIGTERM); /* background jobs of a shell ignore SIGINT */
	errno = saved;
}

static void watch_signals(struct sigaction *ret_before)
{
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	group = 0;
	caught = 0;
	sigemptyset(&action.sa_mask);
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
		sigaction(signals[i], NULL, &ret_before[i]);
		/* Under nohup, say, they stay ignored. */
		if (ret_before[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void in_child(gpointer parent)
{
	setpgid(0, 0);
	/* We may be killed, with no time to pass it on. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != GPOINTER_TO_INT(parent))
		_exit(FAILURE_SETUP);
	/* What a build says is not the run's result. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

static gboolean spawn(struct step *step, GError **error)
{
	struct sigaction before[G_N_ELEMENTS(signals)];
	g_autoptr(GError) local = NULL;
	GPid pid = 0;
	int status = 0;
	gboolean ok;

	watch_signals(before);
	g_ptr_array_add(step->argv, NULL);
	ok = g_spawn_async(NULL, (char **)step->argv->pdata, NULL,
			   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, in_child,
			   GINT_TO_POINTER(getpid()), &pid, &local);
	g_ptr_array_set_size(step->argv, (int)step->argv->len - 1);
	if (ok) {
		group = pid;
		if (caught)
			kill(-pid, SIGTERM);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		group = 0;
	}
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	if (!ok)
		return failure_set(error, FAILURE_SETUP, "%s: cannot run %s: %s", step->what,
				   (char *)step->argv->pdata[0], local->message);
	if (caught)
		return failure_set(error, 128 + caught, "%s: stopped by a signal (%s)", step->what,
				   g_strsignal(caught));
	if (status)
		return failure_set(error, FAILURE_SETUP, "%s: %s", step->what,
				   step->hint ? step->hint : "failed");
	return TRUE;
}

gboolean step_run(struct step *step, gboolean *ret_ran, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(step->output);
	g_autofree char *stamps = g_path_get_dirname(step->stamp);
	gint64 started;

	if (ret_ran)
		*ret_ran = FALSE;
	if (step_fresh(step))
		return TRUE;
	if (!paths_mkdir(dir, error) || !paths_mkdir(stamps, error))
		return FALSE;
	started = step_clock();
	g_unlink(step->stamp);
	if (!spawn(step, error))
		return FALSE;
	/* A guest that runs the old one keeps it: never written in place. */
	if (step->temporary && g_rename(step->temporary, step->output) < 0)
		return failure_errno(error, errno, "%s: cannot write %s", step->what, step->output);
	if (ret_ran)
		*ret_ran = TRUE;
	return step_done(step, started, error);
}
