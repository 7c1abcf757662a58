/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device is made of: regions, interrupts. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "backends/vfio_user/session.h"

/*
 * One more than VFIO's fixed ones, and empty: the first protocol had migration there, and
 * libvfio-user's clients expect ten.
 */
#define REGIONS (VFIO_PCI_NUM_REGIONS + 1)
/* Windows of a BAR that are told; what is behind them is reached by message all the same. */
#define VU_MAX_AREAS 4096u

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

static uint32_t cap_vectors(const struct ez_spec *spec, uint8_t id, uint32_t most)
{
	uint32_t i;

	for (i = 0; i < spec->n_caps; i++)
		if (spec->caps[i].id == id)
			return spec->caps[i].vectors < most ? spec->caps[i].vectors : most;
	return 0;
}

uint32_t info_irq_count(const struct vu_session *s, uint32_t index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return s->spec->id.pin ? 1 : 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return cap_vectors(s->spec, PCI_CAP_ID_MSI, VU_MSI_VECTORS);
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return cap_vectors(s->spec, PCI_CAP_ID_MSIX, VU_MSIX_VECTORS);
	case VFIO_PCI_ERR_IRQ_INDEX:
		/* As in the kernel: where there can be error reporting, though we have no error. */
		return s->spec->id.express ? 1 : 0;
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

/*
 * Windows: which parts of the region the client may map, and the file to map.
 * A client that has left no room for the list gets told how much it takes, and
 * asks again; both answers come with the file, as the protocol has it.
 */
static int give_windows(struct vu_session *s, struct vu_message *m, struct vu_region_info *info,
			uint32_t argsz)
{
	struct vfio_region_info_cap_sparse_mmap list = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
	};
	uint8_t *at = m->reply + sizeof(*info) + sizeof(list);
	const struct ez_spec *spec = s->spec;
	uint32_t i;

	for (i = 0; i < spec->n_windows && list.nr_areas < VU_MAX_AREAS; i++) {
		const struct ez_window *w = &spec->windows[i];
		struct vfio_region_sparse_mmap_area area = { .offset = w->offset, .size = w->size };

		if (w->bar != info->index || ez_device_window(s->dev, 0, i, NULL, &m->reply_fd))
			continue;
		memcpy(at + list.nr_areas++ * sizeof(area), &area, sizeof(area));
	}
	if (list.nr_areas) {
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
		info->cap_offset = sizeof(*info);
		info->argsz +=
			(uint32_t)(sizeof(list) +
				   list.nr_areas * sizeof(struct vfio_region_sparse_mmap_area));
		memcpy(m->reply + sizeof(*info), &list, sizeof(list));
	}
	memcpy(m->reply, info, sizeof(*info));
	m->reply_length = argsz < info->argsz ? (uint32_t)sizeof(*info) : info->argsz;
	return 0;
}

int info_region(struct vu_session *s, struct vu_message *m)
{
	struct vu_region_info info;
	uint32_t argsz;

	if (!take(m, &info, sizeof(info)) || info.index >= REGIONS)
		return -EINVAL;
	argsz = info.argsz;
	info = (struct vu_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = info_region_size(s, info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return give_windows(s, m, &info, argsz);
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
	if (info.index == VFIO_PCI_ERR_IRQ_INDEX && !info_irq_count(s, info.index))
		return -EINVAL;
	info = (struct vu_irq_info){
		.argsz = sizeof(info),
		.index = info.index,
		.count = info_irq_count(s, info.index),
		.flags = VFIO_IRQ_INFO_EVENTFD,
	};
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	else if (info.index != VFIO_PCI_MSIX_IRQ_INDEX)
		/* MSI-X: vectors come and go one by one, as with dynamic allocation in the kernel's. */
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	return give(m, &info, sizeof(info));
}
