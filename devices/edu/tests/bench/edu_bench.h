/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bench tests of edu share. Numbers of the map are written out here: it is frozen. */
#ifndef EDU_BENCH_H
#define EDU_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "edu_spec.h"

#define MS UINT64_C(1000000)
#define BUFFER UINT64_C(0x40000)

enum { RUN = 1, TO_RAM = 2, IRQ = 4 };

static inline uint64_t rd(struct ez_bench *b, uint64_t at, unsigned int width)
{
	return ez_bench_read(b, 0, at, width);
}

static inline void wr(struct ez_bench *b, uint64_t at, unsigned int width, uint64_t value)
{
	ez_bench_write(b, 0, at, width, value);
}

static inline void start(struct ez_bench *b, uint64_t src, uint64_t dst, uint64_t count,
			 uint64_t cmd)
{
	wr(b, 0x80, 8, src);
	wr(b, 0x88, 8, dst);
	wr(b, 0x90, 8, count);
	wr(b, 0x98, 8, cmd);
}

/* A transfer from start to end; what stands at 0xa0 then. */
static inline uint32_t dma(struct ez_bench *b, uint64_t src, uint64_t dst, uint64_t count,
			   uint64_t cmd)
{
	start(b, src, dst, count, cmd | RUN);
	ez_bench_advance(b, 100 * MS);
	return (uint32_t)rd(b, 0xa0, 4);
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
