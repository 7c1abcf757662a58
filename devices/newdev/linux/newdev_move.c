// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes to the device and back: through its port, its window, or by its engine.
 * Nothing that it says is believed without a look: all-ones may mean that it is gone,
 * and a count may be larger than what was asked for.
 */
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "newdev_driver.h"

/* An interrupt that does not come is not waited for longer than that; then we look. */
#define NEWDEV_LOOK (HZ / 10)
#define NEWDEV_WINDOW_BYTES (NEWDEV_WINDOW_COUNT * NEWDEV_WINDOW_STRIDE)
/* A string instruction holds the processor; so much at a time. */
#define NEWDEV_PORT_BYTES 4096u

static_assert(sizeof(struct newdev_entry) == 16);

static unsigned int newdev_timeout_ms = 5000;
module_param_named(timeout_ms, newdev_timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "What a DMA transfer may take at most (default: 5000)");

/* ---- who has the device ---- */

static bool newdev_awake(struct newdev *nd)
{
	return !READ_ONCE(nd->asleep) || newdev_over(nd);
}

static bool newdev_answers(struct newdev *nd)
{
	return ioread32(newdev_reg(nd, NEWDEV_MAGIC)) == NEWDEV_MAGIC_RESET;
}

int newdev_absent(struct newdev *nd)
{
	if (newdev_over(nd) || !pci_device_is_present(nd->pdev))
		return -ENODEV;
	dev_err_ratelimited(&nd->pdev->dev, "it does not answer\n");
	return -EIO;
}

/* It did not do as it was told, or did not answer. Does it now? */
static int newdev_revive(struct newdev *nd)
{
	if (!newdev_answers(nd))
		return newdev_absent(nd);
	nd->broken = false;
	newdev_stop(nd);
	if (nd->broken)
		return -EIO;
	pci_set_master(nd->pdev);
	/* It may have been reset meanwhile. */
	iowrite32(NEWDEV_CONTROL_PORTS_MASK, newdev_reg(nd, NEWDEV_CONTROL));
	spin_lock_irq(&nd->irq_lock);
	if (!nd->asleep)
		newdev_irqs_on(nd);
	spin_unlock_irq(&nd->irq_lock);
	return 0;
}

int newdev_get(struct newdev *nd, bool nonblock)
{
	int err = 0;

	for (;;) {
		if (newdev_over(nd))
			return -ENODEV;
		if (!nonblock && mutex_lock_interruptible(&nd->lock))
			return -ERESTARTSYS;
		if (nonblock && !mutex_trylock(&nd->lock))
			return -EAGAIN;
		if (!nd->regs)
			err = -ENODEV;
		else if (nd->broken && !READ_ONCE(nd->asleep))
			err = newdev_revive(nd);
		else if (READ_ONCE(nd->asleep) && nonblock)
			err = -EAGAIN;
		if (!err && !READ_ONCE(nd->asleep))
			return 0;
		newdev_put(nd);
		if (err)
			return err;
		if (wait_event_interruptible(nd->wait, newdev_awake(nd)))
			return -ERESTARTSYS;
	}
}

void newdev_put(struct newdev *nd)
{
	mutex_unlock(&nd->lock);
	/* For those who poll. */
	wake_up_interruptible(&nd->wait);
}

void newdev_set_used(struct newdev *nd, u32 used)
{
	iowrite32(used, newdev_reg(nd, NEWDEV_USED));
	WRITE_ONCE(nd->used, used);
	wake_up_interruptible(&nd->wait);
}

/* ---- the port and the window ---- */

static void newdev_port(struct newdev *nd, bool write, u8 *buf, u32 len, u32 offset)
{
	void __iomem *port = nd->ports + NEWDEV_PORT_DATA;
	u32 n;

	iowrite32(offset, newdev_reg(nd, NEWDEV_OFFSET));
	for (; len; len -= n, buf += n) {
		/* Words as long as there are any, then bytes. */
		n = min(len < 4 ? len : round_down(len, 4), NEWDEV_PORT_BYTES);
		if (write && n % 4)
			iowrite8_rep(port, buf, n);
		else if (write)
			iowrite32_rep(port, buf, n / 4);
		else if (n % 4)
			ioread8_rep(port, buf, n);
		else
			ioread32_rep(port, buf, n / 4);
		cond_resched();
	}
}

static void newdev_window(struct newdev *nd, bool write, u8 *buf, u32 len, u32 offset)
{
	void __iomem *window = newdev_reg(nd, NEWDEV_WINDOW(0));
	u32 n;

	iowrite32(offset, newdev_reg(nd, NEWDEV_OFFSET));
	for (; len; len -= n, buf += n) {
		n = min_t(u32, len, NEWDEV_WINDOW_BYTES);
		iowrite32(n, newdev_reg(nd, NEWDEV_LENGTH));
		if (write)
			memcpy_toio(window, buf, n);
		iowrite32(write ? NEWDEV_COPY_COMMAND_TO_MEMORY : NEWDEV_COPY_COMMAND_FROM_MEMORY,
			  newdev_reg(nd, NEWDEV_COPY));
		if (!write)
			memcpy_fromio(buf, window, n);
		cond_resched();
	}
}

int newdev_move(struct newdev *nd, unsigned int mode, bool write, void *buf, u32 len, u32 offset)
{
	u32 status;

	if (mode == NEWDEV_MODE_PIO)
		newdev_port(nd, write, buf, len, offset);
	else
		newdev_window(nd, write, buf, len, offset);
	/* It moves on with each piece that went well. */
	if (ioread32(newdev_reg(nd, NEWDEV_OFFSET)) == offset + len)
		return 0;
	status = ioread32(newdev_reg(nd, NEWDEV_COPY_STATUS));
	if (!newdev_answers(nd))
		return newdev_absent(nd);
	dev_err_ratelimited(&nd->pdev->dev, "%u bytes at %u: refused (%#x)\n", len, offset, status);
	return -EPROTO;
}

/* ---- the engine ---- */

/* Out of reach, it must not reach memory that will soon be somebody else's. */
static void newdev_cut_off(struct newdev *nd)
{
	pci_clear_master(nd->pdev);
	nd->broken = true;
}

/* What its codes mean to a program. */
static int newdev_error(struct newdev *nd, u32 status)
{
	u32 code = (status & NEWDEV_DMA_STATUS_CODE_MASK) >> NEWDEV_DMA_STATUS_CODE_SHIFT;

	if (!(status & ~NEWDEV_DMA_STATUS_CODE_MASK)) {
		switch (code) {
		case NEWDEV_DMA_STATUS_CODE_NONE:
			return 0;
		case NEWDEV_DMA_STATUS_CODE_MASTER:
			return -EPERM;
		case NEWDEV_DMA_STATUS_CODE_ADDRESS:
			return -ENXIO;
		}
	}
	if (!newdev_answers(nd)) {
		newdev_cut_off(nd);
		return newdev_absent(nd);
	}
	/* Whatever it meant by that, it may be at work. */
	newdev_stop(nd);
	dev_err_ratelimited(&nd->pdev->dev, "DMA status %#x\n", status);
	return -EPROTO;
}

/* Nothing is going on any more, whatever it was; the memory that it worked on is ours again. */
void newdev_stop(struct newdev *nd)
{
	u32 status;

	iowrite32(NEWDEV_DMA_COMMAND_COMMAND_CANCEL, newdev_reg(nd, NEWDEV_DMA_COMMAND));
	/* The read comes back when the device has done as it was told. */
	status = ioread32(newdev_reg(nd, NEWDEV_DMA_STATUS));
	if (status & NEWDEV_DMA_STATUS_BUSY_MASK) {
		/* All-ones: it may be at work yet, behind a BAR that somebody has switched off. */
		if (status != U32_MAX)
			pci_err(nd->pdev,
				"DMA does not stop; bus mastering is off until it does\n");
		newdev_cut_off(nd);
	}
	spin_lock_irq(&nd->irq_lock);
	iowrite32(NEWDEV_ISR_DONE_MASK | NEWDEV_ISR_ERROR_MASK, newdev_reg(nd, NEWDEV_ISR));
	spin_unlock_irq(&nd->irq_lock);
}

static bool newdev_woken(struct newdev *nd)
{
	return READ_ONCE(nd->ended) || newdev_over(nd) || READ_ONCE(nd->asleep);
}

/* It has ended, and no interrupt has said so. One that still comes is about nothing. */
static void newdev_missed(struct newdev *nd)
{
	spin_lock_irq(&nd->irq_lock);
	nd->counts.missed++;
	iowrite32(NEWDEV_ISR_DONE_MASK | NEWDEV_ISR_ERROR_MASK, newdev_reg(nd, NEWDEV_ISR));
	spin_unlock_irq(&nd->irq_lock);
}

/* Until the engine has ended; then its status. An error: it is stopped, if it is there. */
static int newdev_await(struct newdev *nd, u32 *ret_status)
{
	unsigned long end = jiffies + msecs_to_jiffies(READ_ONCE(newdev_timeout_ms));
	bool told;
	u32 status;
	long left;
	int err;

	for (;;) {
		left = wait_event_interruptible_timeout(nd->wait, newdev_woken(nd), NEWDEV_LOOK);
		err = newdev_over(nd) ? -ENODEV : READ_ONCE(nd->asleep) ? -EIO : 0;
		if (err || left < 0)
			break;
		/* First this, then look: what says so from here on is heard the next time round. */
		spin_lock_irq(&nd->irq_lock);
		told = nd->ended;
		nd->ended = false;
		spin_unlock_irq(&nd->irq_lock);
		status = ioread32(newdev_reg(nd, NEWDEV_DMA_STATUS));
		if (status == U32_MAX || !(status & NEWDEV_DMA_STATUS_BUSY_MASK)) {
			if (!told)
				newdev_missed(nd);
			*ret_status = status;
			return 0;
		}
		if (time_after(jiffies, end)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	newdev_stop(nd);
	return err ? err : left;
}

static int newdev_engine(struct newdev *nd, u32 command, dma_addr_t at, u32 entries, u32 len,
			 u32 offset)
{
	u32 status, moved;
	int err;

	spin_lock_irq(&nd->irq_lock);
	nd->ended = false;
	spin_unlock_irq(&nd->irq_lock);
	lo_hi_writeq(at, newdev_reg(nd, NEWDEV_DMA_ADDRESS));
	iowrite32(len, newdev_reg(nd, NEWDEV_DMA_LENGTH));
	iowrite32(offset, newdev_reg(nd, NEWDEV_DMA_OFFSET));
	iowrite32(entries, newdev_reg(nd, NEWDEV_DMA_ENTRIES));
	/* Orders what is in memory before itself. */
	iowrite32(command, newdev_reg(nd, NEWDEV_DMA_COMMAND));
	err = newdev_await(nd, &status);
	if (!err)
		err = newdev_error(nd, status);
	if (err)
		return err;
	moved = ioread32(newdev_reg(nd, NEWDEV_DMA_MOVED));
	if (moved == len)
		return 0;
	if (!newdev_answers(nd)) {
		/* Nobody knows whether it has ended, or has begun. */
		newdev_cut_off(nd);
		return newdev_absent(nd);
	}
	dev_err_ratelimited(&nd->pdev->dev, "DMA of %u bytes moved %u\n", len, moved);
	return -EPROTO;
}

/* The first `len` bytes of what is mapped, which may be more. */
int newdev_dma(struct newdev *nd, bool write, struct sg_table *sgt, u32 len, u32 offset)
{
	u32 command = write ? NEWDEV_DMA_COMMAND_COMMAND_LOAD : NEWDEV_DMA_COMMAND_COMMAND_STORE;
	struct scatterlist *sg;
	unsigned int n = 0;
	u32 left = len;

	if (sg_dma_len(sgt->sgl) >= len)
		return newdev_engine(nd, command, sg_dma_address(sgt->sgl), 0, len, offset);
	for (sg = sgt->sgl; left && n < sgt->nents; sg = sg_next(sg)) {
		u32 part = min_t(u32, left, sg_dma_len(sg));

		if (WARN_ON_ONCE(n == NEWDEV_ENTRIES))
			return -EIO;
		nd->list[n].address = cpu_to_le64(sg_dma_address(sg));
		nd->list[n].length = cpu_to_le32(part);
		nd->list[n++].zero = 0;
		left -= part;
	}
	return newdev_engine(nd, command, nd->list_at, n, len, offset);
}

int newdev_clear(struct newdev *nd, u32 len, u32 offset)
{
	return newdev_engine(nd, NEWDEV_DMA_COMMAND_COMMAND_CLEAR, 0, 0, len, offset);
}
