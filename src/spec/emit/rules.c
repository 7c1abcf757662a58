/* SPDX-License-Identifier: BSD-2-Clause */
/* What few registers have, as struct ez_rules and what belongs to it. */
#include "spec/emit/emit.h"

static void mask(GString *out, const char *member, uint64_t value)
{
	if (!value)
		return;
	g_string_append_printf(out, "\t.%s = ", member);
	emit_hex(out, value, false);
	g_string_append(out, ",\n");
}

bool emit_has_rules(const struct spec_reg *reg)
{
	return reg->rules || reg->shared || reg->hw_wins;
}

void emit_field_flags(const struct spec_field *field, GString *out)
{
	const struct {
		bool on;
		const char *name;
	} flags[] = {
		{ field->reserved != SPEC_RESERVED_NOT, "EZ_FIELD_RESERVED" },
		{ field->unimplemented, "EZ_FIELD_UNIMPLEMENTED" },
		{ field->counter, "EZ_FIELD_COUNTER" },
	};
	const char *separator = "\t\t.flags = ";

	for (unsigned int i = 0; i < G_N_ELEMENTS(flags); i++) {
		if (!flags[i].on)
			continue;
		g_string_append_printf(out, "%s%s", separator, flags[i].name);
		separator = " | ";
	}
	if (*separator == ' ')
		g_string_append(out, ",\n");
}

static unsigned int index_of(const struct spec_device *dev, const struct spec_reg *reg)
{
	return reg - dev->regs;
}

/* ---- locks, limits, conditions ---- */

static unsigned int add_lock(const struct spec_device *dev, const struct spec_access *access,
			     uint64_t bits, GString *out)
{
	const struct spec_ref *ref = access->swwe.reg ? &access->swwe : &access->swwel;

	if (!access->w || !ref->reg)
		return 0;
	g_string_append(out, "\t{\n\t\t.key_name = ");
	emit_string(out, ref->text);
	g_string_append(out, ",\n\t\t.mask = ");
	emit_hex(out, bits, false);
	g_string_append_printf(out, ",\n\t\t.key = %u,\t/* %s */\n\t\t.key_mask = ",
			       index_of(dev, ref->reg), ref->reg->name);
	emit_hex(out, ref->mask, false);
	g_string_append_printf(out, ",\n%s\t},\n",
			       access->swwe.reg ? "" : "\t\t.open_if_clear = true,\n");
	return 1;
}

static unsigned int emit_locks(const struct spec_device *dev, const struct spec_reg *reg,
			       GString *out)
{
	GString *rows = g_string_new(NULL);
	unsigned int n = 0;

	if (!reg->n_fields)
		n += add_lock(dev, &reg->access, spec_ones(reg->width), rows);
	for (unsigned int i = 0; i < reg->n_fields; i++)
		n += add_lock(dev, &reg->fields[i].access, spec_field_mask(&reg->fields[i]), rows);
	if (n)
		g_string_append_printf(out, "\nstatic const struct ez_lock locks_%s[] = {\n%s};\n",
				       reg->name, rows->str);
	g_string_free(rows, TRUE);
	return n;
}

static unsigned int emit_limits(const struct spec_reg *reg, GString *out)
{
	static const char *const kinds[] = {
		[SPEC_LIMIT_VALUES] = "EZ_LIMIT_VALUES",
		[SPEC_LIMIT_RANGE] = "EZ_LIMIT_RANGE",
		[SPEC_LIMIT_AS_READ] = "EZ_LIMIT_AS_READ",
	};
	unsigned int n = 0;

	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		if (field->limit == SPEC_LIMIT_NONE)
			continue;
		if (!n++)
			g_string_append_printf(
				out, "\nstatic const struct ez_limit limits_%s[] = {\n", reg->name);
		g_string_append_printf(out, "\t{\n\t\t.field = %u,\t/* %s */\n\t\t.kind = %s,\n", i,
				       field->name, kinds[field->limit]);
		if (field->limit == SPEC_LIMIT_RANGE) {
			g_string_append(out, "\t\t.min = ");
			emit_hex(out, field->min, false);
			g_string_append(out, ",\n\t\t.max = ");
			emit_hex(out, field->max, false);
			g_string_append(out, ",\n");
		}
		g_string_append(out, "\t},\n");
	}
	if (n)
		g_string_append(out, "};\n");
	return n;
}

static void emit_when(const struct spec_device *dev, const struct spec_reg *reg, GString *out)
{
	const struct spec_when *when = &reg->when;
	unsigned int lsb = when->ref.mask ? __builtin_ctzll(when->ref.mask) : 0;
	uint64_t ones = when->ref.mask >> lsb;

	/* A whole register with gaps between its fields: its bits as they lie. */
	if (ones & (ones + 1))
		lsb = 0;
	g_string_append_printf(out,
			       "\nstatic const struct ez_when when_%s = {\n"
			       "\t.reg = %u,\t/* %s */\n",
			       reg->name, index_of(dev, when->ref.reg), when->ref.reg->name);
	mask(out, "mask", when->ref.mask);
	mask(out, "value", when->value << lsb);
	g_string_append(out, "};\n");
}

/* The next register at the same address, in the order of the table; NULL: none. */
static const struct spec_reg *next_alternate(const struct spec_device *dev,
					     const struct spec_reg *reg)
{
	for (const struct spec_reg *next = reg + 1; next < dev->regs + dev->n_regs; next++) {
		if (next->bar != reg->bar || next->offset != reg->offset)
			break;
		if (next->shared)
			return next;
	}
	return NULL;
}

void emit_rules(const struct spec_device *dev, const struct spec_reg *reg, GString *out)
{
	const struct spec_reg *next = reg->shared ? next_alternate(dev, reg) : NULL;
	unsigned int n_locks, n_limits;

	if (!emit_has_rules(reg))
		return;
	n_locks = emit_locks(dev, reg, out);
	n_limits = emit_limits(reg, out);
	if (reg->when.ref.reg)
		emit_when(dev, reg, out);
	g_string_append_printf(out, "\nstatic const struct ez_rules rules_%s = {\n", reg->name);
	mask(out, "must_be_one", reg->must_be_one);
	mask(out, "must_keep", reg->must_keep);
	mask(out, "once", reg->once);
	if (reg->once)
		g_string_append_printf(out, "\t.once_state = offsetof(struct %s, _once.%s),\n",
				       dev->name, reg->name);
	else
		g_string_append(out, "\t.once_state = EZ_NONE,\n");
	mask(out, "pulse", reg->pulse);
	mask(out, "hw_wins", reg->hw_wins);
	mask(out, "user", reg->user);
	mask(out, "unimplemented", reg->gap);
	if (n_locks)
		g_string_append_printf(out, "\t.locks = locks_%s,\n\t.n_locks = %u,\n", reg->name,
				       n_locks);
	if (n_limits)
		g_string_append_printf(out, "\t.limits = limits_%s,\n\t.n_limits = %u,\n",
				       reg->name, n_limits);
	if (next)
		g_string_append_printf(out, "\t.alternate = %u,\t/* %s */\n", index_of(dev, next),
				       next->name);
	else
		g_string_append(out, "\t.alternate = EZ_NONE,\n");
	if (reg->when.ref.reg)
		g_string_append_printf(out, "\t.when = &when_%s,\n", reg->name);
	g_string_append(out, "};\n");
}

/* ---- write-once: which bits have been written ---- */

void emit_once_state(const struct spec_device *dev, GString *out)
{
	bool any = false;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];

		if (!reg->once)
			continue;
		if (!any)
			g_string_append(out, "\tstruct {\n");
		any = true;
		g_string_append_printf(out, "\t\t%s %s", emit_reg_type(reg), reg->name);
		if (reg->array)
			g_string_append_printf(out, "[%u]", reg->count);
		g_string_append(out, ";\n");
	}
	/* A name that no register can have: names begin with a letter. */
	if (any)
		g_string_append(out, "\t} _once;\t/* bits that were written; the runtime's */\n");
}

unsigned int emit_once_rows(const struct spec_device *dev, GString *out)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];

		if (!reg->once)
			continue;
		n++;
		/* No kind of reset: it is reset with its register, field by field. */
		g_string_append_printf(out,
				       "\t{\n"
				       "\t\t.name = \"%s.once\",\n"
				       "\t\t.offset = offsetof(struct %s, _once.%s),\n"
				       "\t\t.count = %u,\n"
				       "\t\t.type = EZ_U%u,\n"
				       "\t\t.kind = EZ_ROW_STATE,\n"
				       "\t},\n",
				       reg->name, dev->name, reg->name, reg->count, reg->width * 8);
	}
	return n;
}

/* ---- counters ---- */

static void emit_counter(const struct spec_device *dev, const struct spec_reg *reg,
			 const struct spec_field *field, bool up, GString *out)
{
	const char *type = emit_reg_type(reg), *index = reg->array ? ", uint32_t index" : "";
	const char *element = reg->array ? "[index]" : "";
	uint64_t ones = spec_field_mask(field) >> field->lsb;
	bool saturate = up ? field->incrsaturate : field->decrsaturate;

	g_string_append_printf(out,
			       "\nstatic inline void %s_%s_%s_%s(struct %s *s%s, %s n)\n"
			       "{\n"
			       "\tuint64_t now = s->%s%s >> %u & ",
			       dev->name, reg->name, field->name, up ? "incr" : "decr", dev->name,
			       index, type, reg->name, element, field->lsb);
	emit_hex(out, ones, true);
	g_string_append(out, ";\n\n");
	if (saturate && up) {
		g_string_append(out, "\tnow = n > ");
		emit_hex(out, ones, true);
		g_string_append(out, " - now ? ");
		emit_hex(out, ones, true);
		g_string_append(out, " : now + n;\n");
	} else if (saturate) {
		g_string_append(out, "\tnow = n > now ? 0 : now - n;\n");
	} else {
		g_string_append_printf(out, "\tnow = (now %c n) & ", up ? '+' : '-');
		emit_hex(out, ones, true);
		g_string_append(out, ";\n");
	}
	g_string_append_printf(out, "\ts->%s%s = (%s)((s->%s%s & ~", reg->name, element, type,
			       reg->name, element);
	emit_hex(out, spec_field_mask(field), true);
	g_string_append_printf(out, ") | now << %u);\n}\n", field->lsb);
}

void emit_counters(const struct spec_device *dev, GString *out)
{
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];

		for (unsigned int k = 0; k < reg->n_fields; k++) {
			const struct spec_field *field = &reg->fields[k];

			if (!field->counter)
				continue;
			emit_counter(dev, reg, field, true, out);
			emit_counter(dev, reg, field, false, out);
		}
	}
}
