/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's machine protocol, for one thread that may wait: a command and its
 * reply, with a limit on how long; events on the way.
 */
#ifndef ERSATZ_LAB_QMP_H
#define ERSATZ_LAB_QMP_H

#include <glib.h>
#include <json-glib/json-glib.h>

struct qmp;

/* Speaks on a socket, which stays the caller's; `event` (NULL: nobody) is told each event. */
struct qmp *qmp_new(int fd, void (*event)(gpointer data, const char *name, JsonObject *about),
		    gpointer data);
void qmp_free(struct qmp *qmp);

/*
 * Runs a command; `arguments` (NULL: none) is a JSON text. What it returns, to
 * be freed with json_node_unref. NULL with an error: QEMU's own words
 * (FAILURE_GUEST), no reply within `ms` (FAILURE_TIMEOUT), or QEMU has ended, or
 * its reply is longer than what is read (FAILURE_SETUP).
 */
JsonNode *qmp_call(struct qmp *qmp, const char *command, const char *arguments, guint ms,
		   GError **error);
/* The same where only success counts. */
gboolean qmp_do(struct qmp *qmp, const char *command, const char *arguments, guint ms,
		GError **error);
/* A command of the monitor for people. Its output; NULL with an error. */
char *qmp_human(struct qmp *qmp, const char *line, guint ms, GError **error);

/* Waits up to `ms` for something to come, and handles the events among it. FALSE: QEMU has ended. */
gboolean qmp_wait(struct qmp *qmp, guint ms);

/* Text as a JSON string, quotes included. */
char *qmp_quote(const char *text);

#endif
