// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupts: INTx, one message or several; who shares a line with others; storms. */
#include <linux/interrupt.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "newdev_driver.h"

#ifndef PCI_IRQ_INTX /* until 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* ISR, IER and TEST have a bit for each source but the first. */
#define NEWDEV_ISR_ALL (NEWDEV_ISR_DONE_MASK | NEWDEV_ISR_ERROR_MASK | NEWDEV_ISR_BELL_MASK)
#define NEWDEV_ISR_SOURCES(isr) ((isr) << 1)

static_assert(NEWDEV_ISR_SOURCES(NEWDEV_ISR_DONE_MASK) == BIT(NEWDEV_IRQ_DONE));
static_assert(NEWDEV_ISR_SOURCES(NEWDEV_ISR_ERROR_MASK) == BIT(NEWDEV_IRQ_ERROR));
static_assert(NEWDEV_ISR_SOURCES(NEWDEV_ISR_BELL_MASK) == BIT(NEWDEV_IRQ_BELL));
static_assert(NEWDEV_IRQ_LINE == NEWDEV_SOURCE_LINE && NEWDEV_IRQ_DONE == NEWDEV_SOURCE_DONE);
static_assert(NEWDEV_IRQ_ERROR == NEWDEV_SOURCE_ERROR && NEWDEV_IRQ_BELL == NEWDEV_SOURCE_BELL);

static const unsigned int newdev_source_vector[NEWDEV_SOURCES] = {
	[NEWDEV_IRQ_LINE] = NEWDEV_IRQ_LINE_VECTOR,
	[NEWDEV_IRQ_DONE] = NEWDEV_IRQ_DONE_VECTOR,
	[NEWDEV_IRQ_ERROR] = NEWDEV_IRQ_ERROR_VECTOR,
	[NEWDEV_IRQ_BELL] = NEWDEV_IRQ_BELL_VECTOR,
};

char *newdev_irq = "auto";
module_param_named(irq, newdev_irq, charp, 0444);
MODULE_PARM_DESC(irq, "How interrupts come: intx, msi or auto (default: msi if it works)");

static unsigned int newdev_ask = NEWDEV_MSI_VECTORS;
module_param_named(vectors, newdev_ask, uint, 0444);
MODULE_PARM_DESC(vectors, "MSI vectors to ask for at most (default: 4)");

static unsigned int newdev_storm = 20000;
module_param_named(storm, newdev_storm, uint, 0644);
MODULE_PARM_DESC(storm, "Interrupts in a tenth of a second that are too many (default: 20000)");

int newdev_irq_kind(void)
{
	static const char *const kinds[] = { "auto", "intx", "msi" };

	return match_string(kinds, ARRAY_SIZE(kinds), newdev_irq);
}

/* ---- the handler ---- */

/* Takes what is pending of these sources, as bits. Called with irq_lock held. */
static u32 newdev_take(struct newdev *nd, u32 sources)
{
	u32 isr, taken = 0;

	isr = ioread32(newdev_reg(nd, NEWDEV_ISR));
	/* Nobody has these bits: the device is not there, and whoever waits will find out. */
	if (isr & ~NEWDEV_ISR_ALL)
		return 0;
	isr &= sources >> 1;
	if (isr) {
		/* First this, then look at what it is about: what happens in between comes again. */
		iowrite32(isr, newdev_reg(nd, NEWDEV_ISR));
		taken = NEWDEV_ISR_SOURCES(isr);
	}
	if ((sources & BIT(NEWDEV_IRQ_LINE)) &&
	    ioread32(newdev_reg(nd, NEWDEV_STATUS)) == NEWDEV_STATUS_RAISED_MASK) {
		iowrite8(0, nd->ports + NEWDEV_PORT_IRQ);
		taken |= BIT(NEWDEV_IRQ_LINE);
	}
	/* A line must be down before the interrupt controller looks again: push the writes. */
	if (taken && !nd->msi)
		ioread32(newdev_reg(nd, NEWDEV_STATUS));
	return taken;
}

/* The device's own switch: others on the line are not to blame. Until newdev_lift(). */
void newdev_line_off(struct newdev *nd)
{
	if (nd->msi || nd->intx_off)
		return;
	nd->intx_off = true;
	pci_intx(nd->pdev, 0);
}

/*
 * A device that does nothing but interrupt would leave no time for anything
 * else. Too many in a tenth of a second: quiet for another tenth. Transfers go on,
 * because who waits for one looks at the device by himself now and then.
 */
static void newdev_count(struct newdev *nd, struct newdev_vector *vector)
{
	if (time_after(jiffies, nd->window)) {
		nd->window = jiffies + HZ / 10;
		nd->calls = 0;
	}
	if (++nd->calls <= READ_ONCE(newdev_storm) || nd->intx_off || vector->off)
		return;
	nd->counts.storms++;
	if (nd->msi) {
		vector->off = true;
		disable_irq_nosync(vector->irq);
	} else {
		newdev_line_off(nd);
	}
	schedule_delayed_work(&nd->calm, HZ / 10);
}

static irqreturn_t newdev_interrupt(int irq, void *data)
{
	struct newdev_vector *vector = data;
	struct newdev *nd = vector->nd;
	unsigned long flags;
	unsigned int i;
	u32 taken = 0;

	spin_lock_irqsave(&nd->irq_lock, flags);
	if (!nd->asleep)
		taken = newdev_take(nd, vector->sources);
	for (i = 0; i < NEWDEV_SOURCES; i++)
		nd->counts.event[i] += taken >> i & 1;
	if (taken)
		nd->counts.vector[vector->index]++;
	else
		nd->counts.unclaimed++;
	if (taken & (BIT(NEWDEV_IRQ_DONE) | BIT(NEWDEV_IRQ_ERROR)))
		nd->ended = true;
	if (taken && !nd->gone)
		newdev_count(nd, vector);
	spin_unlock_irqrestore(&nd->irq_lock, flags);

	if (!taken)
		return IRQ_NONE;
	wake_up_all(&nd->wait);
	return IRQ_HANDLED;
}

/* ---- on, off, and on again after a storm ---- */

static void newdev_lift(struct newdev *nd)
{
	unsigned int i;

	if (nd->intx_off)
		pci_intx(nd->pdev, 1);
	nd->intx_off = false;
	for (i = 0; i < nd->vectors; i++) {
		if (nd->vector[i].off)
			enable_irq(nd->vector[i].irq);
		nd->vector[i].off = false;
	}
}

void newdev_calm(struct work_struct *work)
{
	struct newdev *nd = container_of(to_delayed_work(work), struct newdev, calm);

	spin_lock_irq(&nd->irq_lock);
	if (!nd->gone && !nd->asleep) {
		nd->calls = 0;
		newdev_lift(nd);
	}
	spin_unlock_irq(&nd->irq_lock);
}

void newdev_irqs_on(struct newdev *nd)
{
	newdev_lift(nd);
	iowrite32(NEWDEV_ISR_ALL, newdev_reg(nd, NEWDEV_IER));
}

void newdev_irqs_off(struct newdev *nd)
{
	iowrite32(0, newdev_reg(nd, NEWDEV_IER));
	iowrite32(NEWDEV_ISR_ALL, newdev_reg(nd, NEWDEV_ISR));
	iowrite8(0, nd->ports + NEWDEV_PORT_IRQ);
	ioread32(newdev_reg(nd, NEWDEV_STATUS));
}

/* ---- vectors ---- */

/* Number of vectors granted, or an error. */
static int newdev_alloc_vectors(struct newdev *nd)
{
	unsigned int ask = clamp(newdev_ask, 1u, (unsigned int)NEWDEV_MSI_VECTORS);
	int kind = newdev_irq_kind(), n = -ENODEV;

	if (kind != 1)
		n = pci_alloc_irq_vectors(nd->pdev, 1, rounddown_pow_of_two(ask), PCI_IRQ_MSI);
	if (n < 0 && kind != 2)
		n = pci_alloc_irq_vectors(nd->pdev, 1, 1, PCI_IRQ_INTX);
	return n;
}

int newdev_request_irqs(struct newdev *nd)
{
	unsigned int i;
	int err = newdev_alloc_vectors(nd);

	if (err < 0) {
		pci_err(nd->pdev, "no interrupt of the kind irq=%s (%d)\n", newdev_irq, err);
		return err;
	}
	nd->vectors = err;
	nd->msi = nd->pdev->msi_enabled;
	/* Who was not granted a vector of its own shares the first, as the device has it. */
	for (i = 0; i < NEWDEV_SOURCES; i++) {
		unsigned int v = newdev_source_vector[i];

		nd->vector[v < nd->vectors ? v : 0].sources |= BIT(i);
	}
	for (i = 0; i < nd->vectors; i++) {
		nd->vector[i].nd = nd;
		nd->vector[i].index = i;
		nd->vector[i].irq = pci_irq_vector(nd->pdev, i);
		err = request_irq(nd->vector[i].irq, newdev_interrupt, nd->msi ? 0 : IRQF_SHARED,
				  nd->name, &nd->vector[i]);
		if (err) {
			nd->vectors = i;
			newdev_free_irqs(nd);
			return err;
		}
	}
	return 0;
}

void newdev_free_irqs(struct newdev *nd)
{
	while (nd->vectors) {
		unsigned int last = nd->vectors - 1;

		free_irq(nd->vector[last].irq, &nd->vector[last]);
		nd->vectors = last;
	}
	pci_free_irq_vectors(nd->pdev);
}
