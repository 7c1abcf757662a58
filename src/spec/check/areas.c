/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in a BAR beside registers: memory windows and MSI-X structures.
 * Each has its place, and shares it with nobody.
 */
#include "spec/check/check.h"

#include <inttypes.h>

#define PAGE 4096u /* what a window is made of, and what PCI 3.0, 6.8.2, keeps MSI-X apart by */
/* All windows of a device: filled with ones when the card is pulled. */
#define MAX_WINDOWS (UINT64_C(1) << 30)

/* A stretch of a BAR. */
struct area {
	const char *what; /* "window RAM", "the MSI-X table" */
	struct spec_pos pos;
	unsigned int bar; /* index */
	uint64_t start, end;
	bool msix;
};

struct areas {
	struct spec_device *dev;
	struct spec_diags *diags;
	GArray *list;
};

/* Adds it unless it leaves its BAR, which it reports. */
static void add(struct areas *a, const struct area *area, uint64_t offset, uint64_t size)
{
	const struct spec_bar *bar = &a->dev->bars[area->bar];
	struct area whole = *area;

	if (offset >= bar->size || size > bar->size - offset) {
		spec_error(a->diags, area->pos,
			   "%s (from 0x%" PRIx64 ", 0x%" PRIx64 " bytes) ends beyond BAR %s "
			   "(0x%" PRIx64 " bytes)",
			   area->what, offset, size, bar->name ? bar->name : "?", bar->size);
		spec_note(a->diags, bar->size_pos, "the size is here");
		return;
	}
	whole.start = offset;
	whole.end = offset + size;
	g_array_append_val(a->list, whole);
}

/* ---- windows ---- */

static void add_window(struct areas *a, const struct spec_window *window, uint64_t *total)
{
	const struct spec_bar *bar = &a->dev->bars[window->bar];
	const char *name = window->name ? window->name : "?";
	bool fits = *total <= MAX_WINDOWS, ok = true;
	struct area area = {
		.what = spec_arena_printf(a->dev->arena, "window %s", name),
		.pos = window->pos,
		.bar = window->bar,
	};

	if (window->bad)
		return;
	if (window->offset % PAGE) {
		spec_error(a->diags, window->offset_pos,
			   "offset: 0x%" PRIx64 " is not a multiple of 4096: window %s could not "
			   "be mapped",
			   window->offset, name);
		ok = false;
	}
	if (!window->size || window->size % PAGE) {
		spec_error(a->diags, window->size_pos,
			   "size: 0x%" PRIx64 " is not a multiple of 4096: window %s could not be "
			   "mapped",
			   window->size, name);
		ok = false;
	}
	*total = window->size > MAX_WINDOWS ? MAX_WINDOWS + 1 : *total + window->size;
	if (fits && *total > MAX_WINDOWS) {
		spec_error(a->diags, window->size_pos,
			   "size: with this, the device has windows of more than 1 GiB");
		ok = false;
	}
	if (bar->bad)
		return;
	if (bar->kind == EZ_BAR_IO) {
		spec_error(a->diags, window->pos,
			   "window %s: BAR %s is io, and only memory can be mapped", name,
			   bar->name ? bar->name : "?");
		return;
	}
	if (ok)
		add(a, &area, window->offset, window->size);
}

/* ---- MSI-X ---- */

static bool find_bar(const struct spec_device *dev, unsigned int number, unsigned int *ret_bar)
{
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		if (dev->bars[i].number != number || dev->bars[i].bad)
			continue;
		*ret_bar = i;
		return true;
	}
	return false;
}

static void add_place(struct areas *a, const struct spec_place *place, const char *what,
		      uint32_t size)
{
	struct area area = { .what = what, .pos = place->pos, .msix = true };
	const struct spec_device *dev = a->dev;

	/* PCI 3.0, 6.8.2.4 and 6.8.2.5 */
	if (place->offset % 8) {
		spec_error(a->diags, place->offset_pos,
			   "offset: 0x%" PRIx64 " is not a multiple of 8", place->offset);
		return;
	}
	if (place->offset > UINT32_MAX) {
		spec_error(a->diags, place->offset_pos,
			   "offset: 0x%" PRIx64 " does not fit in 32 bits", place->offset);
		return;
	}
	if (!find_bar(dev, place->bar, &area.bar)) {
		/* One that is there and in error has been reported. */
		for (unsigned int i = 0; i < dev->n_bars; i++) {
			if (dev->bars[i].bad)
				return;
		}
		spec_error(a->diags, place->bar_pos, "bar: there is no BAR %u", place->bar);
		return;
	}
	if (dev->bars[area.bar].kind == EZ_BAR_IO) {
		spec_error(a->diags, place->bar_pos,
			   "bar: BAR %u is io; MSI-X structures lie in memory", place->bar);
		return;
	}
	add(a, &area, place->offset, size);
}

/* ---- who else is there ---- */

static const char *reg_name(struct spec_device *dev, const struct spec_reg *reg, uint32_t index)
{
	if (!reg->array)
		return reg->name ? reg->name : "?";
	if (reg->matrix)
		return spec_arena_printf(dev->arena, "%s[%u][%u]", reg->name ? reg->name : "?",
					 index / (reg->count / reg->rows),
					 index % (reg->count / reg->rows));
	return spec_arena_printf(dev->arena, "%s[%u]", reg->name ? reg->name : "?", index);
}

static void check_registers_in(struct areas *a, const struct area *area)
{
	const struct spec_reg *near = NULL;
	uint32_t index, near_index = 0;

	for (unsigned int i = 0; i < a->dev->n_regs; i++) {
		const struct spec_reg *reg = &a->dev->regs[i];

		if (reg->bad || reg->bar != area->bar)
			continue;
		if (spec_reg_reaches(reg, area->start, area->end, &index)) {
			spec_error(a->diags, area->pos,
				   "%s (0x%" PRIx64 "..0x%" PRIx64 ") overlaps register %s",
				   area->what, area->start, area->end - 1,
				   reg_name(a->dev, reg, index));
			spec_note(a->diags, reg->pos, "the register is here");
			return;
		}
		if (!near && area->msix &&
		    spec_reg_reaches(reg, area->start / PAGE * PAGE,
				     (area->end + PAGE - 1) / PAGE * PAGE, &index)) {
			near = reg;
			near_index = index;
		}
	}
	if (!near)
		return;
	spec_warning(a->diags, area->pos,
		     "%s (0x%" PRIx64 "..0x%" PRIx64
		     ") has register %s in the same 4 KiB: PCI 3.0, "
		     "6.8.2, keeps them apart, and a driver's access to the register may be slow",
		     area->what, area->start, area->end - 1, reg_name(a->dev, near, near_index));
	spec_note(a->diags, near->pos, "the register is here");
}

static void check_pair(struct areas *a, const struct area *x, const struct area *y)
{
	const struct area *first = x, *second = y;

	if (x->bar != y->bar || x->start >= y->end || y->start >= x->end)
		return;
	if (x->pos.line > y->pos.line ||
	    (x->pos.line == y->pos.line && x->pos.column > y->pos.column)) {
		first = y;
		second = x;
	}
	spec_error(a->diags, second->pos,
		   "%s (0x%" PRIx64 "..0x%" PRIx64 ") overlaps %s (0x%" PRIx64 "..0x%" PRIx64 ")",
		   second->what, second->start, second->end - 1, first->what, first->start,
		   first->end - 1);
	spec_note(a->diags, first->pos, "%s is here", first->what);
}

void check_areas(struct spec_device *dev, struct spec_diags *diags)
{
	struct areas a = {
		.dev = dev,
		.diags = diags,
		.list = g_array_new(FALSE, FALSE, sizeof(struct area)),
	};
	uint64_t total = 0;

	for (unsigned int i = 0; i < dev->n_windows; i++)
		add_window(&a, &dev->windows[i], &total);
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		if (cap->id != 0x11 || cap->bad)
			continue;
		add_place(&a, &cap->table, "the MSI-X table", spec_msix_table_size(cap));
		add_place(&a, &cap->pba, "the MSI-X pending bit array", spec_msix_pba_size(cap));
		break; /* a second one is an error, and reported as such */
	}
	for (unsigned int i = 0; i < a.list->len; i++) {
		const struct area *area = &g_array_index(a.list, struct area, i);

		check_registers_in(&a, area);
		for (unsigned int k = 0; k < i; k++)
			check_pair(&a, &g_array_index(a.list, struct area, k), area);
	}
	g_array_free(a.list, TRUE);
}
