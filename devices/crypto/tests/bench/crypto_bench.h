/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bench tests of crypto share: tables in memory, commands, the data of the sweeps. */
#ifndef CRYPTO_BENCH_H
#define CRYPTO_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "crypto_spec.h"

#define PAGE 4096u
#define ALL_EVENTS 0xffu

/* Where things lie in the bench's memory. */
#define IN_TABLE_AT 0x100000u
#define OUT_TABLE_AT 0x200000u
#define IN_DATA 0x400000u
#define OUT_DATA 0x1000000u

/* Numbers of the interface's own description, not of our header. */
enum { ERROR_CODE = 0x00, STATE = 0x01, COMMAND = 0x02, ENABLE = 0x03 };
enum { ERROR_FLAG = 0x1c, READY_FLAG = 0x1d, RESET_FLAG = 0x1e };
enum { RESET = 1, ENCRYPT = 2, DECRYPT = 3, SHA256 = 4 };
enum { NO_ERROR = 0, DMA_ERROR = 1, WRITE_ERROR = 3 };

#define EXT_AES(op, bits) ((op) | ((bits) / 64 - 1) << 4)
#define EXT_FIRST 0x104u
#define EXT_MIDDLE 0x004u
#define EXT_LAST 0x204u
#define EXT_WHOLE 0x304u

static inline uint32_t rd(struct ez_bench *b, uint32_t offset, unsigned int width)
{
	return (uint32_t)ez_bench_read(b, 0, offset, width);
}

static inline void wr(struct ez_bench *b, uint32_t offset, unsigned int width, uint64_t value)
{
	ez_bench_write(b, 0, offset, width, value);
}

/* Data of the sweeps. Results in the tests are those of openssl(1) 3.0 for it. */
static inline uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 131 + (i >> 8) * 17 + 5);
}

static inline void fill_pattern(uint8_t *at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = pattern(i);
}

/* The bytes that a text of hexadecimal digits says. */
static inline void unhex(const char *text, uint8_t *bytes)
{
	char pair[3] = { 0 };

	for (; *text; text += 2) {
		memcpy(pair, text, 2);
		*bytes++ = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static inline void expect_bytes(const uint8_t *bytes, const char *text)
{
	uint8_t want[256];

	assert_true(strlen(text) / 2 <= sizeof(want));
	unhex(text, want);
	assert_memory_equal(bytes, want, strlen(text) / 2);
}

static inline struct ez_bench *crypto_new(void)
{
	struct ez_bench *b = ez_bench_new(NULL, "aes_cbc_256=SECRET");

	wr(b, ENABLE, 1, ALL_EVENTS);
	return b;
}

/* ---- buffers: pages that are no neighbours, so that nothing can be taken for one piece ---- */

/* Bus address of byte i of a buffer that begins `offset` bytes into its first page. */
static inline uint64_t scattered(uint64_t base, uint32_t offset, uint32_t i)
{
	uint32_t page = (offset + i) / PAGE;

	/* Every second page, the two of each pair swapped. */
	return base + (uint64_t)(page ^ 1) * 2 * PAGE + (offset + i) % PAGE;
}

static inline uint32_t pages(uint32_t offset, uint32_t size)
{
	return (offset + size + PAGE - 1) / PAGE;
}

static inline void put_entry(struct ez_bench *b, uint64_t table, uint32_t i, uint64_t address)
{
	memcpy(ez_bench_ram(b) + table + 8ull * i, &address, sizeof(address));
}

static inline void put_extent(struct ez_bench *b, uint64_t table, uint32_t i, uint64_t address,
			      uint32_t length, uint32_t flags)
{
	uint8_t *at = ez_bench_ram(b) + table + 16ull * i;

	memcpy(at, &address, 8);
	memcpy(at + 8, &length, 4);
	memcpy(at + 12, &flags, 4);
}

/* A classic table for such a buffer. Returns its entries. */
static inline uint32_t put_table(struct ez_bench *b, uint64_t table, uint64_t base, uint32_t offset,
				 uint32_t size)
{
	uint32_t n = pages(offset, size);

	for (uint32_t i = 0; i < n; i++)
		put_entry(b, table, i, scattered(base, 0, i * PAGE) + (i ? 0 : offset));
	return n;
}

static inline void put_data(struct ez_bench *b, uint64_t base, uint32_t offset, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		ez_bench_ram(b)[scattered(base, offset, i)] = pattern(i);
}

static inline void get_data(struct ez_bench *b, uint64_t base, uint32_t offset, uint8_t *to,
			    uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		to[i] = ez_bench_ram(b)[scattered(base, offset, i)];
}

/* ---- commands ---- */

static inline void set_in(struct ez_bench *b, uint64_t table, uint32_t count, uint32_t size)
{
	wr(b, 0x04, 4, table >> 12);
	wr(b, 0x08, 4, count);
	wr(b, 0x0c, 4, size);
}

static inline void set_out(struct ez_bench *b, uint64_t table, uint32_t count, uint32_t size)
{
	wr(b, 0x10, 4, table >> 12);
	wr(b, 0x14, 4, count);
	wr(b, 0x18, 4, size);
}

static inline void set_ext(struct ez_bench *b, uint32_t at, uint64_t table, uint32_t count,
			   uint32_t size)
{
	wr(b, at, 8, table);
	wr(b, at + 8, 4, count);
	wr(b, at + 12, 4, size);
}

static inline void set_ext_in(struct ez_bench *b, uint64_t table, uint32_t count, uint32_t size)
{
	set_ext(b, 0x50, table, count, size);
}

static inline void set_ext_out(struct ez_bench *b, uint64_t table, uint32_t count, uint32_t size)
{
	set_ext(b, 0x60, table, count, size);
}

/* Until nothing is due any more; then nothing may be running. Returns which flags are up, and clears them. */
static inline uint32_t finish(struct ez_bench *b)
{
	uint32_t flags;

	while (ez_bench_step(b))
		;
	assert_int_equal(rd(b, STATE, 1), 0);
	assert_int_equal(rd(b, COMMAND, 1), 0);
	assert_int_equal(rd(b, 0x70, 4), 0);
	flags = rd(b, ERROR_FLAG, 4);
	wr(b, ERROR_FLAG, 4, 0);
	return flags;
}

#define FLAG_ERROR 0x000001u
#define FLAG_READY 0x000100u
#define FLAG_RESET 0x010000u

static inline void run_ok(struct ez_bench *b, uint8_t command)
{
	wr(b, COMMAND, 1, command);
	assert_int_equal(finish(b), FLAG_READY);
}

static inline void run_ext_ok(struct ez_bench *b, uint32_t command)
{
	wr(b, 0x70, 4, command);
	assert_int_equal(finish(b), FLAG_READY);
}

/* The command before this ended so; then a reset, which clears it. */
static inline void expect_error(struct ez_bench *b, uint8_t code, uint32_t detail, uint32_t entry)
{
	assert_int_equal(finish(b), FLAG_ERROR);
	assert_int_equal(rd(b, ERROR_CODE, 1), code);
	assert_int_equal(rd(b, 0x74, 4), detail);
	assert_int_equal(rd(b, 0x78, 4), entry);
	wr(b, COMMAND, 1, RESET);
	assert_int_equal(finish(b), FLAG_RESET);
	assert_int_equal(rd(b, ERROR_CODE, 1), NO_ERROR);
	assert_int_equal(rd(b, 0x74, 4), 0);
}

static inline int setup(void **state)
{
	*state = crypto_new();
	return 0;
}

static inline int teardown(void **state)
{
	ez_bench_free(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
