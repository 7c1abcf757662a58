/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests with the model `panel`: MSI-X with 2048 vectors, three memory windows. */
#ifndef ERSATZ_TESTS_QTEST_PANEL_TEST_H
#define ERSATZ_TESTS_QTEST_PANEL_TEST_H

#include "../vfio_user/panel.h"
#include "test.h"

#define MSIX_ID 0x11
#define MSIX_ENABLE 0x8000
#define MSIX_FUNCTION_MASK 0x4000

static inline struct qt_pci panel_find(struct qt *qt, uint8_t bus)
{
	struct qt_pci panel = qt_pci_find(qt, bus, 0x1234, PANEL_DEVICE, 0);

	qt_pci_setup(&panel);
	return panel;
}

static inline struct qt_pci panel_start(const char *more)
{
	return panel_find(qt_start("-M q35 -m 128 -device panel,id=p%s", more), 0);
}

/* The message control register. */
static inline void msix_control(struct qt_pci *panel, uint16_t bits)
{
	qt_config_write(panel, qt_pci_cap(panel, MSIX_ID) + 2, 2, bits);
}

static inline void msix_entry(struct qt_pci *panel, uint32_t vector, uint32_t data, bool masked)
{
	uint64_t at = PANEL_TABLE + 16 * vector;

	qt_put(panel, PANEL_TABLE_BAR, at, 8, RAM_MSI);
	qt_put(panel, PANEL_TABLE_BAR, at + 8, 4, data);
	qt_put(panel, PANEL_TABLE_BAR, at + 12, 4, masked);
}

static inline uint32_t msix_masked(struct qt_pci *panel, uint32_t vector)
{
	return (uint32_t)qt_get(panel, PANEL_TABLE_BAR, PANEL_TABLE + 16 * vector + 12, 4);
}

static inline bool msix_pending(struct qt_pci *panel, uint32_t vector)
{
	uint64_t at = PANEL_PBA + vector / 32 * 4;

	return qt_get(panel, PANEL_TABLE_BAR, at, 4) >> vector % 32 & 1;
}

/* The data of the message that has come, and clears it; 0 if none. */
static inline uint32_t msix_message(struct qt_pci *panel)
{
	uint32_t data = ram32(panel->qt, RAM_MSI);

	put_ram32(panel->qt, RAM_MSI, 0);
	return data;
}

#endif
