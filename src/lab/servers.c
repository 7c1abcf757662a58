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
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3, ORDERS_FD = 4, INFO_FD = 6, END_FD = 7 }; /* as the server has them */

#define INFO_LONGEST (16 << 20) /* bytes */

/* A hook that hangs holds a processor of the guest; QEMU gives its link up after a minute. */
#define HANG_LIMIT "30" /* seconds */

struct server {
	struct servers *all;
	char *id;
	char *socket;
	GSubprocess *process; /* NULL: never started */
	gboolean over; /* has ended */
	gboolean released; /* and another may have its place */
	int ready; /* says when it can be connected to */
	int orders; /* to it, and its word when one is done */
	int info; /* a file that it writes into */
	int end; /* says why it went, if that was before its time */
	gboolean serves; /* it has been ready */
	gint pulled; /* atomic: its card was yanked */
};

struct servers {
	struct servers_plan plan;
	GPtrArray *list; /* of struct server */
	GPtrArray *sockets;
	GCancellable *unwatch;
	guint running;
	guint deaths; /* devices that have gone before their time ... */
	GError *death; /* ... and why the first one did; NULL: none has */
	gboolean ending;
};

static void child_setup(gpointer data)
{
	setpgid(0, 0); /* the terminal's Ctrl-C is for ersatz, which then ends them */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != GPOINTER_TO_INT(data))
		_exit(125);
}

/*
 * Its own word, "STATUS why"; 0: there is none. It has ended, so all that comes is there: the
 * last of it, as one that was told to end may then have found that its model does not.
 */
static int read_end(struct server *server, char **ret_why)
{
	char text[2048], *last, *at;
	ssize_t n = read(server->end, text, sizeof(text) - 1);
	long status;

	text[MAX(n, 0)] = 0;
	g_strchomp(text);
	last = strrchr(text, '\n');
	last = last ? last + 1 : text;
	status = strtol(last, &at, 10);
	if (n <= 0 || *at != ' ')
		return 0;
	*ret_why = g_strdup(at + 1);
	return status == FAILURE_GUEST ? FAILURE_GUEST : FAILURE_SETUP;
}

/*
 * What it came to: a status, 0 where all is well, and why. What was asked for is no
 * death; but a model that is at fault is, whenever that shows.
 */
static int judge(struct server *server, int wait_status, char **ret_why)
{
	int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
	int status = read_end(server, ret_why);

	if (!status && WIFSIGNALED(wait_status)) {
		*ret_why =
			g_strdup_printf("its server died of signal %d (%s), and no keeper was "
					"left to take over; for the guest the card was pulled",
					WTERMSIG(wait_status), g_strsignal(WTERMSIG(wait_status)));
		status = FAILURE_SETUP;
	} else if (!status && code) {
		*ret_why =
			g_strdup_printf("its server ended with status %d; why is said above", code);
		status = code == FAILURE_GUEST ? FAILURE_GUEST : FAILURE_SETUP;
	}
	if (status == FAILURE_GUEST)
		return status;
	/* One that never came so far is told of by whoever waits for it. */
	if (!server->serves || server->released || server->all->ending ||
	    g_atomic_int_get(&server->pulled))
		return 0;
	return status;
}

/* What it had to say of a model that died, it has said; of its own death it cannot. */
static void ended(GObject *object, GAsyncResult *result, gpointer data)
{
	struct server *server = data;
	GSubprocess *process = G_SUBPROCESS(object);
	g_autoptr(GError) local = NULL;
	g_autofree char *why = NULL;
	int status, wait_status;

	if (!g_subprocess_wait_finish(process, result, &local))
		return; /* not watched any more: `server` may be gone */
	server->over = TRUE;
	server->all->running--;
	wait_status = g_subprocess_get_status(process);
	status = judge(server, wait_status, &why);
	if (!status)
		return;
	server->all->deaths++;
	/* Others had something to say themselves. */
	if (WIFSIGNALED(wait_status) || !WEXITSTATUS(wait_status))
		say("%s: %s", server->id, why);
	if (server->all->death)
		return;
	failure_set(
		&server->all->death, (enum failure)status, "%s: %s. %s", server->id, why,
		status == FAILURE_GUEST
			? "Where it was is said above; with --gdb-model a debugger sees it come"
			: "Somebody did that, or memory ran out (dmesg tells): it says nothing of "
			  "the driver, so run it again");
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

static gboolean spawn(struct server *server, const struct project_device *device, GError **error)
{
	const struct servers_plan *plan = &server->all->plan;
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	gboolean debugged = plan->options->gdb_model && device == plan->devices->pdata[0];
	g_autofree char *what = model_of(plan, device, debugged);
	g_autofree char *ready_fd = g_strdup_printf("%d", READY_FD);
	g_autofree char *orders_fd = g_strdup_printf("%d", ORDERS_FD);
	g_autofree char *info_fd = g_strdup_printf("%d", INFO_FD);
	g_autofree char *end_fd = g_strdup_printf("%d", END_FD);
	const char *argv[] = { plan->program ? plan->program : paths_get()->self,
			       "serve",
			       "--id",
			       server->id,
			       "--socket",
			       server->socket,
			       "--once",
			       "--ready-fd",
			       ready_fd,
			       "--orders-fd",
			       orders_fd,
			       "--info-fd",
			       info_fd,
			       "--end-fd",
			       end_fd,
			       "--hang-limit",
			       HANG_LIMIT,
			       debugged ? "--gdb" : what,
			       debugged ? what : NULL,
			       NULL };
	g_autoptr(GError) local = NULL;
	int fds[2], end[2], orders[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(error, errno, "cannot make a pipe");
	server->ready = fds[0];
	if (pipe2(end, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(fds[1]);
		return failure_errno(error, errno, "cannot make a pipe");
	}
	server->end = end[0];
	server->info = memfd_create("ersatz-info", MFD_CLOEXEC);
	if (server->info < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) < 0) {
		close(fds[1]);
		close(end[1]);
		return failure_errno(error, errno, "cannot make a socket");
	}
	server->orders = orders[0];
	set_environment(launcher, plan);
	g_subprocess_launcher_take_fd(launcher, fds[1], READY_FD);
	g_subprocess_launcher_take_fd(launcher, orders[1], ORDERS_FD);
	g_subprocess_launcher_take_fd(launcher, dup(server->info), INFO_FD);
	g_subprocess_launcher_take_fd(launcher, end[1], END_FD);
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

/*
 * Lines, as vu_server_run writes them: "waits PID", "ready". `device` is for
 * gdb; with `ms` (-1: any time) it has so long to get there.
 */
static gboolean wait_ready(struct server *server, const struct project_device *device, int ms,
			   GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
	gboolean late = FALSE;
	gboolean ok = TRUE, ready = FALSE;
	ssize_t n;
	char c;

	while (ok && !ready) {
		struct pollfd p = { .fd = server->ready, .events = POLLIN };
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

		late = ms >= 0 && poll(&p, 1, (int)MAX(left, 0)) == 0;
		if (late)
			break;
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
			ok = gdb_model_announce(server->all->plan.rundir, device,
						(pid_t)strtol(line->str + 6, NULL, 10), error);
		ready = strcmp(line->str, "ready") == 0;
		g_string_truncate(line, 0);
	}
	close(server->ready);
	server->ready = -1;
	if (ok && late)
		return failure_set(error, FAILURE_TIMEOUT,
				   "%s: its model has not made the device within %.0f s",
				   server->id, ms / 1000.0);
	if (ok && !ready)
		return failure_set(error, FAILURE_SETUP,
				   "%s cannot be served; the run's stderr says why", server->id);
	server->serves = ok;
	return ok;
}

static void server_free(gpointer data)
{
	struct server *server = data;

	int fds[] = { server->ready, server->orders, server->info, server->end };

	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	g_clear_object(&server->process);
	g_free(server->id);
	g_free(server->socket);
	g_free(server);
}

/* A place in the list, and so a name for its socket, that nobody has, or has any more. */
static struct server *place(struct servers *servers, const char *id)
{
	struct server *server = g_new0(struct server, 1);
	guint index;

	for (index = 0; index < servers->list->len; index++) {
		const struct server *other = servers->list->pdata[index];

		if (other->over && other->released)
			break;
	}
	server->all = servers;
	server->id = g_strdup(id);
	/* Short: a socket's path has 107 bytes. */
	server->socket = g_strdup_printf("%s/vfio%u", servers->plan.rundir->path, index);
	server->ready = server->orders = server->info = server->end = -1;
	if (index == servers->list->len) {
		g_ptr_array_add(servers->list, server);
	} else {
		server_free(servers->list->pdata[index]);
		servers->list->pdata[index] = server;
	}
	return server;
}

struct server *servers_add(struct servers *servers, const struct project_device *device,
			   GError **error)
{
	struct server *server = place(servers, device->id);

	if (!spawn(server, device, error)) {
		server->over = server->released = TRUE;
		return NULL;
	}
	rundir_keep(servers->plan.rundir, g_subprocess_get_identifier(server->process));
	return server;
}

gboolean server_wait(struct server *server, guint ms, GError **error)
{
	return wait_ready(server, NULL, (int)ms, error);
}

const char *server_socket(const struct server *server)
{
	return server->socket;
}

struct server *servers_get(const struct servers *servers, guint index)
{
	return servers->list->pdata[index];
}

void server_release(struct server *server)
{
	server->released = TRUE;
}

gboolean server_order(struct server *server, char order, guint ms, GError **error)
{
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
	struct pollfd p = { .fd = server->orders, .events = POLLIN };
	char said;

	/* A late word on an earlier one. */
	while (recv(server->orders, &said, 1, MSG_DONTWAIT) == 1)
		;
	if (send(server->orders, &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		return failure_set(error, FAILURE_GUEST, "%s: its model has died", server->id);
	for (;;) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return failure_set(error, FAILURE_TIMEOUT,
					   "%s does not answer within %.1f s: a hook of its model "
					   "has not returned, or is held by a debugger",
					   server->id, ms / 1000.0);
		n = recv(server->orders, &said, 1, MSG_DONTWAIT);
		if (n == 1 && said == order) {
			if (order == 'y')
				g_atomic_int_set(&server->pulled, TRUE);
			return TRUE;
		}
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return failure_set(error, FAILURE_GUEST, "%s: its model has died",
					   server->id);
	}
}

char *server_info(struct server *server, guint ms, GError **error)
{
	g_autofree char *text = NULL;
	struct stat st;

	if (!server_order(server, 'i', ms, error))
		return NULL;
	if (fstat(server->info, &st) < 0 || st.st_size > INFO_LONGEST) {
		failure_set(error, FAILURE_SETUP, "%s: its description is too long", server->id);
		return NULL;
	}
	text = g_malloc0((gsize)st.st_size + 1);
	if (pread(server->info, text, (size_t)st.st_size, 0) < 0) {
		failure_errno(error, errno, "%s: cannot read its description", server->id);
		return NULL;
	}
	return g_steal_pointer(&text);
}

void server_end(struct server *server)
{
	server->released = TRUE;
	if (server->process)
		g_subprocess_send_signal(server->process, SIGTERM);
}

struct servers *servers_start(const struct servers_plan *plan, GError **error)
{
	struct servers *servers = g_new0(struct servers, 1);
	gboolean ok = TRUE;

	servers->plan = *plan;
	servers->list = g_ptr_array_new_with_free_func(server_free);
	servers->sockets = g_ptr_array_new_with_free_func(g_free);
	servers->unwatch = g_cancellable_new();
	for (guint i = 0; ok && i < plan->devices->len; i++) {
		struct server *server = servers_add(servers, plan->devices->pdata[i], error);

		ok = server != NULL;
		if (ok)
			g_ptr_array_add(servers->sockets, g_strdup(server->socket));
	}
	for (guint i = 0; ok && i < servers->list->len; i++)
		ok = wait_ready(servers->list->pdata[i], plan->devices->pdata[i], -1, error);
	if (ok)
		return servers;
	servers_stop(servers, FALSE, NULL);
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

static gboolean check(const struct servers *servers, GError **error)
{
	if (!servers->death)
		return TRUE;
	if (servers->deaths == 1)
		return failure_set(error, (enum failure)servers->death->code, "%s",
				   servers->death->message);
	return failure_set(error, (enum failure)servers->death->code,
			   "%s (and %u more of the devices; see above)", servers->death->message,
			   servers->deaths - 1);
}

gboolean servers_check(const struct servers *servers, GError **error)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
	return check(servers, error);
}

gboolean servers_stop(struct servers *servers, gboolean client_was_there, GError **error)
{
	gboolean ok;

	if (!servers)
		return TRUE;
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
	ok = check(servers, error);
	g_clear_error(&servers->death);
	g_object_unref(servers->unwatch);
	g_ptr_array_unref(servers->list);
	g_ptr_array_unref(servers->sockets);
	g_free(servers);
	return ok;
}
