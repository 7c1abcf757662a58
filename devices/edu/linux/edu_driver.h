/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the driver share: the device, and a file, as the driver has them. */
#ifndef EDU_DRIVER_H
#define EDU_DRIVER_H

#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "edu_ioctl.h"
#include "edu_spec.h"

/* How work has ended. */
struct edu_end {
	int error; /* 0 or an errno */
	u32 result; /* of a factorial; what the device says of a transfer */
};

/* Work that a file has begun without waiting, until it has asked how that has ended. */
struct edu_begun {
	bool begun;
	bool finished;
	struct edu_end end;
};

/* One of the two parts of the device that work by themselves; or what else there are turns for. */
struct edu_unit {
	const void *owner; /* whose turn it is, a call or a file; NULL: nobody's */
	/* Who gets the end, and the unit is free then, whether he asks or not. NULL: the owner asks. */
	struct edu_begun *heir;
	bool busy; /* the device is at it, maybe for nobody any more */
	bool finished; /* the owner can have the end */
	struct edu_end end;
};

/* For DMA; NULL: not yet, or not any more. Whoever has mapped it keeps it. */
struct edu_page {
	struct page *page;
	dma_addr_t bus;
};

enum { EDU_PAGE_MAPPED, EDU_PAGE_BOUNCE, EDU_PAGES };

/*
 * One device. Open files hold it by `ref`; the device itself may be gone by then.
 * Order of locks: lock, files_lock; lock, irq_lock. Under `lock` no user memory is
 * touched: mmap() takes it. And it may be held for a second, too long for open(), which
 * keeps everybody from opening anything of the misc core.
 */
struct edu {
	struct kref ref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	char name[16];
	int id;
	bool extended;
	bool msi;
	int irq;

	struct mutex lock; /* protects regs, files' pages, and the order of register writes */
	void __iomem *regs; /* NULL once removed */
	struct mutex files_lock; /* protects files */
	struct list_head files;

	wait_queue_head_t wait; /* for a change of what is below */
	spinlock_t irq_lock; /* protects it; taken by the handler */
	bool gone;
	bool asleep; /* being reset, or suspended: registers do not answer */
	struct edu_unit factorial;
	struct edu_unit dma;
	struct edu_unit raise; /* only its turn: one of EDU_IOC_RAISE at a time */
	dma_addr_t dma_bus; /* the page that it is at */
	u32 seen; /* bits that the handler has found, since EDU_IOC_RAISE has begun */
	unsigned int resets;
	unsigned int interrupts;
	unsigned int unclaimed;
	unsigned int transfers;
};

struct edu_file {
	struct edu *edu;
	struct list_head node;
	struct edu_unit call; /* only its turn: one DMA call at a time; protects the next two */
	struct edu_dma dma; /* what it has begun */
	u32 n;
	/* Under the device's irq_lock. */
	struct edu_begun dma_begun;
	struct edu_begun factorial_begun;

	struct edu_page page[EDU_PAGES]; /* under the device's lock */
};

static inline u32 edu_get(struct edu *edu, unsigned int offset)
{
	return ioread32(edu->regs + offset);
}

static inline void edu_put(struct edu *edu, unsigned int offset, u32 value)
{
	iowrite32(value, edu->regs + offset);
}

/* Registers may be accessed between these two. 0, -ENODEV or -ERESTARTSYS. */
int edu_enter(struct edu *edu);
static inline void edu_leave(struct edu *edu)
{
	mutex_unlock(&edu->lock);
}

/* With irq_lock held: the device is done with this, if it was at it for somebody. */
void edu_end(struct edu_unit *unit, int error, u32 result);
/*
 * With irq_lock held: of these bits of IRQ_STATUS, what has ended. A program may have
 * raised them, so the device is looked at.
 */
void edu_ended(struct edu *edu, u32 status);
/* With irq_lock held: the device has stopped whatever it was at. */
void edu_abort(struct edu *edu, int error);
/*
 * With lock held, or nobody else there: ready to work. With an error it is reset, if it
 * can, and work in flight ends with that error.
 */
void edu_ready(struct edu *edu, int error);
/* A pulled card answers all-ones. */
bool edu_is_there(struct edu *edu);
/* With lock held: true if no transfer is under way any more, after 1 s at most. */
bool edu_quiet(struct edu *edu);

/* With lock held: a page of a file, made for the first who asks. 0 or an errno. */
int edu_page(struct edu_file *f, unsigned int which);
/* With lock held: takes them from the device. Who has one mapped, or a reference, has it still. */
void edu_pages_free(struct edu_file *f);

/* Calls that a program makes. */
long edu_factorial(struct edu_file *f, struct edu_factorial __user *argp, bool nonblock);
long edu_raise(struct edu_file *f, struct edu_raise __user *argp, bool nonblock);
long edu_dma(struct edu_file *f, struct edu_dma __user *argp, bool nonblock);
long edu_copy(struct edu_file *f, struct edu_copy __user *argp, bool nonblock);
/* The file is closed: nobody waits for what it has begun. */
void edu_work_forget(struct edu_file *f);

#endif
