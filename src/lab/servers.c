/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/servers.h"
#include "lab/guest.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3 }; /* as the server has it */

struct server {
	struct servers *all;
	const char *id;
	GSubprocess *process; /* NULL: has ended, or never started */
	int ready; /* says when it can be connected to */
};

struct servers {
	GPtrArray *list; /* of struct server */
	GPtrArray *sockets;
	GCancellable *unwatch;
	guint running;
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
	if (WIFSIGNALED(status) && !server->all->ending)
		say("%s: its server died of signal %d (%s); for the guest the card is pulled",
		    server->id, WTERMSIG(status), g_strsignal(WTERMSIG(status)));
}

static gboolean spawn(struct server *server, const struct project_device *device,
		      const char *socket, const char *taps, int trace_fd, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	g_autofree char *what = g_strconcat(device->project->model, *device->properties ? "," : "",
					    device->properties, NULL);
	g_autofree char *ready_fd = g_strdup_printf("%d", READY_FD);
	const char *argv[] = { paths_get()->self, "serve", "--id",   device->id,
			       "--socket",	  socket,  "--once", "--ready-fd",
			       ready_fd,	  what,	   NULL };
	g_autoptr(GError) local = NULL;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(error, errno, "cannot make a pipe");
	server->ready = fds[0];
	if (taps)
		g_subprocess_launcher_setenv(launcher, "ERSATZ_TAPS", taps, TRUE);
	g_subprocess_launcher_take_fd(launcher, fds[1], READY_FD);
	g_subprocess_launcher_take_fd(launcher, dup(trace_fd >= 0 ? trace_fd : STDERR_FILENO),
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

static gboolean wait_ready(struct server *server, GError **error)
{
	char word[16];
	ssize_t n;

	do {
		n = read(server->ready, word, sizeof(word));
	} while (n < 0 && errno == EINTR);
	close(server->ready);
	server->ready = -1;
	if (n <= 0)
		return failure_set(error, FAILURE_SETUP, "%s cannot be served; why is said above",
				   server->id);
	return TRUE;
}

static void server_free(gpointer data)
{
	struct server *server = data;

	if (server->ready >= 0)
		close(server->ready);
	g_clear_object(&server->process);
	g_free(server);
}

struct servers *servers_start(GPtrArray *devices, struct rundir *rundir, const char *taps,
			      int trace_fd, GError **error)
{
	struct servers *servers = g_new0(struct servers, 1);
	gboolean ok = TRUE;

	servers->list = g_ptr_array_new_with_free_func(server_free);
	servers->sockets = g_ptr_array_new_with_free_func(g_free);
	servers->unwatch = g_cancellable_new();
	for (guint i = 0; ok && i < devices->len; i++) {
		const struct project_device *device = devices->pdata[i];
		struct server *server = g_new0(struct server, 1);
		/* Short: a socket's path has 107 bytes. */
		char *socket = g_strdup_printf("%s/vfio%u", rundir->path, i);

		server->all = servers;
		server->id = device->id;
		server->ready = -1;
		g_ptr_array_add(servers->list, server);
		g_ptr_array_add(servers->sockets, socket);
		ok = spawn(server, device, socket, taps, trace_fd, error);
		if (ok)
			rundir_keep(rundir, g_subprocess_get_identifier(server->process));
	}
	for (guint i = 0; ok && i < servers->list->len; i++)
		ok = wait_ready(servers->list->pdata[i], error);
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

void servers_stop(struct servers *servers, gboolean client_was_there)
{
	if (!servers)
		return;
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
	g_object_unref(servers->unwatch);
	g_ptr_array_unref(servers->list);
	g_ptr_array_unref(servers->sockets);
	g_free(servers);
}
