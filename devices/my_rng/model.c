/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>

#include <stdlib.h>
#include <Random123/philox.h>

#include "my_rng_spec.h"

/*
 * glibc's own reentrant generator, around a table of ours: the process's
 * rand() and other devices are not disturbed, and the table can be saved.
 */
static struct random_data glibc(struct my_rng *s)
{
	uint32_t at = s->at % 31;

	return (struct random_data){
		.state = s->r,
		.end_ptr = s->r + 31,
		.rptr = s->r + at,
		.fptr = s->r + (at + 3) % 31,
		.rand_type = 3,
		.rand_deg = 31,
		.rand_sep = 3,
	};
}

static void seed(struct my_rng *s, uint32_t value)
{
	struct random_data data = glibc(s);

	srandom_r(value, &data);
	s->at = (uint32_t)(data.rptr - s->r);
	s->seed = value;
	s->drawn = 0;
}

static uint32_t philox(struct my_rng *s)
{
	philox4x32_ctr_t block = { { (uint32_t)(s->drawn / 4), (uint32_t)(s->drawn / 4 >> 32) } };
	philox4x32_key_t key = { { s->seed } };

	return philox4x32(block, key).v[s->drawn++ % 4];
}

static uint32_t next(struct my_rng *s)
{
	struct random_data data;
	int32_t number;

	switch (s->prop.algorithm) {
	case MY_RNG_PROP_ALGORITHM_PHILOX:
		return philox(s);
	case MY_RNG_PROP_ALGORITHM_ENTROPY:
		ez_random(s->ez, &number, sizeof(number));
		return (uint32_t)number;
	default:
		data = glibc(s);
		random_r(&data, &number);
		s->at = (uint32_t)(data.rptr - s->r);
		return (uint32_t)number;
	}
}

static uint32_t my_rng_RNG_onread(struct my_rng *s)
{
	return next(s);
}

static uint64_t my_rng_PAIR_onread(struct my_rng *s)
{
	uint64_t low = next(s);

	return low | (uint64_t)next(s) << 32;
}

static void my_rng_SEED_onwrite(struct my_rng *s, uint32_t value)
{
	seed(s, value);
}

static void my_rng_reset(struct my_rng *s, enum ez_reset_kind kind)
{
	bool seeded = s->prop.algorithm != MY_RNG_PROP_ALGORITHM_ENTROPY;

	s->INFO = s->prop.algorithm << MY_RNG_INFO_ALGORITHM_SHIFT |
		  (seeded ? MY_RNG_INFO_SEEDED_MASK : 0);
	seed(s, 1);
}

MY_RNG_MODEL;
