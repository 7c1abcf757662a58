/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of a spec: SHA-256 over a plain listing of everything in it, with
 * defaults filled in and parts in their sorted order. So layout, comments, the
 * order of keys, and whether a default was written out do not count; whatever
 * changes a generated file does.
 *
 * The listing is "name value\n"; strings carry their length, so that no text
 * can be taken for the next line.
 */
#include "spec/emit/emit.h"

#include <string.h>

static void number(GString *out, const char *name, uint64_t value)
{
	g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void text(GString *out, const char *name, const char *value)
{
	if (value)
		g_string_append_printf(out, "%s %zu:%s\n", name, strlen(value), value);
	else
		g_string_append_printf(out, "%s -\n", name);
}

static void bytes(GString *out, const char *name, const uint8_t *value, unsigned int n)
{
	g_string_append_printf(out, "%s", name);
	for (unsigned int i = 0; value && i < n; i++)
		g_string_append_printf(out, " %02x", value[i]);
	g_string_append_c(out, '\n');
}

static void list_access(GString *out, const struct spec_access *access)
{
	g_string_append_printf(out, "access %d %d %d %d %d %d %u\n", access->r, access->w,
			       access->hw, access->onwrite, access->onread, access->swmod,
			       access->resets);
	/* Only where they are there: what older specs say keeps its hash. */
	if (access->once)
		number(out, "once", 1);
	if (access->donttest)
		number(out, "donttest", 1);
	if (access->dontcompare)
		number(out, "dontcompare", 1);
	if (access->precedence_hw)
		number(out, "precedence_hw", 1);
	if (access->swwe.text)
		text(out, "swwe", access->swwe.text);
	if (access->swwel.text)
		text(out, "swwel", access->swwel.text);
}

static void number_if(GString *out, const char *name, uint64_t value)
{
	if (value)
		number(out, name, value);
}

static void list_field_rules(GString *out, const struct spec_field *field)
{
	number_if(out, "reserved", field->reserved);
	number_if(out, "unimplemented", field->unimplemented);
	number_if(out, "singlepulse", field->singlepulse);
	number_if(out, "counter", field->counter);
	number_if(out, "incrsaturate", field->incrsaturate);
	number_if(out, "decrsaturate", field->decrsaturate);
	number_if(out, "limit", field->limit);
	number_if(out, "min", field->min);
	number_if(out, "max", field->max);
}

static void list_register_rules(GString *out, const struct spec_reg *reg)
{
	if (reg->reserved > SPEC_RESERVED_ZERO)
		number(out, "reserved", reg->reserved);
	if (reg->matrix) {
		number(out, "rows", reg->rows);
		number(out, "row_stride", reg->row_stride);
	}
	number_if(out, "regfile", reg->regfile);
	number_if(out, "fifo", reg->fifo);
	if (reg->alternate)
		text(out, "alternate", reg->alternate);
	if (reg->when.ref.text) {
		text(out, "when", reg->when.ref.text);
		number(out, "is", reg->when.value);
	}
}

static void list_regfiles(GString *out, const struct spec_device *dev)
{
	for (unsigned int i = 0; i < dev->n_regfiles; i++) {
		const struct spec_regfile *file = &dev->regfiles[i];

		text(out, "regfile", file->name);
		text(out, "desc", file->desc);
		text(out, "block", file->block);
		number(out, "bar", file->bar);
		number(out, "parent", file->parent);
		number(out, "offset", file->offset);
		number(out, "array", file->array);
		number(out, "count", file->count);
		number(out, "stride", file->stride);
	}
}

static void list_register(GString *out, const struct spec_reg *reg)
{
	text(out, "register", reg->name);
	text(out, "desc", reg->desc);
	number(out, "bar", reg->bar);
	number(out, "offset", reg->offset);
	number(out, "width", reg->width);
	number(out, "access_width", reg->access_width);
	number(out, "reset", reg->reset);
	number(out, "reserved_zero", reg->reserved_zero);
	number(out, "unimplemented", reg->unimplemented);
	number(out, "array", reg->array);
	number(out, "count", reg->count);
	number(out, "stride", reg->stride);
	list_register_rules(out, reg);
	number(out, "fields", reg->n_fields);
	if (!reg->n_fields)
		list_access(out, &reg->access);
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		text(out, "field", field->name);
		text(out, "desc", field->desc);
		number(out, "lsb", field->lsb);
		number(out, "width", field->width);
		list_access(out, &field->access);
		list_field_rules(out, field);
		number(out, "values", field->n_values);
		for (unsigned int k = 0; k < field->n_values; k++) {
			text(out, "value", field->values[k].name);
			number(out, "is", field->values[k].value);
		}
	}
}

static void list_pci(GString *out, const struct spec_device *dev)
{
	number(out, "vendor", dev->id.vendor);
	number(out, "device", dev->id.device);
	number(out, "subsystem_vendor", dev->id.subsystem_vendor);
	number(out, "subsystem", dev->id.subsystem);
	number(out, "class", dev->id.class_code);
	number(out, "revision", dev->id.revision);
	number(out, "pin", dev->id.pin);
	number(out, "express", dev->id.express);
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];

		text(out, "bar", bar->name);
		text(out, "desc", bar->desc);
		number(out, "number", bar->number);
		number(out, "kind", bar->kind);
		number(out, "prefetchable", bar->prefetchable);
		number(out, "split", bar->split);
		number(out, "size", bar->size);
		number(out, "illegal", bar->illegal);
		number(out, "unmapped", bar->unmapped);
	}
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		number(out, "cap", cap->id);
		number(out, "offset", cap->offset);
		number(out, "length", cap->length);
		number(out, "vectors", cap->vectors);
		number(out, "address64", cap->address64);
		number(out, "maskable", cap->maskable);
		number(out, "no_soft_reset", cap->no_soft_reset);
		bytes(out, "body", cap->body, cap->length - 2);
		bytes(out, "wmask", cap->wmask, cap->length - 2);
		number_if(out, "d1", cap->d1);
		number_if(out, "d2", cap->d2);
		number_if(out, "flr", cap->flr);
		number_if(out, "max_payload", cap->max_payload);
		number_if(out, "link_speed", cap->link_speed);
		number_if(out, "link_width", cap->link_width);
		if (cap->id != 0x11)
			continue;
		number(out, "table_bar", cap->table.bar);
		number(out, "table_offset", cap->table.offset);
		number(out, "pba_bar", cap->pba.bar);
		number(out, "pba_offset", cap->pba.offset);
	}
	for (unsigned int i = 0; i < dev->n_ext_caps; i++) {
		const struct spec_ext_cap *cap = &dev->ext_caps[i];

		number(out, "ext_cap", cap->id);
		number(out, "version", cap->version);
		number(out, "offset", cap->offset);
		number(out, "length", cap->length);
		number(out, "number", cap->number);
		bytes(out, "body", cap->body, cap->length - 4);
		bytes(out, "wmask", cap->wmask, cap->length - 4);
	}
	for (unsigned int i = 0; i < dev->n_windows; i++) {
		const struct spec_window *window = &dev->windows[i];

		text(out, "window", window->name);
		text(out, "desc", window->desc);
		number(out, "bar", window->bar);
		number(out, "offset", window->offset);
		number(out, "size", window->size);
		number(out, "resets", window->resets);
	}
}

static void list_var(GString *out, const struct spec_var *var)
{
	text(out, "var", var->name);
	text(out, "desc", var->desc);
	number(out, "type", var->type);
	number(out, "array", var->array);
	number(out, "count", var->count);
	number(out, "reset", var->reset);
	number(out, "resets", var->resets);
}

static void list_model(GString *out, const struct spec_device *dev)
{
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		const struct spec_irq *irq = &dev->irqs[i];

		text(out, "irq", irq->name);
		text(out, "desc", irq->desc);
		number(out, "vector", irq->vector);
		text(out, "status", irq->status.text);
		text(out, "enable", irq->enable.text);
		if (irq->test.text)
			text(out, "test", irq->test.text);
		if (irq->level)
			number(out, "level", irq->sticky);
	}
	for (unsigned int i = 0; i < dev->n_props; i++) {
		const struct spec_prop *prop = &dev->props[i];

		text(out, "prop", prop->name);
		text(out, "desc", prop->desc);
		number(out, "type", prop->type);
		text(out, "initial", prop->initial);
		number(out, "min", prop->min);
		number(out, "max", prop->max);
		for (unsigned int k = 0; k < prop->n_values; k++)
			text(out, "value", prop->values[k].name);
	}
	for (unsigned int i = 0; i < dev->n_state; i++)
		list_var(out, &dev->state[i]);
	for (unsigned int i = 0; i < dev->n_timers; i++) {
		text(out, "timer", dev->timers[i].name);
		text(out, "desc", dev->timers[i].desc);
	}
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		text(out, "job", dev->jobs[i].name);
		text(out, "desc", dev->jobs[i].desc);
		for (unsigned int k = 0; k < dev->jobs[i].n_data; k++)
			list_var(out, &dev->jobs[i].data[k]);
	}
	number(out, "hooks", dev->hooks);
	for (unsigned int i = 0; dev->requires[i]; i++)
		text(out, "requires", dev->requires[i]);
}

void spec_hash(struct spec_device *dev)
{
	GString *out = g_string_new("ersatz spec 1\n");
	char *hash;

	text(out, "name", dev->name);
	text(out, "desc", dev->desc);
	if (dev->type && dev->name && strcmp(dev->type, dev->name))
		text(out, "type", dev->type);
	for (unsigned int i = 0; dev->aliases[i]; i++)
		text(out, "alias", dev->aliases[i]);
	number_if(out, "irq_policy", dev->irq_policy);
	list_pci(out, dev);
	list_regfiles(out, dev);
	for (unsigned int i = 0; i < dev->n_regs; i++)
		list_register(out, &dev->regs[i]);
	list_model(out, dev);
	hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, out->str, out->len);
	dev->hash = spec_arena_strndup(dev->arena, hash, strlen(hash));
	g_free(hash);
	g_string_free(out, TRUE);
}
