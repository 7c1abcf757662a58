/* SPDX-License-Identifier: BSD-2-Clause */
/* Cards that come and go while the guest runs. */
#include <gio/gio.h>
#include "lab/control_private.h"
#include "lab/initramfs.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BRING_MS 20000 /* for the guest to unpack a driver */
#define LOOK_MS 50 /* between looks at whether a driver has come */
#define NONE_MS 700 /* a device that nothing is loaded for so long has no driver */
#define MESSAGE_MS 60000 /* x-msg-timeout, as machine.c has it */

/* ---- what there is ---- */

static void card_free(gpointer data)
{
	struct card *card = data;

	g_free(card->id);
	g_free(card->bus);
	if (card->own)
		g_ptr_array_unref(card->own);
	g_free(card);
}

/*
 * QEMU's vfio-user client, up to 11.1 at least, ends with an assertion when a
 * device with MSI-X goes: it takes its pending bits' region out of one that is
 * gone by then. Asked of the model as it is now, when its device is made of it.
 */
static gboolean can_go(const struct control *control, const struct project *project)
{
	struct ez_error why;
	const struct ez_model *model;
	gboolean ok = TRUE;

	if (!control->plan.servers)
		return TRUE;
	model = ez_model_open(project->model, &why);
	if (!model)
		return FALSE;
	for (guint i = 0; i < model->spec->n_caps; i++)
		ok = ok && model->spec->caps[i].id != PCI_CAP_ID_MSIX;
	ez_model_close(model);
	return ok;
}

void hotplug_start(struct control *control)
{
	const struct machine_plan *machine = control->plan.machine;

	control->cards = g_ptr_array_new_with_free_func(card_free);
	control->projects = g_ptr_array_new();
	control->brought = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < control->plan.projects->len; i++)
		g_ptr_array_add(control->projects, control->plan.projects->pdata[i]);
	for (guint i = 0; machine->devices && i < machine->devices->len; i++) {
		const struct project_device *device = machine->devices->pdata[i];
		struct card *card = g_new0(struct card, 1);

		card->id = g_strdup(device->id);
		card->device = device;
		card->can_go = can_go(control, device->project);
		if (device->project->express && machine->machine->express) {
			card->bus = g_strdup_printf(MACHINE_PORT, i);
			card->slot = i + 1;
		}
		if (control->plan.servers)
			card->server = servers_get(control->plan.servers, i);
		g_ptr_array_add(control->cards, card);
	}
}

void hotplug_stop(struct control *control)
{
	g_ptr_array_unref(control->cards);
	g_ptr_array_unref(control->projects);
	g_ptr_array_unref(control->brought);
}

static struct card *lookup(const struct control *control, const char *id)
{
	for (guint i = 0; i < control->cards->len; i++) {
		struct card *card = control->cards->pdata[i];

		if (strcmp(card->id, id) == 0)
			return card;
	}
	return NULL;
}

void hotplug_deleted(struct control *control, const char *id)
{
	struct card *card = lookup(control, id);

	if (card)
		card->deleted = TRUE;
}

static void release(gpointer data)
{
	server_release(data);
}

void hotplug_sweep(struct control *control)
{
	for (guint i = 0; i < control->cards->len;) {
		struct card *card = control->cards->pdata[i];

		if (!card->deleted) {
			i++;
			continue;
		}
		if (card->server)
			control_on_main(control, release, card->server);
		g_ptr_array_remove_index(control->cards, i);
	}
}

struct card *hotplug_find(struct control *control, const char *id, GError **error)
{
	struct card *card = id ? lookup(control, id) : NULL;
	g_autoptr(GString) names = g_string_new(NULL);

	if (card)
		return card;
	for (guint i = 0; i < control->cards->len; i++)
		g_string_append_printf(names, "%s%s", i ? ", " : "",
				       ((struct card *)control->cards->pdata[i])->id);
	failure_set(error, FAILURE_SETUP, "there is no device \"%s\" in the session %s%s%s",
		    id ? id : "", control->name, names->len ? "; there are: " : "", names->str);
	return NULL;
}

/* ---- where it is ---- */

static gboolean find_pci(JsonArray *devices, const char *id, guint *bus, guint *slot,
			 guint *function)
{
	for (guint i = 0; i < json_array_get_length(devices); i++) {
		JsonObject *device = json_array_get_object_element(devices, i);
		JsonObject *bridge;

		if (strcmp(json_object_get_string_member_with_default(device, "qdev_id", ""), id) ==
		    0) {
			*bus = (guint)json_object_get_int_member_with_default(device, "bus", 0);
			*slot = (guint)json_object_get_int_member_with_default(device, "slot", 0);
			*function = (guint)json_object_get_int_member_with_default(device,
										   "function", 0);
			return TRUE;
		}
		bridge = json_object_has_member(device, "pci_bridge")
				 ? json_object_get_object_member(device, "pci_bridge")
				 : NULL;
		if (bridge && json_object_has_member(bridge, "devices") &&
		    find_pci(json_object_get_array_member(bridge, "devices"), id, bus, slot,
			     function))
			return TRUE;
	}
	return FALSE;
}

gboolean hotplug_locate(struct control *control, const char *id, guint *bus, guint *slot,
			guint *function, GError **error)
{
	g_autoptr(JsonNode) node = qmp_call(control->qmp, "query-pci", NULL, CONTROL_MS, error);
	JsonArray *buses;

	if (!node)
		return FALSE;
	buses = json_node_get_array(node);
	for (guint i = 0; i < json_array_get_length(buses); i++)
		if (find_pci(json_object_get_array_member(json_array_get_object_element(buses, i),
							  "devices"),
			     id, bus, slot, function))
			return TRUE;
	return failure_set(error, FAILURE_SETUP, "QEMU has no PCI device %s", id);
}

char *hotplug_address(struct control *control, const struct card *card, GError **error)
{
	guint bus, slot, function;

	if (!hotplug_locate(control, card->id, &bus, &slot, &function, error))
		return NULL;
	return g_strdup_printf("0000:%02x:%02x.%x", bus, slot, function);
}

/* ---- plug ---- */

static gboolean in_guest(const struct control *control, const char *dir)
{
	for (guint i = 0; i < control->projects->len; i++)
		if (strcmp(((struct project *)control->projects->pdata[i])->dir, dir) == 0)
			return TRUE;
	return FALSE;
}

/* The models that QEMU has, it has from its start. */
static gboolean check_known(const struct control *control, const struct project *project,
			    GError **error)
{
	for (guint i = 0; i < control->plan.projects->len; i++)
		if (strcmp(((struct project *)control->plan.projects->pdata[i])->dir,
			   project->dir) == 0)
			return TRUE;
	if (control->plan.servers)
		return TRUE;
	return failure_set(error, FAILURE_SETUP,
			   "%s is not in this QEMU: with --backend qemu it knows the models that "
			   "it was started with. Name it there: ersatz run --spare %s, or leave "
			   "--backend qemu out",
			   project->name, project->name);
}

static char *free_id(const struct control *control, const char *name)
{
	for (guint number = 0;; number++) {
		g_autofree char *id = g_strdup_printf("%s%u", name, number);

		if (!lookup(control, id))
			return g_steal_pointer(&id);
	}
}

static gboolean is_taken(const struct control *control, const char *bus)
{
	for (guint i = 0; i < control->cards->len; i++) {
		const struct card *card = control->cards->pdata[i];

		if (g_strcmp0(card->bus, bus) == 0)
			return TRUE;
	}
	return FALSE;
}

/* A free place on a classic machine's root bus, which has hot-plug as it is. */
static gboolean find_root_place(struct control *control, struct card *card, GError **error)
{
	const struct machine_plan *machine = control->plan.machine;
	guint last = machine_last_slot(machine->machine, machine->options);
	g_autoptr(JsonNode) node = qmp_call(control->qmp, "query-pci", NULL, CONTROL_MS, error);
	gboolean taken[32] = { FALSE };
	JsonArray *buses, *devices;

	if (!node)
		return FALSE;
	buses = json_node_get_array(node);
	devices = json_array_get_length(buses)
			  ? json_object_get_array_member(json_array_get_object_element(buses, 0),
							 "devices")
			  : NULL;
	for (guint i = 0; devices && i < json_array_get_length(devices); i++)
		taken[json_object_get_int_member_with_default(
			      json_array_get_object_element(devices, i), "slot", 0) &
		      31] = TRUE;
	for (guint i = machine->machine->first_slot; i <= last; i++) {
		if (!taken[i]) {
			card->slot = i;
			return TRUE;
		}
	}
	return failure_set(error, FAILURE_SETUP,
			   "all slots of the machine are taken: unplug something first");
}

/* A port for it, or a place on the root bus. */
static gboolean find_place(struct control *control, struct card *card, GError **error)
{
	const struct machine_plan *machine = control->plan.machine;

	if (!machine->machine->express)
		return find_root_place(control, card, error);
	for (guint i = 1; i <= MACHINE_SPARES; i++) {
		g_autofree char *bus = g_strdup_printf(MACHINE_SPARE, i);

		if (is_taken(control, bus))
			continue;
		card->bus = g_steal_pointer(&bus);
		card->slot = MACHINE_SPARE_SLOT + i;
		return TRUE;
	}
	return failure_set(error, FAILURE_SETUP,
			   "all %d slots for hot-plug are taken: unplug something first",
			   MACHINE_SPARES);
}

struct file {
	struct guest *guest;
	const char *bytes;
	gsize size;
};

static void put_file(gpointer data)
{
	const struct file *file = data;

	guest_file(file->guest, file->bytes, file->size);
}

/*
 * The lock of project_build: what is taken along is whole then. Who has it may
 * have it for long, so it is waited for as everything here is.
 */
static int lock_build(struct control *control, const struct project *project, gint64 until,
		      GError **error)
{
	g_autofree char *path = g_build_filename(project->build, "build.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return failure_errno(error, errno, "cannot open %s", path), -1;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		gboolean ok = FALSE;

		if (errno != EWOULDBLOCK && errno != EINTR)
			failure_errno(error, errno, "cannot lock %s", path);
		else if (g_get_monotonic_time() >= until)
			failure_set(error, FAILURE_SETUP, "%s is being built all the time (%s)",
				    project->name, path);
		else
			ok = control_wait(control, LOOK_MS, error);
		if (!ok) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

static gboolean pack(struct control *control, const char *path, GPtrArray *projects,
		     const struct project *project, gint64 until, GError **error)
{
	g_autofree char *scratch = g_build_filename(control->plan.rundir->path, "bring", NULL);
	int lock = lock_build(control, project, until, error);
	gboolean ok;

	if (lock < 0)
		return FALSE;
	ok = initramfs_update(path, scratch, control->plan.machine->kernel, projects, project,
			      error);
	close(lock);
	return ok;
}

/* Its driver, programs and tests, as they are now, into the guest. */
static gboolean bring_in(struct control *control, const struct project *project, gint64 until,
			 GError **error)
{
	const char *rundir = control->plan.rundir->path;
	g_autofree char *path = g_build_filename(rundir, "brought", NULL);
	g_autoptr(GPtrArray) projects = g_ptr_array_new();
	g_autoptr(GError) local = NULL;
	struct file file = { .guest = control->plan.guest };
	g_autofree char *bytes = NULL;

	for (guint i = 0; i < control->projects->len; i++)
		if (strcmp(((struct project *)control->projects->pdata[i])->dir, project->dir))
			g_ptr_array_add(projects, control->projects->pdata[i]);
	g_ptr_array_add(projects, (gpointer)project);
	if (!pack(control, path, projects, project, until, error))
		return FALSE;
	if (!g_file_get_contents(path, &bytes, &file.size, &local))
		return failure_set(error, FAILURE_SETUP, "%s", local->message);
	unlink(path);
	file.bytes = bytes;
	control_on_main(control, put_file, &file);
	if (control_ask(control, WIRE_UNPACK, NULL, 0,
			MIN(until, g_get_monotonic_time() + BRING_MS * G_TIME_SPAN_MILLISECOND),
			NULL, &local))
		return TRUE;
	return failure_set(error, (enum failure)local->code,
			   "the driver and programs of %s cannot be brought into the guest: %s",
			   project->name, local->message);
}

gboolean hotplug_again(struct control *control, gint64 until, GError **error)
{
	for (guint i = 0; i < control->brought->len; i++) {
		GPtrArray *devices = control->brought->pdata[i];
		const struct project_device *device = devices->pdata[0];

		if (!bring_in(control, device->project, until, error))
			return FALSE;
	}
	return !control->brought->len ||
	       control_ask(control, WIRE_LOAD, NULL, 0, until, NULL, error);
}

struct addition {
	struct control *control;
	struct card *card;
	GError *error;
};

static void add_server(gpointer data)
{
	struct addition *addition = data;

	addition->card->server = servers_add(addition->control->plan.servers,
					     addition->card->device, &addition->error);
}

static void end_server(gpointer data)
{
	server_end(data);
}

static gboolean start_server(struct control *control, struct card *card, GError **error)
{
	struct addition addition = { control, card, NULL };

	control_on_main(control, add_server, &addition);
	if (!card->server) {
		g_propagate_error(error, addition.error);
		return FALSE;
	}
	return server_wait(card->server, 2 * CONTROL_MS, error);
}

/* As QEMU reads them; NULL: it is none, and QEMU says so. */
static const char *truth(const char *word)
{
	static const char *const yes[] = { "on", "yes", "true", "y", NULL };
	static const char *const no[] = { "off", "no", "false", "n", NULL };

	if (g_strv_contains(yes, word))
		return "true";
	return g_strv_contains(no, word) ? "false" : NULL;
}

char *hotplug_setting(JsonArray *known, const char *setting)
{
	g_auto(GStrv) pair = g_strsplit(setting, "=", 2);
	g_autofree char *name = qmp_quote(pair[0]);
	g_autofree char *value = qmp_quote(pair[1] ? pair[1] : "");
	const char *type = "str";
	const char *word;
	char *end;

	for (guint i = 0; i < json_array_get_length(known); i++) {
		JsonObject *property = json_array_get_object_element(known, i);

		if (strcmp(json_object_get_string_member_with_default(property, "name", ""),
			   pair[0]) == 0)
			type = json_object_get_string_member_with_default(property, "type", type);
	}
	if (g_str_has_prefix(type, "uint") && pair[1]) {
		guint64 number;

		errno = 0;
		number = g_ascii_strtoull(pair[1], &end, 0);
		if (g_ascii_isdigit(*pair[1]) && !*end && !errno)
			return g_strdup_printf("%s:%" G_GUINT64_FORMAT, name, number);
	}
	word = strcmp(type, "bool") == 0 && pair[1] ? truth(pair[1]) : NULL;
	if (word)
		return g_strdup_printf("%s:%s", name, word);
	return g_strdup_printf("%s:%s", name, value);
}

static char *place_json(const struct card *card)
{
	if (card->bus)
		return g_strdup_printf("\"bus\":\"%s\"", card->bus);
	return g_strdup_printf("\"addr\":\"%02x.0\"", card->slot);
}

/* device_add's arguments for a device inside QEMU. */
static char *inner_arguments(struct control *control, const struct card *card, GError **error)
{
	const struct project *project = card->device->project;
	const char *type = project->type ? project->type : project->name;
	g_autofree char *ask = g_strdup_printf("{\"typename\":\"%s\"}", type);
	g_autoptr(JsonNode) known =
		qmp_call(control->qmp, "device-list-properties", ask, CONTROL_MS, error);
	g_autoptr(GPtrArray) settings = project_settings(card->device->properties);
	g_autofree char *place = place_json(card);
	GString *text;

	if (!known)
		return NULL;
	text = g_string_new(NULL);
	g_string_append_printf(text, "{\"driver\":\"%s\",\"id\":\"%s\"", type, card->id);
	g_string_append_printf(text, ",%s", place);
	for (guint i = 0; i < settings->len; i++) {
		g_autofree char *one =
			hotplug_setting(json_node_get_array(known), settings->pdata[i]);

		g_string_append_printf(text, ",%s", one);
	}
	g_string_append(text, "}");
	return g_string_free(text, FALSE);
}

static gboolean add_device(struct control *control, const struct card *card, GError **error)
{
	g_autofree char *arguments = NULL;
	g_autoptr(GError) local = NULL;

	if (card->server) {
		g_autofree char *path = qmp_quote(server_socket(card->server));
		g_autofree char *place = place_json(card);

		arguments = g_strdup_printf(
			"{\"driver\":\"vfio-user-pci\",\"id\":\"%s\",%s,"
			"\"socket\":{\"type\":\"unix\",\"path\":%s},\"x-msg-timeout\":%d}",
			card->id, place, path, MESSAGE_MS);
	} else {
		arguments = inner_arguments(control, card, error);
		if (!arguments)
			return FALSE;
	}
	if (qmp_do(control->qmp, "device_add", arguments, 2 * CONTROL_MS, &local))
		return TRUE;
	return failure_set(error,
			   local->code == FAILURE_GUEST ? FAILURE_SETUP : (enum failure)local->code,
			   "%s cannot be plugged in: %s", card->id, local->message);
}

/*
 * Until the guest has seen it, and a driver has taken it or none will. *ret_driver
 * is NULL then.
 */
static gboolean await_driver(struct control *control, const struct card *card, const char *address,
			     gint64 until, char **ret_driver, GError **error)
{
	gint64 none = 0;

	*ret_driver = NULL;
	for (;;) {
		g_autofree char *text = NULL;
		gint64 now = g_get_monotonic_time();

		if (now >= until)
			return failure_set(
				error, FAILURE_TIMEOUT,
				"%s is plugged in, but the guest has not got done with it "
				"at %s: does a driver's probe hang?",
				card->id, address);
		if (card->deleted)
			return failure_set(error, FAILURE_GUEST,
					   "the guest has switched the slot of %s off again: its "
					   "kernel's messages may tell why",
					   card->id);
		if (!control_ask(control, WIRE_LOOK, address, strlen(address), until, &text, error))
			return FALSE;
		if (g_str_has_prefix(text, "driver ")) {
			*ret_driver = g_strdup(text + strlen("driver "));
			return TRUE;
		}
		if (strcmp(text, "none") != 0)
			none = 0;
		else if (!none)
			none = now;
		else if (now - none >= NONE_MS * G_TIME_SPAN_MILLISECOND)
			return TRUE;
		if (!control_wait(control, LOOK_MS, error))
			return FALSE;
	}
}

static void add_text(JsonBuilder *out, const char *name, const char *value)
{
	json_builder_set_member_name(out, name);
	if (value)
		json_builder_add_string_value(out, value);
	else
		json_builder_add_null_value(out);
}

/*
 * What project_build leaves to know of a project that ersatz ctl has built. It is
 * not built here: that takes as long as it takes, and handles the process's signals.
 */
static gboolean take_built(const struct control *control, struct project *project, GError **error)
{
	const char *release = control->plan.machine->kernel->release;
	g_autofree char *driver = g_build_filename(project->dir, "linux", NULL);
	g_autofree char *modules = g_build_filename(project->build, "linux", release, NULL);
	g_autofree char *order = g_build_filename(modules, "modules.order", NULL);
	g_autofree char *checked = project_model(project, PROJECT_SANITIZE);
	struct ez_error why = { "" };
	const struct ez_model *model = ez_model_open(project->model, &why);
	gboolean fresh;

	if (!model)
		return failure_set(error, FAILURE_SETUP,
				   "%s is not built (%s); ersatz ctl does it before it asks",
				   project->name, why.text);
	project->express = model->spec->id.express;
	fresh = strcmp(model->spec->hash, project->hash) == 0;
	ez_model_close(model);
	if (!fresh)
		return failure_set(error, FAILURE_SETUP,
				   "%s has changed since the model was built: ask once more",
				   project->spec);
	if (control->plan.machine->options->sanitize && access(checked, R_OK))
		return failure_errno(error, errno, "%s: its model with sanitizers, %s",
				     project->name, checked);
	if (!g_file_test(driver, G_FILE_TEST_IS_DIR))
		return TRUE;
	if (access(order, R_OK))
		return failure_errno(error, errno, "%s: its driver, built for Linux %s, %s",
				     project->name, release, order);
	g_free(project->modules);
	project->modules = g_steal_pointer(&modules);
	return TRUE;
}

/* The one device of a request. */
static GPtrArray *open_device(const struct control *control, JsonObject *request, GError **error)
{
	const char *dir, *properties;
	g_autoptr(GPtrArray) devices = NULL;
	g_autofree char *argument = NULL;
	struct project_device *device;

	if (!session_text(request, "project", &dir, error) ||
	    !session_text(request, "properties", &properties, error))
		return NULL;
	if (!dir || !g_path_is_absolute(dir)) {
		failure_set(error, FAILURE_SETUP, "plug: which PROJECT?");
		return NULL;
	}
	argument = g_strconcat(dir, properties && *properties ? "," : "",
			       properties ? properties : "", NULL);
	devices = project_devices((char *[]){ argument, NULL }, error);
	if (!devices)
		return NULL;
	device = devices->pdata[0];
	if (!check_known(control, device->project, error) ||
	    !take_built(control, device->project, error) || !project_check(device, error))
		return NULL;
	return g_steal_pointer(&devices);
}

gboolean hotplug_plug(struct control *control, const struct order *order, GError **error)
{
	GPtrArray *devices = open_device(control, order->request, error);
	g_autofree char *address = NULL;
	g_autofree char *driver = NULL;
	struct project_device *device;
	struct card *card;

	if (!devices)
		return FALSE;
	device = devices->pdata[0];
	g_free(device->id);
	device->id = free_id(control, device->project->name);
	card = g_new0(struct card, 1);
	card->id = g_strdup(device->id);
	card->device = device;
	card->own = devices;
	card->can_go = can_go(control, device->project);
	if (!find_place(control, card, error) ||
	    !bring_in(control, device->project, order->until, error)) {
		card_free(card);
		return FALSE;
	}
	if (!in_guest(control, device->project->dir)) {
		g_ptr_array_add(control->projects, device->project);
		g_ptr_array_add(control->brought, g_ptr_array_ref(devices));
	}
	if ((control->plan.servers && !start_server(control, card, error)) ||
	    !add_device(control, card, error)) {
		if (card->server)
			control_on_main(control, end_server, card->server);
		card_free(card);
		return FALSE;
	}
	g_ptr_array_add(control->cards, card);
	address = hotplug_address(control, card, error);
	if (!address || !await_driver(control, card, address, order->until, &driver, error))
		return FALSE;
	add_text(order->out, "name", card->id);
	add_text(order->out, "address", address);
	add_text(order->out, "driver", driver);
	return TRUE;
}

/* ---- unplug ---- */

gboolean hotplug_await_deleted(struct control *control, const struct card *card, gint64 until,
			       GError **error)
{
	while (!card->deleted) {
		gint64 left = (until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

		if (left <= 0)
			return failure_set(
				error, FAILURE_TIMEOUT,
				"the guest does not let go of %s: its driver's remove() has not "
				"returned, or nobody there listens. It is unplugged as soon as the "
				"guest lets it; ersatz ctl %s yank %s does not ask",
				card->id, control->name, card->id);
		if (!control_wait(control, (guint)MIN(left, LOOK_MS), error))
			return FALSE;
	}
	return TRUE;
}

/* Where there is no hot-plug, QEMU would say so less well. */
static gboolean check_place(const struct control *control, const struct card *card, GError **error)
{
	if (card->bus || !control->plan.machine->machine->express)
		return TRUE;
	return failure_set(
		error, FAILURE_SETUP,
		"%s cannot be unplugged: it has been on %s's root bus from the start, which "
		"has no hot-plug. Have it plugged later, ersatz run --spare %s and "
		"ersatz ctl SESSION plug %s, or take --machine pc",
		card->id, control->plan.machine->machine->name, card->device->project->name,
		card->device->project->name);
}

/* The polite request: an attention button, or ACPI's. */
gboolean hotplug_ask_to_go(struct control *control, const struct card *card, GError **error)
{
	g_autofree char *arguments = g_strdup_printf("{\"id\":\"%s\"}", card->id);
	g_autoptr(GError) local = NULL;

	if (qmp_do(control->qmp, "device_del", arguments, CONTROL_MS, &local) || card->deleted)
		return TRUE;
	/* Asked before, and the guest still is at it. */
	if (strstr(local->message, "in the process of unplug") ||
	    strstr(local->message, "blinking"))
		return TRUE;
	return failure_set(error, (enum failure)local->code, "%s: %s", card->id, local->message);
}

struct switching {
	struct guest *guest;
	char *argument;
	gsize size;
};

static void ask_power_off(gpointer data)
{
	const struct switching *s = data;

	guest_ask(s->guest, WIRE_WRITE, s->argument, s->size);
}

/*
 * A button may be pressed again within five seconds to take it back, and the
 * guest waits them out. Its own switch for the slot does the same at once.
 */
static void hurry(struct control *control, const struct card *card)
{
	g_autofree char *path = g_strdup_printf("/sys/bus/pci/slots/%u/power", card->slot);
	struct switching s = { .guest = control->plan.guest, .size = strlen(path) + 2 };

	s.argument = g_malloc0(s.size);
	memcpy(s.argument, path, strlen(path));
	s.argument[strlen(path) + 1] = '0';
	control_on_main(control, ask_power_off, &s);
	g_free(s.argument);
}

gboolean hotplug_unplug(struct control *control, const struct order *order, GError **error)
{
	const char *name;
	struct card *card;

	if (!session_text(order->request, "name", &name, error))
		return FALSE;
	card = hotplug_find(control, name, error);
	if (!card || !check_place(control, card, error))
		return FALSE;
	if (!card->can_go)
		return failure_set(
			error, FAILURE_SETUP,
			"%s has MSI-X, and QEMU's vfio-user client does not survive that "
			"such a device is unplugged (an assertion of its own fails): take "
			"--backend qemu for this",
			card->id);
	if (!hotplug_ask_to_go(control, card, error))
		return FALSE;
	if (card->bus)
		hurry(control, card);
	if (!hotplug_await_deleted(control, card, order->until, error))
		return FALSE;
	hotplug_sweep(control);
	return TRUE;
}
