/* SPDX-License-Identifier: BSD-2-Clause */
/* SystemRDL: properties that refer to other fields. */
#include "spec/emit/rdl.h"

#include <inttypes.h>
#include <string.h>

/* Elements for each of which a line is written. */
#define MAX_LINES 64

static const struct rdl_member *member_of(const struct rdl *r, const struct spec_reg *reg)
{
	for (guint i = 0; r->members && reg && i < r->members->len; i++) {
		const struct rdl_member *m = &g_array_index(r->members, struct rdl_member, i);

		if (m->reg == reg)
			return m;
	}
	return NULL;
}

/* Name of the field that has just these bits, or NULL. */
static const char *field_of(const struct spec_reg *reg, uint64_t mask)
{
	if (!reg->n_fields)
		return mask == spec_ones(reg->width) ? RDL_WHOLE : NULL;
	for (unsigned int i = 0; i < reg->n_fields; i++)
		if (spec_field_mask(&reg->fields[i]) == mask)
			return reg->fields[i].name;
	return NULL;
}

/*
 * Can it be said in this scope? Both must be members of it, and either both
 * arrays of one length or neither.
 */
static bool expressible(const struct rdl *r, const struct spec_reg *reg, const struct spec_ref *ref,
			unsigned int width)
{
	const struct rdl_member *from = member_of(r, reg), *to = member_of(r, ref->reg);

	if (!from || !to || from->apart || to->apart || from->own != to->own ||
	    !field_of(ref->reg, ref->mask))
		return false;
	if ((unsigned int)__builtin_popcountll(ref->mask) != width)
		return false;
	return !from->own || (rdl_own_count(from->reg) == rdl_own_count(to->reg) &&
			      rdl_own_count(from->reg) <= MAX_LINES);
}

/* A.X->property = B.Y; once, or for each element. */
static void put_reference(struct rdl *r, const struct spec_reg *reg, const char *field,
			  const char *property, const struct spec_ref *ref)
{
	const struct rdl_member *from = member_of(r, reg), *to = member_of(r, ref->reg);

	for (uint32_t i = 0; i < (from->own ? rdl_own_count(reg) : 1); i++) {
		g_autofree char *index =
			from->own ? g_strdup_printf("[%" PRIu32 "]", i) : g_strdup("");

		rdl_indent(r);
		rdl_id(r->out, from->name);
		g_string_append_printf(r->out, "%s.", index);
		rdl_id(r->out, field);
		g_string_append_printf(r->out, "->%s = ", property);
		rdl_id(r->out, to->name);
		g_string_append_printf(r->out, "%s.", index);
		rdl_id(r->out, field_of(ref->reg, ref->mask));
		g_string_append(r->out, ";\n");
	}
}

/* ---- locks ---- */

static void put_locks(struct rdl *r, const struct spec_reg *reg, const char *field,
		      const struct spec_access *access)
{
	/* 9.6: the field that is referred to has one bit. */
	if (access->swwe.reg && expressible(r, reg, &access->swwe, 1))
		put_reference(r, reg, field, "swwe", &access->swwe);
	if (access->swwel.reg && expressible(r, reg, &access->swwel, 1))
		put_reference(r, reg, field, "swwel", &access->swwel);
}

void rdl_locks_as_text(struct rdl *r, const struct spec_reg *reg, const struct spec_field *field)
{
	const struct spec_access *access = field ? &field->access : &reg->access;

	if (access->swwe.text && !expressible(r, reg, &access->swwe, 1))
		rdl_string(r, "ez_swwe", access->swwe.text);
	if (access->swwel.text && !expressible(r, reg, &access->swwel, 1))
		rdl_string(r, "ez_swwel", access->swwel.text);
}

/* ---- interrupts ---- */

static bool is_status(const struct spec_irq *irq, const struct spec_reg *reg, uint64_t bits)
{
	return irq->status.reg == reg && irq->status.mask == bits;
}

void rdl_interrupts(struct rdl *r, const struct spec_reg *reg, uint64_t bits, enum spec_hw hw)
{
	GString *text = g_string_new(NULL);
	bool said = false;

	for (unsigned int i = 0; i < r->dev->n_irqs; i++) {
		const struct spec_irq *irq = &r->dev->irqs[i];

		if (!is_status(irq, reg, bits))
			continue;
		/* 9.9: hardware sets it. */
		if (!said && (hw == SPEC_HW_RW || hw == SPEC_HW_W))
			rdl_line(r, irq->level ? irq->sticky ? "level intr;" : "nonsticky intr;"
					       : "posedge intr;");
		said = true;
		g_string_append_printf(text, "%s%s vector %" PRIu64, text->len ? "; " : "",
				       irq->name, irq->vector);
		if (irq->enable.text)
			g_string_append_printf(text, " enable %s", irq->enable.text);
		if (irq->test.text)
			g_string_append_printf(text, " test %s", irq->test.text);
	}
	rdl_string(r, "ez_interrupt", text->str);
	g_string_free(text, TRUE);
}

static void put_enables(struct rdl *r)
{
	for (unsigned int i = 0; i < r->dev->n_irqs; i++) {
		const struct spec_irq *irq = &r->dev->irqs[i];
		const struct spec_reg *reg = irq->status.reg;
		const char *field = reg ? field_of(reg, irq->status.mask) : NULL;

		if (field && irq->enable.reg &&
		    expressible(r, reg, &irq->enable,
				(unsigned int)__builtin_popcountll(irq->status.mask)))
			put_reference(r, reg, field, "enable", &irq->enable);
	}
}

void rdl_references(struct rdl *r)
{
	for (guint i = 0; i < r->members->len; i++) {
		const struct spec_reg *reg = g_array_index(r->members, struct rdl_member, i).reg;

		if (!reg)
			continue;
		if (!reg->n_fields)
			put_locks(r, reg, RDL_WHOLE, &reg->access);
		for (unsigned int k = 0; k < reg->n_fields; k++)
			put_locks(r, reg, reg->fields[k].name, &reg->fields[k].access);
	}
	put_enables(r);
}
