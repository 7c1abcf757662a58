/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: from sources to INTx, MSI and MSI-X, as the driver has programmed
 * them. PCI 3.0, 2.2.6 (INTx), 6.8 (MSI, MSI-X). A source is pending; while it is enabled
 * too, it is active: INTx is the or of what is active, a message goes out once
 * for each time that a source becomes active, as soon as one can go out.
 */
#include "device/device.h"

#include <string.h>

bool irq_source_pending(const struct ez_function *f, uint32_t source)
{
	const struct ez_irq *irq = &f->spec->irqs[source];

	if (irq->status == EZ_NONE)
		return f->raised[source];
	return regs_peek(&f->spec->regs[irq->status], 0, f->state) & irq->status_mask;
}

static bool active(const struct ez_function *f, uint32_t source)
{
	const struct ez_irq *irq = &f->spec->irqs[source];

	if (!irq_source_pending(f, source))
		return false;
	return irq->enable == EZ_NONE ||
	       (regs_peek(&f->spec->regs[irq->enable], 0, f->state) & irq->enable_mask);
}

static void deliver(struct ez_function *f, unsigned int vector)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_MSI, .fn = f->number, .index = vector };

	chain_send(f->dev, &x);
}

/*
 * How interrupts go out. Both kinds of message enabled is undefined (6.8.2.3),
 * and said in config.c: MSI-X wins.
 */
enum way { LINE, MSI, MSIX };

static enum way way_of(const struct ez_function *f)
{
	if (pci_msix_enabled(&f->pci))
		return MSIX;
	return pci_msi_enabled(&f->pci) ? MSI : LINE;
}

unsigned int irq_vectors(const struct ez_function *f)
{
	return way_of(f) == MSIX ? pci_msix_vectors(&f->pci) : pci_msi_granted(&f->pci);
}

/* The vector that a source uses now: what was not granted one of its own shares the first. */
static unsigned int vector_of(const struct ez_function *f, uint32_t source)
{
	unsigned int vector = f->route[source];
	unsigned int granted = irq_vectors(f);

	if (vector < granted)
		return vector;
	return f->spec->irq_policy == EZ_IRQ_MODULO && granted ? vector % granted : 0;
}

/*
 * Sets the status bits of a level that is raised; true if software had
 * cleared them, which makes it a new event.
 */
static bool hold(struct ez_function *f, uint32_t source)
{
	const struct ez_irq *irq = &f->spec->irqs[source];
	const struct ez_reg *reg;
	uint64_t value;

	if (irq->type != EZ_IRQ_LEVEL || irq->status == EZ_NONE || !f->raised[source])
		return false;
	reg = &f->spec->regs[irq->status];
	value = regs_peek(reg, 0, f->state);
	if ((value & irq->status_mask) == irq->status_mask)
		return false;
	regs_poke(reg, 0, f->state, value | irq->status_mask);
	return true;
}

void irq_hold(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; f->levels && i < f->spec->n_irqs; i++) {
		if (hold(f, i))
			f->told[i] = 0;
	}
}

static bool masked(const struct ez_function *f, unsigned int vector)
{
	return way_of(f) == MSIX ? pci_msix_masked(&f->pci, vector)
				 : pci_msi_masked(&f->pci, vector);
}

static bool held_back(const struct ez_function *f, unsigned int vector)
{
	return way_of(f) == MSIX ? pci_msix_pending(&f->pci, vector)
				 : pci_msi_pending(&f->pci, vector);
}

static void pend(struct ez_function *f, unsigned int vector, bool on)
{
	if (way_of(f) == MSIX)
		pci_msix_pend(&f->pci, vector, on);
	else
		pci_msi_pend(&f->pci, vector, on);
}

/* False: it cannot go out now, and is still owed. */
static bool send(struct ez_function *f, uint32_t source)
{
	unsigned int vector = vector_of(f, source);

	if (f->shut)
		return false;
	/* A message is a memory write by the function. */
	if (!(pci_command(&f->pci) & PCI_COMMAND_MASTER)) {
		if (log_first(f, LOG_MSI_MASTER))
			log_line(f, EZ_LOG_VIOLATION,
				 "message of %s has to wait: bus mastering is off (command "
				 "register, bit 2)",
				 f->spec->irqs[source].name);
		return false;
	}
	if (!msi_is_theirs(f->dev) && masked(f, vector))
		pend(f, vector, true);
	else
		deliver(f, vector);
	f->sent[source] = (uint16_t)vector;
	return true;
}

void irq_unmask(struct ez_function *f)
{
	unsigned int vector;

	if (msi_is_theirs(f->dev) || way_of(f) == LINE || f->shut ||
	    !(pci_command(&f->pci) & PCI_COMMAND_MASTER))
		return;
	for (vector = 0; vector < irq_vectors(f); vector++) {
		if (!held_back(f, vector) || masked(f, vector))
			continue;
		pend(f, vector, false);
		deliver(f, vector);
	}
}

/* INTx follows the active sources; 6.2.2, 6.2.3, 6.8.1.3, 6.8.2.3. */
static void update_line(struct ez_function *f, bool any)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_INTX, .fn = f->number };
	bool msi = way_of(f) != LINE;
	bool level;

	if (!f->spec->id.pin)
		return;
	pci_status(&f->pci, PCI_STATUS_INTERRUPT, any && !msi);
	/* Where config space is theirs they mask the line, and show in the status that it is up. */
	level = any && !msi && !f->shut &&
		(config_is_theirs(f->dev) || !(pci_command(&f->pci) & PCI_COMMAND_INTX_DISABLE));
	if (level == f->intx)
		return;
	f->intx = level;
	x.level = level;
	chain_send(f->dev, &x);
}

/* A set of vectors. */
struct vectors {
	uint64_t bits[PCI_MSIX_VECTORS / 64];
};

static void vectors_add(struct vectors *set, unsigned int vector)
{
	set->bits[vector / 64] |= UINT64_C(1) << vector % 64;
}

static bool vectors_have(const struct vectors *set, unsigned int vector)
{
	return set->bits[vector / 64] >> vector % 64 & 1;
}

/*
 * 6.8.1.10, 6.8.3.5: a pending bit is cleared when what it stands for has been
 * dealt with by other means. `quiet`: vectors with a source that is not active
 * any more; another source may keep one alive.
 */
static void forget_pending(struct ez_function *f, const struct vectors *quiet)
{
	struct ez_device *dev = f->dev;
	struct vectors alive = { 0 };
	uint8_t bytes[4];
	unsigned int i;

	/* A message that has gone out, or waits, stays where it is, wherever the next one will go. */
	for (i = 0; i < f->spec->n_irqs; i++)
		if (active(f, i))
			vectors_add(&alive, f->told[i] ? f->sent[i] : vector_of(f, i));
	if (way_of(f) == MSIX) {
		for (i = 0; i < irq_vectors(f); i++) {
			if (!vectors_have(quiet, i) || vectors_have(&alive, i))
				continue;
			if (!msi_is_theirs(dev))
				pci_msix_pend(&f->pci, i, false);
			else if (dev->backend->msix_forget)
				dev->backend->msix_forget(dev->be, f->number, i);
		}
		return;
	}
	if (!pci_msi_pending_offset(&f->pci))
		return;
	pci_msi_keep_pending(&f->pci, (uint32_t)alive.bits[0]);
	/* Theirs are set without a word to us: say which may stay. */
	if (msi_is_theirs(dev) && dev->backend->config_put) {
		pci_put32(bytes, (uint32_t)alive.bits[0]);
		dev->backend->config_put(dev->be, f->number, pci_msi_pending_offset(&f->pci), bytes,
					 sizeof(bytes));
	}
}

/* `event`: this source was raised just now, and says so even if it was active before. */
static void update(struct ez_function *f, uint32_t event)
{
	bool msi = way_of(f) != LINE;
	struct vectors quiet;
	bool any_quiet = false;
	bool any = false;
	uint32_t i;

	irq_hold(f);
	for (i = 0; i < f->spec->n_irqs; i++) {
		bool on = active(f, i);

		any |= on;
		if (f->told[i] && !on) {
			if (!any_quiet)
				memset(&quiet, 0, sizeof(quiet));
			any_quiet = true;
			vectors_add(&quiet, f->sent[i]);
		}
		/* With MSI off nothing was told: what is active then is told when it comes on. */
		f->told[i] = f->told[i] && on && msi;
		if (on && msi && (!f->told[i] || i == event))
			f->told[i] = send(f, i);
	}
	if (any_quiet)
		forget_pending(f, &quiet);
	/* Nor does anything wait in the table while it is off. */
	if (!msi_is_theirs(f->dev) && !pci_msix_enabled(&f->pci))
		pci_msix_forget_all(&f->pci);
	update_line(f, any);
}

void ez_device_msix_taken(struct ez_device *dev, unsigned int fn, uint32_t vector, bool taken)
{
	struct ez_function *f = device_function(dev, fn);

	if (!f || msi_is_theirs(dev) || vector >= pci_msix_vectors(&f->pci))
		return;
	pci_msix_take(&f->pci, vector, taken);
	irq_unmask(f);
}

void irq_update(struct ez_function *f)
{
	update(f, EZ_NONE);
}

static void set(struct ez_function *f, uint32_t source, bool on)
{
	const struct ez_irq *irq;
	const struct ez_reg *reg;
	uint64_t value;

	if (source >= f->spec->n_irqs)
		return;
	irq = &f->spec->irqs[source];
	if (irq->status == EZ_NONE) {
		f->raised[source] = on;
	} else {
		reg = &f->spec->regs[irq->status];
		value = regs_peek(reg, 0, f->state);
		if (irq->type == EZ_IRQ_LEVEL)
			f->raised[source] = on;
		if (on || irq->type != EZ_IRQ_LEVEL || !irq->sticky)
			regs_poke(reg, 0, f->state,
				  on ? value | irq->status_mask : value & ~irq->status_mask);
	}
	update(f, on ? source : EZ_NONE);
}

void irq_test(struct ez_function *f, uint32_t source)
{
	const struct ez_irq *irq = &f->spec->irqs[source];
	const struct ez_reg *reg = &f->spec->regs[irq->status];

	/* Of a level too only the status: nobody would lower it. */
	regs_poke(reg, 0, f->state, regs_peek(reg, 0, f->state) | irq->status_mask);
	update(f, source);
}

void ez_irq_raise(struct ez_function *f, uint32_t source)
{
	set(f, source, true);
}

void ez_irq_lower(struct ez_function *f, uint32_t source)
{
	set(f, source, false);
}

bool ez_irq_pending(struct ez_function *f, uint32_t source)
{
	return source < f->spec->n_irqs && irq_source_pending(f, source);
}

void irq_loaded(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_irqs; i++)
		f->sent[i] = (uint16_t)vector_of(f, i);
}

void irq_reset(struct ez_function *f)
{
	uint32_t i;

	memset(f->told, 0, f->spec->n_irqs);
	memset(f->raised, 0, f->spec->n_irqs);
	for (i = 0; i < f->spec->n_irqs; i++)
		f->route[i] = f->spec->irqs[i].vector;
}

void ez_irq_route(struct ez_function *f, uint32_t source, unsigned int vector)
{
	if (source < f->spec->n_irqs && vector < PCI_MSIX_VECTORS)
		f->route[source] = (uint16_t)vector;
}

unsigned int ez_irq_vectors(struct ez_function *f)
{
	return way_of(f) == LINE ? 0 : irq_vectors(f);
}

void ez_irq_update(struct ez_function *f)
{
	irq_update(f);
}
