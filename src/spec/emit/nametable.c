/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name table: from BAR and offset to a register's name and its fields, for
 * whoever has a log of accesses. A line a thing, words separated by one space,
 * the first says what it is; docs/spec-products.md is its definition, and once
 * published a word stays where it is.
 */
#include "spec/emit/emit.h"

static void fields(const struct spec_reg *reg, GString *out)
{
	for (unsigned int i = 0; i < reg->n_fields; i++) {
		const struct spec_field *field = &reg->fields[i];

		g_string_append_printf(out, "field %s %u %u %s\n", reg->name,
				       field->lsb + field->width - 1, field->lsb, field->name);
		for (unsigned int k = 0; k < field->n_values; k++)
			g_string_append_printf(out, "value %s %s 0x%" G_GINT64_MODIFIER "x %s\n",
					       reg->name, field->name, field->values[k].value,
					       field->values[k].name);
	}
}

static void registers(const struct spec_device *dev, GString *out)
{
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];
		unsigned int rows = reg->rows ? reg->rows : 1;
		bool r = reg->read != 0, w = false;

		w = !reg->n_fields && reg->access.w;
		for (unsigned int k = 0; k < reg->n_fields; k++)
			w |= reg->fields[k].access.w;
		g_string_append_printf(
			out, "reg %u 0x%" G_GINT64_MODIFIER "x %u %u 0x%x %u 0x%x %s %s\n",
			dev->bars[reg->bar].number, reg->offset, reg->width, reg->count / rows,
			reg->stride, rows, reg->row_stride,
			r && w ? "rw"
			: r    ? "r"
			: w    ? "w"
			       : "-",
			reg->name);
		if (reg->when.ref.text)
			g_string_append_printf(out, "when %s %s %" G_GUINT64_FORMAT "\n", reg->name,
					       reg->when.ref.text, reg->when.value);
		fields(reg, out);
	}
}

void spec_emit_names(const struct spec_device *dev, GString *out)
{
	static const char *const kinds[] = {
		[EZ_BAR_MEM32] = "mem32",
		[EZ_BAR_MEM64] = "mem64",
		[EZ_BAR_IO] = "io",
	};

	g_string_append_printf(out, "ersatz-names 1 %s %04x:%04x %s\n", dev->name, dev->id.vendor,
			       dev->id.device, dev->hash);
	for (unsigned int i = 0; i < dev->n_bars; i++)
		g_string_append_printf(out, "bar %u %s 0x%" G_GINT64_MODIFIER "x %s\n",
				       dev->bars[i].number, kinds[dev->bars[i].kind],
				       dev->bars[i].size, dev->bars[i].name);
	for (unsigned int i = 0; i < dev->n_windows; i++)
		g_string_append_printf(
			out, "window %u 0x%" G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER "x %s\n",
			dev->bars[dev->windows[i].bar].number, dev->windows[i].offset,
			dev->windows[i].size, dev->windows[i].name);
	registers(dev, out);
	for (unsigned int i = 0; i < dev->n_irqs; i++)
		g_string_append_printf(out, "irq %u %" G_GUINT64_FORMAT " %s\n", i,
				       dev->irqs[i].vector, dev->irqs[i].name);
}
