// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One queue a device. A command is started under dev->lock, by whoever finds the
 * device idle: the submitter, or the interrupt that ends the one before, so that
 * the device never waits for a thread. What has ended is put on a list, and told
 * to its owner by a thread, one at a time and in order.
 *
 * Whenever a command is started the flags of the events error and ready are
 * clear, and they are read, judged and cleared under dev->lock only. So an
 * interrupt that is late, by a command that was aborted, finds nothing and says
 * nothing about the next one.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "driver.h"

/* Of the crypto API; what is beyond is refused, or kept outside, as its owner wants. */
static unsigned int ecrypto_queue_max = 128;
module_param_named(queue, ecrypto_queue_max, uint, 0444);
MODULE_PARM_DESC(queue, "Requests that wait for a device at most (default 128)");

/* What a request costs besides its bytes, measured in bytes. */
#define ECRYPTO_REQUEST_LOAD 4096

/* A device that is slower than this, in bytes a second, is taken for hung. */
#define ECRYPTO_SLOWEST (4 << 20)

#define ECRYPTO_ALL_EVENTS (BIT(ECRYPTO_EVENTS) - 1)

static const u8 ecrypto_flag_register[ECRYPTO_EVENTS] = {
	[ECRYPTO_ERROR] = CRYPTO_MSIERRORFLAG,
	[ECRYPTO_READY] = CRYPTO_MSIREADYFLAG,
	[ECRYPTO_RESET] = CRYPTO_MSIRESETFLAG,
};

static void ecrypto_look(struct work_struct *work);
static void ecrypto_process_work(struct work_struct *work);

void ecrypto_queue_init(struct ecrypto *dev)
{
	spin_lock_init(&dev->lock);
	dev->state = ECRYPTO_CLOSED;
	INIT_LIST_HEAD(&dev->queue);
	INIT_LIST_HEAD(&dev->backlog);
	INIT_LIST_HEAD(&dev->accepted);
	INIT_LIST_HEAD(&dev->ended);
	init_waitqueue_head(&dev->wait);
	INIT_WORK(&dev->work, ecrypto_process_work);
	INIT_DELAYED_WORK(&dev->timeout, ecrypto_look);
}

/* ---- from one list to the next; all with dev->lock held ---- */

static void ecrypto_end(struct ecrypto *dev, struct ecrypto_request *req, int err)
{
	dev->load -= (u64)req->bytes + ECRYPTO_REQUEST_LOAD;
	req->err = err;
	req->state = ECRYPTO_REQ_ENDED;
	list_add_tail(&req->node, &dev->ended);
}

static void ecrypto_end_running(struct ecrypto *dev, int err)
{
	struct ecrypto_request *req = dev->running;

	dev->running = NULL;
	if (dev->state == ECRYPTO_PAUSED)
		wake_up_all(&dev->wait);
	if (err)
		dev->stats.errors++;
	else
		dev->stats.bytes += req->bytes;
	ecrypto_end(dev, req, err);
}

static void ecrypto_fail_all(struct ecrypto *dev, int err)
{
	struct ecrypto_request *req, *next;

	if (dev->running)
		ecrypto_end_running(dev, err);
	list_for_each_entry_safe(req, next, &dev->queue, node) {
		list_del(&req->node);
		ecrypto_end(dev, req, err);
	}
	dev->queued = 0;
	list_for_each_entry_safe(req, next, &dev->backlog, node) {
		list_del(&req->node);
		list_add_tail(&req->accepted_node, &dev->accepted);
		ecrypto_end(dev, req, err);
	}
}

static void ecrypto_enqueue(struct ecrypto *dev, struct ecrypto_request *req)
{
	req->state = ECRYPTO_REQ_QUEUED;
	list_add_tail(&req->node, &dev->queue);
	if (req->limited)
		dev->queued++;
}

/* A place in the queue is free: the eldest that waits outside gets it. */
static void ecrypto_admit(struct ecrypto *dev)
{
	struct ecrypto_request *req;

	req = list_first_entry_or_null(&dev->backlog, struct ecrypto_request, node);
	if (!req || dev->queued >= ecrypto_queue_max)
		return;
	list_del(&req->node);
	list_add_tail(&req->accepted_node, &dev->accepted);
	ecrypto_enqueue(dev, req);
}

static void ecrypto_dequeue(struct ecrypto *dev, struct ecrypto_request *req)
{
	list_del(&req->node);
	if (req->limited)
		dev->queued--;
	ecrypto_admit(dev);
}

/* ---- the device; all with dev->lock held ---- */

static void ecrypto_gone(struct ecrypto *dev)
{
	if (dev->state == ECRYPTO_GONE || dev->state == ECRYPTO_CLOSED)
		return;
	dev_err(&dev->pdev->dev, "the device does not answer any more\n");
	dev->state = ECRYPTO_GONE;
	ecrypto_fail_all(dev, -ENODEV);
}

static bool ecrypto_idle(struct ecrypto *dev)
{
	return !dev->running;
}

/*
 * Sees to it that somebody looks at the deadline. One look serves all that runs
 * until then: it finds out by itself if there is time left.
 */
static void ecrypto_watch(struct ecrypto *dev)
{
	unsigned long now = jiffies;

	if (delayed_work_pending(&dev->timeout) && !time_before(dev->deadline, dev->look_at))
		return;
	dev->look_at = dev->deadline;
	mod_delayed_work(ecrypto_wq, &dev->timeout,
			 time_before(now, dev->deadline) ? dev->deadline - now : 0);
}

static void ecrypto_start(struct ecrypto *dev)
{
	while (dev->state == ECRYPTO_OPEN && !dev->running && !list_empty(&dev->queue)) {
		struct ecrypto_request *req =
			list_first_entry(&dev->queue, struct ecrypto_request, node);
		u64 seconds = ecrypto_timeout_s + req->bytes / ECRYPTO_SLOWEST;
		int err;

		ecrypto_dequeue(dev, req);
		req->state = ECRYPTO_REQ_RUNNING;
		dev->running = req;
		dev->deadline = jiffies + seconds * HZ;
		dev->stats.requests++;
		err = req->start(dev, req);
		if (err)
			ecrypto_end_running(dev, err);
	}
	if (dev->running)
		ecrypto_watch(dev);
}

/* Aborts what the device is at. -ENODEV: there is nobody. */
static int ecrypto_reset_device(struct ecrypto *dev)
{
	iowrite8(CRYPTO_COMMAND_CODE_RESET, ecrypto_reg(dev, CRYPTO_COMMAND));
	dev->stats.resets++;
	dev->key_id = 0;
	dev->forget_key = false;
	/*
	 * A reset is over when the write has arrived, which a read makes sure of.
	 * What nobody answers reads as all ones or, in some virtual machines, as 0;
	 * only the device knows the mask.
	 */
	if (ioread32(ecrypto_reg(dev, CRYPTO_ERRORCODE)) != (u32)dev->mask
								    << 8 * CRYPTO_INTERRUPTFLAG) {
		ecrypto_gone(dev);
		return -ENODEV;
	}
	/* An end that came before the reset has been told by the reset. */
	iowrite8(0, ecrypto_reg(dev, CRYPTO_MSIERRORFLAG));
	iowrite8(0, ecrypto_reg(dev, CRYPTO_MSIREADYFLAG));
	return 0;
}

static void ecrypto_forget_key(struct ecrypto *dev)
{
	unsigned int i;

	for (i = 0; i < CRYPTO_KEY_COUNT; i++)
		iowrite32(0, ecrypto_reg(dev, CRYPTO_KEY(i)));
	dev->forget_key = false;
	dev->key_id = 0;
}

void ecrypto_queue_forget_key(struct ecrypto *dev)
{
	/* A key that is not there is not used, even if it is still being overwritten. */
	dev->key_id = 0;
	if (dev->state == ECRYPTO_OPEN && !dev->running)
		ecrypto_forget_key(dev);
	else
		dev->forget_key = true;
}

/* An error, and what the running request ends with; 0 if it is not about that. */
static int ecrypto_judge(struct ecrypto *dev)
{
	struct ecrypto_request *req = dev->running;
	u32 status = ioread32(ecrypto_reg(dev, CRYPTO_ERRORCODE));

	if (!req || (status >> 8 * CRYPTO_COMMAND & 0xff) != CRYPTO_COMMAND_CODE_IDLE)
		return 0;
	req->error_code = status & CRYPTO_ERRORCODE_CODE_MASK;
	if (dev->version) {
		req->error_detail = ioread32(ecrypto_reg(dev, CRYPTO_ERROR_DETAIL));
		req->error_entry = ioread32(ecrypto_reg(dev, CRYPTO_ERROR_ENTRY));
	}
	switch (req->error_detail & CRYPTO_ERROR_DETAIL_REASON_MASK) {
	case CRYPTO_ERROR_DETAIL_REASON_SIZE:
	case CRYPTO_ERROR_DETAIL_REASON_ROOM:
	case CRYPTO_ERROR_DETAIL_REASON_OVERLAP:
		return -EINVAL;
	default:
		return req->error_code == CRYPTO_ERRORCODE_CODE_DMA ? -EFAULT : -EIO;
	}
}

bool ecrypto_take_events(struct ecrypto *dev, unsigned int events)
{
	unsigned int i, taken = 0;
	int err;
	u32 flags;

	/* Asleep, the device answers nothing, and rings for nothing. */
	if (dev->state != ECRYPTO_OPEN && !dev->running)
		return false;
	flags = ioread32(ecrypto_reg(dev, CRYPTO_MSIERRORFLAG));
	if (flags == U32_MAX) {
		ecrypto_gone(dev);
		return true;
	}
	for (i = 0; i < ECRYPTO_EVENTS; i++) {
		unsigned int reg = ecrypto_flag_register[i];

		if (!(events & BIT(i)) || !(flags >> 8 * (reg - CRYPTO_MSIERRORFLAG) & 0xff))
			continue;
		iowrite8(0, ecrypto_reg(dev, reg));
		dev->stats.events[i]++;
		taken |= BIT(i);
	}
	if (!taken)
		return false;

	err = taken & BIT(ECRYPTO_ERROR) ? ecrypto_judge(dev) : 0;
	if (dev->running && ((taken & BIT(ECRYPTO_READY)) || err))
		ecrypto_end_running(dev, taken & BIT(ECRYPTO_READY) ? 0 : err);
	if (!dev->running && dev->forget_key)
		ecrypto_forget_key(dev);
	ecrypto_start(dev);
	return true;
}

/* ---- time-outs ---- */

/* The running command should have ended by now. */
static void ecrypto_look(struct work_struct *work)
{
	struct ecrypto *dev = container_of(to_delayed_work(work), struct ecrypto, timeout);
	struct ecrypto_request *late;

	spin_lock_irq(&dev->lock);
	late = dev->running;
	if (late && time_before(jiffies, dev->deadline)) {
		ecrypto_watch(dev);
		late = NULL;
	}
	/* Perhaps it has, and only the interrupt is missing. */
	if (late && ecrypto_take_events(dev, ECRYPTO_ALL_EVENTS) &&
	    late->state != ECRYPTO_REQ_RUNNING) {
		if (dev->state != ECRYPTO_GONE) {
			dev->stats.lost++;
			dev_warn_ratelimited(&dev->pdev->dev,
					     "an interrupt is missing; try another irq=\n");
		}
	} else if (late) {
		dev->stats.timeouts++;
		dev_err_ratelimited(&dev->pdev->dev,
				    "a command of %u bytes has not ended in time: resetting\n",
				    late->bytes);
		if (!ecrypto_reset_device(dev))
			ecrypto_end_running(dev, -ETIMEDOUT);
		ecrypto_start(dev);
	}
	spin_unlock_irq(&dev->lock);
	ecrypto_process(dev);
}

/* ---- for those who have something to be done ---- */

int ecrypto_submit(struct ecrypto *dev, struct ecrypto_request *req)
{
	unsigned long flags;
	bool ended;
	int err = 0;

	req->error_code = 0;
	req->error_detail = 0;
	req->error_entry = 0;

	spin_lock_irqsave(&dev->lock, flags);
	if (dev->state != ECRYPTO_OPEN && dev->state != ECRYPTO_PAUSED) {
		err = -ENODEV;
	} else if (!req->limited || dev->queued < ecrypto_queue_max) {
		ecrypto_enqueue(dev, req);
	} else if (req->may_backlog) {
		req->state = ECRYPTO_REQ_BACKLOG;
		list_add_tail(&req->node, &dev->backlog);
		dev->stats.backlogged++;
		err = -EBUSY;
	} else {
		err = -ENOSPC;
	}
	if (!err || err == -EBUSY) {
		dev->load += (u64)req->bytes + ECRYPTO_REQUEST_LOAD;
		ecrypto_start(dev);
	}
	ended = !list_empty(&dev->ended) || !list_empty(&dev->accepted);
	spin_unlock_irqrestore(&dev->lock, flags);

	if (ended)
		queue_work(ecrypto_wq, &dev->work);
	return err;
}

/* Called with the lock held. */
static bool ecrypto_take_out(struct ecrypto *dev, struct ecrypto_request *req)
{
	switch (req->state) {
	case ECRYPTO_REQ_QUEUED:
		ecrypto_dequeue(dev, req);
		ecrypto_end(dev, req, -ECANCELED);
		break;
	case ECRYPTO_REQ_RUNNING:
		/* If there is nobody to be reset, that has ended it. */
		if (!ecrypto_reset_device(dev))
			ecrypto_end_running(dev, -ECANCELED);
		break;
	case ECRYPTO_REQ_ENDED:
		break;
	case ECRYPTO_REQ_BACKLOG:
	case ECRYPTO_REQ_IDLE:
		return false;
	}
	list_del(&req->node);
	req->state = ECRYPTO_REQ_IDLE;
	return true;
}

bool ecrypto_cancel(struct ecrypto *dev, struct ecrypto_request *req)
{
	bool cancelled;

	spin_lock_irq(&dev->lock);
	cancelled = ecrypto_take_out(dev, req);
	ecrypto_start(dev);
	wait_event_lock_irq(dev->wait, dev->completing != req, dev->lock);
	spin_unlock_irq(&dev->lock);

	/* Others may have ended with it, and some may have left the backlog. */
	queue_work(ecrypto_wq, &dev->work);
	return cancelled;
}

int ecrypto_reset(struct ecrypto *dev)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&dev->lock, flags);
	/* Paused it may be asleep, and has nothing to be reset; but not before what runs is done. */
	if (dev->state == ECRYPTO_OPEN || (dev->state == ECRYPTO_PAUSED && dev->running))
		err = ecrypto_reset_device(dev);
	else if (dev->state != ECRYPTO_PAUSED)
		err = -ENODEV;
	if (!err && dev->running)
		ecrypto_end_running(dev, -ECANCELED);
	ecrypto_start(dev);
	spin_unlock_irqrestore(&dev->lock, flags);

	queue_work(ecrypto_wq, &dev->work);
	return err;
}

/*
 * One at a time does this, so that accepted() comes before complete(), and both
 * in the order of what happened.
 */
void ecrypto_process(struct ecrypto *dev)
{
	struct ecrypto_request *req;
	int err;

	spin_lock_irq(&dev->lock);
	if (dev->processing) {
		spin_unlock_irq(&dev->lock);
		return;
	}
	dev->processing = true;
	for (;;) {
		req = list_first_entry_or_null(&dev->accepted, struct ecrypto_request,
					       accepted_node);
		if (req) {
			list_del(&req->accepted_node);
			spin_unlock_irq(&dev->lock);
			req->accepted(dev, req);
			spin_lock_irq(&dev->lock);
			continue;
		}
		req = list_first_entry_or_null(&dev->ended, struct ecrypto_request, node);
		if (!req)
			break;
		list_del(&req->node);
		req->state = ECRYPTO_REQ_IDLE;
		err = req->err;
		dev->completing = req;
		spin_unlock_irq(&dev->lock);
		req->complete(dev, req, err);
		cond_resched();
		spin_lock_irq(&dev->lock);
		dev->completing = NULL;
		wake_up_all(&dev->wait);
	}
	dev->processing = false;
	spin_unlock_irq(&dev->lock);
}

static void ecrypto_process_work(struct work_struct *work)
{
	ecrypto_process(container_of(work, struct ecrypto, work));
}

/* ---- from probe to removal ---- */

void ecrypto_queue_silence(struct ecrypto *dev)
{
	unsigned int i;

	iowrite8(0, ecrypto_reg(dev, CRYPTO_INTERRUPTFLAG));
	for (i = 0; i < ECRYPTO_EVENTS; i++)
		iowrite8(0, ecrypto_reg(dev, ecrypto_flag_register[i]));
}

int ecrypto_queue_open(struct ecrypto *dev)
{
	int err;

	spin_lock_irq(&dev->lock);
	if (dev->state == ECRYPTO_CLOSED || dev->state == ECRYPTO_PAUSED)
		dev->state = ECRYPTO_OPEN;
	/* Whatever somebody before us has left behind, here and in the flags. */
	dev->mask = CRYPTO_INTERRUPTFLAG_ERROR_MASK | CRYPTO_INTERRUPTFLAG_READY_MASK;
	iowrite8(dev->mask, ecrypto_reg(dev, CRYPTO_INTERRUPTFLAG));
	err = ecrypto_reset_device(dev);
	if (!err) {
		/* That first reset was nobody's business; from now on they are told. */
		iowrite8(0, ecrypto_reg(dev, CRYPTO_MSIRESETFLAG));
		dev->mask |= CRYPTO_INTERRUPTFLAG_RESET_MASK;
		iowrite8(dev->mask, ecrypto_reg(dev, CRYPTO_INTERRUPTFLAG));
		ecrypto_start(dev);
	}
	spin_unlock_irq(&dev->lock);
	ecrypto_process(dev);
	return err;
}

void ecrypto_queue_pause(struct ecrypto *dev)
{
	spin_lock_irq(&dev->lock);
	if (dev->state == ECRYPTO_OPEN)
		dev->state = ECRYPTO_PAUSED;
	/* A command that never ends is ended by its time-out. */
	wait_event_lock_irq(dev->wait, ecrypto_idle(dev), dev->lock);
	/*
	 * The handlers leave the device alone from here on: a line that is up, for a reset
	 * that has not been taken yet, would stay up, and others may be on it.
	 */
	if (dev->state == ECRYPTO_PAUSED) {
		dev->mask = 0;
		ecrypto_queue_silence(dev);
	}
	spin_unlock_irq(&dev->lock);
}

void ecrypto_queue_close(struct ecrypto *dev)
{
	spin_lock_irq(&dev->lock);
	if (dev->state == ECRYPTO_OPEN) {
		/* First: there will soon be nobody to hear of the reset. */
		dev->mask = 0;
		iowrite8(dev->mask, ecrypto_reg(dev, CRYPTO_INTERRUPTFLAG));
		if (!ecrypto_reset_device(dev))
			iowrite8(0, ecrypto_reg(dev, CRYPTO_MSIRESETFLAG));
	}
	dev->state = ECRYPTO_CLOSED;
	ecrypto_fail_all(dev, -ENODEV);
	spin_unlock_irq(&dev->lock);
	ecrypto_process(dev);
}
