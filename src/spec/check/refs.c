/* SPDX-License-Identifier: BSD-2-Clause */
/* Where one part of a spec means another: "REG" or "REG.FIELD". */
#include "spec/check/check.h"

#include <string.h>

GHashTable *refs_new(const struct spec_device *dev)
{
	GHashTable *regs = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		if (dev->regs[i].name)
			g_hash_table_insert(regs, (void *)dev->regs[i].name, &dev->regs[i]);
	}
	return regs;
}

const struct spec_reg *refs_register(const struct spec_device *dev, GHashTable *regs,
				     const struct spec_reg *from, const char *name)
{
	unsigned int group = from ? from->regfile : 0;

	/* From the innermost regfile outwards. */
	while (group) {
		const struct spec_regfile *file = &dev->regfiles[group - 1];
		g_autofree char *full = g_strdup_printf("%s_%s", file->name, name);
		const struct spec_reg *reg = g_hash_table_lookup(regs, full);

		if (reg)
			return reg;
		group = file->parent;
	}
	return g_hash_table_lookup(regs, name);
}

/* Has each element of `from` an element of `other`? As ez_reg_partner(). */
static bool partners(const struct spec_reg *from, const struct spec_reg *other)
{
	return other->count == 1 || other->count == from->count ||
	       (from->matrix && other->count == from->rows);
}

void refs_find(const struct spec_device *dev, GHashTable *regs, struct spec_diags *diags,
	       const char *what, const struct spec_reg *from, struct spec_ref *ref)
{
	g_autofree char *reg_name = NULL;
	const struct spec_reg *reg;
	const char *dot, *meant;

	if (!ref->text)
		return;
	dot = strchr(ref->text, '.');
	reg_name = dot ? g_strndup(ref->text, dot - ref->text) : g_strdup(ref->text);
	reg = refs_register(dev, regs, from, reg_name);
	if (!reg) {
		g_autofree const char **names = g_new0(const char *, dev->n_regs + 1);
		unsigned int n = 0;

		for (unsigned int i = 0; i < dev->n_regs; i++) {
			if (dev->regs[i].name)
				names[n++] = dev->regs[i].name;
		}
		meant = spec_nearest(reg_name, names, sizeof(*names));
		spec_error(diags, ref->pos, "%s: no register '%.60s'%s%s%s", what, reg_name,
			   meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
		return;
	}
	if (reg->array && !from) {
		spec_error(diags, ref->pos, "%s: %s is an array; a source needs a single register",
			   what, reg->name);
		spec_note(diags, reg->pos, "%s is here", reg->name);
		return;
	}
	if (from && !partners(from, reg)) {
		spec_error(diags, ref->pos,
			   "%s: %s has %u elements; a single register is wanted, or one for each "
			   "element or row of %s",
			   what, reg->name, reg->count, from->name);
		spec_note(diags, reg->pos, "%s is here", reg->name);
		return;
	}
	if (dot) {
		g_autofree const char **names = g_new0(const char *, reg->n_fields + 1);
		unsigned int n = 0;

		for (unsigned int i = 0; i < reg->n_fields; i++) {
			if (!reg->fields[i].name)
				continue;
			names[n++] = reg->fields[i].name;
			if (strcmp(reg->fields[i].name, dot + 1))
				continue;
			if (reg->fields[i].bad)
				return;
			ref->mask = spec_field_mask(&reg->fields[i]);
			ref->reg = reg;
			return;
		}
		meant = spec_nearest(dot + 1, names, sizeof(*names));
		spec_error(diags, ref->pos, "%s: register %s has no field '%.60s'%s%s%s", what,
			   reg->name, dot + 1, meant ? "; did you mean '" : "", meant ? meant : "",
			   meant ? "'?" : "");
		return;
	}
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		if (reg->fields[i].bad)
			return;
		ref->mask |= spec_field_mask(&reg->fields[i]);
	}
	if (!reg->n_fields)
		ref->mask = spec_ones(reg->width);
	ref->reg = reg;
}
