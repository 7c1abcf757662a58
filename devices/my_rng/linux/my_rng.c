// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Driver of the my_rng PCI random number generator.
 *
 * /dev/my_rng_driver (my_rng_driver1, ... for further devices):
 *   ioctl RAND, SEED	my_rng_ioctl.h
 *   read()		any length: the numbers that RAND would have given, four
 *			bytes each, in the CPU's byte order. What is left of the
 *			last one, if the length is no multiple of four, is dropped.
 *
 * A program that has seeded the device expects a known sequence, so nobody
 * else may take numbers behind its back. hw_random does just that: the
 * kernel reads from a registered generator whenever it likes. It is therefore
 * given this device only if the device says that its numbers follow from no
 * seed, or if the administrator asks for it (hwrng=1).
 *
 * A device with the classic two registers only, RNG and SEED, works too.
 */
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/hw_random.h>
#include <linux/idr.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "my_rng_ioctl.h"
#include "my_rng_spec.h"

#define MY_RNG_NODE "my_rng_driver"
#define MY_RNG_MINORS 256

/* Numbers taken from the device at a time: what bounds how long others wait. */
#define MY_RNG_BATCH 64

static_assert(MY_RNG_PAIR % 8 == 0);

/*
 * hw_random's measure of entropy, in 1/1024. Until 6.2 a quality of 0 meant
 * that a generator earns no credit; since then it means full credit, and 1 is
 * the least that can be said.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define MY_RNG_QUALITY_NONE 1
#else
#define MY_RNG_QUALITY_NONE 0
#endif
#define MY_RNG_QUALITY_FULL 1024

static unsigned int my_rng_major;
module_param_named(major, my_rng_major, uint, 0444);
MODULE_PARM_DESC(major, "Major number of the device nodes (default 0: any free one; classic: 250)");

static int my_rng_hwrng = -1;
module_param_named(hwrng, my_rng_hwrng, int, 0444);
MODULE_PARM_DESC(hwrng, "For hw_random: 1 yes, 0 no, -1 (default) if numbers follow from no seed");

/*
 * One device. Lives until it has been removed and its last file is closed:
 * `dev` counts, open files hold it through `cdev`.
 */
struct my_rng {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	struct hwrng hwrng;
	bool hwrng_registered;
	struct completion hwrng_asked; /* hw_random's thread has run, and asked us */
	bool has_info; /* INFO and PAIR are there, not only RNG and SEED */
	u32 info; /* what INFO said at probe; it never changes */
	int id;

	/* One user of the registers at a time; keeps the halves of PAIR together. */
	struct mutex lock;
	void __iomem *regs; /* NULL once removed; under lock */
};

static dev_t my_rng_first; /* device number of id 0 */
static DEFINE_IDA(my_rng_ids);

static struct class my_rng_class = {
	.name = "my_rng",
};

/*
 * Did the device answer, or nobody? Reads that nobody claims give all ones, or
 * 0 in some virtual machines. Both are numbers too, so ask a register that
 * never changes.
 */
static int my_rng_check(struct my_rng *rng)
{
	if (!pci_device_is_present(rng->pdev))
		return -ENODEV;
	if (rng->has_info && ioread32(rng->regs + MY_RNG_INFO) != rng->info) {
		dev_err_ratelimited(&rng->pdev->dev,
				    "BAR %d does not answer; has somebody switched it off?\n",
				    MY_RNG_BAR_REGS);
		return -EIO;
	}
	return 0;
}

/* Take the next count numbers. Called with the lock held. */
static int my_rng_take(struct my_rng *rng, u32 *numbers, size_t count)
{
	bool suspect = false;
	size_t i = 0;

	while (i < count) {
		if (rng->has_info && count - i >= 2) {
			u64 pair = readq(rng->regs + MY_RNG_PAIR);

			numbers[i++] = lower_32_bits(pair);
			numbers[i++] = upper_32_bits(pair);
		} else {
			numbers[i++] = ioread32(rng->regs + MY_RNG_RNG);
		}
		suspect |= numbers[i - 1] == 0 || numbers[i - 1] == U32_MAX;
	}
	return suspect ? my_rng_check(rng) : 0;
}

static int my_rng_lock(struct my_rng *rng)
{
	if (mutex_lock_interruptible(&rng->lock))
		return -ERESTARTSYS;
	if (rng->regs)
		return 0;
	mutex_unlock(&rng->lock);
	return -ENODEV;
}

static int my_rng_rand(struct my_rng *rng, unsigned int __user *argp)
{
	u32 number;
	int err;

	/* A number must not be lost to a bad pointer: find out first. */
	if (fault_in_writeable((char __user *)argp, sizeof(*argp)))
		return -EFAULT;

	err = my_rng_lock(rng);
	if (err)
		return err;
	err = my_rng_take(rng, &number, 1);
	mutex_unlock(&rng->lock);

	return err ?: put_user(number, argp);
}

static int my_rng_seed(struct my_rng *rng, const unsigned int __user *argp)
{
	u32 seed;
	int err;

	if (get_user(seed, argp))
		return -EFAULT;

	err = my_rng_lock(rng);
	if (err)
		return err;
	iowrite32(seed, rng->regs + MY_RNG_SEED);
	/* A write says nothing about its fate; this also pushes it to the device. */
	err = my_rng_check(rng);
	mutex_unlock(&rng->lock);

	return err;
}

static long my_rng_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct my_rng *rng = file->private_data;

	switch (cmd) {
	case MY_RNG_IOCTL_RAND:
		return my_rng_rand(rng, (unsigned int __user *)arg);
	case MY_RNG_IOCTL_SEED:
		return my_rng_seed(rng, (const unsigned int __user *)arg);
	default:
		return -ENOTTY;
	}
}

/* One batch of a read: the bytes given, at most len. */
static ssize_t my_rng_read_batch(struct my_rng *rng, char __user *buf, size_t len)
{
	u32 numbers[MY_RNG_BATCH];
	int err;

	len = min(len, sizeof(numbers));
	len -= fault_in_writeable(buf, len);
	if (!len)
		return -EFAULT;

	err = my_rng_lock(rng);
	if (err)
		return err;
	err = my_rng_take(rng, numbers, DIV_ROUND_UP(len, sizeof(*numbers)));
	mutex_unlock(&rng->lock);
	if (err)
		return err;

	return copy_to_user(buf, numbers, len) ? -EFAULT : len;
}

static ssize_t my_rng_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct my_rng *rng = file->private_data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = my_rng_read_batch(rng, buf + done, len - done);

		if (n < 0)
			return done ?: n;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

static int my_rng_open(struct inode *inode, struct file *file)
{
	struct my_rng *rng = container_of(inode->i_cdev, struct my_rng, cdev);
	int err;

	/*
	 * A node made by mknod leads to a removed device for as long as
	 * somebody has that one open.
	 */
	err = my_rng_lock(rng);
	if (err)
		return err;
	mutex_unlock(&rng->lock);

	file->private_data = rng;
	return stream_open(inode, file);
}

static const struct file_operations my_rng_fops = {
	.owner = THIS_MODULE,
	.open = my_rng_open,
	.read = my_rng_read,
	.unlocked_ioctl = my_rng_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

#if IS_REACHABLE(CONFIG_HW_RANDOM)

static int my_rng_hwrng_read(struct hwrng *hwrng, void *data, size_t max, bool wait)
{
	struct my_rng *rng = container_of(hwrng, struct my_rng, hwrng);
	u32 numbers[MY_RNG_BATCH];
	size_t len = min(max, sizeof(numbers));
	int err = -ENODEV;

	/* Its thread waits for an answer; registration, which asks too, does not. */
	if (wait && (current->flags & PF_KTHREAD))
		complete_all(&rng->hwrng_asked);
	if (wait)
		mutex_lock(&rng->lock);
	else if (!mutex_trylock(&rng->lock))
		return 0;
	if (rng->regs)
		err = my_rng_take(rng, numbers, DIV_ROUND_UP(len, sizeof(*numbers)));
	mutex_unlock(&rng->lock);
	if (err)
		return err;

	memcpy(data, numbers, len);
	return len;
}

static void my_rng_hwrng_register(struct my_rng *rng)
{
	bool seeded = !rng->has_info || (rng->info & MY_RNG_INFO_SEEDED_MASK);
	int err;

	if (my_rng_hwrng == 0 || (my_rng_hwrng < 0 && seeded))
		return;

	init_completion(&rng->hwrng_asked);
	rng->hwrng.name = dev_name(&rng->dev);
	rng->hwrng.read = my_rng_hwrng_read;
	rng->hwrng.quality = seeded ? MY_RNG_QUALITY_NONE : MY_RNG_QUALITY_FULL;
	err = hwrng_register(&rng->hwrng);
	if (err)
		dev_warn(&rng->pdev->dev, "hw_random does not take it (%d); going on without\n",
			 err);
	rng->hwrng_registered = !err;
}

static void my_rng_hwrng_unregister(struct my_rng *rng)
{
	if (!rng->hwrng_registered)
		return;
	/*
	 * Older kernels (Debian's 6.1.0-50 is one) stop the hw_random thread
	 * a second time, when it is long freed, if it had not begun to run
	 * before its last generator was unregistered. Give it time to begin;
	 * if another generator is preferred we are never asked, and it stays.
	 */
	wait_for_completion_timeout(&rng->hwrng_asked, msecs_to_jiffies(100));
	hwrng_unregister(&rng->hwrng);
}

#else

static void my_rng_hwrng_register(struct my_rng *rng)
{
}

static void my_rng_hwrng_unregister(struct my_rng *rng)
{
}

#endif

/* /sys/class/my_rng/my_rng_driver/algorithm */
static ssize_t algorithm_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct my_rng *rng = container_of(dev, struct my_rng, dev);
	u32 algorithm = (rng->info & MY_RNG_INFO_ALGORITHM_MASK) >> MY_RNG_INFO_ALGORITHM_SHIFT;

	if (!rng->has_info)
		return sysfs_emit(buf, "unknown\n");
	switch (algorithm) {
	case MY_RNG_INFO_ALGORITHM_GLIBC:
		return sysfs_emit(buf, "glibc\n");
	case MY_RNG_INFO_ALGORITHM_PHILOX:
		return sysfs_emit(buf, "philox\n");
	case MY_RNG_INFO_ALGORITHM_ENTROPY:
		return sysfs_emit(buf, "entropy\n");
	default:
		return sysfs_emit(buf, "%u\n", algorithm);
	}
}
static DEVICE_ATTR_RO(algorithm);

static struct attribute *my_rng_attrs[] = { &dev_attr_algorithm.attr, NULL };
ATTRIBUTE_GROUPS(my_rng);

static void my_rng_release(struct device *dev)
{
	struct my_rng *rng = container_of(dev, struct my_rng, dev);

	mutex_destroy(&rng->lock);
	pci_dev_put(rng->pdev);
	kfree(rng);
}

/* Map the registers and see what the device is. */
static int my_rng_map(struct my_rng *rng)
{
	struct pci_dev *pdev = rng->pdev;
	u32 known = MY_RNG_INFO_ALGORITHM_MASK | MY_RNG_INFO_SEEDED_MASK;

	if (!(pci_resource_flags(pdev, MY_RNG_BAR_REGS) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, MY_RNG_BAR_REGS) < MY_RNG_BAR_REGS_SIZE) {
		dev_err(&pdev->dev, "BAR %d is not %d bytes of memory: %pR\n", MY_RNG_BAR_REGS,
			MY_RNG_BAR_REGS_SIZE, &pdev->resource[MY_RNG_BAR_REGS]);
		return -ENODEV;
	}
	rng->regs = pci_iomap(pdev, MY_RNG_BAR_REGS, 0);
	if (!rng->regs)
		return -ENOMEM;

	/*
	 * A device with the classic two registers answers something else
	 * here. 0 is never right: algorithm 0 is a seeded one.
	 */
	rng->info = ioread32(rng->regs + MY_RNG_INFO);
	rng->has_info = rng->info && !(rng->info & ~known);
	if (!rng->has_info) {
		if (!pci_device_is_present(pdev)) {
			dev_err(&pdev->dev, "gone while being set up\n");
			pci_iounmap(pdev, rng->regs);
			return -ENODEV;
		}
		dev_info(&pdev->dev, "INFO reads 0x%08x: using RNG and SEED only\n", rng->info);
	}
	return 0;
}

/* Everything that needs `dev`, which from here on owns rng. */
static int my_rng_add(struct my_rng *rng)
{
	int err;

	rng->id = ida_alloc_max(&my_rng_ids, MY_RNG_MINORS - 1, GFP_KERNEL);
	if (rng->id < 0)
		return rng->id;

	rng->dev.devt = MKDEV(MAJOR(my_rng_first), MINOR(my_rng_first) + rng->id);
	if (rng->id)
		err = dev_set_name(&rng->dev, MY_RNG_NODE "%d", rng->id);
	else
		err = dev_set_name(&rng->dev, MY_RNG_NODE);
	if (err)
		goto free_id;

	cdev_init(&rng->cdev, &my_rng_fops);
	rng->cdev.owner = THIS_MODULE;
	err = cdev_device_add(&rng->cdev, &rng->dev);
	if (err)
		goto free_id;
	return 0;

free_id:
	ida_free(&my_rng_ids, rng->id);
	return err;
}

static int my_rng_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct my_rng *rng;
	int err;

	rng = kzalloc(sizeof(*rng), GFP_KERNEL);
	if (!rng)
		return -ENOMEM;
	mutex_init(&rng->lock);
	rng->pdev = pci_dev_get(pdev);
	device_initialize(&rng->dev);
	rng->dev.class = &my_rng_class;
	rng->dev.parent = &pdev->dev;
	rng->dev.groups = my_rng_groups;
	rng->dev.release = my_rng_release;

	err = pci_enable_device_mem(pdev);
	if (err)
		goto put;
	err = pci_request_region(pdev, MY_RNG_BAR_REGS, KBUILD_MODNAME);
	if (err)
		goto disable;
	err = my_rng_map(rng);
	if (err)
		goto release;
	err = my_rng_add(rng);
	if (err)
		goto unmap;

	pci_set_drvdata(pdev, rng);
	my_rng_hwrng_register(rng);
	return 0;

unmap:
	pci_iounmap(pdev, rng->regs);
release:
	pci_release_region(pdev, MY_RNG_BAR_REGS);
disable:
	pci_disable_device(pdev);
put:
	put_device(&rng->dev);
	return err;
}

/* Files may still be open: from here on they get ENODEV. */
static void my_rng_remove(struct pci_dev *pdev)
{
	struct my_rng *rng = pci_get_drvdata(pdev);
	void __iomem *regs = rng->regs;

	my_rng_hwrng_unregister(rng);
	cdev_device_del(&rng->cdev, &rng->dev);

	mutex_lock(&rng->lock);
	rng->regs = NULL;
	mutex_unlock(&rng->lock);

	ida_free(&my_rng_ids, rng->id);
	pci_iounmap(pdev, regs);
	pci_release_region(pdev, MY_RNG_BAR_REGS);
	pci_disable_device(pdev);
	put_device(&rng->dev);
}

/*
 * Nothing to save: the place in a sequence is in the device alone. But for a
 * driver without these two the PCI core disables the device in suspend.
 */
static int my_rng_suspend(struct device *dev)
{
	return 0;
}

static int my_rng_resume(struct device *dev)
{
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(my_rng_pm, my_rng_suspend, my_rng_resume);

static const struct pci_device_id my_rng_pci_ids[] = {
	{ PCI_DEVICE(MY_RNG_VENDOR_ID, MY_RNG_DEVICE_ID) }, {}
};
MODULE_DEVICE_TABLE(pci, my_rng_pci_ids);

/* No .shutdown: there is no DMA and no interrupt to stop. */
static struct pci_driver my_rng_driver = {
	.name = KBUILD_MODNAME,
	.id_table = my_rng_pci_ids,
	.probe = my_rng_probe,
	.remove = my_rng_remove,
	.driver.pm = pm_sleep_ptr(&my_rng_pm),
};

static int __init my_rng_init(void)
{
	int err;

	if (my_rng_major) {
		my_rng_first = MKDEV(my_rng_major, 0);
		err = register_chrdev_region(my_rng_first, MY_RNG_MINORS, MY_RNG_NODE);
	} else {
		err = alloc_chrdev_region(&my_rng_first, 0, MY_RNG_MINORS, MY_RNG_NODE);
	}
	if (err) {
		pr_err(KBUILD_MODNAME
		       ": no major number %u (%d); see /proc/devices, or load with major=0\n",
		       my_rng_major, err);
		return err;
	}
	err = class_register(&my_rng_class);
	if (err)
		goto unregister_region;
	err = pci_register_driver(&my_rng_driver);
	if (err)
		goto unregister_class;
	return 0;

unregister_class:
	class_unregister(&my_rng_class);
unregister_region:
	unregister_chrdev_region(my_rng_first, MY_RNG_MINORS);
	return err;
}
module_init(my_rng_init);

static void __exit my_rng_exit(void)
{
	pci_unregister_driver(&my_rng_driver);
	class_unregister(&my_rng_class);
	unregister_chrdev_region(my_rng_first, MY_RNG_MINORS);
}
module_exit(my_rng_exit);

MODULE_DESCRIPTION("my_rng PCI random number generator");
MODULE_AUTHOR("Ersatz");
MODULE_LICENSE("GPL");
