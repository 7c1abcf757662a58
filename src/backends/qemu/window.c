/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory windows: RAM in a BAR, which the guest reaches without us. The memory
 * is libersatz's, a file that QEMU maps once more, so that it can stay in
 * QEMU's memory map a moment longer than the device, and so that other devices'
 * backends that share memory by files can be given it.
 *
 * Its contents are part of the device's own saved state. So its RAM block is not
 * registered for migration, and needs no name of its own in the stream; nor does
 * anybody ask for its dirty bits. Two things it cannot have: code that a guest
 * executes from a window, and the model then changes, is not translated anew by
 * TCG; and a background snapshot does not catch it in its moment.
 */
#include "qemu/osdep.h"
#include "ersatz.h"

bool ersatz_windows_make(ErsatzDevice *d, Error **errp)
{
	const struct ez_spec *spec = d->type->spec;
	uint32_t i;

	d->windows = g_new0(ErsatzWindow, spec->n_windows);
	for (i = 0; i < spec->n_windows; i++) {
		const struct ez_window *window = &spec->windows[i];
		ErsatzWindow *ours = &d->windows[i];
		g_autofree char *name = g_strdup_printf("%s.%s", spec->name, window->name);
		int fd = -1;

		if (ez_device_window(d->ez, 0, i, NULL, &fd) == 0) {
			fd = qemu_dup(fd);
		}
		if (fd < 0) {
			error_setg(errp, "no file for window %s: %s", name, strerror(errno));
			return false;
		}
		/* On success the file is the region's. */
		if (!memory_region_init_ram_from_fd(&ours->region, OBJECT(d), name, window->size,
						    RAM_SHARED, fd, window->offset, errp)) {
			close(fd);
			return false;
		}
		memory_region_add_subregion(&d->bars[window->bar].region, window->offset,
					    &ours->region);
		ours->placed = true;
	}
	ersatz_windows_show(d, 0, !d->hidden);
	return true;
}

/* The regions themselves go with the object: another CPU may still look at them. */
void ersatz_windows_remove(ErsatzDevice *d)
{
	const struct ez_spec *spec = d->type->spec;
	uint32_t i;

	for (i = 0; d->windows && i < spec->n_windows; i++) {
		if (d->windows[i].placed) {
			memory_region_del_subregion(&d->bars[spec->windows[i].bar].region,
						    &d->windows[i].region);
			d->windows[i].placed = false;
		}
	}
}

void ersatz_instance_finalize(Object *obj)
{
	/* Its regions were children of the object, which have gone before. */
	g_free(((ErsatzDevice *)obj)->windows);
}

uint64_t ersatz_windows_size(ErsatzDevice *d)
{
	const struct ez_spec *spec = d->type->spec;
	uint64_t size = 0;
	uint32_t i;

	for (i = 0; i < spec->n_windows; i++) {
		size += spec->windows[i].size;
	}
	return size;
}

/* Where nothing of QEMU's lies in a BAR, our accesses answer: with all-ones, then. */
void ersatz_windows_show(void *be, unsigned int fn, bool shown)
{
	ErsatzDevice *d = be;
	uint32_t i;

	d->hidden = !shown;
	memory_region_transaction_begin();
	for (i = 0; d->windows && i < d->type->spec->n_windows; i++) {
		if (d->windows[i].placed) {
			memory_region_set_enabled(&d->windows[i].region, shown);
		}
	}
	if (msix_present(&d->pci)) {
		memory_region_set_enabled(&d->pci.msix_table_mmio, shown);
		memory_region_set_enabled(&d->pci.msix_pba_mmio, shown);
	}
	memory_region_transaction_commit();
}

/*
 * QEMU keeps a device from reaching its own registers by DMA, but not its own
 * RAM. Asked behind the IOMMU, where addresses are what they are.
 */
bool ersatz_windows_hit(ErsatzDevice *d, uint64_t addr, size_t len, bool write)
{
	hwaddr there = 0;
	hwaddr n = len;
	MemoryRegion *region;

	if (!d->type->spec->n_windows) {
		return false;
	}
	RCU_READ_LOCK_GUARD();
	region = address_space_translate(pci_get_address_space(&d->pci), addr, &there, &n, write,
					 MEMTXATTRS_UNSPECIFIED);
	return memory_region_owner(region) == OBJECT(d);
}
