/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bench tests of newdev share: numbers of the published interface, and short ways to say things. */
#ifndef NEWDEV_BENCH_H
#define NEWDEV_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "newdev_spec.h"

/* The paper's, not those of our header. */
enum { PORTS = 0, REGS = 1 };
enum { PAPER_IRQ = 0x0, PAPER_DMA = 0x4, PAPER_STATUS = 0x0, PAPER_ID = 0x4 };
#define PAPER_DMA_BYTES 0x1ffffu

#define MEMORY (2u << 20)
#define COMMAND_MASTER 0x4u

static inline uint32_t port_in(struct ez_bench *b, uint32_t offset, unsigned int width)
{
	return (uint32_t)ez_bench_read(b, PORTS, offset, width);
}

static inline void port_out(struct ez_bench *b, uint32_t offset, unsigned int width, uint32_t value)
{
	ez_bench_write(b, PORTS, offset, width, value);
}

static inline uint32_t rd(struct ez_bench *b, uint32_t offset)
{
	return (uint32_t)ez_bench_read(b, REGS, offset, 4);
}

static inline void wr(struct ez_bench *b, uint32_t offset, uint32_t value)
{
	ez_bench_write(b, REGS, offset, 4, value);
}

static inline void mastering(struct ez_bench *b, bool on)
{
	uint32_t command = ez_bench_config_read(b, 0x04, 2);

	ez_bench_config_write(b, 0x04, 2,
			      on ? command | COMMAND_MASTER : command & ~COMMAND_MASTER);
}

static inline uint8_t pattern(uint32_t i)
{
	return (uint8_t)(i * 131 + (i >> 8) * 17 + 5);
}

static inline void fill_pattern(uint8_t *at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = pattern(i);
}

static inline uint32_t count_not(const uint8_t *at, uint32_t len, uint8_t value)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < len; i++)
		n += at[i] != value;
	return n;
}

/* Starts a transfer; it has not ended when this returns. */
static inline void dma_start(struct ez_bench *b, uint32_t command, uint64_t address,
			     uint32_t length, uint32_t offset, uint32_t entries)
{
	ez_bench_write(b, REGS, NEWDEV_DMA_ADDRESS, 8, address);
	wr(b, NEWDEV_DMA_LENGTH, length);
	wr(b, NEWDEV_DMA_OFFSET, offset);
	wr(b, NEWDEV_DMA_ENTRIES, entries);
	wr(b, NEWDEV_DMA_COMMAND, command);
}

static inline uint32_t dma_code(struct ez_bench *b)
{
	uint32_t status = rd(b, NEWDEV_DMA_STATUS);

	assert_false(status & 1);
	assert_int_equal(status & ~0xff00u, 0);
	return status >> 8;
}

/* Lets it end; its code, having seen that the right one of DONE and ERROR came. */
static inline uint32_t dma_end(struct ez_bench *b)
{
	uint32_t code;

	while (ez_bench_step(b))
		;
	code = dma_code(b);
	assert_int_equal(rd(b, NEWDEV_ISR), code ? 2 : 1);
	wr(b, NEWDEV_ISR, 3);
	assert_int_equal(rd(b, NEWDEV_ISR), 0);
	return code;
}

static inline uint32_t dma(struct ez_bench *b, uint32_t command, uint64_t address, uint32_t length,
			   uint32_t offset)
{
	dma_start(b, command, address, length, offset, 0);
	return dma_end(b);
}

enum { LOAD = 1, STORE = 2, CLEAR = 3, CANCEL = 4 };

static inline int setup(void **state)
{
	*state = ez_bench_new(NULL, NULL);
	return 0;
}

static inline int teardown(void **state)
{
	ez_bench_free(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
