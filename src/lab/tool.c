/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/tool.h"
#include "project/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ends with us, whatever ends us. */
static void child_setup(gpointer data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != GPOINTER_TO_INT(data))
		_exit(125);
}

static gboolean run(const char *dir, char **ret_output, GError **error, const char *program,
		    va_list args)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *output = NULL;
	g_autofree char *said = NULL;
	g_autofree char *line = NULL;
	g_autoptr(GError) local = NULL;
	int status = 0;

	for (const char *a = program; a; a = va_arg(args, const char *))
		g_ptr_array_add(argv, (char *)a);
	g_ptr_array_add(argv, NULL);
	line = g_strjoinv(" ", (char **)argv->pdata);
	if (!g_spawn_sync(dir, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, child_setup,
			  GINT_TO_POINTER(getpid()), &output, &said, &status, &local))
		return failure_set(error, FAILURE_SETUP, "cannot run %s: %s", program,
				   local->message);
	if (!g_spawn_check_wait_status(status, &local)) {
		if (strstr(said, "No space left on device"))
			return failure_set(error, FAILURE_SETUP,
					   "%s: the disk is full; free some space", line);
		return failure_set(error, FAILURE_SETUP, "%s failed%s%s", line, *said ? ":\n" : "",
				   g_strchomp(said));
	}
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	return TRUE;
}

gboolean tool_run(GError **error, const char *program, ...)
{
	va_list args;
	gboolean ok;

	va_start(args, program);
	ok = run(NULL, NULL, error, program, args);
	va_end(args);
	return ok;
}

gboolean tool_read(const char *dir, char **ret_output, GError **error, const char *program, ...)
{
	va_list args;
	gboolean ok;

	va_start(args, program);
	ok = run(dir, ret_output, error, program, args);
	va_end(args);
	return ok;
}

void tool_guard(struct tool_guard *guard)
{
	pid_t target;
	int fds[2];
	char done;

	guard->pipe = -1;
	guard->pid = -1;
	if (pipe2(fds, O_CLOEXEC))
		return;
	guard->pid = fork();
	if (guard->pid == 0) {
		setsid(); /* out of reach of the terminal's Ctrl-C */
		prctl(PR_SET_NAME, "ersatz-guard");
		close(fds[1]);
		for (int fd = 0; fd < 3; fd++) /* nobody shall wait for their end */
			close(fd);
		if (read(fds[0], &target, sizeof(target)) == sizeof(target) &&
		    read(fds[0], &done, 1) != 1)
			kill(target, SIGKILL);
		_exit(0);
	}
	close(fds[0]);
	guard->pipe = fds[1];
}

void tool_guard_over(const struct tool_guard *guard, pid_t target)
{
	/* A few bytes into an empty pipe: all or nothing. Without a guard it is nothing. */
	if (guard->pipe >= 0 && write(guard->pipe, &target, sizeof(target)) < 0)
		return;
}

void tool_unguard(struct tool_guard *guard)
{
	if (guard->pipe < 0)
		return;
	if (write(guard->pipe, "", 1) < 0)
		say("the guard of a process has died");
	close(guard->pipe);
	if (guard->pid > 0)
		waitpid(guard->pid, NULL, 0);
	guard->pipe = -1;
}

struct script {
	struct tool_guard guard;
	pid_t parent;
	/* At a terminal it stays in our process group: sudo may have to ask for a password. */
	gboolean asks;
};

/* stdout is for results; what a script says is none. */
static void script_setup(gpointer data)
{
	const struct script *script = data;

	child_setup(GINT_TO_POINTER(script->parent));
	if (!script->asks)
		setpgid(0, 0);
	/* From here, before it can start anything: else it might outlive us in between. */
	tool_guard_over(&script->guard, script->asks ? getpid() : -getpid());
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

gboolean tool_script(GError **error, const char *failed, const char *program, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) local = NULL;
	struct script script = { .parent = getpid(), .asks = isatty(STDIN_FILENO) };
	GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH |
			    (script.asks ? G_SPAWN_CHILD_INHERITS_STDIN : G_SPAWN_DEFAULT);
	int status = 0;
	va_list args;
	GPid pid;

	va_start(args, program);
	for (const char *a = program; a; a = va_arg(args, const char *))
		g_ptr_array_add(argv, (char *)a);
	va_end(args);
	g_ptr_array_add(argv, NULL);
	tool_guard(&script.guard);
	if (!g_spawn_async(NULL, (char **)argv->pdata, NULL, flags, script_setup, &script, &pid,
			   &local)) {
		tool_unguard(&script.guard);
		return failure_set(error, FAILURE_SETUP, "cannot run %s: %s", program,
				   local->message);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tool_unguard(&script.guard);
	if (!g_spawn_check_wait_status(status, NULL))
		return failure_set(error, FAILURE_SETUP, "%s", failed);
	return TRUE;
}

char *tool_newest(const char *dir, const char *prefix)
{
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	g_autofree char *best = NULL;
	time_t newest = 0;
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		struct stat st;

		if (g_str_has_prefix(name, prefix) && stat(path, &st) == 0 &&
		    (!best || st.st_mtime > newest)) {
			g_free(best);
			best = g_steal_pointer(&path);
			newest = st.st_mtime;
		}
	}
	return g_steal_pointer(&best);
}

char *tool_identity(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return g_strdup_printf("none %s", path);
	return g_strdup_printf("%" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT " %s",
			       (gint64)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec,
			       (gint64)st.st_size, path);
}
