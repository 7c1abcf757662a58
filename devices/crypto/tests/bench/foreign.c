/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The habits of a driver that was written for the original device: only what is
 * below 0x20, addresses written in halves, flags that nobody clears where each
 * event has its own vector.
 */
#include "crypto_bench.h"

enum { ERROR = 1, READY = 2, RESET_DONE = 3 }; /* by their vectors, when there are four */

static const uint64_t flag_of[] = { 0, 0x1c, 0x1d, 0x1e };

static uint32_t sent[4];

/* The event comes in the way that the driver has set up, and no other does. */
static void event(struct ez_bench *b, unsigned int vectors, unsigned int which)
{
	unsigned int vector = vectors == 4 ? which : 0;

	while (ez_bench_step(b))
		;
	assert_int_equal(rd(b, flag_of[which], 1), 1);
	if (vectors)
		sent[vector]++;
	else
		assert_true(ez_bench_intx(b));
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(ez_bench_msi_count(b, i), sent[i]);
	if (vectors != 4)
		wr(b, flag_of[which], 1, 0);
	assert_false(ez_bench_intx(b));
}

static void output(struct ez_bench *b, uint32_t pages)
{
	wr(b, 0x10, 4, OUT_TABLE_AT >> 12);
	wr(b, 0x14, 4, pages);
	wr(b, 0x18, 4, 9008);
}

static void session(unsigned int vectors)
{
	struct ez_bench *b = ez_bench_new(NULL, "aes_cbc_256=SECRET");
	uint32_t in_pages, out_pages;
	uint8_t back[9008];

	memset(sent, 0, sizeof(sent));
	if (vectors)
		assert_int_equal(ez_bench_msi(b, vectors), 0);
	wr(b, 0x03, 1, 0xff);
	wr(b, 0x02, 1, 1);
	event(b, vectors, RESET_DONE);
	/* Encrypts 9000 bytes that begin inside a page. */
	put_data(b, IN_DATA, 100, 9000);
	in_pages = put_table(b, IN_TABLE_AT, IN_DATA, 100, 9000);
	out_pages = put_table(b, OUT_TABLE_AT, OUT_DATA, 4000, 9008);
	wr(b, 0x04, 2, IN_TABLE_AT >> 12);
	wr(b, 0x06, 2, 0);
	wr(b, 0x08, 1, in_pages);
	wr(b, 0x0c, 4, 9000);
	output(b, out_pages);
	wr(b, 0x02, 1, 2);
	assert_int_equal(rd(b, 0x02, 1), 2);
	assert_int_equal(rd(b, 0x01, 1), 2);
	event(b, vectors, READY);
	assert_int_equal(rd(b, 0x00, 1), 0);
	/* Decrypts in place. */
	wr(b, 0x04, 4, OUT_TABLE_AT >> 12);
	wr(b, 0x08, 4, out_pages);
	wr(b, 0x0c, 4, 9008);
	wr(b, 0x02, 1, 3);
	event(b, vectors, READY);
	get_data(b, OUT_DATA, 4000, back, 9008);
	for (uint32_t i = 0; i < 9000; i++)
		assert_int_equal(back[i], pattern(i));
	/* An error, and a good one after it without a reset between them. */
	wr(b, 0x0c, 4, 0);
	wr(b, 0x02, 1, 2);
	event(b, vectors, ERROR);
	assert_int_equal(rd(b, 0x00, 1), 1);
	wr(b, 0x0c, 4, 9008);
	wr(b, 0x02, 1, 2);
	event(b, vectors, READY);
	assert_int_equal(rd(b, 0x00, 1), 1);
	/* Aborted, and a good one at once. */
	wr(b, 0x02, 1, 2);
	wr(b, 0x02, 1, 1);
	event(b, vectors, RESET_DONE);
	assert_int_equal(rd(b, 0x00, 1), 0);
	assert_int_equal(rd(b, 0x04, 4), 0);
	assert_int_equal(rd(b, 0x03, 1), 0xff);
	output(b, out_pages);
	wr(b, 0x02, 1, 4); /* SHA-256 of nothing, at address 0 */
	event(b, vectors, READY);
	get_data(b, OUT_DATA, 4000, back, 32);
	expect_bytes(back, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ez_bench_free(b);
}

static void by_the_line(void **state)
{
	(void)state;
	session(0);
}

static void by_one_message(void **state)
{
	(void)state;
	session(1);
}

static void by_four_messages(void **state)
{
	(void)state;
	session(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_line),
		cmocka_unit_test(by_one_message),
		cmocka_unit_test(by_four_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
