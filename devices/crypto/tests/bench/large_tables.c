/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of more than the 4096 entries that are looked at together, where one side has nothing. */
#include "crypto_bench.h"

/* A hash of 5000 extents of 64 bytes, with its digest in memory and then only in HASH. */
static void hash_without_output(void **state)
{
	struct ez_bench *b = *state;
	uint32_t n = 5000, length = n * 64;
	uint32_t with[8], without[8];

	for (uint32_t i = 0; i < length; i++)
		ez_bench_ram(b)[IN_DATA + i] = pattern(i);
	for (uint32_t i = 0; i < n; i++)
		put_extent(b, IN_TABLE_AT, i, IN_DATA + 64 * i, 64, 0);
	put_extent(b, OUT_TABLE_AT, 0, OUT_DATA, 32, 0);
	set_ext_in(b, IN_TABLE_AT, n, length);
	set_ext_out(b, OUT_TABLE_AT, 1, 32);
	run_ext_ok(b, EXT_WHOLE);
	for (uint32_t i = 0; i < 8; i++)
		with[i] = rd(b, 0xc0 + 4 * i, 4);
	set_ext_in(b, IN_TABLE_AT, n, length);
	set_ext_out(b, 0, 0, 0);
	run_ext_ok(b, EXT_WHOLE);
	for (uint32_t i = 0; i < 8; i++)
		without[i] = rd(b, 0xc0 + 4 * i, 4);
	assert_memory_equal(with, without, sizeof(with));
}

/* SHA-256 of nothing: the digest of FIPS 180-4 goes where the first page of the output is. */
static void hash_of_nothing(void **state)
{
	struct ez_bench *b = *state;
	uint32_t n = 4100;

	for (uint32_t i = 0; i < n; i++)
		put_entry(b, OUT_TABLE_AT, i, OUT_DATA + (uint64_t)PAGE * i);
	set_in(b, 0, 0, 0);
	set_out(b, OUT_TABLE_AT, n, n * PAGE);
	wr(b, COMMAND, 1, SHA256);
	assert_int_equal(finish(b), FLAG_READY);
	expect_bytes(ez_bench_ram(b) + OUT_DATA,
		     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hash_without_output),
		TEST(hash_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
