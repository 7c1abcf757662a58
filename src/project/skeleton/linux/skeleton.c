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

static bool skeleton_card_lower;
module_param_named(lower, skeleton_card_lower, bool, 0644);
MODULE_PARM_DESC(lower, "Small letters instead of capitals");

static DEFINE_IDA(skeleton_card_ids);

/* Lives until the device has been removed and its last file is closed. */
struct skeleton_card {
	struct kref kref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	char name[sizeof("skeleton") + 10]; /* and a number */
	int id;
	struct completion done;
	u32 status; /* what the interrupt found, before `done` */

	struct mutex lock; /* one piece of work at a time; guards what follows */
	void __iomem *regs; /* NULL once removed */
	u8 *buffer; /* source and target of the work */
	dma_addr_t bus;
	size_t length; /* of what came out last */
};

static irqreturn_t skeleton_card_irq(int irq, void *data)
{
	struct skeleton_card *card = data;
	u32 status = ioread32(card->regs + SKELETON_STATUS);

	/* Another device's interrupt on a shared line; all-ones: the card is gone. */
	if (!(status & SKELETON_EVENTS) || status == U32_MAX)
		return IRQ_NONE;
	iowrite32(status & SKELETON_EVENTS, card->regs + SKELETON_STATUS);
	card->status = status;
	complete(&card->done);
	return IRQ_HANDLED;
}

/* The buffer's bytes through the device, in place. Called with the lock held. */
static int skeleton_card_work(struct skeleton_card *card, size_t length)
{
	u32 ctrl = SKELETON_CTRL_START_MASK;

	if (skeleton_card_lower)
		ctrl |= SKELETON_CTRL_CASE_LOWER << SKELETON_CTRL_CASE_SHIFT;

	reinit_completion(&card->done);
	writeq(card->bus, card->regs + SKELETON_SOURCE);
	writeq(card->bus, card->regs + SKELETON_TARGET);
	iowrite32(length, card->regs + SKELETON_LENGTH);
	iowrite32(ctrl, card->regs + SKELETON_CTRL);
	if (!wait_for_completion_timeout(&card->done, HZ)) {
		if (!pci_device_is_present(card->pdev))
			return -ENODEV;
		dev_err_ratelimited(&card->pdev->dev, "no interrupt for a second\n");
		return -ETIMEDOUT;
	}
	return card->status & SKELETON_STATUS_ERROR_MASK ? -EIO : 0;
}

static int skeleton_card_lock(struct skeleton_card *card)
{
	if (mutex_lock_interruptible(&card->lock))
		return -ERESTARTSYS;
	if (card->regs)
		return 0;
	mutex_unlock(&card->lock);
	return -ENODEV;
}

static ssize_t skeleton_card_write(struct file *file, const char __user *in, size_t n, loff_t *pos)
{
	struct skeleton_card *card = file->private_data;
	int err;

	if (!n)
		return 0;
	n = min_t(size_t, n, SKELETON_BUFFER);
	err = skeleton_card_lock(card);
	if (err)
		return err;
	card->length = 0;
	if (copy_from_user(card->buffer, in, n))
		err = -EFAULT;
	else
		err = skeleton_card_work(card, n);
	if (!err)
		card->length = n;
	mutex_unlock(&card->lock);
	return err ?: n;
}

static ssize_t skeleton_card_read(struct file *file, char __user *data, size_t len, loff_t *pos)
{
	struct skeleton_card *card = file->private_data;
	ssize_t n;

	n = skeleton_card_lock(card);
	if (n)
		return n;
	n = simple_read_from_buffer(data, len, pos, card->buffer, card->length);
	mutex_unlock(&card->lock);
	return n;
}

static void skeleton_card_release_memory(struct kref *kref)
{
	struct skeleton_card *card = container_of(kref, struct skeleton_card, kref);

	pci_dev_put(card->pdev);
	kfree(card);
}

/* misc_open() holds off misc_deregister(): the device is still there. */
static int skeleton_card_open(struct inode *inode, struct file *file)
{
	struct skeleton_card *card = container_of(file->private_data, struct skeleton_card, misc);

	kref_get(&card->kref);
	file->private_data = card;
	return 0;
}

static int skeleton_card_release(struct inode *inode, struct file *file)
{
	struct skeleton_card *card = file->private_data;

	kref_put(&card->kref, skeleton_card_release_memory);
	return 0;
}

static const struct file_operations skeleton_card_fops = {
	.owner = THIS_MODULE,
	.open = skeleton_card_open,
	.release = skeleton_card_release,
	.read = skeleton_card_read,
	.write = skeleton_card_write,
	.llseek = default_llseek,
};

/* Enable the device, map its registers, see that it is one that we know. */
static int skeleton_card_start(struct skeleton_card *card)
{
	struct pci_dev *pdev = card->pdev;
	u32 id;
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = pci_request_region(pdev, SKELETON_BAR_REGS, KBUILD_MODNAME);
	if (err)
		goto disable;
	card->regs = pci_iomap(pdev, SKELETON_BAR_REGS, SKELETON_BAR_REGS_SIZE);
	if (!card->regs) {
		err = -ENOMEM;
		goto release;
	}
	id = ioread32(card->regs + SKELETON_ID);
	if ((id & SKELETON_ID_MAJOR_MASK) >> SKELETON_ID_MAJOR_SHIFT != 1) {
		dev_err(&pdev->dev, "ID reads 0x%08x: not a device for this driver\n", id);
		err = -ENODEV;
		goto unmap;
	}
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto unmap;
	card->buffer = dma_alloc_coherent(&pdev->dev, SKELETON_BUFFER, &card->bus, GFP_KERNEL);
	if (!card->buffer) {
		err = -ENOMEM;
		goto unmap;
	}
	pci_set_master(pdev);
	return 0;

unmap:
	pci_iounmap(pdev, card->regs);
release:
	pci_release_region(pdev, SKELETON_BAR_REGS);
disable:
	pci_disable_device(pdev);
	return err;
}

static void skeleton_card_stop(struct skeleton_card *card)
{
	struct pci_dev *pdev = card->pdev;

	pci_clear_master(pdev);
	dma_free_coherent(&pdev->dev, SKELETON_BUFFER, card->buffer, card->bus);
	pci_iounmap(pdev, card->regs);
	pci_release_region(pdev, SKELETON_BAR_REGS);
	pci_disable_device(pdev);
}

static int skeleton_card_irq_on(struct skeleton_card *card)
{
	struct pci_dev *pdev = card->pdev;
	int irq, err;

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		return err;
	/* Nothing from before is ours. */
	iowrite32(SKELETON_EVENTS, card->regs + SKELETON_STATUS);
	irq = pci_irq_vector(pdev, 0);
	err = request_irq(irq, skeleton_card_irq, IRQF_SHARED, KBUILD_MODNAME, card);
	if (err) {
		pci_free_irq_vectors(pdev);
		return err;
	}
	iowrite32(SKELETON_EVENTS, card->regs + SKELETON_ENABLE);
	return 0;
}

static void skeleton_card_irq_off(struct skeleton_card *card)
{
	iowrite32(0, card->regs + SKELETON_ENABLE);
	free_irq(pci_irq_vector(card->pdev, 0), card);
	pci_free_irq_vectors(card->pdev);
}

static int skeleton_card_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct skeleton_card *card;
	int err;

	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	kref_init(&card->kref);
	mutex_init(&card->lock);
	init_completion(&card->done);
	card->pdev = pci_dev_get(pdev);
	card->id = ida_alloc(&skeleton_card_ids, GFP_KERNEL);
	if (card->id < 0) {
		err = card->id;
		goto put;
	}
	err = skeleton_card_start(card);
	if (err)
		goto free_id;
	err = skeleton_card_irq_on(card);
	if (err)
		goto stop;
	snprintf(card->name, sizeof(card->name), "skeleton%d", card->id);
	card->misc.minor = MISC_DYNAMIC_MINOR;
	card->misc.name = card->name;
	card->misc.fops = &skeleton_card_fops;
	card->misc.parent = &pdev->dev;
	pci_set_drvdata(pdev, card);
	err = misc_register(&card->misc);
	if (err)
		goto irq_off;
	return 0;

irq_off:
	skeleton_card_irq_off(card);
stop:
	skeleton_card_stop(card);
free_id:
	ida_free(&skeleton_card_ids, card->id);
put:
	kref_put(&card->kref, skeleton_card_release_memory);
	return err;
}

/* Files may still be open: from here on they get -ENODEV. */
static void skeleton_card_remove(struct pci_dev *pdev)
{
	struct skeleton_card *card = pci_get_drvdata(pdev);

	misc_deregister(&card->misc);
	mutex_lock(&card->lock);
	skeleton_card_irq_off(card);
	skeleton_card_stop(card);
	card->regs = NULL;
	mutex_unlock(&card->lock);
	ida_free(&skeleton_card_ids, card->id);
	kref_put(&card->kref, skeleton_card_release_memory);
}

/* What a sleep that takes the power away leaves to be done: no user is running. */
static int skeleton_card_suspend(struct device *dev)
{
	struct skeleton_card *card = dev_get_drvdata(dev);

	iowrite32(0, card->regs + SKELETON_ENABLE);
	return 0;
}

static int skeleton_card_resume(struct device *dev)
{
	struct skeleton_card *card = dev_get_drvdata(dev);

	pci_set_master(card->pdev);
	iowrite32(SKELETON_EVENTS, card->regs + SKELETON_ENABLE);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(skeleton_card_pm, skeleton_card_suspend, skeleton_card_resume);

static const struct pci_device_id skeleton_card_pci_ids[] = {
	{ PCI_DEVICE(SKELETON_VENDOR_ID, SKELETON_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, skeleton_card_pci_ids);

static struct pci_driver skeleton_card_driver = {
	.name = KBUILD_MODNAME,
	.id_table = skeleton_card_pci_ids,
	.probe = skeleton_card_probe,
	.remove = skeleton_card_remove,
	.driver.pm = pm_sleep_ptr(&skeleton_card_pm),
};
module_pci_driver(skeleton_card_driver);

MODULE_DESCRIPTION("skeleton device");
MODULE_LICENSE("GPL");
