/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/qmp.h"
#include "project/failure.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define LONGEST (16 << 20) /* bytes of a line: query-pci and a model's info are long */

struct qmp {
	int fd;
	void (*event)(gpointer data, const char *name, JsonObject *about);
	gpointer data;
	GString *line; /* what has come of the next one */
	gint64 serial;
	JsonNode *reply; /* to that serial */
	gboolean skipping; /* it is too long: up to its end it is dropped */
	gboolean lost; /* one such came while a reply was waited for */
	gboolean greeted, capable, over;
};

struct qmp *qmp_new(int fd, void (*event)(gpointer data, const char *name, JsonObject *about),
		    gpointer data)
{
	struct qmp *qmp = g_new0(struct qmp, 1);

	qmp->fd = fd;
	qmp->event = event;
	qmp->data = data;
	qmp->line = g_string_new(NULL);
	return qmp;
}

void qmp_free(struct qmp *qmp)
{
	if (!qmp)
		return;
	g_clear_pointer(&qmp->reply, json_node_unref);
	g_string_free(qmp->line, TRUE);
	g_free(qmp);
}

char *qmp_quote(const char *text)
{
	g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);

	return json_to_string(node, FALSE);
}

static void take_line(struct qmp *qmp, const char *text, gsize size)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root;
	JsonObject *object;

	if (!json_parser_load_from_data(parser, text, (gssize)size, NULL))
		return;
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root))
		return;
	object = json_node_get_object(root);
	if (json_object_has_member(object, "QMP"))
		qmp->greeted = TRUE;
	else if (json_object_has_member(object, "event") && qmp->event)
		qmp->event(qmp->data,
			   json_object_get_string_member_with_default(object, "event", ""),
			   json_object_has_member(object, "data")
				   ? json_object_get_object_member(object, "data")
				   : NULL);
	else if (json_object_has_member(object, "id") &&
		 json_object_get_int_member(object, "id") == qmp->serial && !qmp->reply)
		qmp->reply = json_node_copy(root);
}

/* One line that is too long is one answer less, and no end of the others. */
static void take_piece(struct qmp *qmp, const char *text, gsize size)
{
	if (!qmp->skipping && qmp->line->len + size > LONGEST) {
		qmp->skipping = TRUE;
		qmp->lost = TRUE;
		g_string_free(qmp->line, TRUE);
		qmp->line = g_string_new(NULL);
	}
	if (!qmp->skipping)
		g_string_append_len(qmp->line, text, (gssize)size);
}

static void take(struct qmp *qmp)
{
	char buf[65536], *at, *end;
	ssize_t n = recv(qmp->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		qmp->over = TRUE;
	for (at = buf; n > 0; at = end + 1) {
		end = memchr(at, '\n', (size_t)n);
		take_piece(qmp, at, end ? (gsize)(end - at) : (gsize)n);
		if (!end)
			return;
		if (!qmp->skipping)
			take_line(qmp, qmp->line->str, qmp->line->len);
		g_string_truncate(qmp->line, 0);
		qmp->skipping = FALSE;
		n -= end + 1 - at;
	}
}

gboolean qmp_wait(struct qmp *qmp, guint ms)
{
	struct pollfd p = { .fd = qmp->fd, .events = POLLIN };

	if (!qmp->over && poll(&p, 1, (int)ms) > 0)
		take(qmp);
	return !qmp->over;
}

/* Until a reply, or the greeting, is there. */
static gboolean await(struct qmp *qmp, const char *command, guint ms, GError **error)
{
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;

	while (command ? !qmp->reply : !qmp->greeted) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

		if (qmp->over)
			return failure_set(error, FAILURE_SETUP, "QEMU has ended");
		if (command && qmp->lost)
			return failure_set(error, FAILURE_SETUP,
					   "QEMU's answer to %s is longer than %d MiB", command,
					   LONGEST >> 20);
		if (left <= 0)
			return failure_set(error, FAILURE_TIMEOUT,
					   "QEMU does not answer %s within %.1f s: a device that "
					   "hangs can hold it up",
					   command ? command : "at all", ms / 1000.0);
		qmp_wait(qmp, (guint)MIN(left, 100));
	}
	return TRUE;
}

static gboolean put(struct qmp *qmp, const char *text, gsize size, GError **error)
{
	while (size > 0) {
		ssize_t n = send(qmp->fd, text, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_set(error, FAILURE_SETUP, "QEMU has ended");
		text += n;
		size -= (gsize)n;
	}
	return TRUE;
}

static JsonNode *call(struct qmp *qmp, const char *command, const char *arguments, guint ms,
		      GError **error)
{
	g_autofree char *line = g_strdup_printf(
		"{\"execute\":\"%s\",\"id\":%" G_GINT64_FORMAT "%s%s}\n", command, ++qmp->serial,
		arguments ? ",\"arguments\":" : "", arguments ? arguments : "");
	g_autoptr(JsonNode) reply = NULL;
	JsonObject *object;

	g_clear_pointer(&qmp->reply, json_node_unref);
	qmp->lost = FALSE;
	if (!put(qmp, line, strlen(line), error) || !await(qmp, command, ms, error))
		return NULL;
	reply = g_steal_pointer(&qmp->reply);
	object = json_node_get_object(reply);
	if (json_object_has_member(object, "return"))
		return json_node_copy(json_object_get_member(object, "return"));
	object = json_object_has_member(object, "error")
			 ? json_object_get_object_member(object, "error")
			 : NULL;
	failure_set(error, FAILURE_GUEST, "%s",
		    object ? json_object_get_string_member_with_default(object, "desc", "?")
			   : "QEMU's reply makes no sense");
	return NULL;
}

/* The greeting comes once; what answers it may have to be said again, if the reply was late. */
static gboolean agree(struct qmp *qmp, guint ms, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(JsonNode) done = NULL;

	if (qmp->capable)
		return TRUE;
	if (!await(qmp, NULL, ms, error))
		return FALSE;
	done = call(qmp, "qmp_capabilities", NULL, ms, &local);
	qmp->capable = done || strstr(local->message, "already complete");
	if (!qmp->capable)
		g_propagate_error(error, g_steal_pointer(&local));
	return qmp->capable;
}

JsonNode *qmp_call(struct qmp *qmp, const char *command, const char *arguments, guint ms,
		   GError **error)
{
	if (!agree(qmp, ms, error))
		return NULL;
	return call(qmp, command, arguments, ms, error);
}

gboolean qmp_do(struct qmp *qmp, const char *command, const char *arguments, guint ms,
		GError **error)
{
	JsonNode *node = qmp_call(qmp, command, arguments, ms, error);

	if (node)
		json_node_unref(node);
	return node != NULL;
}

char *qmp_human(struct qmp *qmp, const char *line, guint ms, GError **error)
{
	g_autofree char *quoted = qmp_quote(line);
	g_autofree char *arguments = g_strdup_printf("{\"command-line\":%s}", quoted);
	g_autoptr(JsonNode) node = qmp_call(qmp, "human-monitor-command", arguments, ms, error);

	if (!node)
		return NULL;
	if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
		return g_strdup(json_node_get_string(node));
	failure_set(error, FAILURE_SETUP, "QEMU's reply to \"%s\" makes no sense", line);
	return NULL;
}
