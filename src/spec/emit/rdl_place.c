/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SystemRDL: what can stand where. Tools take an array, and a regfile, for
 * everything from its first byte to its last: nothing else may lie between.
 */
#include "spec/emit/rdl.h"

#include <string.h>

/* ---- one place for two ---- */

static void directions(const struct spec_reg *reg, bool *ret_r, bool *ret_w)
{
	*ret_r = !reg->n_fields && reg->access.r;
	*ret_w = !reg->n_fields && reg->access.w;
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		*ret_r |= reg->fields[i].access.r;
		*ret_w |= reg->fields[i].access.w;
	}
}

bool rdl_is_second(const struct spec_device *dev, const struct spec_reg *reg)
{
	bool r, w, seen_r = false, seen_w = false;
	const struct spec_reg *it = reg;

	if (!reg->shared)
		return false;
	/* Sorted by place, so those that share one are neighbours. */
	while (it > dev->regs && it[-1].bar == reg->bar && it[-1].offset == reg->offset)
		it--;
	for (;; it++) {
		directions(it, &r, &w);
		if ((r && seen_r) || (w && seen_w)) {
			if (it == reg)
				return true;
			continue;
		}
		if (it == reg)
			return false;
		seen_r |= r;
		seen_w |= w;
	}
}

/* ---- members ---- */

uint32_t rdl_own_count(const struct spec_reg *reg)
{
	return reg->matrix ? reg->count / reg->rows : reg->count;
}

static bool has_own(const struct spec_device *dev, const struct spec_reg *reg)
{
	unsigned int outer = 0;

	for (unsigned int i = reg->regfile; i; i = dev->regfiles[i - 1].parent)
		outer += dev->regfiles[i - 1].array;
	return (reg->matrix ? 2u : reg->array ? 1u : 0u) > outer;
}

static bool is_inside(const struct spec_device *dev, const struct spec_reg *reg, unsigned int file)
{
	for (unsigned int i = reg->regfile; i; i = dev->regfiles[i - 1].parent)
		if (i == file)
			return true;
	return false;
}

/* From the first byte of the first element to the last of the last. */
static struct rdl_member file_member(const struct spec_device *dev, unsigned int index)
{
	const struct spec_regfile *file = &dev->regfiles[index - 1];
	struct rdl_member m = { .file = file, .start = file->offset, .end = file->offset + 1 };

	for (unsigned int i = 0; i < dev->n_regs; i++)
		if (dev->regs[i].bar == file->bar && is_inside(dev, &dev->regs[i], index))
			m.end = MAX(m.end, dev->regs[i].offset + spec_reg_span(&dev->regs[i]));
	return m;
}

/* Does one element of the regfile reach into the next? */
static bool reaches_over(const struct spec_device *dev, const struct rdl_member *m)
{
	unsigned int index = 1 + (m->file - dev->regfiles);
	uint64_t end = m->file->offset;

	if (!m->file->array)
		return false;
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];
		uint64_t size = reg->width;

		if (reg->bar != m->file->bar || !is_inside(dev, reg, index))
			continue;
		/* In another regfile inside: that one's own array would count too. */
		if (reg->regfile != index)
			size = spec_reg_span(reg) -
			       (uint64_t)(m->file->count - 1) * m->file->stride;
		else if (has_own(dev, reg))
			size += (uint64_t)(rdl_own_count(reg) - 1) * reg->stride;
		end = MAX(end, reg->offset + size);
	}
	return end > m->file->offset + m->file->stride;
}

static struct rdl_member reg_member(const struct spec_device *dev, const struct spec_reg *reg,
				    unsigned int scope)
{
	struct rdl_member m = {
		.reg = reg,
		.name = reg->name,
		.start = reg->offset,
		.end = reg->offset + spec_reg_span(reg),
	};

	if (reg->regfile == scope) {
		m.own = has_own(dev, reg);
		m.name = scope ? reg->own_name : reg->name;
		/* Of one element of the scope. */
		m.end = reg->offset + reg->width;
		if (m.own)
			m.end += (uint64_t)(rdl_own_count(reg) - 1) * reg->stride;
	} else {
		/* Of a regfile that was taken apart. */
		m.own = m.flat = reg->array;
		m.apart = reg->matrix;
		if (scope)
			m.name = reg->name + strlen(dev->regfiles[scope - 1].name) + 1;
	}
	return m;
}

static int by_start(const void *a, const void *b)
{
	const struct rdl_member *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* As in the table: the first of alternates first. */
	return x->reg < y->reg ? -1 : x->reg > y->reg;
}

static bool same_place(const struct rdl_member *a, const struct rdl_member *b)
{
	return a->reg && b->reg && a->reg->shared && b->reg->shared &&
	       a->reg->offset == b->reg->offset;
}

/*
 * Members of the scope, those of the regfiles in `open` instead of these.
 * Whatever does not fit is added there; true: something was.
 */
static bool collect(const struct spec_device *dev, unsigned int bar, unsigned int scope, bool *open,
		    GArray *members)
{
	bool again = false;

	g_array_set_size(members, 0);
	for (unsigned int i = 0; i < dev->n_regfiles; i++) {
		const struct spec_regfile *file = &dev->regfiles[i];
		unsigned int parent = file->parent;
		struct rdl_member m;

		while (parent && open[parent - 1] && parent != scope)
			parent = dev->regfiles[parent - 1].parent;
		if (file->bar != bar || parent != scope || open[i])
			continue;
		m = file_member(dev, i + 1);
		if (reaches_over(dev, &m))
			again = open[i] = true;
		g_array_append_val(members, m);
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		unsigned int file = dev->regs[i].regfile;
		struct rdl_member m;

		while (file && open[file - 1] && file != scope)
			file = dev->regfiles[file - 1].parent;
		if (dev->regs[i].bar != bar || file != scope)
			continue;
		m = reg_member(dev, &dev->regs[i], scope);
		g_array_append_val(members, m);
	}
	for (unsigned int i = 0; i < dev->n_windows && !scope; i++) {
		const struct spec_window *window = &dev->windows[i];
		struct rdl_member m = {
			.window = window,
			.name = window->name,
			.start = window->offset,
			.end = window->offset + window->size,
		};

		if (window->bar == bar)
			g_array_append_val(members, m);
	}
	g_array_sort(members, by_start);
	for (guint i = 0; i < members->len; i++) {
		struct rdl_member *a = &g_array_index(members, struct rdl_member, i);

		for (guint k = i + 1; k < members->len; k++) {
			struct rdl_member *b = &g_array_index(members, struct rdl_member, k);

			if (b->start >= a->end)
				break;
			if (same_place(a, b) || (a->reg && rdl_is_second(dev, a->reg)) ||
			    (b->reg && rdl_is_second(dev, b->reg)))
				continue;
			if (a->file)
				again = open[a->file - dev->regfiles] = true;
			else
				a->apart |= a->own;
			if (b->file)
				again = open[b->file - dev->regfiles] = true;
			else
				b->apart |= b->own;
		}
	}
	return again;
}

GArray *rdl_members(const struct spec_device *dev, unsigned int bar, unsigned int file)
{
	GArray *members = g_array_new(FALSE, TRUE, sizeof(struct rdl_member));
	g_autofree bool *open = g_new0(bool, dev->n_regfiles + 1);

	while (collect(dev, bar, file, open, members))
		;
	return members;
}
