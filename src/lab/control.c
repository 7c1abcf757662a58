/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/control_private.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MS 2000 /* that a client has for its line, and to take the answer */
#define SLICE 100 /* ms between looks at whether the run ends */

/* ---- what the control thread has others do ---- */

struct call {
	GMutex lock;
	GCond returned;
	gboolean done;
	gint users;
	void (*run)(gpointer data);
	gpointer data;
};

static void call_unref(struct call *call)
{
	if (!g_atomic_int_dec_and_test(&call->users))
		return;
	g_mutex_clear(&call->lock);
	g_cond_clear(&call->returned);
	g_free(call);
}

static gboolean call_run(gpointer data)
{
	struct call *call = data;

	g_mutex_lock(&call->lock);
	call->run(call->data);
	call->done = TRUE;
	g_cond_signal(&call->returned);
	g_mutex_unlock(&call->lock);
	call_unref(call);
	return G_SOURCE_REMOVE;
}

/*
 * By a source of the main loop, and never here: a process that this thread
 * started would get its death signal when the thread ends.
 */
gboolean control_on_main(struct control *control, void (*run)(gpointer data), gpointer data)
{
	struct call *call = g_new0(struct call, 1);

	call->run = run;
	call->data = data;
	call->users = 2;
	g_mutex_init(&call->lock);
	g_cond_init(&call->returned);
	g_idle_add_full(G_PRIORITY_DEFAULT, call_run, call, NULL);
	g_mutex_lock(&call->lock);
	/* control_stop keeps the main loop going until we are through. */
	while (!call->done)
		g_cond_wait(&call->returned, &call->lock);
	g_mutex_unlock(&call->lock);
	call_unref(call);
	return !control_ending(control);
}

gboolean control_ending(const struct control *control)
{
	return g_atomic_int_get(&control->ending);
}

/* Has whoever asked closed his end? One who will only say no more has not. */
static gboolean is_alone(int fd)
{
	struct pollfd p = { .fd = fd };

	return fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

gboolean control_alone(const struct control *control)
{
	return is_alone(control->client);
}

gboolean control_wait(struct control *control, guint ms, GError **error)
{
	if (!qmp_wait(control->qmp, ms))
		return failure_set(error, FAILURE_SETUP, "QEMU has ended");
	if (control_ending(control))
		return failure_set(error, FAILURE_SETUP, "the run ends");
	if (!control->steadfast && control_alone(control))
		return failure_set(error, FAILURE_SETUP, "nobody waits for it any more");
	return TRUE;
}

gboolean control_halt(struct control *control, gboolean halt, GError **error)
{
	return qmp_do(control->qmp, halt ? "stop" : "cont", NULL, CONTROL_MS, error);
}

struct question {
	struct guest *guest;
	enum wire_question what;
	const void *argument;
	gsize size;
};

static void put_question(gpointer data)
{
	const struct question *q = data;

	guest_ask(q->guest, q->what, q->argument, q->size);
}

gboolean control_ask(struct control *control, enum wire_question what, const void *argument,
		     gsize size, gint64 until, char **ret_text, GError **error)
{
	struct question question = { control->plan.guest, what, argument, size };
	g_autofree char *text = NULL;
	gboolean ok = FALSE;
	int number = 0;

	control_on_main(control, put_question, &question);
	while (!ok) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

		if (left <= 0)
			return failure_set(error, FAILURE_TIMEOUT,
					   "the guest does not answer: does it hang?");
		ok = guest_answer(control->plan.guest, (guint)MIN(left, SLICE), &number, &text);
		if (!ok && !control_wait(control, 0, error))
			return FALSE;
	}
	if (number)
		return failure_errno(error, number, "the guest");
	if (ret_text)
		*ret_text = g_steal_pointer(&text);
	return TRUE;
}

static void on_event(gpointer data, const char *name, JsonObject *about)
{
	struct control *control = data;

	if (strcmp(name, "RESET") == 0)
		control->resets++;
	if (strcmp(name, "DEVICE_DELETED") == 0 && about && json_object_has_member(about, "device"))
		hotplug_deleted(control, json_object_get_string_member(about, "device"));
}

/* ---- requests ---- */

static gboolean order_all(struct control *control, char order, GError **error)
{
	for (guint i = 0; i < control->cards->len; i++) {
		const struct card *card = control->cards->pdata[i];

		if (card->server && !server_order(card->server, order, CONTROL_MS, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean do_pause(struct control *control, const struct order *order, GError **error)
{
	if (control->paused)
		return TRUE;
	/* The guest first: a device whose clock stands is nothing it should see. */
	if (!qmp_do(control->qmp, "stop", NULL, CONTROL_MS, error))
		return FALSE;
	control->paused = TRUE;
	return order_all(control, 'p', error);
}

static gboolean resume(struct control *control, GError **error)
{
	g_autoptr(GError) local = NULL;

	/* A model that has died meanwhile is no reason to let the guest stand. */
	order_all(control, 'r', &local);
	if (!qmp_do(control->qmp, "cont", NULL, CONTROL_MS, error))
		return FALSE;
	control->paused = FALSE;
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return !*error;
}

static gboolean do_resume(struct control *control, const struct order *order, GError **error)
{
	return !control->paused || resume(control, error);
}

static const struct {
	const char *name;
	gboolean (*run)(struct control *control, const struct order *order, GError **error);
	gboolean running; /* needs a guest that is not paused */
} requests[] = {
	{ "plug", hotplug_plug, TRUE }, { "unplug", hotplug_unplug, TRUE },
	{ "yank", yank_yank, TRUE },	{ "pause", do_pause, FALSE },
	{ "resume", do_resume, FALSE }, { "info", look_info, FALSE },
	{ "reset", look_reset, TRUE },
};

static gboolean serve(struct control *control, const char *line, gsize size, JsonBuilder *out,
		      GError **error)
{
	JsonObject *object = session_parse(line, size, error);
	struct order order = { .request = object, .out = out };
	const char *what = NULL;
	gboolean ok = FALSE, known = FALSE;
	int seconds;

	if (!object)
		return FALSE;
	if (!session_text(object, "do", &what, error) ||
	    !session_timeout(object, &seconds, error)) {
		json_object_unref(object);
		return FALSE;
	}
	order.until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
	hotplug_sweep(control);
	for (guint i = 0; what && i < G_N_ELEMENTS(requests) && !known; i++) {
		known = strcmp(what, requests[i].name) == 0;
		if (!known)
			continue;
		if (requests[i].running && control->paused)
			failure_set(error, FAILURE_SETUP,
				    "the guest is paused, and cannot do its part: ersatz ctl %s "
				    "resume",
				    control->name);
		else
			ok = requests[i].run(control, &order, error);
	}
	if (!known)
		failure_set(error, FAILURE_SETUP, "a request for \"%s\", which there is not",
			    what ? what : "");
	json_object_unref(object);
	return ok;
}

/* ---- clients ---- */

/* A line, without its end. FALSE: no use in answering. */
static gboolean read_request(int fd, GString *line)
{
	gint64 until = g_get_monotonic_time() + REQUEST_MS * G_TIME_SPAN_MILLISECOND;
	char buf[4096], *end = NULL;

	while (!end) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return FALSE;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			return FALSE;
		end = memchr(buf, '\n', (size_t)n);
		g_string_append_len(line, buf, end ? end - buf : n);
		/* It will be refused for its length. */
		if (line->len > SESSION_LINE)
			break;
	}
	return TRUE;
}

static void write_answer(int fd, const char *text, gsize size)
{
	gint64 until = g_get_monotonic_time() + REQUEST_MS * G_TIME_SPAN_MILLISECOND;

	while (size > 0) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return;
		n = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		text += n;
		size -= (gsize)n;
	}
}

static void answer(int fd, JsonBuilder *out, gboolean ok, const GError *why)
{
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;
	g_autofree char *line = NULL;

	/* What was said before it failed is of no use. */
	if (!ok) {
		json_builder_reset(out);
		json_builder_begin_object(out);
		json_builder_set_member_name(out, "status");
		json_builder_add_int_value(out, why ? why->code : FAILURE_SETUP);
		json_builder_set_member_name(out, "message");
		json_builder_add_string_value(out, why ? why->message : "it failed");
	}
	json_builder_set_member_name(out, "ok");
	json_builder_add_boolean_value(out, ok);
	json_builder_end_object(out);
	root = json_builder_get_root(out);
	text = json_to_string(root, FALSE);
	line = g_strconcat(text, "\n", NULL);
	write_answer(fd, line, strlen(line));
}

static void welcome(struct control *control)
{
	int fd = accept4(control->listen, NULL, NULL, SOCK_CLOEXEC);
	g_autoptr(JsonBuilder) out = json_builder_new();
	g_autoptr(GString) line = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;
	gboolean ok;

	if (fd < 0)
		return;
	/* The folder's mode has kept others out; this does where a folder's mode does not count. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	    (peer.uid == getuid() || peer.uid == 0) && read_request(fd, line) && !is_alone(fd)) {
		json_builder_begin_object(out);
		control->client = fd;
		ok = serve(control, line->str, line->len, out, &error);
		control->client = -1;
		control->steadfast = FALSE;
		answer(fd, out, ok, error);
	}
	close(fd);
}

static gpointer serve_all(gpointer data)
{
	struct control *control = data;
	g_autoptr(GError) error = NULL;

	/* Events come only to one who has said what he can. */
	qmp_do(control->qmp, "query-status", NULL, CONTROL_MS, NULL);
	while (!control_ending(control)) {
		struct pollfd p[] = {
			{ .fd = control->listen, .events = POLLIN },
			{ .fd = control->stop, .events = POLLIN },
			{ .fd = guest_monitor(control->plan.guest), .events = POLLIN },
		};

		if (poll(p, G_N_ELEMENTS(p), -1) < 0)
			continue;
		if (p[2].revents && !qmp_wait(control->qmp, 0))
			break;
		if (p[0].revents & POLLIN)
			welcome(control);
	}
	/* Or it could not be switched off. */
	if (control->paused)
		resume(control, &error);
	/* Who looks finds nobody, and who waits is told. */
	unlink(control->socket);
	close(control->listen);
	control->listen = -1;
	g_atomic_int_set(&control->done, TRUE);
	g_main_context_wakeup(NULL);
	return NULL;
}

/* ---- life ---- */

static gboolean open_socket(struct control *control, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	control->socket = g_build_filename(control->plan.rundir->path, "control", NULL);
	g_strlcpy(address.sun_path, control->socket, sizeof(address.sun_path));
	control->listen = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control->listen < 0 ||
	    bind(control->listen, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(control->socket, 0600) < 0 || listen(control->listen, 16) < 0)
		return failure_errno(error, errno, "cannot listen at %s", control->socket);
	return TRUE;
}

/* Under a lock that all runs share: of two that start at a time, the second finds the first. */
static gboolean enter(const struct control *control, const struct session *session, GError **error)
{
	int guard = rundir_guard(error);
	gboolean ok;

	if (guard < 0)
		return FALSE;
	ok = (!control->plan.name || session_check_name(control->plan.name, error)) &&
	     session_write(session, error);
	close(guard);
	return ok;
}

static gboolean tell(const struct control *control, GError **error)
{
	const struct machine_plan *machine = control->plan.machine;
	g_autoptr(GString) names = g_string_new(NULL);
	struct session session = {
		.path = control->plan.rundir->path,
		.name = control->name,
		.pid = getpid(),
		.backend = (char *)(control->plan.servers ? "vfio-user" : "qemu"),
		.machine = (char *)machine->machine->name,
		.release = machine->kernel->release,
		.kernel_build = machine->kernel->build,
		.sanitize = machine->options->sanitize,
		.reboot = look_reset_limit(machine->options),
	};

	for (guint i = 0; i < control->plan.projects->len; i++)
		g_string_append_printf(names, "%s%s", i ? " " : "",
				       ((struct project *)control->plan.projects->pdata[i])->name);
	session.projects = names->str;
	return enter(control, &session, error);
}

struct control *control_start(const struct control_plan *plan, GError **error)
{
	struct control *control = g_new0(struct control, 1);

	control->plan = *plan;
	control->name = g_strdup(plan->name ? plan->name : plan->rundir->name);
	control->listen = -1;
	control->client = -1;
	control->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	control->qmp = qmp_new(guest_monitor(plan->guest), on_event, control);
	hotplug_start(control);
	/* Who finds a session shall find somebody there. */
	if (!open_socket(control, error) || !tell(control, error)) {
		control_stop(control);
		return NULL;
	}
	control->thread = g_thread_new("control", serve_all, control);
	return control;
}

const char *control_name(const struct control *control)
{
	return control->name;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	g_atomic_int_set(&control->ending, TRUE);
	if (control->thread) {
		if (eventfd_write(control->stop, 1) < 0)
			say("the control thread cannot be told to end");
		/* It may wait for us. */
		while (!g_atomic_int_get(&control->done))
			g_main_context_iteration(NULL, TRUE);
		g_thread_join(control->thread);
		while (g_main_context_iteration(NULL, FALSE))
			;
	}
	if (control->listen >= 0)
		close(control->listen);
	if (control->socket)
		unlink(control->socket);
	if (control->stop >= 0)
		close(control->stop);
	hotplug_stop(control);
	qmp_free(control->qmp);
	g_free(control->socket);
	g_free(control->name);
	g_free(control);
}
