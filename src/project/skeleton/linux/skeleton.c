// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of the skeleton device: /dev/skeleton0, /dev/skeleton1, ...
 *
 * What is written to it goes through the device, as one piece of work for each
 * write() of up to 64 KiB; what came out is read back from the start of the
 * file. Errors: -ENODEV once the device or the driver is gone, -EIO if the
 * device reports an error, -ETIMEDOUT if it says nothing for a second.
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "skeleton_spec.h"

#define SKELETON_BUFFER 65536
#define SKELETON_EVENTS (SKELETON_STATUS_DONE_MASK | SKELETON_STATUS_ERROR_MASK)

static bool skeleton_lower;
module_param_named(lower, skeleton_lower, bool, 0644);
MODULE_PARM_DESC(lower, "Small letters instead of capitals");

static DEFINE_IDA(skeleton_ids);

/* Lives until the device has been removed and its last file is closed. */
struct skeleton {
	struct kref kref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	char name[24];
	int id;
	struct completion done;
	u32 status; /* what the interrupt found, before `done` */

	struct mutex lock; /* one piece of work at a time; guards what follows */
	void __iomem *regs; /* NULL once removed */
	u8 *buffer; /* source and target of the work */
	dma_addr_t bus;
	size_t length; /* of what came out last */
};

static irqreturn_t skeleton_irq(int irq, void *data)
{
	struct skeleton *skeleton = data;
	u32 status = ioread32(skeleton->regs + SKELETON_STATUS);

	/* Another device's interrupt on a shared line; all-ones: the card is gone. */
	if (!(status & SKELETON_EVENTS) || status == U32_MAX)
		return IRQ_NONE;
	iowrite32(status & SKELETON_EVENTS, skeleton->regs + SKELETON_STATUS);
	skeleton->status = status;
	complete(&skeleton->done);
	return IRQ_HANDLED;
}

/* The buffer's bytes through the device, in place. Called with the lock held. */
static int skeleton_work(struct skeleton *skeleton, size_t length)
{
	u32 ctrl = SKELETON_CTRL_START_MASK;

	if (skeleton_lower)
		ctrl |= SKELETON_CTRL_CASE_LOWER << SKELETON_CTRL_CASE_SHIFT;

	reinit_completion(&skeleton->done);
	writeq(skeleton->bus, skeleton->regs + SKELETON_SOURCE);
	writeq(skeleton->bus, skeleton->regs + SKELETON_TARGET);
	iowrite32(length, skeleton->regs + SKELETON_LENGTH);
	iowrite32(ctrl, skeleton->regs + SKELETON_CTRL);
	if (!wait_for_completion_timeout(&skeleton->done, HZ)) {
		if (!pci_device_is_present(skeleton->pdev))
			return -ENODEV;
		dev_err_ratelimited(&skeleton->pdev->dev, "no interrupt for a second\n");
		return -ETIMEDOUT;
	}
	return skeleton->status & SKELETON_STATUS_ERROR_MASK ? -EIO : 0;
}

static int skeleton_lock(struct skeleton *skeleton)
{
	if (mutex_lock_interruptible(&skeleton->lock))
		return -ERESTARTSYS;
	if (skeleton->regs)
		return 0;
	mutex_unlock(&skeleton->lock);
	return -ENODEV;
}

static ssize_t skeleton_write(struct file *file, const char __user *data, size_t len, loff_t *pos)
{
	struct skeleton *skeleton = file->private_data;
	int err;

	if (!len)
		return 0;
	len = min_t(size_t, len, SKELETON_BUFFER);
	err = skeleton_lock(skeleton);
	if (err)
		return err;
	skeleton->length = 0;
	if (copy_from_user(skeleton->buffer, data, len))
		err = -EFAULT;
	else
		err = skeleton_work(skeleton, len);
	if (!err)
		skeleton->length = len;
	mutex_unlock(&skeleton->lock);
	return err ?: len;
}

static ssize_t skeleton_read(struct file *file, char __user *data, size_t len, loff_t *pos)
{
	struct skeleton *skeleton = file->private_data;
	ssize_t n;

	n = skeleton_lock(skeleton);
	if (n)
		return n;
	n = simple_read_from_buffer(data, len, pos, skeleton->buffer, skeleton->length);
	mutex_unlock(&skeleton->lock);
	return n;
}

static void skeleton_release_memory(struct kref *kref)
{
	struct skeleton *skeleton = container_of(kref, struct skeleton, kref);

	pci_dev_put(skeleton->pdev);
	kfree(skeleton);
}

/* misc_open() holds off misc_deregister(): the device is still there. */
static int skeleton_open(struct inode *inode, struct file *file)
{
	struct skeleton *skeleton = container_of(file->private_data, struct skeleton, misc);

	kref_get(&skeleton->kref);
	file->private_data = skeleton;
	return 0;
}

static int skeleton_release(struct inode *inode, struct file *file)
{
	struct skeleton *skeleton = file->private_data;

	kref_put(&skeleton->kref, skeleton_release_memory);
	return 0;
}

static const struct file_operations skeleton_fops = {
	.owner = THIS_MODULE,
	.open = skeleton_open,
	.release = skeleton_release,
	.read = skeleton_read,
	.write = skeleton_write,
	.llseek = default_llseek,
};

/* Enable the device, map its registers, see that it is one that we know. */
static int skeleton_start(struct skeleton *skeleton)
{
	struct pci_dev *pdev = skeleton->pdev;
	u32 id;
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = pci_request_region(pdev, SKELETON_BAR_REGS, KBUILD_MODNAME);
	if (err)
		goto disable;
	skeleton->regs = pci_iomap(pdev, SKELETON_BAR_REGS, SKELETON_BAR_REGS_SIZE);
	if (!skeleton->regs) {
		err = -ENOMEM;
		goto release;
	}
	id = ioread32(skeleton->regs + SKELETON_ID);
	if ((id & SKELETON_ID_MAJOR_MASK) >> SKELETON_ID_MAJOR_SHIFT != 1) {
		dev_err(&pdev->dev, "ID reads 0x%08x: not a device for this driver\n", id);
		err = -ENODEV;
		goto unmap;
	}
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto unmap;
	skeleton->buffer =
		dma_alloc_coherent(&pdev->dev, SKELETON_BUFFER, &skeleton->bus, GFP_KERNEL);
	if (!skeleton->buffer) {
		err = -ENOMEM;
		goto unmap;
	}
	pci_set_master(pdev);
	return 0;

unmap:
	pci_iounmap(pdev, skeleton->regs);
release:
	pci_release_region(pdev, SKELETON_BAR_REGS);
disable:
	pci_disable_device(pdev);
	return err;
}

static void skeleton_stop(struct skeleton *skeleton)
{
	struct pci_dev *pdev = skeleton->pdev;

	pci_clear_master(pdev);
	dma_free_coherent(&pdev->dev, SKELETON_BUFFER, skeleton->buffer, skeleton->bus);
	pci_iounmap(pdev, skeleton->regs);
	pci_release_region(pdev, SKELETON_BAR_REGS);
	pci_disable_device(pdev);
}

static int skeleton_irq_on(struct skeleton *skeleton)
{
	struct pci_dev *pdev = skeleton->pdev;
	int irq, err;

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		return err;
	/* Nothing from before is ours. */
	iowrite32(SKELETON_EVENTS, skeleton->regs + SKELETON_STATUS);
	irq = pci_irq_vector(pdev, 0);
	err = request_irq(irq, skeleton_irq, IRQF_SHARED, KBUILD_MODNAME, skeleton);
	if (err) {
		pci_free_irq_vectors(pdev);
		return err;
	}
	iowrite32(SKELETON_EVENTS, skeleton->regs + SKELETON_ENABLE);
	return 0;
}

static void skeleton_irq_off(struct skeleton *skeleton)
{
	iowrite32(0, skeleton->regs + SKELETON_ENABLE);
	free_irq(pci_irq_vector(skeleton->pdev, 0), skeleton);
	pci_free_irq_vectors(skeleton->pdev);
}

static int skeleton_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct skeleton *skeleton;
	int err;

	skeleton = kzalloc(sizeof(*skeleton), GFP_KERNEL);
	if (!skeleton)
		return -ENOMEM;
	kref_init(&skeleton->kref);
	mutex_init(&skeleton->lock);
	init_completion(&skeleton->done);
	skeleton->pdev = pci_dev_get(pdev);
	skeleton->id = ida_alloc(&skeleton_ids, GFP_KERNEL);
	if (skeleton->id < 0) {
		err = skeleton->id;
		goto put;
	}
	err = skeleton_start(skeleton);
	if (err)
		goto free_id;
	err = skeleton_irq_on(skeleton);
	if (err)
		goto stop;
	snprintf(skeleton->name, sizeof(skeleton->name), "skeleton%d", skeleton->id);
	skeleton->misc.minor = MISC_DYNAMIC_MINOR;
	skeleton->misc.name = skeleton->name;
	skeleton->misc.fops = &skeleton_fops;
	skeleton->misc.parent = &pdev->dev;
	pci_set_drvdata(pdev, skeleton);
	err = misc_register(&skeleton->misc);
	if (err)
		goto irq_off;
	return 0;

irq_off:
	skeleton_irq_off(skeleton);
stop:
	skeleton_stop(skeleton);
free_id:
	ida_free(&skeleton_ids, skeleton->id);
put:
	kref_put(&skeleton->kref, skeleton_release_memory);
	return err;
}

/* Files may still be open: from here on they get -ENODEV. */
static void skeleton_remove(struct pci_dev *pdev)
{
	struct skeleton *skeleton = pci_get_drvdata(pdev);

	misc_deregister(&skeleton->misc);
	mutex_lock(&skeleton->lock);
	skeleton_irq_off(skeleton);
	skeleton_stop(skeleton);
	skeleton->regs = NULL;
	mutex_unlock(&skeleton->lock);
	ida_free(&skeleton_ids, skeleton->id);
	kref_put(&skeleton->kref, skeleton_release_memory);
}

static const struct pci_device_id skeleton_pci_ids[] = {
	{ PCI_DEVICE(SKELETON_VENDOR_ID, SKELETON_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, skeleton_pci_ids);

static struct pci_driver skeleton_driver = {
	.name = KBUILD_MODNAME,
	.id_table = skeleton_pci_ids,
	.probe = skeleton_probe,
	.remove = skeleton_remove,
};
module_pci_driver(skeleton_driver);

MODULE_DESCRIPTION("skeleton device");
MODULE_LICENSE("GPL");
