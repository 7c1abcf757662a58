/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine protocol, with a QEMU that says its next words for each line that it is sent. */
#include "test.h"
#include "lab/qmp.h"
#include "project/failure.h"

#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\":{\"version\":{},\"capabilities\":[]}}\r\n"
#define CAPABLE "{\"return\":{},\"id\":1}\r\n" /* to qmp_capabilities, the first that is asked */

struct peer {
	struct qmp *qmp;
	int fd, qemu;
	const char *const *words; /* ends with NULL */
	GThread *thread;
	GString *heard; /* once it has ended */
	GString *events;
};

static gpointer speak(gpointer data)
{
	struct peer *p = data;
	char c;

	for (guint i = 0; p->words[i]; i++) {
		if (write(p->qemu, p->words[i], strlen(p->words[i])) < 0)
			break;
		while (p->words[i + 1] && read(p->qemu, &c, 1) == 1) {
			g_string_append_c(p->heard, c);
			if (c == '\n')
				break;
		}
	}
	return NULL;
}

static void note(gpointer data, const char *name, JsonObject *about)
{
	g_string_append_printf(
		data, "%s%s ", name,
		about ? json_object_get_string_member_with_default(about, "device", "") : "");
}

static void begin(struct peer *p, const char *const *words)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	p->fd = fds[0];
	p->qemu = fds[1];
	p->words = words;
	p->heard = g_string_new(NULL);
	p->events = g_string_new(NULL);
	p->qmp = qmp_new(p->fd, note, p->events);
	p->thread = g_thread_new("qemu", speak, p);
}

#define BEGIN(p, ...) begin(p, (const char *const[]){ __VA_ARGS__, NULL })

static void end(struct peer *p)
{
	qmp_free(p->qmp);
	close(p->fd);
	if (p->thread)
		g_thread_join(p->thread);
	g_string_free(p->heard, TRUE);
	g_string_free(p->events, TRUE);
	close(p->qemu);
}

static void replies_and_events(void **state)
{
	struct peer p;
	g_autoptr(JsonNode) node = NULL;

	BEGIN(&p, GREETING, "{\"event\":\"RESUME\"}\n" CAPABLE,
	      "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"a0\"}}\n"
	      "{\"return\":{\"late\":true},\"id\":1}\n{\"return\":{\"n\":7},\"id\":2}\n");
	node = qmp_call(p.qmp, "query-x", "{\"a\":1}", 10000, NULL);
	assert_non_null(node);
	assert_int_equal(json_object_get_int_member(json_node_get_object(node), "n"), 7);
	assert_string_equal(p.events->str, "RESUME DEVICE_DELETEDa0 ");
	g_thread_join(g_steal_pointer(&p.thread));
	assert_string_equal(p.heard->str,
			    "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
			    "{\"execute\":\"query-x\",\"id\":2,\"arguments\":{\"a\":1}}\n");
	end(&p);
}

static void its_own_words(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;

	BEGIN(&p, GREETING, CAPABLE,
	      "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no bus\"},\"id\":2}\n");
	assert_false(qmp_do(p.qmp, "device_add", "{}", 10000, &error));
	assert_int_equal(error->code, FAILURE_GUEST);
	assert_string_equal(error->message, "no bus");
	end(&p);
}

/* The answer to another question, and half of one. */
static void no_answer(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;

	BEGIN(&p, GREETING, CAPABLE, "{\"return\":{},\"id\":1}\n{\"return\":");
	assert_false(qmp_do(p.qmp, "stop", NULL, 50, &error));
	assert_int_equal(error->code, FAILURE_TIMEOUT);
	end(&p);
}

static void it_ends(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;

	BEGIN(&p, GREETING CAPABLE);
	g_thread_join(g_steal_pointer(&p.thread));
	shutdown(p.qemu, SHUT_WR);
	assert_false(qmp_do(p.qmp, "stop", NULL, 10000, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_false(qmp_wait(p.qmp, 10000));
	end(&p);
}

/* As long as it may be, and what comes after it is heard. */
static void too_long(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;
	g_autofree char *much = g_strnfill(17 << 20, 'x');
	g_autofree char *line = g_strdup_printf("{\"return\":\"%s\",\"id\":2}\n", much);
	g_autofree char *text = NULL;

	BEGIN(&p, GREETING, CAPABLE, line, "{\"return\":\"short\",\"id\":3}\n");
	assert_null(qmp_human(p.qmp, "x", 60000, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_non_null(strstr(error->message, "longer than 16 MiB"));
	text = qmp_human(p.qmp, "y", 60000, NULL);
	assert_non_null(text);
	assert_string_equal(text, "short");
	end(&p);
}

/* A greeting comes once; a late word on the capabilities is no reason to wait for another. */
static void capable_late(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;

	BEGIN(&p, GREETING, "",
	      CAPABLE
	      "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"Capabilities negotiation "
	      "is already complete, command ignored\"},\"id\":2}\n",
	      "{\"return\":{},\"id\":3}\n", "{\"return\":{},\"id\":4}\n");
	assert_false(qmp_do(p.qmp, "stop", NULL, 1000, &error));
	assert_int_equal(error->code, FAILURE_TIMEOUT);
	g_clear_error(&error);
	assert_true(qmp_do(p.qmp, "cont", NULL, 10000, &error));
	assert_true(qmp_do(p.qmp, "stop", NULL, 10000, &error));
	g_thread_join(g_steal_pointer(&p.thread));
	assert_string_equal(p.heard->str, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
					  "{\"execute\":\"qmp_capabilities\",\"id\":2}\n"
					  "{\"execute\":\"cont\",\"id\":3}\n"
					  "{\"execute\":\"stop\",\"id\":4}\n");
	end(&p);
}

/* Refused for another reason: it is tried again. */
static void not_capable(void **state)
{
	struct peer p;
	g_autoptr(GError) error = NULL;

	BEGIN(&p, GREETING, "{\"error\":{\"desc\":\"not now\"},\"id\":1}\n",
	      "{\"return\":{},\"id\":2}\n", "{\"return\":{},\"id\":3}\n");
	assert_false(qmp_do(p.qmp, "stop", NULL, 10000, &error));
	assert_string_equal(error->message, "not now");
	g_clear_error(&error);
	assert_true(qmp_do(p.qmp, "stop", NULL, 10000, &error));
	end(&p);
}

static void nonsense_is_passed_over(void **state)
{
	struct peer p;
	g_autofree char *text = NULL;

	BEGIN(&p, "\n{\n[1]\n7\n{\"event\":" GREETING GREETING, CAPABLE,
	      "\"x\"\n{\"return\":\"text\",\"id\":2}\n");
	text = qmp_human(p.qmp, "info \"x\"", 10000, NULL);
	assert_non_null(text);
	assert_string_equal(text, "text");
	end(&p);
}

static void quoting(void **state)
{
	g_autofree char *text = qmp_quote("/a \"b\"\\c\n");

	assert_string_equal(text, "\"/a \\\"b\\\"\\\\c\\n\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_and_events),
		cmocka_unit_test(its_own_words),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(it_ends),
		cmocka_unit_test(too_long),
		cmocka_unit_test(capable_late),
		cmocka_unit_test(not_capable),
		cmocka_unit_test(nonsense_is_passed_over),
		cmocka_unit_test(quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
