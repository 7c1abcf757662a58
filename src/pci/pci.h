/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI rules: one function's configuration space and what its bits mean. Pure
 * bookkeeping: nothing here calls back, moves data or knows a backend. What
 * has to follow from a change is the device's business.
 *
 * Section numbers without a name are PCI Local Bus 3.0's; PCIe is PCI Express
 * Base 5.0; AF is the Advanced Capabilities ECN to PCI 3.0.
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

enum {
	PCI_CAP_PM = 0x01,
	PCI_CAP_MSI = 0x05,
	PCI_CAP_VENDOR = 0x09,
	PCI_CAP_EXPRESS = 0x10,
	PCI_CAP_MSIX = 0x11,
	PCI_CAP_AF = 0x13,
};
enum { PCI_EXT_AER = 0x0001, PCI_EXT_SERIAL = 0x0003 };

/* 6.8.2.3: the largest MSI-X table. */
#define PCI_MSIX_VECTORS 2048

/* Power states of PM 1.2, 5. */
enum { PCI_D0 = 0, PCI_D1 = 1, PCI_D2 = 2, PCI_D3HOT = 3 };

struct pci_function {
	const struct ez_spec *spec;
	uint32_t size; /* of config space */
	uint32_t pm; /* offset of the capability, or 0 */
	uint32_t msi; /* offset of the capability, or 0 */
	uint32_t msix; /* offset of the capability, or 0 */
	const struct ez_cap *msi_cap;
	const struct ez_cap *msix_cap;
	const struct ez_cap *pm_cap;
	uint32_t flr[2]; /* where Initiate FLR is: offsets of the byte, or 0 */
	uint8_t flr_bit[2];
	uint32_t pending[2]; /* where Transactions Pending is: the same */
	uint8_t pending_bit[2];
	uint8_t *msix_table; /* as the BAR shows it: 16 bytes a vector, little endian */
	bool *msix_taken; /* per vector, see ez_device_msix_taken */
	uint8_t *msix_pending; /* as the BAR shows it: a bit a vector, in whole qwords */
	uint8_t bytes[EZ_CONFIG_SIZE_EXPRESS];
	uint8_t initial[EZ_CONFIG_SIZE_EXPRESS];
	uint8_t wmask[EZ_CONFIG_SIZE_EXPRESS]; /* bits that software writes */
	uint8_t w1c[EZ_CONFIG_SIZE_EXPRESS]; /* bits that software clears by writing one */
	uint8_t sticky[EZ_CONFIG_SIZE_EXPRESS]; /* bits that only power-on resets, PCIe 7.4 */
	uint8_t kept
		[EZ_CONFIG_SIZE_EXPRESS]; /* and those that a function reset keeps, PCIe 6.6.2 */
};

/* Index into flr and pending: the two capabilities that have them. */
enum { PCI_BY_EXPRESS, PCI_BY_AF };

/* ---- config.c ---- */

/*
 * -EINVAL: the tables break a rule (a spec that `ersatz spec check` accepts does not); -ENOMEM.
 * Pairs with pci_free, also when it fails.
 */
int pci_init(struct pci_function *pci, const struct ez_spec *spec);
void pci_free(struct pci_function *pci);

/* Puts saved bytes back: what software can change, and MSI pending bits; not the layout. */
void pci_restore(struct pci_function *pci, const uint8_t *saved);

/* Back to the initial bytes, but for what such a reset keeps, and MSI-X tables with them. */
void pci_reset(struct pci_function *pci, enum ez_reset_kind kind);

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

/* ---- express.c ---- */

int pci_express_init(struct pci_function *pci, const struct ez_cap *cap);
int pci_af_init(struct pci_function *pci, const struct ez_cap *cap);
/* Does this write of software's initiate a function level reset? PCIe 6.6.2; AF 6.x.4. */
bool pci_flr_written(const struct pci_function *pci, uint32_t offset, unsigned int width,
		     uint32_t value);
/* What a read gives beyond the bytes while the function has requests outstanding. */
uint32_t pci_pending_bits(const struct pci_function *pci, uint32_t offset, unsigned int width);

/* ---- extcaps.c ---- */

/* The whole extended list. */
int pci_ext_init(struct pci_function *pci);

/* ---- caps.c again ---- */

unsigned int pci_power(const struct pci_function *pci);
/* Does leaving D3hot reset the function? PM 1.2, 3.2.4, No_Soft_Reset. */
bool pci_power_resets(const struct pci_function *pci);
/* Software wrote PMCSR; an unsupported state or way is dropped, 3.2.4 and 5. */
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

/* ---- msix.c: all but the first four want a function that has the capability ---- */

int pci_msix_init(struct pci_function *pci, const struct ez_cap *cap);
void pci_msix_reset(struct pci_function *pci);
bool pci_msix_enabled(const struct pci_function *pci);
/* Size of the table, 0 without one. */
unsigned int pci_msix_vectors(const struct pci_function *pci);

/* By its own mask bit or the function's; 6.8.3.5. `vector` is below the table's size. */
bool pci_msix_masked(const struct pci_function *pci, unsigned int vector);
bool pci_msix_pending(const struct pci_function *pci, unsigned int vector);
void pci_msix_pend(struct pci_function *pci, unsigned int vector, bool on);
/* Clears the mask bit, and keeps it clear over resets and restores, or sets it. */
void pci_msix_take(struct pci_function *pci, unsigned int vector, bool taken);
/* No vector is pending any more. Fine without the capability. */
void pci_msix_forget_all(struct pci_function *pci);

/* What lies at an offset of a BAR, and how far into it. Fine without the capability. */
enum pci_msix_part { PCI_MSIX_NONE, PCI_MSIX_TABLE, PCI_MSIX_PBA };
enum pci_msix_part pci_msix_find(const struct pci_function *pci, unsigned int bar, uint64_t offset,
				 uint32_t *ret_at);
/* Software's access, of 4 or 8 bytes at a multiple of that. Pending bits are read-only. */
uint64_t pci_msix_read(const struct pci_function *pci, enum pci_msix_part part, uint32_t at,
		       unsigned int width);
void pci_msix_write(struct pci_function *pci, uint32_t at, unsigned int width, uint64_t value);

/* Bytes that msix_table and msix_pending have. */
uint32_t pci_msix_table_size(const struct pci_function *pci);
uint32_t pci_msix_pba_size(const struct pci_function *pci);
/* Puts saved bytes of those sizes back, but for reserved bits. */
void pci_msix_restore(struct pci_function *pci, const uint8_t *table, const uint8_t *pending);

#endif
