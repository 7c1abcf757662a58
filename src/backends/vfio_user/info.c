/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device is made of: regions, interrupts. */
#include <errno.h>
#include <string.h>

#include "backends/vfio_user/session.h"

#define REGIONS VFIO_PCI_NUM_REGIONS

/* Takes the fixed part of a request out of the message; its own argsz must leave room for it. */
static bool take(const struct vu_message *m, void *request, uint32_t size)
{
	uint32_t argsz;

	if (m->length != size || m->n_fds)
		return false;
	memcpy(request, m->payload, size);
	memcpy(&argsz, request, sizeof(argsz));
	return argsz >= size;
}

static int give(struct vu_message *m, const void *reply, uint32_t size)
{
	memcpy(m->reply, reply, size);
	m->reply_length = size;
	return 0;
}

uint64_t info_region_size(const struct vu_session *s, uint32_t region)
{
	uint32_t i;

	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return s->spec->id.express ? EZ_CONFIG_SIZE_EXPRESS : EZ_CONFIG_SIZE;
	for (i = 0; i < s->spec->n_bars; i++)
		if (s->spec->bars[i].number == region)
			return s->spec->bars[i].size;
	return 0;
}

uint32_t info_irq_count(const struct vu_session *s, uint32_t index)
{
	uint32_t i;

	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return s->spec->id.pin ? 1 : 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		for (i = 0; i < s->spec->n_caps; i++)
			if (s->spec->caps[i].id == 0x05)
				return s->spec->caps[i].vectors;
		return 0;
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return 0;
	}
}

int info_device(struct vu_session *s, struct vu_message *m)
{
	struct vu_info info;

	if (!take(m, &info, sizeof(info)))
		return -EINVAL;
	info = (struct vu_info){
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.regions = REGIONS,
		.irqs = VU_IRQS,
	};
	return give(m, &info, sizeof(info));
}

int info_region(struct vu_session *s, struct vu_message *m)
{
	struct vu_region_info info;

	if (!take(m, &info, sizeof(info)) || info.index >= REGIONS)
		return -EINVAL;
	info = (struct vu_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = info_region_size(s, info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return give(m, &info, sizeof(info));
}

/* No register of a model can be hit without us, so there is never one to hand out. */
int info_io_fds(struct vu_session *s, struct vu_message *m)
{
	struct vu_io_fds fds;

	if (!take(m, &fds, sizeof(fds)) || fds.index >= REGIONS || fds.flags || fds.count)
		return -EINVAL;
	fds.argsz = sizeof(fds);
	return give(m, &fds, sizeof(fds));
}

int info_irq(struct vu_session *s, struct vu_message *m)
{
	struct vu_irq_info info;

	if (!take(m, &info, sizeof(info)) || info.index >= VU_IRQS)
		return -EINVAL;
	/* As the kernel answers for a card without error reporting; QEMU warns about a count of 0. */
	if (info.index == VFIO_PCI_ERR_IRQ_INDEX)
		return -EINVAL;
	info = (struct vu_irq_info){
		.argsz = sizeof(info),
		.index = info.index,
		.count = info_irq_count(s, info.index),
		.flags = VFIO_IRQ_INFO_EVENTFD,
	};
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	else
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return give(m, &info, sizeof(info));
}
