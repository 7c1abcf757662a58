// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of the probe, the device that exercises every part of Ersatz. It does
 * what any driver does (interrupts in each of their forms, the DMA API, resets,
 * a device that goes away) and lets a test program watch it at that, through
 * /dev/probe0 and probe_ioctl.h.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "probe_driver.h"

#ifndef PCI_IRQ_INTX /* until 6.8 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* Sources with a bit in ISR and IER, and how many there are with the one that has none. */
#define PROBE_ENABLED                                                                              \
	(PROBE_IER_DONE_MASK | PROBE_IER_TICK_MASK | PROBE_IER_DMA_MASK | PROBE_IER_ERROR_MASK)
#define PROBE_SOURCES (PROBE_IRQ_LINE + 1)

static_assert(PROBE_EVENT_HELD == PROBE_SOURCES);

/* Vectors that sources ask for, in any mode that has several. */
static const unsigned int probe_source_vector[PROBE_SOURCES] = {
	[PROBE_IRQ_DONE] = PROBE_IRQ_DONE_VECTOR, [PROBE_IRQ_TICK] = PROBE_IRQ_TICK_VECTOR,
	[PROBE_IRQ_DMA] = PROBE_IRQ_DMA_VECTOR,	  [PROBE_IRQ_ERROR] = PROBE_IRQ_ERROR_VECTOR,
	[PROBE_IRQ_LINE] = PROBE_IRQ_LINE_VECTOR,
};

static char *probe_irq = "auto";
module_param_named(irq, probe_irq, charp, 0444);
MODULE_PARM_DESC(irq,
		 "How interrupts come: intx, msi, msix or auto (default: the best that works)");

static unsigned int probe_ask = PROBE_VECTORS;
module_param_named(vectors, probe_ask, uint, 0444);
MODULE_PARM_DESC(vectors, "MSI vectors to ask for at most (default: as many as the device has)");

static DEFINE_IDA(probe_ids);

static void probe_free(struct kref *ref)
{
	struct probe *p = container_of(ref, struct probe, ref);

	mutex_destroy(&p->lock);
	pci_dev_put(p->pdev);
	kfree(p);
}

/* ---- interrupts ---- */

/* Takes what is pending for these sources, and is enabled. Called with irq_lock held. */
static u32 probe_take(struct probe *p, u32 sources)
{
	u32 pending = ioread32(probe_reg(p, PROBE_ISR)) & ioread32(probe_reg(p, PROBE_IER));

	pending &= sources & PROBE_ENABLED;
	if (p->line && (sources & BIT(PROBE_IRQ_LINE)))
		pending |= BIT(PROBE_IRQ_LINE);
	if (!pending)
		return 0;
	if (p->hold) {
		p->hold--;
		return BIT(PROBE_EVENT_HELD);
	}
	if (pending & PROBE_ENABLED)
		iowrite32(pending & PROBE_ENABLED, probe_reg(p, PROBE_ISR));
	if (pending & BIT(PROBE_IRQ_LINE)) {
		p->line = false;
		iowrite32(0, probe_reg(p, PROBE_LEVEL));
	}
	return pending;
}

static irqreturn_t probe_interrupt(int irq, void *data)
{
	struct probe_vector *vector = data;
	struct probe *p = vector->p;
	unsigned long flags;
	unsigned int i;
	u32 taken = 0;

	spin_lock_irqsave(&p->irq_lock, flags);
	if (!p->asleep)
		taken = probe_take(p, vector->sources);
	for (i = 0; i < PROBE_EVENT_KINDS; i++)
		p->counts.event[i] += taken >> i & 1;
	if (taken)
		p->counts.vector[vector->index]++;
	else
		p->counts.unclaimed++;
	spin_unlock_irqrestore(&p->irq_lock, flags);

	if (!taken)
		return IRQ_NONE;
	wake_up_all(&p->wait);
	return IRQ_HANDLED;
}

/* Number of vectors granted, or an error. */
static int probe_alloc_vectors(struct probe *p)
{
	unsigned int ask = rounddown_pow_of_two(clamp(probe_ask, 1u, (u32)PROBE_MSI_VECTORS));
	bool any = sysfs_streq(probe_irq, "auto");
	int n = -ENODEV;

	/* What has no vector of its own in this mode would never come: all of them, or none. */
	if (any || sysfs_streq(probe_irq, "msix"))
		n = pci_alloc_irq_vectors(p->pdev, PROBE_MSIX_VECTORS, PROBE_MSIX_VECTORS,
					  PCI_IRQ_MSIX);
	if (n < 0 && (any || sysfs_streq(probe_irq, "msi")))
		n = pci_alloc_irq_vectors(p->pdev, 1, ask, PCI_IRQ_MSI);
	if (n < 0 && (any || sysfs_streq(probe_irq, "intx")))
		n = pci_alloc_irq_vectors(p->pdev, 1, 1, PCI_IRQ_INTX);
	return n;
}

static void probe_free_irqs(struct probe *p, unsigned int n)
{
	while (n-- > 0)
		free_irq(pci_irq_vector(p->pdev, n), &p->vector[n]);
	pci_free_irq_vectors(p->pdev);
}

static int probe_request_irqs(struct probe *p)
{
	unsigned int i;
	int err = probe_alloc_vectors(p);

	if (err < 0) {
		pci_err(p->pdev, "no interrupt of the kind irq=%s (%d)\n", probe_irq, err);
		return err;
	}
	p->vectors = err;
	p->mode = PROBE_MODE_INTX;
	if (p->pdev->msix_enabled)
		p->mode = PROBE_MODE_MSIX;
	else if (p->pdev->msi_enabled)
		p->mode = PROBE_MODE_MSI;

	/* Who was not granted a vector of its own shares the first. */
	for (i = 0; i < PROBE_SOURCES; i++) {
		unsigned int v = probe_source_vector[i];

		p->vector[v < p->vectors ? v : 0].sources |= BIT(i);
	}
	for (i = 0; i < p->vectors; i++) {
		p->vector[i].p = p;
		p->vector[i].index = i;
		err = request_irq(pci_irq_vector(p->pdev, i), probe_interrupt,
				  p->mode == PROBE_MODE_INTX ? IRQF_SHARED : 0, p->name,
				  &p->vector[i]);
		if (err) {
			probe_free_irqs(p, i);
			return err;
		}
	}
	return 0;
}

static bool probe_happened(struct probe *p, const struct probe_wait *wait, unsigned int resets)
{
	return READ_ONCE(p->gone) || READ_ONCE(p->resets) != resets ||
	       probe_event(p, wait->event) != wait->count;
}

static long probe_wait(struct probe *p, struct probe_wait __user *argp)
{
	unsigned int resets = READ_ONCE(p->resets);
	long left = MAX_SCHEDULE_TIMEOUT;
	struct probe_wait wait;

	if (copy_from_user(&wait, argp, sizeof(wait)))
		return -EFAULT;
	if (wait.event >= PROBE_EVENT_KINDS)
		return -EINVAL;
	if (wait.timeout_ms)
		left = msecs_to_jiffies(wait.timeout_ms);
	left = wait_event_interruptible_timeout(p->wait, probe_happened(p, &wait, resets), left);
	if (left < 0)
		return -EINTR;
	if (READ_ONCE(p->gone))
		return -ENODEV;
	if (READ_ONCE(p->resets) != resets)
		return -EIO;
	if (!left)
		return -ETIMEDOUT;
	wait.count = probe_event(p, wait.event);
	return copy_to_user(argp, &wait, sizeof(wait)) ? -EFAULT : 0;
}

static long probe_counts(struct probe *p, struct probe_counts __user *argp)
{
	struct probe_counts counts;

	spin_lock_irq(&p->irq_lock);
	counts = p->counts;
	spin_unlock_irq(&p->irq_lock);
	counts.mode = p->mode;
	counts.vectors = p->vectors;
	return copy_to_user(argp, &counts, sizeof(counts)) ? -EFAULT : 0;
}

static long probe_hold(struct probe *p, const u32 __user *argp)
{
	u32 hold;

	if (get_user(hold, argp))
		return -EFAULT;
	spin_lock_irq(&p->irq_lock);
	p->hold = hold;
	spin_unlock_irq(&p->irq_lock);
	return 0;
}

/* The handler must know of it when it is called, so it is held off until both are done. */
static long probe_level(struct probe *p)
{
	spin_lock_irq(&p->irq_lock);
	p->line = true;
	iowrite32(1, probe_reg(p, PROBE_LEVEL));
	spin_unlock_irq(&p->irq_lock);
	return 0;
}

/* ---- registers ---- */

/* What we have of a BAR. Behind the windows is the MSI-X table, which is not ours. */
static u64 probe_mapped(struct probe *p, unsigned int bar)
{
	if (bar == PROBE_BAR_MEMORY)
		return PROBE_WINDOW_STAGE_OFFSET + PROBE_WINDOW_STAGE_SIZE;
	return pci_resource_len(p->pdev, bar);
}

static u64 probe_read(void __iomem *at, u32 width)
{
	switch (width) {
	case 1:
		return ioread8(at);
	case 2:
		return ioread16(at);
	case 4:
		return ioread32(at);
	default:
		return readq(at);
	}
}

static void probe_write(void __iomem *at, u32 width, u64 value)
{
	if (width == 1)
		iowrite8(value, at);
	else if (width == 2)
		iowrite16(value, at);
	else if (width == 4)
		iowrite32(value, at);
	else
		writeq(value, at);
}

static long probe_access(struct probe *p, unsigned int cmd, struct probe_access __user *argp)
{
	struct probe_access a;
	void __iomem *at;
	u64 len;

	if (copy_from_user(&a, argp, sizeof(a)))
		return -EFAULT;
	if (a.bar >= PCI_STD_NUM_BARS || !p->bar[a.bar])
		return -EINVAL;
	len = probe_mapped(p, a.bar);
	if ((a.width != 1 && a.width != 2 && a.width != 4 && a.width != 8) || a.offset >= len ||
	    a.width > len - a.offset || a.offset % a.width)
		return -EINVAL;
	/* A port has no 8 bytes, and 4 and 4 are not what was asked for. */
	if (a.width == 8 &&
	    (!IS_ENABLED(CONFIG_64BIT) || !(pci_resource_flags(p->pdev, a.bar) & IORESOURCE_MEM)))
		return -EINVAL;

	at = p->bar[a.bar] + a.offset;
	if (cmd == PROBE_IOC_WRITE) {
		probe_write(at, a.width, a.value);
		if (a.bar == PROBE_BAR_MEMORY)
			wmb(); /* before anything that makes the device look at it */
		return 0;
	}
	a.value = probe_read(at, a.width);
	return copy_to_user(argp, &a, sizeof(a)) ? -EFAULT : 0;
}

/* ---- files ---- */

static long probe_locked(struct probe *p, unsigned int cmd, void __user *argp)
{
	switch (cmd) {
	case PROBE_IOC_READ:
	case PROBE_IOC_WRITE:
		return probe_access(p, cmd, argp);
	case PROBE_IOC_LEVEL:
		return probe_level(p);
	case PROBE_IOC_DMA:
		return probe_dma(p, argp);
	case PROBE_IOC_COPY:
		return probe_copy(p, argp);
	default:
		return -ENOTTY;
	}
}

static long probe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct probe *p = file->private_data;
	void __user *argp = (void __user *)arg;
	long err = -ENODEV;

	if (READ_ONCE(p->gone))
		return -ENODEV;
	switch (cmd) {
	case PROBE_IOC_COUNTS:
		return probe_counts(p, argp);
	case PROBE_IOC_WAIT:
		return probe_wait(p, argp);
	case PROBE_IOC_HOLD:
		return probe_hold(p, argp);
	}
	if (mutex_lock_interruptible(&p->lock))
		return -ERESTARTSYS;
	if (p->bar[PROBE_BAR_REGS])
		err = probe_locked(p, cmd, argp);
	mutex_unlock(&p->lock);
	return err;
}

static int probe_open(struct inode *inode, struct file *file)
{
	/* misc_open() and misc_deregister() keep off each other: it is still there. */
	struct probe *p = container_of(file->private_data, struct probe, misc);

	kref_get(&p->ref);
	file->private_data = p;
	return 0;
}

static int probe_release(struct inode *inode, struct file *file)
{
	struct probe *p = file->private_data;

	kref_put(&p->ref, probe_free);
	return 0;
}

static const struct file_operations probe_fops = {
	.owner = THIS_MODULE,
	.open = probe_open,
	.release = probe_release,
	.unlocked_ioctl = probe_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* ---- the device comes and goes ---- */

static void probe_unmap(struct probe *p)
{
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (p->bar[i])
			pci_iounmap(p->pdev, p->bar[i]);
		p->bar[i] = NULL;
	}
}

static int probe_map(struct probe *p)
{
	unsigned int i;

	if (pci_resource_len(p->pdev, PROBE_BAR_REGS) < PROBE_BAR_REGS_SIZE ||
	    pci_resource_len(p->pdev, PROBE_BAR_MEMORY) < PROBE_BAR_MEMORY_SIZE)
		return -ENODEV;
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		if (!pci_resource_len(p->pdev, i))
			continue;
		/* Memory, where writes may be combined; registers are not. */
		if (i == PROBE_BAR_MEMORY)
			p->bar[i] = pci_iomap_wc_range(p->pdev, i, 0, probe_mapped(p, i));
		else
			p->bar[i] = pci_iomap(p->pdev, i, 0);
		if (!p->bar[i]) {
			probe_unmap(p);
			return -ENOMEM;
		}
	}
	if (ioread32(probe_reg(p, PROBE_ID)) == PROBE_ID_RESET)
		return 0;
	pci_err(p->pdev, "it does not say that it is a probe\n");
	probe_unmap(p);
	return -ENODEV;
}

/* Nothing of the device's own is going on any more, and nothing pending. */
static void probe_quiet(struct probe *p)
{
	iowrite32(0, probe_reg(p, PROBE_IER));
	iowrite32(0, probe_reg(p, PROBE_LEVEL));
	iowrite32(PROBE_TIMER_COMMAND_CANCEL, probe_reg(p, PROBE_TIMER));
	iowrite32(PROBE_JOB_COMMAND_CANCEL, probe_reg(p, PROBE_JOB));
	iowrite32(PROBE_ENABLED, probe_reg(p, PROBE_ISR));
	ioread32(probe_reg(p, PROBE_ISR));
}

static int probe_start(struct probe *p)
{
	int err;

	err = dma_set_mask_and_coherent(&p->pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	probe_quiet(p);
	pci_set_master(p->pdev);
	err = probe_request_irqs(p);
	if (err)
		goto clear_master;
	iowrite32(PROBE_ENABLED, probe_reg(p, PROBE_IER));

	p->misc.minor = MISC_DYNAMIC_MINOR;
	p->misc.name = p->name;
	p->misc.fops = &probe_fops;
	p->misc.parent = &p->pdev->dev;
	p->misc.mode = 0600;
	err = misc_register(&p->misc);
	if (err)
		goto free_irqs;
	return 0;

free_irqs:
	probe_quiet(p);
	probe_free_irqs(p, p->vectors);
clear_master:
	pci_clear_master(p->pdev);
	return err;
}

static int probe_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct probe *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int err;

	if (!p)
		return -ENOMEM;
	kref_init(&p->ref);
	mutex_init(&p->lock);
	spin_lock_init(&p->irq_lock);
	init_waitqueue_head(&p->wait);
	p->pdev = pci_dev_get(pdev);
	pci_set_drvdata(pdev, p);

	err = ida_alloc(&probe_ids, GFP_KERNEL);
	if (err < 0)
		goto put;
	p->id = err;
	snprintf(p->name, sizeof(p->name), "probe%d", p->id);
	err = pci_enable_device(pdev);
	if (err)
		goto free_id;
	err = pci_request_regions(pdev, KBUILD_MODNAME);
	if (err)
		goto disable;
	err = probe_map(p);
	if (err)
		goto release;
	err = probe_start(p);
	if (err)
		goto unmap;
	return 0;

unmap:
	probe_unmap(p);
release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free_id:
	ida_free(&probe_ids, p->id);
put:
	kref_put(&p->ref, probe_free);
	return err;
}

/* Files may still be open, and somebody wait in one: they get ENODEV. */
static void probe_remove(struct pci_dev *pdev)
{
	struct probe *p = pci_get_drvdata(pdev);

	misc_deregister(&p->misc);
	WRITE_ONCE(p->gone, true);
	wake_up_all(&p->wait);

	mutex_lock(&p->lock);
	probe_quiet(p);
	probe_free_irqs(p, p->vectors);
	probe_unmap(p);
	mutex_unlock(&p->lock);

	pci_clear_master(pdev);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	ida_free(&probe_ids, p->id);
	kref_put(&p->ref, probe_free);
}

/* From here to the other, registers do not answer, and nobody may ask. */
static void probe_reset_prepare(struct pci_dev *pdev)
{
	struct probe *p = pci_get_drvdata(pdev);

	mutex_lock(&p->lock);
	spin_lock_irq(&p->irq_lock);
	p->asleep = true;
	p->line = false;
	p->hold = 0;
	WRITE_ONCE(p->resets, p->resets + 1);
	spin_unlock_irq(&p->irq_lock);
	wake_up_all(&p->wait);
}

static void probe_reset_done(struct pci_dev *pdev)
{
	struct probe *p = pci_get_drvdata(pdev);

	spin_lock_irq(&p->irq_lock);
	p->asleep = false;
	iowrite32(PROBE_ENABLED, probe_reg(p, PROBE_IER));
	spin_unlock_irq(&p->irq_lock);
	mutex_unlock(&p->lock);
}

static const struct pci_error_handlers probe_errors = {
	.reset_prepare = probe_reset_prepare,
	.reset_done = probe_reset_done,
};

static const struct pci_device_id probe_pci_ids[] = {
	{ PCI_DEVICE(PROBE_VENDOR_ID, PROBE_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, probe_pci_ids);

static struct pci_driver probe_driver = {
	.name = KBUILD_MODNAME,
	.id_table = probe_pci_ids,
	.probe = probe_probe,
	.remove = probe_remove,
	.err_handler = &probe_errors,
};

static int __init probe_init(void)
{
	static const char *const kinds[] = { "auto", "intx", "msi", "msix" };

	if (sysfs_match_string(kinds, probe_irq) < 0) {
		pr_err(KBUILD_MODNAME ": irq=%s: it is one of intx, msi, msix, auto\n", probe_irq);
		return -EINVAL;
	}
	return pci_register_driver(&probe_driver);
}
module_init(probe_init);

static void __exit probe_exit(void)
{
	pci_unregister_driver(&probe_driver);
	ida_destroy(&probe_ids);
}
module_exit(probe_exit);

MODULE_DESCRIPTION("The probe, a device that exercises every part of Ersatz");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
