/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers that come out, against values that are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <ersatz/bench.h>
#include "my_rng_spec.h"

static uint32_t draw(struct ez_bench *b)
{
	return (uint32_t)ez_bench_read(b, MY_RNG_BAR_REGS, MY_RNG_RNG, 4);
}

static void seed(struct ez_bench *b, uint32_t value)
{
	ez_bench_write(b, MY_RNG_BAR_REGS, MY_RNG_SEED, 4, value);
}

static void expect(struct ez_bench *b, const uint32_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(draw(b), numbers[i]);
}

/* The assignment's own output, and srand(0), srand(1) of glibc. */
static const uint32_t seed_42[] = { 286129175, 1594929109, 971802288, 222134722, 1335014133 };
static const uint32_t seed_1[] = { 1804289383, 846930886, 1681692777, 1714636915, 1957747793 };

static void classic_numbers(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	expect(b, seed_1, 5);
	seed(b, 0x42);
	expect(b, seed_42, 5);
	seed(b, 0x42);
	expect(b, seed_42, 5);
	seed(b, 0);
	expect(b, seed_1, 5);
	ez_bench_free(b);
}

/* Long enough that the table wraps many times, against the process's own rand(). */
static void follows_glibc(void **unused)
{
	static const uint32_t seeds[] = { 0, 1, 2, 0x42, 0x7fffffff, 0x80000000, 0xffffffff };
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	for (size_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++) {
		seed(b, seeds[s]);
		srand(seeds[s]);
		for (int i = 0; i < 1000; i++)
			assert_int_equal(draw(b), rand());
	}
	ez_bench_free(b);
}

static void pair_draws_two(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, NULL);
	uint64_t both;

	seed(b, 0x42);
	assert_int_equal(ez_bench_read(b, 0, MY_RNG_PAIR, 4), seed_42[0]);
	assert_int_equal(ez_bench_read(b, 0, MY_RNG_PAIR + 4, 4), seed_42[1]);
	/* The high half is what went with the low one, however often it is read. */
	assert_int_equal(ez_bench_read(b, 0, MY_RNG_PAIR + 4, 4), seed_42[1]);
	both = ez_bench_read(b, 0, MY_RNG_PAIR, 8);
	assert_int_equal(both & 0xffffffff, seed_42[2]);
	assert_int_equal(both >> 32, seed_42[3]);
	assert_int_equal(draw(b), seed_42[4]);
	ez_bench_free(b);
}

static void two_devices_do_not_disturb_each_other(void **unused)
{
	struct ez_bench *a = ez_bench_new(NULL, NULL);
	struct ez_bench *b = ez_bench_beside(a, NULL, NULL);

	seed(a, 0x42);
	seed(b, 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(draw(a), seed_42[i]);
		assert_int_equal(draw(b), seed_1[i]);
		(void)rand();
	}
	ez_bench_free(b);
	ez_bench_free(a);
}

static void reset_is_power_on(void **unused)
{
	static const enum ez_reset_kind kinds[] = { EZ_RESET_POWER_ON, EZ_RESET_BUS,
						    EZ_RESET_FUNCTION };
	struct ez_bench *b = ez_bench_new(NULL, NULL);

	for (size_t i = 0; i < 3; i++) {
		seed(b, 99);
		draw(b);
		ez_bench_reset(b, kinds[i]);
		/* Decoding is off until somebody assigns the BAR again. */
		assert_int_equal(draw(b), 0xffffffff);
		ez_bench_setup(b);
		expect(b, seed_1, 5);
	}
	ez_bench_free(b);
}

static void saved_in_mid_sequence_goes_on(void **unused)
{
	static const char *const algorithms[] = { "algorithm=glibc", "algorithm=philox" };
	struct ez_error error;
	uint32_t numbers[40];
	size_t size;
	void *state;

	for (size_t a = 0; a < 2; a++) {
		struct ez_bench *from = ez_bench_new(NULL, algorithms[a]);
		struct ez_bench *to = ez_bench_new(NULL, algorithms[a]);

		seed(from, 0x42);
		for (int i = 0; i < 7; i++)
			draw(from);
		state = ez_bench_save(from, &size);
		for (int i = 0; i < 40; i++)
			numbers[i] = draw(from);
		assert_int_equal(ez_bench_load(to, state, size, &error), 0);
		expect(to, numbers, 40);
		free(state);
		ez_bench_free(from);
		ez_bench_free(to);
	}
}

/* Philox4x32-10's published known answer: counter 0, key 0. */
static void philox_known_answer(void **unused)
{
	static const uint32_t zero[] = { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 };
	struct ez_bench *b = ez_bench_new(NULL, "algorithm=philox");
	uint32_t once[16];

	seed(b, 0);
	expect(b, zero, 4);
	seed(b, 7);
	for (int i = 0; i < 16; i++)
		once[i] = draw(b);
	seed(b, 7);
	expect(b, once, 16);
	assert_int_not_equal(once[0], once[4]);
	ez_bench_free(b);
}

static void entropy_is_the_backends(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, "algorithm=entropy");
	uint32_t first = draw(b);
	uint32_t second = draw(b);

	assert_int_not_equal(first, second);
	/* It follows the backend's dice, not the seed register. */
	ez_bench_seed(b, 1);
	seed(b, 5);
	assert_int_equal(draw(b), first);
	ez_bench_free(b);
}

static void info_tells_the_algorithm(void **unused)
{
	static const struct {
		const char *setting;
		uint32_t info;
	} cases[] = {
		{ NULL, MY_RNG_INFO_ALGORITHM_GLIBC | MY_RNG_INFO_SEEDED_MASK },
		{ "algorithm=philox", MY_RNG_INFO_ALGORITHM_PHILOX | MY_RNG_INFO_SEEDED_MASK },
		{ "algorithm=entropy", MY_RNG_INFO_ALGORITHM_ENTROPY },
	};

	for (size_t i = 0; i < 3; i++) {
		struct ez_bench *b = ez_bench_new(NULL, cases[i].setting);

		assert_int_equal(ez_bench_read(b, 0, MY_RNG_INFO, 4), cases[i].info);
		ez_bench_free(b);
	}
}

static void bad_algorithm_is_refused(void **unused)
{
	struct ez_error error;

	assert_null(ez_bench_try(NULL, "algorithm=dice", &error));
	assert_string_equal(error.text, "property algorithm: no such value \"dice\"; "
					"it takes glibc, philox, entropy");
	assert_null(ez_bench_try(NULL, "speed=1", &error));
	assert_string_equal(error.text, "my_rng has no property \"speed\"; it has algorithm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_numbers),
		cmocka_unit_test(follows_glibc),
		cmocka_unit_test(pair_draws_two),
		cmocka_unit_test(two_devices_do_not_disturb_each_other),
		cmocka_unit_test(reset_is_power_on),
		cmocka_unit_test(saved_in_mid_sequence_goes_on),
		cmocka_unit_test(philox_known_answer),
		cmocka_unit_test(entropy_is_the_backends),
		cmocka_unit_test(info_tells_the_algorithm),
		cmocka_unit_test(bad_algorithm_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
