/* SPDX-License-Identifier: BSD-2-Clause */
/* NAME_spec.c: the compiled spec of <ersatz/tables.h>, and the way to the hooks. */
#include "spec/emit/emit.h"

#include <string.h>

/* ---- small pieces ---- */

/* "\t\t.member = TEXT,\n", or nothing for no text. */
static void member_string(GString *out, const char *member, const char *text)
{
	if (!text)
		return;
	g_string_append_printf(out, "\t\t.%s = ", member);
	emit_string(out, text);
	g_string_append(out, ",\n");
}

static void member_mask(GString *out, const char *member, uint64_t mask)
{
	if (!mask)
		return;
	g_string_append_printf(out, "\t\t.%s = ", member);
	emit_hex(out, mask, false);
	g_string_append(out, ",\n");
}

static void member_resets(GString *out, uint32_t mask)
{
	static const char *const kinds[EZ_RESET_KINDS] = {
		"EZ_RESET_POWER_ON",
		"EZ_RESET_BUS",
		"EZ_RESET_FUNCTION",
		"EZ_RESET_SOFTWARE",
	};
	const char *separator = "";

	g_string_append(out, "\t\t.resets = ");
	if (mask == EZ_RESET_ALL) {
		g_string_append(out, "EZ_RESET_ALL,\n");
		return;
	}
	for (unsigned int i = 0; i < EZ_RESET_KINDS; i++) {
		if (!(mask & 1u << i))
			continue;
		g_string_append_printf(out, "%s1u << %s", separator, kinds[i]);
		separator = " | ";
	}
	g_string_append(out, ",\n");
}

static const char *type_name(enum ez_type type)
{
	static const char *const names[] = {
		[EZ_BOOL] = "EZ_BOOL", [EZ_U8] = "EZ_U8",	  [EZ_U16] = "EZ_U16",
		[EZ_U32] = "EZ_U32",   [EZ_U64] = "EZ_U64",	  [EZ_I8] = "EZ_I8",
		[EZ_I16] = "EZ_I16",   [EZ_I32] = "EZ_I32",	  [EZ_I64] = "EZ_I64",
		[EZ_ENUM] = "EZ_ENUM", [EZ_STRING] = "EZ_STRING",
	};

	return names[type];
}

/* ---- the way to the hooks: a typed call for each untyped one ---- */

static void call_register(const struct spec_device *dev, const struct spec_reg *reg, GString *out)
{
	const char *index = reg->array ? ", index" : "";
	const char *unused = reg->array ? "" : "\t(void)index;\n";

	if (reg->onread)
		g_string_append_printf(
			out,
			"\nstatic uint64_t call_%s_onread(void *state, uint32_t index)\n"
			"{\n%s\treturn %s_hooks.%s_onread(state%s);\n}\n",
			reg->name, unused, dev->name, reg->name, index);
	if (!reg->onwrite && !reg->swmod)
		return;
	g_string_append_printf(out,
			       "\nstatic void call_%s_onwrite(void *state, uint32_t index, "
			       "uint64_t value)\n{\n",
			       reg->name);
	if (reg->swmod)
		g_string_append_printf(out, "\tstruct %s *s = state;\n\n", dev->name);
	g_string_append(out, unused);
	if (reg->onwrite)
		g_string_append_printf(out, "\t%s_hooks.%s_onwrite(state%s, value);\n", dev->name,
				       reg->name, index);
	else
		g_string_append(out, "\t(void)value;\n");
	/* What the register holds now, after store and effects. */
	if (reg->swmod)
		g_string_append_printf(out, "\t%s_hooks.%s_swmod(s%s, s->%s%s);\n", dev->name,
				       reg->name, index, reg->name, reg->array ? "[index]" : "");
	g_string_append(out, "}\n");
}

static void call_state(GString *out, const char *device, const char *name, const char *hook)
{
	g_string_append_printf(out,
			       "\nstatic void call_%s%s(void *state)\n"
			       "{\n\t%s_hooks.%s%s(state);\n}\n",
			       name, hook, device, name, hook);
}

static void emit_calls(const struct spec_device *dev, GString *out)
{
	for (unsigned int i = 0; i < dev->n_regs; i++)
		call_register(dev, &dev->regs[i], out);
	for (unsigned int i = 0; i < dev->n_timers; i++)
		call_state(out, dev->name, dev->timers[i].name, "_timer");
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		const char *job = dev->jobs[i].name;

		g_string_append_printf(out,
				       "\nstatic bool call_%s_run(struct ez_job *job, void *data)\n"
				       "{\n\treturn %s_hooks.%s_run(job, data);\n}\n",
				       job, dev->name, job);
		call_state(out, dev->name, job, "_done");
	}
	if (dev->hooks & SPEC_HOOK_CREATE)
		g_string_append_printf(out,
				       "\nstatic int call_create(void *state)\n"
				       "{\n\treturn %s_hooks.create(state);\n}\n",
				       dev->name);
	if (dev->hooks & SPEC_HOOK_DESTROY)
		call_state(out, dev->name, "", "destroy");
	if (dev->hooks & SPEC_HOOK_RESET)
		g_string_append_printf(out,
				       "\nstatic void call_reset(void *state, "
				       "enum ez_reset_kind kind)\n"
				       "{\n\t%s_hooks.reset(state, kind);\n}\n",
				       dev->name);
	if (dev->hooks & SPEC_HOOK_LOAD)
		g_string_append_printf(out,
				       "\nstatic int call_load(void *state)\n"
				       "{\n\treturn %s_hooks.load(state);\n}\n",
				       dev->name);
}

/* ---- registers ---- */

static void emit_field_table(const struct spec_reg *reg, GString *out)
{
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		if (!field->n_values)
			continue;
		g_string_append_printf(out, "\nstatic const struct ez_value values_%s_%s[] = {\n",
				       reg->name, field->name);
		for (unsigned int k = 0; k < field->n_values; k++) {
			g_string_append(out, "\t{");
			emit_string(out, field->values[k].name);
			g_string_append(out, ", ");
			emit_hex(out, field->values[k].value, false);
			g_string_append(out, "},\n");
		}
		g_string_append(out, "};\n");
	}
	if (!reg->n_fields)
		return;
	g_string_append_printf(out, "\nstatic const struct ez_field fields_%s[] = {\n", reg->name);
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		g_string_append(out, "\t{\n");
		member_string(out, "name", field->name);
		member_string(out, "desc", field->desc);
		g_string_append_printf(out, "\t\t.lsb = %u,\n\t\t.width = %u,\n", field->lsb,
				       field->width);
		emit_field_flags(field, out);
		member_resets(out, field->access.resets);
		if (field->n_values)
			g_string_append_printf(out,
					       "\t\t.values = values_%s_%s,\n"
					       "\t\t.n_values = %u,\n",
					       reg->name, field->name, field->n_values);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static bool has_effects(const struct spec_reg *reg)
{
	static const struct ez_effects none;

	return memcmp(&reg->effects, &none, sizeof(none));
}

static void emit_effects(const struct spec_reg *reg, GString *out)
{
	const struct ez_effects *e = &reg->effects;
	const struct {
		const char *name;
		uint64_t mask;
	} members[] = {
		{ "woclr", e->woclr }, { "woset", e->woset }, { "wot", e->wot },
		{ "wzc", e->wzc },     { "wzs", e->wzs },     { "wzt", e->wzt },
		{ "wclr", e->wclr },   { "wset", e->wset },   { "rclr", e->rclr },
		{ "rset", e->rset },
	};

	if (!has_effects(reg))
		return;
	g_string_append_printf(out, "\nstatic const struct ez_effects effects_%s = {\n", reg->name);
	for (unsigned int i = 0; i < G_N_ELEMENTS(members); i++) {
		if (!members[i].mask)
			continue;
		g_string_append_printf(out, "\t.%s = ", members[i].name);
		emit_hex(out, members[i].mask, false);
		g_string_append(out, ",\n");
	}
	g_string_append(out, "};\n");
}

/* May software write anything in it? */
static bool writable(const struct spec_reg *reg)
{
	const struct ez_effects *e = &reg->effects;

	return reg->store || reg->onwrite || e->woclr || e->woset || e->wot || e->wzc || e->wzs ||
	       e->wzt || e->wclr || e->wset;
}

static void member_flags(const struct spec_reg *reg, GString *out)
{
	const struct {
		bool on;
		const char *name;
	} flags[] = {
		{ reg->read, "EZ_REG_READ" },
		{ writable(reg), "EZ_REG_WRITE" },
		{ reg->onread || reg->effects.rclr || reg->effects.rset, "EZ_REG_READ_EFFECT" },
		{ reg->irq, "EZ_REG_IRQ" },
		{ reg->unimplemented, "EZ_REG_UNIMPLEMENTED" },
		{ reg->rules, "EZ_REG_RULES" },
		{ reg->shared, "EZ_REG_ALTERNATE" },
		{ reg->fifo, "EZ_REG_FIFO" },
	};
	const char *separator = "";

	g_string_append(out, "\t\t.flags = ");
	for (unsigned int i = 0; i < G_N_ELEMENTS(flags); i++) {
		if (!flags[i].on)
			continue;
		g_string_append_printf(out, "%s%s", separator, flags[i].name);
		separator = " | ";
	}
	g_string_append(out, *separator ? ",\n" : "0,\n");
}

static void emit_register(const struct spec_device *dev, const struct spec_reg *reg, GString *out)
{
	unsigned int access = 0;

	for (unsigned int width = reg->access_width; width <= reg->width; width *= 2)
		access |= width;
	g_string_append(out, "\t{\n");
	member_string(out, "name", reg->name);
	member_string(out, "desc", reg->desc);
	g_string_append_printf(out,
			       "\t\t.offset = 0x%" G_GINT64_MODIFIER "x,\n"
			       "\t\t.count = %u,\n"
			       "\t\t.stride = %u,\n"
			       "\t\t.bar = %u,\n"
			       "\t\t.width = %u,\n"
			       "\t\t.access = 0x%x,\n",
			       reg->offset, reg->count, reg->stride, dev->bars[reg->bar].number,
			       reg->width, access);
	member_flags(reg, out);
	g_string_append_printf(out, "\t\t.state = offsetof(struct %s, %s),\n", dev->name,
			       reg->name);
	member_mask(out, "reset", reg->reset);
	member_mask(out, "read", reg->read);
	member_mask(out, "store", reg->store);
	member_mask(out, "must_be_zero", reg->must_be_zero);
	if (has_effects(reg))
		g_string_append_printf(out, "\t\t.effects = &effects_%s,\n", reg->name);
	if (reg->onread)
		g_string_append_printf(out, "\t\t.onread = call_%s_onread,\n", reg->name);
	if (reg->onwrite || reg->swmod)
		g_string_append_printf(out, "\t\t.onwrite = call_%s_onwrite,\n", reg->name);
	if (reg->n_fields)
		g_string_append_printf(out, "\t\t.fields = fields_%s,\n\t\t.n_fields = %u,\n",
				       reg->name, reg->n_fields);
	if (reg->matrix)
		g_string_append_printf(out, "\t\t.rows = %u,\n\t\t.row_stride = %u,\n", reg->rows,
				       reg->row_stride);
	if (emit_has_rules(reg))
		g_string_append_printf(out, "\t\t.rules = &rules_%s,\n", reg->name);
	g_string_append(out, "\t},\n");
}

static void emit_registers(const struct spec_device *dev, GString *out)
{
	if (!dev->n_regs)
		return;
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		emit_field_table(&dev->regs[i], out);
		emit_effects(&dev->regs[i], out);
		emit_rules(dev, &dev->regs[i], out);
	}
	g_string_append(out, "\nstatic const struct ez_reg regs[] = {\n");
	for (unsigned int i = 0; i < dev->n_regs; i++)
		emit_register(dev, &dev->regs[i], out);
	g_string_append(out, "};\n");
}

/* ---- the state table ---- */

static void row(const struct spec_device *dev, GString *out, const char *job,
		const struct spec_var *var, const char *kind)
{
	g_string_append_printf(out,
			       "\t{\n"
			       "\t\t.name = \"%s%s%s\",\n"
			       "\t\t.offset = offsetof(struct %s, %s%s%s),\n"
			       "\t\t.count = %u,\n"
			       "\t\t.type = %s,\n"
			       "\t\t.kind = %s,\n",
			       job, *job ? "." : "", var->name, dev->name, job, *job ? "." : "",
			       var->name, var->count, type_name(var->type), kind);
	member_resets(out, var->resets);
	member_mask(out, "reset", var->reset);
	g_string_append(out, "\t},\n");
}

static unsigned int emit_rows(const struct spec_device *dev, GString *out)
{
	unsigned int n = dev->n_regs + dev->n_state;

	for (unsigned int i = 0; i < dev->n_jobs; i++)
		n += dev->jobs[i].n_data;
	if (!n)
		return 0;
	g_string_append(out, "\nstatic const struct ez_row rows[] = {\n");
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];
		const struct spec_var var = {
			.name = reg->name,
			.type = reg->width == 1	  ? EZ_U8
				: reg->width == 2 ? EZ_U16
				: reg->width == 4 ? EZ_U32
						  : EZ_U64,
			.count = reg->count,
			.reset = reg->reset,
			/* Any field's: which of its bits, the field says. */
			.resets = reg->reset_kinds,
		};

		row(dev, out, "", &var, "EZ_ROW_REGISTER");
	}
	for (unsigned int i = 0; i < dev->n_state; i++)
		row(dev, out, "", &dev->state[i], "EZ_ROW_STATE");
	n += emit_once_rows(dev, out);
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		for (unsigned int k = 0; k < dev->jobs[i].n_data; k++) {
			struct spec_var var = dev->jobs[i].data[k];

			/* A software reset leaves jobs in flight: the data is the worker's. */
			var.resets = EZ_RESET_ALL & ~(1u << EZ_RESET_SOFTWARE);
			row(dev, out, dev->jobs[i].name, &var, "EZ_ROW_JOB");
		}
	}
	g_string_append(out, "};\n");
	return n;
}

/* ---- everything else ---- */

static void emit_bars(const struct spec_device *dev, GString *out)
{
	static const char *const kinds[] = { "EZ_BAR_MEM32", "EZ_BAR_MEM64", "EZ_BAR_IO" };
	static const char *const answers[] = { "EZ_ANSWER_ONES", "EZ_ANSWER_ZERO" };

	if (!dev->n_bars)
		return;
	g_string_append(out, "\nstatic const struct ez_bar bars[] = {\n");
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];

		g_string_append(out, "\t{\n");
		member_string(out, "name", bar->name);
		g_string_append_printf(out,
				       "\t\t.number = %u,\n\t\t.kind = %s,\n%s%s"
				       "\t\t.illegal = %s,\n\t\t.unmapped = %s,\n",
				       bar->number, kinds[bar->kind],
				       bar->prefetchable ? "\t\t.prefetchable = true,\n" : "",
				       bar->split ? "\t\t.split = true,\n" : "",
				       answers[bar->illegal], answers[bar->unmapped]);
		member_mask(out, "size", bar->size);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void emit_props(const struct spec_device *dev, GString *out)
{
	if (!dev->n_props)
		return;
	for (unsigned int i = 0; i < dev->n_props; i++) {
		const struct spec_prop *prop = &dev->props[i];

		if (prop->type != EZ_ENUM)
			continue;
		g_string_append_printf(out, "\nstatic const char *const names_%s[] = {\n",
				       prop->name);
		for (unsigned int k = 0; k < prop->n_values; k++)
			g_string_append_printf(out, "\t\"%s\",\n", prop->values[k].name);
		g_string_append(out, "\tNULL\n};\n");
	}
	g_string_append(out, "\nstatic const struct ez_prop props[] = {\n");
	for (unsigned int i = 0; i < dev->n_props; i++) {
		const struct spec_prop *prop = &dev->props[i];

		g_string_append(out, "\t{\n");
		member_string(out, "name", prop->name);
		member_string(out, "desc", prop->desc);
		g_string_append_printf(out,
				       "\t\t.type = %s,\n"
				       "\t\t.offset = offsetof(struct %s, prop.%s),\n",
				       type_name(prop->type), dev->name, prop->name);
		member_string(out, "initial", prop->initial);
		member_mask(out, "min", prop->min);
		member_mask(out, "max", prop->max);
		if (prop->type == EZ_ENUM)
			g_string_append_printf(out, "\t\t.values = names_%s,\n", prop->name);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void emit_bytes(GString *out, unsigned int cap, const char *name, const uint8_t *bytes,
		       unsigned int n)
{
	if (!bytes)
		return;
	g_string_append_printf(out, "\nstatic const uint8_t %s_%u[] = {", name, cap);
	for (unsigned int i = 0; i < n; i++)
		g_string_append_printf(out, "%s0x%02x,", i % 12 ? " " : "\n\t", bytes[i]);
	g_string_append(out, "\n};\n");
}

static void emit_caps(const struct spec_device *dev, GString *out)
{
	if (!dev->n_caps)
		return;
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		emit_bytes(out, i, "body", cap->body, cap->length - 2);
		emit_bytes(out, i, "wmask", cap->wmask, cap->length - 2);
	}
	g_string_append(out, "\nstatic const struct ez_cap caps[] = {\n");
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		g_string_append_printf(out,
				       "\t{\n\t\t.id = 0x%02x,\n\t\t.offset = 0x%02x,\n"
				       "\t\t.length = %u,\n",
				       cap->id, (unsigned int)cap->offset, cap->length);
		if (cap->vectors)
			g_string_append_printf(out, "\t\t.vectors = %u,\n", cap->vectors);
		if (cap->address64 && cap->vectors)
			g_string_append(out, "\t\t.address64 = true,\n");
		if (cap->maskable)
			g_string_append(out, "\t\t.maskable = true,\n");
		if (cap->id == 0x11)
			g_string_append_printf(out,
					       "\t\t.table_bar = %u,\n\t\t.table_offset = 0x%x,\n"
					       "\t\t.pba_bar = %u,\n\t\t.pba_offset = 0x%x,\n",
					       cap->table.bar, (unsigned int)cap->table.offset,
					       cap->pba.bar, (unsigned int)cap->pba.offset);
		if (cap->no_soft_reset)
			g_string_append(out, "\t\t.no_soft_reset = true,\n");
		if (cap->d1)
			g_string_append(out, "\t\t.d1 = true,\n");
		if (cap->d2)
			g_string_append(out, "\t\t.d2 = true,\n");
		if (cap->flr)
			g_string_append(out, "\t\t.flr = true,\n");
		if (cap->max_payload)
			g_string_append_printf(out,
					       "\t\t.max_payload = %u,\n\t\t.link_speed = %u,\n"
					       "\t\t.link_width = %u,\n",
					       cap->max_payload, cap->link_speed, cap->link_width);
		if (cap->body)
			g_string_append_printf(out, "\t\t.body = body_%u,\n", i);
		if (cap->wmask)
			g_string_append_printf(out, "\t\t.body_wmask = wmask_%u,\n", i);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void emit_ext_caps(const struct spec_device *dev, GString *out)
{
	if (!dev->n_ext_caps)
		return;
	for (unsigned int i = 0; i < dev->n_ext_caps; i++) {
		const struct spec_ext_cap *cap = &dev->ext_caps[i];

		emit_bytes(out, i, "ext_body", cap->body, cap->length - 4);
		emit_bytes(out, i, "ext_wmask", cap->wmask, cap->length - 4);
	}
	g_string_append(out, "\nstatic const struct ez_ext_cap ext_caps[] = {\n");
	for (unsigned int i = 0; i < dev->n_ext_caps; i++) {
		const struct spec_ext_cap *cap = &dev->ext_caps[i];

		g_string_append_printf(out,
				       "\t{\n\t\t.id = 0x%04x,\n\t\t.version = %u,\n"
				       "\t\t.offset = 0x%03x,\n\t\t.length = %u,\n",
				       cap->id, cap->version, (unsigned int)cap->offset,
				       cap->length);
		member_mask(out, "serial", cap->number);
		if (cap->body)
			g_string_append_printf(out, "\t\t.body = ext_body_%u,\n", i);
		if (cap->wmask)
			g_string_append_printf(out, "\t\t.body_wmask = ext_wmask_%u,\n", i);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void emit_aliases(const struct spec_device *dev, GString *out)
{
	if (!dev->aliases[0])
		return;
	g_string_append(out, "\nstatic const char *const aliases[] = {\n");
	for (unsigned int i = 0; dev->aliases[i]; i++) {
		g_string_append_c(out, '\t');
		emit_string(out, dev->aliases[i]);
		g_string_append(out, ",\n");
	}
	g_string_append(out, "\tNULL,\n};\n");
}

static void emit_windows(const struct spec_device *dev, GString *out)
{
	if (!dev->n_windows)
		return;
	g_string_append(out, "\nstatic const struct ez_window windows[] = {\n");
	for (unsigned int i = 0; i < dev->n_windows; i++) {
		const struct spec_window *window = &dev->windows[i];

		g_string_append(out, "\t{\n");
		member_string(out, "name", window->name);
		member_string(out, "desc", window->desc);
		g_string_append_printf(out, "\t\t.bar = %u,\n", dev->bars[window->bar].number);
		member_resets(out, window->resets);
		member_mask(out, "offset", window->offset);
		member_mask(out, "size", window->size);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void member_ref(const struct spec_device *dev, GString *out, const char *what,
		       const struct spec_ref *ref)
{
	if (!ref->reg) {
		g_string_append_printf(out, "\t\t.%s = EZ_NONE,\n", what);
		return;
	}
	g_string_append_printf(out, "\t\t.%s = %u,\t/* %s */\n\t\t.%s_mask = ", what,
			       (unsigned int)(ref->reg - dev->regs), ref->reg->name, what);
	emit_hex(out, ref->mask, false);
	g_string_append(out, ",\n");
}

static void emit_irqs(const struct spec_device *dev, GString *out)
{
	if (!dev->n_irqs)
		return;
	g_string_append(out, "\nstatic const struct ez_irq irqs[] = {\n");
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		const struct spec_irq *irq = &dev->irqs[i];

		g_string_append(out, "\t{\n");
		member_string(out, "name", irq->name);
		member_string(out, "desc", irq->desc);
		g_string_append_printf(out, "\t\t.vector = %u,\n", (unsigned int)irq->vector);
		member_ref(dev, out, "status", &irq->status);
		member_ref(dev, out, "enable", &irq->enable);
		if (irq->level)
			g_string_append_printf(out, "\t\t.type = EZ_IRQ_LEVEL,\n%s",
					       irq->sticky ? "\t\t.sticky = true,\n" : "");
		member_ref(dev, out, "test", &irq->test);
		g_string_append(out, "\t},\n");
	}
	g_string_append(out, "};\n");
}

static void emit_timers_jobs(const struct spec_device *dev, GString *out)
{
	if (dev->n_timers) {
		g_string_append(out, "\nstatic const struct ez_timer timers[] = {\n");
		for (unsigned int i = 0; i < dev->n_timers; i++)
			g_string_append_printf(out, "\t{\"%s\", call_%s_timer},\n",
					       dev->timers[i].name, dev->timers[i].name);
		g_string_append(out, "};\n");
	}
	if (!dev->n_jobs)
		return;
	g_string_append(out, "\nstatic const struct ez_job_desc jobs[] = {\n");
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		const char *job = dev->jobs[i].name;

		g_string_append_printf(out,
				       "\t{\n\t\t.name = \"%s\",\n"
				       "\t\t.data = offsetof(struct %s, %s),\n"
				       "\t\t.run = call_%s_run,\n"
				       "\t\t.done = call_%s_done,\n\t},\n",
				       job, dev->name, job, job, job);
	}
	g_string_append(out, "};\n");
}

static void emit_spec(const struct spec_device *dev, unsigned int n_rows, GString *out)
{
	const struct {
		const char *name;
		unsigned int n;
	} tables[] = {
		{ "bars", dev->n_bars },
		{ "regs", dev->n_regs },
		{ "rows", n_rows },
		{ "props", dev->n_props },
		{ "caps", dev->n_caps },
		{ "irqs", dev->n_irqs },
		{ "timers", dev->n_timers },
		{ "jobs", dev->n_jobs },
		{ "windows", dev->n_windows },
		{ "ext_caps", dev->n_ext_caps },
	};
	const struct ez_identity *id = &dev->id;

	g_string_append(out, "\nstatic const struct ez_spec spec = {\n\t.name = ");
	emit_string(out, dev->name);
	if (dev->desc) {
		g_string_append(out, ",\n\t.desc = ");
		emit_string(out, dev->desc);
	}
	g_string_append(out, ",\n\t.type = ");
	emit_string(out, dev->type);
	if (dev->irq_policy == EZ_IRQ_MODULO)
		g_string_append(out, ",\n\t.irq_policy = EZ_IRQ_MODULO");
	if (dev->aliases[0])
		g_string_append(out, ",\n\t.aliases = aliases");
	g_string_append_printf(out,
			       ",\n\t.hash = %s_SPEC_HASH,\n"
			       "\t.id = {\n"
			       "\t\t.vendor = 0x%04x,\n"
			       "\t\t.device = 0x%04x,\n"
			       "\t\t.subsystem_vendor = 0x%04x,\n"
			       "\t\t.subsystem = 0x%04x,\n"
			       "\t\t.class_code = 0x%06x,\n"
			       "\t\t.revision = 0x%02x,\n"
			       "\t\t.pin = %u,\n"
			       "\t\t.express = %s,\n"
			       "\t},\n"
			       "\t.state_size = sizeof(struct %s),\n",
			       dev->upper, id->vendor, id->device, id->subsystem_vendor,
			       id->subsystem, id->class_code, id->revision, id->pin,
			       id->express ? "true" : "false", dev->name);
	for (unsigned int i = 0; i < G_N_ELEMENTS(tables); i++) {
		if (tables[i].n)
			g_string_append_printf(out, "\t.%s = %s,\n\t.n_%s = %u,\n", tables[i].name,
					       tables[i].name, tables[i].name, tables[i].n);
	}
	g_string_append(out, "};\n");
}

static void emit_model(const struct spec_device *dev, GString *out)
{
	static const struct {
		enum spec_hook hook;
		const char *name;
	} hooks[] = {
		{ SPEC_HOOK_CREATE, "create" },
		{ SPEC_HOOK_DESTROY, "destroy" },
		{ SPEC_HOOK_RESET, "reset" },
		{ SPEC_HOOK_LOAD, "load" },
	};

	g_string_append(out, "\nextern const struct ez_model ersatz_model;\n"
			     "\n__attribute__((visibility(\"default\")))\n"
			     "const struct ez_model ersatz_model = {\n"
			     "\t.size = sizeof(struct ez_model),\n"
			     "\t.abi = EZ_ABI,\n"
			     "\t.spec = &spec,\n");
	for (unsigned int i = 0; i < G_N_ELEMENTS(hooks); i++) {
		if (dev->hooks & hooks[i].hook)
			g_string_append_printf(out, "\t.%s = call_%s,\n", hooks[i].name,
					       hooks[i].name);
	}
	g_string_append(out, "};\n");
}

/* That the header next to this file is the one that was made with it. */
static void emit_asserts(const struct spec_device *dev, GString *out)
{
	g_string_append_printf(out,
			       "\n_Static_assert(offsetof(struct %s, ez) == 0,\n"
			       "\t       \"the runtime finds ez at the front of the state\");\n"
			       "_Static_assert(sizeof(struct %s) <= UINT32_MAX, "
			       "\"state of 4 GiB and more\");\n",
			       dev->name, dev->name);
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];

		g_string_append_printf(out,
				       "_Static_assert(%s_%s%s == 0x%" G_GINT64_MODIFIER "x,\n"
				       "\t       \"%s_spec.h is of another spec\");\n"
				       "_Static_assert(sizeof(((struct %s *)0)->%s) == %u * %u,\n"
				       "\t       \"%s_spec.h is of another spec\");\n",
				       dev->upper, spec_upper(dev->arena, reg->name),
				       reg->matrix  ? "(0, 0)"
				       : reg->array ? "(0)"
						    : "",
				       reg->offset, dev->name, dev->name, reg->name, reg->count,
				       reg->width, dev->name);
	}
}

void spec_emit_tables(const struct spec_device *dev, GString *out)
{
	unsigned int n_rows;

	g_string_append_printf(out,
			       "/* Made by ersatz from the device.yaml of %s; do not edit. */\n"
			       "#include <ersatz/model.h>\n"
			       "#include \"%s_spec.h\"\n",
			       dev->name, dev->name);
	emit_asserts(dev, out);
	emit_calls(dev, out);
	emit_bars(dev, out);
	emit_registers(dev, out);
	n_rows = emit_rows(dev, out);
	emit_props(dev, out);
	emit_caps(dev, out);
	emit_ext_caps(dev, out);
	emit_aliases(dev, out);
	emit_windows(dev, out);
	emit_irqs(dev, out);
	emit_timers_jobs(dev, out);
	emit_spec(dev, n_rows, out);
	emit_model(dev, out);
}
