/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/guest_private.h"
#include "lab/console.h"
#include "project/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* File descriptors as QEMU has them. Low: a shell script in between leaves them alone. */
enum { CHANNEL_FD = 3, CONSOLE_FD = 4, TRACE_FD = GUEST_TRACE_FD, MONITOR_FD = 6 };

#define RING (64 << 10) /* bytes of the console that are kept */
#define LAST_LINES 24 /* of it, shown when something went wrong */
#define REPORTS 100 /* of a debug kernel, at most */
#define CHECK 180 /* seconds for the last look at a debug kernel */
#define STOP 5 /* seconds for switching off ... */
#define STOP_STORES 60 /* ... and where there is something to be written back */

static void drop_source(guint *source)
{
	if (*source)
		g_source_remove(*source);
	*source = 0;
}

/* ---- QEMU's stderr ---- */

static void show_held(struct guest *guest)
{
	if (guest->errors_held)
		g_printerr("%s\n", guest->errors_last);
	guest->errors_held = FALSE;
}

/*
 * Until the guest is up, the latest line waits for the next: it may be why
 * QEMU ends, and is then in our own message.
 */
static void errors_line(struct guest *guest, const char *line)
{
	/* Ours to cause, so not worth a line. */
	if (guest->ending && strstr(line, "terminating on signal"))
		return;
	if (!*line)
		return;
	show_held(guest);
	g_free(guest->errors_last);
	guest->errors_last = g_strdup(line);
	guest->errors_held = !guest->plan->quiet;
	if (guest->hello || guest->plan->options->gdb)
		show_held(guest);
}

static gboolean read_errors(int fd, GIOCondition condition, gpointer data)
{
	struct guest *guest = data;
	char buf[4096], *end;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		g_string_append_len(guest->errors_line, buf, n);
		while ((end = memchr(guest->errors_line->str, '\n', guest->errors_line->len))) {
			*end = 0;
			errors_line(guest, guest->errors_line->str);
			g_string_erase(guest->errors_line, 0, end - guest->errors_line->str + 1);
		}
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ---- the console ---- */

static gboolean read_console(int fd, GIOCondition condition, gpointer data)
{
	struct guest *guest = data;
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		console_add(guest->ring, RING, buf, (gsize)n);
		if (guest->console_sink)
			guest->console_sink(guest->console_data, buf, (gsize)n);
		else if (guest->plan->options->verbose)
			console_show(buf, (gsize)n);
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

char *guest_console(const struct guest *guest, guint lines)
{
	return console_last(guest->ring->str, lines);
}

/* ---- the channel ---- */

static gboolean flush_channel(struct guest *guest)
{
	while (guest->sent < guest->out->len) {
		ssize_t n = send(guest->channel, guest->out->data + guest->sent,
				 guest->out->len - guest->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		guest->sent += (guint)n;
	}
	g_byte_array_set_size(guest->out, 0);
	guest->sent = 0;
	return FALSE;
}

static gboolean channel_writable(int fd, GIOCondition condition, gpointer data)
{
	struct guest *guest = data;

	if (flush_channel(guest))
		return G_SOURCE_CONTINUE;
	guest->out_source = 0;
	return G_SOURCE_REMOVE;
}

void guest_send(struct guest *guest, enum wire_type type, const void *data, gsize size)
{
	guint8 header[WIRE_HEADER];

	wire_header(header, type, size);
	g_byte_array_append(guest->out, header, WIRE_HEADER);
	g_byte_array_append(guest->out, data, (guint)size);
	if (!guest->out_source && flush_channel(guest))
		guest->out_source =
			g_unix_fd_add(guest->channel, G_IO_OUT, channel_writable, guest);
}

void guest_send32(struct guest *guest, enum wire_type type, const guint32 *values, guint count)
{
	guint8 data[16];

	for (guint i = 0; i < count; i++)
		wire_put32(data + 4 * i, values[i]);
	guest_send(guest, type, data, 4 * count);
}

gboolean guest_send_exec(struct guest *guest, char **argv, guint32 flags, GError **error)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	const char *term = g_getenv("TERM");
	g_autofree char *env = g_strconcat("TERM=", term ? term : "dumb", NULL);
	guint8 head[12];

	wire_put32(head, flags);
	wire_put32(head + 4, g_strv_length(argv));
	wire_put32(head + 8, 1);
	g_byte_array_append(data, head, sizeof(head));
	for (char **a = argv; *a; a++)
		g_byte_array_append(data, (const guint8 *)*a, (guint)strlen(*a) + 1);
	g_byte_array_append(data, (const guint8 *)env, (guint)strlen(env) + 1);
	if (data->len > WIRE_PAYLOAD)
		return failure_set(
			error, FAILURE_SETUP,
			"the command is %u bytes long; %u is the most: put it into a file",
			data->len, WIRE_PAYLOAD);
	guest_send(guest, WIRE_EXEC, data->data, data->len);
	return TRUE;
}

/* ---- questions, from another thread ---- */

static void take_answer(struct guest *guest, const struct wire_frame *frame)
{
	if (frame->size < 8)
		return;
	g_mutex_lock(&guest->asking);
	/* One to a question that nobody waits for any more is dropped. */
	if (guest->asked && wire_get32(frame->data) == guest->serial) {
		guest->asked = FALSE;
		guest->answer_error = (int)wire_get32(frame->data + 4);
		guest->answer = g_strndup((const char *)frame->data + 8, (gsize)(frame->size - 8));
		/* It goes to a terminal: nothing in there moves its cursor. */
		for (char *at = guest->answer; *at; at++)
			if (!g_ascii_isprint(*at))
				*at = '?';
		g_cond_broadcast(&guest->answered);
	}
	g_mutex_unlock(&guest->asking);
}

void guest_ask(struct guest *guest, enum wire_question what, const void *argument, gsize size)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	guint8 head[5];

	g_mutex_lock(&guest->asking);
	g_clear_pointer(&guest->answer, g_free);
	guest->asked = TRUE;
	guest->serial++;
	wire_put32(head, guest->serial);
	head[4] = (guint8)what;
	g_mutex_unlock(&guest->asking);
	g_byte_array_append(data, head, sizeof(head));
	g_byte_array_append(data, argument, (guint)size);
	guest_send(guest, WIRE_ASK, data->data, data->len);
}

gboolean guest_answer(struct guest *guest, guint ms, int *ret_error, char **ret_text)
{
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
	gboolean ok;

	g_mutex_lock(&guest->asking);
	while (guest->asked && g_cond_wait_until(&guest->answered, &guest->asking, until))
		;
	ok = !guest->asked && guest->answer;
	*ret_error = guest->answer_error;
	*ret_text = ok ? g_steal_pointer(&guest->answer) : NULL;
	g_mutex_unlock(&guest->asking);
	return ok;
}

void guest_file(struct guest *guest, const char *bytes, gsize size)
{
	guest_send(guest, WIRE_FILE, NULL, 0);
	for (gsize at = 0; at < size; at += WIRE_CHUNK)
		guest_send(guest, WIRE_FILE, bytes + at, MIN(size - at, WIRE_CHUNK));
}

/* A guest may send anything here: lines of text are taken, up to a number of them. */
static void add_report(struct guest *guest, const char *data, gsize size)
{
	g_autofree char *copy = g_strndup(data, size);
	char *text = g_utf8_make_valid(copy, -1);

	for (char *at = text; *at; at++)
		if (g_ascii_iscntrl(*at) && *at != '\n' && *at != '\t')
			*at = ' ';
	g_strstrip(text);
	if (*text && guest->reports->len < REPORTS)
		g_ptr_array_add(guest->reports, text);
	else
		g_free(text);
}

static void handle_frame(struct guest *guest, const struct wire_frame *frame)
{
	if (guest->frame_sink && guest->frame_sink(guest->frame_data, frame))
		return;
	switch (frame->type) {
	case WIRE_HELLO:
		if (frame->size < 4 || wire_get32(frame->data) != WIRE_VERSION)
			guest->trouble = g_strdup("the agent in the guest is of another version");
		guest->hello = TRUE;
		show_held(guest);
		break;
	case WIRE_READY:
		g_atomic_int_set(&guest->ready, TRUE);
		if (guest->reset_sink && guest->ready_at)
			guest->reset_sink(guest->frame_data, TRUE);
		guest->ready_at = guest->ready_at ? guest->ready_at : g_get_monotonic_time();
		break;
	case WIRE_ANSWER:
		take_answer(guest, frame);
		break;
	case WIRE_REPORT:
		add_report(guest, (const char *)frame->data, frame->size);
		break;
	case WIRE_CHECKED:
		guest->checked = TRUE;
		break;
	case WIRE_LOG:
		say("guest: %.*s", (int)frame->size, (const char *)frame->data);
		break;
	default:
		break; /* late data of a command that is given up */
	}
}

static gboolean read_channel(int fd, GIOCondition condition, gpointer data)
{
	struct guest *guest = data;
	struct wire_frame frame;
	gsize room;
	guint8 *space;
	ssize_t n;
	int r;

	for (;;) {
		space = wire_reader_space(&guest->reader, &room);
		n = recv(fd, space, room, MSG_DONTWAIT);
		if (n <= 0)
			break;
		wire_reader_added(&guest->reader, (gsize)n);
		while ((r = wire_reader_frame(&guest->reader, &frame)) > 0) {
			handle_frame(guest, &frame);
			wire_reader_drop(&guest->reader);
		}
		if (r < 0) {
			guest->trouble = g_strdup("the command channel carries nonsense: something "
						  "in the guest writes to its port");
			return G_SOURCE_REMOVE;
		}
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ---- starting QEMU ---- */

static void child_setup(gpointer data)
{
	pid_t parent = GPOINTER_TO_INT(data);

	setpgid(0, 0); /* the terminal's Ctrl-C is for ersatz, which then ends QEMU */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(125);
}

static void qemu_ended(GObject *object, GAsyncResult *result, gpointer data)
{
	struct guest *guest = data;

	if (!g_subprocess_wait_finish(guest->qemu, result, NULL))
		return;
	guest->wait_status = g_subprocess_get_status(guest->qemu);
	/* What it left in its sockets came before its end. */
	read_channel(guest->channel, 0, guest);
	read_console(guest->console, 0, guest);
	read_errors(guest->errors, 0, guest);
	guest->dead = TRUE;
}

static gboolean on_signal(gpointer data, int number)
{
	((struct guest *)data)->interrupted = number;
	return G_SOURCE_CONTINUE;
}

static gboolean on_int(gpointer data)
{
	return on_signal(data, SIGINT);
}

static gboolean on_term(gpointer data)
{
	return on_signal(data, SIGTERM);
}

static gboolean on_hup(gpointer data)
{
	return on_signal(data, SIGHUP);
}

static void watch(struct guest *guest)
{
	g_unix_set_fd_nonblocking(guest->console, TRUE, NULL);
	g_unix_set_fd_nonblocking(guest->errors, TRUE, NULL);
	guest->sources[guest->n_sources++] = g_unix_signal_add(SIGINT, on_int, guest);
	guest->sources[guest->n_sources++] = g_unix_signal_add(SIGTERM, on_term, guest);
	guest->sources[guest->n_sources++] = g_unix_signal_add(SIGHUP, on_hup, guest);
	g_unix_fd_add(guest->channel, G_IO_IN | G_IO_HUP, read_channel, guest);
	g_unix_fd_add(guest->console, G_IO_IN | G_IO_HUP, read_console, guest);
	g_unix_fd_add(guest->errors, G_IO_IN | G_IO_HUP, read_errors, guest);
	g_subprocess_wait_async(guest->qemu, NULL, qemu_ended, guest);
}

static gboolean spawn(struct guest *guest, int channel, int console, int monitor, int errors,
		      int trace_fd, const char *taps, const char *path, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
	g_auto(GStrv) argv = machine_command(guest->plan);
	g_autoptr(GError) local = NULL;

	if (g_getenv("ERSATZ_SHOW_QEMU")) {
		g_autofree char *line = g_strjoinv(" ", argv);

		say("%s", line);
	}
	if (taps)
		g_subprocess_launcher_setenv(launcher, "ERSATZ_TAPS", taps, TRUE);
	if (path)
		g_subprocess_launcher_setenv(launcher, "ERSATZ_PATH", path, TRUE);
	g_subprocess_launcher_take_fd(launcher, channel, CHANNEL_FD);
	g_subprocess_launcher_take_fd(launcher, console, CONSOLE_FD);
	g_subprocess_launcher_take_fd(launcher, monitor, MONITOR_FD);
	g_subprocess_launcher_take_fd(launcher, trace_fd >= 0 ? dup(trace_fd) : dup(errors),
				      TRACE_FD);
	g_subprocess_launcher_take_stdout_fd(launcher, dup(errors));
	g_subprocess_launcher_take_stderr_fd(launcher, errors);
	g_subprocess_launcher_set_child_setup(launcher, child_setup, GINT_TO_POINTER(getpid()),
					      NULL);
	guest->qemu = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, &local);
	if (!guest->qemu)
		return failure_set(error, FAILURE_SETUP, "cannot start %s: %s", guest->plan->qemu,
				   local->message);
	rundir_keep(guest->rundir, g_subprocess_get_identifier(guest->qemu));
	return TRUE;
}

struct guest *guest_start(struct machine_plan *plan, struct rundir *rundir,
			  const char *tap_environment, const char *path_environment, int trace_fd,
			  GError **error)
{
	struct guest *guest;
	int channel[2], console[2], monitor[2], errors[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor) || pipe2(errors, O_CLOEXEC))
		return failure_errno(error, errno, "cannot make a socket for the guest"), NULL;
	plan->channel_fd = CHANNEL_FD;
	plan->console_fd = CONSOLE_FD;
	plan->monitor_fd = MONITOR_FD;
	plan->rundir = rundir->path;
	guest = g_new0(struct guest, 1);
	guest->plan = plan;
	guest->rundir = rundir;
	guest->channel = channel[0];
	guest->console = console[0];
	guest->monitor = monitor[0];
	g_mutex_init(&guest->asking);
	g_cond_init(&guest->answered);
	guest->errors = errors[0];
	guest->errors_line = g_string_new(NULL);
	guest->ring = g_string_new(NULL);
	guest->out = g_byte_array_new();
	guest->reports = g_ptr_array_new_with_free_func(g_free);
	guest->started = g_get_monotonic_time();
	if (plan->options->timeout)
		guest->deadline = guest->started + plan->options->timeout * G_USEC_PER_SEC;
	if (!spawn(guest, channel[1], console[1], monitor[1], errors[1], trace_fd, tap_environment,
		   path_environment, error)) {
		guest->dead = TRUE;
		guest_stop(guest);
		return NULL;
	}
	watch(guest);
	return guest;
}

/* ---- waiting, and why it was in vain ---- */

/* The console's last lines, for the end of a message. */
static char *tail(const struct guest *guest)
{
	g_autofree char *lines = guest_console(guest, LAST_LINES);

	if (!*lines)
		return g_strdup("\nThe console is empty.");
	return g_strdup_printf("\nThe console's last lines:\n%s", lines);
}

/* No guest has been in it: a QEMU greets whoever has its monitor before it starts one. */
static gboolean was_no_qemu(const struct guest *guest)
{
	char byte;

	return !guest->hello && !guest->ready_at &&
	       recv(guest->monitor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static gboolean fail_dead(struct guest *guest, GError **error)
{
	g_autofree char *lines = tail(guest);
	g_autofree char *panic = console_panic(guest->ring->str);
	int status = guest->wait_status;

	guest->broken = TRUE;
	if (WIFSIGNALED(status))
		return failure_set(error, FAILURE_SETUP, "QEMU died of signal %d (%s)%s%s",
				   WTERMSIG(status), g_strsignal(WTERMSIG(status)),
				   guest->plan->sockets ? ""
							: "; a model can do that: here it runs "
							  "inside QEMU",
				   lines);
	if (WEXITSTATUS(status)) {
		guest->errors_held = FALSE;
		return failure_set(error, FAILURE_SETUP, "QEMU ended with status %d: %s",
				   WEXITSTATUS(status),
				   guest->errors_last ? guest->errors_last : "it did not say why");
	}
	if (was_no_qemu(guest)) {
		guest->errors_held = FALSE;
		return failure_set(
			error, FAILURE_SETUP,
			"%s ended at once, with status 0, and no guest was started: is it a QEMU "
			"for this machine's guests?%s%s",
			guest->plan->qemu, guest->errors_last ? " It said: " : "",
			guest->errors_last ? guest->errors_last : "");
	}
	if (panic)
		return failure_set(error, FAILURE_GUEST, "the guest's kernel panicked: %s%s", panic,
				   lines);
	return failure_set(error, FAILURE_GUEST,
			   "the guest switched itself off, or was reset, before it was done%s",
			   lines);
}

/* The loop has been woken up, which is all that a timer is for. */
static gboolean wake(gpointer data)
{
	return G_SOURCE_REMOVE;
}

gboolean guest_wait(struct guest *guest, gboolean (*done)(gpointer data), gpointer data,
		    gint64 limit, const char *what, GError **error)
{
	gint64 begin = g_get_monotonic_time();
	gint64 until = limit ? begin + limit : 0;
	gboolean own = TRUE;

	if (guest->deadline && (!until || guest->deadline < until)) {
		until = guest->deadline;
		own = FALSE;
	}
	while (!done(data)) {
		g_autoptr(GSource) timer = NULL;
		gint64 now = g_get_monotonic_time();

		if (guest->interrupted && !guest->ending)
			return failure_set(error, 128 + guest->interrupted, "interrupted");
		if (guest->dead)
			return fail_dead(guest, error);
		if (guest->trouble && !guest->ending) {
			guest->broken = TRUE;
			return failure_set(error, FAILURE_GUEST, "%s", guest->trouble);
		}
		if (until && now >= until) {
			g_autofree char *lines = tail(guest);

			guest->broken = TRUE;
			return failure_set(error, FAILURE_TIMEOUT, "%s within %.0f s%s%s", what,
					   own ? (double)limit / G_USEC_PER_SEC
					       : (double)guest->plan->options->timeout,
					   own ? "" : " (--timeout)", lines);
		}
		if (until) {
			timer = g_timeout_source_new((guint)((until - now) / 1000 + 1));
			g_source_set_callback(timer, G_SOURCE_FUNC(wake), NULL, NULL);
			g_source_attach(timer, NULL);
		}
		g_main_context_iteration(NULL, TRUE);
		if (timer)
			g_source_destroy(timer);
	}
	return TRUE;
}

static gboolean is_hello(gpointer data)
{
	return ((struct guest *)data)->hello;
}

static gboolean is_ready(gpointer data)
{
	return ((struct guest *)data)->ready;
}

int guest_boot_limit(const struct lab_options *options)
{
	/* Somebody looks at it, instruction by instruction. */
	if (options->gdb || options->gdb_model)
		return 0;
	if (options->boot_timeout)
		return options->boot_timeout;
	return LAB_BOOT_TIMEOUT * (options->debug_kernel ? LAB_DEBUG_FACTOR : 1);
}

gboolean guest_wait_ready(struct guest *guest, GError **error)
{
	gint64 limit = guest_boot_limit(guest->plan->options);

	return guest_wait(guest, is_hello, guest, limit * G_USEC_PER_SEC, "the guest did not boot",
			  error) &&
	       guest_wait(guest, is_ready, guest, limit * G_USEC_PER_SEC,
			  "the guest did not get done with loading its modules (a driver's probe "
			  "hangs?)",
			  error);
}

/*
 * What was on its way to the agent that is gone is not for the next one. Of a
 * frame that is half sent the other half goes too, or all after it would be nonsense.
 */
static void drop_output(struct guest *guest)
{
	guint end = 0;

	/* It starts with a frame: it is emptied at the end of one only. */
	while (end < guest->sent)
		end += WIRE_HEADER + wire_get32(guest->out->data + end);
	g_byte_array_set_size(guest->out, end);
}

void guest_was_reset(struct guest *guest)
{
	guint8 scrap[4096];

	/* What the one before has left there ends anywhere; the next one is seconds away. */
	while (recv(guest->channel, scrap, sizeof(scrap), MSG_DONTWAIT) > 0)
		;
	guest->reader.fill = 0;
	drop_output(guest);
	guest->hello = FALSE;
	g_atomic_int_set(&guest->ready, FALSE);
	if (guest->reset_sink)
		guest->reset_sink(guest->frame_data, FALSE);
}

gboolean guest_is_ready(struct guest *guest)
{
	return g_atomic_int_get(&guest->ready);
}

int guest_monitor(const struct guest *guest)
{
	return guest->monitor;
}

GPtrArray *guest_reports(struct guest *guest)
{
	GPtrArray *reports = guest->reports;

	if (!reports->len)
		return NULL;
	guest->reports = g_ptr_array_new_with_free_func(g_free);
	return reports;
}

static gboolean is_checked(gpointer data)
{
	return ((struct guest *)data)->checked;
}

gboolean guest_check(struct guest *guest, GError **error)
{
	guest_send(guest, WIRE_CHECK, NULL, 0);
	return guest_wait(guest, is_checked, guest, CHECK * G_USEC_PER_SEC,
			  "the guest did not get done with unloading its modules and looking for "
			  "leaks (a driver's remove hangs?)",
			  error);
}

double guest_boot_time(const struct guest *guest)
{
	return (double)(guest->ready_at - guest->started) / G_USEC_PER_SEC;
}

static gboolean is_dead(gpointer data)
{
	return ((struct guest *)data)->dead;
}

void guest_stop(struct guest *guest)
{
	const struct lab_options *options;
	gboolean stores;
	int patience;

	if (!guest)
		return;
	options = guest->plan->options;
	/* What is mounted there may have much to write. */
	stores = options->disk || options->share || options->qemu_args;
	patience = stores ? STOP_STORES : STOP;
	guest->ending = TRUE;
	guest->deadline = 0;
	g_clear_pointer(&guest->trouble, g_free);
	if (!guest->dead && guest->ready && !guest->broken && !guest->interrupted) {
		guest_send(guest, WIRE_POWEROFF, NULL, 0);
		guest_wait(guest, is_dead, guest, patience * G_USEC_PER_SEC, "", NULL);
		if (!guest->dead && !guest->interrupted && stores)
			say("the guest did not switch itself off within %d s: what it had not "
			    "written yet is lost, as after a power cut",
			    patience);
	}
	if (!guest->dead) {
		g_subprocess_send_signal(guest->qemu, SIGTERM);
		guest_wait(guest, is_dead, guest, 2 * G_USEC_PER_SEC, "", NULL);
	}
	if (!guest->dead) {
		g_subprocess_force_exit(guest->qemu);
		guest_wait(guest, is_dead, guest, 2 * G_USEC_PER_SEC, "", NULL);
	}
	for (guint i = 0; i < guest->n_sources; i++)
		drop_source(&guest->sources[i]);
	drop_source(&guest->out_source);
	show_held(guest);
	while (g_source_remove_by_user_data(guest))
		;
	close(guest->channel);
	close(guest->console);
	close(guest->monitor);
	close(guest->errors);
	g_clear_object(&guest->qemu);
	g_string_free(guest->errors_line, TRUE);
	g_string_free(guest->ring, TRUE);
	g_byte_array_unref(guest->out);
	g_ptr_array_unref(guest->reports);
	g_free(guest->errors_last);
	g_free(guest->answer);
	g_mutex_clear(&guest->asking);
	g_cond_clear(&guest->answered);
	g_free(guest);
}
