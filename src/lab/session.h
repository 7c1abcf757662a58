/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of this user that ersatz ctl can talk to. Each says in its run folder
 * who it is (the file "session"), and listens there (the socket "control").
 *
 * A request and its answer are a JSON object on a line each:
 *   {"do":"plug","project":"/path","properties":"algorithm=philox","timeout":30}
 *   {"ok":true,"name":"my_rng1",...}
 *   {"ok":false,"status":124,"message":"..."}
 * Requests are served one at a time.
 */
#ifndef ERSATZ_LAB_SESSION_H
#define ERSATZ_LAB_SESSION_H

#include <glib.h>
#include <json-glib/json-glib.h>

#define SESSION_LINE 16384 /* bytes of a request, at most */
#define SESSION_TIMEOUT 30 /* seconds that a request may take, if it does not say */
#define SESSION_TIMEOUT_MOST 3600
#define SESSION_WAIT_MOST 86400 /* for an answer, whatever a session says */

struct session {
	char *path; /* its run folder */
	char *name;
	int pid; /* of ersatz run */
	char *backend, *machine;
	char *release, *kernel_build; /* of the guest's kernel; the folder may be NULL */
	gboolean sanitize;
	int reboot; /* seconds that a reset of the machine may take beyond its time-out; 0: no limit */
	char *projects; /* for people: "my_rng newdev" */
};

/* Writes who a session is, into its run folder. */
gboolean session_write(const struct session *session, GError **error);

/* All that live, and can be talked to; of struct session. */
GPtrArray *session_list(void);
/*
 * The one that `name` means, in the list: its name, its process id, its run
 * folder, or "-": the only one. NULL with an error that names those there are.
 */
const struct session *session_find(GPtrArray *sessions, const char *name, GError **error);
/* Can a run be called this? Letters, digits, "_", "." and "-", and nobody else is. */
gboolean session_check_name(const char *name, GError **error);

/*
 * A request, and the wait for its answer of `ms`. The answer's object; NULL
 * with an error: the session's own, or that it cannot be talked to.
 */
JsonObject *session_ask(const struct session *session, const char *request, guint ms,
			GError **error);

/*
 * No bracket of this JSON is in more than so many others: its reader's stack depends
 * on that. FALSE also for what is no JSON outside its strings.
 */
gboolean session_shallow(const char *text, gsize size, guint deepest);

/*
 * A request as a JSON object, whatever bytes came. NULL with an error.
 */
JsonObject *session_parse(const char *line, gsize size, GError **error);
/* A member of it; *ret_value is borrowed, and NULL if it is not there. */
gboolean session_text(JsonObject *request, const char *member, const char **ret_value,
		      GError **error);
/* The number of seconds that it may take. */
gboolean session_timeout(JsonObject *request, int *ret_seconds, GError **error);

#endif
