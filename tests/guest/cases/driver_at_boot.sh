# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A driver that hangs, or takes the kernel down, while it is loaded: said to be just that.
small dut
mkdir -p dut/linux dut/tests/guest
echo 'obj-m := dut.o' >dut/linux/Kbuild
driver() {
	cat >dut/linux/dut.c <<END
// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static int dut_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	pci_info(pdev, "probing\n");
	$1;
	return 0;
}

static const struct pci_device_id dut_ids[] = {{PCI_DEVICE(0x1234, 0x5678)}, {}};
MODULE_DEVICE_TABLE(pci, dut_ids);
static struct pci_driver dut = {.name = "dut", .id_table = dut_ids, .probe = dut_probe};
module_pci_driver(dut);
MODULE_LICENSE("GPL");
END
}
driver '(void)0'
limit=$(patience dut 2)
driver 'for (;;) msleep(1000)'
status 124 "$ERSATZ" run --boot-timeout "$limit" dut -- true
says "loading its modules"
says "probing"
clean
driver '*(volatile int *)8 = 1'
status 1 "$ERSATZ" run dut -- true
says "the guest's kernel panicked"
says "dut_probe"
clean
printf '#!/bin/sh\nexit 0\n' >dut/tests/guest/any.sh
status 1 "$ERSATZ" test dut
prints "not ok 2 - dut guest: any"
clean
driver '(void)0'
status 0 "$ERSATZ" test dut
