/* SPDX-License-Identifier: BSD-2-Clause */
/* The three interrupt modes, by the rules of the frozen interface. */
#include "crypto_bench.h"

enum { ERROR_BIT = 1, READY_BIT = 2, RESET_BIT = 4 };

static void cause_error(struct ez_bench *b)
{
	wr(b, ERROR_CODE, 1, 0);
}

static void cause_ready(struct ez_bench *b)
{
	put_entry(b, OUT_TABLE_AT, 0, OUT_DATA);
	set_in(b, 0, 0, 0);
	set_out(b, OUT_TABLE_AT, 1, 32);
	wr(b, COMMAND, 1, SHA256);
	while (ez_bench_step(b))
		;
}

static void cause_reset(struct ez_bench *b)
{
	wr(b, COMMAND, 1, RESET);
}

static const struct {
	void (*cause)(struct ez_bench *b);
	uint8_t bit;
	uint32_t flag;
	unsigned int vector;
} events[] = {
	{ cause_error, ERROR_BIT, ERROR_FLAG, 1 },
	{ cause_ready, READY_BIT, READY_FLAG, 2 },
	{ cause_reset, RESET_BIT, RESET_FLAG, 3 },
};

static void clear_flags(struct ez_bench *b)
{
	for (uint32_t at = ERROR_FLAG; at <= RESET_FLAG; at++)
		wr(b, at, 1, 0);
}

/* Every event under every mask: the flag always, the line only if enabled. */
static void line_by_mask(void **state)
{
	struct ez_bench *b = *state;

	for (uint32_t mask = 0; mask < 256; mask++) {
		for (size_t e = 0; e < 3; e++) {
			wr(b, ENABLE, 1, mask);
			events[e].cause(b);
			for (size_t f = 0; f < 3; f++)
				assert_int_equal(rd(b, events[f].flag, 1), f == e);
			assert_int_equal(ez_bench_intx(b), !!(mask & events[e].bit));
			assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 8,
					 mask & events[e].bit ? 8 : 0);
			clear_flags(b);
			assert_false(ez_bench_intx(b));
		}
	}
}

/* It drops when error and ready are both 0; reset is not looked at. */
static void line_drops(void **state)
{
	struct ez_bench *b = *state;

	cause_error(b);
	cause_ready(b);
	cause_reset(b);
	assert_true(ez_bench_intx(b));
	wr(b, RESET_FLAG, 1, 0);
	assert_true(ez_bench_intx(b));
	wr(b, ERROR_FLAG, 1, 0);
	assert_true(ez_bench_intx(b));
	wr(b, READY_FLAG, 1, 0);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_intx_count(b), 1);
	/* Ready alone stays up over the others. */
	cause_ready(b);
	wr(b, ERROR_FLAG, 1, 0);
	wr(b, RESET_FLAG, 1, 0);
	assert_true(ez_bench_intx(b));
	wr(b, READY_FLAG, 1, 0);
	assert_false(ez_bench_intx(b));
	/* After a reset, any flag's write takes it down, and leaves MsiResetFlag as it is. */
	for (uint32_t at = ERROR_FLAG; at <= READY_FLAG; at++) {
		cause_reset(b);
		assert_true(ez_bench_intx(b));
		wr(b, at, 1, 0);
		assert_false(ez_bench_intx(b));
		assert_int_equal(rd(b, RESET_FLAG, 1), 1);
	}
	/* Clearing means 0: another value keeps it up. */
	cause_ready(b);
	wr(b, READY_FLAG, 1, 0x80);
	assert_true(ez_bench_intx(b));
	assert_int_equal(rd(b, READY_FLAG, 1), 0x80);
	wr(b, READY_FLAG, 1, 0);
	assert_false(ez_bench_intx(b));
}

/* Only events raise it, by the mask of that moment. */
static void line_is_a_latch(void **state)
{
	struct ez_bench *b = *state;

	wr(b, ENABLE, 1, 0);
	cause_error(b);
	wr(b, ENABLE, 1, 0xff);
	assert_false(ez_bench_intx(b));
	wr(b, READY_FLAG, 1, 1);
	wr(b, RESET_FLAG, 1, 1);
	assert_false(ez_bench_intx(b));
	cause_error(b);
	assert_true(ez_bench_intx(b));
	wr(b, ENABLE, 1, 0);
	assert_true(ez_bench_intx(b));
	/* The flag of an event that was not enabled keeps the line up like any other. */
	wr(b, ERROR_FLAG, 1, 0);
	assert_true(ez_bench_intx(b));
	wr(b, READY_FLAG, 1, 0);
	assert_false(ez_bench_intx(b));
	/* INTx disable, bit 10 of the command register: PCI 3.0, 6.2.2. */
	wr(b, ENABLE, 1, 0xff);
	ez_bench_config_write(b, 0x04, 2, 0x0406);
	cause_error(b);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 8, 8);
	ez_bench_config_write(b, 0x04, 2, 0x0006);
	assert_true(ez_bench_intx(b));
}

static uint32_t messages(struct ez_bench *b)
{
	uint32_t n = 0;

	for (unsigned int v = 0; v < 4; v++)
		n += ez_bench_msi_count(b, v);
	return n;
}

/* With all four, each event has its own vector; with fewer, the first is for all. */
static void messages_by_vectors(void **unused)
{
	for (unsigned int granted = 1; granted <= 4; granted *= 2) {
		struct ez_bench *b = crypto_new();
		uint32_t count = 0;

		assert_int_equal(ez_bench_msi(b, granted), 0);
		for (unsigned int round = 0; round < 3; round++) {
			for (size_t e = 0; e < 3; e++) {
				unsigned int vector = granted == 4 ? events[e].vector : 0;
				uint32_t before = ez_bench_msi_count(b, vector);

				events[e].cause(b);
				assert_int_equal(ez_bench_msi_count(b, vector), before + 1);
				assert_int_equal(messages(b), ++count);
				/* Flags need not be cleared for the next message, and no line moves. */
				if (round == 2)
					clear_flags(b);
				assert_int_equal(messages(b), count);
			}
		}
		assert_int_equal(ez_bench_intx_count(b), 0);
		ez_bench_free(b);
	}
}

static void messages_by_mask(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	for (uint32_t mask = 0; mask < 8; mask++) {
		for (size_t e = 0; e < 3; e++) {
			uint32_t before = messages(b);

			wr(b, ENABLE, 1, mask);
			events[e].cause(b);
			assert_int_equal(messages(b), before + !!(mask & events[e].bit));
			assert_int_equal(rd(b, events[e].flag, 1), 1);
			clear_flags(b);
			assert_int_equal(messages(b), before + !!(mask & events[e].bit));
		}
	}
}

/* A driver that never clears a flag under MSI, then goes back to INTx: no line that nobody asked for. */
static void nothing_is_left_of_a_message(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 1), 0);
	cause_ready(b);
	cause_error(b);
	assert_int_equal(ez_bench_msi(b, 0), 0);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_msi(b, 4), 0);
	assert_int_equal(messages(b), 2);
	assert_int_equal(ez_bench_msi(b, 0), 0);
	cause_ready(b);
	assert_true(ez_bench_intx(b));
}

static void saved_and_loaded_with_its_line(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *saved;

	cause_ready(b);
	saved = ez_bench_save(b, &size);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	assert_false(ez_bench_intx(b));
	assert_int_equal(rd(b, READY_FLAG, 1), 0);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	assert_true(ez_bench_intx(b));
	assert_int_equal(rd(b, READY_FLAG, 1), 1);
	wr(b, READY_FLAG, 1, 0);
	assert_false(ez_bench_intx(b));
	free(saved);
}

static void reset_takes_the_line_down(void **state)
{
	struct ez_bench *b = *state;

	cause_error(b);
	assert_true(ez_bench_intx(b));
	ez_bench_reset(b, EZ_RESET_BUS);
	assert_false(ez_bench_intx(b));
	ez_bench_setup(b);
	assert_false(ez_bench_intx(b));
	assert_int_equal(rd(b, ENABLE, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(line_by_mask),
		TEST(line_drops),
		TEST(line_is_a_latch),
		cmocka_unit_test(messages_by_vectors),
		TEST(messages_by_mask),
		TEST(nothing_is_left_of_a_message),
		TEST(saved_and_loaded_with_its_line),
		TEST(reset_takes_the_line_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
