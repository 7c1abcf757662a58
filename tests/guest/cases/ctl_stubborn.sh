# SPDX-License-Identifier: BSD-2-Clause
# A project that nobody named at boot brings its driver along; and a driver that does not let go in
# time is told of, and is no end of anything.
small slow
mkdir slow/linux
echo 'obj-m := slow.o' >slow/linux/Kbuild
cat >slow/linux/slow.c <<'END'
// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/pci.h>

static int slow_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

static void slow_remove(struct pci_dev *pdev)
{
	msleep(8000);
}

static const struct pci_device_id slow_ids[] = { { PCI_DEVICE(0x1234, 0x5678) }, { } };
MODULE_DEVICE_TABLE(pci, slow_ids);

static struct pci_driver slow_driver = {
	.name = "slow",
	.id_table = slow_ids,
	.probe = slow_probe,
	.remove = slow_remove,
};
module_pci_driver(slow_driver);
MODULE_LICENSE("GPL");
END
box my_rng
status 0 "$ERSATZ" ctl box plug ./slow
says "driver slow"
status 124 "$ERSATZ" ctl --timeout 1 box unplug slow0
says "does not let go"
# Still there, still answering; and gone when the driver is done.
status 0 "$ERSATZ" ctl box info slow0
prints "A  "
status 0 "$ERSATZ" ctl box unplug slow0
status 0 "$ERSATZ" ctl box plug ./slow
status 124 "$ERSATZ" ctl --timeout 1 box yank slow0
says "is pulled"
tell true
status 0 "$ERSATZ" ctl box plug my_rng
unbox

# One without a driver is a device all the same, and that is said.
small bare
box my_rng
status 0 "$ERSATZ" ctl box plug ./bare
prints bare0
says "no driver there has taken it"
# One whose name is that of our own ports, but for the dot.
small spare
for n in 0 1; do
	status 0 "$ERSATZ" ctl box plug ./spare
	prints "spare$n"
done
# What does not compile is said where it was asked for.
echo 'what' >>bare/model.c
status 125 "$ERSATZ" ctl box plug ./bare
says "model.c"
unbox
clean
