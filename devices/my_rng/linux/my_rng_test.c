// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classic test of my_rng from inside the kernel, as a module: seeds the
 * device with 0x42, prints five numbers, twice, when it is loaded. Load it
 * again (modprobe -r first) to run it again.
 *
 * Without parameters it finds the first device by vendor and device id. With
 * address= it goes to that physical address, whatever is there, as a driver
 * does that has the address written into it.
 *
 * It binds to nothing and claims no region, so that it runs whether my_rng is
 * bound or not; it has no device table, so nothing loads it by itself. It does
 * seed the device, and what other users of the device read meanwhile is
 * missing here.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "my_rng_spec.h"

#define RULE "------------------------------------------------------------------\n"

static ulong address;
module_param(address, ulong, 0444);
MODULE_PARM_DESC(address, "Physical address of the registers (default 0: find the device)");

static void my_rng_test_run(void __iomem *regs)
{
	unsigned int round, i;

	pr_info(RULE);
	pr_info("BEGIN MY-RNG TEST\n");
	pr_info(RULE);
	for (round = 0; round < 2; round++) {
		iowrite32(0x42, regs + MY_RNG_SEED);
		for (i = 0; i < 5; i++)
			pr_info("Round %u number %u: %u\n", round, i, ioread32(regs + MY_RNG_RNG));
	}
	pr_info(RULE);
	pr_info("END MY-RNG TEST\n");
	pr_info(RULE);
}

static int my_rng_test_at(resource_size_t start)
{
	void __iomem *regs = ioremap(start, MY_RNG_BAR_REGS_SIZE);

	if (!regs) {
		pr_err(KBUILD_MODNAME ": cannot map %pa\n", &start);
		return -ENOMEM;
	}
	my_rng_test_run(regs);
	iounmap(regs);
	return 0;
}

static int my_rng_test_found(void)
{
	struct pci_dev *pdev = pci_get_device(MY_RNG_VENDOR_ID, MY_RNG_DEVICE_ID, NULL);
	int err;

	if (!pdev) {
		pr_err(KBUILD_MODNAME ": no PCI device %04x:%04x here\n", MY_RNG_VENDOR_ID,
		       MY_RNG_DEVICE_ID);
		return -ENODEV;
	}
	/* Counted: a driver that has enabled it too keeps it enabled. */
	err = pci_enable_device_mem(pdev);
	if (err) {
		pci_err(pdev, "cannot be enabled (%d)\n", err);
		goto put;
	}
	err = my_rng_test_at(pci_resource_start(pdev, MY_RNG_BAR_REGS));
	pci_disable_device(pdev);
put:
	pci_dev_put(pdev);
	return err;
}

static int __init my_rng_test_init(void)
{
	return address ? my_rng_test_at(address) : my_rng_test_found();
}
module_init(my_rng_test_init);

static void __exit my_rng_test_exit(void)
{
}
module_exit(my_rng_test_exit);

MODULE_DESCRIPTION("Test of the my_rng PCI random number generator");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
