/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended capabilities, PCIe 7.6.3: the list from 0x100 on, and those whose
 * layout is not the spec's. An error that advanced error reporting could tell of
 * is nothing that a model has: its bits are there, and stay clear.
 */
#include "pci/pci.h"

#include <errno.h>
#include <string.h>

enum { HEADER = 4, VERSION_SHIFT = 16, NEXT_SHIFT = 20 };

/* Advanced error reporting, 7.8.4. */
enum {
	AER_UNCORRECTABLE_STATUS = 0x04,
	AER_UNCORRECTABLE_MASK = 0x08,
	AER_UNCORRECTABLE_SEVERITY = 0x0c,
	AER_CORRECTABLE_STATUS = 0x10,
	AER_CORRECTABLE_MASK = 0x14,
	AER_CONTROL = 0x18,
	AER_LOG = 0x1c, /* the header's four dwords */
	AER_PREFIX_LOG = 0x38, /* four dwords too */
	AER_LOG_SIZE = 16,
};

/* 7.8.4.2 to .4: all that are in the table of the uncorrectable ones, up to TLP prefix blocked. */
enum {
	AER_LINK_PROTOCOL = 1 << 4,
	AER_SURPRISE_DOWN = 1 << 5,
	AER_FLOW_CONTROL = 1 << 13,
	AER_OVERFLOW = 1 << 17,
	AER_MALFORMED = 1 << 18,
	AER_INTERNAL = 1 << 22,
	AER_UNCORRECTABLE = 0x03fff030,
	/* fatal unless software says otherwise */
	AER_FATAL = AER_LINK_PROTOCOL | AER_SURPRISE_DOWN | AER_FLOW_CONTROL | AER_OVERFLOW |
		    AER_MALFORMED | AER_INTERNAL,
	/* receiver, bad TLP, bad DLLP, replay rollover and timer; then those masked at first: 7.8.4.6 */
	AER_CORRECTABLE = 0x11c1 | 7 << 13,
	AER_CORRECTABLE_MASKED = 7 << 13,
	AER_FIRST = 0x1f,
};

/* Bits that software writes and that stay over every reset but power-on. */
static void writable_sticky(struct pci_function *pci, uint32_t at, uint32_t mask)
{
	pci_put32(&pci->wmask[at], mask);
	pci_put32(&pci->sticky[at], mask);
}

static void clearable_sticky(struct pci_function *pci, uint32_t at, uint32_t mask)
{
	pci_put32(&pci->w1c[at], mask);
	pci_put32(&pci->sticky[at], mask);
}

static int init_aer(struct pci_function *pci, const struct ez_ext_cap *cap)
{
	uint32_t at = cap->offset;

	if (cap->length < EZ_AER_LENGTH)
		return -EINVAL;
	clearable_sticky(pci, at + AER_UNCORRECTABLE_STATUS, AER_UNCORRECTABLE);
	writable_sticky(pci, at + AER_UNCORRECTABLE_MASK, AER_UNCORRECTABLE);
	pci_put32(&pci->initial[at + AER_UNCORRECTABLE_MASK], AER_INTERNAL);
	writable_sticky(pci, at + AER_UNCORRECTABLE_SEVERITY, AER_UNCORRECTABLE);
	pci_put32(&pci->initial[at + AER_UNCORRECTABLE_SEVERITY], AER_FATAL);
	clearable_sticky(pci, at + AER_CORRECTABLE_STATUS, AER_CORRECTABLE);
	writable_sticky(pci, at + AER_CORRECTABLE_MASK, AER_CORRECTABLE);
	pci_put32(&pci->initial[at + AER_CORRECTABLE_MASK], AER_CORRECTABLE_MASKED);
	pci_put32(&pci->sticky[at + AER_CONTROL], AER_FIRST);
	memset(&pci->sticky[at + AER_LOG], 0xff, AER_LOG_SIZE);
	memset(&pci->sticky[at + AER_PREFIX_LOG], 0xff, AER_LOG_SIZE);
	return 0;
}

/* 7.9.3: the lower dword first. */
static int init_serial(struct pci_function *pci, const struct ez_ext_cap *cap)
{
	if (cap->length < EZ_SERIAL_LENGTH)
		return -EINVAL;
	pci_put32(&pci->initial[cap->offset + 4u], (uint32_t)cap->serial);
	pci_put32(&pci->initial[cap->offset + 8u], (uint32_t)(cap->serial >> 32));
	return 0;
}

static int init_one(struct pci_function *pci, const struct ez_ext_cap *cap)
{
	if (cap->id == PCI_EXT_AER)
		return init_aer(pci, cap);
	if (cap->id == PCI_EXT_SERIAL)
		return init_serial(pci, cap);
	if (cap->body)
		memcpy(&pci->initial[cap->offset + HEADER], cap->body, cap->length - HEADER);
	if (cap->body_wmask)
		memcpy(&pci->wmask[cap->offset + HEADER], cap->body_wmask, cap->length - HEADER);
	return 0;
}

int pci_ext_init(struct pci_function *pci)
{
	const struct ez_spec *spec = pci->spec;
	uint32_t end = EZ_CONFIG_SIZE;
	uint32_t i, next;

	if (spec->n_ext_caps && (!spec->id.express || spec->ext_caps[0].offset != end))
		return -EINVAL;
	for (i = 0; i < spec->n_ext_caps; i++) {
		const struct ez_ext_cap *cap = &spec->ext_caps[i];

		if (cap->offset < end || (cap->offset & 3) || (cap->length & 3) ||
		    cap->length < HEADER + 4 || cap->version > 15 ||
		    (uint32_t)cap->offset + cap->length > EZ_CONFIG_SIZE_EXPRESS)
			return -EINVAL;
		end = (uint32_t)cap->offset + cap->length;
		next = i + 1 < spec->n_ext_caps ? cap[1].offset : 0;
		pci_put32(&pci->initial[cap->offset],
			  cap->id | (uint32_t)cap->version << VERSION_SHIFT | next << NEXT_SHIFT);
		if (init_one(pci, cap))
			return -EINVAL;
	}
	return 0;
}
