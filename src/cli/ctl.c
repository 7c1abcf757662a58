/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "cli/lab_options.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"
#include "project/suggest.h"

#include <stdio.h>
#include <string.h>

/* Beyond what a request may take: another one may be before it. */
#define PATIENCE_MS 60000

struct verb {
	const char *name;
	const char *argument; /* NULL: takes none; "[NAME]": may have one */
	void (*show)(JsonObject *answer);
};

static const char *text_of(JsonObject *object, const char *member)
{
	return json_object_get_string_member_with_default(object, member, "?");
}

static void show_plug(JsonObject *answer)
{
	const char *name = text_of(answer, "name"), *address = text_of(answer, "address");

	puts(name);
	if (json_object_get_null_member(answer, "driver"))
		say("%s is at %s in the guest; no driver there has taken it", name, address);
	else
		say("%s is at %s in the guest, driver %s", name, address,
		    text_of(answer, "driver"));
}

static void show_yank(JsonObject *answer)
{
	if (json_object_has_member(answer, "note"))
		say("it answers all-ones; %s", text_of(answer, "note"));
}

static gboolean is_true(JsonObject *object, const char *member)
{
	return json_object_get_boolean_member_with_default(object, member, FALSE);
}

static void show_register(JsonObject *reg)
{
	JsonArray *fields = json_object_get_array_member(reg, "fields");

	printf("  BAR%d %-8s %-24s %s\n", (int)json_object_get_int_member(reg, "bar"),
	       text_of(reg, "offset"), text_of(reg, "name"), text_of(reg, "value"));
	for (guint i = 0; i < json_array_get_length(fields); i++) {
		JsonObject *field = json_array_get_object_element(fields, i);
		int lsb = (int)json_object_get_int_member(field, "lsb");
		int msb = lsb + (int)json_object_get_int_member(field, "width") - 1;
		g_autofree char *bits = g_strdup_printf("%d:%d", msb, lsb);

		printf("       %-8s   %-22s %s%s%s%s\n", bits, text_of(field, "name"),
		       text_of(field, "value"), json_object_has_member(field, "means") ? " (" : "",
		       json_object_has_member(field, "means") ? text_of(field, "means") : "",
		       json_object_has_member(field, "means") ? ")" : "");
	}
}

/* Of a long array only the first elements are said. */
static void show_left_out(JsonObject *device)
{
	JsonNode *node = json_object_get_member(device, "left_out");
	JsonArray *rows = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; rows && i < json_array_get_length(rows); i++) {
		JsonObject *row = json_array_get_object_element(rows, i);

		printf("  left out      %-24s %d more of its elements\n", text_of(row, "name"),
		       (int)json_object_get_int_member_with_default(row, "elements", 0));
	}
}

static void show_device(JsonObject *device)
{
	JsonArray *registers = json_object_get_array_member(device, "registers");
	JsonArray *state = json_object_get_array_member(device, "state");
	JsonArray *interrupts = json_object_get_array_member(device, "interrupts");

	for (guint i = 0; i < json_array_get_length(registers); i++)
		show_register(json_array_get_object_element(registers, i));
	for (guint i = 0; i < json_array_get_length(state); i++) {
		JsonObject *row = json_array_get_object_element(state, i);

		printf("  state         %-24s %s\n", text_of(row, "name"), text_of(row, "value"));
	}
	show_left_out(device);
	for (guint i = 0; i < json_array_get_length(interrupts); i++) {
		JsonObject *irq = json_array_get_object_element(interrupts, i);

		printf("  interrupt     %-24s %s, %s\n", text_of(irq, "name"),
		       is_true(irq, "pending") ? "pending" : "idle",
		       is_true(irq, "enabled") ? "enabled" : "disabled");
	}
}

static void show_info(JsonObject *answer)
{
	JsonArray *devices = json_object_get_array_member(answer, "devices");

	printf("session %s: backend %s, machine %s%s\n", text_of(answer, "session"),
	       text_of(answer, "backend"), text_of(answer, "machine"),
	       is_true(answer, "paused") ? ", paused" : "");
	for (guint i = 0; i < json_array_get_length(devices); i++) {
		JsonObject *card = json_array_get_object_element(devices, i);
		JsonObject *device = json_object_has_member(card, "device")
					     ? json_object_get_object_member(card, "device")
					     : NULL;

		printf("%s: %s%s%s at %s, port %s%s\n", text_of(card, "name"),
		       text_of(card, "project"), *text_of(card, "properties") ? "," : "",
		       text_of(card, "properties"), text_of(card, "address"), text_of(card, "port"),
		       device && is_true(device, "gone") ? ", pulled" : "");
		if (device)
			show_device(device);
		else
			printf("  %s\n", text_of(card, "error"));
	}
}

static const struct verb verbs[] = {
	{ "plug", "PROJECT", show_plug }, { "unplug", "NAME", NULL }, { "yank", "NAME", show_yank },
	{ "reset", "[NAME]", NULL },	  { "pause", NULL, NULL },    { "resume", NULL, NULL },
	{ "info", "[NAME]", show_info },
};

static const struct verb *find_verb(const char *name, GError **error)
{
	const char *names[G_N_ELEMENTS(verbs) + 1] = { NULL };
	const char *guess;

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	guess = suggest(name, names);
	failure_set(error, FAILURE_SETUP, "ctl: there is no \"%s\"%s%s%s; see ersatz ctl --help",
		    name, guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
	return NULL;
}

static int list(GPtrArray *sessions, GError **error)
{
	for (guint i = 0; i < sessions->len; i++) {
		const struct session *session = sessions->pdata[i];

		printf("%s\tpid %d\t%s\t%s\t%s\n", session->name, session->pid, session->backend,
		       session->machine, session->projects ? session->projects : "");
	}
	if (!sessions->len)
		say("there is no session: no `ersatz run` of yours has a guest that is up");
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

/* Here, where whoever asked sees what the compiler has to say. */
static gboolean add_project(JsonBuilder *request, const struct session *session, char *argument,
			    GError **error)
{
	const struct project_kernel kernel = { session->release, session->kernel_build };
	g_autoptr(GPtrArray) devices = project_devices((char *[]){ argument, NULL }, error);
	unsigned int parts = PROJECT_MODEL | PROJECT_GUEST;
	const struct project_device *device;

	if (!devices)
		return FALSE;
	device = devices->pdata[0];
	if (session->sanitize)
		parts |= PROJECT_SANITIZE;
	if (!project_build(device->project, parts, &kernel, error) || !project_check(device, error))
		return FALSE;
	json_builder_set_member_name(request, "project");
	json_builder_add_string_value(request, device->project->dir);
	json_builder_set_member_name(request, "properties");
	json_builder_add_string_value(request, device->properties);
	return TRUE;
}

static char *compose(const struct session *session, const struct verb *verb, char *argument,
		     int timeout, GError **error)
{
	g_autoptr(JsonBuilder) request = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	json_builder_begin_object(request);
	json_builder_set_member_name(request, "do");
	json_builder_add_string_value(request, verb->name);
	json_builder_set_member_name(request, "timeout");
	json_builder_add_int_value(request, timeout);
	if (argument && strcmp(verb->name, "plug") == 0) {
		if (!add_project(request, session, argument, error))
			return NULL;
	} else if (argument) {
		json_builder_set_member_name(request, "name");
		json_builder_add_string_value(request, argument);
	}
	json_builder_end_object(request);
	root = json_builder_get_root(request);
	return json_to_string(root, FALSE);
}

/* How long the answer may take. */
static guint patience(const struct session *session, const struct verb *verb, const char *argument,
		      int timeout)
{
	gint64 most = timeout;

	/* A machine that boots again has a limit of its own. */
	if (strcmp(verb->name, "reset") == 0 && !argument)
		most += session->reboot > 0 ? session->reboot : SESSION_TIMEOUT_MOST;
	return (guint)MIN(most, SESSION_WAIT_MOST) * 1000 + PATIENCE_MS;
}

/* The session, waited for if that was asked for. */
static GPtrArray *find_session(const char *name, int wait, const struct session **ret_session,
			       GError **error)
{
	gint64 until = g_get_monotonic_time() + wait * G_TIME_SPAN_SECOND;

	for (;;) {
		g_autoptr(GPtrArray) sessions = session_list();
		g_autoptr(GError) local = NULL;

		*ret_session = session_find(sessions, name, &local);
		if (*ret_session)
			return g_steal_pointer(&sessions);
		if (g_get_monotonic_time() >= until) {
			g_propagate_error(error, g_steal_pointer(&local));
			return NULL;
		}
		g_usleep(100000);
	}
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	int timeout = LAB_UNSET, wait = LAB_UNSET;
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{ "timeout", 0, 0, G_OPTION_ARG_INT, &timeout,
		  "seconds that the guest has for its part (default 30)", "S" },
		{ "wait", 0, 0, G_OPTION_ARG_INT, &wait,
		  "wait S seconds for the session to come up (default: not at all)", "S" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &json, "the answer as JSON", NULL },
		{ NULL },
	};
	const struct session *session;
	const struct verb *verb;
	g_autoptr(GPtrArray) sessions = NULL;
	g_autofree char *request = NULL;
	JsonObject *answer;

	if (!cli_parse(self, entries, &argc, argv, NULL, error) ||
	    !lab_number_check(&timeout, "--timeout", error) ||
	    !lab_number_check(&wait, "--wait", error))
		return FAILURE_SETUP;
	if (timeout > SESSION_TIMEOUT_MOST || wait > SESSION_TIMEOUT_MOST) {
		failure_set(error, FAILURE_SETUP, "ctl: %d seconds are the most",
			    SESSION_TIMEOUT_MOST);
		return FAILURE_SETUP;
	}
	if (argc == 1) {
		sessions = session_list();
		return list(sessions, error);
	}
	if (argc == 2) {
		failure_set(error, FAILURE_SETUP,
			    "ctl: what is to be done with the session %s? See ersatz ctl --help",
			    argv[1]);
		return FAILURE_SETUP;
	}
	verb = find_verb(argv[2], error);
	if (!verb)
		return FAILURE_SETUP;
	if (argc > 4 || (argc == 4 && !verb->argument) ||
	    (argc == 3 && verb->argument && verb->argument[0] != '[')) {
		failure_set(error, FAILURE_SETUP, "ctl: it is ersatz ctl SESSION %s%s%s",
			    verb->name, verb->argument ? " " : "",
			    verb->argument ? verb->argument : "");
		return FAILURE_SETUP;
	}
	timeout = timeout ? timeout : SESSION_TIMEOUT;
	sessions = find_session(argv[1], wait, &session, error);
	if (sessions)
		request = compose(session, verb, argc > 3 ? argv[3] : NULL, timeout, error);
	answer = request ? session_ask(session, request,
				       patience(session, verb, argc > 3 ? argv[3] : NULL, timeout),
				       error)
			 : NULL;
	if (!answer)
		return FAILURE_SETUP;
	if (json) {
		g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), answer);
		g_autofree char *text = json_to_string(node, TRUE);

		puts(text);
	} else if (verb->show) {
		verb->show(answer);
	}
	json_object_unref(answer);
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

const struct cli_command cli_ctl = {
	.name = "ctl",
	.usage = "[SESSION plug|unplug|yank|reset|pause|resume|info [ARG]]",
	.summary = "Plugs, unplugs and looks at devices of a run while its guest goes on.",
	.help = "Without arguments it lists the sessions: runs of yours whose guest is up. "
		"SESSION\n"
		"is what `ersatz run --name` said, or the name that ctl lists, the run's process\n"
		"id or its folder; -: the only one there is.\n"
		"\n"
		"  plug PROJECT   a device, as ersatz run takes it; prints its name: newdev0\n"
		"  unplug NAME    asks the guest to let go of it, and waits until it has\n"
		"  yank NAME      pulls it without asking: it answers all-ones, and its slot says\n"
		"                 that it is gone\n"
		"  reset [NAME]   the machine; or a device, as its guest resets a function\n"
		"  pause, resume  the guest and its devices' clocks\n"
		"  info [NAME]    registers by name and field; looking has no side effects\n"
		"\n"
		"Statuses: 1 if the guest has refused it or a model has died, 124 if the guest "
		"did\n"
		"not do its part in time, 125 if it cannot be done.\n"
		"\n"
		"examples:\n"
		"  ersatz run --name box my_rng            in one terminal\n"
		"  ersatz ctl box plug my_rng,algorithm=philox\n"
		"  ersatz ctl box unplug my_rng1\n"
		"  ersatz ctl - info my_rng0\n",
	.run = run,
};
