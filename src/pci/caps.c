/* SPDX-License-Identifier: BSD-2-Clause */
#include "pci/pci.h"

#include <errno.h>
#include <string.h>

/* Power management, PM 1.2, 3.2: capabilities at 2, control/status at 4. */
enum {
	PM_PMC = 2,
	PM_PMCSR = 4,
	PM_LENGTH = 8,
	PM_VERSION_1_2 = 3,
	PMC_D1 = 1 << 9,
	PMC_D2 = 1 << 10,
	PMCSR_STATE = 3,
	PMCSR_NO_SOFT_RESET = 1 << 3,
};

/* Message signalled interrupts, 6.8.1. */
enum {
	MSI_CONTROL = 2,
	MSI_ENABLE = 1 << 0,
	MSI_ASKED_SHIFT = 1,
	MSI_GRANTED_SHIFT = 4,
	MSI_GRANTED = 7 << MSI_GRANTED_SHIFT,
	MSI_64 = 1 << 7,
	MSI_MASKABLE = 1 << 8,
	MSI_ADDRESS = 4,
};

static uint32_t msi_data_offset(const struct ez_cap *cap)
{
	return cap->address64 ? 12u : 8u;
}

static uint32_t msi_mask_offset(const struct ez_cap *cap)
{
	return msi_data_offset(cap) + 4;
}

static int init_pm(struct pci_function *pci, const struct ez_cap *cap)
{
	uint8_t *initial = &pci->initial[cap->offset];

	if (cap->length < PM_LENGTH || pci->pm)
		return -EINVAL;
	pci_put16(initial + PM_PMC,
		  (uint16_t)(PM_VERSION_1_2 | (cap->d1 ? PMC_D1 : 0) | (cap->d2 ? PMC_D2 : 0)));
	pci_put16(initial + PM_PMCSR, cap->no_soft_reset ? PMCSR_NO_SOFT_RESET : 0);
	pci_put16(&pci->wmask[cap->offset + PM_PMCSR], PMCSR_STATE);
	pci->pm = cap->offset;
	pci->pm_cap = cap;
	return 0;
}

static int init_msi(struct pci_function *pci, const struct ez_cap *cap)
{
	uint8_t *initial = &pci->initial[cap->offset];
	uint8_t *wmask = &pci->wmask[cap->offset];
	uint32_t end = msi_data_offset(cap) + 2;
	uint16_t control = 0;
	unsigned int asked = 0;

	if (cap->maskable)
		end = msi_mask_offset(cap) + 8;
	while (asked < 5 && (1u << asked) < cap->vectors)
		asked++;
	if (!cap->vectors || (1u << asked) != cap->vectors || cap->length < end || pci->msi)
		return -EINVAL;
	control = (uint16_t)(asked << MSI_ASKED_SHIFT);
	control |= cap->address64 ? MSI_64 : 0;
	control |= cap->maskable ? MSI_MASKABLE : 0;
	pci_put16(initial + MSI_CONTROL, control);
	pci_put16(wmask + MSI_CONTROL, MSI_ENABLE | MSI_GRANTED);
	pci_put32(wmask + MSI_ADDRESS, UINT32_C(0xfffffffc));
	if (cap->address64)
		pci_put32(wmask + MSI_ADDRESS + 4, UINT32_MAX);
	pci_put16(wmask + msi_data_offset(cap), UINT16_MAX);
	if (cap->maskable)
		pci_put32(wmask + msi_mask_offset(cap),
			  cap->vectors == 32 ? UINT32_MAX : (UINT32_C(1) << cap->vectors) - 1);
	pci->msi = cap->offset;
	pci->msi_cap = cap;
	return 0;
}

/* Any other: the spec gives the bytes. */
static int init_generic(struct pci_function *pci, const struct ez_cap *cap)
{
	size_t body = cap->length - 2u;

	if (cap->body)
		memcpy(&pci->initial[cap->offset + 2], cap->body, body);
	if (cap->body_wmask)
		memcpy(&pci->wmask[cap->offset + 2], cap->body_wmask, body);
	/* 6.7 and appendix H: a vendor capability says its own length. */
	if (cap->id == PCI_CAP_VENDOR && body)
		pci->initial[cap->offset + 2] = cap->length;
	return 0;
}

static const struct {
	uint8_t id;
	int (*init)(struct pci_function *pci, const struct ez_cap *cap);
} kinds[] = {
	{ PCI_CAP_PM, init_pm },	 { PCI_CAP_MSI, init_msi },
	{ PCI_CAP_MSIX, pci_msix_init }, { PCI_CAP_EXPRESS, pci_express_init },
	{ PCI_CAP_AF, pci_af_init },
};

int pci_cap_init(struct pci_function *pci, const struct ez_cap *cap)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].id == cap->id)
			return kinds[i].init(pci, cap);
	return init_generic(pci, cap);
}

unsigned int pci_power(const struct pci_function *pci)
{
	return pci->pm ? pci->bytes[pci->pm + PM_PMCSR] & PMCSR_STATE : PCI_D0;
}

bool pci_power_resets(const struct pci_function *pci)
{
	return pci->pm_cap && !pci->pm_cap->no_soft_reset;
}

void pci_power_written(struct pci_function *pci, unsigned int before)
{
	unsigned int now = pci_power(pci);
	bool missing = (now == PCI_D1 && !pci->pm_cap->d1) || (now == PCI_D2 && !pci->pm_cap->d2);

	/* D1 and D2 are optional; and the way up leads to D0 only. */
	if (missing || (now != PCI_D0 && now < before)) {
		pci->bytes[pci->pm + PM_PMCSR] &= (uint8_t)~PMCSR_STATE;
		pci->bytes[pci->pm + PM_PMCSR] |= (uint8_t)before;
	}
}

bool pci_msi_enabled(const struct pci_function *pci)
{
	return pci->msi && (pci_get16(pci, pci->msi + MSI_CONTROL) & MSI_ENABLE);
}

unsigned int pci_msi_granted(const struct pci_function *pci)
{
	unsigned int granted;

	if (!pci->msi)
		return 0;
	granted = (pci_get16(pci, pci->msi + MSI_CONTROL) & MSI_GRANTED) >> MSI_GRANTED_SHIFT;
	granted = 1u << granted;
	return granted < pci->msi_cap->vectors ? granted : pci->msi_cap->vectors;
}

bool pci_msi_masked(const struct pci_function *pci, unsigned int vector)
{
	if (!pci->msi || !pci->msi_cap->maskable)
		return false;
	return pci_get32(pci, pci->msi + msi_mask_offset(pci->msi_cap)) >> vector & 1;
}

uint32_t pci_msi_pending_offset(const struct pci_function *pci)
{
	if (!pci->msi || !pci->msi_cap->maskable)
		return 0;
	return pci->msi + msi_mask_offset(pci->msi_cap) + 4;
}

uint32_t pci_msi_pending_bits(const struct pci_function *pci)
{
	uint32_t at = pci_msi_pending_offset(pci);

	return at ? pci_get32(pci, at) : 0;
}

void pci_msi_keep_pending(struct pci_function *pci, uint32_t vectors)
{
	uint32_t at = pci_msi_pending_offset(pci);

	if (at)
		pci_put32(&pci->bytes[at], pci_get32(pci, at) & vectors);
}

void pci_msi_pend(struct pci_function *pci, unsigned int vector, bool on)
{
	uint32_t at = pci_msi_pending_offset(pci);
	uint32_t bit = UINT32_C(1) << vector;

	if (at)
		pci_put32(&pci->bytes[at],
			  on ? pci_get32(pci, at) | bit : pci_get32(pci, at) & ~bit);
}

bool pci_msi_pending(const struct pci_function *pci, unsigned int vector)
{
	return pci_msi_pending_bits(pci) >> vector & 1;
}
