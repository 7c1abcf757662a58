/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/console.h"

static void keeps_the_latest(void **state)
{
	g_autoptr(GString) ring = g_string_new(NULL);

	for (int i = 0; i < 100; i++)
		console_add(ring, 10, "abc", 3);
	assert_string_equal(ring->str, "cabcabcabc");
	console_add(ring, 10, "\0x", 2);
	assert_string_equal(ring->str, "bcabcabc x");
}

static void last_lines_are_clean(void **state)
{
	g_autofree char *last =
		console_last("one\r\n\033c\033[?7l\033[2Jtwo\r\n\r\n\a three \n", 2);
	g_autofree char *none = console_last("\r\n\033[", 5);

	assert_string_equal(last, "  | two\n  |  three");
	assert_string_equal(none, "");
}

static void panics(void **state)
{
	g_autofree char *why =
		console_panic("[ 1.0] Kernel panic - not syncing: VFS: no root\r\nmore");

	assert_string_equal(why, "VFS: no root");
	assert_null(console_panic("all is well"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_latest),
		cmocka_unit_test(last_lines_are_clean),
		cmocka_unit_test(panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
