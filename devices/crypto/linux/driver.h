/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of the crypto device: what its files share.
 *
 *   main.c	the PCI device: probe, removal, sleep, counters
 *   irq.c	three ways to be interrupted
 *   queue.c	one queue a device, for everybody who has something to be done
 *   algs.c	when the kernel's crypto API knows of us
 *   job.c	scatterlists: mapping, tables, bounce buffer
 *   skcipher.c	cbc(aes) for the kernel's crypto API
 *   hash.c	sha256 for the kernel's crypto API
 *   cdev.c	/dev/ersatz_crypto, for programs
 *
 * Locks: ecrypto_devices_lock, then dev->lock. Both are taken with interrupts
 * off; the handlers of interrupts take dev->lock.
 */
#ifndef ECRYPTO_DRIVER_H
#define ECRYPTO_DRIVER_H

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "crypto_spec.h"

#define ECRYPTO_NAME "ersatz_crypto"

struct dma_pool;
struct ecrypto;
struct ecrypto_bounce;
struct ecrypto_cdev;
struct ecrypto_job;

/* ---- requests ---- */

enum ecrypto_request_state {
	ECRYPTO_REQ_IDLE, /* the caller's: not submitted, or complete() has been called */
	ECRYPTO_REQ_BACKLOG, /* waits for a place in the queue */
	ECRYPTO_REQ_QUEUED,
	ECRYPTO_REQ_RUNNING,
	ECRYPTO_REQ_ENDED, /* complete() is to be called */
};

/*
 * One command of the device. Zero it, then set start, complete, bytes and, if
 * need be, limited and accepted; the rest is the queue's.
 */
struct ecrypto_request {
	/*
	 * Writes the registers, the one that starts the device last. Called
	 * with dev->lock held and interrupts off, in any context: no more than
	 * that. What it writes is all that the device does next. If it returns an
	 * error (negative), nothing has been started, and complete() gets it.
	 */
	int (*start)(struct ecrypto *dev, struct ecrypto_request *req);
	/*
	 * The device is done with it: exactly once for each submission that
	 * returned 0 or -EBUSY. In process context (a thread of interrupts, or
	 * of work), no locks held; the request may be freed or submitted anew.
	 * err is 0, or
	 *   -EINVAL	the device refuses sizes, or an overlap
	 *   -EFAULT	it could not reach memory, or finds a table bad
	 *   -EIO	anything else that it complains of
	 *   -ETIMEDOUT	it did not come to an end, and was reset
	 *   -ECANCELED	ecrypto_reset(), or a reset from outside
	 *   -ENODEV	it is gone, or is being removed
	 */
	void (*complete)(struct ecrypto *dev, struct ecrypto_request *req, int err);
	/* The request has left the backlog; before complete(), in the same context. */
	void (*accepted)(struct ecrypto *dev, struct ecrypto_request *req);
	u32 bytes; /* how much work it is: for time-outs, and to choose a device */
	bool limited; /* there is a longest queue for it */
	bool may_backlog; /* if that is full, wait outside */

	/* What the device said, for complete(): valid if err came from the device. */
	u8 error_code; /* CRYPTO_ERRORCODE_CODE_... */
	u32 error_detail; /* CRYPTO_ERROR_DETAIL; 0 if the device has no such register */
	u32 error_entry;

	/* The queue's, under dev->lock. */
	struct list_head node;
	struct list_head accepted_node;
	enum ecrypto_request_state state;
	int err;
};

/*
 * Hands a request to the device. 0: complete() will be called; it may have been
 * already. -ENODEV: it will not. For limited ones also -ENOSPC (it will not) and,
 * with may_backlog, -EBUSY: it will, and accepted() before.
 * The caller is between ecrypto_enter() and ecrypto_leave(). Any context but
 * that of hard interrupts.
 */
int ecrypto_submit(struct ecrypto *dev, struct ecrypto_request *req);

/*
 * For requests that are not limited: when it returns the queue has nothing to do
 * with the request any more. True: complete() has not been called since the
 * submission, and will not be; a command that was running cost a reset of the
 * device. False: complete() has returned. Process context, may sleep; not from
 * within complete().
 */
bool ecrypto_cancel(struct ecrypto *dev, struct ecrypto_request *req);

/*
 * Resets the device, which ends what runs now, whoever's it is, with -ECANCELED.
 * What waits in the queue is done afterwards. -ENODEV: gone.
 */
int ecrypto_reset(struct ecrypto *dev);

/* ---- devices ---- */

enum ecrypto_mode {
	ECRYPTO_INTX = 1,
	ECRYPTO_MSI, /* one message for everything */
	ECRYPTO_MULTI, /* four: one for each event */
};

enum ecrypto_event { ECRYPTO_ERROR, ECRYPTO_READY, ECRYPTO_RESET, ECRYPTO_EVENTS };

enum ecrypto_state {
	ECRYPTO_OPEN,
	ECRYPTO_PAUSED, /* takes requests, but starts none: asleep, or being reset */
	ECRYPTO_GONE, /* does not answer any more */
	ECRYPTO_CLOSED, /* removed, not yet there, shut down */
};

struct ecrypto_vector {
	struct ecrypto *dev;
	unsigned int events; /* bits: those that it tells */
};

/* All under dev->lock. */
struct ecrypto_stats {
	u64 requests; /* commands that were started */
	u64 bytes; /* of input, in those that went well */
	u64 errors; /* those that did not */
	u64 interrupts; /* that were ours */
	u64 spurious; /* messages with nothing to tell */
	u64 events[ECRYPTO_EVENTS];
	u64 resets;
	u64 timeouts;
	u64 lost; /* ends that were found by looking, as no interrupt came */
	u64 backlogged;
	u64 bounced; /* operations that went through the bounce buffer */
};

/*
 * Lives as long as somebody holds it (ecrypto_get); works from probe to removal
 * (ecrypto_enter).
 */
struct ecrypto {
	struct kref ref;
	struct list_head node; /* under ecrypto_devices_lock */
	struct pci_dev *pdev;
	void __iomem *regs; /* valid between ecrypto_enter() and ecrypto_leave() */
	u32 version; /* CRYPTO_VERSION; 0: the original device, nothing from 0x40 on */
	u32 features;
	u32 max_entries;
	enum ecrypto_mode irq_mode;
	unsigned int vectors;
	struct ecrypto_vector vector[CRYPTO_MSI_VECTORS];
	struct ecrypto_cdev *cdev; /* cdev.c's */

	/* job.c's */
	struct dma_pool *small_pool;
	struct dma_pool *large_pool;
	struct ecrypto_bounce *bounce;
	u32 max_segment; /* bytes that can be mapped in one piece */

	spinlock_t lock; /* protects all that follows, but for what waits and works */
	enum ecrypto_state state;
	bool processing; /* somebody is in ecrypto_process() */
	struct ecrypto_request *completing; /* whose complete() he is in; may be freed already */
	struct ecrypto_request *running;
	unsigned long deadline; /* of that one, in jiffies */
	unsigned long look_at; /* when the work `timeout` runs, if it is pending */
	struct list_head queue;
	unsigned int queued;
	struct list_head backlog;
	struct list_head accepted; /* by accepted_node */
	struct list_head ended;
	u64 load; /* bytes waiting and running, and something for each request */
	unsigned int inside; /* between ecrypto_enter() and ecrypto_leave() */
	u8 mask; /* what InterruptFlag holds */
	u64 key_id; /* whose key is in the device's registers; 0: none */
	bool forget_key; /* overwrite it before long */
	struct ecrypto_stats stats;

	wait_queue_head_t wait; /* for running and inside to change */
	struct work_struct work; /* ecrypto_process() */
	struct delayed_work timeout;
};

/* The struct stays valid. */
struct ecrypto *ecrypto_get(struct ecrypto *dev);
void ecrypto_put(struct ecrypto *dev);

/*
 * The device, its registers and DMA mappings can be used until ecrypto_leave(),
 * for which removal waits. -ENODEV: not any more.
 */
int ecrypto_enter(struct ecrypto *dev);
void ecrypto_leave(struct ecrypto *dev);

/* The least loaded device with these FEATURES, entered; NULL if there is none. */
struct ecrypto *ecrypto_choose(u32 features);
/* Does so for each device, with its lock held. */
void ecrypto_for_each(void (*call)(struct ecrypto *dev, void *data), void *data);

static inline void __iomem *ecrypto_reg(struct ecrypto *dev, unsigned int offset)
{
	return dev->regs + offset;
}

/* main.c */
extern struct workqueue_struct *ecrypto_wq;
extern unsigned int ecrypto_timeout_s;

/* irq.c */
int ecrypto_irq_setup(struct ecrypto *dev);
void ecrypto_irq_free(struct ecrypto *dev);
const char *ecrypto_irq_name(const struct ecrypto *dev);

/* queue.c */
void ecrypto_queue_init(struct ecrypto *dev);
/* Where no handler looks: nothing that has been left there may ring. */
void ecrypto_queue_silence(struct ecrypto *dev);
/* Resets the device, enables interrupts and begins to work. Process context, like all of these. */
int ecrypto_queue_open(struct ecrypto *dev);
/* Starts nothing more, and waits until the device is idle. */
void ecrypto_queue_pause(struct ecrypto *dev);
/* Ends everything with -ENODEV, and goes on doing so. */
void ecrypto_queue_close(struct ecrypto *dev);
/* An interrupt of these events: what they have to tell, taken and acted upon. dev->lock held. */
bool ecrypto_take_events(struct ecrypto *dev, unsigned int events);
/* Overwrites the device's key, now or when it can be done. dev->lock held. */
void ecrypto_queue_forget_key(struct ecrypto *dev);
/* Calls complete() of all that have ended. Process context. */
void ecrypto_process(struct ecrypto *dev);

/* algs.c */
/* A device has come or gone: registers with the first, unregisters without the last. May wait. */
void ecrypto_algs_update(void);
void ecrypto_algs_exit(void);

/* job.c */
/* The memory is freed with the device's binding. */
int ecrypto_jobs_init(struct ecrypto *dev);

/*
 * cdev.c. Afterwards there is no mapping for this device, no request and no
 * pinned page.
 */
int ecrypto_cdev_register(struct ecrypto *dev);
void ecrypto_cdev_unregister(struct ecrypto *dev);

#endif
