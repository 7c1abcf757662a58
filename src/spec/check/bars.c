/* SPDX-License-Identifier: BSD-2-Clause */
/* BARs: sizes that hardware can decode, and numbers taken once. */
#include "spec/check/check.h"

#include <inttypes.h>

/* PCI 3.0, 6.2.5.1: how small and how large each kind can be. */
static void check_size(const struct spec_bar *bar, bool express, struct spec_diags *diags)
{
	uint64_t size = bar->size, min = bar->kind == EZ_BAR_IO ? 4 : 16;
	const char *what = bar->kind == EZ_BAR_IO ? "an io BAR" : "a memory BAR";

	if (!size || (size & (size - 1))) {
		spec_error(diags, bar->size_pos, "size: 0x%" PRIx64 " is not a power of two", size);
		return;
	}
	if (size < min)
		spec_error(diags, bar->size_pos,
			   "size: %" PRIu64 " bytes; %s has at least %" PRIu64, size, what, min);
	if (bar->kind == EZ_BAR_IO && size > 256 && !express)
		spec_error(diags, bar->size_pos,
			   "size: 0x%" PRIx64
			   "; an io BAR of conventional PCI has at most 256 bytes",
			   size);
	else if (bar->kind == EZ_BAR_IO && size > 0x10000)
		spec_error(diags, bar->size_pos,
			   "size: 0x%" PRIx64 "; there are no more than 64 KiB of io", size);
	if (bar->kind == EZ_BAR_MEM32 && size > UINT64_C(1) << 31)
		spec_error(diags, bar->size_pos,
			   "size: 0x%" PRIx64 " does not fit a mem32 BAR; use mem64", size);
}

void check_bars(struct spec_device *dev, struct spec_diags *diags)
{
	const struct spec_bar *taken[EZ_BARS + 1] = { NULL };

	for (unsigned int i = 0; i < dev->n_bars; i++) {
		struct spec_bar *bar = &dev->bars[i];
		const struct spec_bar *other;
		unsigned int last;

		if (bar->bad)
			continue;
		last = bar->number + (bar->kind == EZ_BAR_MEM64);
		other = taken[bar->number];
		if (other) {
			const struct spec_bar *first = other, *second = bar;

			if (first->pos.line > second->pos.line) {
				first = bar;
				second = other;
			}
			spec_error(diags, second->number_pos, "number: BAR %u is taken",
				   bar->number);
			spec_note(diags, first->number_pos, "by %s%s",
				  first->name ? first->name : "this one",
				  first->kind == EZ_BAR_MEM64
					  ? ": a mem64 BAR takes the next number too"
					  : "");
		}
		if (last >= EZ_BARS)
			spec_error(diags, bar->number_pos,
				   "number: a mem64 BAR takes two, and there is none after 5");
		for (unsigned int n = bar->number; n <= last && n < EZ_BARS; n++) {
			if (!taken[n])
				taken[n] = bar;
		}
		check_size(bar, dev->id.express, diags);
		if (bar->kind == EZ_BAR_IO && bar->prefetchable)
			spec_error(diags, bar->prefetchable_pos,
				   "prefetchable: only memory can be");
	}
}
