/* SPDX-License-Identifier: BSD-2-Clause */
/* What guest.c, command.c and terminal.c share. */
#ifndef ERSATZ_LAB_GUEST_PRIVATE_H
#define ERSATZ_LAB_GUEST_PRIVATE_H

#include <gio/gio.h>
#include "lab/guest.h"
#include "lab/guest/wire.h"

struct guest {
	const struct machine_plan *plan;
	struct rundir *rundir;

	GSubprocess *qemu;
	gboolean dead; /* QEMU has ended, and all that it left is read */
	int wait_status;
	gboolean ending; /* we have asked for it: its last words are no news */
	gboolean broken; /* it does not answer any more */
	int errors; /* QEMU's stderr, and the trace if that goes to ours */
	GString *errors_line; /* not yet complete */
	char *errors_last;
	gboolean errors_held; /* errors_last is not shown yet */

	int channel;
	struct wire_reader reader;
	GByteArray *out;
	guint sent; /* of it */
	guint out_source;
	gboolean hello, ready;
	GPtrArray *reports; /* of char *: a debug kernel's, not taken yet */
	gboolean checked;
	char *trouble; /* what is wrong with the channel; NULL: nothing */

	/* A question that another thread waits for the answer of. */
	GMutex asking;
	GCond answered;
	guint32 serial;
	gboolean asked;
	int answer_error;
	char *answer;

	int monitor; /* QEMU's, for whoever wants it */
	int console;
	GString *ring; /* the console's latest */
	gsize shown; /* of the ring, by --verbose */

	guint sources[8]; /* event sources to remove at the end */
	guint n_sources;
	int interrupted; /* a signal */
	gint64 started, ready_at, deadline; /* us; 0: none */

	/* Takes frames while a command runs; FALSE: not one of its own. NULL: none runs. */
	gboolean (*frame_sink)(gpointer data, const struct wire_frame *frame);
	gpointer frame_data;
	/* Told of a guest that was reset, and then once more when it is ready again. */
	void (*reset_sink)(gpointer data, gboolean ready);
	/* The terminal takes the console's bytes while the shell runs. */
	void (*console_sink)(gpointer data, const char *bytes, gsize size);
	gpointer console_data;
};

/* Queues a frame. */
void guest_send(struct guest *guest, enum wire_type type, const void *data, gsize size);
void guest_send32(struct guest *guest, enum wire_type type, const guint32 *values, guint count);
/* FALSE with an error: too many words for one frame. */
gboolean guest_send_exec(struct guest *guest, char **argv, guint32 flags, GError **error);

/*
 * Serves events until done(data), and then returns TRUE; else an error: the
 * guest or QEMU died, a signal came, `limit` us (0: none) or the run's own
 * time are over (FAILURE_TIMEOUT). `what` is what took too long.
 */
gboolean guest_wait(struct guest *guest, gboolean (*done)(gpointer data), gpointer data,
		    gint64 limit, const char *what, GError **error);

#endif
