/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the driver share: the device, as the driver has it. */
#ifndef NEWDEV_DRIVER_H
#define NEWDEV_DRIVER_H

#include <linux/io.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "newdev_ioctl.h"
#include "newdev_spec.h"

struct proc_dir_entry;

/* One piece of a transfer: what is pinned and mapped at a time, and the engine's list of it. */
#define NEWDEV_CHUNK (1u << 20)
#define NEWDEV_ENTRIES 512
/* And what goes through a buffer, by port or window. */
#define NEWDEV_BOUNCE (64u << 10)

struct newdev_entry {
	__le64 address;
	__le32 length;
	__le32 zero;
};

struct newdev;

struct newdev_vector {
	struct newdev *nd;
	unsigned int index;
	unsigned int irq; /* Linux's number of it: asking for it sleeps */
	u32 sources; /* that use it, as bits */
	bool off; /* by us, in a storm */
};

/*
 * One device. Open files hold it by `ref`; the device itself may be gone by
 * then, and `regs` NULL.
 */
struct newdev {
	struct kref ref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	struct proc_dir_entry *proc;
	char name[16];
	char proc_name[20];
	int id;

	struct mutex lock; /* one user of the memory and the engine at a time */
	/* Cleared under both locks, so that either is enough to use them. */
	void __iomem *ports;
	void __iomem *regs;
	u32 size;
	u32 used; /* changed under lock */
	unsigned int mode; /* of files that are opened */
	bool broken; /* it did not stop, or answer; no bus mastering. Under lock */
	struct newdev_entry *list;
	dma_addr_t list_at;

	struct newdev_vector vector[NEWDEV_MSI_VECTORS];
	unsigned int vectors;
	bool msi;
	struct delayed_work calm;

	wait_queue_head_t wait; /* for a change of what is below, or of `used`, or for `lock` */
	spinlock_t irq_lock; /* protects it; taken by the handler */
	bool gone;
	bool asleep; /* suspended, or being reset: registers do not answer */
	bool ended; /* the transfer in hand */
	bool intx_off; /* by us, in a storm or asleep */
	unsigned long window; /* jiffies: a tenth of a second in which calls are counted */
	unsigned int calls;
	struct newdev_info counts; /* event, vector, unclaimed, missed, storms, resets */
};

static inline void __iomem *newdev_reg(struct newdev *nd, unsigned int offset)
{
	return nd->regs + offset;
}

static inline bool newdev_over(struct newdev *nd)
{
	return READ_ONCE(nd->gone);
}

void newdev_free(struct kref *ref);

/* newdev_irq.c */
extern char *newdev_irq;
int newdev_irq_kind(void); /* is irq= a word that we know? */
int newdev_request_irqs(struct newdev *nd);
void newdev_free_irqs(struct newdev *nd);
void newdev_irqs_on(struct newdev *nd); /* under irq_lock */
void newdev_irqs_off(struct newdev *nd); /* under irq_lock; and nothing is pending */
void newdev_line_off(struct newdev *nd); /* the same; until newdev_irqs_on() */
void newdev_calm(struct work_struct *work);

/*
 * newdev_move.c. The device for one transfer: 0, with the lock held, or why not:
 * -ENODEV, -EIO, -EAGAIN (nonblock, and it is in use), -ERESTARTSYS.
 */
int newdev_get(struct newdev *nd, bool nonblock);
void newdev_put(struct newdev *nd);
/* Was it pulled, or does it only not answer? -ENODEV or -EIO. */
int newdev_absent(struct newdev *nd);
/* With the device held. Of all: 0 or a negative errno. */
int newdev_move(struct newdev *nd, unsigned int mode, bool write, void *buf, u32 len, u32 offset);
int newdev_dma(struct newdev *nd, bool write, struct sg_table *sgt, u32 len, u32 offset);
int newdev_clear(struct newdev *nd, u32 len, u32 offset);
void newdev_set_used(struct newdev *nd, u32 used);
void newdev_stop(struct newdev *nd);

/* newdev_file.c */
int newdev_files(struct newdev *nd);
void newdev_no_files(struct newdev *nd);

/* newdev_sysfs.c */
extern const char *const newdev_modes[];
extern const struct attribute_group *newdev_groups[];
int newdev_mode_by_name(const char *text);
void newdev_info(struct newdev *nd, struct newdev_info *ret_info);

#endif
