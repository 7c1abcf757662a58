/* SPDX-License-Identifier: BSD-2-Clause */
/* What every test program here includes. */
#ifndef ERSATZ_TESTS_QTEST_TEST_H
#define ERSATZ_TESTS_QTEST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "qt.h"
#include "probe_spec.h"

#define MY_RNG_BAR_SIZE 0x1000

/* Guest memory that tests use, away from each other. */
#define RAM_MSI UINT64_C(0x100000)
#define RAM_DATA UINT64_C(0x200000)
#define RAM_SIZE UINT64_C(0x8000000) /* -m 128 */

/* One probe behind the root bus of a q35, found and set up. */
static inline struct qt_pci probe_start(const char *more)
{
	struct qt *qt = qt_start("-M q35 -m 128 -device probe,id=p%s", more);
	struct qt_pci probe = qt_pci_find(qt, 0, PROBE_VENDOR_ID, PROBE_DEVICE_ID, 0);

	qt_pci_setup(&probe);
	return probe;
}

/* A register of the probe's BAR 0, of 32 bits. */
static inline uint32_t get(struct qt_pci *probe, uint32_t reg)
{
	return (uint32_t)qt_get(probe, PROBE_BAR_REGS, reg, 4);
}

static inline void put(struct qt_pci *probe, uint32_t reg, uint32_t value)
{
	qt_put(probe, PROBE_BAR_REGS, reg, 4, value);
}

/* Guest memory as a little-endian number. */
static inline uint32_t ram32(struct qt *qt, uint64_t address)
{
	uint8_t b[4];

	qt_fetch(qt, address, b, sizeof(b));
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline void put_ram32(struct qt *qt, uint64_t address, uint32_t value)
{
	uint8_t b[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			 (uint8_t)(value >> 24) };

	qt_store(qt, address, b, sizeof(b));
}

/* A worker takes the time it takes: asks until the job is over, with QT_PATIENCE as the end. */
static inline void wait_for_job(struct qt_pci *probe)
{
	unsigned long polls = 0;

	while (get(probe, PROBE_BUSY))
		if (++polls > QT_PATIENCE * 100000ul)
			fail_msg("the job does not end");
}

#endif
