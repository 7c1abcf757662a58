/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/servers.h"
#include "lab/gdb.h"
#include "lab/guest.h"
#include "lab/sanitize.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3 }; /* as the server has it */

/* A hook that hangs holds a processor of the guest; QEMU gives its link up after a minute. */
#define HANG_LIMIT "30" /* seconds */

struct server {
	struct servers *all;
	const struct project_device *device;
	GSubprocess *process; /* NULL: has ended, or never started */
	int ready; /* says when it can be connected to */
};

struct servers {
	GPtrArray *list; /* of struct server */
	GPtrArray *sockets;
	GCancellable *unwatch;
	guint running;
	guint deaths; /* of models */
	gboolean ending;
};

static void child_setup(gpointer data)
{
	setpgid(0, 0); /* the terminal's Ctrl-C is for ersatz, which then ends them */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != GPOINTER_TO_INT(data))
		_exit(125);
}

/* What it had to say of a model that died, it has said; of its own death it cannot. */
static void ended(GObject *object, GAsyncResult *result, gpointer data)
{
	struct server *server = data;
	GSubprocess *process = G_SUBPROCESS(object);
	g_autoptr(GError) local = NULL;
	int status;

	if (!g_subprocess_wait_finish(process, result, &local))
		return; /* not watched any more: `server` may be gone */
	status = g_subprocess_get_status(process);
	server->all->running--;
	server->all->deaths += WIFEXITED(status) && WEXITSTATUS(status) == FAILURE_GUEST;
	if (WIFSIGNALED(status) && !server->all->ending)
		say("%s: its server died of signal %d (%s); for the guest the card is pulled",
		    server->device->id, WTERMSIG(status), g_strsignal(WTERMSIG(status)));
}

/* The model's file, as this run wants it, with its properties. */
static char *model_of(const struct servers_plan *plan, const struct project_device *device,
		      gboolean debugged)
{
	enum project_part part = plan->options->sanitize ? PROJECT_SANITIZE
				 : debugged		 ? PROJECT_DEBUG
							 : PROJECT_MODEL;
	g_autofree char *file = project_model(device->project, part);

	return g_strconcat(file, *device->properties ? "," : "", device->properties, NULL);
}

static void set_environment(GSubprocessLauncher *launcher, const struct servers_plan *plan)
{
	if (plan->taps)
		g_subprocess_launcher_setenv(launcher, "ERSATZ_TAPS", plan->taps, TRUE);
	for (const char *const *one = sanitize_environment; plan->options->sanitize && *one;
	     one++) {
		g_auto(GStrv) pair = g_strsplit(*one, "=", 2);

		/* Whoever has set his own means them. */
		g_subprocess_launcher_setenv(launcher, pair[0], pair[1], FALSE);
	}
}

static gboolean spawn(struct server *server, const struct servers_plan *plan, const char *socket,
		      GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	gboolean debugged = plan->options->gdb_model && server == server->all->list->pdata[0];
	g_autofree char *what = model_of(plan, server->device, debugged);
	g_autofree char *ready_fd = g_strdup_printf("%d", READY_FD);
	const char *argv[] = { plan->program ? plan->program : paths_get()->self,
			       "serve",
			       "--id",
			       server->device->id,
			       "--socket",
			       socket,
			       "--once",
			       "--ready-fd",
			       ready_fd,
			       "--hang-limit",
			       HANG_LIMIT,
			       debugged ? "--gdb" : what,
			       debugged ? what : NULL,
			       NULL };
	g_autoptr(GError) local = NULL;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(error, errno, "cannot make a pipe");
	server->ready = fds[0];
	set_environment(launcher, plan);
	g_subprocess_launcher_take_fd(launcher, fds[1], READY_FD);
	g_subprocess_launcher_take_fd(launcher,
				      dup(plan->trace_fd >= 0 ? plan->trace_fd : STDERR_FILENO),
				      GUEST_TRACE_FD);
	g_subprocess_launcher_set_child_setup(launcher, child_setup, GINT_TO_POINTER(getpid()),
					      NULL);
	server->process = g_subprocess_launcher_spawnv(launcher, argv, &local);
	g_subprocess_launcher_close(launcher); /* or the pipe would never be at its end */
	if (!server->process)
		return failure_set(error, FAILURE_SETUP, "cannot start %s: %s", argv[0],
				   local->message);
	server->all->running++;
	g_subprocess_wait_async(server->process, server->all->unwatch, ended, server);
	return TRUE;
}

/* Lines, as vu_server_run writes them: "waits PID", "ready". */
static gboolean wait_ready(struct server *server, const struct rundir *rundir, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	gboolean ok = TRUE, ready = FALSE;
	ssize_t n;
	char c;

	while (ok && !ready) {
		n = read(server->ready, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (c != '\n') {
			g_string_append_c(line, c);
			continue;
		}
		if (g_str_has_prefix(line->str, "waits "))
			ok = gdb_model_announce(rundir, server->device,
						(pid_t)strtol(line->str + 6, NULL, 10), error);
		ready = strcmp(line->str, "ready") == 0;
		g_string_truncate(line, 0);
	}
	close(server->ready);
	server->ready = -1;
	if (ok && !ready)
		return failure_set(error, FAILURE_SETUP, "%s cannot be served; why is said above",
				   server->device->id);
	return ok;
}

static void server_free(gpointer data)
{
	struct server *server = data;

	if (server->ready >= 0)
		close(server->ready);
	g_clear_object(&server->process);
	g_free(server);
}

struct servers *servers_start(const struct servers_plan *plan, GError **error)
{
	struct servers *servers = g_new0(struct servers, 1);
	gboolean ok = TRUE;

	servers->list = g_ptr_array_new_with_free_func(server_free);
	servers->sockets = g_ptr_array_new_with_free_func(g_free);
	servers->unwatch = g_cancellable_new();
	for (guint i = 0; ok && i < plan->devices->len; i++) {
		struct server *server = g_new0(struct server, 1);
		/* Short: a socket's path has 107 bytes. */
		char *socket = g_strdup_printf("%s/vfio%u", plan->rundir->path, i);

		server->all = servers;
		server->device = plan->devices->pdata[i];
		server->ready = -1;
		g_ptr_array_add(servers->list, server);
		g_ptr_array_add(servers->sockets, socket);
		ok = spawn(server, plan, socket, error);
		if (ok)
			rundir_keep(plan->rundir, g_subprocess_get_identifier(server->process));
	}
	for (guint i = 0; ok && i < servers->list->len; i++)
		ok = wait_ready(servers->list->pdata[i], plan->rundir, error);
	if (ok)
		return servers;
	servers_stop(servers, FALSE);
	return NULL;
}

GPtrArray *servers_sockets(const struct servers *servers)
{
	return servers->sockets;
}

static gboolean is_over(gpointer data)
{
	*(gboolean *)data = TRUE;
	return G_SOURCE_REMOVE;
}

/* Until all have ended, or the time is over. */
static void await(const struct servers *servers, guint ms)
{
	gboolean over = FALSE;
	guint timer;

	if (!servers->running)
		return;
	timer = g_timeout_add(ms, is_over, &over);
	while (servers->running && !over)
		g_main_context_iteration(NULL, TRUE);
	if (!over)
		g_source_remove(timer);
}

static void signal_all(const struct servers *servers, int number)
{
	for (guint i = 0; i < servers->list->len; i++) {
		const struct server *server = servers->list->pdata[i];

		if (server->process)
			g_subprocess_send_signal(server->process, number);
	}
}

guint servers_deaths(const struct servers *servers)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
	return servers->deaths;
}

guint servers_stop(struct servers *servers, gboolean client_was_there)
{
	guint deaths;

	if (!servers)
		return 0;
	if (client_was_there)
		await(servers, 1000);
	servers->ending = TRUE;
	if (servers->running)
		signal_all(servers, SIGTERM);
	await(servers, 4000); /* a hook that does not return is given 3 s */
	if (servers->running)
		signal_all(servers, SIGKILL);
	await(servers, 1000);
	g_cancellable_cancel(servers->unwatch);
	while (g_main_context_iteration(NULL, FALSE)) /* what was cancelled is told so */
		;
	deaths = servers->deaths;
	g_object_unref(servers->unwatch);
	g_ptr_array_unref(servers->list);
	g_ptr_array_unref(servers->sockets);
	g_free(servers);
	return deaths;
}
