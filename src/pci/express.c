/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI Express capability of an endpoint, PCIe 7.5.3, and Advanced Features,
 * which gives conventional functions the same reset (AF). What they say of a
 * link is what a card in a slot of its own would say: there is no link.
 */
#include "pci/pci.h"

#include <errno.h>

/* Offsets in the PCI Express capability, and bits. */
enum {
	EXPRESS_FLAGS = 0x02,
	EXPRESS_DEVICE_CAP = 0x04,
	EXPRESS_DEVICE_CONTROL = 0x08,
	EXPRESS_DEVICE_STATUS = 0x0a,
	EXPRESS_LINK_CAP = 0x0c,
	EXPRESS_LINK_CONTROL = 0x10,
	EXPRESS_LINK_STATUS = 0x12,
	EXPRESS_DEVICE_CAP_2 = 0x24,
	EXPRESS_DEVICE_CONTROL_2 = 0x28,
	EXPRESS_LINK_CAP_2 = 0x2c,
	EXPRESS_LINK_CONTROL_2 = 0x30,
};

enum { FLAGS_VERSION_2 = 2, FLAGS_ENDPOINT = 0 << 4 };

enum {
	/* 7.5.3.3: functions of today must say that their error reporting is role-based */
	DEVICE_CAP_EXTENDED_TAGS = 1 << 5,
	DEVICE_CAP_ROLE_BASED = 1 << 15,
	DEVICE_CAP_FLR = 1 << 28,
};

enum {
	DEVICE_CONTROL_ERRORS = 0xf, /* reporting of the four kinds */
	DEVICE_CONTROL_RELAXED = 1 << 4,
	DEVICE_CONTROL_PAYLOAD = 7 << 5,
	DEVICE_CONTROL_TAGS = 1 << 8,
	DEVICE_CONTROL_NO_SNOOP = 1 << 11,
	DEVICE_CONTROL_READ_512 = 2 << 12,
	DEVICE_CONTROL_READ = 7 << 12,
	DEVICE_CONTROL_FLR_HIGH = 0x80, /* of the upper byte; it always reads 0 */
	DEVICE_STATUS_ERRORS = 0xf,
	DEVICE_STATUS_PENDING = 1 << 5,
};

enum {
	LINK_WIDTH_SHIFT = 4,
	/* 7.5.3.6: "must be set to 1b in all functions" of later versions than 2.0 */
	LINK_CAP_ASPM_OPTIONALITY = 1 << 22,
	LINK_CONTROL_ASPM = 3,
	LINK_CONTROL_BOUNDARY = 1 << 3,
	LINK_CONTROL_COMMON_CLOCK = 1 << 6,
	LINK_CONTROL_EXTENDED_SYNCH = 1 << 7,
	LINK_STATUS_SLOT_CLOCK = 1 << 12,
	LINK_SPEED = 0xf,
	TIMEOUT_DISABLE = 1 << 4,
};

/* Advanced Features. */
enum {
	AF_LENGTH_BYTE = 2,
	AF_CAP = 3,
	AF_CONTROL = 4,
	AF_STATUS = 5,
	AF_CAP_TP = 1 << 0,
	AF_CAP_FLR = 1 << 1,
	AF_CONTROL_FLR = 1 << 0,
	AF_STATUS_TP = 1 << 0,
};

static void init_link(struct pci_function *pci, const struct ez_cap *cap)
{
	uint8_t *initial = &pci->initial[cap->offset];
	uint8_t *wmask = &pci->wmask[cap->offset];
	uint8_t *kept = &pci->kept[cap->offset];
	uint32_t lanes = (uint32_t)cap->link_width << LINK_WIDTH_SHIFT;
	uint16_t control = LINK_CONTROL_ASPM | LINK_CONTROL_BOUNDARY | LINK_CONTROL_COMMON_CLOCK |
			   LINK_CONTROL_EXTENDED_SYNCH;

	pci_put32(initial + EXPRESS_LINK_CAP, LINK_CAP_ASPM_OPTIONALITY | lanes | cap->link_speed);
	pci_put16(wmask + EXPRESS_LINK_CONTROL, control);
	pci_put16(initial + EXPRESS_LINK_STATUS,
		  (uint16_t)(LINK_STATUS_SLOT_CLOCK | lanes | cap->link_speed));
	/* Every speed up to the largest: bit 1 is that of 2.5 GT/s. */
	pci_put32(initial + EXPRESS_LINK_CAP_2, (UINT32_C(2) << cap->link_speed) - 2);
	pci_put16(initial + EXPRESS_LINK_CONTROL_2, cap->link_speed);
	pci_put16(wmask + EXPRESS_LINK_CONTROL_2, LINK_SPEED);
	pci_put16(&pci->sticky[cap->offset + EXPRESS_LINK_CONTROL_2], LINK_SPEED);
	/* 6.6.2: a function level reset leaves the link as it is. */
	pci_put16(kept + EXPRESS_LINK_CONTROL, control);
}

int pci_express_init(struct pci_function *pci, const struct ez_cap *cap)
{
	uint8_t *initial = &pci->initial[cap->offset];
	uint8_t *wmask = &pci->wmask[cap->offset];
	uint16_t control = DEVICE_CONTROL_ERRORS | DEVICE_CONTROL_RELAXED | DEVICE_CONTROL_PAYLOAD |
			   DEVICE_CONTROL_TAGS | DEVICE_CONTROL_NO_SNOOP | DEVICE_CONTROL_READ;
	uint32_t payload = 0;

	while (payload < 5 && 128u << payload < cap->max_payload)
		payload++;
	if (!pci->spec->id.express || cap->length < EZ_EXPRESS_LENGTH ||
	    128u << payload != cap->max_payload || cap->link_speed < 1 || cap->link_speed > 6 ||
	    cap->link_width < 1 || cap->link_width > 32 || pci->pending[PCI_BY_EXPRESS])
		return -EINVAL;
	pci_put16(initial + EXPRESS_FLAGS, FLAGS_VERSION_2 | FLAGS_ENDPOINT);
	pci_put32(initial + EXPRESS_DEVICE_CAP, payload | DEVICE_CAP_EXTENDED_TAGS |
							DEVICE_CAP_ROLE_BASED |
							(cap->flr ? DEVICE_CAP_FLR : 0));
	pci_put16(initial + EXPRESS_DEVICE_CONTROL,
		  DEVICE_CONTROL_RELAXED | DEVICE_CONTROL_NO_SNOOP | DEVICE_CONTROL_READ_512);
	pci_put16(wmask + EXPRESS_DEVICE_CONTROL, control);
	/* 6.6.2: what software has agreed on for the whole path. */
	pci_put16(&pci->kept[cap->offset + EXPRESS_DEVICE_CONTROL], DEVICE_CONTROL_PAYLOAD);
	pci_put16(&pci->w1c[cap->offset + EXPRESS_DEVICE_STATUS], DEVICE_STATUS_ERRORS);
	/* 7.5.3.15: who issues requests must be able to wait for ever. */
	pci_put32(initial + EXPRESS_DEVICE_CAP_2, TIMEOUT_DISABLE);
	pci_put16(wmask + EXPRESS_DEVICE_CONTROL_2, TIMEOUT_DISABLE);
	init_link(pci, cap);
	if (cap->flr) {
		pci->flr[PCI_BY_EXPRESS] = cap->offset + EXPRESS_DEVICE_CONTROL + 1u;
		pci->flr_bit[PCI_BY_EXPRESS] = DEVICE_CONTROL_FLR_HIGH;
	}
	pci->pending[PCI_BY_EXPRESS] = cap->offset + EXPRESS_DEVICE_STATUS;
	pci->pending_bit[PCI_BY_EXPRESS] = DEVICE_STATUS_PENDING;
	return 0;
}

int pci_af_init(struct pci_function *pci, const struct ez_cap *cap)
{
	uint8_t *initial = &pci->initial[cap->offset];

	/* It is for functions that have no PCI Express capability. */
	if (pci->spec->id.express || cap->length < EZ_AF_LENGTH || pci->pending[PCI_BY_AF])
		return -EINVAL;
	initial[AF_LENGTH_BYTE] = EZ_AF_LENGTH;
	/* Whoever has the one must have the other. */
	initial[AF_CAP] = cap->flr ? AF_CAP_TP | AF_CAP_FLR : AF_CAP_TP;
	if (cap->flr) {
		pci->flr[PCI_BY_AF] = cap->offset + AF_CONTROL;
		pci->flr_bit[PCI_BY_AF] = AF_CONTROL_FLR;
	}
	pci->pending[PCI_BY_AF] = cap->offset + AF_STATUS;
	pci->pending_bit[PCI_BY_AF] = AF_STATUS_TP;
	return 0;
}

bool pci_flr_written(const struct pci_function *pci, uint32_t offset, unsigned int width,
		     uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (pci->flr[i] && pci->flr[i] >= offset && pci->flr[i] < offset + width &&
		    value >> (8 * (pci->flr[i] - offset)) & pci->flr_bit[i])
			return true;
	return false;
}

uint32_t pci_pending_bits(const struct pci_function *pci, uint32_t offset, unsigned int width)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (pci->pending[i] && pci->pending[i] >= offset &&
		    pci->pending[i] < offset + width)
			bits |= (uint32_t)pci->pending_bit[i] << (8 * (pci->pending[i] - offset));
	return bits;
}
