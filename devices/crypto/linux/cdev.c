// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/ersatz_crypto: commands on the memory of programs, by the registers that
 * the device has always had. ersatz_crypto.h says what a program may expect.
 *
 * The memory is pinned page by page; what the device gets is a table of the
 * pages' bus addresses in a coherent buffer. A command cannot be cut in two,
 * neither AES, whose IV is the same for each command, nor SHA-256: so a table
 * is as long as its buffer needs.
 *
 * One operation a file, and the file owns its memory:
 *
 *	IDLE	the program asks for something
 *	BUSY	pages are pinned, mapped and submitted; complete(); unmapped, unpinned
 *	ENDED	with O_NONBLOCK only: until the program has asked how
 *
 * The file's lock is held for whatever touches the device or the DMA API, so
 * who has set a file's `gone` knows that it will not any more. It is not held
 * for what the program's memory may keep waiting: pinning, copying, unpinning.
 */
#include <linux/dma-mapping.h>
#include <linux/freezer.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "driver.h"
#include "ersatz_crypto.h"

/* The device's pages, whatever the kernel's are. */
#define ECRYPTO_PAGE SZ_4K
#define ECRYPTO_PAGE_SHIFT 12

/* A table's address is a register of 32 bits, in pages. */
#define ECRYPTO_TABLE_MASK DMA_BIT_MASK(32 + ECRYPTO_PAGE_SHIFT)

/* Tables up to this size are kept for a file's next operation. */
#define ECRYPTO_TABLE_KEPT SZ_64K

/* Pages that are pinned between two looks at whether somebody minds. */
#define ECRYPTO_PIN_BATCH 4096

/* The device as files see it; they may outlive it. */
struct ecrypto_cdev {
	struct kref ref;
	struct ecrypto *dev; /* held */
	struct miscdevice misc;
	char name[24];
	int id;
	struct mutex lock; /* protects files; a file's lock is taken inside it */
	struct list_head files;
};

struct ecrypto_table {
	__le64 *entries;
	dma_addr_t at;
	size_t size;
};

/* A buffer of the program, from pinning to unpinning. */
struct ecrypto_buffer {
	unsigned long address;
	size_t size;
	enum dma_data_direction dir;
	struct page **pages;
	unsigned int pinned;
	struct sg_table sgt;
	bool mapped;
	u32 entries; /* that the device is told of */
	struct ecrypto_table *table;
};

enum ecrypto_file_state { ECRYPTO_FILE_IDLE, ECRYPTO_FILE_BUSY, ECRYPTO_FILE_ENDED };

struct ecrypto_file {
	struct list_head node;
	struct ecrypto_cdev *cdev;
	struct mutex lock; /* protects what follows, but for buffers of one who is BUSY */
	enum ecrypto_file_state state;
	bool gone; /* the device is */
	bool cancelled;
	bool inside; /* the device cannot go, and may know of buffers and request */
	bool submitted; /* complete() has been called, or may be */
	bool nonblock;
	struct ecrypto_request req;
	struct work_struct work; /* with O_NONBLOCK: unpins */
	wait_queue_head_t wait; /* for `over`, which its lock protects, and for ENDED */
	bool over; /* nobody but us uses the memory any more */
	struct ersatz_crypto_op op;
	u8 command;
	int err;
	u32 written; /* bytes of output, if all goes well */
	struct ecrypto_buffer buffer[2]; /* input, output; in place there is only the latter */
	struct ecrypto_table table[2];
};

enum { ECRYPTO_IN, ECRYPTO_OUT };

static DEFINE_IDA(ecrypto_ids);

static void ecrypto_cdev_free(struct kref *ref)
{
	struct ecrypto_cdev *c = container_of(ref, struct ecrypto_cdev, ref);

	mutex_destroy(&c->lock);
	ecrypto_put(c->dev);
	kfree(c);
}

/* ---- memory of programs ---- */

static void ecrypto_unpin(struct ecrypto_buffer *b)
{
	unpin_user_pages_dirty_lock(b->pages, b->pinned, b->dir != DMA_TO_DEVICE);
	kvfree(b->pages);
	b->pages = NULL;
	b->pinned = 0;
}

/* A size of 0 is a buffer that is not there. */
static int ecrypto_pin(struct ecrypto_buffer *b)
{
	unsigned int flags = b->dir == DMA_TO_DEVICE ? 0 : FOLL_WRITE;
	unsigned int n = DIV_ROUND_UP(offset_in_page(b->address) + b->size, PAGE_SIZE);
	unsigned long first = b->address & PAGE_MASK;
	int got;

	if (!b->size)
		return 0;
	b->pages = kvmalloc_array(n, sizeof(*b->pages), GFP_KERNEL);
	if (!b->pages)
		return -ENOMEM;
	while (b->pinned < n) {
		got = pin_user_pages_fast(first + (unsigned long)b->pinned * PAGE_SIZE,
					  min_t(unsigned int, n - b->pinned, ECRYPTO_PIN_BATCH),
					  flags, b->pages + b->pinned);
		if (got > 0)
			b->pinned += got;
		if (got <= 0)
			return got < 0 ? got : -EFAULT;
		if (b->pinned < n && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void ecrypto_unmap(struct ecrypto *dev, struct ecrypto_buffer *b)
{
	if (!b->mapped)
		return;
	dma_unmap_sgtable(&dev->pdev->dev, &b->sgt, b->dir, 0);
	sg_free_table(&b->sgt);
	b->mapped = false;
}

static void ecrypto_table_free(struct ecrypto *dev, struct ecrypto_table *table)
{
	if (table->entries)
		dma_free_coherent(&dev->pdev->dev, table->size, table->entries, table->at);
	table->entries = NULL;
	table->size = 0;
}

static int ecrypto_table_alloc(struct ecrypto *dev, struct ecrypto_table *table, u32 entries)
{
	size_t size = PAGE_ALIGN(entries * sizeof(*table->entries));

	if (size <= table->size)
		return 0;
	ecrypto_table_free(dev, table);
	table->entries =
		dma_alloc_coherent(&dev->pdev->dev, size, &table->at, GFP_KERNEL | __GFP_NOWARN);
	if (!table->entries)
		return -ENOMEM;
	table->size = size;
	return 0;
}

/*
 * One entry a page of the device. The DMA API may have made fewer and longer
 * pieces of the pages, but has left each byte at its place within a page.
 */
static int ecrypto_table_fill(struct ecrypto_buffer *b)
{
	struct scatterlist *sg;
	size_t total = 0;
	u32 n = 0;
	int i;

	for_each_sgtable_dma_sg(&b->sgt, sg, i) {
		dma_addr_t at = sg_dma_address(sg);
		size_t left = min_t(size_t, sg_dma_len(sg), b->size - total);

		while (left) {
			size_t inside = at & (ECRYPTO_PAGE - 1);
			size_t len = min_t(size_t, left, ECRYPTO_PAGE - inside);

			if (n == b->entries || (n && inside) || !at)
				return -EIO;
			b->table->entries[n++] = cpu_to_le64(at);
			at += len;
			left -= len;
			total += len;
			/* Only the last page may end early. */
			if (inside + len != ECRYPTO_PAGE && total != b->size)
				return -EIO;
		}
	}
	return n == b->entries && total == b->size ? 0 : -EIO;
}

static int ecrypto_map(struct ecrypto *dev, struct ecrypto_buffer *b, struct ecrypto_table *table)
{
	struct device *device = &dev->pdev->dev;
	unsigned int longest =
		min_t(size_t, dma_get_max_seg_size(device), dma_max_mapping_size(device)) &
		PAGE_MASK;
	int err;

	if (!b->size)
		return 0;
	b->table = table;
	b->entries = DIV_ROUND_UP((b->address & (ECRYPTO_PAGE - 1)) + b->size, ECRYPTO_PAGE);
	err = ecrypto_table_alloc(dev, table, b->entries);
	if (err)
		return err;
	err = sg_alloc_table_from_pages_segment(&b->sgt, b->pages, b->pinned,
						offset_in_page(b->address), b->size, longest,
						GFP_KERNEL);
	if (err)
		return err;
	/* Whatever it says, what it lacks is room: of addresses, or for bounce buffers. */
	if (dma_map_sgtable(device, &b->sgt, b->dir, DMA_ATTR_NO_WARN)) {
		sg_free_table(&b->sgt);
		return -ENOMEM;
	}
	b->mapped = true;
	err = ecrypto_table_fill(b);
	if (err)
		dev_err_ratelimited(device, "the DMA API has moved bytes within their page\n");
	return err;
}

/* ---- an operation ---- */

/* Called with the file's lock held. */
static void ecrypto_file_unmap(struct ecrypto_file *f)
{
	struct ecrypto *dev = f->cdev->dev;
	unsigned int i;

	if (!f->inside)
		return;
	for (i = 0; i < ARRAY_SIZE(f->buffer); i++) {
		ecrypto_unmap(dev, &f->buffer[i]);
		if (f->table[i].size > ECRYPTO_TABLE_KEPT)
			ecrypto_table_free(dev, &f->table[i]);
	}
	f->submitted = false;
	f->inside = false;
	ecrypto_leave(dev);
}

/* The address of a table as its register has it. Tables begin on a page, below 2^44. */
static u32 ecrypto_table_page(const struct ecrypto_buffer *b)
{
	return b->size ? b->table->at >> ECRYPTO_PAGE_SHIFT : 0;
}

/* Called with the device's lock held. */
static int ecrypto_file_start(struct ecrypto *dev, struct ecrypto_request *req)
{
	struct ecrypto_file *f = container_of(req, struct ecrypto_file, req);
	const struct ecrypto_buffer *out = &f->buffer[ECRYPTO_OUT];
	const struct ecrypto_buffer *in = f->buffer[ECRYPTO_IN].size ? &f->buffer[ECRYPTO_IN] : out;

	if (!f->op.in_size) {
		iowrite32(0, ecrypto_reg(dev, CRYPTO_DMAINADDRESS));
		iowrite32(0, ecrypto_reg(dev, CRYPTO_DMAINPAGESCOUNT));
	} else {
		iowrite32(ecrypto_table_page(in), ecrypto_reg(dev, CRYPTO_DMAINADDRESS));
		iowrite32(in->entries, ecrypto_reg(dev, CRYPTO_DMAINPAGESCOUNT));
	}
	iowrite32(f->op.in_size, ecrypto_reg(dev, CRYPTO_DMAINSIZEINBYTES));
	iowrite32(ecrypto_table_page(out), ecrypto_reg(dev, CRYPTO_DMAOUTADDRESS));
	iowrite32(out->entries, ecrypto_reg(dev, CRYPTO_DMAOUTPAGESCOUNT));
	iowrite32(f->written, ecrypto_reg(dev, CRYPTO_DMAOUTSIZEINBYTES));
	/* One byte: with its neighbours it would be two errors and the mask, too. */
	iowrite8(f->command, ecrypto_reg(dev, CRYPTO_COMMAND));
	return 0;
}

static bool ecrypto_file_over(struct ecrypto_file *f)
{
	return smp_load_acquire(&f->over); /* pairs with ecrypto_file_ended() */
}

static void ecrypto_file_ended(struct ecrypto_file *f, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&f->wait.lock, flags);
	f->err = err;
	/* With what it stands for: whoever sees it does so without the lock. */
	smp_store_release(&f->over, true);
	if (f->nonblock)
		queue_work(system_unbound_wq, &f->work);
	wake_up_all_locked(&f->wait);
	spin_unlock_irqrestore(&f->wait.lock, flags);
}

static void ecrypto_file_complete(struct ecrypto *dev, struct ecrypto_request *req, int err)
{
	ecrypto_file_ended(container_of(req, struct ecrypto_file, req), err);
}

/*
 * The device lets go of the memory, and the operation is over; `why` is what it
 * ends with, unless it has ended already. Called with the file's lock held.
 */
static void ecrypto_file_stop(struct ecrypto_file *f, int why)
{
	if (f->state != ECRYPTO_FILE_BUSY)
		return;
	f->cancelled = true;
	if (!f->submitted)
		return;
	if (ecrypto_cancel(f->cdev->dev, &f->req))
		ecrypto_file_ended(f, why);
	f->submitted = false;
}

/* What an operation held, after its end; then it may sleep until its pages are dirty. */
static void ecrypto_file_release_memory(struct ecrypto_file *f)
{
	unsigned int i;

	mutex_lock(&f->lock);
	if (!f->gone)
		ecrypto_file_unmap(f);
	mutex_unlock(&f->lock);
	for (i = 0; i < ARRAY_SIZE(f->buffer); i++)
		ecrypto_unpin(&f->buffer[i]);
}

static void ecrypto_file_state(struct ecrypto_file *f, enum ecrypto_file_state state)
{
	mutex_lock(&f->lock);
	f->state = state;
	mutex_unlock(&f->lock);
	wake_up_interruptible(&f->wait);
}

static void ecrypto_file_work(struct work_struct *work)
{
	struct ecrypto_file *f = container_of(work, struct ecrypto_file, work);

	ecrypto_file_release_memory(f);
	ecrypto_file_state(f, ECRYPTO_FILE_ENDED);
}

/* The file's operation from now on, or EBUSY. */
static int ecrypto_file_take(struct ecrypto_file *f, bool nonblock)
{
	int err = 0;

	if (mutex_lock_interruptible(&f->lock))
		return -EINTR;
	if (f->gone) {
		err = -ENODEV;
	} else if (f->state != ECRYPTO_FILE_IDLE) {
		err = -EBUSY;
	} else {
		f->state = ECRYPTO_FILE_BUSY;
		f->cancelled = false;
		f->nonblock = nonblock;
		f->over = false;
		f->err = 0;
	}
	mutex_unlock(&f->lock);
	return err;
}

static int ecrypto_file_submit(struct ecrypto_file *f)
{
	struct ecrypto *dev = f->cdev->dev;
	unsigned int i;
	int err = 0;

	mutex_lock(&f->lock);
	if (f->gone)
		err = -ENODEV;
	else if (f->cancelled)
		err = -ECANCELED;
	else
		err = ecrypto_enter(dev);
	f->inside = !err;
	for (i = 0; !err && i < ARRAY_SIZE(f->buffer); i++)
		err = ecrypto_map(dev, &f->buffer[i], &f->table[i]);
	if (!err) {
		f->req = (struct ecrypto_request){
			.start = ecrypto_file_start,
			.complete = ecrypto_file_complete,
			.bytes = f->op.in_size,
		};
		err = ecrypto_submit(dev, &f->req);
		f->submitted = !err;
	}
	mutex_unlock(&f->lock);
	return err;
}

/* What a program may ask for; all that it says is in f->op. */
static int ecrypto_file_check(struct ecrypto_file *f)
{
	const struct ersatz_crypto_op *op = &f->op;
	bool hash = f->command == CRYPTO_COMMAND_CODE_SHA256;

	if (op->reserved || (!hash && !op->in_size))
		return -EINVAL;
	if (op->in_size > ERSATZ_CRYPTO_MAX_SIZE)
		return -EFBIG;
	f->written = hash ? ERSATZ_CRYPTO_DIGEST_SIZE
			  : round_up((u32)op->in_size, ERSATZ_CRYPTO_BLOCK_SIZE);
	if (op->out_size < f->written)
		return -ENOSPC;
	if (op->in != (unsigned long)op->in || op->out != (unsigned long)op->out ||
	    !access_ok(u64_to_user_ptr(op->in), op->in_size) ||
	    !access_ok(u64_to_user_ptr(op->out), f->written))
		return -EFAULT;
	/* The device sees bus addresses, which may differ for a page that is mapped twice. */
	if (op->in != op->out && op->in < op->out + f->written && op->out < op->in + op->in_size)
		return -EINVAL;
	return 0;
}

static void ecrypto_file_buffers(struct ecrypto_file *f)
{
	struct ecrypto_buffer *in = &f->buffer[ECRYPTO_IN], *out = &f->buffer[ECRYPTO_OUT];
	const struct ersatz_crypto_op *op = &f->op;

	*in = (struct ecrypto_buffer){ .address = op->in, .dir = DMA_TO_DEVICE };
	*out = (struct ecrypto_buffer){ .address = op->out, .dir = DMA_FROM_DEVICE };
	in->size = op->in_size;
	out->size = f->written;
	if (op->in == op->out && op->in_size) {
		/* A page has one mapping at a time. */
		out->size = max_t(size_t, in->size, out->size);
		out->dir = DMA_BIDIRECTIONAL;
		in->size = 0;
	}
}

/* What a program is told of it. */
static struct ersatz_crypto_op ecrypto_file_report(const struct ecrypto_file *f)
{
	struct ersatz_crypto_op op = f->op;

	op.written = f->err ? 0 : f->written;
	if (f->err == -EIO || f->err == -EINVAL || f->err == -EFAULT) {
		op.error_code = f->req.error_code;
		op.error_detail = f->req.error_detail;
		op.error_entry = f->req.error_entry;
	} else {
		op.error_code = 0;
		op.error_detail = 0;
		op.error_entry = 0;
	}
	return op;
}

/* Until it is over; if a signal comes before, so is the operation. */
static void ecrypto_file_wait(struct ecrypto_file *f)
{
	if (!wait_event_freezable(f->wait, ecrypto_file_over(f)))
		return;
	mutex_lock(&f->lock);
	/* Never restarted: in place, the second time would be another thing. */
	if (!f->gone)
		ecrypto_file_stop(f, -EINTR);
	mutex_unlock(&f->lock);
}

static long ecrypto_ioc_run(struct ecrypto_file *f, u8 command, bool nonblock,
			    struct ersatz_crypto_op __user *argp)
{
	struct ersatz_crypto_op op;
	unsigned int i;
	long err;

	err = ecrypto_file_take(f, nonblock);
	if (err)
		return err;
	f->command = command;
	err = copy_from_user(&f->op, argp, sizeof(f->op)) ? -EFAULT : ecrypto_file_check(f);
	if (err)
		goto idle;
	ecrypto_file_buffers(f);
	for (i = 0; !err && i < ARRAY_SIZE(f->buffer); i++)
		err = ecrypto_pin(&f->buffer[i]);
	if (!err)
		err = ecrypto_file_submit(f);
	if (err) {
		ecrypto_file_release_memory(f);
		goto idle;
	}
	if (nonblock)
		return -EINPROGRESS;

	ecrypto_file_wait(f);
	ecrypto_file_release_memory(f);
	op = ecrypto_file_report(f);
	err = copy_to_user(argp, &op, sizeof(op)) ? -EFAULT : f->err;
idle:
	ecrypto_file_state(f, ECRYPTO_FILE_IDLE);
	return err;
}

static long ecrypto_ioc_result(struct ecrypto_file *f, struct ersatz_crypto_op __user *argp)
{
	struct ersatz_crypto_op op;
	long err;

	mutex_lock(&f->lock);
	if (f->state == ECRYPTO_FILE_ENDED) {
		f->state = ECRYPTO_FILE_IDLE;
		op = ecrypto_file_report(f);
		err = f->err;
	} else {
		err = f->state == ECRYPTO_FILE_BUSY && f->nonblock ? -EAGAIN : -ENOENT;
	}
	mutex_unlock(&f->lock);
	if (err == -EAGAIN || err == -ENOENT)
		return err;
	return copy_to_user(argp, &op, sizeof(op)) ? -EFAULT : err;
}

static long ecrypto_ioc_info(struct ecrypto_file *f, struct ersatz_crypto_info __user *argp)
{
	static const u32 modes[] = {
		[ECRYPTO_INTX] = ERSATZ_CRYPTO_IRQ_INTX,
		[ECRYPTO_MSI] = ERSATZ_CRYPTO_IRQ_MSI,
		[ECRYPTO_MULTI] = ERSATZ_CRYPTO_IRQ_MULTI,
	};
	struct ecrypto *dev = f->cdev->dev;
	struct ersatz_crypto_info info = {
		.version = dev->version,
		.features = dev->features,
		.max_size = ERSATZ_CRYPTO_MAX_SIZE,
	};
	int err = ecrypto_enter(dev);

	if (err)
		return err;
	info.irq_mode = modes[dev->irq_mode];
	info.vectors = dev->vectors;
	ecrypto_leave(dev);
	return copy_to_user(argp, &info, sizeof(info)) ? -EFAULT : 0;
}

static int ecrypto_file_reset(struct ecrypto_file *f)
{
	struct ecrypto *dev = f->cdev->dev;
	int err = ecrypto_enter(dev);

	if (err)
		return err;
	err = ecrypto_reset(dev);
	ecrypto_leave(dev);
	return err;
}

static long ecrypto_ioc_stop(struct ecrypto_file *f, unsigned int cmd)
{
	long err = 0;

	mutex_lock(&f->lock);
	if (f->gone)
		err = -ENODEV;
	else if (cmd == ERSATZ_CRYPTO_IOC_CANCEL)
		ecrypto_file_stop(f, -ECANCELED);
	else
		err = ecrypto_file_reset(f);
	mutex_unlock(&f->lock);
	return err;
}

/* ---- files ---- */

static long ecrypto_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ecrypto_file *f = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case ERSATZ_CRYPTO_IOC_ENCRYPT:
		return ecrypto_ioc_run(f, CRYPTO_COMMAND_CODE_AES_CBC_ENCRYPT, nonblock, argp);
	case ERSATZ_CRYPTO_IOC_DECRYPT:
		return ecrypto_ioc_run(f, CRYPTO_COMMAND_CODE_AES_CBC_DECRYPT, nonblock, argp);
	case ERSATZ_CRYPTO_IOC_SHA256:
		return ecrypto_ioc_run(f, CRYPTO_COMMAND_CODE_SHA256, nonblock, argp);
	case ERSATZ_CRYPTO_IOC_RESULT:
		return ecrypto_ioc_result(f, argp);
	case ERSATZ_CRYPTO_IOC_CANCEL:
	case ERSATZ_CRYPTO_IOC_RESET:
		return ecrypto_ioc_stop(f, cmd);
	case ERSATZ_CRYPTO_IOC_INFO:
		return ecrypto_ioc_info(f, argp);
	default:
		return -ENOTTY;
	}
}

static __poll_t ecrypto_poll(struct file *file, poll_table *table)
{
	struct ecrypto_file *f = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &f->wait, table);
	mutex_lock(&f->lock);
	if (f->state == ECRYPTO_FILE_ENDED)
		events |= EPOLLIN | EPOLLRDNORM;
	if (f->state == ECRYPTO_FILE_IDLE)
		events |= EPOLLOUT | EPOLLWRNORM;
	/* Not before the program can be told how its operation has ended. */
	if (f->gone && f->state != ECRYPTO_FILE_BUSY)
		events |= EPOLLHUP;
	mutex_unlock(&f->lock);
	return events;
}

static int ecrypto_open(struct inode *inode, struct file *file)
{
	/* misc_open() and misc_deregister() keep off each other: it is still there. */
	struct ecrypto_cdev *c = container_of(file->private_data, struct ecrypto_cdev, misc);
	struct ecrypto_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	init_waitqueue_head(&f->wait);
	INIT_WORK(&f->work, ecrypto_file_work);
	f->cdev = c;
	kref_get(&c->ref);
	mutex_lock(&c->lock);
	list_add(&f->node, &c->files);
	mutex_unlock(&c->lock);
	file->private_data = f;
	return stream_open(inode, file);
}

/* Nobody is in a call any more, but with O_NONBLOCK the device may still be at work. */
static int ecrypto_release(struct inode *inode, struct file *file)
{
	struct ecrypto_file *f = file->private_data;
	struct ecrypto_cdev *c = f->cdev;
	unsigned int i;

	mutex_lock(&f->lock);
	if (!f->gone)
		ecrypto_file_stop(f, -ECANCELED);
	mutex_unlock(&f->lock);
	flush_work(&f->work);
	mutex_lock(&f->lock);
	for (i = 0; !f->gone && i < ARRAY_SIZE(f->table); i++)
		ecrypto_table_free(c->dev, &f->table[i]);
	mutex_unlock(&f->lock);

	/* Only now: until here ecrypto_cdev_unregister() must wait for this file. */
	mutex_lock(&c->lock);
	list_del(&f->node);
	mutex_unlock(&c->lock);
	/* Who has ended the last operation may not have left the lock yet. */
	spin_lock_irq(&f->wait.lock);
	spin_unlock_irq(&f->wait.lock);
	mutex_destroy(&f->lock);
	kfree(f);
	kref_put(&c->ref, ecrypto_cdev_free);
	return 0;
}

static const struct file_operations ecrypto_fops = {
	.owner = THIS_MODULE,
	.open = ecrypto_open,
	.release = ecrypto_release,
	.unlocked_ioctl = ecrypto_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = ecrypto_poll,
	.llseek = no_llseek,
};

/* ---- the device comes and goes ---- */

int ecrypto_cdev_register(struct ecrypto *dev)
{
	struct device *device = &dev->pdev->dev;
	struct ecrypto_cdev *c;
	int err;

	/* If this is refused no address is beyond it. */
	if (dma_get_mask(device) > ECRYPTO_TABLE_MASK)
		dma_set_coherent_mask(device, ECRYPTO_TABLE_MASK);
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	kref_init(&c->ref);
	mutex_init(&c->lock);
	INIT_LIST_HEAD(&c->files);
	c->dev = ecrypto_get(dev);
	c->id = ida_alloc(&ecrypto_ids, GFP_KERNEL);
	if (c->id < 0) {
		err = c->id;
		goto put;
	}
	if (c->id)
		snprintf(c->name, sizeof(c->name), "ersatz_crypto%d", c->id);
	else
		snprintf(c->name, sizeof(c->name), "ersatz_crypto");
	c->misc.minor = MISC_DYNAMIC_MINOR;
	c->misc.name = c->name;
	c->misc.fops = &ecrypto_fops;
	c->misc.parent = device;
	c->misc.mode = 0600;
	err = misc_register(&c->misc);
	if (err)
		goto free_id;
	dev->cdev = c;
	return 0;

free_id:
	ida_free(&ecrypto_ids, c->id);
put:
	kref_put(&c->ref, ecrypto_cdev_free);
	return err;
}

/* Files may stay open: they get ENODEV. Their operations end, and the device's memory is free. */
void ecrypto_cdev_unregister(struct ecrypto *dev)
{
	struct ecrypto_cdev *c = dev->cdev;
	struct ecrypto_file *f;
	unsigned int i;

	if (!c)
		return;
	misc_deregister(&c->misc);
	mutex_lock(&c->lock);
	list_for_each_entry(f, &c->files, node) {
		mutex_lock(&f->lock);
		ecrypto_file_stop(f, -ENODEV);
		ecrypto_file_unmap(f);
		f->gone = true;
		for (i = 0; i < ARRAY_SIZE(f->table); i++)
			ecrypto_table_free(dev, &f->table[i]);
		mutex_unlock(&f->lock);
		/* Who has no operation, and waits in poll(). */
		wake_up_interruptible(&f->wait);
	}
	mutex_unlock(&c->lock);
	ida_free(&ecrypto_ids, c->id);
	dev->cdev = NULL;
	kref_put(&c->ref, ecrypto_cdev_free);
}
