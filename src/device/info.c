/* SPDX-License-Identifier: BSD-2-Clause */
/* A device described for people and tools: JSON, from the tables and the state alone. */
#include "device/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Shown of an array at most. A memory is nothing to read here, and text is 30 times as long. */
#define ELEMENTS 256

struct text {
	char *buf;
	size_t size;
	size_t at; /* goes on past size, to say how much it would take */
	bool first; /* no comma before what comes next */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	size_t room = t->at < t->size ? t->size - t->at : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(room ? t->buf + t->at : NULL, room, format, args);
	va_end(args);
	t->at += n > 0 ? (size_t)n : 0;
}

static void next(struct text *t)
{
	if (!t->first)
		put(t, ",");
	t->first = false;
}

/* Names are C identifiers, and need no escapes; an id may be anything. */
static void quote(struct text *t, const char *string)
{
	const unsigned char *at;

	put(t, "\"");
	for (at = (const unsigned char *)string; *at; at++)
		if (*at < ' ' || *at == '"' || *at == '\\' || *at == 0x7f)
			put(t, "\\u%04x", *at);
		else
			put(t, "%c", *at);
	put(t, "\"");
}

static void put_name(struct text *t, const char *name, uint32_t count, uint32_t index)
{
	if (count > 1)
		put(t, "\"name\":\"%s[%u]\"", name, index);
	else
		put(t, "\"name\":\"%s\"", name);
}

static void put_field(struct text *t, const struct ez_field *field, uint64_t reg)
{
	uint64_t mask = field->width < 64 ? (UINT64_C(1) << field->width) - 1 : UINT64_MAX;
	uint64_t value = reg >> field->lsb & mask;
	uint32_t i;

	next(t);
	put(t, "{\"name\":\"%s\",\"lsb\":%u,\"width\":%u,\"value\":\"0x%llx\"", field->name,
	    field->lsb, field->width, (unsigned long long)value);
	for (i = 0; i < field->n_values; i++) {
		if (field->values[i].value == value) {
			put(t, ",\"means\":\"%s\"", field->values[i].name);
			break;
		}
	}
	put(t, "}");
}

/* Of an array only what is not as after a reset is of interest. */
static bool is_dull(uint32_t count, uint64_t value, uint64_t reset)
{
	return count > 1 && value == reset;
}

static void put_register(struct text *t, const struct ez_function *f, const struct ez_reg *reg,
			 uint32_t index, uint32_t *shown)
{
	uint64_t value = regs_peek(reg, index, f->state);
	uint32_t i;

	if (is_dull(reg->count, value, reg->reset) || (*shown)++ >= ELEMENTS)
		return;
	next(t);
	put(t, "{");
	put_name(t, reg->name, reg->count, index);
	put(t, ",\"bar\":%u,\"offset\":\"0x%llx\",\"width\":%u,\"value\":\"0x%llx\",\"fields\":[",
	    reg->bar, (unsigned long long)ez_reg_offset(reg, index), reg->width,
	    (unsigned long long)value);
	t->first = true;
	for (i = 0; i < reg->n_fields; i++)
		if (!(reg->fields[i].flags & EZ_FIELD_RESERVED))
			put_field(t, &reg->fields[i], value);
	t->first = false;
	put(t, "]}");
}

/* Of the state that is declared beside the registers; signed values as numbers that are. */
static void put_state(struct text *t, const struct ez_function *f, const struct ez_row *row,
		      uint32_t index, uint32_t *shown)
{
	uint64_t value = regs_row_get(row, index, f->state);
	unsigned int shift = 64 - 8 * regs_type_size(row->type);

	if (is_dull(row->count, value, row->reset) || (*shown)++ >= ELEMENTS)
		return;
	next(t);
	put(t, "{");
	put_name(t, row->name, row->count, index);
	if (row->type >= EZ_I8 && row->type <= EZ_I64)
		put(t, ",\"value\":\"%lld\"}", (long long)(value << shift) >> shift);
	else
		put(t, ",\"value\":\"0x%llx\"}", (unsigned long long)value);
}

/* Arrays of which more would have been to be shown. */
static void put_left_out(struct text *t, const struct ez_function *f)
{
	const struct ez_spec *spec = f->spec;
	uint32_t i, index, n;

	put(t, "],\"left_out\":[");
	t->first = true;
	for (i = 0; i < spec->n_rows; i++) {
		const struct ez_row *row = &spec->rows[i];

		for (n = 0, index = 0; row->kind != EZ_ROW_JOB && index < row->count; index++)
			n += !is_dull(row->count, regs_row_get(row, index, f->state), row->reset);
		if (n <= ELEMENTS)
			continue;
		next(t);
		put(t, "{\"name\":\"%s\",\"elements\":%u}", row->name, n - ELEMENTS);
	}
}

static void put_all(struct text *t, struct ez_function *f)
{
	const struct ez_spec *spec = f->spec;
	uint32_t i, index, shown;

	put(t, "\"registers\":[");
	t->first = true;
	for (i = 0; i < spec->n_regs; i++)
		for (shown = 0, index = 0; index < spec->regs[i].count; index++)
			put_register(t, f, &spec->regs[i], index, &shown);
	put(t, "],\"state\":[");
	t->first = true;
	for (i = 0; i < spec->n_rows; i++)
		for (shown = 0, index = 0;
		     spec->rows[i].kind == EZ_ROW_STATE && index < spec->rows[i].count; index++)
			put_state(t, f, &spec->rows[i], index, &shown);
	put_left_out(t, f);
	put(t, "],\"interrupts\":[");
	t->first = true;
	for (i = 0; i < spec->n_irqs; i++) {
		const struct ez_irq *irq = &spec->irqs[i];
		bool enabled =
			irq->enable == EZ_NONE ||
			(regs_peek(&spec->regs[irq->enable], 0, f->state) & irq->enable_mask);

		next(t);
		put(t, "{\"name\":\"%s\",\"pending\":%s,\"enabled\":%s}", irq->name,
		    irq_source_pending(f, i) ? "true" : "false", enabled ? "true" : "false");
	}
	put(t, "]");
}

size_t ez_device_info(struct ez_device *dev, char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = buf ? size : 0 };
	struct ez_function *f = &dev->function;

	put(&t, "{\"id\":");
	quote(&t, dev->id);
	put(&t, ",\"model\":\"%s\",\"backend\":\"%s\",\"gone\":%s,\"intx\":%s,", dev->spec->name,
	    dev->backend->name, f->gone ? "true" : "false", f->intx ? "true" : "false");
	put_all(&t, f);
	put(&t, "}");
	return t.at;
}
