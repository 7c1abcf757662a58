/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the driver share: the device, as the driver has it. */
#ifndef PROBE_DRIVER_H
#define PROBE_DRIVER_H

#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "probe_ioctl.h"
#include "probe_spec.h"

struct probe;

struct probe_vector {
	struct probe *p;
	unsigned int index;
	u32 sources; /* that use it, as bits */
};

/*
 * One device. Open files hold it by `ref`; the device itself may be gone
 * by then, and `bar` empty.
 */
struct probe {
	struct kref ref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	char name[16];
	int id;

	struct mutex lock; /* one user of the registers at a time; who resets has it, too */
	void __iomem *bar[PCI_STD_NUM_BARS]; /* NULL once removed; under lock */

	struct probe_vector vector[PROBE_VECTORS];
	unsigned int vectors;
	unsigned int mode;

	wait_queue_head_t wait; /* for a change of what is below */
	spinlock_t irq_lock; /* protects it; taken by the handler */
	bool gone;
	bool asleep; /* being reset: registers do not answer */
	unsigned int resets;
	bool line; /* the source without registers is raised */
	u32 hold;
	struct probe_counts counts;
};

static inline void __iomem *probe_reg(struct probe *p, unsigned int offset)
{
	return p->bar[PROBE_BAR_REGS] + offset;
}

/* How often it has happened, PROBE_IRQ_* or PROBE_EVENT_*. */
static inline u32 probe_event(struct probe *p, unsigned int event)
{
	return READ_ONCE(p->counts.event[event]);
}

/* Calls that a program makes, with `lock` held and the device there. */
long probe_dma(struct probe *p, struct probe_dma __user *argp);
long probe_copy(struct probe *p, struct probe_copy __user *argp);

#endif
