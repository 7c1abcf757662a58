// SPDX-License-Identifier: GPL-2.0-or-later
/* What programs make the device do: turns, the factorial, interrupts, DMA. */
#include <linux/dma-mapping.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "edu_driver.h"

/* Who waits looks so often whether the device is at it yet: interrupts get lost. */
#define EDU_LOOK ((long)HZ / 4)

/* A chunk takes 100 ms; much later it never ends. */
#define EDU_DRAIN (3 * HZ)

/* Where the DMA engine sees its buffer. */
#define EDU_BUFFER_OFFSET 0x40000

/* ---- turns ---- */

static unsigned long edu_deadline(u32 timeout_ms)
{
	return jiffies + msecs_to_jiffies(timeout_ms ? timeout_ms : EDU_TIMEOUT_MS) + 1;
}

static long edu_left(unsigned long deadline)
{
	return max((long)(deadline - jiffies), 0L);
}

static bool edu_claim(struct edu *edu, struct edu_unit *unit, const void *owner)
{
	bool mine;

	spin_lock_irq(&edu->irq_lock);
	mine = !edu->gone && !unit->owner && !unit->busy;
	if (mine) {
		unit->owner = owner;
		unit->heir = NULL;
		unit->finished = false;
	}
	spin_unlock_irq(&edu->irq_lock);
	return mine;
}

/* What has ended, though no interrupt has told. */
static void edu_look(struct edu *edu)
{
	mutex_lock(&edu->lock);
	spin_lock_irq(&edu->irq_lock);
	if (edu->regs && !edu->asleep)
		edu_ended(edu, EDU_IRQ_STATUS_FACTORIAL_MASK | EDU_IRQ_STATUS_DMA_MASK);
	spin_unlock_irq(&edu->irq_lock);
	mutex_unlock(&edu->lock);
	wake_up_all(&edu->wait);
}

/* The same for a unit of the device's, which may have ended what it is busy with and nobody has heard. */
static bool edu_claim_unit(struct edu *edu, struct edu_unit *unit, const void *owner)
{
	if (edu_claim(edu, unit, owner))
		return true;
	edu_look(edu);
	return edu_claim(edu, unit, owner);
}

static int edu_turn(struct edu *edu, struct edu_unit *unit, const void *owner,
		    unsigned long deadline)
{
	bool mine = false;
	long left;

	for (;;) {
		if (edu_claim_unit(edu, unit, owner))
			return 0;
		left = wait_event_interruptible_timeout(
			edu->wait, (mine = edu_claim(edu, unit, owner)) || READ_ONCE(edu->gone),
			min(edu_left(deadline), EDU_LOOK));
		if (mine)
			return 0;
		if (left < 0)
			return -ERESTARTSYS;
		if (READ_ONCE(edu->gone))
			return -ENODEV;
		if (!edu_left(deadline))
			return -ETIMEDOUT;
	}
}

/* Whose work the device is at yet goes on; nobody waits for it. */
static void edu_yield(struct edu *edu, struct edu_unit *unit)
{
	spin_lock_irq(&edu->irq_lock);
	unit->owner = NULL;
	unit->finished = false;
	spin_unlock_irq(&edu->irq_lock);
	wake_up_all(&edu->wait);
}

/* The end of the work that it has begun belongs to the file, and its page does, until it has asked. */
static bool edu_has_begun(struct edu *edu, const struct edu_begun *begun)
{
	bool has;

	spin_lock_irq(&edu->irq_lock);
	has = begun->begun;
	spin_unlock_irq(&edu->irq_lock);
	return has;
}

/* -EAGAIN: it has not finished. */
static int edu_begun_end(struct edu *edu, struct edu_begun *begun, u32 *ret_result)
{
	int err = -EAGAIN;

	if (!READ_ONCE(begun->finished))
		edu_look(edu);
	spin_lock_irq(&edu->irq_lock);
	if (begun->finished) {
		err = begun->end.error;
		*ret_result = begun->end.result;
		begun->begun = false;
		begun->finished = false;
	}
	spin_unlock_irq(&edu->irq_lock);
	return err;
}

/* Nobody will ask. True: the device is at it yet, and the unit the file's until edu_yield(). */
static bool edu_disown(struct edu *edu, struct edu_unit *unit, struct edu_begun *begun)
{
	bool at_it;

	spin_lock_irq(&edu->irq_lock);
	at_it = unit->heir == begun;
	if (at_it)
		unit->heir = NULL;
	begun->begun = false;
	begun->finished = false;
	spin_unlock_irq(&edu->irq_lock);
	return at_it;
}

static int edu_await(struct edu *edu, struct edu_unit *unit, unsigned long deadline,
		     u32 *ret_result)
{
	int err = -ETIMEDOUT;
	long left;

	do {
		left = wait_event_interruptible_timeout(edu->wait, READ_ONCE(unit->finished),
							min(edu_left(deadline), EDU_LOOK));
		if (left < 0)
			return -ERESTARTSYS;
		if (!left)
			edu_look(edu);
	} while (!READ_ONCE(unit->finished) && edu_left(deadline));
	spin_lock_irq(&edu->irq_lock);
	if (unit->finished) {
		err = unit->end.error;
		*ret_result = unit->end.result;
	}
	spin_unlock_irq(&edu->irq_lock);
	return err;
}

/*
 * The owner's work begins: the register is written last, and the handler sees all of it.
 * With an heir, a file's, the owner does not wait for the end.
 */
static void edu_begin(struct edu *edu, struct edu_unit *unit, struct edu_begun *heir,
		      unsigned int reg, u32 value)
{
	spin_lock_irq(&edu->irq_lock);
	unit->busy = true;
	unit->finished = false;
	unit->heir = heir;
	if (heir)
		heir->begun = true;
	edu_put(edu, reg, value);
	spin_unlock_irq(&edu->irq_lock);
}

/* ---- factorial ---- */

static int edu_factorial_begin(struct edu *edu, struct edu_begun *heir, u32 n)
{
	int err = edu_enter(edu);

	if (err)
		return err;
	/* Begun by somebody before us, at the original. It would ignore ours. */
	if (edu_get(edu, EDU_STATUS) & EDU_STATUS_COMPUTING_MASK)
		err = edu_is_there(edu) ? -EBUSY : -ENODEV;
	else
		edu_begin(edu, &edu->factorial, heir, EDU_FACTORIAL, n);
	edu_leave(edu);
	return err;
}

/* -EAGAIN: it has begun, or is not done yet, or somebody else is. */
static int edu_factorial_poll(struct edu_file *f, struct edu_factorial *fact)
{
	struct edu *edu = f->edu;
	int err;

	if (edu_has_begun(edu, &f->factorial_begun))
		return f->n == fact->n ? edu_begun_end(edu, &f->factorial_begun, &fact->result)
				       : -EBUSY;
	if (!edu_claim_unit(edu, &edu->factorial, f))
		return -EAGAIN;
	f->n = fact->n;
	err = edu_factorial_begin(edu, &f->factorial_begun, fact->n);
	if (err)
		edu_yield(edu, &edu->factorial);
	return err ? err : -EAGAIN;
}

static int edu_factorial_wait(struct edu_file *f, struct edu_factorial *fact)
{
	unsigned long deadline = edu_deadline(fact->timeout_ms);
	struct edu *edu = f->edu;
	int err;

	if (edu_has_begun(edu, &f->factorial_begun))
		return -EBUSY;
	err = edu_turn(edu, &edu->factorial, fact, deadline);
	if (err)
		return err;
	err = edu_factorial_begin(edu, NULL, fact->n);
	if (!err)
		err = edu_await(edu, &edu->factorial, deadline, &fact->result);
	edu_yield(edu, &edu->factorial);
	return err;
}

long edu_factorial(struct edu_file *f, struct edu_factorial __user *argp, bool nonblock)
{
	struct edu_factorial fact;
	int err;

	if (copy_from_user(&fact, argp, sizeof(fact)))
		return -EFAULT;
	if (fact.pad)
		return -EINVAL;
	if (nonblock) {
		if (!edu_claim(f->edu, &f->call, &fact))
			return -EAGAIN;
		err = edu_factorial_poll(f, &fact);
		edu_yield(f->edu, &f->call);
	} else {
		err = edu_factorial_wait(f, &fact);
	}
	if (err)
		return err;
	return copy_to_user(argp, &fact, sizeof(fact)) ? -EFAULT : 0;
}

/* ---- interrupts ---- */

static int edu_raise_bits(struct edu *edu, u32 bits)
{
	int err = edu_enter(edu);

	if (err)
		return err;
	spin_lock_irq(&edu->irq_lock);
	edu->seen = 0;
	edu_put(edu, EDU_IRQ_RAISE, bits);
	spin_unlock_irq(&edu->irq_lock);
	edu_leave(edu);
	return 0;
}

static int edu_raise_wait(struct edu *edu, const struct edu_raise *raise, unsigned long deadline)
{
	unsigned int resets = READ_ONCE(edu->resets);
	long left;
	int err = edu_raise_bits(edu, raise->bits);

	if (err)
		return err;
	left = wait_event_interruptible_timeout(
		edu->wait,
		(READ_ONCE(edu->seen) & raise->bits) == raise->bits || READ_ONCE(edu->gone) ||
			READ_ONCE(edu->resets) != resets,
		edu_left(deadline));
	if (left < 0)
		return -ERESTARTSYS;
	if ((READ_ONCE(edu->seen) & raise->bits) == raise->bits)
		return 0;
	if (READ_ONCE(edu->gone))
		return -ENODEV;
	return left ? -EIO : -ETIMEDOUT;
}

long edu_raise(struct edu_file *f, struct edu_raise __user *argp, bool nonblock)
{
	struct edu *edu = f->edu;
	struct edu_raise raise;
	unsigned long deadline;
	int err;

	if (copy_from_user(&raise, argp, sizeof(raise)))
		return -EFAULT;
	/* No bit, no interrupt. */
	if (!raise.bits)
		return -EINVAL;
	deadline = edu_deadline(raise.timeout_ms);
	if (nonblock)
		err = edu_claim(edu, &edu->raise, &raise) ? 0 : -EAGAIN;
	else
		err = edu_turn(edu, &edu->raise, &raise, deadline);
	if (err)
		return err;
	if (nonblock)
		err = edu_raise_bits(edu, raise.bits);
	else
		err = edu_raise_wait(edu, &raise, deadline);
	edu_yield(edu, &edu->raise);
	return err;
}

/* ---- DMA ---- */

/* Of the page, from `at` on, and of the device's buffer, from `offset` on. */
struct edu_chunk {
	unsigned int
		resets; /* of the device when the call began: after another its buffer is empty */
	unsigned int which; /* page */
	u32 at;
	u32 offset;
	u32 length;
	bool from_device;
};

static enum dma_data_direction edu_direction(const struct edu_chunk *chunk)
{
	return chunk->from_device ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

static int edu_chunk_begin(struct edu_file *f, const struct edu_chunk *chunk,
			   struct edu_begun *heir)
{
	const u32 own = EDU_BUFFER_OFFSET + chunk->offset;
	struct edu *edu = f->edu;
	dma_addr_t bus;
	int err = edu_enter(edu);

	if (err)
		return err;
	err = edu_page(f, chunk->which);
	if (!err && chunk->resets != edu->resets)
		err = -EIO;
	if (!err && (edu_get(edu, EDU_DMA_CMD) & EDU_DMA_CMD_RUN_MASK))
		err = edu_is_there(edu) ? -EBUSY : -ENODEV;
	if (!err) {
		bus = f->page[chunk->which].bus;
		edu->dma_bus = bus;
		edu->transfers++;
		dma_sync_single_for_device(&edu->pdev->dev, bus + chunk->at, chunk->length,
					   edu_direction(chunk));
		/* Four bytes clear the upper four; the mask has 28 bits. */
		bus += chunk->at;
		edu_put(edu, EDU_DMA_SRC, chunk->from_device ? own : (u32)bus);
		edu_put(edu, EDU_DMA_DST, chunk->from_device ? (u32)bus : own);
		edu_put(edu, EDU_DMA_COUNT, chunk->length);
		edu_begin(edu, &edu->dma, heir, EDU_DMA_CMD,
			  EDU_DMA_CMD_RUN_MASK | EDU_DMA_CMD_IRQ_MASK |
				  (chunk->from_device ? EDU_DMA_CMD_TO_RAM_MASK : 0));
	}
	edu_leave(edu);
	return err;
}

/* After a good end: the memory is the processor's again. */
static int edu_chunk_end(struct edu_file *f, const struct edu_chunk *chunk)
{
	struct edu *edu = f->edu;
	int err = 0;

	mutex_lock(&edu->lock);
	if (f->page[chunk->which].page)
		dma_sync_single_for_cpu(&edu->pdev->dev, f->page[chunk->which].bus + chunk->at,
					chunk->length, edu_direction(chunk));
	else
		err = -ENODEV;
	mutex_unlock(&edu->lock);
	return err;
}

/*
 * Until no transfer is under way: not before may its page go, or be used again. It is
 * not waited for by who has been killed for longer than a chunk takes.
 */
static void edu_drain(struct edu *edu)
{
	if (wait_event_timeout(edu->wait, !READ_ONCE(edu->dma.busy), EDU_DRAIN))
		return;
	edu_look(edu);
	if (!READ_ONCE(edu->dma.busy))
		return;
	mutex_lock(&edu->lock);
	if (edu->regs && !READ_ONCE(edu->asleep) && edu->extended)
		edu_ready(edu, -EIO);
	mutex_unlock(&edu->lock);
}

/* One chunk, with the engine ours. */
static int edu_chunk_move(struct edu_file *f, const struct edu_chunk *chunk, unsigned long deadline,
			  u32 *ret_error)
{
	struct edu *edu = f->edu;
	int err = edu_chunk_begin(f, chunk, NULL);

	if (err)
		return err;
	err = edu_await(edu, &edu->dma, deadline, ret_error);
	if (err == -ERESTARTSYS || err == -ETIMEDOUT)
		edu_drain(edu);
	return err ? err : edu_chunk_end(f, chunk);
}

/* A reference to a page, to be put: it stays while we copy, whatever happens to the device. */
static struct page *edu_page_get(struct edu_file *f, unsigned int which)
{
	struct page *page;
	int err = edu_enter(f->edu);

	if (err)
		return ERR_PTR(err);
	err = edu_page(f, which);
	page = err ? ERR_PTR(err) : f->page[which].page;
	if (!err)
		get_page(page);
	edu_leave(f->edu);
	return page;
}

static int edu_fill(struct edu_file *f, u64 user, u32 length)
{
	struct page *page = edu_page_get(f, EDU_PAGE_BOUNCE);
	int err = 0;

	if (IS_ERR(page))
		return PTR_ERR(page);
	if (copy_from_user(page_address(page), u64_to_user_ptr(user), length))
		err = -EFAULT;
	put_page(page);
	return err;
}

static int edu_empty(struct edu_file *f, u64 user, u32 length)
{
	struct page *page = edu_page_get(f, EDU_PAGE_BOUNCE);
	int err = 0;

	if (IS_ERR(page))
		return PTR_ERR(page);
	if (copy_to_user(u64_to_user_ptr(user), page_address(page), length))
		err = -EFAULT;
	put_page(page);
	return err;
}

/* The next chunk of a transfer of which `done` bytes have been moved. */
static struct edu_chunk edu_chunk_of(const struct edu_dma *dma, u64 done, unsigned int resets)
{
	struct edu_chunk chunk = {
		.resets = resets,
		.which = dma->flags & EDU_DMA_MAPPED ? EDU_PAGE_MAPPED : EDU_PAGE_BOUNCE,
		.at = dma->flags & EDU_DMA_MAPPED ? dma->user : 0,
		.offset = (dma->offset + done) % EDU_BUFFER_BYTES,
		.from_device = dma->direction == EDU_FROM_DEVICE,
	};

	chunk.length = min_t(u64, dma->length - done, EDU_BUFFER_BYTES - chunk.offset);
	return chunk;
}

/* All of it, chunk by chunk; others may have theirs in between. */
static int edu_dma_wait(struct edu_file *f, struct edu_dma *dma, unsigned long deadline,
			u64 *ret_done)
{
	unsigned int resets = READ_ONCE(f->edu->resets);
	bool user = !(dma->flags & EDU_DMA_MAPPED);
	struct edu *edu = f->edu;
	int err = edu_has_begun(edu, &f->dma_begun) ? -EBUSY : 0;

	while (!err && *ret_done < dma->length) {
		struct edu_chunk chunk = edu_chunk_of(dma, *ret_done, resets);

		if (user && !chunk.from_device)
			err = edu_fill(f, dma->user + *ret_done, chunk.length);
		if (!err)
			err = edu_turn(edu, &edu->dma, dma, deadline);
		if (err)
			break;
		err = edu_chunk_move(f, &chunk, deadline, &dma->error);
		edu_yield(edu, &edu->dma);
		if (!err && user && chunk.from_device)
			err = edu_empty(f, dma->user + *ret_done, chunk.length);
		if (!err)
			*ret_done += chunk.length;
	}
	return err;
}

static bool edu_same(const struct edu_dma *a, const struct edu_dma *b)
{
	return a->user == b->user && a->length == b->length && a->offset == b->offset &&
	       a->direction == b->direction && a->flags == b->flags;
}

static int edu_dma_begin(struct edu_file *f, const struct edu_dma *dma)
{
	bool user = !(dma->flags & EDU_DMA_MAPPED);
	struct edu_chunk chunk = edu_chunk_of(dma, 0, READ_ONCE(f->edu->resets));
	struct edu *edu = f->edu;
	int err = 0;

	if (!edu_claim_unit(edu, &edu->dma, f))
		return -EAGAIN;
	if (user && !chunk.from_device)
		err = edu_fill(f, dma->user, chunk.length);
	if (!err)
		err = edu_chunk_begin(f, &chunk, &f->dma_begun);
	if (err)
		edu_yield(edu, &edu->dma);
	else
		f->dma = *dma;
	return err ? err : -EAGAIN;
}

/* One chunk: begins it, or has its result. -EAGAIN as with a factorial. */
static int edu_dma_poll(struct edu_file *f, struct edu_dma *dma, u64 *ret_done)
{
	bool user = !(dma->flags & EDU_DMA_MAPPED);
	struct edu_chunk chunk = edu_chunk_of(dma, 0, READ_ONCE(f->edu->resets));
	struct edu *edu = f->edu;
	int err;

	if (!edu_has_begun(edu, &f->dma_begun))
		return edu_dma_begin(f, dma);
	if (!edu_same(dma, &f->dma))
		return -EBUSY;
	err = edu_begun_end(edu, &f->dma_begun, &dma->error);
	if (!err)
		err = edu_chunk_end(f, &chunk);
	if (!err && user && chunk.from_device)
		err = edu_empty(f, dma->user, chunk.length);
	if (!err)
		*ret_done = chunk.length;
	return err;
}

static bool edu_dma_makes_sense(const struct edu_dma *dma)
{
	if (dma->pad || dma->offset >= EDU_BUFFER_BYTES || dma->direction > EDU_FROM_DEVICE ||
	    (dma->flags & ~EDU_DMA_MAPPED))
		return false;
	if (!(dma->flags & EDU_DMA_MAPPED))
		return dma->user + dma->length >= dma->user;
	return dma->user < EDU_BUFFER_BYTES && dma->length <= EDU_BUFFER_BYTES - dma->user &&
	       dma->length <= EDU_BUFFER_BYTES - dma->offset;
}

long edu_dma(struct edu_file *f, struct edu_dma __user *argp, bool nonblock)
{
	unsigned long deadline;
	struct edu_dma dma;
	u64 done = 0;
	int err;

	if (copy_from_user(&dma, argp, sizeof(dma)))
		return -EFAULT;
	if (!edu_dma_makes_sense(&dma))
		return -EINVAL;
	dma.error = 0;
	deadline = edu_deadline(dma.timeout_ms);
	if (nonblock)
		err = edu_claim(f->edu, &f->call, &dma) ? 0 : -EAGAIN;
	else
		err = edu_turn(f->edu, &f->call, &dma, deadline);
	if (!err) {
		if (!nonblock)
			err = edu_dma_wait(f, &dma, deadline, &done);
		else if (dma.length)
			err = edu_dma_poll(f, &dma, &done);
		edu_yield(f->edu, &f->call);
	}
	/* The call may be made again, with what it was given. */
	if (err == -EAGAIN || err == -EBUSY || err == -ERESTARTSYS)
		return err;
	dma.length = done;
	return copy_to_user(argp, &dma, sizeof(dma)) ? -EFAULT : err;
}

/* There and back in one turn: nobody else's bytes get between. */
static int edu_copy_chunk(struct edu_file *f, struct edu_copy *copy, u64 done, u32 length,
			  unsigned long deadline, unsigned int resets)
{
	struct edu_chunk chunk = { .resets = resets, .which = EDU_PAGE_BOUNCE, .length = length };
	struct edu *edu = f->edu;
	int err = edu_fill(f, copy->from + done, length);

	if (!err)
		err = edu_turn(edu, &edu->dma, copy, deadline);
	if (err)
		return err;
	err = edu_chunk_move(f, &chunk, deadline, &copy->error);
	chunk.from_device = true;
	if (!err)
		err = edu_chunk_move(f, &chunk, deadline, &copy->error);
	edu_yield(edu, &edu->dma);
	return err ? err : edu_empty(f, copy->to + done, length);
}

static int edu_copy_all(struct edu_file *f, struct edu_copy *copy, unsigned long deadline,
			u64 *ret_done)
{
	unsigned int resets = READ_ONCE(f->edu->resets);
	int err = 0;

	while (!err && *ret_done < copy->length) {
		u32 length = min_t(u64, copy->length - *ret_done, EDU_BUFFER_BYTES);

		err = edu_copy_chunk(f, copy, *ret_done, length, deadline, resets);
		if (!err)
			*ret_done += length;
	}
	return err;
}

long edu_copy(struct edu_file *f, struct edu_copy __user *argp, bool nonblock)
{
	struct edu *edu = f->edu;
	unsigned long deadline;
	struct edu_copy copy;
	u64 done = 0;
	int err;

	if (copy_from_user(&copy, argp, sizeof(copy)))
		return -EFAULT;
	if (nonblock || copy.from + copy.length < copy.from || copy.to + copy.length < copy.to)
		return -EINVAL;
	deadline = edu_deadline(copy.timeout_ms);
	copy.error = 0;
	err = edu_turn(edu, &f->call, &copy, deadline);
	if (!err) {
		err = edu_has_begun(edu, &f->dma_begun) ? -EBUSY
							: edu_copy_all(f, &copy, deadline, &done);
		edu_yield(edu, &f->call);
	}
	if (err == -ERESTARTSYS || err == -EBUSY)
		return err;
	copy.length = done;
	return copy_to_user(argp, &copy, sizeof(copy)) ? -EFAULT : err;
}

void edu_work_forget(struct edu_file *f)
{
	struct edu *edu = f->edu;

	if (edu_disown(edu, &edu->factorial, &f->factorial_begun))
		edu_yield(edu, &edu->factorial);
	if (edu_disown(edu, &edu->dma, &f->dma_begun)) {
		edu_drain(edu);
		edu_yield(edu, &edu->dma);
	}
}
