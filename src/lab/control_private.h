/* SPDX-License-Identifier: BSD-2-Clause */
/* What control.c and hotplug.c share; all of it in the control thread, but for what says otherwise. */
#ifndef ERSATZ_LAB_CONTROL_PRIVATE_H
#define ERSATZ_LAB_CONTROL_PRIVATE_H

#include "lab/control.h"
#include "lab/qmp.h"

#define CONTROL_MS 5000 /* that QEMU, or a server, has for what takes it no time */

/* A device in the machine. */
struct card {
	char *id;
	const struct project_device *device;
	GPtrArray *
		own; /* of struct project_device: the list that it is the only one of; NULL: the run's */
	char *bus; /* QEMU's name of its port; NULL: the root bus */
	guint slot; /* the port's number, as the guest knows it */
	struct server *server; /* NULL: in QEMU */
	gboolean can_go; /* QEMU survives that it is unplugged */
	gboolean gone; /* yanked */
	gboolean deleted; /* QEMU has it no more */
};

struct control {
	struct control_plan plan;
	char *name;
	char *socket; /* its path */
	int listen, stop; /* stop: an eventfd */
	GThread *thread;
	gint done; /* atomic: the thread has ended */
	gint ending; /* atomic: it is to end */
	struct qmp *qmp;
	GPtrArray *cards;
	GPtrArray *projects; /* of struct project: those that the guest has drivers of */
	GPtrArray *brought; /* of GPtrArray: devices whose projects are among them */
	int client; /* who asked for what is being done; -1: nobody */
	gboolean steadfast; /* it is done to its end even if he leaves */
	gboolean paused;
	guint resets; /* RESET events of QEMU so far */
};

/* Runs it in the main thread, and waits for that. FALSE: the run ends. */
gboolean control_on_main(struct control *control, void (*run)(gpointer data), gpointer data);
/* Has it been told to end? Waits are given up then. */
gboolean control_ending(const struct control *control);
/* Has whoever asked for what is being done left? */
gboolean control_alone(const struct control *control);
/*
 * Serves QEMU's events for `ms`. FALSE with an error: no use in waiting on, and
 * that is so too when nobody waits for the answer.
 */
gboolean control_wait(struct control *control, guint ms, GError **error);
/* Stops the guest, or lets it go on: its processors, and nothing else. */
gboolean control_halt(struct control *control, gboolean halt, GError **error);
gboolean control_ask(struct control *control, enum wire_question what, const void *argument,
		     gsize size, gint64 until, char **ret_text, GError **error);

/* What is asked for; `until` is a monotonic time, `out` an object that is being built. */
struct order {
	JsonObject *request;
	gint64 until;
	JsonBuilder *out;
};

/* Cards that the run has had from its start. */
void hotplug_start(struct control *control);
void hotplug_stop(struct control *control);
/* QEMU's event DEVICE_DELETED. */
void hotplug_deleted(struct control *control, const char *id);
/* Forgets cards that are gone. */
void hotplug_sweep(struct control *control);
/* The card of this name; NULL with an error. */
struct card *hotplug_find(struct control *control, const char *id, GError **error);
/* Its address in the guest, "0000:01:00.0"; NULL with an error. */
char *hotplug_address(struct control *control, const struct card *card, GError **error);
gboolean hotplug_plug(struct control *control, const struct order *order, GError **error);
gboolean hotplug_unplug(struct control *control, const struct order *order, GError **error);
/* After a reset: what was brought into the guest since it was booted first. */
gboolean hotplug_again(struct control *control, gint64 until, GError **error);
/* A setting as a member of device_add's arguments, by what QEMU says its type is. */
char *hotplug_setting(JsonArray *known, const char *setting);
/* What unplugging is made of: the polite request; the wait. */
gboolean hotplug_ask_to_go(struct control *control, const struct card *card, GError **error);
gboolean hotplug_await_deleted(struct control *control, const struct card *card, gint64 until,
			       GError **error);
/* Where QEMU has the PCI device that it calls `id`; bus numbers are as the guest has set them. */
gboolean hotplug_locate(struct control *control, const char *id, guint *bus, guint *slot,
			guint *function, GError **error);

/* ---- yank.c ---- */

gboolean yank_yank(struct control *control, const struct order *order, GError **error);

/* Has the port of a card say that its slot is empty. */
gboolean yank_empty_slot(struct control *control, const struct card *card, GError **error);

/* ---- look.c ---- */

gboolean look_info(struct control *control, const struct order *order, GError **error);
/* Seconds that a reset of the machine may take beyond its request's own; 0: no limit. */
int look_reset_limit(const struct lab_options *options);
gboolean look_reset(struct control *control, const struct order *order, GError **error);

#endif
