// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver that makes mistakes on purpose, one at a time: what is written to
 * /sys/module/faulty/parameters/fault is made at once, or when the driver lets
 * go of the device. A debug kernel has to report each of them, and nothing
 * else.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

#define SIZE 96

static struct pci_dev *the_device;
static char at_remove[32];

/* The compiler must not see what is wrong: it reads these anew each time. */
static char *hidden;
static int many = 40;

static noinline void leak(void)
{
	char *memory = kmalloc(SIZE, GFP_KERNEL);

	if (memory)
		memset(memory, 1, SIZE);
	OPTIMIZER_HIDE_VAR(memory);
}

static noinline void use_after_free(void)
{
	char *memory = kmalloc(SIZE, GFP_KERNEL);

	if (!memory)
		return;
	WRITE_ONCE(hidden, memory);
	kfree(memory);
	READ_ONCE(hidden)[8] = 1;
	WRITE_ONCE(hidden, NULL);
}

static noinline void overflow(void)
{
	char *memory = kmalloc(SIZE, GFP_KERNEL);
	int end = SIZE;

	if (!memory)
		return;
	OPTIMIZER_HIDE_VAR(end);
	memory[end] = 1;
	kfree(memory);
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static noinline void lock_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static DEFINE_SPINLOCK(spin);

static noinline void sleep_in_atomic(void)
{
	spin_lock(&spin);
	kfree(kmalloc(SIZE, GFP_KERNEL));
	spin_unlock(&spin);
}

static noinline void dma_wrong_size(void)
{
	void *memory = kmalloc(SIZE, GFP_KERNEL);
	dma_addr_t address;

	if (!memory)
		return;
	address = dma_map_single(&the_device->dev, memory, SIZE, DMA_TO_DEVICE);
	if (!dma_mapping_error(&the_device->dev, address))
		dma_unmap_single(&the_device->dev, address, SIZE / 2, DMA_TO_DEVICE);
	kfree(memory);
}

/* Never unmapped, which shows when the driver lets go. */
static noinline void dma_leak(void)
{
	dma_addr_t address;

	hidden = kmalloc(SIZE, GFP_KERNEL);
	address = dma_map_single(&the_device->dev, hidden, SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(&the_device->dev, address))
		pr_info("there is no mapping to forget\n");
}

static noinline void shift(void)
{
	WRITE_ONCE(many, 1 << READ_ONCE(many));
	WRITE_ONCE(many, 40);
}

struct holder {
	struct timer_list timer;
};

static void nothing(struct timer_list *timer)
{
}

static noinline void timer_freed(void)
{
	struct holder *holder = kzalloc(sizeof(*holder), GFP_KERNEL);

	if (!holder)
		return;
	timer_setup(&holder->timer, nothing, 0);
	mod_timer(&holder->timer, jiffies + 100 * HZ);
	kfree(holder);
}

static noinline void warning(void)
{
	WARN(1, "the driver complains of itself\n");
}

static noinline void null_pointer(void)
{
	WRITE_ONCE(hidden, NULL);
	READ_ONCE(hidden)[8] = 1;
}

static const struct {
	const char *name;
	void (*make)(void);
} faults[] = {
	{ "leak", leak },
	{ "use_after_free", use_after_free },
	{ "overflow", overflow },
	{ "lock_order", lock_order },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "dma_wrong_size", dma_wrong_size },
	{ "dma_leak", dma_leak },
	{ "shift", shift },
	{ "timer_freed", timer_freed },
	{ "warning", warning },
	{ "null_pointer", null_pointer },
};

static int make(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (sysfs_streq(name, faults[i].name)) {
			faults[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static int set_fault(const char *value, const struct kernel_param *param)
{
	static const char prefix[] = "remove:";

	if (!the_device)
		return -ENODEV;
	if (strncmp(value, prefix, strlen(prefix)))
		return make(value);
	strscpy(at_remove, value + strlen(prefix), sizeof(at_remove));
	return 0;
}

static const struct kernel_param_ops fault_ops = { .set = set_fault };

module_param_cb(fault, &fault_ops, NULL, 0200);
MODULE_PARM_DESC(fault, "a fault to make now, or with remove: before it later");

static int faulty_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_master(pdev);
	the_device = pdev;
	return 0;
}

static void faulty_remove(struct pci_dev *pdev)
{
	if (at_remove[0])
		make(at_remove);
	kfree(hidden);
	hidden = NULL;
	the_device = NULL;
}

static const struct pci_device_id faulty_ids[] = { { PCI_DEVICE(0x1234, 0xfa17) }, {} };
MODULE_DEVICE_TABLE(pci, faulty_ids);

static struct pci_driver faulty_driver = {
	.name = "faulty",
	.id_table = faulty_ids,
	.probe = faulty_probe,
	.remove = faulty_remove,
};
module_pci_driver(faulty_driver);

MODULE_DESCRIPTION("Makes a driver's mistakes on purpose");
MODULE_LICENSE("GPL");
