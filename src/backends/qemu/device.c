/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's life in QEMU: realize, accesses, reset, saved state, exit; and
 * what a model calls: DMA, interrupts, timers. All of it runs under the big
 * lock, but for ersatz_kick.
 */
#include "qemu/osdep.h"
#include "ersatz.h"
#include "hw/pci/pci_bridge.h"
#include "qemu/guest-random.h"
#include "qemu/units.h"

/* Far more than any model's state: a damaged stream shall not make us allocate gigabytes. */
#define ERSATZ_BLOB_MAX (256 * MiB)

/* ---- accesses ---- */

static uint64_t ersatz_read(void *opaque, hwaddr offset, unsigned int width)
{
	ErsatzBar *bar = opaque;

	/* Another CPU may still be on its way here when the device is gone. */
	if (unlikely(!bar->dev->ez)) {
		return UINT64_MAX;
	}
	return ez_device_read(bar->dev->ez, 0, bar->number, offset, width);
}

static void ersatz_write(void *opaque, hwaddr offset, uint64_t value, unsigned int width)
{
	ErsatzBar *bar = opaque;

	if (unlikely(!bar->dev->ez)) {
		return;
	}
	ez_device_write(bar->dev->ez, 0, bar->number, offset, width, value);
}

/* As the guest made them, misaligned ones too: the spec says what is legal. */
static const MemoryRegionOps ersatz_ops = {
	.read = ersatz_read,
	.write = ersatz_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
	.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void ersatz_bars_make(ErsatzDevice *d)
{
	const struct ez_spec *spec = d->type->spec;
	uint32_t i;

	for (i = 0; i < spec->n_bars; i++) {
		const struct ez_bar *bar = &spec->bars[i];
		ErsatzBar *ours = &d->bars[bar->number];
		g_autofree char *name = g_strdup_printf("%s.%s", spec->name, bar->name);
		uint8_t type = 0;

		switch (bar->kind) {
		case EZ_BAR_IO:
			type = PCI_BASE_ADDRESS_SPACE_IO;
			break;
		case EZ_BAR_MEM64:
			type = PCI_BASE_ADDRESS_MEM_TYPE_64;
			break;
		case EZ_BAR_MEM32:
			break;
		}
		if (bar->prefetchable) {
			type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
		}
		ours->dev = d;
		ours->number = bar->number;
		memory_region_init_io(&ours->region, OBJECT(d), &ersatz_ops, ours, name, bar->size);
		pci_register_bar(&d->pci, bar->number, type, &ours->region);
	}
}

/* ---- what the model calls ---- */

static uint64_t ersatz_now(void *be)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void ersatz_timer_set(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
	ErsatzDevice *d = be;

	if (when == EZ_NEVER) {
		timer_del(&d->timers[timer].timer);
	} else {
		timer_mod_ns(&d->timers[timer].timer, MIN(when, INT64_MAX));
	}
}

static void ersatz_timer_fired(void *opaque)
{
	ErsatzTimer *timer = opaque;
	MemReentrancyGuard *guard = &DEVICE(timer->dev)->mem_reentrancy_guard;
	bool engaged = guard->engaged_in_io;

	/* As QEMU does around accesses: DMA from here does not reach our own BARs. */
	guard->engaged_in_io = true;
	ez_device_timer(timer->dev->ez, 0, timer->index);
	guard->engaged_in_io = engaged;
}

/*
 * Page by page, and no further than the first that fails: QEMU itself goes on
 * behind a bad address, and leaves zeros where a bus gives all-ones.
 */
static int ersatz_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len, bool write)
{
	ErsatzDevice *d = be;
	uint8_t *at = buf;
	size_t n;

	if (!(pci_get_word(d->pci.config + PCI_COMMAND) & PCI_COMMAND_MASTER)) {
		return -EPERM;
	}
	for (; len; addr += n, at += n, len -= n) {
		n = MIN(len, 4 * KiB - (addr & (4 * KiB - 1)));
		if (!ersatz_windows_hit(d, addr, n, write) &&
		    dma_memory_rw(pci_get_address_space(&d->pci), addr, at, n,
				  write ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE,
				  MEMTXATTRS_UNSPECIFIED) == MEMTX_OK) {
			continue;
		}
		if (!write) {
			memset(at, 0xff, len);
		}
		return -EFAULT;
	}
	return 0;
}

static void ersatz_intx(void *be, unsigned int fn, bool level)
{
	ErsatzDevice *d = be;

	if (d->type->spec->id.pin) {
		pci_set_irq(&d->pci, level);
	}
}

static void ersatz_msi(void *be, unsigned int fn, uint32_t vector)
{
	ErsatzDevice *d = be;

	/* Both notify functions end QEMU on a vector that is not there. */
	if (msix_enabled(&d->pci)) {
		if (vector < msix_nr_vectors_allocated(&d->pci)) {
			msix_notify(&d->pci, vector);
		}
	} else if (msi_enabled(&d->pci) && vector < msi_nr_vectors_allocated(&d->pci)) {
		msi_notify(&d->pci, vector);
	}
}

static void ersatz_msix_forget(void *be, unsigned int fn, uint32_t vector)
{
	ErsatzDevice *d = be;

	if (msix_present(&d->pci) && vector < msix_nr_vectors_allocated(&d->pci)) {
		msix_clr_pending(&d->pci, vector);
	}
}

static void ersatz_random(void *be, void *buf, size_t len)
{
	qemu_guest_getrandom_nofail(buf, len);
}

static void ersatz_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
	ErsatzDevice *d = be;
	const char *id = d->ez ? ez_device_id(d->ez) : d->type->spec->name;

	switch (kind) {
	case EZ_LOG_VIOLATION:
		warn_report("%s: spec violation: %s", id, text);
		break;
	case EZ_LOG_UNIMPLEMENTED:
		warn_report("%s: unimplemented: %s", id, text);
		break;
	default:
		info_report("%s: %s", id, text);
		break;
	}
}

/* From a worker's thread. */
static void ersatz_kick(void *be)
{
	ErsatzDevice *d = be;

	qemu_bh_schedule(d->kick);
}

static void ersatz_kicked(void *opaque)
{
	ErsatzDevice *d = opaque;

	/* Ejected, and not freed yet. */
	if (!d->mirrored) {
		return;
	}
	ersatz_config_sync(d);
	d->was_reset = false;
	ez_device_poll(d->ez);
}

static const struct ez_backend ersatz_backend = {
	.size = sizeof(struct ez_backend),
	.name = "qemu",
	.flags = EZ_BACKEND_CONFIG | EZ_BACKEND_MSI,
	.now = ersatz_now,
	.timer = ersatz_timer_set,
	.dma = ersatz_dma,
	.intx = ersatz_intx,
	.msi = ersatz_msi,
	.random = ersatz_random,
	.log = ersatz_log,
	.status = ersatz_config_status,
	.kick = ersatz_kick,
	.config_put = ersatz_config_put,
	.msix_forget = ersatz_msix_forget,
	.windows = ersatz_windows_show,
};

/* ---- plug and unplug ---- */

/* The workers know nothing of a stopped machine; its memory is being saved, perhaps. */
static void ersatz_vm_change(void *opaque, bool running, RunState state)
{
	ErsatzDevice *d = opaque;

	MemReentrancyGuard *guard = &DEVICE(d)->mem_reentrancy_guard;
	bool engaged = guard->engaged_in_io;

	/* Both may do a worker's DMA, which is not to reach our own BARs from here either. */
	guard->engaged_in_io = true;
	if (running) {
		ez_device_resume(d->ez);
	} else {
		ez_device_pause(d->ez);
	}
	guard->engaged_in_io = engaged;
}

/* libersatz numbers a job's deadline behind the timers; today it has none where time is real. */
static uint32_t ersatz_n_timers(const ErsatzDevice *d)
{
	return d->type->spec->n_timers + d->type->spec->n_jobs;
}

/* Undoes realize, as far as QEMU's PCI core is concerned. */
static void ersatz_unplug(ErsatzDevice *d)
{
	if (d->vm_change) {
		qemu_del_vm_change_state_handler(d->vm_change);
		d->vm_change = NULL;
		qemu_remove_exit_notifier(&d->ends);
	}
	ersatz_config_free(d);
	ersatz_windows_remove(d);
}

/* The rest, however far it got. */
static void ersatz_free(ErsatzDevice *d)
{
	struct ez_device *ez = d->ez;
	uint32_t i;

	ez_device_free(ez);
	d->ez = NULL;
	for (i = 0; d->timers && i < ersatz_n_timers(d); i++) {
		timer_del(&d->timers[i].timer);
	}
	g_free(d->timers);
	d->timers = NULL;
	if (d->kick) {
		qemu_bh_delete(d->kick);
		d->kick = NULL;
	}
	g_free(d->blob);
	d->blob = NULL;
}

static void ersatz_unmake(ErsatzDevice *d)
{
	ersatz_unplug(d);
	ersatz_free(d);
}

/* QEMU ends without unplugging anything; counts of messages, and models, want an end all the same. */
static void ersatz_ends(Notifier *notifier, void *data)
{
	ersatz_unmake(container_of(notifier, ErsatzDevice, ends));
}

static bool ersatz_make(ErsatzDevice *d, Error **errp)
{
	const struct ez_spec *spec = d->type->spec;
	g_autofree char *id = g_strdup(DEVICE(d)->id);
	struct ez_setting *settings;
	struct ez_error error;
	uint32_t i;

	if (!id) {
		id = g_strdup_printf("%s%u", spec->name, d->type->made);
	}
	d->timers = g_new0(ErsatzTimer, ersatz_n_timers(d));
	for (i = 0; i < ersatz_n_timers(d); i++) {
		d->timers[i].dev = d;
		d->timers[i].index = i;
		timer_init_ns(&d->timers[i].timer, QEMU_CLOCK_VIRTUAL, ersatz_timer_fired,
			      &d->timers[i]);
	}
	d->kick = qemu_bh_new_guarded(ersatz_kicked, d, &DEVICE(d)->mem_reentrancy_guard);
	/* The model may raise an interrupt as soon as it is made. */
	d->pci.config[PCI_INTERRUPT_PIN] = spec->id.pin;

	settings = ersatz_settings(d);
	d->ez = ez_device_new(d->type->model, id, &ersatz_backend, d, settings, spec->n_props,
			      &error);
	ersatz_settings_free(d, settings);
	if (!d->ez) {
		error_setg(errp, "%s", error.text);
		return false;
	}
	d->type->made++;
	return true;
}

static void ersatz_realize(PCIDevice *pci, Error **errp)
{
	ErsatzDevice *d = (ErsatzDevice *)pci;

	ersatz_bars_make(d);
	if (!ersatz_make(d, errp) || !ersatz_config_make(d, errp) ||
	    !ersatz_windows_make(d, errp)) {
		ersatz_unmake(d);
		return;
	}
	ersatz_config_sync(d);
	if (!runstate_is_running()) {
		ez_device_pause(d->ez);
	}
	d->vm_change = qemu_add_vm_change_state_handler(ersatz_vm_change, d);
	d->ends.notify = ersatz_ends;
	qemu_add_exit_notifier(&d->ends);
}

static void ersatz_free_later(void *opaque)
{
	ErsatzDevice *d = opaque;

	ersatz_free(d);
	object_unref(OBJECT(d));
}

static void ersatz_exit(PCIDevice *pci)
{
	ErsatzDevice *d = (ErsatzDevice *)pci;

	ersatz_unplug(d);
	if (!d->ez || !ez_device_is_busy(d->ez)) {
		ersatz_free(d);
		return;
	}
	/* Its own DMA has ejected it: what is further up this stack still needs it. */
	ez_device_yank(d->ez, true);
	object_ref(OBJECT(d));
	aio_bh_schedule_oneshot(qemu_get_aio_context(), ersatz_free_later, d);
}

/* ---- reset ---- */

/*
 * QEMU calls every reset a cold one. What it is can be told from what else is
 * in reset: the host bridge, when the machine is; only a bus above us, when
 * a bridge's secondary bus reset was asked for; neither, when it is a FLR.
 */
static enum ez_reset_kind ersatz_reset_kind(ErsatzDevice *d)
{
	BusState *root = BUS(pci_device_root_bus(&d->pci));

	if (!DEVICE(d)->realized || !d->pci.enabled ||
	    resettable_is_in_reset(OBJECT(root->parent))) {
		return EZ_RESET_POWER_ON;
	}
	if (resettable_is_in_reset(OBJECT(pci_get_bus(&d->pci)))) {
		return EZ_RESET_BUS;
	}
	return EZ_RESET_FUNCTION;
}

static void ersatz_reset_hold(Object *obj, ResetType type)
{
	ErsatzDevice *d = (ErsatzDevice *)obj;

	enum ez_reset_kind kind = ersatz_reset_kind(d);

	if (d->ez) {
		ez_device_reset(d->ez, 0, kind);
		ersatz_config_reset(d, kind);
		d->was_reset = true;
		d->flr = kind == EZ_RESET_FUNCTION;
	}
}

static void ersatz_reset_exit(Object *obj, ResetType type)
{
	ErsatzDevice *d = (ErsatzDevice *)obj;

	if (!d->ez) {
		return;
	}
	/* After a FLR QEMU resets its config space only when we have returned. */
	if (!d->flr) {
		ersatz_config_sync(d);
	}
	qemu_bh_schedule(d->kick);
}

/* ---- saved state ---- */

static int ersatz_pre_save(void *opaque)
{
	ErsatzDevice *d = opaque;
	ssize_t size;

	ez_device_pause(d->ez);
	ersatz_config_mend(d);
	size = ez_device_save(d->ez, NULL, 0);
	g_free(d->blob);
	d->blob = size > 0 ? g_malloc(size) : NULL;
	if (size <= 0 || size > UINT32_MAX || ez_device_save(d->ez, d->blob, size) != size) {
		error_report("%s: the device's state cannot be saved", ez_device_id(d->ez));
		return -EINVAL;
	}
	d->blob_size = size;
	return 0;
}

static int ersatz_post_save(void *opaque)
{
	ErsatzDevice *d = opaque;

	g_free(d->blob);
	d->blob = NULL;
	if (runstate_is_running()) {
		ez_device_resume(d->ez);
	}
	return 0;
}

static int ersatz_pre_load(void *opaque)
{
	ErsatzDevice *d = opaque;

	/* VBUFFER_ALLOC allocates without looking. */
	g_free(d->blob);
	d->blob = NULL;
	return 0;
}

static bool ersatz_blob_fits(void *opaque, int version_id)
{
	ErsatzDevice *d = opaque;

	return d->blob_size <= ERSATZ_BLOB_MAX + ersatz_windows_size(d);
}

static int ersatz_post_load(void *opaque, int version_id)
{
	ErsatzDevice *d = opaque;
	struct ez_error error;
	int ret;

	ret = ez_device_load(d->ez, d->blob, d->blob_size, &error);
	g_free(d->blob);
	d->blob = NULL;
	if (ret < 0) {
		error_report("%s", error.text);
		return ret;
	}
	/* QEMU has loaded its own; ours came with the blob and may be older than its rules. */
	memcpy(d->mirrored, d->pci.config, pci_config_size(&d->pci));
	ez_device_config_sync(d->ez, 0, 0, d->pci.config, pci_config_size(&d->pci));
	return 0;
}

static const VMStateField ersatz_fields[] = {
	VMSTATE_PCI_DEVICE(pci, ErsatzDevice),
	/* Table and pending bits; nothing where there is no MSI-X. */
	VMSTATE_MSIX(pci, ErsatzDevice),
	VMSTATE_UINT32(blob_size, ErsatzDevice),
	VMSTATE_VALIDATE("size of the model's state", ersatz_blob_fits),
	VMSTATE_VBUFFER_ALLOC_UINT32(blob, ErsatzDevice, 1, NULL, blob_size),
	VMSTATE_END_OF_LIST(),
};

/* ---- the class ---- */

/* Config space as libersatz has it, in hexadecimal: tests hold it against QEMU's. */
static char *ersatz_get_config(Object *obj, Error **errp)
{
	ErsatzDevice *d = (ErsatzDevice *)obj;
	GString *text = g_string_new(NULL);
	uint32_t offset;

	for (offset = 0; d->ez && offset < pci_config_size(&d->pci); offset++) {
		g_string_append_printf(text, "%02x", ez_device_config_read(d->ez, 0, offset, 1));
	}
	return g_string_free(text, false);
}

/*
 * A card that was pulled takes part in nothing, but its port knows: presence,
 * link, and the event that tells of a change (PCIe 6.7.3). Our object stays where it
 * is, to answer all-ones until the driver is done.
 */
static void ersatz_slot_say(ErsatzDevice *d, bool present)
{
	PCIDevice *port = pci_bridge_get_device(pci_get_bus(&d->pci));
	uint16_t control, status;
	uint8_t *cap;

	if (!port || !pci_is_express(port) || !port->exp.exp_cap) {
		return;
	}
	cap = port->config + port->exp.exp_cap;
	if (!(pci_get_word(cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT)) {
		return;
	}
	pcie_cap_slot_get(port, &control, &status);
	if (!(status & PCI_EXP_SLTSTA_PDS) == !present) {
		return;
	}
	if (present) {
		pci_word_test_and_set_mask(cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS);
	} else {
		pci_word_test_and_clear_mask(cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS);
	}
	if (pci_get_long(cap + PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_DLLLARC) {
		if (present) {
			pci_word_test_and_set_mask(cap + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA);
		} else {
			pci_word_test_and_clear_mask(cap + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA);
		}
	}
	pci_word_test_and_set_mask(cap + PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDC);
	/* A command that changes nothing has the port look at its events, and interrupt. */
	pcie_cap_slot_write_config(port, control, status, port->exp.exp_cap + PCI_EXP_SLTCTL,
				   control, 2);
}

/* The card pulled out without warning, and put back. */
static void ersatz_set_gone(Object *obj, bool gone, Error **errp)
{
	ErsatzDevice *d = (ErsatzDevice *)obj;

	if (!d->ez) {
		error_setg(errp, "only a device that is plugged in can be pulled out");
		return;
	}
	d->gone = gone;
	ez_device_yank(d->ez, gone);
	ersatz_slot_say(d, !gone);
}

/* What it is like now, as JSON; looks only. */
static char *ersatz_get_info(Object *obj, Error **errp)
{
	ErsatzDevice *d = (ErsatzDevice *)obj;
	size_t size = d->ez ? ez_device_info(d->ez, NULL, 0) : 0;
	char *text = g_malloc0(size + 1);

	if (d->ez) {
		ez_device_info(d->ez, text, size + 1);
	}
	return text;
}

void ersatz_instance_init(Object *obj)
{
	((ErsatzDevice *)obj)->type = ersatz_type_of(obj);
}

void ersatz_class_make(ObjectClass *oc, ErsatzType *type)
{
	const struct ez_spec *spec = type->spec;
	DeviceClass *dc = DEVICE_CLASS(oc);
	PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
	ResettableClass *rc = RESETTABLE_CLASS(oc);

	pc->realize = ersatz_realize;
	pc->exit = ersatz_exit;
	pc->config_read = ersatz_config_read;
	pc->config_write = ersatz_config_write;
	pc->vendor_id = spec->id.vendor;
	pc->device_id = spec->id.device;
	pc->revision = spec->id.revision;
	pc->class_id = spec->id.class_code >> 8;
	pc->subsystem_vendor_id = spec->id.subsystem_vendor;
	pc->subsystem_id = spec->id.subsystem;
	rc->phases.hold = ersatz_reset_hold;
	rc->phases.exit = ersatz_reset_exit;

	type->vmstate = (VMStateDescription){
		.name = spec->name,
		.version_id = 1,
		.minimum_version_id = 1,
		.pre_save = ersatz_pre_save,
		.post_save = ersatz_post_save,
		.pre_load = ersatz_pre_load,
		.post_load = ersatz_post_load,
		.fields = ersatz_fields,
	};
	dc->vmsd = &type->vmstate;
	dc->desc = spec->desc;
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	if (spec->n_props) {
		device_class_set_props_n(dc, type->props, spec->n_props);
	}
	object_class_property_add_str(oc, "x-config", ersatz_get_config, NULL);
	object_class_property_set_description(
		oc, "x-config", "config space as the model's side has it (read only)");
	object_class_property_add_str(oc, "x-info", ersatz_get_info, NULL);
	object_class_property_set_description(
		oc, "x-info", "registers and state of the model, as JSON (read only)");
	object_class_property_add_bool(oc, "x-gone", NULL, ersatz_set_gone);
	object_class_property_set_description(oc, "x-gone", "pull the card out without warning");
}
