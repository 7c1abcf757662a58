/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/session.h"
#include "lab/rundir.h"
#include "project/failure.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME_LONGEST 48
#define DEEPEST 8 /* of a request; ours are flat */
#define ANSWER_LONGEST (64 << 20) /* bytes: info of many devices */

/* ---- who there is ---- */

static void put(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	if (value)
		json_builder_add_string_value(builder, value);
	else
		json_builder_add_null_value(builder);
}

gboolean session_write(const struct session *session, GError **error)
{
	g_autofree char *file = g_build_filename(session->path, "session", NULL);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GError) local = NULL;

	json_builder_begin_object(builder);
	put(builder, "name", session->name);
	json_builder_set_member_name(builder, "pid");
	json_builder_add_int_value(builder, session->pid);
	put(builder, "backend", session->backend);
	put(builder, "machine", session->machine);
	put(builder, "release", session->release);
	put(builder, "kernel_build", session->kernel_build);
	json_builder_set_member_name(builder, "sanitize");
	json_builder_add_boolean_value(builder, session->sanitize);
	json_builder_set_member_name(builder, "reboot");
	json_builder_add_int_value(builder, session->reboot);
	put(builder, "projects", session->projects);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	if (!g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
		return failure_set(error, FAILURE_SETUP, "cannot write %s: %s", file,
				   local->message);
	return TRUE;
}

static void session_free(gpointer data)
{
	struct session *session = data;
	char *strings[] = { session->path,    session->name,	session->backend,
			    session->machine, session->release, session->kernel_build,
			    session->projects };

	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_free(session);
}

static char *get(JsonObject *object, const char *name)
{
	const char *value = NULL;

	session_text(object, name, &value, NULL);
	return g_strdup(value);
}

/* NULL: none, or not one that has got so far. */
static struct session *session_read(const char *path)
{
	g_autofree char *file = g_build_filename(path, "session", NULL);
	g_autofree char *socket = g_build_filename(path, "control", NULL);
	g_autofree char *text = NULL;
	JsonObject *object;
	struct session *session;
	JsonNode *node;
	gsize size;

	if (access(socket, F_OK) || !g_file_get_contents(file, &text, &size, NULL))
		return NULL;
	object = session_parse(text, size, NULL);
	if (!object)
		return NULL;
	session = g_new0(struct session, 1);
	session->path = g_strdup(path);
	session->name = get(object, "name");
	session->backend = get(object, "backend");
	session->machine = get(object, "machine");
	session->release = get(object, "release");
	session->kernel_build = get(object, "kernel_build");
	session->projects = get(object, "projects");
	node = json_object_get_member(object, "pid");
	session->pid = node && JSON_NODE_HOLDS_VALUE(node) ? (int)json_node_get_int(node) : 0;
	node = json_object_get_member(object, "sanitize");
	session->sanitize = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_boolean(node);
	node = json_object_get_member(object, "reboot");
	session->reboot = node && JSON_NODE_HOLDS_VALUE(node) ? (int)json_node_get_int(node) : 0;
	json_object_unref(object);
	if (session->name && session->backend && session->machine && session->release)
		return session;
	session_free(session);
	return NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(const struct session *const *)a)->name,
		      (*(const struct session *const *)b)->name);
}

GPtrArray *session_list(void)
{
	GPtrArray *sessions = g_ptr_array_new_with_free_func(session_free);
	g_autoptr(GPtrArray) folders = rundir_list();

	for (guint i = 0; i < folders->len; i++) {
		struct session *session = session_read(folders->pdata[i]);

		if (session)
			g_ptr_array_add(sessions, session);
	}
	g_ptr_array_sort(sessions, by_name);
	return sessions;
}

static gboolean means(const struct session *session, const char *name)
{
	g_autofree char *pid = g_strdup_printf("%d", session->pid);
	g_autofree char *real = NULL;
	char *path;

	if (strcmp(name, session->name) == 0 || strcmp(name, pid) == 0)
		return TRUE;
	if (!strchr(name, '/'))
		return FALSE;
	path = realpath(name, NULL);
	real = g_strdup(path);
	free(path);
	return real && strcmp(real, session->path) == 0;
}

static char *names_of(GPtrArray *sessions)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < sessions->len; i++) {
		const struct session *session = sessions->pdata[i];

		g_string_append_printf(text, "%s%s", i ? ", " : "", session->name);
	}
	return g_string_free(text, FALSE);
}

const struct session *session_find(GPtrArray *sessions, const char *name, GError **error)
{
	g_autofree char *names = names_of(sessions);
	const struct session *found = NULL;

	if (!sessions->len) {
		failure_set(error, FAILURE_SETUP,
			    "there is no session: no `ersatz run` of yours has a guest that is up");
		return NULL;
	}
	if (strcmp(name, "-") == 0) {
		if (sessions->len == 1)
			return sessions->pdata[0];
		failure_set(error, FAILURE_SETUP, "which session? There are: %s", names);
		return NULL;
	}
	for (guint i = 0; i < sessions->len; i++) {
		const struct session *session = sessions->pdata[i];

		if (!means(session, name))
			continue;
		if (found) {
			failure_set(
				error, FAILURE_SETUP,
				"two sessions are called %s: say which by its process id, %d or %d",
				name, found->pid, session->pid);
			return NULL;
		}
		found = session;
	}
	if (found)
		return found;
	failure_set(error, FAILURE_SETUP, "there is no session \"%s\"; there are: %s", name, names);
	return NULL;
}

gboolean session_check_name(const char *name, GError **error)
{
	g_autoptr(GPtrArray) sessions = NULL;
	gboolean letter = FALSE;
	const char *at;

	for (at = name; *at && (g_ascii_isalnum(*at) || (at > name && strchr("_.-", *at))); at++)
		letter = letter || g_ascii_isalpha(*at);
	/* A number is a process. */
	if (*at || !letter || at - name > NAME_LONGEST)
		return failure_set(error, FAILURE_SETUP,
				   "a session cannot be called \"%s\": a name has letters, digits, "
				   "\"_\", \".\" and \"-\", a letter at least, and no more than %d",
				   name, NAME_LONGEST);
	sessions = session_list();
	for (guint i = 0; i < sessions->len; i++) {
		const struct session *session = sessions->pdata[i];

		if (strcmp(session->name, name) == 0)
			return failure_set(error, FAILURE_SETUP,
					   "there is a session \"%s\" already: process %d", name,
					   session->pid);
	}
	return TRUE;
}

/* ---- requests ---- */

/*
 * json-glib goes down with every bracket, and so would its stack. It also reads
 * comments and strings in single quotes, which are no JSON, and in which a quote
 * would mean something else than here.
 */
gboolean session_shallow(const char *line, gsize size, guint deepest)
{
	gboolean string = FALSE;
	guint depth = 0;

	for (gsize i = 0; i < size; i++) {
		if (string && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			string = !string;
		else if (!string && !g_ascii_isalnum(line[i]) &&
			 (!line[i] || !strchr("{}[]:,+-. \t\r\n", line[i])))
			return FALSE;
		else if (!string && (line[i] == '[' || line[i] == '{') && ++depth > deepest)
			return FALSE;
		else if (!string && (line[i] == ']' || line[i] == '}') && depth > 0)
			depth--;
	}
	return TRUE;
}

JsonObject *session_parse(const char *line, gsize size, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) local = NULL;
	JsonNode *root;

	if (size > SESSION_LINE || memchr(line, 0, size) ||
	    !g_utf8_validate(line, (gssize)size, NULL) || !session_shallow(line, size, DEEPEST) ||
	    !json_parser_load_from_data(parser, line, (gssize)size, &local)) {
		failure_set(error, FAILURE_SETUP, "a request that is no JSON object on a line%s%s",
			    local ? ": " : "", local ? local->message : "");
		return NULL;
	}
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
		failure_set(error, FAILURE_SETUP, "a request that is no JSON object on a line");
		return NULL;
	}
	return json_object_ref(json_node_get_object(root));
}

gboolean session_text(JsonObject *request, const char *member, const char **ret_value,
		      GError **error)
{
	JsonNode *node = json_object_get_member(request, member);

	*ret_value = NULL;
	if (!node || JSON_NODE_HOLDS_NULL(node))
		return TRUE;
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
		return failure_set(error, FAILURE_SETUP, "a request whose \"%s\" is no text",
				   member);
	*ret_value = json_node_get_string(node);
	return TRUE;
}

gboolean session_timeout(JsonObject *request, int *ret_seconds, GError **error)
{
	JsonNode *node = json_object_get_member(request, "timeout");

	*ret_seconds = SESSION_TIMEOUT;
	if (!node)
		return TRUE;
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
	    json_node_get_int(node) < 1 || json_node_get_int(node) > SESSION_TIMEOUT_MOST)
		return failure_set(error, FAILURE_SETUP,
				   "a request whose \"timeout\" is no number from 1 to %d",
				   SESSION_TIMEOUT_MOST);
	*ret_seconds = (int)json_node_get_int(node);
	return TRUE;
}

/* ---- asking ---- */

static int call(const struct session *session, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *path = g_build_filename(session->path, "control", NULL);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		failure_errno(error, errno, "the session %s cannot be talked to: it is ending",
			      session->name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static gboolean read_line(const struct session *session, int fd, guint ms, GString *line,
			  GError **error)
{
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
	char buf[65536];

	for (;;) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return failure_set(error, FAILURE_TIMEOUT,
					   "the session %s has not answered within %.0f s; another "
					   "request may hold it up",
					   session->name, ms / 1000.0);
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || line->len > ANSWER_LONGEST)
			return failure_set(error, FAILURE_SETUP,
					   "the session %s has ended before it answered",
					   session->name);
		g_string_append_len(line, buf, n);
		if (line->str[line->len - 1] == '\n')
			return TRUE;
	}
}

JsonObject *session_ask(const struct session *session, const char *request, guint ms,
			GError **error)
{
	g_autofree char *line = g_strconcat(request, "\n", NULL);
	g_autoptr(GString) answer = g_string_new(NULL);
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;
	gboolean ok;
	int fd = call(session, error);

	if (fd < 0)
		return NULL;
	ok = send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
	if (!ok)
		failure_set(error, FAILURE_SETUP, "the session %s does not take a request",
			    session->name);
	ok = ok && read_line(session, fd, ms, answer, error);
	close(fd);
	if (!ok)
		return NULL;
	if (!json_parser_load_from_data(parser, answer->str, (gssize)answer->len, NULL) ||
	    !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
		failure_set(error, FAILURE_SETUP, "the session %s answers nonsense", session->name);
		return NULL;
	}
	object = json_node_get_object(json_parser_get_root(parser));
	if (json_object_get_boolean_member_with_default(object, "ok", FALSE))
		return json_object_ref(object);
	failure_set(error,
		    (enum failure)json_object_get_int_member_with_default(object, "status",
									  FAILURE_SETUP),
		    "%s", json_object_get_string_member_with_default(object, "message", "?"));
	return NULL;
}
