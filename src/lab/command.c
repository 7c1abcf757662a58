/* SPDX-License-Identifier: BSD-2-Clause */
/* A command in the guest with our streams as its own. */
#include "lab/guest_private.h"
#include "project/failure.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLLECT (16u << 20) /* bytes of output kept of a command that is collected */

/* One of the command's outputs, on its way to us. */
struct sink {
	enum wire_type type;
	int fd; /* -1: collected in text */
	gboolean regular; /* a file: always takes everything */
	GString *text;
	GByteArray *pending;
	gsize sent; /* of pending */
	guint source;
	guint32 taken; /* since the last grant */
	int error;
};

struct command {
	struct guest *guest;
	char **argv;
	int in;
	guint in_source;
	guint32 credit; /* of stdin */
	struct sink sinks[2];
	gboolean exited;
	int status;
};

static void sink_write(struct sink *sink)
{
	while (sink->sent < sink->pending->len && !sink->error) {
		gsize left = sink->pending->len - sink->sent;
		struct pollfd p = { .fd = sink->fd, .events = POLLOUT };
		ssize_t n;

		/*
		 * The descriptor may be shared with others, so it stays blocking. A pipe
		 * that polls writable takes PIPE_BUF bytes without blocking, no more.
		 */
		if (!sink->regular) {
			if (poll(&p, 1, 0) <= 0)
				return;
			left = MIN(left, 4096);
		}
		n = write(sink->fd, sink->pending->data + sink->sent, left);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			sink->error = errno;
		if (n < 0)
			return;
		sink->sent += (gsize)n;
		sink->taken += (guint32)n;
	}
	g_byte_array_set_size(sink->pending, 0);
	sink->sent = 0;
}

static void sink_grant(struct command *command, struct sink *sink)
{
	if (sink->taken >= WIRE_WINDOW / 4) {
		guest_send32(command->guest, WIRE_GRANT, (guint32[]){ sink->type, sink->taken }, 2);
		sink->taken = 0;
	}
}

static gboolean sink_idle(const struct sink *sink)
{
	return sink->error || sink->pending->len == 0;
}

static gboolean sink_ready(int fd, GIOCondition condition, gpointer data)
{
	struct command *command = data;

	for (int i = 0; i < 2; i++) {
		struct sink *sink = &command->sinks[i];

		if (sink->fd != fd || !sink->source)
			continue;
		sink_write(sink);
		sink_grant(command, sink);
		if (sink_idle(sink))
			sink->source = 0;
		else
			return G_SOURCE_CONTINUE;
	}
	return G_SOURCE_REMOVE;
}

static void sink_take(struct command *command, struct sink *sink, const guint8 *data, gsize size)
{
	if (sink->fd < 0) {
		if (sink->text->len + size <= COLLECT)
			g_string_append_len(sink->text, (const char *)data, (gssize)size);
		sink->taken += (guint32)size;
	} else {
		g_byte_array_append(sink->pending, data, (guint)size);
		sink_write(sink);
		if (!sink_idle(sink) && !sink->source)
			sink->source =
				g_unix_fd_add(sink->fd, G_IO_OUT | G_IO_ERR, sink_ready, command);
	}
	sink_grant(command, sink);
}

static gboolean input_ready(int fd, GIOCondition condition, gpointer data)
{
	struct command *command = data;
	guint8 buf[WIRE_CHUNK];
	ssize_t n = read(fd, buf, MIN(sizeof(buf), command->credit));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n > 0) {
		guest_send(command->guest, WIRE_STDIN, buf, (gsize)n);
		command->credit -= (guint32)n;
		if (command->credit > 0)
			return G_SOURCE_CONTINUE;
	} else {
		guest_send(command->guest, WIRE_STDIN, NULL, 0);
		command->in = -1;
	}
	command->in_source = 0;
	return G_SOURCE_REMOVE;
}

static void input_watch(struct command *command)
{
	if (command->in >= 0 && !command->in_source && command->credit > 0)
		command->in_source = g_unix_fd_add(command->in, G_IO_IN | G_IO_HUP | G_IO_ERR,
						   input_ready, command);
}

static gboolean take_frame(gpointer data, const struct wire_frame *frame)
{
	struct command *command = data;

	switch (frame->type) {
	case WIRE_STDOUT:
	case WIRE_STDERR:
		sink_take(command, &command->sinks[frame->type == WIRE_STDERR], frame->data,
			  frame->size);
		return TRUE;
	case WIRE_GRANT:
		if (frame->size == 8) {
			command->credit += wire_get32(frame->data + 4);
			input_watch(command);
		}
		return TRUE;
	case WIRE_EXIT:
		command->exited = TRUE;
		command->status = frame->size == 4 ? (int)wire_get32(frame->data) : 125;
		return TRUE;
	default:
		return FALSE;
	}
}

/* The machine was reset under it: it starts again, with what is left of its input. */
static void was_reset(gpointer data, gboolean ready)
{
	struct command *command = data;

	command->credit = 0;
	if (command->in_source)
		g_source_remove(command->in_source);
	command->in_source = 0;
	for (int i = 0; i < 2; i++)
		command->sinks[i].taken = 0;
	if (!ready)
		return;
	command->credit = WIRE_WINDOW;
	guest_send_exec(command->guest, command->argv, 0, NULL);
	if (command->in < 0)
		guest_send(command->guest, WIRE_STDIN, NULL, 0);
	else
		input_watch(command);
}

static gboolean is_over(gpointer data)
{
	struct command *command = data;

	return (command->exited && sink_idle(&command->sinks[0]) &&
		sink_idle(&command->sinks[1])) ||
	       command->sinks[0].error || command->sinks[1].error;
}

static void begin(struct command *command, struct guest *guest, const struct guest_streams *streams)
{
	*command = (struct command){
		.guest = guest,
		.in = streams->in,
		.credit = WIRE_WINDOW,
		.sinks = { { .type = WIRE_STDOUT, .fd = streams->out, .text = streams->out_text },
			   { .type = WIRE_STDERR, .fd = streams->err, .text = streams->err_text } },
	};
	for (int i = 0; i < 2; i++) {
		struct stat st;

		command->sinks[i].pending = g_byte_array_new();
		command->sinks[i].regular = command->sinks[i].fd >= 0 &&
					    fstat(command->sinks[i].fd, &st) == 0 &&
					    S_ISREG(st.st_mode);
	}
	guest->frame_sink = take_frame;
	guest->reset_sink = was_reset;
	guest->frame_data = command;
}

static void end(struct command *command)
{
	command->guest->frame_sink = NULL;
	command->guest->reset_sink = NULL;
	if (command->in_source)
		g_source_remove(command->in_source);
	for (int i = 0; i < 2; i++) {
		if (command->sinks[i].source)
			g_source_remove(command->sinks[i].source);
		g_byte_array_unref(command->sinks[i].pending);
	}
}

static gboolean fail_sink(const struct sink *sink, GError **error)
{
	/* As a command on this machine would end whose reader has gone. */
	if (sink->error == EPIPE)
		return failure_set(error, 128 + SIGPIPE, "nobody reads the output");
	return failure_errno(error, sink->error, "cannot write the command's standard %s",
			     sink->type == WIRE_STDOUT ? "output" : "error");
}

gboolean guest_command(struct guest *guest, char **argv, const struct guest_streams *streams,
		       int limit, int *ret_status, gboolean *ret_late, GError **error)
{
	struct command command;
	g_autoptr(GError) local = NULL;
	gboolean ok;

	if (ret_late)
		*ret_late = FALSE;
	if (!guest_send_exec(guest, argv, 0, error))
		return FALSE;
	begin(&command, guest, streams);
	command.argv = argv;
	if (streams->in < 0)
		guest_send(guest, WIRE_STDIN, NULL, 0);
	else
		input_watch(&command);
	ok = guest_wait(guest, is_over, &command, limit * G_USEC_PER_SEC, "the command did not end",
			&local);
	if (!ok && limit && ret_late && local->code == FAILURE_TIMEOUT) {
		/* The command may be what hangs, not the guest. */
		*ret_late = TRUE;
		guest_send32(guest, WIRE_SIGNAL, (guint32[]){ SIGKILL }, 1);
		guest->broken = FALSE;
		ok = guest_wait(guest, is_over, &command, 5 * G_USEC_PER_SEC,
				"the command did not even die of SIGKILL", NULL);
	}
	for (int i = 0; ok && i < 2; i++) {
		if (command.sinks[i].error) {
			g_clear_error(&local);
			ok = fail_sink(&command.sinks[i], &local);
		}
	}
	end(&command);
	if (!ok) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	*ret_status = command.status;
	return TRUE;
}
