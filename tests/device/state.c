/* SPDX-License-Identifier: BSD-2-Clause */
/* Saved state: what comes back, and what bad bytes do (nothing). */
#include "bench_test.h"

static void everything_comes_back(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	size_t size;
	void *saved;

	wr(from, CTRL, 0x77);
	ez_bench_write(from, 4, WIDE, 8, UINT64_C(0x1122334455667788));
	wr(from, ARRAY + 24, 0xabcdef);
	wr(from, IER, 1);
	command(from, RAISE_A);
	command(from, RAISE_C);
	wr(from, LENGTH, 5000);
	command(from, TIMER);
	ez_bench_write(from, 0, ADDRESS, 8, 0x2000);
	wr(from, LENGTH, 3);
	command(from, JOB);
	ez_bench_advance(from, 400);

	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	free(saved);
	assert_int_equal(rd(to, CTRL), 0x77);
	assert_int_equal(ez_bench_read(to, 4, WIDE, 8), UINT64_C(0x1122334455667788));
	assert_int_equal(rd(to, ARRAY + 24), 0xabcdef);
	assert_int_equal(rd(to, ISR), 1);
	assert_true(ez_bench_intx(to));
	/* Job and timer have what was left of their time. */
	ez_bench_advance(to, 599);
	assert_int_equal(rd(to, EVENTS) & 0xffff, 0);
	ez_bench_advance(to, 1);
	assert_int_equal(rd(to, EVENTS) & 0xffff, 0x100);
	assert_int_equal(ez_bench_ram(to)[0x2000], 3);
	ez_bench_advance(to, 4000);
	assert_int_equal(rd(to, EVENTS) & 0xffff, 0x101);
	ez_bench_free(to);
}

/* A message that went out before the save does not go out again after the load. */
static void no_message_twice(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *saved;

	ez_bench_msi(b, 4);
	command(b, RAISE_C);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	saved = ez_bench_save(b, &size);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	assert_int_equal(ez_bench_msi_count(b, 1), 1);
	free(saved);
}

static void damaged(struct ez_bench *b, const uint8_t *state, size_t size)
{
	struct ez_error error = { "" };

	if (ez_bench_load(b, state, size, &error)) {
		assert_true(error.text[0]);
		assert_int_equal(ez_device_read(ez_bench_device(b), 0, 0, CTRL, 4), 0);
	}
}

/* Every truncation, and every byte changed in a few ways. */
static void bad_bytes(void **state)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff };
	struct ez_bench *b = *state;
	uint8_t *saved, *copy;
	size_t size;

	wr(b, CTRL, 0x77);
	saved = ez_bench_save(b, &size);
	copy = malloc(size);
	for (size_t cut = 0; cut < size; cut += cut < 64 || cut > size - 64 ? 1 : 13) {
		memcpy(copy, saved, size);
		damaged(b, copy, cut);
	}
	for (size_t at = 0; at < size; at += at < 700 ? 1 : 17) {
		for (size_t c = 0; c < sizeof(changes); c++) {
			memcpy(copy, saved, size);
			copy[at] ^= changes[c];
			damaged(b, copy, size);
		}
	}
	free(copy);
	free(saved);
}

static void messages(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	uint8_t *saved;
	size_t size;

	assert_int_equal(ez_bench_load(b, "hello", 5, &error), -EINVAL);
	assert_string_equal(error.text, "this is not a saved state of Ersatz");
	saved = ez_bench_save(b, &size);
	assert_int_equal(ez_bench_load(b, saved, size - 1, &error), -EINVAL);
	assert_true(strstr(error.text, "cut short") != NULL);
	saved[8 + 4 + 2] ^= 1; /* first letter of the model's name */
	assert_int_equal(ez_bench_load(b, saved, size, &error), -EINVAL);
	assert_true(strstr(error.text, "not of gadget") != NULL);
	free(saved);
}

/* Identity and layout are the spec's: no saved state changes them. */
static void identity_is_not_loaded(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	uint8_t *saved, *id;
	size_t size;

	saved = ez_bench_save(b, &size);
	id = memmem(saved, size, "\x34\x12\x78\x56", 4);
	assert_non_null(id);
	memcpy(id, "\xad\xde\xad\xde", 4);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	assert_int_equal(ez_bench_config_read(b, 0, 4), 0x56781234);
	free(saved);
}

/* What the reset hook begins was not there when the state was saved: it is not there after. */
static void nothing_of_the_reset_hook_survives(void **unused)
{
	struct ez_bench *b = ez_bench_new(NULL, "title=eager");
	struct ez_error error;
	uint32_t events;
	size_t size;
	void *saved;

	ez_bench_advance(b, 1000);
	events = rd(b, EVENTS);
	assert_int_equal(events & 0xffff, 0x101);
	saved = ez_bench_save(b, &size);
	assert_int_equal(ez_bench_load(b, saved, size, &error), 0);
	ez_bench_advance(b, 5000);
	assert_int_equal(rd(b, EVENTS) & 0xffff, 0x101);
	free(saved);
	ez_bench_free(b);
}

/* A message held back by a mask waits across save and load. */
static void masked_message_comes_back(void **state)
{
	struct ez_bench *from = *state;
	struct ez_bench *to = ez_bench_new(NULL, NULL);
	struct ez_error error;
	size_t size;
	void *saved;

	ez_bench_msi(from, 4);
	ez_bench_config_write(from, CAP_MSI_AT + 16, 4, 0xf);
	command(from, RAISE_C);
	saved = ez_bench_save(from, &size);
	assert_int_equal(ez_bench_load(to, saved, size, &error), 0);
	assert_int_equal(ez_bench_config_read(to, CAP_MSI_AT + 20, 4), 2);
	assert_int_equal(ez_bench_msi_count(to, 1), 0);
	ez_bench_config_write(to, CAP_MSI_AT + 16, 4, 0);
	assert_int_equal(ez_bench_msi_count(to, 1), 1);
	free(saved);
	ez_bench_free(to);
}

/* Refused by the model: then it is as after power-on, config space and gates too. */
static void refused_by_the_model(void **state)
{
	struct ez_bench *b = *state;
	struct ez_error error;
	size_t size;
	void *saved;

	wr(b, CTRL, REFUSED);
	ez_bench_config_write(b, CAP_PM_AT + 4, 2, 3);
	saved = ez_bench_save(b, &size);
	assert_int_equal(ez_bench_load(b, saved, size, &error), -EINVAL);
	assert_non_null(strstr(error.text, "gadget refused the saved state: "));
	assert_int_equal(ez_bench_config_read(b, 0x04, 2), 0);
	assert_int_equal(ez_bench_config_read(b, 0x10, 4), 0);
	assert_int_equal(ez_bench_config_read(b, CAP_PM_AT + 4, 2) & 3, 0);
	ez_bench_setup(b);
	assert_int_equal(rd(b, CTRL), 0);
	free(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_comes_back),
		TEST(no_message_twice),
		TEST(bad_bytes),
		TEST(messages),
		TEST(identity_is_not_loaded),
		cmocka_unit_test(nothing_of_the_reset_hook_survives),
		TEST(masked_message_comes_back),
		TEST(refused_by_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
