// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts, in the three ways that a driver of this device must know:
 *
 *   intx	a line, perhaps shared with others: the flags tell whether it is
 *		ours, and clearing them takes it down
 *   msi	one message, for all events: the flags tell which
 *   multi	four messages, and each event has its own
 *
 * The kernel may grant one message where four were asked for, so the second is
 * what the third falls back to; on x86 four are granted only where an IOMMU
 * remaps interrupts. irq= says what is asked for first (auto: multi); what is not
 * granted falls back to the one above it.
 *
 * In each of the three the flag is cleared before the next command is started,
 * and an event whose flag is clear is none (see queue.c).
 */
#include <linux/module.h>
#include <linux/string.h>

#include "driver.h"

#ifndef PCI_IRQ_INTX /* until 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

static char *ecrypto_irq = "auto";
module_param_named(irq, ecrypto_irq, charp, 0444);
MODULE_PARM_DESC(irq, "Interrupts to ask for first: auto (default), multi, msi or intx");

static const char *const ecrypto_mode_names[] = {
	[ECRYPTO_INTX] = "intx",
	[ECRYPTO_MSI] = "msi",
	[ECRYPTO_MULTI] = "multi",
};

/* With four messages, who tells what. */
static const u8 ecrypto_vector_events[CRYPTO_MSI_VECTORS] = {
	[CRYPTO_IRQ_ERROR_VECTOR] = BIT(ECRYPTO_ERROR),
	[CRYPTO_IRQ_READY_VECTOR] = BIT(ECRYPTO_READY),
	[CRYPTO_IRQ_RESET_VECTOR] = BIT(ECRYPTO_RESET),
};

const char *ecrypto_irq_name(const struct ecrypto *dev)
{
	return ecrypto_mode_names[dev->irq_mode];
}

static irqreturn_t ecrypto_interrupt(int irq, void *data)
{
	struct ecrypto_vector *vector = data;
	struct ecrypto *dev = vector->dev;
	irqreturn_t ret = IRQ_HANDLED;
	unsigned long flags;

	spin_lock_irqsave(&dev->lock, flags);
	if (ecrypto_take_events(dev, vector->events)) {
		dev->stats.interrupts++;
		if (!list_empty(&dev->ended) || !list_empty(&dev->accepted))
			ret = IRQ_WAKE_THREAD;
	} else if (dev->irq_mode == ECRYPTO_INTX) {
		ret = IRQ_NONE;
	} else {
		dev->stats.spurious++;
	}
	spin_unlock_irqrestore(&dev->lock, flags);
	return ret;
}

static irqreturn_t ecrypto_interrupt_thread(int irq, void *data)
{
	struct ecrypto_vector *vector = data;

	ecrypto_process(vector->dev);
	return IRQ_HANDLED;
}

/* What irq= asks for; -EINVAL: nothing that we know. */
static int ecrypto_irq_wish(void)
{
	int i;

	if (sysfs_streq(ecrypto_irq, "auto"))
		return ECRYPTO_MULTI;
	for (i = ECRYPTO_INTX; i <= ECRYPTO_MULTI; i++)
		if (sysfs_streq(ecrypto_irq, ecrypto_mode_names[i]))
			return i;
	return -EINVAL;
}

/* The number of vectors, with the mode in dev, or an error. */
static int ecrypto_irq_alloc(struct ecrypto *dev, int wish)
{
	int n = -ENOSPC;

	dev->irq_mode = ECRYPTO_MULTI;
	if (wish == ECRYPTO_MULTI)
		n = pci_alloc_irq_vectors(dev->pdev, CRYPTO_MSI_VECTORS, CRYPTO_MSI_VECTORS,
					  PCI_IRQ_MSI);
	if (n < 0 && wish >= ECRYPTO_MSI) {
		dev->irq_mode = ECRYPTO_MSI;
		n = pci_alloc_irq_vectors(dev->pdev, 1, 1, PCI_IRQ_MSI);
	}
	if (n < 0) {
		dev->irq_mode = ECRYPTO_INTX;
		n = pci_alloc_irq_vectors(dev->pdev, 1, 1, PCI_IRQ_INTX);
	}
	return n;
}

static void ecrypto_irq_free_some(struct ecrypto *dev, unsigned int n)
{
	while (n-- > 0)
		free_irq(pci_irq_vector(dev->pdev, n), &dev->vector[n]);
	pci_free_irq_vectors(dev->pdev);
}

int ecrypto_irq_setup(struct ecrypto *dev)
{
	int wish = ecrypto_irq_wish();
	unsigned int i;
	int n, err;

	if (wish < 0) {
		pci_err(dev->pdev, "irq=%s is none of auto, multi, msi, intx\n", ecrypto_irq);
		return wish;
	}
	n = ecrypto_irq_alloc(dev, wish);
	if (n < 0) {
		pci_err(dev->pdev, "no interrupt to be had (%d)\n", n);
		return n;
	}
	dev->vectors = n;
	for (i = 0; i < dev->vectors; i++) {
		dev->vector[i].dev = dev;
		dev->vector[i].events = ecrypto_vector_events[i];
		if (dev->irq_mode != ECRYPTO_MULTI)
			dev->vector[i].events = BIT(ECRYPTO_EVENTS) - 1;
		err = request_threaded_irq(pci_irq_vector(dev->pdev, i), ecrypto_interrupt,
					   ecrypto_interrupt_thread,
					   dev->irq_mode == ECRYPTO_INTX ? IRQF_SHARED : 0,
					   ECRYPTO_NAME, &dev->vector[i]);
		if (err) {
			pci_err(dev->pdev, "interrupt %d is refused (%d)\n",
				pci_irq_vector(dev->pdev, i), err);
			ecrypto_irq_free_some(dev, i);
			return err;
		}
	}
	return 0;
}

void ecrypto_irq_free(struct ecrypto *dev)
{
	ecrypto_irq_free_some(dev, dev->vectors);
}
