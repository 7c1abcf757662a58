/* SPDX-License-Identifier: BSD-2-Clause */
/* Bus-master DMA: the one place that decides whether a transfer may go ahead. */
#include "device/device.h"

#include <string.h>

/* Refused before it reached the bus: nothing moved. */
static int refused(struct ez_function *f, int err, enum log_reason reason, uint64_t addr,
		   size_t len, bool write, const char *why)
{
	if (log_first(f, reason))
		log_line(f, EZ_LOG_VIOLATION, "DMA %s 0x%llx, %zu bytes: %s", write ? "to" : "from",
			 (unsigned long long)addr, len, why);
	return err;
}

static void master_abort(struct ez_function *f)
{
	struct ez_device *dev = f->dev;

	pci_status(&f->pci, PCI_STATUS_RECEIVED_MASTER_ABORT, true);
	if (dev->backend->status)
		dev->backend->status(dev->be, f->number, PCI_STATUS_RECEIVED_MASTER_ABORT);
}

int dma_move(struct ez_function *f, uint64_t addr, void *buf, size_t len, bool write)
{
	struct ez_device *dev = f->dev;
	bool was = device_enter(f);
	int err;

	/* Busy: should it hit its own BAR, that is refused there; see blocked() in access.c. */
	err = dev->backend->dma(dev->be, f->number, addr, buf, len, write);
	device_leave(f, was);
	return err;
}

static int checked(struct ez_function *f, uint64_t addr, void *buf, size_t len, bool write)
{
	struct ez_crossing x = { .fn = f->number,
				 .address = addr,
				 .data = buf,
				 .length = len,
				 .kind = write ? EZ_CROSSING_DMA_WRITE : EZ_CROSSING_DMA_READ };

	if (f->gone)
		return -ENODEV;
	if (f->shut)
		return refused(f, -ENODEV, LOG_DMA_POWER, addr, len, write,
			       "the function is in D3hot");
	if (!len || len > DMA_MAX || addr + (len - 1) < addr)
		return refused(f, -EINVAL, LOG_DMA_RANGE, addr, len, write,
			       "no such range; nothing moved");
	if (!(pci_command(&f->pci) & PCI_COMMAND_MASTER))
		return refused(f, -EPERM, LOG_DMA_MASTER, addr, len, write,
			       "bus mastering is off (command register, bit 2); nothing moved");
	chain_send(f->dev, &x);
	switch (x.status) {
	case 0:
		return 0;
	case -EDEADLK:
		return refused(f, x.status, LOG_DMA_DEADLOCK, addr, len, write,
			       "this VMM maps no memory to us; only a job can do it");
	case -EPERM:
		return refused(f, x.status, LOG_DMA_MASTER, addr, len, write,
			       "bus mastering is off; nothing moved");
	default:
		master_abort(f);
		return refused(f, -EFAULT, LOG_DMA_FAULT, addr, len, write,
			       "there is no memory at part of it (master abort)");
	}
}

bool dma_allowed(const struct ez_function *f, uint64_t addr, size_t len)
{
	return !f->shut && len && len <= DMA_MAX && addr + (len - 1) >= addr &&
	       pci_command(&f->pci) & PCI_COMMAND_MASTER;
}

int dma_request(struct ez_function *f, uint64_t addr, void *buf, size_t len, bool write)
{
	int err = checked(f, addr, buf, len, write);

	/* What the backend began it has filled in itself; what never began is all-ones too. */
	if (err && err != -EFAULT && !write && len <= DMA_MAX)
		memset(buf, 0xff, len);
	return err;
}

int ez_dma_read(struct ez_function *f, uint64_t addr, void *buf, size_t len)
{
	return dma_request(f, addr, buf, len, false);
}

int ez_dma_write(struct ez_function *f, uint64_t addr, const void *buf, size_t len)
{
	/* The crossing has one pointer for both directions; a write only reads from it. */
	return dma_request(f, addr, (void *)(uintptr_t)buf, len, true);
}
