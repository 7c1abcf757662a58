/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI rules: one function's configuration space and what its bits mean. Pure
 * bookkeeping: nothing here calls back, moves data or knows a backend. What
 * has to follow from a change is the device's business.
 *
 * Section numbers without a name are PCI Local Bus 3.0's.
 */
#ifndef PCI_PCI_H
#define PCI_PCI_H

#include <ersatz/tables.h>

/* Type 0 header, 6.1. */
enum {
	PCI_COMMAND_OFFSET = 0x04,
	PCI_STATUS_OFFSET = 0x06,
	PCI_BAR_OFFSET = 0x10,
	PCI_CAPABILITY_POINTER = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d,
	PCI_CAPABILITY_BASE = 0x40,
};

/* Command register, 6.2.2. */
enum {
	PCI_COMMAND_IO = 1 << 0,
	PCI_COMMAND_MEMORY = 1 << 1,
	PCI_COMMAND_MASTER = 1 << 2,
	PCI_COMMAND_SERR = 1 << 8,
	PCI_COMMAND_INTX_DISABLE = 1 << 10,
};

/* Status register, 6.2.3. */
enum {
	PCI_STATUS_INTERRUPT = 1 << 3,
	PCI_STATUS_CAP_LIST = 1 << 4,
	PCI_STATUS_RECEIVED_TARGET_ABORT = 1 << 12,
	PCI_STATUS_RECEIVED_MASTER_ABORT = 1 << 13,
	PCI_STATUS_W1C = 0xf900,
};

enum { PCI_CAP_PM = 0x01, PCI_CAP_MSI = 0x05, PCI_CAP_VENDOR = 0x09 };

/* Power states of PM 1.2, 5. */
enum { PCI_D0 = 0, PCI_D3HOT = 3 };

struct pci_function {
	const struct ez_spec *spec;
	uint32_t size; /* of config space */
	uint32_t pm; /* offset of the capability, or 0 */
	uint32_t msi; /* offset of the capability, or 0 */
	const struct ez_cap *msi_cap;
	const struct ez_cap *pm_cap;
	uint8_t bytes[EZ_CONFIG_SIZE_EXPRESS];
	uint8_t initial[EZ_CONFIG_SIZE_EXPRESS];
	uint8_t wmask[EZ_CONFIG_SIZE_EXPRESS]; /* bits that software writes */
	uint8_t w1c[EZ_CONFIG_SIZE_EXPRESS]; /* bits that software clears by writing one */
};

/* ---- config.c ---- */

/* -EINVAL: the tables break a rule (a spec that `ersatz spec check` accepts does not). */
int pci_init(struct pci_function *pci, const struct ez_spec *spec);

/* Puts saved bytes back: what software can change, and MSI pending bits; not the layout. */
void pci_restore(struct pci_function *pci, const uint8_t *saved);

/* Back to the initial bytes. */
void pci_reset(struct pci_function *pci);

/* Software's access, where our bytes are of record. Aligned, inside, width 1, 2 or 4. */
uint32_t pci_read(const struct pci_function *pci, uint32_t offset, unsigned int width);
void pci_write(struct pci_function *pci, uint32_t offset, unsigned int width, uint32_t value);

/* Another's bytes are of record: take them over. Out of range: cut. */
void pci_sync(struct pci_function *pci, uint32_t offset, const uint8_t *bytes, uint32_t len);

uint16_t pci_get16(const struct pci_function *pci, uint32_t offset);
uint32_t pci_get32(const struct pci_function *pci, uint32_t offset);
void pci_put16(uint8_t *at, uint16_t value);
void pci_put32(uint8_t *at, uint32_t value);

static inline uint16_t pci_command(const struct pci_function *pci)
{
	return pci_get16(pci, PCI_COMMAND_OFFSET);
}

/* Sets or clears bits of the status register that hardware owns. */
void pci_status(struct pci_function *pci, uint16_t bits, bool on);

/*
 * Where BAR `number` decodes; false: no such BAR, its decoding is off, the
 * function is in D3hot, or the address is one that software only sized with.
 */
bool pci_bar_address(const struct pci_function *pci, unsigned int number, uint64_t *ret_address);

/* ---- caps.c ---- */

/* Lays out one capability's bytes and masks; the list's links are config.c's. */
int pci_cap_init(struct pci_function *pci, const struct ez_cap *cap);

unsigned int pci_power(const struct pci_function *pci);
/* Does leaving D3hot reset the function? PM 1.2, 3.2.4, No_Soft_Reset. */
bool pci_power_resets(const struct pci_function *pci);
/* Software wrote PMCSR; an unsupported state is dropped, 3.2.4. */
void pci_power_written(struct pci_function *pci, unsigned int before);

bool pci_msi_enabled(const struct pci_function *pci);
/* Vectors granted by software, at most those asked for; 6.8.1.3. */
unsigned int pci_msi_granted(const struct pci_function *pci);
/* Per-vector masking; false where the capability has none. */
bool pci_msi_masked(const struct pci_function *pci, unsigned int vector);
void pci_msi_pend(struct pci_function *pci, unsigned int vector, bool on);
bool pci_msi_pending(const struct pci_function *pci, unsigned int vector);
/* Offset of the pending bits, or 0 if the capability has none. */
uint32_t pci_msi_pending_offset(const struct pci_function *pci);
uint32_t pci_msi_pending_bits(const struct pci_function *pci);
/* Clears the pending bits of all other vectors. */
void pci_msi_keep_pending(struct pci_function *pci, uint32_t vectors);

#endif
