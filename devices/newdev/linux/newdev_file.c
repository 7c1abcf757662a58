// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/newdevN and /proc/newdevice: the device's memory as a file. What has been written
 * is there to be read, up to the end of it; O_TRUNC begins anew.
 */
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "newdev_driver.h"

static unsigned int newdev_short = 64;
module_param_named(short, newdev_short, uint, 0644);
MODULE_PARM_DESC(short, "mode=auto: bytes up to which MMIO is used, and not DMA (default: 64)");

struct newdev_file {
	struct newdev *nd;
	unsigned int mode;
	bool follow;
};

/* A piece of a read or a write that is under way. */
struct newdev_piece {
	bool write;
	bool append;
	bool nonblock;
	unsigned int mode;
	char __user *user;
	u32 len;
	loff_t at;
};

/* ---- a piece ---- */

/*
 * With the device held: where the piece goes, and how much of it. Others may have
 * written, or begun anew, since it was prepared. 0 of a read: there is nothing any more.
 */
static int newdev_place(struct newdev *nd, struct newdev_piece *piece)
{
	int err;

	if (!piece->write) {
		piece->len = min_t(loff_t, piece->len, max_t(loff_t, nd->used - piece->at, 0));
		return 0;
	}
	if (piece->append)
		piece->at = nd->used;
	if (piece->at >= nd->size)
		return -ENOSPC;
	piece->len = min_t(u32, piece->len, nd->size - piece->at);
	/* What was skipped reads as zeros. */
	if (piece->at > nd->used) {
		err = newdev_clear(nd, piece->at - nd->used, nd->used);
		if (err)
			return err;
	}
	return 0;
}

static void newdev_written(struct newdev *nd, const struct newdev_piece *piece)
{
	u32 end = piece->at + piece->len;

	if (piece->write && end > nd->used)
		newdev_set_used(nd, end);
}

/* Through a buffer: nothing that a program can delay happens while the device is held. */
static int newdev_bounced(struct newdev *nd, struct newdev_piece *piece)
{
	void *buf;
	int err;

	piece->len = min_t(u32, piece->len, NEWDEV_BOUNCE);
	buf = kvmalloc(piece->len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = -EFAULT;
	if (piece->write && copy_from_user(buf, piece->user, piece->len))
		goto out;
	err = newdev_get(nd, piece->nonblock);
	if (err)
		goto out;
	err = newdev_place(nd, piece);
	if (!err && piece->len)
		err = newdev_move(nd, piece->mode, piece->write, buf, piece->len, piece->at);
	if (!err)
		newdev_written(nd, piece);
	newdev_put(nd);
	if (!err && !piece->write && copy_to_user(piece->user, buf, piece->len))
		err = -EFAULT;
out:
	kvfree(buf);
	return err;
}

/* The program's own pages, pinned; mapped while the device is held, and so there. */
static int newdev_mapped(struct newdev *nd, struct newdev_piece *piece, struct page **pages,
			 unsigned int n)
{
	enum dma_data_direction dir = piece->write ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	struct device *dev = &nd->pdev->dev;
	struct sg_table sgt;
	int err;

	err = sg_alloc_table_from_pages_segment(&sgt, pages, n, offset_in_page(piece->user),
						piece->len, dma_get_max_seg_size(dev), GFP_KERNEL);
	if (err)
		return err;
	err = newdev_get(nd, piece->nonblock);
	if (err)
		goto free;
	err = newdev_place(nd, piece);
	if (err || !piece->len)
		goto put;
	err = dma_map_sgtable(dev, &sgt, dir, 0);
	if (err)
		goto put;
	err = newdev_dma(nd, piece->write, &sgt, piece->len, piece->at);
	dma_unmap_sgtable(dev, &sgt, dir, 0);
	if (!err)
		newdev_written(nd, piece);
put:
	newdev_put(nd);
free:
	sg_free_table(&sgt);
	return err;
}

static int newdev_pinned(struct newdev *nd, struct newdev_piece *piece)
{
	unsigned long at = (unsigned long)piece->user, first = at >> PAGE_SHIFT;
	struct page **pages;
	unsigned int n;
	int got, err;

	/* Ends with a page where it can, so that the next piece begins with one. */
	if (piece->len > NEWDEV_CHUNK)
		piece->len = NEWDEV_CHUNK - offset_in_page(at);
	n = ((at + piece->len - 1) >> PAGE_SHIFT) - first + 1;
	pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	got = pin_user_pages_fast(at & PAGE_MASK, n, piece->write ? 0 : FOLL_WRITE, pages);
	err = got < 0 ? got : -EFAULT;
	if (got > 0) {
		/* As far as the program has memory. */
		if ((unsigned int)got < n)
			piece->len = (u32)got * PAGE_SIZE - offset_in_page(at);
		err = newdev_mapped(nd, piece, pages, got);
		unpin_user_pages_dirty_lock(pages, got, !piece->write);
	}
	kvfree(pages);
	return err;
}

static int newdev_piece(struct newdev *nd, struct newdev_piece *piece)
{
	if (piece->mode == NEWDEV_MODE_AUTO)
		piece->mode =
			piece->len <= READ_ONCE(newdev_short) ? NEWDEV_MODE_MMIO : NEWDEV_MODE_DMA;
	return piece->mode == NEWDEV_MODE_DMA ? newdev_pinned(nd, piece)
					      : newdev_bounced(nd, piece);
}

/* ---- reads and writes ---- */

static bool newdev_readable(struct newdev *nd, loff_t at)
{
	return newdev_over(nd) || at < READ_ONCE(nd->used);
}

/* The end, for a file that follows: until there is more. */
static int newdev_more(struct newdev *nd, bool nonblock, loff_t at)
{
	if (nonblock && !newdev_readable(nd, at))
		return -EAGAIN;
	if (wait_event_interruptible(nd->wait, newdev_readable(nd, at)))
		return -ERESTARTSYS;
	return newdev_over(nd) ? -ENODEV : 0;
}

static ssize_t newdev_read(struct file *file, struct newdev_file *nf, char __user *buf, size_t len,
			   loff_t *ppos)
{
	struct newdev *nd = nf->nd;
	size_t done = 0;
	int err = 0;

	if (newdev_over(nd))
		return -ENODEV;
	while (done < len && !err) {
		u32 used = READ_ONCE(nd->used);
		struct newdev_piece piece = {
			.nonblock = file->f_flags & O_NONBLOCK,
			.mode = nf->mode,
			.user = buf + done,
			.at = *ppos,
		};

		if (*ppos >= used) {
			if (done || !nf->follow)
				break;
			err = newdev_more(nd, piece.nonblock, *ppos);
			continue;
		}
		piece.len = min_t(u64, len - done, used - *ppos);
		err = newdev_piece(nd, &piece);
		if (!err) {
			done += piece.len;
			*ppos += piece.len;
		}
	}
	return done ? done : err;
}

static ssize_t newdev_write(struct file *file, struct newdev_file *nf, const char __user *buf,
			    size_t len, loff_t *ppos)
{
	struct newdev *nd = nf->nd;
	size_t done = 0;
	int err = 0;

	if (newdev_over(nd))
		return -ENODEV;
	if (!len)
		return 0;
	if (*ppos > nd->size && !(file->f_flags & O_APPEND))
		return -EFBIG;
	while (done < len && !err) {
		struct newdev_piece piece = {
			.write = true,
			.append = file->f_flags & O_APPEND,
			.nonblock = file->f_flags & O_NONBLOCK,
			.mode = nf->mode,
			.user = (char __user *)buf + done,
			.len = min_t(size_t, len - done, nd->size),
			.at = *ppos,
		};

		err = newdev_piece(nd, &piece);
		if (!err) {
			done += piece.len;
			*ppos = piece.at + piece.len;
		}
	}
	return done ? done : err;
}

static loff_t newdev_seek(struct file *file, struct newdev_file *nf, loff_t to, int whence)
{
	if (newdev_over(nf->nd))
		return -ENODEV;
	return generic_file_llseek_size(file, to, whence, nf->nd->size, READ_ONCE(nf->nd->used));
}

static __poll_t newdev_ready(struct file *file, struct newdev_file *nf, poll_table *table)
{
	struct newdev *nd = nf->nd;
	__poll_t ready = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &nd->wait, table);
	if (newdev_over(nd))
		return EPOLLERR | EPOLLHUP | EPOLLIN | EPOLLRDNORM | ready;
	/* Somebody's transfer: who must not block would get EAGAIN. */
	if (mutex_is_locked(&nd->lock))
		return 0;
	if (!nf->follow || newdev_readable(nd, file->f_pos))
		ready |= EPOLLIN | EPOLLRDNORM;
	return ready;
}

/* ---- ioctls ---- */

static long newdev_raise(struct newdev *nd, u32 source)
{
	long err = 0;

	spin_lock_irq(&nd->irq_lock);
	if (nd->gone || !nd->regs)
		err = -ENODEV;
	else if (nd->asleep)
		err = -EIO;
	else if (source == NEWDEV_SOURCE_LINE)
		iowrite8(1, nd->ports + NEWDEV_PORT_IRQ);
	else if (source == NEWDEV_SOURCE_BELL)
		iowrite32(NEWDEV_TEST_BELL_MASK, newdev_reg(nd, NEWDEV_TEST));
	else
		err = -EINVAL;
	spin_unlock_irq(&nd->irq_lock);
	return err;
}

static bool newdev_happened(struct newdev *nd, const struct newdev_wait *wait)
{
	return newdev_over(nd) || READ_ONCE(nd->counts.event[wait->source]) != wait->count;
}

static long newdev_wait_for(struct newdev *nd, bool nonblock, struct newdev_wait __user *argp)
{
	long left = MAX_SCHEDULE_TIMEOUT;
	struct newdev_wait wait;

	if (copy_from_user(&wait, argp, sizeof(wait)))
		return -EFAULT;
	if (wait.source >= NEWDEV_SOURCES || wait.zero)
		return -EINVAL;
	if (nonblock && !newdev_happened(nd, &wait))
		return -EAGAIN;
	if (wait.timeout_ms)
		left = msecs_to_jiffies(wait.timeout_ms);
	left = wait_event_interruptible_timeout(nd->wait, newdev_happened(nd, &wait), left);
	if (left < 0)
		return -EINTR; /* the time-out would begin anew */
	if (newdev_over(nd))
		return -ENODEV;
	if (!left)
		return -ETIMEDOUT;
	wait.count = READ_ONCE(nd->counts.event[wait.source]);
	return copy_to_user(argp, &wait, sizeof(wait)) ? -EFAULT : 0;
}

static long newdev_get_info(struct newdev_file *nf, struct newdev_info __user *argp)
{
	struct newdev_info info;

	newdev_info(nf->nd, &info);
	info.mode = nf->mode;
	info.follow = nf->follow;
	return copy_to_user(argp, &info, sizeof(info)) ? -EFAULT : 0;
}

static long newdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct newdev_file *nf = file->private_data;
	void __user *argp = (void __user *)arg;
	u32 value;

	if (newdev_over(nf->nd))
		return -ENODEV;
	switch (cmd) {
	case NEWDEV_IOC_INFO:
		return newdev_get_info(nf, argp);
	case NEWDEV_IOC_WAIT:
		return newdev_wait_for(nf->nd, file->f_flags & O_NONBLOCK, argp);
	case NEWDEV_IOC_MODE:
	case NEWDEV_IOC_FOLLOW:
	case NEWDEV_IOC_RAISE:
		break;
	default:
		return -ENOTTY;
	}
	if (get_user(value, (u32 __user *)argp))
		return -EFAULT;
	if (cmd == NEWDEV_IOC_RAISE)
		return newdev_raise(nf->nd, value);
	if (value > (cmd == NEWDEV_IOC_MODE ? NEWDEV_MODE_DMA : 1))
		return -EINVAL;
	if (cmd == NEWDEV_IOC_MODE)
		nf->mode = value;
	else
		nf->follow = value;
	return 0;
}

/* ---- open and close; /dev ---- */

static int newdev_opened(struct newdev *nd, struct file *file, struct newdev_file **ret_nf)
{
	struct newdev_file *nf = kzalloc(sizeof(*nf), GFP_KERNEL);
	int err;

	if (!nf)
		return -ENOMEM;
	nf->nd = nd;
	nf->mode = READ_ONCE(nd->mode);
	if ((file->f_mode & FMODE_WRITE) && (file->f_flags & O_TRUNC)) {
		err = newdev_get(nd, file->f_flags & O_NONBLOCK);
		if (err) {
			kfree(nf);
			return err;
		}
		newdev_set_used(nd, 0);
		newdev_put(nd);
	}
	kref_get(&nd->ref);
	*ret_nf = nf;
	return 0;
}

static int newdev_dev_open(struct inode *inode, struct file *file)
{
	/* misc_open() and misc_deregister() keep off each other: it is still there. */
	struct newdev *nd = container_of(file->private_data, struct newdev, misc);

	return newdev_opened(nd, file, (struct newdev_file **)&file->private_data);
}

static int newdev_dev_release(struct inode *inode, struct file *file)
{
	struct newdev_file *nf = file->private_data;

	kref_put(&nf->nd->ref, newdev_free);
	kfree(nf);
	return 0;
}

static ssize_t newdev_dev_read(struct file *file, char __user *buf, size_t len, loff_t *ppos)
{
	return newdev_read(file, file->private_data, buf, len, ppos);
}

static ssize_t newdev_dev_write(struct file *file, const char __user *buf, size_t len, loff_t *ppos)
{
	return newdev_write(file, file->private_data, buf, len, ppos);
}

static loff_t newdev_dev_seek(struct file *file, loff_t to, int whence)
{
	return newdev_seek(file, file->private_data, to, whence);
}

static __poll_t newdev_dev_poll(struct file *file, poll_table *table)
{
	return newdev_ready(file, file->private_data, table);
}

static const struct file_operations newdev_fops = {
	.owner = THIS_MODULE,
	.open = newdev_dev_open,
	.release = newdev_dev_release,
	.read = newdev_dev_read,
	.write = newdev_dev_write,
	.llseek = newdev_dev_seek,
	.poll = newdev_dev_poll,
	.unlocked_ioctl = newdev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* ---- /proc, as the paper has it ---- */

static int newdev_proc_open(struct inode *inode, struct file *file)
{
	/* proc_remove() waits for us: it is still there. */
	struct newdev_file *nf;
	int err = newdev_opened(pde_data(inode), file, &nf);

	if (!err)
		file->private_data = nf;
	return err;
}

static const struct proc_ops newdev_proc_ops = {
	.proc_open = newdev_proc_open,
	.proc_release = newdev_dev_release,
	.proc_read = newdev_dev_read,
	.proc_write = newdev_dev_write,
	.proc_lseek = newdev_dev_seek,
	.proc_poll = newdev_dev_poll,
};

int newdev_files(struct newdev *nd)
{
	int err;

	nd->misc.minor = MISC_DYNAMIC_MINOR;
	nd->misc.name = nd->name;
	nd->misc.fops = &newdev_fops;
	nd->misc.parent = &nd->pdev->dev;
	nd->misc.groups = newdev_groups;
	nd->misc.mode = 0600;
	err = misc_register(&nd->misc);
	if (err)
		return err;
	nd->proc = proc_create_data(nd->proc_name, 0600, NULL, &newdev_proc_ops, nd);
	if (nd->proc)
		return 0;
	pci_err(nd->pdev, "no /proc/%s; is there another driver's?\n", nd->proc_name);
	misc_deregister(&nd->misc);
	return -EEXIST;
}

/* They wait for who is inside; `gone` has told these to leave. */
void newdev_no_files(struct newdev *nd)
{
	proc_remove(nd->proc);
	misc_deregister(&nd->misc);
}
