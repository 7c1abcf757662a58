/* SPDX-License-Identifier: BSD-2-Clause */
/* What every bench test of the core begins with. */
#ifndef TESTS_BENCH_TEST_H
#define TESTS_BENCH_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "gadget.h"

static inline uint32_t rd(struct ez_bench *b, uint64_t offset)
{
	return (uint32_t)ez_bench_read(b, 0, offset, 4);
}

static inline void wr(struct ez_bench *b, uint64_t offset, uint32_t value)
{
	ez_bench_write(b, 0, offset, 4, value);
}

static inline void command(struct ez_bench *b, enum command c)
{
	wr(b, DOORBELL, c);
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
