/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session's devices are like, and how they are reset. */
#include "lab/control_private.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"

#include <string.h>

#define AGAIN_MS 30000 /* to bring back what had been brought */

/* ---- info ---- */

/* The model's own words; NULL with an error. */
static char *describe(struct control *control, const struct card *card, GError **error)
{
	g_autofree char *arguments = NULL;
	g_autoptr(JsonNode) node = NULL;

	if (card->server)
		return server_info(card->server, CONTROL_MS, error);
	arguments = g_strdup_printf("{\"path\":\"/machine/peripheral/%s\",\"property\":\"x-info\"}",
				    card->id);
	node = qmp_call(control->qmp, "qom-get", arguments, CONTROL_MS, error);
	if (!node)
		return NULL;
	if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
		return g_strdup(json_node_get_string(node));
	failure_set(error, FAILURE_SETUP, "QEMU describes %s in a way that makes no sense",
		    card->id);
	return NULL;
}

static void put(JsonBuilder *out, const char *name, const char *value)
{
	json_builder_set_member_name(out, name);
	json_builder_add_string_value(out, value);
}

static gboolean is_description(JsonNode *root)
{
	static const char *const lists[] = { "registers", "state", "interrupts" };

	if (!root || !JSON_NODE_HOLDS_OBJECT(root))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		JsonNode *list = json_object_get_member(json_node_get_object(root), lists[i]);

		if (!list || !JSON_NODE_HOLDS_ARRAY(list))
			return FALSE;
	}
	return TRUE;
}

/* Checked, as it comes from where a model lives. NULL with an error; else to be freed. */
static JsonNode *described(struct control *control, const struct card *card, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autofree char *text = describe(control, card, error);

	if (!text)
		return NULL;
	if (g_utf8_validate(text, -1, NULL) && session_shallow(text, strlen(text), 16) &&
	    json_parser_load_from_data(parser, text, -1, NULL) &&
	    is_description(json_parser_get_root(parser)))
		return json_node_copy(json_parser_get_root(parser));
	failure_set(error, FAILURE_GUEST, "%s describes itself in a way that makes no sense",
		    card->id);
	return NULL;
}

/* One that does not answer is one more line, and FALSE with an error: others may. */
static gboolean put_card(struct control *control, const struct card *card, JsonBuilder *out,
			 GError **error)
{
	g_autofree char *address = hotplug_address(control, card, NULL);
	g_autoptr(GError) local = NULL;
	JsonNode *device = described(control, card, &local);

	json_builder_begin_object(out);
	put(out, "name", card->id);
	put(out, "project", card->device->project->name);
	put(out, "properties", card->device->properties);
	put(out, "port", card->bus ? card->bus : "root");
	if (address)
		put(out, "address", address);
	if (device) {
		json_builder_set_member_name(out, "device");
		json_builder_add_value(out, device);
	} else {
		put(out, "error", local->message);
	}
	json_builder_end_object(out);
	if (local)
		g_propagate_error(error, g_steal_pointer(&local));
	return device != NULL;
}

gboolean look_info(struct control *control, const struct order *order, GError **error)
{
	const struct card *card = NULL;
	gboolean ok = TRUE;
	const char *name;

	if (!session_text(order->request, "name", &name, error))
		return FALSE;
	if (name) {
		card = hotplug_find(control, name, error);
		if (!card)
			return FALSE;
	}
	put(order->out, "session", control->name);
	put(order->out, "backend", control->plan.servers ? "vfio-user" : "qemu");
	put(order->out, "machine", control->plan.machine->machine->name);
	json_builder_set_member_name(order->out, "paused");
	json_builder_add_boolean_value(order->out, control->paused);
	json_builder_set_member_name(order->out, "devices");
	json_builder_begin_array(order->out);
	/* Who asked for one wants that one; in a list the others are of use. */
	if (card)
		ok = put_card(control, card, order->out, error);
	for (guint i = 0; !card && i < control->cards->len; i++)
		put_card(control, control->cards->pdata[i], order->out, NULL);
	json_builder_end_array(order->out);
	return ok;
}

/* ---- reset ---- */

/* As its guest does it: by whatever way the function has, with the driver told before and after. */
static gboolean reset_function(struct control *control, const char *name, gint64 until,
			       GError **error)
{
	struct card *card = hotplug_find(control, name, error);
	g_autofree char *address = card ? hotplug_address(control, card, error) : NULL;
	g_autofree char *path = NULL;
	g_autofree char *argument = NULL;
	g_autoptr(GError) local = NULL;
	gsize size;

	if (!address)
		return FALSE;
	path = g_strdup_printf("/sys/bus/pci/devices/%s/reset", address);
	size = strlen(path) + 2;
	argument = g_malloc0(size);
	memcpy(argument, path, strlen(path));
	argument[size - 1] = '1';
	if (control_ask(control, WIRE_WRITE, argument, size, until, NULL, &local))
		return TRUE;
	return failure_set(error, (enum failure)local->code,
			   "%s cannot be reset (%s): %s; a function without a reset of its own has "
			   "none in sysfs",
			   card->id, path, local->message);
}

static void was_reset(gpointer data)
{
	guest_was_reset(data);
}

int look_reset_limit(const struct lab_options *options)
{
	int limit = guest_boot_limit(options);

	/* For the kernel, for its modules, for what is brought back. */
	return limit ? 2 * limit + AGAIN_MS / 1000 : 0;
}

static gboolean await_boot(struct control *control, gint64 until, GError **error)
{
	int limit = guest_boot_limit(control->plan.machine->options);
	gint64 least = g_get_monotonic_time() + 2 * limit * G_TIME_SPAN_SECOND;

	control_on_main(control, was_reset, control->plan.guest);
	while (!guest_is_ready(control->plan.guest)) {
		gint64 now = g_get_monotonic_time();

		/* One who wanted to wait longer may have left. */
		if (limit && now >= least && (now >= until || control_alone(control)))
			return failure_set(error, FAILURE_TIMEOUT,
					   "the guest is reset, but has not booted again");
		if (!control_wait(control, 50, error))
			return FALSE;
	}
	return TRUE;
}

gboolean look_reset(struct control *control, const struct order *order, GError **error)
{
	gint64 soon =
		MIN(order->until, g_get_monotonic_time() + SESSION_TIMEOUT * G_TIME_SPAN_SECOND);
	guint before = control->resets;
	const char *name;
	gboolean ok;

	if (!session_text(order->request, "name", &name, error))
		return FALSE;
	if (name)
		return reset_function(control, name, order->until, error);
	/* A guest that is half way is of use to nobody. */
	control->steadfast = TRUE;
	/* QEMU was told to end when the guest reboots: a panic does that. */
	if (!qmp_do(control->qmp, "set-action", "{\"reboot\":\"reset\"}", CONTROL_MS, error))
		return FALSE;
	ok = qmp_do(control->qmp, "system_reset", NULL, CONTROL_MS, error);
	while (ok && control->resets == before && g_get_monotonic_time() < soon)
		ok = control_wait(control, 50, error);
	/* The firmware resets the machine once more, for a clean start. */
	ok = ok && await_boot(control, order->until, error);
	return qmp_do(control->qmp, "set-action", "{\"reboot\":\"shutdown\"}", CONTROL_MS,
		      ok ? error : NULL) &&
	       ok &&
	       hotplug_again(control, g_get_monotonic_time() + AGAIN_MS * G_TIME_SPAN_MILLISECOND,
			     error);
}
