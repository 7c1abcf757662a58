/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Config space. QEMU's PCI core is of record: it answers reads, decodes BARs,
 * sends MSI. libersatz says how it looks at power-on, and gets the resulting
 * bytes whenever they may have changed.
 */
#include "qemu/osdep.h"
#include "ersatz.h"

/* Is this byte of the header one that QEMU makes from something else than our image? */
static bool ersatz_qemus_own(uint32_t offset)
{
	return offset == PCI_HEADER_TYPE || /* -device ...,multifunction=on */
	       (offset >= PCI_BASE_ADDRESS_0 && offset < PCI_CARDBUS_CIS) ||
	       (offset >= PCI_ROM_ADDRESS && offset <= PCI_CAPABILITY_LIST);
}

static void ersatz_header_make(PCIDevice *pci, const uint8_t *bytes, const uint8_t *wmask)
{
	uint32_t i;

	for (i = 0; i < PCI_STD_HEADER_SIZEOF; i++) {
		if (ersatz_qemus_own(i)) {
			continue;
		}
		pci->config[i] = bytes[i];
		/* QEMU asserts that no bit is both writable and cleared by writing one. */
		pci->wmask[i] = wmask[i] & ~pci->w1cmask[i];
	}
	/* The list that this bit announces is made below, if there is one. */
	pci->config[PCI_STATUS] &= ~PCI_STATUS_CAP_LIST;
}

/* Table, masks and pending bits are QEMU's; its accesses lie over those of our BARs. */
static bool ersatz_msix_make(ErsatzDevice *d, const struct ez_cap *cap, Error **errp)
{
	uint32_t i;

	if (msix_init(&d->pci, cap->vectors, &d->bars[cap->table_bar].region, cap->table_bar,
		      cap->table_offset, &d->bars[cap->pba_bar].region, cap->pba_bar,
		      cap->pba_offset, cap->offset, errp)) {
		return false;
	}
	/* Which of them a driver uses its masks tell. */
	for (i = 0; i < cap->vectors; i++) {
		msix_vector_use(&d->pci, i);
	}
	return true;
}

/* What our side says of config space: see enum ez_config_image. */
typedef struct ErsatzImage {
	uint8_t *bytes, *wmask, *w1c;
} ErsatzImage;

static void ersatz_body_make(PCIDevice *pci, const ErsatzImage *image, uint32_t at, uint32_t len)
{
	memcpy(pci->config + at, image->bytes + at, len);
	memcpy(pci->wmask + at, image->wmask + at, len);
	memcpy(pci->w1cmask + at, image->w1c + at, len);
}

static void ersatz_express_make(PCIDevice *pci, const struct ez_cap *cap)
{
	PCIBus *bus = pci_get_bus(pci);
	uint32_t at;

	pci->exp.exp_cap = cap->offset;
	if (cap->flr) {
		/* It reads 0 all the same: pcie_cap_flr_write_config sees to that. */
		pcie_cap_flr_init(pci);
	}
	/*
	 * On a root complex's own bus there is no link: an endpoint is an integrated one
	 * there, PCIe 7.5.3.2. On a conventional bus it stays what it is: drivers that look
	 * for it find it, as with QEMU's vfio-pci.
	 */
	if (!pci_bus_is_express(bus) || !pci_bus_is_root(bus)) {
		return;
	}
	pci_set_word(pci->config + cap->offset + PCI_EXP_FLAGS,
		     2 | PCI_EXP_TYPE_RC_END << PCI_EXP_FLAGS_TYPE_SHIFT);
	for (at = PCI_EXP_LNKCAP; at < PCI_EXP_SLTCAP; at++) {
		pci->config[cap->offset + at] = 0;
		pci->wmask[cap->offset + at] = 0;
	}
	for (at = PCI_EXP_LNKCAP2; at < PCI_EXP_LNKCAP2 + 8; at++) {
		pci->config[cap->offset + at] = 0;
		pci->wmask[cap->offset + at] = 0;
	}
}

static bool ersatz_cap_make(ErsatzDevice *d, const struct ez_cap *cap, const ErsatzImage *image,
			    Error **errp)
{
	PCIDevice *pci = &d->pci;
	int ret;

	switch (cap->id) {
	case PCI_CAP_ID_PM:
		ret = pci_pm_init(pci, cap->offset, errp);
		break;
	case PCI_CAP_ID_MSI:
		/* Registers and masks of this one are QEMU's own business. */
		return msi_init(pci, cap->offset, cap->vectors, cap->address64, cap->maskable,
				errp) == 0;
	case PCI_CAP_ID_MSIX:
		return ersatz_msix_make(d, cap, errp);
	case PCI_CAP_ID_EXP:
		ret = pci_add_capability(pci, cap->id, cap->offset, cap->length, errp);
		break;
	default:
		ret = pci_add_capability(pci, cap->id, cap->offset, cap->length, errp);
		break;
	}
	if (ret < 0) {
		return false;
	}
	ersatz_body_make(pci, image, cap->offset + PCI_CAP_FLAGS, cap->length - PCI_CAP_FLAGS);
	if (cap->id == PCI_CAP_ID_EXP) {
		ersatz_express_make(pci, cap);
	}
	return true;
}

/* Their contents are ours; what QEMU does with AER, as injecting an error, is its own. */
static bool ersatz_ext_cap_make(ErsatzDevice *d, const struct ez_ext_cap *cap,
				const ErsatzImage *image, Error **errp)
{
	PCIDevice *pci = &d->pci;
	uint32_t at;

	if (cap->id != PCI_EXT_CAP_ID_ERR) {
		pcie_add_capability(pci, cap->id, cap->version, cap->offset, cap->length);
	} else if (pcie_aer_init(pci, cap->version, cap->offset, cap->length, errp) < 0) {
		return false;
	}
	ersatz_body_make(pci, image, cap->offset + PCI_EXT_CAP_ALIGN,
			 cap->length - PCI_EXT_CAP_ALIGN);
	/* Logged errors: they are read-only, and in a saved state need not be as they are here. */
	for (at = cap->offset; at < cap->offset + cap->length; at++) {
		pci->cmask[at] &= ~d->sticky[at];
	}
	return true;
}

static void ersatz_image_free(ErsatzImage *image)
{
	g_free(image->bytes);
	g_free(image->wmask);
	g_free(image->w1c);
}

static uint8_t *ersatz_layer(ErsatzDevice *d, enum ez_config_image what)
{
	size_t size = pci_config_size(&d->pci);
	g_autofree uint8_t *bytes = g_malloc0(size);

	if (ez_device_config_image(d->ez, 0, what, bytes, size) != (int)size) {
		return NULL;
	}
	return g_steal_pointer(&bytes);
}

static bool ersatz_lists_make(ErsatzDevice *d, const ErsatzImage *image, Error **errp)
{
	const struct ez_spec *spec = d->type->spec;
	uint32_t i;

	/* Each is put at the head of the list, which is to ascend. */
	for (i = spec->n_caps; i-- > 0;) {
		if (!ersatz_cap_make(d, &spec->caps[i], image, errp)) {
			return false;
		}
	}
	/* And each of these at its end. */
	for (i = 0; i < spec->n_ext_caps; i++) {
		if (!ersatz_ext_cap_make(d, &spec->ext_caps[i], image, errp)) {
			return false;
		}
	}
	return true;
}

bool ersatz_config_make(ErsatzDevice *d, Error **errp)
{
	PCIDevice *pci = &d->pci;
	size_t size = pci_config_size(pci);
	ErsatzImage image = {
		.bytes = ersatz_layer(d, EZ_CONFIG_INITIAL),
		.wmask = ersatz_layer(d, EZ_CONFIG_WRITABLE),
		.w1c = ersatz_layer(d, EZ_CONFIG_CLEARABLE),
	};
	bool made;

	d->sticky = ersatz_layer(d, EZ_CONFIG_STICKY);
	d->kept = ersatz_layer(d, EZ_CONFIG_KEPT);
	if (!image.bytes) {
		error_setg(errp, "the model's config space is not of %zu bytes", size);
		return false;
	}
	ersatz_header_make(pci, image.bytes, image.wmask);
	/* QEMU lets every byte outside of capabilities be written; no real function does. */
	memset(pci->wmask + PCI_STD_HEADER_SIZEOF, 0, size - PCI_STD_HEADER_SIZEOF);
	made = ersatz_lists_make(d, &image, errp);
	if (made) {
		d->mirrored = g_memdup2(image.bytes, size);
		/* As it is where it has been plugged in. */
		d->initial = g_memdup2(pci->config, size);
	}
	ersatz_image_free(&image);
	return made;
}

static const struct ez_cap *ersatz_msix_cap(const struct ez_spec *spec)
{
	uint32_t i;

	for (i = 0; i < spec->n_caps; i++) {
		if (spec->caps[i].id == PCI_CAP_ID_MSIX) {
			return &spec->caps[i];
		}
	}
	return NULL;
}

void ersatz_config_free(ErsatzDevice *d)
{
	const struct ez_cap *cap = ersatz_msix_cap(d->type->spec);

	msi_uninit(&d->pci);
	if (cap) {
		msix_uninit(&d->pci, &d->bars[cap->table_bar].region,
			    &d->bars[cap->pba_bar].region);
	}
	g_free(d->mirrored);
	d->mirrored = NULL;
	if (d->pci.exp.aer_cap) {
		pcie_aer_exit(&d->pci);
		d->pci.exp.aer_cap = 0;
	}
	g_free(d->initial);
	d->initial = NULL;
	g_free(d->sticky);
	d->sticky = NULL;
	g_free(d->kept);
	d->kept = NULL;
}

/* Bytes of one capability. What no software writes only QEMU can have changed: AER's log. */
static void ersatz_bytes_reset(ErsatzDevice *d, uint32_t at, uint32_t end, enum ez_reset_kind kind)
{
	for (; at < end; at++) {
		uint8_t keep = kind == EZ_RESET_FUNCTION ? d->kept[at]
			       : kind == EZ_RESET_BUS	 ? d->sticky[at]
							 : 0;

		d->pci.config[at] = (d->pci.config[at] & keep) | (d->initial[at] & ~keep);
	}
}

void ersatz_config_reset(ErsatzDevice *d, enum ez_reset_kind kind)
{
	const struct ez_spec *spec = d->type->spec;
	uint32_t i;

	if (!d->initial) {
		return;
	}

	for (i = 0; i < spec->n_caps; i++) {
		const struct ez_cap *cap = &spec->caps[i];

		if (cap->id == PCI_CAP_ID_MSI || cap->id == PCI_CAP_ID_MSIX) {
			continue;
		}
		ersatz_bytes_reset(d, cap->offset + PCI_CAP_FLAGS, cap->offset + cap->length, kind);
	}
	for (i = 0; i < spec->n_ext_caps; i++) {
		const struct ez_ext_cap *cap = &spec->ext_caps[i];

		ersatz_bytes_reset(d, cap->offset + PCI_EXT_CAP_ALIGN, cap->offset + cap->length,
				   kind);
	}
}

static void ersatz_config_take(ErsatzDevice *d, uint32_t offset, uint32_t len)
{
	memcpy(d->mirrored + offset, d->pci.config + offset, len);
	ez_device_config_sync(d->ez, 0, offset, d->pci.config + offset, len);
}

void ersatz_config_sync(ErsatzDevice *d)
{
	uint32_t size = pci_config_size(&d->pci);
	uint32_t start, end;

	if (!d->ez || !d->mirrored) {
		return;
	}
	/* Behind a reset our view, and the line's level, are not what was last handed over. */
	if (d->was_reset) {
		ersatz_config_take(d, 0, size);
		return;
	}
	for (start = 0; start < size; start = end) {
		end = start + 4;
		if (memcmp(d->mirrored + start, d->pci.config + start, 4)) {
			ersatz_config_take(d, start, 4);
		}
	}
}

void ersatz_config_mend(ErsatzDevice *d)
{
	uint32_t at = d->pci.exp.exp_cap + PCI_EXP_LNKCAP;

	if (d->pci.exp.aer_cap && d->initial) {
		memcpy(d->pci.config + at, d->initial + at, 2);
	}
}

uint32_t ersatz_config_read(PCIDevice *pci, uint32_t addr, int len)
{
	ErsatzDevice *d = (ErsatzDevice *)pci;

	/* A card that is not there does not answer config cycles either: drivers ask by this. */
	if (d->gone) {
		return UINT32_MAX >> (32 - 8 * len);
	}
	ersatz_config_mend(d);
	if (!d->ez) {
		return pci_default_read_config(pci, addr, len);
	}
	return pci_default_read_config(pci, addr, len) |
	       ez_device_pending_bits(d->ez, 0, addr, len);
}

void ersatz_config_write(PCIDevice *pci, uint32_t addr, uint32_t value, int len)
{
	ErsatzDevice *d = (ErsatzDevice *)pci;

	if (d->gone) {
		return;
	}
	ersatz_config_mend(d);
	if (d->ez) {
		ez_device_config_write(d->ez, 0, addr, len, value);
	}
	pci_default_write_config(pci, addr, value, len);
	if (pci->exp.aer_cap) {
		pcie_aer_write_config(pci, addr, value, len);
	}
	if (!d->ez) {
		return;
	}
	if (pci->exp.exp_cap) {
		pcie_cap_flr_write_config(pci, addr, value, len);
	} else if (ez_device_flr_written(d->ez, 0, addr, len, value)) {
		/* Advanced Features: QEMU has none. */
		pci_device_reset(pci);
	}
	/* What came of it, there and elsewhere: a reset, a number of MSI vectors clamped. */
	ersatz_config_sync(d);
}

/* Offset of the MSI pending bits, or 0 if there are none: PCI 3.0, 6.8.1. */
static uint32_t ersatz_msi_pending(ErsatzDevice *d)
{
	uint16_t flags;

	if (!msi_present(&d->pci)) {
		return 0;
	}
	flags = pci_get_word(d->pci.config + d->pci.msi_cap + PCI_MSI_FLAGS);
	if (!(flags & PCI_MSI_FLAGS_MASKBIT)) {
		return 0;
	}
	return d->pci.msi_cap +
	       (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32);
}

void ersatz_config_put(void *be, unsigned int fn, uint32_t offset, const uint8_t *bytes,
		       uint32_t len)
{
	ErsatzDevice *d = be;
	PCIDevice *pci = &d->pci;
	uint32_t pending = ersatz_msi_pending(d);
	uint32_t i, at;

	if (!d->mirrored || offset > pci_config_size(pci) || len > pci_config_size(pci) - offset) {
		return;
	}
	/* As a guest's writes, so that QEMU acts on them: mappings, bus mastering, MSI. */
	for (i = 0; i < len; i++) {
		uint8_t clear;

		at = offset + i;
		/* Only QEMU sets these; that they are not wanted any more it does not know. */
		if (pending && at >= pending && at < pending + 4) {
			pci->config[at] &= bytes[i];
			d->mirrored[at] = pci->config[at];
			continue;
		}
		clear = pci->config[at] & ~bytes[i] & pci->w1cmask[at];
		if (clear || ((pci->config[at] ^ bytes[i]) & pci->wmask[at])) {
			pci_default_write_config(pci, at, (bytes[i] & ~pci->w1cmask[at]) | clear,
						 1);
		}
		/* What QEMU keeps as it was shows up as a difference at the next sync. */
		d->mirrored[at] = bytes[i];
	}
	/* Our rules touch MSI-X's control word only when the function is reset, and so is its table. */
	if (msix_present(pci) && offset <= pci->msix_cap + PCI_MSIX_FLAGS &&
	    len > pci->msix_cap + PCI_MSIX_FLAGS - offset) {
		msix_reset(pci);
	}
}

void ersatz_config_status(void *be, unsigned int fn, uint16_t bits)
{
	ErsatzDevice *d = be;

	if (!d->mirrored) {
		return;
	}
	pci_word_test_and_set_mask(d->pci.config + PCI_STATUS, bits);
	memcpy(d->mirrored + PCI_STATUS, d->pci.config + PCI_STATUS, 2);
}
