/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers: where they lie, and what their fields make of them. */
#include "spec/check/check.h"

#include <inttypes.h>
#include <string.h>

/* All elements of all registers: what dispatch tables are still good for. */
#define MAX_ELEMENTS (1u << 20)

/* ---- fields ---- */

static const char *bits_text(char buf[16], const struct spec_field *field)
{
	if (field->width == 1)
		g_snprintf(buf, 16, "%u", field->lsb);
	else
		g_snprintf(buf, 16, "%u:%u", field->lsb + field->width - 1, field->lsb);
	return buf;
}

static const char *field_name(const struct spec_field *field)
{
	return field->name ? field->name : "?";
}

static void check_overlap(const struct spec_field *a, const struct spec_field *b,
			  struct spec_diags *diags)
{
	const struct spec_field *first = a, *second = b;
	char x[16], y[16];

	if (!(spec_field_mask(a) & spec_field_mask(b)))
		return;
	if (spec_pos_before(b->pos, a->pos)) {
		first = b;
		second = a;
	}
	spec_error(diags, second->bits_pos, "field %s (%s) overlaps %s (%s)", field_name(second),
		   bits_text(x, second), field_name(first), bits_text(y, first));
	spec_note(diags, first->bits_pos, "%s is here", field_name(first));
}

static void check_field(const struct spec_reg *reg, const struct spec_field *field,
			struct spec_diags *diags)
{
	unsigned int msb = field->lsb + field->width - 1;

	if (!reg->bad && msb >= reg->width * 8)
		spec_error(diags, field->bits_pos, "bits: %u is beyond bit %u, the last of %s", msb,
			   reg->width * 8 - 1, reg->name ? reg->name : "the register");
	if (reg->has_reset && field->has_reset &&
	    (reg->reset & spec_field_mask(field)) != field->reset << field->lsb) {
		spec_error(diags, field->reset_pos,
			   "reset: 0x%" PRIx64 ", but the register's reset has 0x%" PRIx64
			   " in these bits",
			   field->reset, (reg->reset & spec_field_mask(field)) >> field->lsb);
		spec_note(diags, reg->reset_pos, "the register's reset is here");
	}
	for (unsigned int i = 0; i < field->n_values; i++) {
		for (unsigned int k = 0; k < i && i < 256; k++) {
			if (field->values[i].value != field->values[k].value)
				continue;
			spec_warning(diags, field->values[i].pos,
				     "values: %s and %s are both %" PRIu64, field->values[k].name,
				     field->values[i].name, field->values[i].value);
			break;
		}
	}
}

static void check_fields(const struct spec_reg *reg, struct spec_diags *diags)
{
	uint64_t taken = 0;
	bool all_known = true;

	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		if (field->bad) {
			all_known = false;
			continue;
		}
		check_field(reg, field, diags);
		for (unsigned int k = 0; k < i; k++) {
			if (!reg->fields[k].bad)
				check_overlap(&reg->fields[k], field, diags);
		}
		taken |= spec_field_mask(field);
	}
	if (reg->n_fields && all_known && reg->has_reset && (reg->reset & ~taken))
		spec_error(diags, reg->reset_pos,
			   "reset: 0x%" PRIx64 " sets bits that belong to no field (0x%" PRIx64
			   "); give them one, or leave them out",
			   reg->reset, reg->reset & ~taken);
	if (reg->reserved != SPEC_RESERVED_IGNORED && !reg->n_fields)
		spec_warning(diags, reg->pos,
			     "reserved: a register without fields has no reserved bits");
}

/* ---- places ---- */

/* The second dimension; false: reported, and its elements are nowhere. */
static bool check_rows(struct spec_reg *reg, struct spec_diags *diags)
{
	uint64_t row = (uint64_t)(reg->count / reg->rows - 1) * reg->stride + reg->width;

	if (reg->row_stride % reg->width)
		spec_error(diags, reg->row_pos,
			   "stride: %u is not a multiple of %u, the width of %s in bytes",
			   reg->row_stride, reg->width, reg->name);
	if (reg->row_stride >= row)
		return true;
	spec_error(diags, reg->row_pos,
		   "stride: %u is less than the %" PRIu64 " bytes of a row of %s", reg->row_stride,
		   row, reg->name);
	reg->bad = true;
	return false;
}

static void check_place(const struct spec_device *dev, struct spec_reg *reg,
			struct spec_diags *diags)
{
	const struct spec_bar *bar = &dev->bars[reg->bar];
	const char *name = reg->name ? reg->name : "?";

	if (reg->offset % reg->width)
		spec_error(diags, reg->offset_pos,
			   "offset: 0x%" PRIx64
			   " is not a multiple of %u, the width of %s in bytes",
			   reg->offset, reg->width, name);
	if (reg->stride < reg->width) {
		spec_error(diags, reg->stride_pos,
			   "stride: %u is less than %u, the width of %s in bytes", reg->stride,
			   reg->width, name);
		reg->bad = true;
		return;
	}
	if (reg->stride % reg->width)
		spec_error(diags, reg->stride_pos,
			   "stride: %u is not a multiple of %u, the width of %s in bytes",
			   reg->stride, reg->width, name);
	if (reg->matrix && !check_rows(reg, diags))
		return;
	if (bar->bad)
		return;
	if (reg->offset + spec_reg_span(reg) > bar->size) {
		uint64_t last = reg->offset + spec_reg_span(reg) - 1;

		spec_error(diags, reg->offset_pos,
			   "register %s (0x%" PRIx64 "..0x%" PRIx64 ") ends beyond BAR %s "
			   "(0x%" PRIx64 " bytes)",
			   name, reg->offset, last, bar->name ? bar->name : "?", bar->size);
		spec_note(diags, bar->size_pos, "the size is here");
		/* One message is enough: what lies out there overlaps nothing of worth. */
		reg->bad = true;
	}
	if (bar->kind == EZ_BAR_IO && reg->access_width > 4)
		spec_error(
			diags, reg->pos,
			"register %s: I/O accesses have at most 32 bits; give it accesswidth: 32",
			name);
}

static void check_effects(const struct spec_device *dev, const struct spec_reg *reg,
			  struct spec_diags *diags)
{
	const struct spec_bar *bar = &dev->bars[reg->bar];
	bool effect = !reg->n_fields && reg->access.r && reg->access.onread;

	for (unsigned int i = 0; i < reg->n_fields; i++)
		effect |= reg->fields[i].access.r && reg->fields[i].access.onread;
	/* PCI 3.0, 6.2.5.1: no side effects on reads. */
	if (bar->prefetchable && effect) {
		spec_warning(diags, reg->pos,
			     "register %s has an effect on reads, but BAR %s is prefetchable: a "
			     "bridge may read ahead",
			     reg->name ? reg->name : "?", bar->name ? bar->name : "?");
		spec_note(diags, bar->prefetchable_pos, "prefetchable is here");
	}
}

/* Bytes of one register, or of all of an array without gaps. */
struct extent {
	struct spec_reg *reg;
	uint32_t index; /* element */
	unsigned int bar;
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	if (x->bar != y->bar)
		return x->bar < y->bar ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return 0;
}

static const char *extent_name(char *buf, size_t size, const struct extent *e)
{
	const char *name = e->reg->name ? e->reg->name : "?";

	if (e->end - e->start == e->reg->width && e->reg->array && e->reg->count > 1)
		g_snprintf(buf, size, "%s[%u]", name, e->index);
	else
		g_snprintf(buf, size, "%s", name);
	return buf;
}

/* What put it where it is: for a register of a block, the instance. */
static struct spec_pos place_pos(const struct spec_reg *reg)
{
	return reg->offset_pos.file != reg->pos.file ? reg->offset_pos : reg->pos;
}

static void report_overlap(const struct extent *a, const struct extent *b, struct spec_diags *diags)
{
	const struct extent *first = a, *second = b;
	char x[80], y[80], range[48];

	if (spec_pos_before(place_pos(b->reg), place_pos(a->reg))) {
		first = b;
		second = a;
	}
	if (first->end - first->start > 1)
		g_snprintf(range, sizeof(range), "0x%" PRIx64 "..0x%" PRIx64, first->start,
			   first->end - 1);
	else
		g_snprintf(range, sizeof(range), "0x%" PRIx64, first->start);
	spec_error(diags, place_pos(second->reg), "register %s (0x%" PRIx64 ") overlaps %s (%s)",
		   extent_name(x, sizeof(x), second), second->start,
		   extent_name(y, sizeof(y), first), range);
	spec_note(diags, place_pos(first->reg), "%s is here",
		  first->reg->name ? first->reg->name : "it");
}

static void add_extents(GArray *extents, struct spec_reg *reg)
{
	if (reg->stride == reg->width && !reg->matrix) {
		struct extent all = {
			.reg = reg,
			.bar = reg->bar,
			.start = reg->offset,
			.end = reg->offset + spec_reg_span(reg),
		};

		g_array_append_val(extents, all);
		return;
	}
	for (uint32_t i = 0; i < reg->count; i++) {
		struct extent one = {
			.reg = reg,
			.index = i,
			.bar = reg->bar,
			.start = spec_reg_at(reg, i),
		};

		one.end = one.start + reg->width;
		g_array_append_val(extents, one);
	}
}

/*
 * Arrays may interleave, so it is elements that must not overlap. Each
 * register is reported once.
 */
static void check_overlaps(struct spec_device *dev, struct spec_diags *diags)
{
	GArray *extents = g_array_new(FALSE, FALSE, sizeof(struct extent));
	GHashTable *reported = g_hash_table_new(NULL, NULL);
	const struct extent *furthest = NULL;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		if (!dev->regs[i].bad)
			add_extents(extents, &dev->regs[i]);
	}
	g_array_sort(extents, by_start);
	for (unsigned int i = 0; i < extents->len; i++) {
		const struct extent *e = &g_array_index(extents, struct extent, i);

		if (furthest && furthest->bar == e->bar && e->start < furthest->end &&
		    e->reg != furthest->reg && !check_alternates(dev, furthest->reg, e->reg) &&
		    g_hash_table_add(reported, e->reg))
			report_overlap(furthest, e, diags);
		if (!furthest || furthest->bar != e->bar || e->end > furthest->end)
			furthest = e;
	}
	g_hash_table_destroy(reported);
	g_array_free(extents, TRUE);
}

void check_registers(struct spec_device *dev, struct spec_diags *diags)
{
	uint64_t elements = 0;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];
		bool fits = elements <= MAX_ELEMENTS;

		check_fields(reg, diags);
		if (reg->bad)
			continue;
		check_place(dev, reg, diags);
		check_effects(dev, reg, diags);
		elements += reg->count;
		if (fits && elements > MAX_ELEMENTS)
			spec_error(diags, reg->pos,
				   "more than %u registers in all, with the elements of this one",
				   MAX_ELEMENTS);
	}
	if (elements <= MAX_ELEMENTS)
		check_overlaps(dev, diags);
}
