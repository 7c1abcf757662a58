/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt sources. */
#include "spec/check/check.h"

void check_interrupts(struct spec_device *dev, struct spec_diags *diags)
{
	GHashTable *regs = refs_new(dev);
	const struct spec_cap *msi = NULL; /* of MSI and MSI-X that with more vectors */
	bool bad = false;

	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		if (cap->id != 0x05 && cap->id != 0x11)
			continue;
		bad |= cap->bad;
		if (!msi || cap->vectors > msi->vectors)
			msi = cap;
	}
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		struct spec_irq *irq = &dev->irqs[i];

		refs_find(dev, regs, diags, "status", NULL, &irq->status);
		refs_find(dev, regs, diags, "enable", NULL, &irq->enable);
		refs_find(dev, regs, diags, "test", NULL, &irq->test);
		for (unsigned int k = 0; k < i; k++) {
			const struct spec_irq *other = &dev->irqs[k];

			if (!irq->status.reg || irq->status.reg != other->status.reg ||
			    !(irq->status.mask & other->status.mask))
				continue;
			spec_warning(diags, irq->status.pos,
				     "status: shares bits with interrupt %s: raising one makes "
				     "both pending",
				     other->name ? other->name : "?");
			spec_note(diags, other->status.pos, "the other one is here");
			break;
		}
		if (msi && !bad && irq->vector >= msi->vectors) {
			spec_error(diags, irq->vector_pos,
				   "vector: %u, but %s has %u vector%s (0 to %u)",
				   (unsigned int)irq->vector, msi->kind, msi->vectors,
				   msi->vectors == 1 ? "" : "s", msi->vectors - 1);
			spec_note(diags, msi->pos, "%s is here", msi->kind);
		}
		if (!msi && irq->vector)
			spec_error(diags, irq->vector_pos,
				   "vector: %u, but there is no msi or msix capability",
				   (unsigned int)irq->vector);
	}
	if (dev->n_irqs && !dev->id.pin && !msi)
		spec_error(diags, dev->irqs[0].pos,
			   "interrupts need a way out: pin: A under pci:, or an msi or msix "
			   "capability");
	/* PCI 3.0, 2.2.6: a device with one function uses INTA# only. */
	if (dev->id.pin > 1)
		spec_warning(diags, dev->pin_pos,
			     "pin: a device with one function uses pin A (PCI 3.0, 2.2.6)");
	if (dev->id.pin && !dev->n_irqs)
		spec_warning(diags, dev->pin_pos, "pin: there are no interrupts: to use it");
	g_hash_table_destroy(regs);
}
