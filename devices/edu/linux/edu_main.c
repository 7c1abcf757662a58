// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of the edu device, QEMU's or ours, which has the same registers and
 * some more. Here: the device comes, goes and sleeps, its interrupt and its
 * files. What programs make it do is in edu_work.c; edu_ioctl.h says what they may.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "edu_driver.h"

#ifndef PCI_IRQ_INTX /* until 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* Address bits of the DMA engine. */
#define EDU_DMA_BITS 28

/* A transfer takes the device 100 ms. */
#define EDU_QUIET_MS 1000

static char *edu_irq = "auto";
module_param_named(irq, edu_irq, charp, 0444);
MODULE_PARM_DESC(irq, "How interrupts come: intx, msi or auto (default: the better that works)");

static DEFINE_IDA(edu_ids);

static void edu_free(struct kref *ref)
{
	struct edu *edu = container_of(ref, struct edu, ref);

	mutex_destroy(&edu->files_lock);
	mutex_destroy(&edu->lock);
	pci_dev_put(edu->pdev);
	kfree(edu);
}

/* ---- the device's state ---- */

int edu_enter(struct edu *edu)
{
	for (;;) {
		if (mutex_lock_interruptible(&edu->lock))
			return -ERESTARTSYS;
		if (!edu->regs)
			break;
		if (!READ_ONCE(edu->asleep))
			return 0;
		mutex_unlock(&edu->lock);
		if (wait_event_interruptible(edu->wait,
					     !READ_ONCE(edu->asleep) || READ_ONCE(edu->gone)))
			return -ERESTARTSYS;
	}
	mutex_unlock(&edu->lock);
	return -ENODEV;
}

void edu_end(struct edu_unit *unit, int error, u32 result)
{
	const struct edu_end end = { .error = error, .result = result };

	unit->busy = false;
	if (!unit->owner || unit->finished)
		return;
	if (unit->heir) {
		unit->heir->end = end;
		unit->heir->finished = true;
		unit->heir = NULL;
		unit->owner = NULL;
	} else {
		unit->end = end;
		unit->finished = true;
	}
}

void edu_abort(struct edu *edu, int error)
{
	edu_end(&edu->factorial, error, 0);
	edu_end(&edu->dma, error, 0);
	wake_up_all(&edu->wait);
}

void edu_ready(struct edu *edu, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&edu->irq_lock, flags);
	if (error && edu->extended)
		edu_put(edu, EDU_RESET, EDU_RESET_NOW_MASK);
	edu_put(edu, EDU_IRQ_ACK, U32_MAX);
	edu_put(edu, EDU_STATUS, EDU_STATUS_IRQFACT_MASK);
	edu_get(edu, EDU_STATUS);
	if (error) {
		edu->resets++;
		edu_abort(edu, error);
	}
	spin_unlock_irqrestore(&edu->irq_lock, flags);
}

bool edu_is_there(struct edu *edu)
{
	return edu_get(edu, EDU_ID) == EDU_ID_RESET;
}

bool edu_quiet(struct edu *edu)
{
	unsigned int ms;

	for (ms = 0; ms < EDU_QUIET_MS && edu_is_there(edu); ms += 5) {
		if (!(edu_get(edu, EDU_DMA_CMD) & EDU_DMA_CMD_RUN_MASK))
			return true;
		usleep_range(4000, 6000);
	}
	return !edu_is_there(edu);
}

/* ---- interrupts ---- */

void edu_ended(struct edu *edu, u32 status)
{
	u32 result;

	if ((status & EDU_IRQ_STATUS_FACTORIAL_MASK) && edu->factorial.busy &&
	    !(edu_get(edu, EDU_STATUS) & EDU_STATUS_COMPUTING_MASK)) {
		result = edu_get(edu, EDU_FACTORIAL);
		/* No factorial is all-ones: nobody has answered. */
		edu_end(&edu->factorial, result == U32_MAX ? -EIO : 0, result);
	}
	if ((status & EDU_IRQ_STATUS_DMA_MASK) && edu->dma.busy &&
	    !(edu_get(edu, EDU_DMA_CMD) & EDU_DMA_CMD_RUN_MASK)) {
		result = edu->extended ? edu_get(edu, EDU_DMA_ERROR) : 0;
		edu_end(&edu->dma, result ? -EIO : 0, result);
	}
}

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *edu = data;
	unsigned long flags;
	u32 status = 0;

	spin_lock_irqsave(&edu->irq_lock, flags);
	if (!edu->asleep)
		status = edu_get(edu, EDU_IRQ_STATUS);
	/* All-ones may be bits that a program has raised, or nobody who answers. */
	if (status == U32_MAX && !edu_is_there(edu))
		status = 0;
	if (status) {
		edu_put(edu, EDU_IRQ_ACK, status);
		edu->interrupts++;
		edu->seen |= status;
		edu_ended(edu, status);
		/* The line is down before the handler is left. */
		edu_get(edu, EDU_IRQ_STATUS);
	} else {
		edu->unclaimed++;
	}
	spin_unlock_irqrestore(&edu->irq_lock, flags);

	if (!status)
		return IRQ_NONE;
	wake_up_all(&edu->wait);
	return IRQ_HANDLED;
}

static int edu_request_irq(struct edu *edu)
{
	bool any = sysfs_streq(edu_irq, "auto");
	int err = -ENODEV;

	if (any || sysfs_streq(edu_irq, "msi"))
		err = pci_alloc_irq_vectors(edu->pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0 && (any || sysfs_streq(edu_irq, "intx")))
		err = pci_alloc_irq_vectors(edu->pdev, 1, 1, PCI_IRQ_INTX);
	if (err < 0) {
		pci_err(edu->pdev, "no interrupt of the kind irq=%s (%d)\n", edu_irq, err);
		return err;
	}
	edu->msi = edu->pdev->msi_enabled;
	edu->irq = pci_irq_vector(edu->pdev, 0);
	err = request_irq(edu->irq, edu_interrupt, edu->msi ? 0 : IRQF_SHARED, edu->name, edu);
	if (err)
		pci_free_irq_vectors(edu->pdev);
	return err;
}

/* ---- pages for DMA ---- */

int edu_page(struct edu_file *f, unsigned int which)
{
	struct edu *edu = f->edu;
	struct edu_page *p = &f->page[which];

	if (!edu->regs)
		return -ENODEV;
	if (p->page)
		return 0;
	p->page =
		dma_alloc_pages(&edu->pdev->dev, PAGE_SIZE, &p->bus, DMA_BIDIRECTIONAL, GFP_KERNEL);
	if (!p->page)
		return -ENOMEM;
	/* It cannot be one; the kernel's checks want to see us ask. */
	if (!dma_mapping_error(&edu->pdev->dev, p->bus))
		return 0;
	dma_free_pages(&edu->pdev->dev, PAGE_SIZE, p->page, p->bus, DMA_BIDIRECTIONAL);
	p->page = NULL;
	return -ENOMEM;
}

void edu_pages_free(struct edu_file *f)
{
	struct edu *edu = f->edu;
	unsigned int i;

	for (i = 0; i < EDU_PAGES; i++) {
		struct edu_page *p = &f->page[i];

		if (!p->page)
			continue;
		if (READ_ONCE(edu->dma.busy) && edu->dma_bus == p->bus)
			pci_err(edu->pdev, "a transfer does not end: its page is given up\n");
		else
			dma_free_pages(&edu->pdev->dev, PAGE_SIZE, p->page, p->bus,
				       DMA_BIDIRECTIONAL);
		p->page = NULL;
	}
}

/*
 * Not dma_mmap_coherent(): such a mapping would outlive memory that goes back when the
 * device is removed. This page is there as long as somebody has it mapped.
 */
static int edu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct edu_file *f = file->private_data;
	int err;

	if (vma->vm_pgoff || vma_pages(vma) != 1 || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	mutex_lock(&f->edu->lock);
	err = edu_page(f, EDU_PAGE_MAPPED);
	if (!err)
		err = vm_insert_page(vma, vma->vm_start, f->page[EDU_PAGE_MAPPED].page);
	mutex_unlock(&f->edu->lock);
	return err;
}

/* ---- files ---- */

static long edu_info(struct edu *edu, struct edu_info __user *argp)
{
	struct edu_info info = { .extended = edu->extended };
	int err = edu_enter(edu);

	if (err)
		return err;
	info.id = edu_get(edu, EDU_ID);
	edu_leave(edu);
	if (info.id != EDU_ID_RESET)
		return -ENODEV;
	info.mode = edu->msi ? EDU_MODE_MSI : EDU_MODE_INTX;
	info.interrupts = READ_ONCE(edu->interrupts);
	return copy_to_user(argp, &info, sizeof(info)) ? -EFAULT : 0;
}

static long edu_liveness(struct edu *edu, struct edu_liveness __user *argp)
{
	struct edu_liveness live;
	int err;

	if (copy_from_user(&live, argp, sizeof(live)))
		return -EFAULT;
	if (live.pad)
		return -EINVAL;
	err = edu_enter(edu);
	if (err)
		return err;
	edu_put(edu, EDU_LIVENESS, live.value);
	live.value = edu_get(edu, EDU_LIVENESS);
	if (live.value == U32_MAX && !edu_is_there(edu))
		err = -ENODEV;
	edu_leave(edu);
	if (err)
		return err;
	return copy_to_user(argp, &live, sizeof(live)) ? -EFAULT : 0;
}

static long edu_reset(struct edu *edu)
{
	int err;

	if (!edu->extended)
		return -EOPNOTSUPP;
	err = edu_enter(edu);
	if (err)
		return err;
	edu_ready(edu, -EIO);
	edu_leave(edu);
	return 0;
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct edu_file *f = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	void __user *argp = (void __user *)arg;

	if (READ_ONCE(f->edu->gone))
		return -ENODEV;
	switch (cmd) {
	case EDU_IOC_INFO:
		return edu_info(f->edu, argp);
	case EDU_IOC_LIVENESS:
		return edu_liveness(f->edu, argp);
	case EDU_IOC_FACTORIAL:
		return edu_factorial(f, argp, nonblock);
	case EDU_IOC_RAISE:
		return edu_raise(f, argp, nonblock);
	case EDU_IOC_DMA:
		return edu_dma(f, argp, nonblock);
	case EDU_IOC_COPY:
		return edu_copy(f, argp, nonblock);
	case EDU_IOC_RESET:
		return edu_reset(f->edu);
	default:
		return -ENOTTY;
	}
}

static __poll_t edu_poll(struct file *file, struct poll_table_struct *table)
{
	struct edu_file *f = file->private_data;
	struct edu *edu = f->edu;
	__poll_t events = 0;

	poll_wait(file, &edu->wait, table);
	spin_lock_irq(&edu->irq_lock);
	if (edu->gone)
		events |= EPOLLERR | EPOLLHUP;
	if (f->factorial_begun.finished || f->dma_begun.finished)
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock_irq(&edu->irq_lock);
	return events;
}

static int edu_open(struct inode *inode, struct file *file)
{
	/* misc_open() and misc_deregister() keep off each other: it is still there. */
	struct edu *edu = container_of(file->private_data, struct edu, misc);
	struct edu_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->edu = edu;
	kref_get(&edu->ref);
	mutex_lock(&edu->files_lock);
	list_add(&f->node, &edu->files);
	mutex_unlock(&edu->files_lock);
	file->private_data = f;
	return 0;
}

static int edu_release(struct inode *inode, struct file *file)
{
	struct edu_file *f = file->private_data;
	struct edu *edu = f->edu;

	edu_work_forget(f);
	mutex_lock(&edu->lock);
	mutex_lock(&edu->files_lock);
	list_del(&f->node);
	mutex_unlock(&edu->files_lock);
	edu_pages_free(f);
	mutex_unlock(&edu->lock);
	kfree(f);
	kref_put(&edu->ref, edu_free);
	return 0;
}

static const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_release,
	.unlocked_ioctl = edu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = edu_mmap,
	.poll = edu_poll,
};

/* ---- sysfs: /sys/class/misc/edu0/ ---- */

static struct edu *edu_of(struct device *dev)
{
	return container_of(dev_get_drvdata(dev), struct edu, misc);
}

static ssize_t irq_mode_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", edu_of(dev)->msi ? "msi" : "intx");
}
static DEVICE_ATTR_RO(irq_mode);

static ssize_t extended_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", edu_of(dev)->extended);
}
static DEVICE_ATTR_RO(extended);

static ssize_t interrupts_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(edu_of(dev)->interrupts));
}
static DEVICE_ATTR_RO(interrupts);

/* Calls of the handler that were for somebody else on the same line. */
static ssize_t unclaimed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(edu_of(dev)->unclaimed));
}
static DEVICE_ATTR_RO(unclaimed);

static ssize_t transfers_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(edu_of(dev)->transfers));
}
static DEVICE_ATTR_RO(transfers);

static ssize_t resets_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(edu_of(dev)->resets));
}
static DEVICE_ATTR_RO(resets);

static struct attribute *edu_attrs[] = {
	&dev_attr_irq_mode.attr,
	&dev_attr_extended.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_unclaimed.attr,
	&dev_attr_transfers.attr,
	&dev_attr_resets.attr,
	NULL,
};
ATTRIBUTE_GROUPS(edu);

/* ---- the device comes and goes ---- */

static int edu_start(struct edu *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int err;

	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (err) {
		pci_err(pdev, "no memory below %u address bits (%d)\n", EDU_DMA_BITS, err);
		return err;
	}
	edu->extended = edu_get(edu, EDU_EXT_ID) == EDU_EXT_ID_RESET;
	edu_ready(edu, -EIO);
	/* What another driver has begun at the original ends before we give it memory. */
	if (!edu_quiet(edu)) {
		pci_err(pdev, "a transfer is under way that does not end\n");
		return -EBUSY;
	}
	edu_ready(edu, 0);
	pci_set_master(pdev);
	err = edu_request_irq(edu);
	if (err)
		goto clear_master;

	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = edu->name;
	edu->misc.fops = &edu_fops;
	edu->misc.parent = &pdev->dev;
	edu->misc.groups = edu_groups;
	edu->misc.mode = 0600;
	err = misc_register(&edu->misc);
	if (err)
		goto free_irq;
	return 0;

free_irq:
	free_irq(edu->irq, edu);
	pci_free_irq_vectors(pdev);
clear_master:
	pci_clear_master(pdev);
	return err;
}

static int edu_map(struct edu *edu)
{
	struct pci_dev *pdev = edu->pdev;

	if (!(pci_resource_flags(pdev, EDU_BAR_REGS) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, EDU_BAR_REGS) < EDU_BAR_REGS_SIZE)
		return -ENODEV;
	edu->regs = pci_iomap(pdev, EDU_BAR_REGS, 0);
	if (!edu->regs)
		return -ENOMEM;
	if (edu_is_there(edu))
		return 0;
	pci_err(pdev, "it does not say that it is an edu: 0x%08x\n", edu_get(edu, EDU_ID));
	pci_iounmap(pdev, edu->regs);
	edu->regs = NULL;
	return -ENODEV;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu = kzalloc(sizeof(*edu), GFP_KERNEL);
	int err;

	if (!edu)
		return -ENOMEM;
	kref_init(&edu->ref);
	mutex_init(&edu->lock);
	mutex_init(&edu->files_lock);
	spin_lock_init(&edu->irq_lock);
	init_waitqueue_head(&edu->wait);
	INIT_LIST_HEAD(&edu->files);
	edu->pdev = pci_dev_get(pdev);
	pci_set_drvdata(pdev, edu);

	err = ida_alloc(&edu_ids, GFP_KERNEL);
	if (err < 0)
		goto put;
	edu->id = err;
	snprintf(edu->name, sizeof(edu->name), "edu%d", edu->id);
	err = pci_enable_device(pdev);
	if (err)
		goto free_id;
	err = pci_request_regions(pdev, KBUILD_MODNAME);
	if (err)
		goto disable;
	err = edu_map(edu);
	if (err)
		goto release;
	err = edu_start(edu);
	if (err)
		goto unmap;
	return 0;

unmap:
	pci_iounmap(pdev, edu->regs);
release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free_id:
	ida_free(&edu_ids, edu->id);
put:
	kref_put(&edu->ref, edu_free);
	return err;
}

/* Files may still be open, and somebody wait in one: they get ENODEV. */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);
	struct edu_file *f;
	bool quiet;

	misc_deregister(&edu->misc);

	mutex_lock(&edu->lock);
	spin_lock_irq(&edu->irq_lock);
	edu->gone = true;
	spin_unlock_irq(&edu->irq_lock);
	/* No transfer is under way when its memory goes, and none can begin. */
	if (edu->extended)
		edu_ready(edu, -ENODEV);
	quiet = edu_quiet(edu);
	spin_lock_irq(&edu->irq_lock);
	edu_abort(edu, -ENODEV);
	edu->dma.busy = !quiet;
	spin_unlock_irq(&edu->irq_lock);
	pci_clear_master(pdev);
	edu_put(edu, EDU_STATUS, 0);
	edu_put(edu, EDU_IRQ_ACK, U32_MAX);
	free_irq(edu->irq, edu);
	pci_free_irq_vectors(pdev);
	mutex_lock(&edu->files_lock);
	list_for_each_entry(f, &edu->files, node)
		edu_pages_free(f);
	mutex_unlock(&edu->files_lock);
	pci_iounmap(pdev, edu->regs);
	edu->regs = NULL;
	mutex_unlock(&edu->lock);
	wake_up_all(&edu->wait);

	pci_release_regions(pdev);
	pci_disable_device(pdev);
	ida_free(&edu_ids, edu->id);
	kref_put(&edu->ref, edu_free);
}

static void edu_sleep(struct edu *edu, bool finish)
{
	mutex_lock(&edu->lock);
	/* Nobody can begin one: we have the lock. */
	if (finish)
		edu_quiet(edu);
	spin_lock_irq(&edu->irq_lock);
	edu->asleep = true;
	/* The handler leaves it alone from here on: a line that is up would stay up. */
	if (!edu->msi)
		pci_intx(edu->pdev, 0);
	spin_unlock_irq(&edu->irq_lock);
	mutex_unlock(&edu->lock);
}

static void edu_wake(struct edu *edu)
{
	mutex_lock(&edu->lock);
	/* The original goes on where it was. */
	if (!edu->extended)
		edu_quiet(edu);
	edu_ready(edu, -EIO);
	spin_lock_irq(&edu->irq_lock);
	edu->asleep = false;
	if (!edu->msi)
		pci_intx(edu->pdev, 1);
	spin_unlock_irq(&edu->irq_lock);
	mutex_unlock(&edu->lock);
	wake_up_all(&edu->wait);
}

/* A function reset ends a transfer; so does the original's end. */
static void edu_reset_prepare(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	edu_sleep(edu, !edu->extended);
}

static void edu_reset_done(struct pci_dev *pdev)
{
	edu_wake(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers edu_errors = {
	.reset_prepare = edu_reset_prepare,
	.reset_done = edu_reset_done,
};

static int edu_suspend(struct device *dev)
{
	edu_sleep(dev_get_drvdata(dev), true);
	return 0;
}

/* The PCI core has put config space back; the registers are as after a reset. */
static int edu_resume(struct device *dev)
{
	edu_wake(dev_get_drvdata(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(edu_pm, edu_suspend, edu_resume);

static const struct pci_device_id edu_pci_ids[] = { { PCI_DEVICE(EDU_VENDOR_ID, EDU_DEVICE_ID) },
						    {} };
MODULE_DEVICE_TABLE(pci, edu_pci_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_pci_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.err_handler = &edu_errors,
	.driver.pm = pm_sleep_ptr(&edu_pm),
};

static int __init edu_init(void)
{
	static const char *const kinds[] = { "auto", "intx", "msi" };

	if (sysfs_match_string(kinds, edu_irq) < 0) {
		pr_err(KBUILD_MODNAME ": irq=%s: it is one of intx, msi, auto\n", edu_irq);
		return -EINVAL;
	}
	return pci_register_driver(&edu_driver);
}
module_init(edu_init);

static void __exit edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
	ida_destroy(&edu_ids);
}
module_exit(edu_exit);

MODULE_DESCRIPTION("The edu device, QEMU's and ours");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
