/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model for tests, its tables made by hand: MSI-X with as many vectors as
 * there can be, memory windows, several of them in one BAR, and every kind of
 * memory BAR.
 */
#ifndef TESTS_VFIO_USER_PANEL_H
#define TESTS_VFIO_USER_PANEL_H

#include <stdint.h>

enum {
	PANEL_DEVICE = 0x9a9e,
	PANEL_ID = 0x9a9e0001,
	PANEL_VECTORS = 2048,
	PANEL_PM_AT = 0x40,
	PANEL_MSI_AT = 0x50,
	PANEL_MSIX_AT = 0x70,
};

/* BAR 0: mem32. */
enum {
	PANEL_ID_REG = 0x00,
	PANEL_WHICH = 0x04, /* window, for the next four */
	PANEL_AT = 0x08, /* offset in it */
	PANEL_VALUE = 0x0c, /* the dword there, as the model sees it */
	PANEL_SUM = 0x10, /* of all its bytes */
	PANEL_FILL = 0x14, /* all its bytes become this one */
	PANEL_RAISE = 0x18, /* source */
	PANEL_LOWER = 0x1c,
	PANEL_ADDRESS = 0x20, /* 8 bytes */
	PANEL_DMA = 0x28, /* 1 read, 2 write a dword, 3 the same from a job */
	PANEL_STATUS = 0x2c, /* what came of it */
	PANEL_DATA = 0x30, /* the dword */
	PANEL_DONE = 0x34, /* jobs that have ended */
	PANEL_DIE = 0x38, /* written: a null pointer */
};

/* BAR 1: mem32, prefetchable; BAR 2: mem64, prefetchable; BAR 4: mem64. One register each. */
enum {
	PANEL_PLAIN_BAR = 1,
	PANEL_PLAIN = 0x8,
	PANEL_RAM_BAR = 2,
	PANEL_RAM_BAR_SIZE = 0x100000,
	PANEL_CELL = 0x0, /* 8 bytes */
	PANEL_TABLE_BAR = 4,
	PANEL_TABLE_BAR_SIZE = 0x10000,
	PANEL_TABLE = 0x0,
	PANEL_PBA = 0x8000,
	PANEL_BELL = 0x9000,
};

/* Windows. HIGH keeps its contents over a function reset. */
enum { PANEL_LOW, PANEL_HIGH, PANEL_SMALL, PANEL_WINDOWS };
enum {
	PANEL_LOW_AT = 0x1000,
	PANEL_LOW_SIZE = 0x3000,
	PANEL_HIGH_AT = 0x10000,
	PANEL_HIGH_SIZE = 0x20000,
	PANEL_SMALL_AT = 0xa000,
	PANEL_SMALL_SIZE = 0x1000,
};

/* Sources, without registers, and their vectors. */
enum { PANEL_SOURCES = 4 };
static const uint16_t panel_vectors[PANEL_SOURCES] = { 0, 1, 5, 2047 };

#endif
