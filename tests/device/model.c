/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening models, properties, the counts at the end. */
#include "bench_test.h"

#include <stdio.h>
#include <unistd.h>

static void opening(void **unused)
{
	struct ez_error error;
	char wanted[80];

	assert_null(ez_model_open("/nowhere/model.so", &error));
	assert_string_equal(error.text,
			    "/nowhere/model.so: no such model: No such file or directory");
	assert_null(ez_model_open("/dev/null", &error));
	assert_true(strstr(error.text, "/dev/null: cannot be loaded: ") == error.text);
	assert_null(ez_model_open("/lib/x86_64-linux-gnu/libm.so.6", &error));
	assert_true(strstr(error.text, "is not a model: it exports no ersatz_model") != NULL);
	assert_null(ez_model_open(getenv("OTHER_ABI"), &error));
	snprintf(wanted, sizeof(wanted), "built for ABI 999 of Ersatz, this is ABI %u; rebuild it",
		 EZ_ABI);
	assert_non_null(strstr(error.text, wanted));
}

static void opened_twice_is_one(void **unused)
{
	const char *path = getenv("ERSATZ_MODEL");
	struct ez_error error;
	const struct ez_model *a = ez_model_open(path, &error);
	const struct ez_model *b = ez_model_open(path, &error);

	assert_non_null(a);
	assert_ptr_equal(a, b);
	ez_model_close(a);
	assert_string_equal(b->spec->name, "gadget");
	ez_model_close(b);
}

static void properties(void **unused)
{
	static const struct {
		const char *settings, *why;
	} cases[] = {
		{ "limit=0", "property limit: 0 is out of its range, 1 to 100" },
		{ "limit=101", "property limit: 101 is out of its range, 1 to 100" },
		{ "limit=-1", "property limit: \"-1\" is not a number (0x... is hexadecimal)" },
		{ "limit=5x", "property limit: \"5x\" is not a number (0x... is hexadecimal)" },
		{ "limit=", "property limit: \"\" is not a number (0x... is hexadecimal)" },
		{ "limits=5", "gadget has no property \"limits\"; it has limit, title" },
		{ "limit", "settings: \"limit\" is not name=value, or there are more than 64" },
	};
	struct ez_error error;
	struct ez_bench *b;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(ez_bench_try(NULL, cases[i].settings, &error));
		assert_string_equal(error.text, cases[i].why);
	}
	strcpy(error.text, "untouched");
	b = ez_bench_try(NULL, "limit=0x10,title=hello", &error);
	assert_non_null(b);
	assert_string_equal(error.text, "untouched");
	ez_bench_free(b);
}

static void model_messages_get_through(void **state)
{
	struct ez_bench *b = *state;

	wr(b, LENGTH, 42);
	command(b, SAY);
	assert_string_equal(ez_bench_log_last(b, EZ_LOG_INFO), "said 42");
}

/* What was said once but happened often is counted when the device goes. */
static void counts_at_the_end(void **unused)
{
	struct ez_bench *b;
	char text[4096] = "";
	FILE *file = tmpfile();

	assert_non_null(file);
	setenv("ERSATZ_TAPS", "trace,fd=200", 1);
	assert_int_equal(dup2(fileno(file), 200), 200);
	b = ez_bench_new(NULL, NULL);
	unsetenv("ERSATZ_TAPS");
	for (int i = 0; i < 41; i++)
		ez_bench_read(b, 0, ISR, 1);
	ez_bench_read(b, 0, IER, 1);
	ez_bench_free(b);
	rewind(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	close(200);
	fclose(file);
	assert_non_null(strstr(text, "log ISR: reads of an illegal width: 41 in all\n"));
	assert_null(strstr(text, "log IER: reads"));
}

static void peeking_has_no_side_effect(void **state)
{
	struct ez_bench *b = *state;
	struct ez_device *dev = ez_bench_device(b);
	const struct ez_reg *rclr = &ez_device_spec(dev)->regs[10];
	uint64_t value;

	assert_string_equal(rclr->name, "FX8");
	assert_int_equal(ez_device_peek(dev, 0, rclr, 0, &value), 0);
	assert_int_equal(value, EFFECTS_RESET);
	assert_int_equal(rd(b, EFFECTS + 32), EFFECTS_RESET);
	assert_int_equal(ez_device_peek(dev, 0, rclr, 1, &value), -EINVAL);
	assert_int_equal(ez_device_peek(dev, 3, rclr, 0, &value), -ENODEV);
}

/* By name and field, as it is: nothing that reads would have done is done. */
static void describing_only_looks(void **state)
{
	struct ez_bench *b = *state;
	struct ez_device *dev = ez_bench_device(b);
	char text[32768], less[100];
	size_t size;

	wr(b, ARRAY + 8, 0x77);
	size = ez_device_info(dev, NULL, 0);
	assert_in_range(size, 100, sizeof(text) - 1);
	assert_int_equal(ez_device_info(dev, text, sizeof(text)), size);
	assert_int_equal(strlen(text), size);
	assert_non_null(strstr(text, "\"name\":\"FX8\",\"bar\":0,"));
	assert_non_null(strstr(strstr(text, "\"FX8\""), "\"value\":\"0xf0f0f0f\""));
	assert_non_null(
		strstr(text, "{\"name\":\"KEPT\",\"lsb\":0,\"width\":8,\"value\":\"0x22\"}"));
	assert_non_null(
		strstr(text, "{\"name\":\"LOST\",\"lsb\":8,\"width\":8,\"value\":\"0x11\"}"));
	/* Of an array, what is not as it was. */
	assert_non_null(strstr(text, "\"name\":\"ARRAY[1]\""));
	assert_null(strstr(text, "\"name\":\"ARRAY[0]\""));
	assert_non_null(strstr(text, "\"gone\":false"));
	assert_int_equal(rd(b, EFFECTS + 32), EFFECTS_RESET);
	ez_device_yank(dev, true);
	size = ez_device_info(dev, text, sizeof(text));
	assert_non_null(strstr(text, "\"gone\":true"));
	/* What does not fit is cut off, and ends. */
	assert_int_equal(ez_device_info(dev, less, sizeof(less)), size);
	assert_int_equal(strlen(less), sizeof(less) - 1);
	assert_memory_equal(less, text, sizeof(less) - 1);
}

/* A memory is cut short, and how much of it is said: text of all would be 30 times its size. */
static void describing_ends(void **state)
{
	struct ez_bench *b = *state;
	struct ez_device *dev = ez_bench_device(b);
	char text[65536];

	wr(b, ADDRESS, 0x1000);
	wr(b, LENGTH, 256);
	memset(ez_bench_ram(b) + 0x1000, 0x5a, 1000);
	command(b, DMA_IN);
	assert_in_range(ez_device_info(dev, text, sizeof(text)), 100, sizeof(text) - 1);
	assert_non_null(strstr(text, "{\"name\":\"buffer[255]\",\"value\":\"0x5a\"}"));
	assert_non_null(strstr(text, "\"left_out\":[]"));
	wr(b, LENGTH, 1000);
	command(b, DMA_IN);
	assert_in_range(ez_device_info(dev, text, sizeof(text)), 100, sizeof(text) - 1);
	assert_non_null(strstr(text, "{\"name\":\"buffer[255]\",\"value\":\"0x5a\"}"));
	assert_null(strstr(text, "\"buffer[256]\""));
	assert_non_null(strstr(text, "\"left_out\":[{\"name\":\"buffer\",\"elements\":744}]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),	     cmocka_unit_test(opened_twice_is_one),
		cmocka_unit_test(properties),	     TEST(model_messages_get_through),
		cmocka_unit_test(counts_at_the_end), TEST(peeking_has_no_side_effect),
		TEST(describing_only_looks),	     TEST(describing_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
