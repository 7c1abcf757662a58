/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card that is pulled without a word: its model answers all-ones at once, and
 * then its slot says that nobody is in it.
 */
#include "lab/control_private.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS 0xcf8 /* PCI 3.0, 3.2.2.3.2: configuration mechanism #1 */
#define DATA 0xcfc

#define LOOK_MS 50

/* ---- a port's config space, as a processor reaches it ---- */

struct place {
	guint bus, slot, function;
};

/* The monitor's letters for widths. A number in their place would be a count, and the width 4. */
static char letter(guint width)
{
	return width == 1 ? 'b' : width == 2 ? 'h' : 'w';
}

static gboolean in(struct control *control, guint port, guint width, guint32 *ret_value,
		   GError **error)
{
	g_autofree char *line = g_strdup_printf("i /%cx 0x%x", letter(width), port);
	g_autofree char *text = qmp_human(control->qmp, line, CONTROL_MS, error);
	const char *value = text ? strstr(text, "= 0x") : NULL;

	if (!text)
		return FALSE;
	if (!value || sscanf(value, "= 0x%x", ret_value) != 1)
		return failure_set(error, FAILURE_SETUP, "QEMU's monitor says \"%s\" to \"%s\"",
				   text, line);
	return TRUE;
}

static gboolean out(struct control *control, guint port, guint width, guint32 value, GError **error)
{
	g_autofree char *line = g_strdup_printf("o /%cx 0x%x 0x%x", letter(width), port, value);
	g_autofree char *text = qmp_human(control->qmp, line, CONTROL_MS, error);

	return text != NULL;
}

static gboolean aim(struct control *control, const struct place *place, guint offset,
		    GError **error)
{
	return out(control, ADDRESS, 4,
		   0x80000000u | place->bus << 16 | place->slot << 11 | place->function << 8 |
			   (offset & 0xfc),
		   error);
}

static gboolean config_read(struct control *control, const struct place *place, guint offset,
			    guint width, guint32 *ret_value, GError **error)
{
	return aim(control, place, offset, error) &&
	       in(control, DATA + (offset & 3), width, ret_value, error);
}

static gboolean config_write(struct control *control, const struct place *place, guint offset,
			     guint width, guint32 value, GError **error)
{
	return aim(control, place, offset, error) &&
	       out(control, DATA + (offset & 3), width, value, error);
}

static gboolean find_express(struct control *control, const struct place *place,
			     guint32 *ret_offset, GError **error)
{
	guint32 offset = 0, head = 0;

	if (!config_read(control, place, PCI_CAPABILITY_LIST, 1, &offset, error))
		return FALSE;
	for (guint i = 0; offset >= 0x40 && i < 48; i++) {
		if (!config_read(control, place, offset & 0xfc, 2, &head, error))
			return FALSE;
		if ((head & 0xff) == PCI_CAP_ID_EXP) {
			*ret_offset = offset & 0xfc;
			return TRUE;
		}
		offset = head >> 8;
	}
	return failure_set(error, FAILURE_SETUP, "the card's port has no PCI Express capability");
}

/*
 * QEMU takes a card out of a slot whose power is off, and has the slot say so:
 * presence gone, an event. Switched off, and on again, behind the guest's back:
 * for it the card is gone, and it was nobody's wish.
 */
static gboolean empty_slot(struct control *control, const struct place *port, GError **error)
{
	guint32 express = 0, was = 0;

	return find_express(control, port, &express, error) &&
	       config_read(control, port, express + PCI_EXP_SLTCTL, 2, &was, error) &&
	       config_write(control, port, express + PCI_EXP_SLTCTL, 2,
			    was | PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF, error) &&
	       config_write(control, port, express + PCI_EXP_SLTCTL, 2, was, error);
}

/* With the guest halted: it may have been between the two writes of an access of its own. */
static gboolean at_port(struct control *control, const struct card *card,
			gboolean (*run)(struct control *control, const struct place *port,
					GError **error),
			GError **error)
{
	struct place port;
	guint32 address = 0;
	gboolean ok;

	if (!hotplug_locate(control, card->bus, &port.bus, &port.slot, &port.function, error) ||
	    !control_halt(control, TRUE, error))
		return FALSE;
	ok = in(control, ADDRESS, 4, &address, error) && run(control, &port, error) &&
	     out(control, ADDRESS, 4, address, error);
	return control_halt(control, FALSE, ok ? error : NULL) && ok;
}

gboolean yank_empty_slot(struct control *control, const struct card *card, GError **error)
{
	return at_port(control, card, empty_slot, error);
}

/* An error, if it is not. */
static gboolean check_off(struct control *control, const struct place *port, GError **error)
{
	const guint32 off = PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF;
	guint32 express = 0, now = 0;

	return find_express(control, port, &express, error) &&
	       config_read(control, port, express + PCI_EXP_SLTCTL, 2, &now, error) &&
	       ((now & off) == off || failure_set(error, FAILURE_GUEST, "the slot's power is on"));
}

/*
 * Until the guest has switched the slot off, as it does with one that is empty: power
 * first, and its light a second later. A card that came before would be switched off too.
 */
static gboolean await_off(struct control *control, const struct card *card, gint64 until,
			  GError **error)
{
	for (;;) {
		g_autoptr(GError) local = NULL;

		if (at_port(control, card, check_off, &local))
			return TRUE;
		if (local->code != FAILURE_GUEST)
			return failure_set(error, (enum failure)local->code, "%s", local->message);
		if (g_get_monotonic_time() >= until)
			return failure_set(
				error, FAILURE_TIMEOUT,
				"%s is pulled, but the guest has not switched its slot off",
				card->id);
		if (!control_wait(control, 4 * LOOK_MS, error))
			return FALSE;
	}
}

/* ---- the card ---- */

static gboolean silence(struct control *control, struct card *card, GError **error)
{
	g_autofree char *arguments = NULL;

	if (card->gone)
		return TRUE;
	arguments = g_strdup_printf(
		"{\"path\":\"/machine/peripheral/%s\",\"property\":\"x-gone\",\"value\":true}",
		card->id);
	if (card->server ? !server_order(card->server, 'y', CONTROL_MS, error)
			 : !qmp_do(control->qmp, "qom-set", arguments, CONTROL_MS, error))
		return FALSE;
	card->gone = TRUE;
	return TRUE;
}

/* Until the guest has no such device any more. */
static gboolean await_absent(struct control *control, const struct card *card, const char *address,
			     gint64 until, GError **error)
{
	g_autofree char *text = NULL;

	while (g_strcmp0(text, "absent") != 0) {
		g_clear_pointer(&text, g_free);
		if (g_get_monotonic_time() >= until)
			return failure_set(error, FAILURE_TIMEOUT,
					   "%s is pulled, but the guest still has it at %s: its "
					   "driver's remove() has not returned",
					   card->id, address);
		if (!control_ask(control, WIRE_LOOK, address, strlen(address), until, &text,
				 error) ||
		    !control_wait(control, LOOK_MS, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean say_note(const struct order *order, const char *note)
{
	json_builder_set_member_name(order->out, "note");
	json_builder_add_string_value(order->out, note);
	return TRUE;
}

gboolean yank_yank(struct control *control, const struct order *order, GError **error)
{
	g_autofree char *address = NULL;
	const char *name;
	struct card *card;

	if (!session_text(order->request, "name", &name, error))
		return FALSE;
	card = hotplug_find(control, name, error);
	address = card ? hotplug_address(control, card, error) : NULL;
	if (!address || !silence(control, card, error))
		return FALSE;
	if (!card->bus && control->plan.machine->machine->express)
		return say_note(order, "its place on the root bus has no hot-plug, and cannot say "
				       "that it is gone");
	if (!card->can_go)
		return say_note(order,
				"it has MSI-X, and QEMU's vfio-user client would not survive "
				"its slot saying so: take --backend qemu for this");
	/*
	 * In QEMU our own device has its port say it, and stays until the guest is
	 * done with it. A conventional slot has nothing to say but ACPI's request.
	 */
	if (card->bus && card->server && !yank_empty_slot(control, card, error))
		return FALSE;
	if (!card->bus && !hotplug_ask_to_go(control, card, error))
		return FALSE;
	if (!await_absent(control, card, address, order->until, error))
		return FALSE;
	if (card->bus && !await_off(control, card, order->until, error))
		return FALSE;
	if (card->bus && !card->server && !hotplug_ask_to_go(control, card, error))
		return FALSE;
	if (!hotplug_await_deleted(control, card, order->until, error))
		return FALSE;
	hotplug_sweep(control);
	return TRUE;
}
