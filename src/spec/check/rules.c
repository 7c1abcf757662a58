/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of what few registers have: locks, alternates, test registers, reserved fields. */
#include "spec/check/check.h"

#include <inttypes.h>
#include <string.h>

struct rules {
	struct spec_device *dev;
	struct spec_diags *diags;
	GHashTable *regs;
};

/* ---- alternates ---- */

static bool named_by(const struct spec_device *dev, const struct spec_reg *reg,
		     const struct spec_reg *other)
{
	const struct spec_regfile *file;

	if (!reg->alternate || !other->name)
		return false;
	if (!strcmp(reg->alternate, other->name))
		return true;
	for (unsigned int group = reg->regfile; group; group = file->parent) {
		size_t len;

		file = &dev->regfiles[group - 1];
		len = strlen(file->name);
		if (!strncmp(other->name, file->name, len) && other->name[len] == '_' &&
		    !strcmp(other->name + len + 1, reg->alternate))
			return true;
	}
	return false;
}

static bool same_place(const struct spec_reg *a, const struct spec_reg *b)
{
	return a->bar == b->bar && a->offset == b->offset && a->width == b->width &&
	       a->count == b->count && (a->count == 1 || a->stride == b->stride) &&
	       a->rows == b->rows && (a->rows == 1 || a->row_stride == b->row_stride);
}

bool check_alternates(const struct spec_device *dev, const struct spec_reg *a,
		      const struct spec_reg *b)
{
	/* Two alternates of a third are alternates of each other. */
	return same_place(a, b) &&
	       (named_by(dev, a, b) || named_by(dev, b, a) || (a->alternate && b->alternate));
}

static bool software(const struct spec_reg *reg, bool write)
{
	bool any = !reg->n_fields && (write ? reg->access.w : reg->access.r);

	for (unsigned int i = 0; i < reg->n_fields; i++)
		any |= write ? reg->fields[i].access.w : reg->fields[i].access.r;
	return any;
}

/* Does `first` always answer where `later` would? */
static bool covers(const struct spec_reg *first, const struct spec_reg *later)
{
	if (first->when.bad)
		return false;
	if (!first->when.ref.text)
		return true;
	/* References are resolved later; neighbours spell the same one alike. */
	return later->when.ref.text && !later->when.bad &&
	       !strcmp(first->when.ref.text, later->when.ref.text) &&
	       first->when.value == later->when.value;
}

/* `later` answers for what `first` does not: is there any such thing? */
static void check_pair(struct rules *r, const struct spec_reg *first, const struct spec_reg *later)
{
	if (!covers(first, later))
		return;
	for (unsigned int write = 0; write < 2; write++) {
		if (!software(first, write) || !software(later, write))
			continue;
		spec_error(
			r->diags, later->alternate ? later->alternate_pos : later->pos,
			"alternate: %s of %s would never reach it: %s, which comes first, has %s "
			"when:",
			write ? "writes" : "reads", later->name, first->name,
			first->when.ref.text ? "the same" : "no");
		spec_note(r->diags, first->pos, "%s is here", first->name);
		return;
	}
}

static void check_alternate(struct rules *r, struct spec_reg *reg)
{
	const struct spec_reg *other;

	if (reg->when.ref.text && !reg->shared)
		spec_error(r->diags, reg->when.ref.pos,
			   "when: no other register is declared to have the address of %s",
			   reg->name ? reg->name : "this one");
	if (!reg->alternate)
		return;
	other = refs_register(r->dev, r->regs, reg, reg->alternate);
	if (!other) {
		spec_error(r->diags, reg->alternate_pos, "alternate: no register '%s'",
			   reg->alternate);
	} else if (other == reg) {
		spec_error(r->diags, reg->alternate_pos, "alternate: %s is this register itself",
			   reg->name);
	} else if (!reg->bad && !other->bad && !same_place(reg, other)) {
		spec_error(r->diags, reg->alternate_pos,
			   "alternate: %s (0x%" PRIx64 ") is not at the place of %s (0x%" PRIx64
			   "), or not of its size",
			   other->name, other->offset, reg->name, reg->offset);
		spec_note(r->diags, other->pos, "%s is here", other->name);
	}
}

/* Registers of one address are neighbours in the sorted table, in the order of the file. */
static void find_alternates(struct rules *r)
{
	struct spec_device *dev = r->dev;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		for (unsigned int k = i + 1; k < dev->n_regs; k++) {
			struct spec_reg *a = &dev->regs[i], *b = &dev->regs[k];

			if (a->bar != b->bar || a->offset != b->offset)
				break;
			if (a->bad || b->bad || !a->name || !b->name ||
			    !check_alternates(dev, a, b))
				continue;
			a->shared = b->shared = true;
			check_pair(r, a, b);
		}
	}
	for (unsigned int i = 0; i < dev->n_regs; i++)
		check_alternate(r, &dev->regs[i]);
}

static void check_when(struct rules *r, struct spec_reg *reg)
{
	struct spec_when *when = &reg->when;
	uint64_t most;

	if (!when->ref.text || !reg->name)
		return;
	refs_find(r->dev, r->regs, r->diags, "when", reg, &when->ref);
	if (!when->ref.reg || !when->ref.mask)
		return;
	most = when->ref.mask >> __builtin_ctzll(when->ref.mask);
	/* A whole register with gaps between its fields: its bits as they lie. */
	if (most & (most + 1))
		most = when->ref.mask;
	if (when->value & ~most)
		spec_error(r->diags, when->ref.pos, "when: %s never is %" PRIu64, when->ref.text,
			   when->value);
}

/* ---- locks, and what else is in an access ---- */

static void check_access(struct rules *r, const struct spec_reg *reg, struct spec_access *access)
{
	if (!reg->name || !access->w)
		return;
	refs_find(r->dev, r->regs, r->diags, "swwe", reg, &access->swwe);
	refs_find(r->dev, r->regs, r->diags, "swwel", reg, &access->swwel);
}

static void check_field(struct rules *r, const struct spec_reg *reg, struct spec_field *field)
{
	check_access(r, reg, &field->access);
	if (field->bad || !field->singlepulse)
		return;
	if ((field->has_reset && field->reset) ||
	    (!field->has_reset && (reg->reset & spec_field_mask(field))))
		spec_error(r->diags, field->rule_pos, "singlepulse: its reset must be 0");
}

/* ---- interrupts ---- */

static void check_test(struct rules *r, struct spec_irq *irq)
{
	const struct spec_reg *reg = irq->test.reg;

	if (irq->test.text && !irq->status.text)
		spec_error(r->diags, irq->test.pos, "test: it sets the status, and %s has none",
			   irq->name ? irq->name : "this source");
	if (!reg)
		return;
	for (unsigned int i = 0; i < reg->n_fields || (!reg->n_fields && !i); i++) {
		const struct spec_access *access =
			reg->n_fields ? &reg->fields[i].access : &reg->access;

		if (reg->n_fields &&
		    (reg->fields[i].bad || !(spec_field_mask(&reg->fields[i]) & irq->test.mask)))
			continue;
		if (!access->w || access->onwrite || access->onread)
			spec_error(r->diags, irq->test.pos,
				   "test: %s must be sw: w or rw, without onwrite and onread",
				   irq->test.text);
	}
	if (reg == irq->status.reg || reg == irq->enable.reg)
		spec_error(r->diags, irq->test.pos,
			   "test: %s is the status or enable register of the source too",
			   reg->name);
}

/* A source that says it is held needs bits that can be held. */
static void check_level(struct rules *r, const struct spec_irq *irq)
{
	const struct spec_reg *reg = irq->status.reg;

	if (!irq->level || !reg)
		return;
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		if (field->bad || !(spec_field_mask(field) & irq->status.mask))
			continue;
		if (field->access.hw == SPEC_HW_NA || field->access.hw == SPEC_HW_R)
			spec_error(r->diags, irq->type_pos,
				   "type: level, but the device does not write %s (hw: %s)",
				   irq->status.text, field->access.hw == SPEC_HW_R ? "r" : "na");
	}
}

void check_rules(struct spec_device *dev, struct spec_diags *diags)
{
	struct rules r = { .dev = dev, .diags = diags, .regs = refs_new(dev) };

	find_alternates(&r);
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];

		check_when(&r, reg);
		if (!reg->n_fields)
			check_access(&r, reg, &reg->access);
		for (unsigned int k = 0; k < reg->n_fields; k++)
			check_field(&r, reg, &reg->fields[k]);
	}
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		check_test(&r, &dev->irqs[i]);
		check_level(&r, &dev->irqs[i]);
	}
	g_hash_table_destroy(r.regs);
}
