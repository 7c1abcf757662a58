// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of newdev: its memory as /dev/newdevN and as /proc/newdevice. This file has
 * how the device comes and goes, sleeps, and is reset.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "newdev_driver.h"

static char *newdev_mode = "auto";
module_param_named(mode, newdev_mode, charp, 0444);
MODULE_PARM_DESC(mode, "How bytes are moved: pio, mmio, dma or auto (default: by their number)");

static unsigned int newdev_dma_bits = 64;
module_param_named(dma_bits, newdev_dma_bits, uint, 0444);
MODULE_PARM_DESC(dma_bits, "Bits of an address that DMA may use: 32 or 64 (default: 64)");

static DEFINE_IDA(newdev_ids);

void newdev_free(struct kref *ref)
{
	struct newdev *nd = container_of(ref, struct newdev, ref);

	mutex_destroy(&nd->lock);
	pci_dev_put(nd->pdev);
	kfree(nd);
}

/* ---- the device as it should be ---- */

/* What it says of itself, and keeps for us. */
static int newdev_check(struct newdev *nd)
{
	u32 magic = ioread32(newdev_reg(nd, NEWDEV_MAGIC)), size, used;

	if (magic != NEWDEV_MAGIC_RESET ||
	    ioread32(newdev_reg(nd, NEWDEV_VERSION)) != NEWDEV_VERSION_RESET) {
		pci_err(nd->pdev, "it does not have the registers that this driver uses (%#x)\n",
			magic);
		return -ENODEV;
	}
	size = ioread32(newdev_reg(nd, NEWDEV_SIZE));
	if (!size || size > NEWDEV_SIZE_RESET) {
		pci_err(nd->pdev, "%u bytes of memory?\n", size);
		return -ENODEV;
	}
	nd->size = size;
	used = ioread32(newdev_reg(nd, NEWDEV_USED));
	if (used > nd->size) {
		pci_warn(nd->pdev, "%u bytes used of %u: begins anew\n", used, nd->size);
		used = 0;
	}
	newdev_set_used(nd, used);
	return 0;
}

/* Registers that a reset has cleared, or another driver has left. */
static void newdev_on(struct newdev *nd)
{
	newdev_stop(nd);
	ioread32(newdev_reg(nd, NEWDEV_COPY_STATUS));
	iowrite32(NEWDEV_CONTROL_PORTS_MASK, newdev_reg(nd, NEWDEV_CONTROL));
	spin_lock_irq(&nd->irq_lock);
	nd->asleep = false;
	newdev_irqs_on(nd);
	spin_unlock_irq(&nd->irq_lock);
}

/* Nothing of its own is going on any more. With the lock held. */
static void newdev_off(struct newdev *nd)
{
	newdev_stop(nd);
	/* Other drivers know nothing of PORT_DATA: for them it reads 0. */
	iowrite32(0, newdev_reg(nd, NEWDEV_CONTROL));
	spin_lock_irq(&nd->irq_lock);
	newdev_irqs_off(nd);
	spin_unlock_irq(&nd->irq_lock);
}

/* ---- it comes ---- */

static int newdev_map(struct newdev *nd)
{
	struct pci_dev *pdev = nd->pdev;

	if (!(pci_resource_flags(pdev, NEWDEV_BAR_PORTS) & IORESOURCE_IO) ||
	    pci_resource_len(pdev, NEWDEV_BAR_PORTS) < NEWDEV_BAR_PORTS_SIZE ||
	    !(pci_resource_flags(pdev, NEWDEV_BAR_REGS) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, NEWDEV_BAR_REGS) < NEWDEV_BAR_REGS_SIZE)
		return -ENODEV;
	nd->ports = pci_iomap(pdev, NEWDEV_BAR_PORTS, NEWDEV_BAR_PORTS_SIZE);
	nd->regs = pci_iomap(pdev, NEWDEV_BAR_REGS, NEWDEV_BAR_REGS_SIZE);
	return nd->ports && nd->regs ? 0 : -ENOMEM;
}

static void newdev_unmap(struct newdev *nd)
{
	void __iomem *ports = nd->ports, *regs = nd->regs;

	spin_lock_irq(&nd->irq_lock);
	nd->ports = NULL;
	nd->regs = NULL;
	spin_unlock_irq(&nd->irq_lock);
	if (regs)
		pci_iounmap(nd->pdev, regs);
	if (ports)
		pci_iounmap(nd->pdev, ports);
}

static int newdev_start(struct newdev *nd)
{
	struct pci_dev *pdev = nd->pdev;
	int err;

	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(newdev_dma_bits));
	if (err)
		err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (err)
		return err;
	err = newdev_check(nd);
	if (err)
		return err;
	nd->list = dma_alloc_coherent(&pdev->dev, NEWDEV_ENTRIES * sizeof(*nd->list), &nd->list_at,
				      GFP_KERNEL);
	if (!nd->list)
		return -ENOMEM;
	newdev_off(nd);
	pci_set_master(pdev);
	err = newdev_request_irqs(nd);
	if (err)
		goto free_list;
	newdev_on(nd);
	pci_save_state(pdev); /* for a slot that is reset */
	err = newdev_files(nd);
	if (err)
		goto off;
	return 0;

off:
	spin_lock_irq(&nd->irq_lock);
	nd->gone = true;
	spin_unlock_irq(&nd->irq_lock);
	newdev_off(nd);
	newdev_free_irqs(nd);
	cancel_delayed_work_sync(&nd->calm);
free_list:
	pci_clear_master(pdev);
	dma_free_coherent(&pdev->dev, NEWDEV_ENTRIES * sizeof(*nd->list), nd->list, nd->list_at);
	return err;
}

static int newdev_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct newdev *nd = kzalloc(sizeof(*nd), GFP_KERNEL);
	int err;

	if (!nd)
		return -ENOMEM;
	kref_init(&nd->ref);
	mutex_init(&nd->lock);
	spin_lock_init(&nd->irq_lock);
	init_waitqueue_head(&nd->wait);
	INIT_DELAYED_WORK(&nd->calm, newdev_calm);
	nd->mode = newdev_mode_by_name(newdev_mode);
	nd->pdev = pci_dev_get(pdev);
	pci_set_drvdata(pdev, nd);

	err = ida_alloc(&newdev_ids, GFP_KERNEL);
	if (err < 0)
		goto put;
	nd->id = err;
	snprintf(nd->name, sizeof(nd->name), "newdev%d", nd->id);
	strscpy(nd->proc_name, "newdevice", sizeof(nd->proc_name));
	if (nd->id)
		snprintf(nd->proc_name, sizeof(nd->proc_name), "newdevice%d", nd->id);
	err = pci_enable_device(pdev);
	if (err)
		goto free_id;
	err = pci_request_regions(pdev, KBUILD_MODNAME);
	if (err)
		goto disable;
	err = newdev_map(nd);
	if (err)
		goto unmap;
	err = newdev_start(nd);
	if (err)
		goto unmap;
	return 0;

unmap:
	newdev_unmap(nd);
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free_id:
	ida_free(&newdev_ids, nd->id);
put:
	kref_put(&nd->ref, newdev_free);
	return err;
}

/* ---- it goes: files may still be open, and somebody wait in one; they get ENODEV ---- */

static void newdev_remove(struct pci_dev *pdev)
{
	struct newdev *nd = pci_get_drvdata(pdev);

	spin_lock_irq(&nd->irq_lock);
	nd->gone = true;
	spin_unlock_irq(&nd->irq_lock);
	wake_up_all(&nd->wait);
	newdev_no_files(nd);

	mutex_lock(&nd->lock);
	newdev_off(nd);
	/* What somebody else raises from here on must not hold up a line that others share. */
	if (!nd->msi)
		pci_intx(pdev, 0);
	newdev_free_irqs(nd);
	cancel_delayed_work_sync(&nd->calm);
	newdev_unmap(nd);
	mutex_unlock(&nd->lock);

	pci_clear_master(pdev);
	dma_free_coherent(&pdev->dev, NEWDEV_ENTRIES * sizeof(*nd->list), nd->list, nd->list_at);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	ida_free(&newdev_ids, nd->id);
	kref_put(&nd->ref, newdev_free);
}

/* ---- it sleeps, or is reset: transfers in hand end with EIO, new ones wait ---- */

static void newdev_sleep(struct newdev *nd)
{
	unsigned int i;

	spin_lock_irq(&nd->irq_lock);
	nd->asleep = true;
	nd->counts.resets++;
	/* The handler leaves the device alone from here on: a line that is up would stay up. */
	newdev_line_off(nd);
	spin_unlock_irq(&nd->irq_lock);
	wake_up_all(&nd->wait);
	mutex_lock(&nd->lock);
	newdev_off(nd);
	for (i = 0; i < nd->vectors; i++)
		synchronize_irq(nd->vector[i].irq);
	mutex_unlock(&nd->lock);
}

/* The memory may be empty now, as RAM on a card is that had no power; USED says so. */
static int newdev_wake(struct newdev *nd)
{
	int err;

	mutex_lock(&nd->lock);
	err = newdev_check(nd);
	if (!err) {
		if (nd->broken)
			pci_set_master(nd->pdev);
		nd->broken = false;
		newdev_on(nd);
	} else {
		/* It has not come back; who waits must not wait for ever. */
		nd->broken = true;
		WRITE_ONCE(nd->asleep, false);
	}
	mutex_unlock(&nd->lock);
	wake_up_all(&nd->wait);
	return err;
}

static int newdev_suspend(struct device *dev)
{
	newdev_sleep(dev_get_drvdata(dev));
	return 0;
}

static int newdev_resume(struct device *dev)
{
	return newdev_wake(dev_get_drvdata(dev));
}
static DEFINE_SIMPLE_DEV_PM_OPS(newdev_pm, newdev_suspend, newdev_resume);

static void newdev_reset_prepare(struct pci_dev *pdev)
{
	newdev_sleep(pci_get_drvdata(pdev));
}

static void newdev_reset_done(struct pci_dev *pdev)
{
	newdev_wake(pci_get_drvdata(pdev));
}

static pci_ers_result_t newdev_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	if (state == pci_channel_io_perm_failure)
		return PCI_ERS_RESULT_DISCONNECT;
	newdev_sleep(pci_get_drvdata(pdev));
	pci_disable_device(pdev);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t newdev_slot_reset(struct pci_dev *pdev)
{
	if (pci_enable_device(pdev))
		return PCI_ERS_RESULT_DISCONNECT;
	pci_restore_state(pdev);
	pci_save_state(pdev);
	pci_set_master(pdev);
	return PCI_ERS_RESULT_RECOVERED;
}

static void newdev_error_resume(struct pci_dev *pdev)
{
	newdev_wake(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers newdev_errors = {
	.error_detected = newdev_error_detected,
	.slot_reset = newdev_slot_reset,
	.resume = newdev_error_resume,
	.reset_prepare = newdev_reset_prepare,
	.reset_done = newdev_reset_done,
};

static const struct pci_device_id newdev_pci_ids[] = {
	{ PCI_DEVICE(NEWDEV_VENDOR_ID, NEWDEV_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, newdev_pci_ids);

static struct pci_driver newdev_driver = {
	.name = KBUILD_MODNAME,
	.id_table = newdev_pci_ids,
	.probe = newdev_probe,
	.remove = newdev_remove,
	.driver.pm = pm_sleep_ptr(&newdev_pm),
	.err_handler = &newdev_errors,
};

static int __init newdev_init(void)
{
	if (newdev_irq_kind() < 0) {
		pr_err(KBUILD_MODNAME ": irq=%s: it is one of auto, intx, msi\n", newdev_irq);
		return -EINVAL;
	}
	if (newdev_mode_by_name(newdev_mode) < 0) {
		pr_err(KBUILD_MODNAME ": mode=%s: it is one of auto, pio, mmio, dma\n",
		       newdev_mode);
		return -EINVAL;
	}
	if (newdev_dma_bits != 32 && newdev_dma_bits != 64) {
		pr_err(KBUILD_MODNAME ": dma_bits=%u: it is 32 or 64\n", newdev_dma_bits);
		return -EINVAL;
	}
	return pci_register_driver(&newdev_driver);
}
module_init(newdev_init);

static void __exit newdev_exit(void)
{
	pci_unregister_driver(&newdev_driver);
	ida_destroy(&newdev_ids);
}
module_exit(newdev_exit);

MODULE_DESCRIPTION("newdev, the device of the paper, as /dev/newdevN and /proc/newdevice");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
