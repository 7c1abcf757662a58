/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend compiled into QEMU: one QOM type per model, one QEMU PCI device
 * per Ersatz device. QEMU's PCI core is of record for config space, BAR
 * decoding and MSI; the PCI rules in libersatz mirror it.
 *
 *   models.c      finds models when QEMU starts and registers their types
 *   properties.c  a spec's properties as QEMU's
 *   config.c      config space: building QEMU's, keeping ours in step
 *   device.c      a device's life, accesses, what the model calls
 *   window.c      memory windows: RAM in a BAR
 *
 * It compiles with QEMU 10.0 and 10.2. What moved between them is dealt with here, and
 * so are the headers that move in 11, which has not been tried.
 */
#ifndef HW_MISC_ERSATZ_H
#define HW_MISC_ERSATZ_H

#include "hw/pci/pci_device.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "qemu/notify.h"
#include "system/runstate.h"
#include "system/system.h"
#if __has_include("hw/core/qdev-properties.h")
#include "hw/core/qdev-properties.h"
#else
#include "hw/qdev-properties.h"
#endif
#if __has_include("hw/core/resettable.h")
#include "hw/core/resettable.h"
#else
#include "hw/resettable.h"
#endif

#include <ersatz/backend.h>

typedef struct ErsatzDevice ErsatzDevice;

/* One model as a QOM type. Lives as long as QEMU does. */
typedef struct ErsatzType {
	const struct ez_model *model;
	const struct ez_spec *spec;
	Property *props; /* spec->n_props of them */
	VMStateDescription vmstate;
	unsigned int made; /* devices so far, for the names of those without id= */
} ErsatzType;

/* What a property's value is kept in. */
typedef union ErsatzValue {
	bool flag;
	uint32_t u32; /* also an enumeration's index, as int32_t */
	uint64_t u64;
	char *text; /* may be NULL: never set */
} ErsatzValue;

typedef struct ErsatzBar {
	ErsatzDevice *dev;
	MemoryRegion region;
	unsigned int number;
} ErsatzBar;

typedef struct ErsatzWindow {
	MemoryRegion region;
	bool placed; /* in its BAR */
} ErsatzWindow;

typedef struct ErsatzTimer {
	ErsatzDevice *dev;
	QEMUTimer timer;
	uint32_t index;
} ErsatzTimer;

/* values[] has an element per property of the spec; the type's instance_size counts them. */
struct ErsatzDevice {
	PCIDevice pci;
	ErsatzType *type;
	struct ez_device *ez; /* NULL before realize and after exit */
	ErsatzBar bars[EZ_BARS];
	ErsatzWindow *windows; /* spec->n_windows of them */
	bool hidden; /* windows, and QEMU's MSI-X table, are not to be reached */
	ErsatzTimer *timers;
	QEMUBH *kick;
	VMChangeStateEntry *vm_change;
	Notifier ends; /* of QEMU itself */
	bool gone; /* pulled out: nobody answers */
	bool was_reset; /* and QEMU's config space is to be handed over as a whole */
	bool flr; /* the reset was one of the function alone */
	uint8_t *initial; /* config space at power-on */
	uint8_t *sticky; /* bits that only a power-on resets */
	uint8_t *kept; /* and bits that a function level reset keeps */
	uint8_t *mirrored; /* config space as libersatz last got it */
	uint8_t *blob; /* saved state on its way to or from a migration */
	uint32_t blob_size;
	ErsatzValue values[];
};

/* properties.c */
/* Fills in type->props. False with an error if QEMU cannot have them. */
bool ersatz_props_make(ErsatzType *type, Error **errp);
/* The device's property values as text; free with ersatz_settings_free. */
struct ez_setting *ersatz_settings(ErsatzDevice *d);
void ersatz_settings_free(ErsatzDevice *d, struct ez_setting *settings);

/* config.c */
/* Makes QEMU's config space, but for the BARs, which are there, from the image of d->ez. */
bool ersatz_config_make(ErsatzDevice *d, Error **errp);
void ersatz_config_free(ErsatzDevice *d);
/* The capabilities' part of a reset, which QEMU leaves to the device. */
void ersatz_config_reset(ErsatzDevice *d, enum ez_reset_kind kind);
/* Ours takes over all bytes that differ from what it last got. */
void ersatz_config_sync(ErsatzDevice *d);
/*
 * QEMU's pcie_aer_inject_error writes a dword where Device Status is a word, and clears the
 * half of Link Capabilities that lies behind it. Before anybody looks.
 */
void ersatz_config_mend(ErsatzDevice *d);
/* PCIDeviceClass.config_read and .config_write */
uint32_t ersatz_config_read(PCIDevice *pci, uint32_t addr, int len);
void ersatz_config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int len);
/* struct ez_backend.config_put and .status */
void ersatz_config_put(void *be, unsigned int fn, uint32_t offset, const uint8_t *bytes,
		       uint32_t len);
void ersatz_config_status(void *be, unsigned int fn, uint16_t bits);

/* window.c */
/* Puts the windows of d->ez into the BARs. */
bool ersatz_windows_make(ErsatzDevice *d, Error **errp);
/* Takes them out of the BARs again. */
void ersatz_windows_remove(ErsatzDevice *d);
/* Bytes of all windows: they travel in the saved state. */
uint64_t ersatz_windows_size(ErsatzDevice *d);
/* struct ez_backend.windows */
void ersatz_windows_show(void *be, unsigned int fn, bool shown);
/* Is this page of the device's address space, where its bus leads, its own? */
bool ersatz_windows_hit(ErsatzDevice *d, uint64_t addr, size_t len, bool write);
/* TypeInfo.instance_finalize */
void ersatz_instance_finalize(Object *obj);

/* device.c */
/* Fills in the class of a model's type; `oc` is a PCIDeviceClass. */
void ersatz_class_make(ObjectClass *oc, ErsatzType *type);
/* TypeInfo.instance_init */
void ersatz_instance_init(Object *obj);
/* The model's type behind an object of one. */
ErsatzType *ersatz_type_of(Object *obj);

#endif
