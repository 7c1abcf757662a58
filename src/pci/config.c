/* SPDX-License-Identifier: BSD-2-Clause */
#include "pci/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint16_t pci_get16(const struct pci_function *pci, uint32_t offset)
{
	return (uint16_t)(pci->bytes[offset] | pci->bytes[offset + 1] << 8);
}

uint32_t pci_get32(const struct pci_function *pci, uint32_t offset)
{
	return pci_get16(pci, offset) | (uint32_t)pci_get16(pci, offset + 2) << 16;
}

void pci_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

void pci_put32(uint8_t *at, uint32_t value)
{
	pci_put16(at, (uint16_t)value);
	pci_put16(at + 2, (uint16_t)(value >> 16));
}

/* 6.2.5: type bits below, address bits above, as many writable as size leaves. */
static int init_bar(struct pci_function *pci, const struct ez_bar *bar)
{
	uint32_t at = PCI_BAR_OFFSET + 4u * bar->number;
	uint64_t mask = ~(bar->size - 1);
	uint32_t type = 0;

	if (bar->number >= EZ_BARS || !bar->size || (bar->size & (bar->size - 1)))
		return -EINVAL;
	switch (bar->kind) {
	case EZ_BAR_IO:
		if (bar->size < 4 || bar->size > UINT32_MAX)
			return -EINVAL;
		type = 1;
		mask &= ~UINT64_C(3);
		break;
	case EZ_BAR_MEM64:
		if (bar->number == EZ_BARS - 1)
			return -EINVAL;
		type = 4;
		pci_put32(&pci->wmask[at + 4], (uint32_t)(mask >> 32));
		break;
	case EZ_BAR_MEM32:
		if (bar->size > UINT64_C(0x80000000))
			return -EINVAL;
		break;
	}
	if (bar->kind != EZ_BAR_IO) {
		if (bar->size < 16)
			return -EINVAL;
		type |= bar->prefetchable ? 8 : 0;
		mask &= ~UINT64_C(15);
	}
	pci_put32(&pci->initial[at], type);
	pci_put32(&pci->wmask[at], (uint32_t)mask);
	return 0;
}

static int init_caps(struct pci_function *pci)
{
	uint8_t *link = &pci->initial[PCI_CAPABILITY_POINTER];
	uint32_t end = PCI_CAPABILITY_BASE;
	uint32_t i;
	int err;

	for (i = 0; i < pci->spec->n_caps; i++) {
		const struct ez_cap *cap = &pci->spec->caps[i];

		if (cap->offset < end || (cap->offset & 3) || cap->length < 2 ||
		    (uint32_t)cap->offset + cap->length > EZ_CONFIG_SIZE)
			return -EINVAL;
		end = (uint32_t)cap->offset + cap->length;
		*link = cap->offset;
		pci->initial[cap->offset] = cap->id;
		link = &pci->initial[cap->offset + 1];
		err = pci_cap_init(pci, cap);
		if (err)
			return err;
	}
	if (pci->spec->n_caps)
		pci->initial[PCI_STATUS_OFFSET] |= PCI_STATUS_CAP_LIST;
	return 0;
}

int pci_init(struct pci_function *pci, const struct ez_spec *spec)
{
	const struct ez_identity *id = &spec->id;
	uint32_t i;
	int err;

	*pci = (struct pci_function){ .spec = spec };
	pci->size = id->express ? EZ_CONFIG_SIZE_EXPRESS : EZ_CONFIG_SIZE;

	pci_put16(&pci->initial[0x00], id->vendor);
	pci_put16(&pci->initial[0x02], id->device);
	pci->initial[0x08] = id->revision;
	pci->initial[0x09] = (uint8_t)id->class_code;
	pci_put16(&pci->initial[0x0a], (uint16_t)(id->class_code >> 8));
	pci_put16(&pci->initial[0x2c], id->subsystem_vendor);
	pci_put16(&pci->initial[0x2e], id->subsystem);
	pci->initial[PCI_INTERRUPT_PIN] = id->pin;

	pci_put16(&pci->wmask[PCI_COMMAND_OFFSET], PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
							   PCI_COMMAND_MASTER | PCI_COMMAND_SERR |
							   PCI_COMMAND_INTX_DISABLE);
	pci_put16(&pci->w1c[PCI_STATUS_OFFSET], PCI_STATUS_W1C);
	pci->wmask[0x0c] = 0xff; /* cache line size */
	pci->wmask[PCI_INTERRUPT_LINE] = 0xff;

	for (i = 0; i < spec->n_bars; i++)
		if (init_bar(pci, &spec->bars[i]))
			return -EINVAL;
	err = init_caps(pci);
	if (!err)
		err = pci_ext_init(pci);
	if (err)
		return err;
	for (i = 0; i < pci->size; i++)
		pci->kept[i] |= pci->sticky[i];
	pci_reset(pci, EZ_RESET_POWER_ON);
	return 0;
}

void pci_free(struct pci_function *pci)
{
	free(pci->msix_table);
	free(pci->msix_pending);
	free(pci->msix_taken);
}

void pci_reset(struct pci_function *pci, enum ez_reset_kind kind)
{
	const uint8_t *keep = kind == EZ_RESET_FUNCTION ? pci->kept : pci->sticky;
	uint32_t i;

	if (kind == EZ_RESET_POWER_ON)
		memcpy(pci->bytes, pci->initial, sizeof(pci->bytes));
	else
		for (i = 0; i < pci->size; i++)
			pci->bytes[i] =
				(uint8_t)((pci->bytes[i] & keep[i]) | (pci->initial[i] & ~keep[i]));
	pci_msix_reset(pci);
}

void pci_restore(struct pci_function *pci, const uint8_t *saved)
{
	uint32_t pending = pci_msi_pending_offset(pci);
	uint32_t i;

	for (i = 0; i < pci->size; i++) {
		uint8_t mask = pci->wmask[i] | pci->w1c[i];

		/* Pending bits are as many as there are mask bits, which stand before them. */
		if (pending && i >= pending && i < pending + 4)
			mask |= pci->wmask[i - 4];
		pci->bytes[i] = (uint8_t)((pci->bytes[i] & ~mask) | (saved[i] & mask));
	}
}

uint32_t pci_read(const struct pci_function *pci, uint32_t offset, unsigned int width)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < width; i++)
		value |= (uint32_t)pci->bytes[offset + i] << (8 * i);
	return value;
}

void pci_write(struct pci_function *pci, uint32_t offset, unsigned int width, uint32_t value)
{
	unsigned int power = pci_power(pci);
	unsigned int i;

	for (i = 0; i < width; i++) {
		uint8_t *byte = &pci->bytes[offset + i];
		uint8_t wmask = pci->wmask[offset + i];
		uint8_t in = (uint8_t)(value >> (8 * i));

		*byte = (uint8_t)((*byte & ~wmask) | (in & wmask));
		*byte &= (uint8_t) ~(in & pci->w1c[offset + i]);
	}
	pci_power_written(pci, power);
}

void pci_sync(struct pci_function *pci, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	if (offset >= pci->size)
		return;
	if (len > pci->size - offset)
		len = pci->size - offset;
	memcpy(&pci->bytes[offset], bytes, len);
}

void pci_status(struct pci_function *pci, uint16_t bits, bool on)
{
	uint16_t now = pci_get16(pci, PCI_STATUS_OFFSET);

	pci_put16(&pci->bytes[PCI_STATUS_OFFSET], (uint16_t)(on ? now | bits : now & ~bits));
}

bool pci_bar_address(const struct pci_function *pci, unsigned int number, uint64_t *ret_address)
{
	const struct ez_bar *bar = NULL;
	uint32_t at = PCI_BAR_OFFSET + 4u * number;
	uint64_t address;
	uint32_t i;

	for (i = 0; i < pci->spec->n_bars; i++)
		if (pci->spec->bars[i].number == number)
			bar = &pci->spec->bars[i];
	if (!bar || pci_power(pci) != PCI_D0)
		return false;
	if (!(pci_command(pci) & (bar->kind == EZ_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
		return false;
	address = pci_get32(pci, at);
	if (bar->kind == EZ_BAR_MEM64)
		address |= (uint64_t)pci_get32(pci, at + 4) << 32;
	address &= bar->kind == EZ_BAR_IO ? ~UINT64_C(3) : ~UINT64_C(15);
	address &= ~(bar->size - 1);
	/* 0 is never assigned; all ones is what sizing leaves for a moment. */
	if (!address || address + (bar->size - 1) == UINT64_MAX ||
	    (bar->kind != EZ_BAR_MEM64 && address + (bar->size - 1) >= UINT32_MAX))
		return false;
	*ret_address = address;
	return true;
}
