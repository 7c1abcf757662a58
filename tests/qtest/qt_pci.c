/* SPDX-License-Identifier: BSD-2-Clause */
#include "qt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Configuration mechanism #1; PCI 3.0, 3.2.2.3.2. */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc

#define COMMAND 0x04
#define CAPABILITIES 0x34
#define MSI_ID 0x05

/* Q35's window to all of configuration space, switched on by its register PCIEXBAR. */
#define ECAM 0xb0000000u
#define PCIEXBAR 0x60

/* Where in memory a register of extended config space is: PCIe 7.2.2. */
static uint64_t extended(struct qt_pci *pci, uint32_t offset)
{
	struct qt_pci host = { .qt = pci->qt };

	/* Each time: a reset switches it off. */
	qt_config_write(&host, PCIEXBAR, 4, ECAM | 1);
	return ECAM + ((uint64_t)pci->bus << 20 | (uint64_t)pci->slot << 15 |
		       (uint64_t)pci->fn << 12 | offset);
}

static void address(struct qt_pci *pci, uint32_t offset)
{
	qt_out(pci->qt, CONFIG_ADDRESS, 4,
	       0x80000000u | (uint32_t)pci->bus << 16 | (uint32_t)pci->slot << 11 |
		       (uint32_t)pci->fn << 8 | (offset & 0xfc));
}

uint32_t qt_config_read(struct qt_pci *pci, uint32_t offset, unsigned int width)
{
	if (offset >= 256)
		return (uint32_t)qt_read(pci->qt, extended(pci, offset), width);
	address(pci, offset);
	return qt_in(pci->qt, (uint16_t)(CONFIG_DATA + (offset & 3)), width);
}

void qt_config_write(struct qt_pci *pci, uint32_t offset, unsigned int width, uint32_t value)
{
	if (offset >= 256) {
		qt_write(pci->qt, extended(pci, offset), width, value);
		return;
	}
	address(pci, offset);
	qt_out(pci->qt, (uint16_t)(CONFIG_DATA + (offset & 3)), width, value);
}

void qt_config_fetch(struct qt_pci *pci, uint8_t *bytes, size_t size)
{
	qt_fetch(pci->qt, extended(pci, 0), bytes, size);
}

struct qt_pci qt_pci_find(struct qt *qt, uint8_t bus, uint16_t vendor, uint16_t device,
			  unsigned int nth)
{
	struct qt_pci pci = { .qt = qt, .bus = bus };
	uint32_t id = (uint32_t)device << 16 | vendor;

	for (pci.slot = 0; pci.slot < 32; pci.slot++)
		for (pci.fn = 0; pci.fn < 8; pci.fn++)
			if (qt_config_read(&pci, 0, 4) == id && nth-- == 0)
				return pci;
	fprintf(stderr, "no device %04x:%04x on bus %u; QEMU said:\n%s\n", vendor, device, bus,
		qt_stderr(qt));
	exit(1);
}

/* Memory below 4 GiB is that of buses 0 and 1; each bus has its own range. */
static uint64_t memory_of(unsigned int bus)
{
	return 0xe0000000u + bus * UINT64_C(0x10000000);
}

static uint64_t prefetchable_of(unsigned int bus)
{
	return UINT64_C(0x800000000) + bus * UINT64_C(0x100000000);
}

static uint64_t ports_of(unsigned int bus)
{
	return 0xc000 + bus * 0x2000;
}

void qt_pci_setup_bridge(struct qt_pci *bridge, uint8_t behind)
{
	uint64_t memory = memory_of(behind), ports = ports_of(behind);
	uint64_t prefetchable = prefetchable_of(behind);

	/* Bus numbers, then windows by base and limit: PCI-to-PCI bridges 1.2, 3.2.5. */
	qt_config_write(bridge, 0x18, 4, (uint32_t)behind << 16 | (uint32_t)behind << 8);
	qt_config_write(bridge, 0x1c, 2,
			(uint32_t)((ports + 0x1000) & 0xf000) | (uint32_t)ports >> 8);
	qt_config_write(bridge, 0x20, 4,
			(uint32_t)((memory + 0x0af00000) & 0xfff00000) | (uint32_t)(memory >> 16));
	qt_config_write(bridge, 0x24, 4, 0xfff00000);
	qt_config_write(bridge, 0x28, 4, (uint32_t)(prefetchable >> 32));
	qt_config_write(bridge, 0x2c, 4, (uint32_t)(prefetchable >> 32));
	qt_pci_command(bridge, 7, 0);
}

/* Each device has its own addresses, so that they do not meet. */
void qt_pci_setup(struct qt_pci *pci)
{
	uint64_t place = pci->slot * 8u + pci->fn;
	uint64_t memory = memory_of(pci->bus) + place * 0x80000;
	uint64_t prefetchable = prefetchable_of(pci->bus) + place * 0x1000000;
	uint64_t ports = ports_of(pci->bus) + place * 0x20;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		uint32_t at = 0x10 + 4 * i;
		uint32_t low;

		qt_config_write(pci, at, 4, 0xffffffff);
		low = qt_config_read(pci, at, 4);
		pci->bar[i] = 0;
		if (!low)
			continue;
		if (low & 1) {
			pci->bar[i] = ports;
			ports += 0x20;
			qt_config_write(pci, at, 4, (uint32_t)pci->bar[i]);
		} else if (low & 4) {
			pci->bar[i] = prefetchable;
			prefetchable += 0x400000;
			qt_config_write(pci, at, 4, (uint32_t)pci->bar[i]);
			qt_config_write(pci, at + 4, 4, (uint32_t)(pci->bar[i] >> 32));
			i++;
		} else {
			pci->bar[i] = memory;
			memory += 0x40000;
			qt_config_write(pci, at, 4, (uint32_t)pci->bar[i]);
		}
	}
	qt_pci_command(pci, 7, 0);
}

uint32_t qt_pci_cap(struct qt_pci *pci, uint8_t id)
{
	uint32_t at = qt_config_read(pci, CAPABILITIES, 1);

	while (at && qt_config_read(pci, at, 1) != id)
		at = qt_config_read(pci, at + 1, 1);
	return at;
}

void qt_pci_msi(struct qt_pci *pci, unsigned int vectors, uint64_t address, uint16_t data)
{
	uint32_t at = qt_pci_cap(pci, MSI_ID);
	uint16_t flags = (uint16_t)(qt_config_read(pci, at + 2, 2) & ~0x71u);
	bool wide = flags & 0x80;

	if (!vectors) {
		qt_config_write(pci, at + 2, 2, flags);
		return;
	}
	qt_config_write(pci, at + 4, 4, (uint32_t)address);
	if (wide)
		qt_config_write(pci, at + 8, 4, (uint32_t)(address >> 32));
	qt_config_write(pci, at + (wide ? 12 : 8), 2, data);
	flags |= (uint16_t)(__builtin_ctz(vectors) << 4 | 1);
	qt_config_write(pci, at + 2, 2, flags);
}

void qt_pci_command(struct qt_pci *pci, uint16_t set, uint16_t clear)
{
	uint32_t now = qt_config_read(pci, COMMAND, 2);

	qt_config_write(pci, COMMAND, 2, (now & ~(uint32_t)clear) | set);
}

void qt_pci_mirror(struct qt *qt, const char *path, uint8_t *bytes, size_t size)
{
	const char *hex = qt_qmp(qt,
				 "{'execute':'qom-get','arguments':{'path':'%s','property':"
				 "'x-config'}}",
				 path);
	size_t i;

	if (strlen(hex) < 2 * size + 2) {
		fprintf(stderr, "%s has no config space of %zu bytes: %s\n", path, size, hex);
		exit(1);
	}
	for (i = 0; i < size; i++) {
		char digits[3] = { hex[1 + 2 * i], hex[2 + 2 * i], 0 };

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

uint64_t qt_get(struct qt_pci *pci, unsigned int bar, uint64_t offset, unsigned int width)
{
	return qt_read(pci->qt, pci->bar[bar] + offset, width);
}

void qt_put(struct qt_pci *pci, unsigned int bar, uint64_t offset, unsigned int width,
	    uint64_t value)
{
	qt_write(pci->qt, pci->bar[bar] + offset, width, value);
}
