// SPDX-License-Identifier: GPL-2.0-or-later
/* /sys/class/misc/newdevN: what it is doing, and how. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "newdev_driver.h"

const char *const newdev_modes[] = {
	[NEWDEV_MODE_AUTO] = "auto",
	[NEWDEV_MODE_PIO] = "pio",
	[NEWDEV_MODE_MMIO] = "mmio",
	[NEWDEV_MODE_DMA] = "dma",
};

int newdev_mode_by_name(const char *text)
{
	return __sysfs_match_string(newdev_modes, ARRAY_SIZE(newdev_modes), text);
}

void newdev_info(struct newdev *nd, struct newdev_info *ret_info)
{
	spin_lock_irq(&nd->irq_lock);
	*ret_info = nd->counts;
	spin_unlock_irq(&nd->irq_lock);
	ret_info->size = nd->size;
	ret_info->used = READ_ONCE(nd->used);
	ret_info->irq = nd->msi ? NEWDEV_BY_MSI : NEWDEV_BY_INTX;
	ret_info->vectors = nd->vectors;
}

static struct newdev *newdev_of(struct device *dev)
{
	return container_of(dev_get_drvdata(dev), struct newdev, misc);
}

static ssize_t mode_show(struct device *dev, struct device_attribute *attr, char *text)
{
	return sysfs_emit(text, "%s\n", newdev_modes[READ_ONCE(newdev_of(dev)->mode)]);
}

static ssize_t mode_store(struct device *dev, struct device_attribute *attr, const char *text,
			  size_t len)
{
	int mode = newdev_mode_by_name(text);

	if (mode < 0)
		return mode;
	WRITE_ONCE(newdev_of(dev)->mode, mode);
	return len;
}
static DEVICE_ATTR_RW(mode);

static ssize_t irq_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct newdev *nd = newdev_of(dev);

	return sysfs_emit(text, "%s %u\n", nd->msi ? "msi" : "intx", nd->vectors);
}
static DEVICE_ATTR_RO(irq);

static ssize_t used_show(struct device *dev, struct device_attribute *attr, char *text)
{
	return sysfs_emit(text, "%u\n", READ_ONCE(newdev_of(dev)->used));
}
static DEVICE_ATTR_RO(used);

/* Microseconds that the engine waits before each transfer: to see what a program does then. */
static ssize_t delay_us_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct newdev *nd = newdev_of(dev);
	int err = newdev_get(nd, false);
	u32 delay;

	if (err)
		return err;
	delay = ioread32(newdev_reg(nd, NEWDEV_DMA_DELAY));
	newdev_put(nd);
	return sysfs_emit(text, "%u\n", delay);
}

static ssize_t delay_us_store(struct device *dev, struct device_attribute *attr, const char *text,
			      size_t len)
{
	struct newdev *nd = newdev_of(dev);
	u32 delay;
	int err = kstrtou32(text, 0, &delay);

	if (!err)
		err = newdev_get(nd, false);
	if (err)
		return err;
	iowrite32(delay, newdev_reg(nd, NEWDEV_DMA_DELAY));
	newdev_put(nd);
	return len;
}
static DEVICE_ATTR_RW(delay_us);

static ssize_t counts_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct newdev_info info;

	newdev_info(newdev_of(dev), &info);
	return sysfs_emit(text,
			  "line %u\ndone %u\nerror %u\nbell %u\n"
			  "unclaimed %u\nmissed %u\nstorms %u\nresets %u\n",
			  info.event[0], info.event[1], info.event[2], info.event[3],
			  info.unclaimed, info.missed, info.storms, info.resets);
}
static DEVICE_ATTR_RO(counts);

static struct attribute *newdev_attrs[] = {
	&dev_attr_mode.attr,	 &dev_attr_irq.attr,	&dev_attr_used.attr,
	&dev_attr_delay_us.attr, &dev_attr_counts.attr, NULL,
};

static const struct attribute_group newdev_group = { .attrs = newdev_attrs };

const struct attribute_group *newdev_groups[] = { &newdev_group, NULL };
