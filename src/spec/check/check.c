/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/check/check.h"

/* ---- the order in which tables are written ---- */

static int by_bar_offset(const void *a, const void *b, void *user)
{
	const struct spec_device *dev = user;
	const struct spec_reg *x = a, *y = b;
	unsigned int bar_x = dev->bars[x->bar].number, bar_y = dev->bars[y->bar].number;

	if (bar_x != bar_y)
		return bar_x < bar_y ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return 0;
}

static int by_bar_start(const void *a, const void *b, void *user)
{
	const struct spec_device *dev = user;
	const struct spec_window *x = a, *y = b;
	unsigned int bar_x = dev->bars[x->bar].number, bar_y = dev->bars[y->bar].number;

	if (bar_x != bar_y)
		return bar_x < bar_y ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_number(const void *a, const void *b, void *user)
{
	const struct spec_bar *bars = user;
	unsigned int x = bars[*(const unsigned int *)a].number;
	unsigned int y = bars[*(const unsigned int *)b].number;

	return x < y ? -1 : x > y;
}

static int by_lsb(const void *a, const void *b, void *user)
{
	const struct spec_field *x = a, *y = b;

	return x->lsb < y->lsb ? -1 : x->lsb > y->lsb;
}

static int by_cap_offset(const void *a, const void *b, void *user)
{
	const struct spec_cap *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_ext_cap_offset(const void *a, const void *b, void *user)
{
	const struct spec_ext_cap *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Registers and windows name their BAR by index, so BARs take them along. */
static void sort_bars(struct spec_device *dev)
{
	g_autofree unsigned int *order = g_new(unsigned int, dev->n_bars);
	g_autofree unsigned int *place = g_new(unsigned int, dev->n_bars);
	g_autofree struct spec_bar *old = g_memdup2(dev->bars, dev->n_bars * sizeof(*old));

	for (unsigned int i = 0; i < dev->n_bars; i++)
		order[i] = i;
	g_qsort_with_data(order, dev->n_bars, sizeof(*order), by_number, old);
	for (unsigned int i = 0; i < dev->n_bars; i++) {
		dev->bars[i] = old[order[i]];
		place[order[i]] = i;
	}
	for (unsigned int i = 0; i < dev->n_regs; i++)
		dev->regs[i].bar = place[dev->regs[i].bar];
	for (unsigned int i = 0; i < dev->n_regfiles; i++)
		dev->regfiles[i].bar = place[dev->regfiles[i].bar];
	for (unsigned int i = 0; i < dev->n_windows; i++)
		dev->windows[i].bar = place[dev->windows[i].bar];
}

static void sort(struct spec_device *dev)
{
	if (dev->n_bars)
		sort_bars(dev);
	/* g_qsort_with_data is stable: what is equal stays as it was written. */
	if (dev->n_regs)
		g_qsort_with_data(dev->regs, dev->n_regs, sizeof(*dev->regs), by_bar_offset, dev);
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];

		if (reg->n_fields)
			g_qsort_with_data(reg->fields, reg->n_fields, sizeof(*reg->fields), by_lsb,
					  NULL);
	}
	if (dev->n_windows)
		g_qsort_with_data(dev->windows, dev->n_windows, sizeof(*dev->windows), by_bar_start,
				  dev);
	if (dev->n_caps)
		g_qsort_with_data(dev->caps, dev->n_caps, sizeof(*dev->caps), by_cap_offset, NULL);
	if (dev->n_ext_caps)
		g_qsort_with_data(dev->ext_caps, dev->n_ext_caps, sizeof(*dev->ext_caps),
				  by_ext_cap_offset, NULL);
}

void spec_check(struct spec_device *dev, struct spec_diags *diags)
{
	dev->upper = spec_upper(dev->arena, dev->name ? dev->name : "");
	sort(dev);
	check_names(dev, diags);
	check_bars(dev, diags);
	check_registers(dev, diags);
	check_areas(dev, diags);
	check_capabilities(dev, diags);
	check_extended_capabilities(dev, diags);
	check_express(dev, diags);
	check_interrupts(dev, diags);
	check_rules(dev, diags);
	check_state(dev, diags);
}
