/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * regfiles: and blocks: registers that share a prefix and a place, made into
 * ordinary registers. A count adds a dimension to each of them.
 */
#include "spec/parse/parse.h"

#include <string.h>

/* More than a map of registers can index; an instance of an instance soon is. */
#define MAX_REGISTERS 65534

/* name:, offset:, count: and stride:, which regfiles and instances have. False: reported. */
static bool parse_place(struct parser *p, const struct tree *node, const struct tree **values,
			struct spec_regfile *file)
{
	uint64_t stride = 0;
	bool ok = true;

	parse_name(p, values, &file->name, NULL);
	parse_desc(p, values, &file->desc);
	parse_count(p, values, &file->array, &file->count);
	if (values[KEY_STRIDE] && !file->array) {
		spec_error(p->diags, values[KEY_STRIDE]->pos,
			   "stride: only an array has one; give a count too");
	} else if (values[KEY_STRIDE]) {
		ok = value_number(p, values[KEY_STRIDE], "stride", 1, UINT32_MAX, &stride);
		file->stride = stride;
	} else if (file->array) {
		spec_error(p->diags, node->pos, "an array of registers needs a stride, in bytes");
		ok = false;
	}
	if (!values[KEY_OFFSET] ||
	    !value_number(p, values[KEY_OFFSET], "offset", 0, UINT32_MAX, &file->offset))
		return false;
	return ok && file->name;
}

/* Makes room for `count` of them in a row, in front of the dimension that there is. */
static void add_dimension(struct parser *p, struct spec_reg *reg, const struct spec_regfile *file)
{
	uint64_t elements = (uint64_t)reg->count * file->count;

	if (reg->matrix) {
		spec_error(p->diags, file->pos,
			   "%s: %s in it has two dimensions already, and there is no third",
			   file->name, reg->name);
		reg->bad = true;
		return;
	}
	if (elements > 1u << 24) {
		spec_error(p->diags, file->pos,
			   "%s: %" G_GUINT64_FORMAT
			   " elements of %s in all; at most %u are supported",
			   file->name, elements, reg->name, 1u << 24);
		reg->bad = true;
		return;
	}
	if (reg->array) {
		reg->matrix = true;
		reg->rows = file->count;
		reg->row_stride = file->stride;
		reg->row_pos = file->pos;
		reg->count = elements;
		return;
	}
	reg->array = true;
	reg->count = file->count;
	reg->stride = file->stride;
	reg->stride_pos = file->pos;
}

/* A copy of `reg` as a part of `file`, the group of that number. */
static void place_register(struct parser *p, struct spec_reg reg, const struct spec_regfile *file,
			   unsigned int group, GArray *into)
{
	struct spec_field *fields = reg.fields;

	if (p->full)
		return;
	if (into->len >= MAX_REGISTERS) {
		p->full = true;
		spec_error(p->diags, file->pos, "more than %u registers", MAX_REGISTERS);
		return;
	}
	reg.bar = file->bar;
	if (!reg.regfile)
		reg.regfile = group;
	if (!reg.name)
		reg.bad = true;
	else
		reg.name = spec_arena_printf(p->arena, "%s_%s", file->name, reg.name);
	if (reg.name && strlen(reg.name) > 63) {
		spec_error(p->diags, file->pos, "name: %s is longer than 63 characters", reg.name);
		reg.bad = true;
	}
	reg.offset += file->offset;
	if (reg.offset > UINT32_MAX) {
		spec_error(p->diags, file->pos, "offset: %s would lie beyond 4 GiB",
			   reg.name ? reg.name : "a register");
		reg.bad = true;
	}
	/* A message about the place of an instance belongs to the instance. */
	if (file->block && !p->alone)
		reg.offset_pos = file->pos;
	/* References in the fields are found anew for each instance. */
	if (reg.n_fields) {
		reg.fields = spec_arena_alloc(p->arena, reg.n_fields, sizeof(*fields));
		memcpy(reg.fields, fields, reg.n_fields * sizeof(*fields));
	}
	if (file->array && reg.name)
		add_dimension(p, &reg, file);
	g_array_append_val(into, reg);
}

static void parse_regfile(struct parser *p, const struct tree *node, unsigned int bar, GArray *into)
{
	GArray *own = g_array_new(FALSE, TRUE, sizeof(struct spec_reg));
	struct spec_regfile file = { .pos = node->pos, .bar = bar, .count = 1 };
	const struct tree *values[KEYS];
	bool ok;

	if (!value_keys(p, node, SECTION_REGFILE, values))
		goto out;
	ok = parse_place(p, node, values, &file);
	if (values[KEY_REGISTERS])
		parse_registers(p, values[KEY_REGISTERS], bar, own);
	if (!ok)
		goto out;
	g_array_append_val(p->groups, file);
	for (unsigned int i = 0; i < own->len; i++)
		place_register(p, g_array_index(own, struct spec_reg, i), &file, p->groups->len,
			       into);
out:
	g_array_free(own, TRUE);
}

static struct block *find_block(struct parser *p, const struct tree *node)
{
	const char **names;
	struct block *block;
	const char *name, *meant;
	unsigned int n = 0;

	if (!value_name(p, node, "block", &name))
		return NULL;
	block = parse_find_block(p, name);
	if (block) {
		block->used = true;
		return block;
	}
	names = g_new0(const char *, p->blocks->len + 1);
	for (unsigned int i = 0; i < p->blocks->len; i++) {
		const struct block *other = &g_array_index(p->blocks, struct block, i);

		if (other->name)
			names[n++] = other->name;
	}
	meant = spec_nearest(name, names, sizeof(*names));
	if (meant)
		spec_error(p->diags, node->pos, "block: no block '%s'; did you mean '%s'?", name,
			   meant);
	else
		spec_error(p->diags, node->pos,
			   "block: no block '%s' in the files under include:", name);
	g_free(names);
	return NULL;
}

static void parse_instance(struct parser *p, const struct tree *node, unsigned int bar,
			   GArray *into)
{
	struct spec_regfile file = { .pos = node->pos, .bar = bar, .count = 1 };
	const struct tree *values[KEYS];
	const struct block *block;
	unsigned int group, first;

	if (!value_keys(p, node, SECTION_INSTANCE, values))
		return;
	block = values[KEY_BLOCK] ? find_block(p, values[KEY_BLOCK]) : NULL;
	if (!parse_place(p, node, values, &file) || !block || !block->regs)
		return;
	file.block = block->name;
	if (!file.desc)
		file.desc = block->desc;
	g_array_append_val(p->groups, file);
	group = first = p->groups->len;
	for (unsigned int i = 0; i < block->groups->len; i++) {
		struct spec_regfile inner = g_array_index(block->groups, struct spec_regfile, i);

		inner.name = spec_arena_printf(p->arena, "%s_%s", file.name, inner.name);
		inner.offset += file.offset;
		inner.bar = bar;
		inner.parent = group;
		g_array_append_val(p->groups, inner);
	}
	for (unsigned int i = 0; i < block->regs->len; i++) {
		struct spec_reg reg = g_array_index(block->regs, struct spec_reg, i);

		/* From the block's numbering of its regfiles to the device's. */
		if (reg.regfile)
			reg.regfile += first;
		place_register(p, reg, &file, group, into);
	}
}

void parse_all_registers(struct parser *p, const struct parse_registers *from, unsigned int bar,
			 GArray *into)
{
	if (from->registers)
		parse_registers(p, from->registers, bar, into);
	if (from->regfiles && value_list(p, from->regfiles, "regfiles")) {
		for (const struct tree *item = from->regfiles->first; item; item = item->next)
			parse_regfile(p, item, bar, into);
	}
	if (from->blocks && value_list(p, from->blocks, "blocks")) {
		for (const struct tree *item = from->blocks->first; item; item = item->next)
			parse_instance(p, item, bar, into);
	}
}
