/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run does for ersatz ctl, with a QEMU that has one port, as its config space is. */
#include "test.h"
#include "lab/control_private.h"
#include "lab/guest_private.h"
#include "project/failure.h"

#include <sys/socket.h>
#include <unistd.h>

/* PCIe 5.0, 7.5.3: offsets in the capability, Power Controller Control, indicator off. */
#define EXPRESS 0x48
#define SLOT_CONTROL (EXPRESS + 0x18)
#define SLOT_STATUS (EXPRESS + 0x1a)
#define OFF 0x0700
#define CONTROL 0x10f9 /* power and light on, events enabled */
#define STATUS 0x0149 /* two events that the guest has not seen; a card is there */
#define EVENTS 0x011f /* those bits of Slot Status that a 1 clears */
#define ADDRESS 0x80001234 /* what the guest is about to read */

struct machine {
	int fd;
	guint8 config[256];
	guint32 address;
	gboolean stopped, moved; /* moved: something was done while the guest ran */
	guint offs; /* writes that switched the slot off */
};

static guint16 get16(const struct machine *m, guint at)
{
	return (guint16)(m->config[at] | m->config[at + 1] << 8);
}

static void set16(struct machine *m, guint at, guint16 value)
{
	m->config[at] = (guint8)value;
	m->config[at + 1] = (guint8)(value >> 8);
}

static void config_write(struct machine *m, guint at, guint size, guint32 value)
{
	guint16 status = get16(m, SLOT_STATUS);

	for (guint i = 0; i < size; i++)
		m->config[(at + i) & 0xff] = (guint8)(value >> 8 * i);
	set16(m, SLOT_STATUS, (guint16)(status & ~(get16(m, SLOT_STATUS) & EVENTS)));
	if (at + size <= SLOT_STATUS || at >= SLOT_STATUS + 2)
		set16(m, SLOT_STATUS, status);
	m->offs += (get16(m, SLOT_CONTROL) & OFF) == OFF;
}

/*
 * "i /FMT PORT" and "o /FMT PORT VALUE" of QEMU's monitor: in the format, digits
 * are a count, b, h and w widths of 1, 2 and 4 bytes; without one it is 4.
 */
static char *monitor(struct machine *m, const char *line)
{
	guint size = 4, port, value = 0, at;
	char format[8] = "", direction;

	assert_true(sscanf(line, "%c /%7s %x %x", &direction, format, &port, &value) >= 3);
	if (strchr(format, 'b') || strchr(format, 'h'))
		size = strchr(format, 'b') ? 1 : 2;
	m->moved = m->moved || !m->stopped;
	if (port == 0xcf8 && direction == 'o')
		m->address = value;
	if (port == 0xcf8)
		return direction == 'o'
			       ? g_strdup("")
			       : g_strdup_printf("portl[0x0cf8] = 0x%08x\\r\\n", m->address);
	/* Bus 0, device 0x1d, function 2. */
	assert_int_equal(m->address & 0xffffff00, 0x8000ea00);
	at = (m->address & 0xfc) + (port & 3);
	if (direction == 'o') {
		config_write(m, at, size, value);
		return g_strdup("");
	}
	for (guint i = 0; i < size; i++)
		value |= (guint)m->config[(at + i) & 0xff] << 8 * i;
	return g_strdup_printf("port%c[0x%04x] = 0x%0*x\\r\\n", "?bw?l"[size], port, (int)size * 2,
			       value);
}

static char *reply(struct machine *m, JsonObject *request)
{
	const char *what = json_object_get_string_member(request, "execute");

	if (strcmp(what, "stop") == 0 || strcmp(what, "cont") == 0)
		m->stopped = strcmp(what, "stop") == 0;
	if (strcmp(what, "query-pci") == 0)
		return g_strdup("[{\"bus\":0,\"devices\":[{\"bus\":0,\"slot\":29,\"function\":2,"
				"\"qdev_id\":\"lab.spare3\"}]}]");
	if (strcmp(what, "human-monitor-command") == 0) {
		JsonObject *arguments = json_object_get_object_member(request, "arguments");
		g_autofree char *said =
			monitor(m, json_object_get_string_member(arguments, "command-line"));

		return g_strdup_printf("\"%s\"", said);
	}
	return g_strdup("{}");
}

static gpointer serve(gpointer data)
{
	struct machine *m = data;
	g_autoptr(GString) line = g_string_new("");
	const char *greeting = "{\"QMP\":{}}\n";
	char c;

	assert_true(write(m->fd, greeting, strlen(greeting)) > 0);
	while (read(m->fd, &c, 1) == 1) {
		g_autoptr(JsonParser) parser = json_parser_new();
		g_autofree char *value = NULL;
		g_autofree char *answer = NULL;
		JsonObject *request;

		g_string_append_c(line, c);
		if (c != '\n')
			continue;
		assert_true(json_parser_load_from_data(parser, line->str, -1, NULL));
		request = json_node_get_object(json_parser_get_root(parser));
		value = reply(m, request);
		answer = g_strdup_printf("{\"return\":%s,\"id\":%d}\n", value,
					 (int)json_object_get_int_member(request, "id"));
		assert_true(write(m->fd, answer, strlen(answer)) > 0);
		g_string_truncate(line, 0);
	}
	return NULL;
}

/*
 * A slot that is emptied behind the guest's back: nothing else changes that the
 * guest could see, events least of all, and the access that it was at goes on.
 */
static void a_slot_is_emptied(void **state)
{
	struct machine m = { .address = ADDRESS };
	struct control control = { .client = -1 };
	struct card card = { .bus = (char *)"lab.spare3" };
	g_autoptr(GError) error = NULL;
	GThread *thread;
	int fds[2];

	m.config[0x34] = 0x40;
	set16(&m, 0x40, EXPRESS << 8 | 0x05);
	set16(&m, EXPRESS, 0x10);
	set16(&m, SLOT_CONTROL, CONTROL);
	set16(&m, SLOT_STATUS, STATUS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	m.fd = fds[1];
	thread = g_thread_new("qemu", serve, &m);
	control.qmp = qmp_new(fds[0], NULL, NULL);
	if (!yank_empty_slot(&control, &card, &error))
		fail_msg("%s", error->message);
	qmp_free(control.qmp);
	close(fds[0]);
	g_thread_join(thread);
	close(fds[1]);
	assert_int_equal(m.offs, 1);
	assert_int_equal(get16(&m, SLOT_CONTROL), CONTROL);
	assert_int_equal(get16(&m, SLOT_STATUS), STATUS);
	assert_int_equal(m.address, ADDRESS);
	assert_false(m.moved);
	assert_false(m.stopped);
}

/* One who has left is noticed; one who has only said all that he has to say is not gone. */
static void who_waits(void **state)
{
	struct control control = { .client = -1 };
	g_autoptr(GError) error = NULL;
	int fds[2], monitor[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, monitor), 0);
	control.qmp = qmp_new(monitor[0], NULL, NULL);
	assert_true(control_wait(&control, 0, NULL));
	control.client = fds[0];
	assert_true(control_wait(&control, 0, NULL));
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_true(control_wait(&control, 0, NULL));
	close(fds[1]);
	assert_false(control_wait(&control, 0, &error));
	assert_non_null(strstr(error->message, "nobody waits"));
	control.steadfast = TRUE;
	assert_true(control_wait(&control, 0, NULL));
	qmp_free(control.qmp);
	close(fds[0]);
	close(monitor[0]);
	close(monitor[1]);
}

/* QEMU refuses a text where it wants a number or a truth: what is none goes there as it came. */
static void settings(void **state)
{
	static const struct {
		const char *setting, *json;
	} cases[] = {
		{ "n=42", "\"n\":42" },
		{ "n=0x10", "\"n\":16" },
		{ "n=18446744073709551615", "\"n\":18446744073709551615" },
		{ "n=18446744073709551616", "\"n\":\"18446744073709551616\"" },
		{ "n=-1", "\"n\":\"-1\"" },
		{ "n=", "\"n\":\"\"" },
		{ "n=4x", "\"n\":\"4x\"" },
		{ "b=on", "\"b\":true" },
		{ "b=true", "\"b\":true" },
		{ "b=off", "\"b\":false" },
		{ "b=no", "\"b\":false" },
		{ "b=fasle", "\"b\":\"fasle\"" },
		{ "b=", "\"b\":\"\"" },
		{ "s=42", "\"s\":\"42\"" },
		{ "s=a\"=b", "\"s\":\"a\\\"=b\"" },
		{ "unknown=on", "\"unknown\":\"on\"" },
	};
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonArray *known;

	assert_true(json_parser_load_from_data(parser,
					       "[{\"name\":\"n\",\"type\":\"uint64\"},"
					       "{\"name\":\"b\",\"type\":\"bool\"},"
					       "{\"name\":\"s\",\"type\":\"str\"}]",
					       -1, NULL));
	known = json_node_get_array(json_parser_get_root(parser));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *json = hotplug_setting(known, cases[i].setting);

		assert_string_equal(json, cases[i].json);
	}
}

/* What the run itself waits for at boot, a reset waits for too. */
static void how_long_a_boot_may_take(void **state)
{
	struct lab_options plain = { 0 }, debug = { .debug_kernel = TRUE };
	struct lab_options own = { .debug_kernel = TRUE, .boot_timeout = 500 };
	struct lab_options gdb = { .gdb = TRUE, .boot_timeout = 500 };

	assert_int_equal(guest_boot_limit(&plain), 60);
	assert_int_equal(guest_boot_limit(&debug), 240);
	assert_int_equal(guest_boot_limit(&own), 500);
	assert_int_equal(guest_boot_limit(&gdb), 0);
	/* Kernel and modules; the drivers that were brought have their time besides. */
	assert_true(look_reset_limit(&plain) > 2 * 60);
	assert_true(look_reset_limit(&debug) > 2 * 240);
	assert_true(look_reset_limit(&own) > 2 * 500);
	assert_int_equal(look_reset_limit(&gdb), 0);
}

/* After a reset nothing goes out but the rest of what the port has the beginning of. */
static void what_was_on_its_way(void **state)
{
	/* Frames of 13 and 8 bytes. */
	static const struct {
		guint sent, left;
	} cases[] = {
		{ 0, 0 }, { 1, 13 }, { 8, 13 }, { 12, 13 }, { 13, 13 }, { 14, 21 }, { 21, 21 }
	};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct guest guest = { .channel = fds[0], .ready = TRUE };

		guest.out = g_byte_array_new();
		guest.out_source = 1; /* it waits for room */
		guest_send(&guest, WIRE_STDIN, "hello", 5);
		guest_send(&guest, WIRE_STDIN, NULL, 0);
		assert_int_equal(guest.out->len, 21);
		guest.sent = cases[i].sent;
		guest_was_reset(&guest);
		assert_int_equal(guest.out->len, cases[i].left);
		assert_false(guest_is_ready(&guest));
		g_byte_array_unref(guest.out);
	}
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_is_emptied),
		cmocka_unit_test(who_waits),
		cmocka_unit_test(settings),
		cmocka_unit_test(how_long_a_boot_may_take),
		cmocka_unit_test(what_was_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
