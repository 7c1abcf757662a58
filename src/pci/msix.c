/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X, 6.8.2: a capability, and in memory BARs a table of messages and an
 * array of pending bits.
 */
#include "pci/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The capability, 6.8.2.3 to 6.8.2.5. */
enum {
	MSIX_CONTROL = 2,
	MSIX_SIZE = 0x7ff,
	MSIX_FUNCTION_MASK = 1 << 14,
	MSIX_ENABLE = 1 << 15,
	MSIX_TABLE = 4, /* offset, a multiple of 8, and the number of a BAR in its low bits */
	MSIX_PBA = 8,
	MSIX_LENGTH = 12,
};

/* An entry of the table, 6.8.2.6 to 6.8.2.9: four dwords. */
enum {
	ENTRY_SIZE = 16,
	ENTRY_ADDRESS = 0,
	ENTRY_CONTROL = 12,
	CONTROL_MASK = 1 << 0,
};

#define PBA_WORD 64 /* vectors of one qword */

/* Bytes of the pending bits, which come in qwords. */
static uint32_t pba_size(unsigned int vectors)
{
	return (vectors + PBA_WORD - 1) / PBA_WORD * 8;
}

/* Do these bytes lie in that BAR, and is it memory? */
static bool fits(const struct ez_spec *spec, unsigned int bar, uint32_t offset, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < spec->n_bars; i++)
		if (spec->bars[i].number == bar)
			return spec->bars[i].kind != EZ_BAR_IO && !(offset & 7) &&
			       offset < spec->bars[i].size && size <= spec->bars[i].size - offset;
	return false;
}

int pci_msix_init(struct pci_function *pci, const struct ez_cap *cap)
{
	uint32_t table = cap->vectors * ENTRY_SIZE;
	uint32_t pba = pba_size(cap->vectors);
	uint8_t *initial = &pci->initial[cap->offset];

	if (!cap->vectors || cap->vectors > PCI_MSIX_VECTORS || cap->length < MSIX_LENGTH ||
	    pci->msix || !fits(pci->spec, cap->table_bar, cap->table_offset, table) ||
	    !fits(pci->spec, cap->pba_bar, cap->pba_offset, pba))
		return -EINVAL;
	pci_put16(initial + MSIX_CONTROL, (uint16_t)(cap->vectors - 1));
	pci_put32(initial + MSIX_TABLE, cap->table_offset | cap->table_bar);
	pci_put32(initial + MSIX_PBA, cap->pba_offset | cap->pba_bar);
	pci_put16(&pci->wmask[cap->offset + MSIX_CONTROL], MSIX_FUNCTION_MASK | MSIX_ENABLE);
	pci->msix_table = calloc(1, table);
	pci->msix_pending = calloc(1, pba);
	pci->msix_taken = calloc(cap->vectors, sizeof(*pci->msix_taken));
	if (!pci->msix_table || !pci->msix_pending || !pci->msix_taken)
		return -ENOMEM;
	pci->msix = cap->offset;
	pci->msix_cap = cap;
	return 0;
}

static void set_mask(struct pci_function *pci, unsigned int vector, bool masked)
{
	pci_put32(&pci->msix_table[vector * ENTRY_SIZE + ENTRY_CONTROL], masked ? CONTROL_MASK : 0);
}

/* 6.8.2.6 to 6.8.2.10: every vector is masked, and none pending. */
void pci_msix_reset(struct pci_function *pci)
{
	unsigned int i;

	if (!pci->msix)
		return;
	memset(pci->msix_table, 0, pci_msix_table_size(pci));
	for (i = 0; i < pci->msix_cap->vectors; i++)
		set_mask(pci, i, !pci->msix_taken[i]);
	memset(pci->msix_pending, 0, pci_msix_pba_size(pci));
}

unsigned int pci_msix_vectors(const struct pci_function *pci)
{
	return pci->msix ? pci->msix_cap->vectors : 0;
}

uint32_t pci_msix_table_size(const struct pci_function *pci)
{
	return pci_msix_vectors(pci) * ENTRY_SIZE;
}

uint32_t pci_msix_pba_size(const struct pci_function *pci)
{
	return pba_size(pci_msix_vectors(pci));
}

static uint16_t control(const struct pci_function *pci)
{
	return pci->msix ? pci_get16(pci, pci->msix + MSIX_CONTROL) : 0;
}

bool pci_msix_enabled(const struct pci_function *pci)
{
	return control(pci) & MSIX_ENABLE;
}

bool pci_msix_masked(const struct pci_function *pci, unsigned int vector)
{
	return (control(pci) & MSIX_FUNCTION_MASK) ||
	       (pci->msix_table[vector * ENTRY_SIZE + ENTRY_CONTROL] & CONTROL_MASK);
}

bool pci_msix_pending(const struct pci_function *pci, unsigned int vector)
{
	return pci->msix_pending[vector / 8] >> vector % 8 & 1;
}

void pci_msix_pend(struct pci_function *pci, unsigned int vector, bool on)
{
	uint8_t bit = (uint8_t)(1u << vector % 8);

	if (on)
		pci->msix_pending[vector / 8] |= bit;
	else
		pci->msix_pending[vector / 8] &= (uint8_t)~bit;
}

void pci_msix_take(struct pci_function *pci, unsigned int vector, bool taken)
{
	pci->msix_taken[vector] = taken;
	set_mask(pci, vector, !taken);
}

void pci_msix_forget_all(struct pci_function *pci)
{
	if (pci->msix)
		memset(pci->msix_pending, 0, pci_msix_pba_size(pci));
}

enum pci_msix_part pci_msix_find(const struct pci_function *pci, unsigned int bar, uint64_t offset,
				 uint32_t *ret_at)
{
	const struct ez_cap *cap = pci->msix_cap;

	if (!pci->msix)
		return PCI_MSIX_NONE;
	if (bar == cap->table_bar && offset >= cap->table_offset &&
	    offset - cap->table_offset < pci_msix_table_size(pci)) {
		*ret_at = (uint32_t)offset - cap->table_offset;
		return PCI_MSIX_TABLE;
	}
	if (bar == cap->pba_bar && offset >= cap->pba_offset &&
	    offset - cap->pba_offset < pci_msix_pba_size(pci)) {
		*ret_at = (uint32_t)offset - cap->pba_offset;
		return PCI_MSIX_PBA;
	}
	return PCI_MSIX_NONE;
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

uint64_t pci_msix_read(const struct pci_function *pci, enum pci_msix_part part, uint32_t at,
		       unsigned int width)
{
	const uint8_t *bytes = part == PCI_MSIX_TABLE ? pci->msix_table : pci->msix_pending;
	uint64_t value = get32(bytes + at);

	return width == 8 ? value | (uint64_t)get32(bytes + at + 4) << 32 : value;
}

/* One dword. Reserved bits stay 0, and so do the two lowest of the address, 6.8.2.6. */
static void put_entry(struct pci_function *pci, uint32_t at, uint32_t value)
{
	if (at % ENTRY_SIZE == ENTRY_ADDRESS)
		value &= ~UINT32_C(3);
	else if (at % ENTRY_SIZE == ENTRY_CONTROL)
		value &= CONTROL_MASK;
	pci_put32(&pci->msix_table[at], value);
}

void pci_msix_write(struct pci_function *pci, uint32_t at, unsigned int width, uint64_t value)
{
	put_entry(pci, at, (uint32_t)value);
	if (width == 8)
		put_entry(pci, at + 4, (uint32_t)(value >> 32));
}

void pci_msix_restore(struct pci_function *pci, const uint8_t *table, const uint8_t *pending)
{
	unsigned int i;
	uint32_t at;

	for (at = 0; at < pci_msix_table_size(pci); at += 4)
		put_entry(pci, at, get32(table + at));
	for (i = 0; i < pci_msix_vectors(pci); i++) {
		pci_msix_pend(pci, i, pending[i / 8] >> i % 8 & 1);
		if (pci->msix_taken[i])
			set_mask(pci, i, false);
	}
}
