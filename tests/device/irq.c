/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: INTx and MSI, as PCI 3.0, 2.2.6 and 6.8, say. */
#include "bench_test.h"

static void intx_follows_enabled_sources(void **state)
{
	struct ez_bench *b = *state;

	command(b, RAISE_A);
	assert_false(ez_bench_intx(b)); /* not enabled */
	assert_int_equal(rd(b, ISR), 1);
	wr(b, IER, 3);
	assert_true(ez_bench_intx(b));
	assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 8, 8);
	command(b, RAISE_B);
	wr(b, ISR, 1);
	assert_true(ez_bench_intx(b)); /* B still is */
	wr(b, ISR, 2);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 8, 0);
	assert_int_equal(ez_bench_intx_count(b), 1);
	/* A source without registers counts always. */
	command(b, RAISE_C);
	assert_true(ez_bench_intx(b));
	command(b, LOWER_C);
	assert_false(ez_bench_intx(b));
}

static void intx_disable_bit(void **state)
{
	struct ez_bench *b = *state;

	command(b, RAISE_C);
	ez_bench_config_write(b, 0x04, 2, 0x407);
	assert_false(ez_bench_intx(b));
	/* 6.2.3: the status bit shows the interrupt whatever the disable bit says. */
	assert_int_equal(ez_bench_config_read(b, 0x06, 2) & 8, 8);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_true(ez_bench_intx(b));
}

static void four_messages(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(ez_bench_msi(b, 4), 0);
	assert_int_equal(ez_bench_msi(b, 8), -EINVAL);
	wr(b, IER, 3);
	command(b, RAISE_A);
	command(b, RAISE_B);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 2), 1);
	assert_false(ez_bench_intx(b)); /* 6.8.1.3: never both */
	/* A new event is a new message, acknowledged or not. */
	command(b, RAISE_A);
	assert_int_equal(ez_bench_msi_count(b, 0), 2);
}

static void fewer_granted_than_asked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 1);
	wr(b, IER, 3);
	command(b, RAISE_A);
	command(b, RAISE_B);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 0), 3);
	assert_int_equal(ez_bench_msi_count(b, 1) + ez_bench_msi_count(b, 2), 0);
}

static void enabling_a_pending_source_sends(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	command(b, RAISE_A);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	wr(b, IER, 1);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	wr(b, IER, 1);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
}

/* What was told of an event long dealt with does not hide the next, also of a source that was off. */
static void a_new_event_while_disabled_is_told(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	wr(b, IER, 1);
	command(b, RAISE_A);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	wr(b, ISR, 1);
	wr(b, IER, 0);
	command(b, RAISE_A);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	wr(b, IER, 1);
	assert_int_equal(ez_bench_msi_count(b, 0), 2);
}

static int32_t vectors(struct ez_bench *b)
{
	command(b, VECTORS);
	return (int32_t)rd(b, STATUS);
}

/* What a model is told that the driver has: what is on now, not what was asked for. */
static void granted_vectors(void **state)
{
	struct ez_bench *b = *state;

	assert_int_equal(vectors(b), 0);
	for (int32_t n = 1; n <= 4; n *= 2) {
		assert_int_equal(ez_bench_msi(b, (unsigned int)n), 0);
		assert_int_equal(vectors(b), n);
	}
	/* Masked is granted all the same; so is what cannot go out. */
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0xf);
	assert_int_equal(vectors(b), 4);
	ez_bench_config_write(b, 0x04, 2, 0x003);
	assert_int_equal(vectors(b), 4);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_int_equal(ez_bench_msi(b, 0), 0);
	assert_int_equal(vectors(b), 0);
	/* MSI-X: its table, and it wins over MSI. */
	assert_int_equal(ez_bench_msix(b, 3), 0);
	assert_int_equal(vectors(b), TABLE_VECTORS);
	assert_int_equal(ez_bench_msi(b, 2), 0);
	assert_int_equal(vectors(b), TABLE_VECTORS);
	assert_int_equal(ez_bench_msix(b, 0), 0);
	assert_int_equal(vectors(b), 2);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	assert_int_equal(vectors(b), 0);
}

/* 6.8.1.3: more enabled than asked for is undefined; no vector past the capability's is ever sent. */
static void no_more_than_asked_for(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	ez_bench_config_write(b, CAP_MSI_AT + 2, 2, 0x51); /* 32 */
	assert_int_equal(vectors(b), 4);
}

/* 6.8.1.9 and 6.8.1.10: masked messages wait in the pending bits. */
static void per_vector_masks(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 16, 4), 0xf);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 1), 0);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 2);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 0);
}

/* 6.8.1.10: what has been dealt with by other means is not pending any more. */
static void satisfied_while_masked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	wr(b, IER, 1);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0xf);
	command(b, RAISE_A);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 1);
	wr(b, ISR, 1);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 0);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
}

/* What waits at a vector waits there, though its source has been given another since. */
static void another_vector_while_masked(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 4);
	wr(b, IER, 1);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0xf);
	command(b, RAISE_A);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 3);
	wr(b, ADDRESS, 2);
	wr(b, LENGTH, 3);
	command(b, ROUTE);
	/* Another source is done with: that is no end of this one's message. */
	wr(b, ISR, 1);
	assert_int_equal(ez_bench_config_read(b, CAP_MSI_AT + 20, 4), 2);
	ez_bench_config_write(b, CAP_MSI_AT + 16, 4, 0);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	assert_int_equal(ez_bench_msi_count(b, 3), 0);
}

/* A message that cannot go out is owed, as long as its source is active. */
static void messages_wait_for_bus_mastering(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 1);
	ez_bench_config_write(b, 0x04, 2, 0x003);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 0), 0);
	assert_int_equal(ez_bench_log_count(b, EZ_LOG_VIOLATION), 1);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
	ez_bench_config_write(b, 0x04, 2, 0x003);
	command(b, LOWER_C);
	command(b, RAISE_C);
	command(b, LOWER_C);
	ez_bench_config_write(b, 0x04, 2, 0x007);
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
}

static void pending_when_msi_comes_on(void **state)
{
	struct ez_bench *b = *state;

	command(b, RAISE_C);
	assert_true(ez_bench_intx(b));
	ez_bench_msi(b, 1);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_bench_msi_count(b, 0), 1);
}

static void back_to_intx_when_msi_goes_off(void **state)
{
	struct ez_bench *b = *state;

	ez_bench_msi(b, 1);
	command(b, RAISE_C);
	assert_false(ez_bench_intx(b));
	ez_bench_msi(b, 0);
	assert_true(ez_bench_intx(b));
}

static void reset_lowers_everything(void **state)
{
	struct ez_bench *b = *state;

	command(b, RAISE_C);
	wr(b, IER, 3);
	command(b, RAISE_A);
	assert_true(ez_bench_intx(b));
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	assert_false(ez_bench_intx(b));
	ez_bench_setup(b);
	assert_int_equal(rd(b, ISR), 0);
}

static void pulled_card_is_silent(void **state)
{
	struct ez_bench *b = *state;

	command(b, RAISE_C);
	wr(b, CTRL, 0x55);
	wr(b, LENGTH, 5);
	command(b, JOB);
	ez_device_yank(ez_bench_device(b), true);
	assert_false(ez_bench_intx(b));
	assert_int_equal(ez_device_read(ez_bench_device(b), 0, 0, ID, 4), 0xffffffff);
	assert_int_equal(ez_bench_config_read(b, 0, 4), 0xffffffff);
	ez_device_yank(ez_bench_device(b), false);
	assert_int_equal(rd(b, ID), 0x12345678);
	/* Back, it is as after power-on, once: nothing is raised, and nothing goes on. */
	assert_int_equal(rd(b, CTRL), 0);
	assert_int_equal(rd(b, LENGTH), 0);
	assert_int_equal(rd(b, EVENTS), 0x20000);
	ez_device_yank(ez_bench_device(b), false);
	assert_int_equal(rd(b, EVENTS), 0x20000);
	assert_false(ez_bench_intx(b));
	assert_false(ez_bench_step(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(intx_follows_enabled_sources),
		TEST(intx_disable_bit),
		TEST(four_messages),
		TEST(fewer_granted_than_asked),
		TEST(enabling_a_pending_source_sends),
		TEST(a_new_event_while_disabled_is_told),
		TEST(granted_vectors),
		TEST(no_more_than_asked_for),
		TEST(per_vector_masks),
		TEST(satisfied_while_masked),
		TEST(another_vector_while_masked),
		TEST(messages_wait_for_bus_mastering),
		TEST(pending_when_msi_comes_on),
		TEST(back_to_intx_when_msi_goes_off),
		TEST(reset_lowers_everything),
		TEST(pulled_card_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
