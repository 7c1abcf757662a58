/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space as the device sees it, and what follows from a change:
 * gates, power state, interrupts.
 */
#include "device/device.h"

#include <string.h>

/* Ours has changed as a whole. */
void config_tell(struct ez_function *f)
{
	const struct ez_device *dev = f->dev;

	/* Where ours is of record it is only told: what it does with interrupts follows some bits. */
	if (dev->backend->config_put)
		dev->backend->config_put(dev->be, f->number, 0, f->pci.bytes, f->pci.size);
}

/* A reset of the function that its own config space asks for. */
static void reset_function(struct ez_function *f)
{
	pci_reset(&f->pci, EZ_RESET_FUNCTION);
	config_tell(f);
	device_gate(f);
	device_ask_reset(f, EZ_RESET_FUNCTION);
}

void config_changed(struct ez_function *f, unsigned int power)
{
	unsigned int now = pci_power(&f->pci);

	/* PM 1.2, 5.4.1: without No_Soft_Reset the way back to D0 is a reset. */
	if (power == PCI_D3HOT && now == PCI_D0 && pci_power_resets(&f->pci)) {
		reset_function(f);
		return;
	}
	device_gate(f);
	if (pci_msi_enabled(&f->pci) && pci_msix_enabled(&f->pci) && log_first(f, LOG_MSI_BOTH))
		log_line(f, EZ_LOG_VIOLATION,
			 "MSI and MSI-X are both enabled, which PCI 3.0, 6.8.2, leaves undefined; "
			 "MSI-X is used");
	irq_unmask(f);
	irq_update(f);
}

uint32_t config_read(struct ez_function *f, uint32_t offset, unsigned int width)
{
	uint32_t value;

	if (f->gone)
		return UINT32_MAX;
	value = pci_read(&f->pci, offset, width);
	/* PCIe 7.5.3.5: requests without a completion yet; writes are posted, and have none. */
	if (job_read_outstanding(f))
		value |= pci_pending_bits(&f->pci, offset, width);
	return value;
}

void config_write(struct ez_function *f, uint32_t offset, unsigned int width, uint32_t value)
{
	unsigned int power = pci_power(&f->pci);

	if (f->gone)
		return;
	pci_write(&f->pci, offset, width, value);
	/* PCIe 6.6.2: whatever else the write said is reset with the rest. */
	if (pci_flr_written(&f->pci, offset, width, value))
		reset_function(f);
	else
		config_changed(f, power);
}

bool config_legal(const struct ez_function *f, uint64_t offset, unsigned int width)
{
	return f && (width == 1 || width == 2 || width == 4) && !(offset & (width - 1)) &&
	       offset < f->pci.size;
}

uint32_t ez_device_config_read(struct ez_device *dev, unsigned int fn, uint32_t offset,
			       unsigned int width)
{
	struct ez_function *f = device_function(dev, fn);
	uint32_t ones = (uint32_t)regs_ones(width < 4 ? width : 4);
	struct ez_crossing x;

	if (!config_legal(f, offset, width))
		return ones;
	if (!dev->taps)
		return config_read(f, offset, width) & ones;
	x = (struct ez_crossing){ .kind = EZ_CROSSING_CONFIG_READ,
				  .fn = fn,
				  .offset = offset,
				  .width = width,
				  .value = ones };
	chain_send(dev, &x);
	return (uint32_t)x.value & ones;
}

void ez_device_config_write(struct ez_device *dev, unsigned int fn, uint32_t offset,
			    unsigned int width, uint32_t value)
{
	struct ez_function *f = device_function(dev, fn);
	struct ez_crossing x = { .kind = EZ_CROSSING_CONFIG_WRITE,
				 .fn = fn,
				 .offset = offset,
				 .width = width,
				 .value = value };

	if (config_legal(f, offset, width))
		chain_send(dev, &x);
}

int ez_device_config_image(struct ez_device *dev, unsigned int fn, enum ez_config_image what,
			   uint8_t *ret_bytes, size_t size)
{
	struct ez_function *f = device_function(dev, fn);
	const uint8_t *from;

	if (!f)
		return -ENODEV;
	switch (what) {
	case EZ_CONFIG_INITIAL:
		from = f->pci.initial;
		break;
	case EZ_CONFIG_WRITABLE:
		from = f->pci.wmask;
		break;
	case EZ_CONFIG_CLEARABLE:
		from = f->pci.w1c;
		break;
	case EZ_CONFIG_STICKY:
		from = f->pci.sticky;
		break;
	case EZ_CONFIG_KEPT:
		from = f->pci.kept;
		break;
	default:
		return -EINVAL;
	}
	memcpy(ret_bytes, from, size < f->pci.size ? size : f->pci.size);
	return (int)f->pci.size;
}

bool ez_device_flr_written(struct ez_device *dev, unsigned int fn, uint32_t offset,
			   unsigned int width, uint32_t value)
{
	struct ez_function *f = device_function(dev, fn);

	return config_legal(f, offset, width) && pci_flr_written(&f->pci, offset, width, value);
}

uint32_t ez_device_pending_bits(struct ez_device *dev, unsigned int fn, uint32_t offset,
				unsigned int width)
{
	struct ez_function *f = device_function(dev, fn);

	if (!config_legal(f, offset, width) || !job_read_outstanding(f))
		return 0;
	return pci_pending_bits(&f->pci, offset, width);
}

void ez_device_config_sync(struct ez_device *dev, unsigned int fn, uint32_t offset,
			   const uint8_t *bytes, uint32_t len)
{
	struct ez_function *f = device_function(dev, fn);
	unsigned int power;

	if (!f)
		return;
	power = pci_power(&f->pci);
	pci_sync(&f->pci, offset, bytes, len);
	/* They may have dropped the line behind our back, as a reset does: their status tells. */
	if (offset <= PCI_STATUS_OFFSET && offset + len > PCI_STATUS_OFFSET)
		f->intx = pci_get16(&f->pci, PCI_STATUS_OFFSET) & PCI_STATUS_INTERRUPT;
	config_changed(f, power);
}

bool ez_device_bar_address(struct ez_device *dev, unsigned int fn, unsigned int bar,
			   uint64_t *ret_address)
{
	struct ez_function *f = device_function(dev, fn);

	return f && !f->gone && pci_bar_address(&f->pci, bar, ret_address);
}
