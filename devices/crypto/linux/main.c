// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of the crypto device, an accelerator for AES-CBC and SHA-256: the PCI
 * device, from probe to removal, and what it shows in sysfs:
 *
 *   /sys/bus/pci/devices/.../ersatz_crypto/
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "driver.h"

unsigned int ecrypto_timeout_s = 10;
module_param_named(timeout, ecrypto_timeout_s, uint, 0644);
MODULE_PARM_DESC(timeout,
		 "Seconds that a command may take, and one more for each 4 MiB (default 10)");

struct workqueue_struct *ecrypto_wq;

static LIST_HEAD(ecrypto_devices);
static DEFINE_SPINLOCK(ecrypto_devices_lock);

/* ---- who uses a device ---- */

static void ecrypto_release(struct kref *ref)
{
	struct ecrypto *dev = container_of(ref, struct ecrypto, ref);

	pci_dev_put(dev->pdev);
	kfree(dev);
}

struct ecrypto *ecrypto_get(struct ecrypto *dev)
{
	kref_get(&dev->ref);
	return dev;
}

void ecrypto_put(struct ecrypto *dev)
{
	kref_put(&dev->ref, ecrypto_release);
}

int ecrypto_enter(struct ecrypto *dev)
{
	unsigned long flags;
	int err = -ENODEV;

	spin_lock_irqsave(&dev->lock, flags);
	if (dev->state == ECRYPTO_OPEN || dev->state == ECRYPTO_PAUSED) {
		dev->inside++;
		err = 0;
	}
	spin_unlock_irqrestore(&dev->lock, flags);
	return err;
}

void ecrypto_leave(struct ecrypto *dev)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->lock, flags);
	if (!--dev->inside)
		wake_up_all(&dev->wait);
	spin_unlock_irqrestore(&dev->lock, flags);
}

static bool ecrypto_nobody_inside(struct ecrypto *dev)
{
	bool nobody;

	spin_lock_irq(&dev->lock);
	nobody = !dev->inside;
	spin_unlock_irq(&dev->lock);
	return nobody;
}

struct ecrypto *ecrypto_choose(u32 features)
{
	struct ecrypto *dev, *best = NULL;
	u64 load, least = U64_MAX;
	unsigned long flags;

	spin_lock_irqsave(&ecrypto_devices_lock, flags);
	list_for_each_entry(dev, &ecrypto_devices, node) {
		/* A glance; it may change in the next moment anyway. */
		load = READ_ONCE(dev->load);
		if ((dev->features & features) != features || load >= least || ecrypto_enter(dev))
			continue;
		if (best)
			ecrypto_leave(best);
		best = dev;
		least = load;
	}
	spin_unlock_irqrestore(&ecrypto_devices_lock, flags);
	return best;
}

void ecrypto_for_each(void (*call)(struct ecrypto *dev, void *data), void *data)
{
	struct ecrypto *dev;
	unsigned long flags;

	spin_lock_irqsave(&ecrypto_devices_lock, flags);
	list_for_each_entry(dev, &ecrypto_devices, node) {
		spin_lock(&dev->lock);
		call(dev, data);
		spin_unlock(&dev->lock);
	}
	spin_unlock_irqrestore(&ecrypto_devices_lock, flags);
}

/* ---- sysfs ---- */

static ssize_t irq_show(struct device *device, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", ecrypto_irq_name(dev_get_drvdata(device)));
}
static DEVICE_ATTR_RO(irq);

static ssize_t vectors_show(struct device *device, struct device_attribute *attr, char *buf)
{
	struct ecrypto *dev = dev_get_drvdata(device);

	return sysfs_emit(buf, "%u\n", dev->vectors);
}
static DEVICE_ATTR_RO(vectors);

/* One counter, a file. */
struct ecrypto_counter {
	struct device_attribute attr;
	size_t offset;
};

static ssize_t ecrypto_counter_show(struct device *device, struct device_attribute *attr, char *buf)
{
	const struct ecrypto_counter *counter = container_of(attr, struct ecrypto_counter, attr);
	struct ecrypto *dev = dev_get_drvdata(device);
	u64 value;

	spin_lock_irq(&dev->lock);
	value = *(u64 *)((u8 *)&dev->stats + counter->offset);
	spin_unlock_irq(&dev->lock);
	return sysfs_emit(buf, "%llu\n", value);
}

#define ECRYPTO_COUNTER(_name, _member)                                                            \
	static struct ecrypto_counter ecrypto_counter_##_name = {                                  \
		.attr = __ATTR(_name, 0444, ecrypto_counter_show, NULL),                           \
		.offset = offsetof(struct ecrypto_stats, _member),                                 \
	}

ECRYPTO_COUNTER(requests, requests);
ECRYPTO_COUNTER(bytes, bytes);
ECRYPTO_COUNTER(errors, errors);
ECRYPTO_COUNTER(interrupts, interrupts);
ECRYPTO_COUNTER(spurious, spurious);
ECRYPTO_COUNTER(error_events, events[ECRYPTO_ERROR]);
ECRYPTO_COUNTER(ready_events, events[ECRYPTO_READY]);
ECRYPTO_COUNTER(reset_events, events[ECRYPTO_RESET]);
ECRYPTO_COUNTER(resets, resets);
ECRYPTO_COUNTER(timeouts, timeouts);
ECRYPTO_COUNTER(lost_interrupts, lost);
ECRYPTO_COUNTER(backlogged, backlogged);
ECRYPTO_COUNTER(bounced, bounced);

static struct attribute *ecrypto_attrs[] = { &dev_attr_irq.attr,
					     &dev_attr_vectors.attr,
					     &ecrypto_counter_requests.attr.attr,
					     &ecrypto_counter_bytes.attr.attr,
					     &ecrypto_counter_errors.attr.attr,
					     &ecrypto_counter_interrupts.attr.attr,
					     &ecrypto_counter_spurious.attr.attr,
					     &ecrypto_counter_error_events.attr.attr,
					     &ecrypto_counter_ready_events.attr.attr,
					     &ecrypto_counter_reset_events.attr.attr,
					     &ecrypto_counter_resets.attr.attr,
					     &ecrypto_counter_timeouts.attr.attr,
					     &ecrypto_counter_lost_interrupts.attr.attr,
					     &ecrypto_counter_backlogged.attr.attr,
					     &ecrypto_counter_bounced.attr.attr,
					     NULL };

static const struct attribute_group ecrypto_group = {
	.name = ECRYPTO_NAME,
	.attrs = ecrypto_attrs,
};

static const struct attribute_group *ecrypto_groups[] = { &ecrypto_group, NULL };

/* ---- probe and removal ---- */

/* What the device is, and what it can do. */
static int ecrypto_identify(struct ecrypto *dev)
{
	struct pci_dev *pdev = dev->pdev;
	u32 id = ioread32(ecrypto_reg(dev, CRYPTO_ID));
	u32 version = ioread32(ecrypto_reg(dev, CRYPTO_VERSION));

	if (id == U32_MAX && !pci_device_is_present(pdev)) {
		pci_err(pdev, "gone while being set up\n");
		return -ENODEV;
	}
	if (id != CRYPTO_ID_RESET) {
		pci_info(pdev,
			 "ID reads 0x%08x: the original device, with nothing for the crypto API\n",
			 id);
		return 0;
	}
	if (version >> CRYPTO_VERSION_MAJOR_SHIFT !=
	    CRYPTO_VERSION_RESET >> CRYPTO_VERSION_MAJOR_SHIFT) {
		pci_warn(pdev, "version 0x%08x is unknown; nothing for the crypto API\n", version);
		return 0;
	}
	dev->version = version;
	dev->features = ioread32(ecrypto_reg(dev, CRYPTO_FEATURES));
	dev->max_entries = ioread32(ecrypto_reg(dev, CRYPTO_MAX_ENTRIES));
	return 0;
}

static int ecrypto_map(struct ecrypto *dev)
{
	struct pci_dev *pdev = dev->pdev;

	if (!(pci_resource_flags(pdev, CRYPTO_BAR_REGS) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, CRYPTO_BAR_REGS) < CRYPTO_BAR_REGS_SIZE) {
		pci_err(pdev, "BAR %d is not %d bytes of memory: %pR\n", CRYPTO_BAR_REGS,
			CRYPTO_BAR_REGS_SIZE, &pdev->resource[CRYPTO_BAR_REGS]);
		return -ENODEV;
	}
	dev->regs = pci_iomap(pdev, CRYPTO_BAR_REGS, 0);
	return dev->regs ? 0 : -ENOMEM;
}

static int ecrypto_dma_setup(struct ecrypto *dev)
{
	struct device *device = &dev->pdev->dev;

	if (dma_set_mask_and_coherent(device, DMA_BIT_MASK(64)) &&
	    dma_set_mask_and_coherent(device, DMA_BIT_MASK(32))) {
		dev_err(device, "no memory that the device could reach\n");
		return -EIO;
	}
	/* An entry may be as long as it likes, and lie anywhere. */
	dma_set_max_seg_size(device, UINT_MAX);
	dma_set_seg_boundary(device, ULONG_MAX);
	/* But a classic table's, after the first, on a page: a bounce buffer has to keep to that. */
	return dma_set_min_align_mask(device, SZ_4K - 1);
}

/* The device is no more: everything that is in the works ends, and no memory is mapped for it. */
static void ecrypto_stop(struct ecrypto *dev)
{
	unsigned long flags;

	spin_lock_irqsave(&ecrypto_devices_lock, flags);
	list_del_init(&dev->node);
	spin_unlock_irqrestore(&ecrypto_devices_lock, flags);

	ecrypto_queue_close(dev);
	wait_event(dev->wait, ecrypto_nobody_inside(dev));
}

static int ecrypto_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ecrypto *dev;
	int err;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	kref_init(&dev->ref);
	INIT_LIST_HEAD(&dev->node);
	dev->pdev = pci_dev_get(pdev);
	ecrypto_queue_init(dev);

	err = pci_enable_device_mem(pdev);
	if (err)
		goto put;
	err = pci_request_region(pdev, CRYPTO_BAR_REGS, ECRYPTO_NAME);
	if (err)
		goto disable;
	err = ecrypto_map(dev);
	if (err)
		goto release;
	err = ecrypto_identify(dev);
	if (err)
		goto unmap;
	err = ecrypto_dma_setup(dev);
	if (err)
		goto unmap;
	err = ecrypto_jobs_init(dev);
	if (err)
		goto unmap;
	ecrypto_queue_silence(dev);
	pci_set_master(pdev);
	err = ecrypto_irq_setup(dev);
	if (err)
		goto clear_master;
	err = ecrypto_queue_open(dev);
	if (err)
		goto free_irq;
	pci_set_drvdata(pdev, dev);
	err = ecrypto_cdev_register(dev);
	if (err)
		goto close;

	spin_lock_irq(&ecrypto_devices_lock);
	list_add_tail(&dev->node, &ecrypto_devices);
	spin_unlock_irq(&ecrypto_devices_lock);
	pci_info(pdev, "interrupts: %s, %u vector%s\n", ecrypto_irq_name(dev), dev->vectors,
		 dev->vectors == 1 ? "" : "s");
	ecrypto_algs_update();
	return 0;

close:
	ecrypto_queue_close(dev);
free_irq:
	ecrypto_irq_free(dev);
	cancel_work_sync(&dev->work);
	cancel_delayed_work_sync(&dev->timeout);
clear_master:
	pci_clear_master(pdev);
unmap:
	pci_iounmap(pdev, dev->regs);
release:
	pci_release_region(pdev, CRYPTO_BAR_REGS);
disable:
	pci_disable_device(pdev);
put:
	ecrypto_put(dev);
	return err;
}

static void ecrypto_remove(struct pci_dev *pdev)
{
	struct ecrypto *dev = pci_get_drvdata(pdev);

	ecrypto_cdev_unregister(dev);
	ecrypto_stop(dev);
	ecrypto_algs_update();
	ecrypto_irq_free(dev);
	cancel_work_sync(&dev->work);
	cancel_delayed_work_sync(&dev->timeout);
	/* What they would have done. */
	ecrypto_process(dev);
	pci_clear_master(pdev);
	pci_iounmap(pdev, dev->regs);
	pci_release_region(pdev, CRYPTO_BAR_REGS);
	pci_disable_device(pdev);
	ecrypto_put(dev);
}

/* No DMA into the memory of the kernel that comes next. */
static void ecrypto_shutdown(struct pci_dev *pdev)
{
	ecrypto_queue_close(pci_get_drvdata(pdev));
	pci_clear_master(pdev);
}

/* ---- sleep, and resets from outside ---- */

static int ecrypto_suspend(struct device *device)
{
	ecrypto_queue_pause(dev_get_drvdata(device));
	return 0;
}

/* The PCI core has restored its registers; ours are as after power-on, and so is the key. */
static int ecrypto_resume(struct device *device)
{
	return ecrypto_queue_open(dev_get_drvdata(device));
}

static DEFINE_SIMPLE_DEV_PM_OPS(ecrypto_pm, ecrypto_suspend, ecrypto_resume);

static void ecrypto_reset_prepare(struct pci_dev *pdev)
{
	ecrypto_queue_pause(pci_get_drvdata(pdev));
}

static void ecrypto_reset_done(struct pci_dev *pdev)
{
	ecrypto_queue_open(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers ecrypto_error_handlers = {
	.reset_prepare = ecrypto_reset_prepare,
	.reset_done = ecrypto_reset_done,
};

static const struct pci_device_id ecrypto_pci_ids[] = {
	{ PCI_DEVICE(CRYPTO_VENDOR_ID, CRYPTO_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, ecrypto_pci_ids);

static struct pci_driver ecrypto_driver = {
	.name = ECRYPTO_NAME,
	.id_table = ecrypto_pci_ids,
	.probe = ecrypto_probe,
	.remove = ecrypto_remove,
	.shutdown = ecrypto_shutdown,
	.err_handler = &ecrypto_error_handlers,
	.dev_groups = ecrypto_groups,
	.driver.pm = pm_sleep_ptr(&ecrypto_pm),
};

static int __init ecrypto_init(void)
{
	int err;

	/* Disks may be encrypted by us: whoever needs memory may have to wait for this. */
	ecrypto_wq = alloc_workqueue(ECRYPTO_NAME, WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	if (!ecrypto_wq)
		return -ENOMEM;
	err = pci_register_driver(&ecrypto_driver);
	if (err)
		destroy_workqueue(ecrypto_wq);
	return err;
}
module_init(ecrypto_init);

static void __exit ecrypto_exit(void)
{
	pci_unregister_driver(&ecrypto_driver);
	ecrypto_algs_exit();
	destroy_workqueue(ecrypto_wq);
}
module_exit(ecrypto_exit);

MODULE_DESCRIPTION("AES-CBC and SHA-256 by the crypto PCI device");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
