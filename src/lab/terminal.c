/* SPDX-License-Identifier: BSD-2-Clause */
/* The interactive shell: our terminal in raw mode, joined to the guest's console. */
#include "lab/guest_private.h"
#include "project/failure.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 001 /* Ctrl-A, as in QEMU */

struct terminal {
	struct guest *guest;
	gboolean escaped; /* Ctrl-A was the last key */
	gboolean quit;
	gboolean exited;
	int status;
	guint input, resize;
};

static void show(gpointer data, const char *bytes, gsize size)
{
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, size);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

			poll(&p, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			((struct terminal *)data)->quit = TRUE;
			return;
		} else if (n > 0) {
			bytes += n;
			size -= (gsize)n;
		}
	}
}

static void type(struct terminal *terminal, const char *bytes, gsize size)
{
	/* A few keys: a console that does not take them is stuck, and they are lost. */
	if (send(terminal->guest->console, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static gboolean key(int fd, GIOCondition condition, gpointer data)
{
	struct terminal *terminal = data;
	char buf[256], out[512];
	ssize_t n = read(fd, buf, sizeof(buf));
	gsize size = 0;

	if (n <= 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return G_SOURCE_CONTINUE;
		terminal->quit = TRUE; /* the terminal has gone */
		terminal->input = 0;
		return G_SOURCE_REMOVE;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (!terminal->escaped && buf[i] == ESCAPE) {
			terminal->escaped = TRUE;
			continue;
		}
		if (terminal->escaped && (buf[i] == 'x' || buf[i] == 'X'))
			terminal->quit = TRUE;
		else if (terminal->escaped && buf[i] == 'a')
			out[size++] = ESCAPE;
		else
			out[size++] = buf[i];
		terminal->escaped = FALSE;
	}
	type(terminal, out, size);
	return G_SOURCE_CONTINUE;
}

static void tell_size(struct guest *guest)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		guest_send32(guest, WIRE_WINSIZE, (guint32[]){ size.ws_row, size.ws_col }, 2);
}

static gboolean resized(gpointer data)
{
	tell_size(((struct terminal *)data)->guest);
	return G_SOURCE_CONTINUE;
}

static gboolean is_over(gpointer data)
{
	struct terminal *terminal = data;

	return terminal->quit || terminal->exited;
}

/* Of the shell only its end comes over the channel. */
static gboolean shell_frame(gpointer data, const struct wire_frame *frame)
{
	struct terminal *terminal = data;

	if (frame->type != WIRE_EXIT)
		return FALSE;
	terminal->exited = TRUE;
	terminal->status = frame->size == 4 ? (int)wire_get32(frame->data) : FAILURE_SETUP;
	return TRUE;
}

static gboolean begin_shell(struct guest *guest, GError **error)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-l", NULL };

	tell_size(guest);
	return guest_send_exec(guest, argv, WIRE_EXEC_TTY, error);
}

/* The machine was reset under it. */
static void shell_reset(gpointer data, gboolean ready)
{
	const struct terminal *terminal = data;

	if (ready)
		begin_shell(terminal->guest, NULL);
}

gboolean guest_shell(struct guest *guest, int *ret_status, GError **error)
{
	struct terminal terminal = { .guest = guest };
	struct termios saved, raw;
	gboolean ok;

	tcgetattr(STDIN_FILENO, &saved);
	raw = saved;
	cfmakeraw(&raw);
	guest->console_sink = show;
	guest->console_data = &terminal;
	guest->frame_sink = shell_frame;
	guest->frame_data = &terminal;
	guest->reset_sink = shell_reset;
	if (!begin_shell(guest, error))
		return FALSE;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	terminal.input = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, key, &terminal);
	terminal.resize = g_unix_signal_add(SIGWINCH, resized, &terminal);
	ok = guest_wait(guest, is_over, &terminal, 0, "the shell did not end", error);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	if (terminal.input)
		g_source_remove(terminal.input);
	g_source_remove(terminal.resize);
	guest->console_sink = NULL;
	guest->frame_sink = NULL;
	guest->reset_sink = NULL;
	*ret_status = terminal.quit ? 0 : terminal.status;
	return ok;
}
