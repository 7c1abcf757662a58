/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bench tests of pcitest share. Numbers are those of Linux's driver, written out. */
#ifndef PCITEST_BENCH_H
#define PCITEST_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>

enum {
	MAGIC = 0x00,
	COMMAND = 0x04,
	STATUS = 0x08,
	SRC = 0x0c,
	DST = 0x14,
	SIZE = 0x1c,
	CHECKSUM = 0x20,
	IRQ_TYPE = 0x24,
	IRQ_NUMBER = 0x28,
	FLAGS = 0x2c,
	CAPS = 0x30,
	DB_BAR = 0x34,
	DB_OFFSET = 0x38,
	DB_DATA = 0x3c,
	STATE = 0x80,
	MOVED = 0x84,
};

enum { RAISE_INTX = 1, RAISE_MSI = 2, RAISE_MSIX = 4, READ = 8, WRITE = 16, COPY = 32 };
enum { DOORBELL_ON = 64, DOORBELL_OFF = 128 };
enum { INTX, MSI, MSIX };

enum {
	READ_OK = 1 << 0,
	READ_BAD = 1 << 1,
	WRITE_OK = 1 << 2,
	WRITE_BAD = 1 << 3,
	COPY_OK = 1 << 4,
	COPY_BAD = 1 << 5,
	IRQ_RAISED = 1 << 6,
	SRC_BAD = 1 << 7,
	DST_BAD = 1 << 8,
	RUNG = 1 << 9,
	BELL_ON = 1 << 10,
	BELL_OFF = 1 << 12,
};

/* Bytes of the bench's memory, from address 0 on. */
#define NOWHERE (UINT64_C(1) << 40)

static inline uint32_t rd(struct ez_bench *b, uint64_t at)
{
	return (uint32_t)ez_bench_read(b, 0, at, 4);
}

static inline void wr(struct ez_bench *b, uint64_t at, uint32_t value)
{
	ez_bench_write(b, 0, at, 4, value);
}

static inline void wr_address(struct ez_bench *b, uint64_t at, uint64_t address)
{
	wr(b, at, (uint32_t)address);
	wr(b, at + 4, (uint32_t)(address >> 32));
}

/* As the driver's handler does. */
static inline void handle(struct ez_bench *b)
{
	wr(b, STATUS, rd(b, STATUS) & ~(uint32_t)IRQ_RAISED);
}

/*
 * Linux's crc32_le(~0, ...), bit by bit: the polynomial 0x04c11db7 mirrored, nothing inverted
 * at the end. The model takes zlib's.
 */
static inline uint32_t crc32_le(const uint8_t *bytes, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return crc;
}

static inline int fresh(void **state)
{
	*state = ez_bench_new(NULL, NULL);
	return 0;
}

static inline int done(void **state)
{
	ez_bench_free(*state);
	return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, done)

#endif
