/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: from sources to INTx and MSI, as the driver has programmed them.
 * PCI 3.0, 2.2.6 (INTx), 6.8 (MSI). A source is pending; while it is enabled
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

/* The vector that a source uses now: what was not granted one of its own shares the first. */
static unsigned int vector_of(const struct ez_function *f, uint32_t source)
{
	unsigned int vector = f->spec->irqs[source].vector;
	unsigned int granted = pci_msi_granted(&f->pci);

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
	if (!msi_is_theirs(f->dev) && pci_msi_masked(&f->pci, vector))
		pci_msi_pend(&f->pci, vector, true);
	else
		deliver(f, vector);
	return true;
}

void irq_unmask(struct ez_function *f)
{
	unsigned int vector;

	if (msi_is_theirs(f->dev) || !pci_msi_enabled(&f->pci) || f->shut ||
	    !(pci_command(&f->pci) & PCI_COMMAND_MASTER))
		return;
	for (vector = 0; vector < pci_msi_granted(&f->pci); vector++) {
		if (!pci_msi_pending(&f->pci, vector) || pci_msi_masked(&f->pci, vector))
			continue;
		pci_msi_pend(&f->pci, vector, false);
		deliver(f, vector);
	}
}

/* INTx follows the active sources; 6.2.2, 6.2.3, 6.8.1.3. */
static void update_line(struct ez_function *f, bool any)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_INTX, .fn = f->number };
	bool msi = pci_msi_enabled(&f->pci);
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

/*
 * 6.8.1.10: a pending bit is cleared when what it stands for has been dealt
 * with by other means. `alive`: vectors with an active source.
 */
static void forget_pending(struct ez_function *f, uint32_t alive)
{
	struct ez_device *dev = f->dev;
	uint32_t before = pci_msi_pending_bits(&f->pci);
	uint8_t bytes[4];

	if (!pci_msi_pending_offset(&f->pci))
		return;
	if (before & ~alive)
		pci_msi_keep_pending(&f->pci, alive);
	/* Theirs are set without a word to us: say which may stay. */
	if (msi_is_theirs(dev) && dev->backend->config_put) {
		pci_put32(bytes, alive);
		dev->backend->config_put(dev->be, f->number, pci_msi_pending_offset(&f->pci), bytes,
					 sizeof(bytes));
	}
}

/* `event`: this source was raised just now, and says so even if it was active before. */
static void update(struct ez_function *f, uint32_t event)
{
	bool msi = pci_msi_enabled(&f->pci);
	uint32_t alive = 0;
	bool quiet = false;
	bool any = false;
	uint32_t i;

	irq_hold(f);
	for (i = 0; i < f->spec->n_irqs; i++) {
		bool on = active(f, i);

		any |= on;
		if (on)
			alive |= UINT32_C(1) << (vector_of(f, i) & 31);
		quiet |= f->told[i] && !on;
		/* With MSI off nothing was told: what is active then is told when it comes on. */
		f->told[i] = f->told[i] && on && msi;
		if (on && msi && (!f->told[i] || i == event))
			f->told[i] = send(f, i);
	}
	if (quiet)
		forget_pending(f, alive);
	update_line(f, any);
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

void ez_irq_update(struct ez_function *f)
{
	irq_update(f);
}
