/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/ktap.h"

static void expect(const char *output, int status, const char *printed)
{
	struct ktap *test = ktap_parse("t", output, status);
	g_autoptr(GString) text = g_string_new(NULL);

	ktap_print(test, 1, 0, text);
	assert_string_equal(text->str, printed);
	ktap_free(test);
}

static void plain_tap(void **state)
{
	expect("TAP version 13\n1..2\nok 1 - a\nok 2 - b # SKIP no device\n", 0,
	       "  KTAP version 1\n  # Subtest: t\n  1..2\n  ok 1 - a\n"
	       "  ok 2 - b # SKIP no device\nok 1 - t\n");
}

static void nested(void **state)
{
	expect("KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: s\n  1..2\n  ok 1 x\n"
	       "  not ok 2 y\n  # why: 1 != 2\nnot ok 1 s\n",
	       1,
	       "  KTAP version 1\n  # Subtest: t\n  1..1\n    KTAP version 1\n    # Subtest: s\n"
	       "    1..2\n    ok 1 - x\n    # why: 1 != 2\n    not ok 2 - y\n  not ok 1 - s\n"
	       "# t: a subtest failed\nnot ok 1 - t\n");
}

/* A parent that says ok over a failed child is not believed. */
static void lying_parent(void **state)
{
	struct ktap *test = ktap_parse("t", "1..1\n  1..1\n  not ok 1 x\nok 1 s\n", 0);

	assert_int_equal(test->verdict, KTAP_FAIL);
	ktap_free(test);
}

static void known_failures_are_skips(void **state)
{
	expect("1..2\nnot ok 1 a # TODO later\nok 2 b\n", 0,
	       "  KTAP version 1\n  # Subtest: t\n  1..2\n  ok 1 - a # SKIP later\n  ok 2 - b\n"
	       "ok 1 - t\n");
}

static void dies_half_way(void **state)
{
	expect("1..3\nok 1 a\n", 139,
	       "  KTAP version 1\n  # Subtest: t\n  1..1\n  ok 1 - a\n"
	       "# t: died of signal 11 (Segmentation fault)\nnot ok 1 - t\n");
	expect("1..3\nok 1 a\n", 0,
	       "  KTAP version 1\n  # Subtest: t\n  1..1\n  ok 1 - a\n"
	       "# t: 1 of 3 planned tests were run\nnot ok 1 - t\n");
}

static void no_tap_at_all(void **state)
{
	expect("hello\n", 0, "# hello\nok 1 - t\n");
	expect("hello\n", 2, "# hello\n# t: ended with status 2\nnot ok 1 - t\n");
	expect("no such device\n", 4, "# no such device\nok 1 - t # SKIP\n");
	expect("", 0, "ok 1 - t\n");
	expect("1..0 # SKIP nothing to do\n", 0, "ok 1 - t # SKIP\n");
}

static void what_cmocka_says_of_a_group(void **state)
{
	expect("1..1\nok 1 - a\n# ok - mine\n1..1\nnot ok 2 - b\n# 1 != 2\n# not ok - other\n", 1,
	       "  KTAP version 1\n  # Subtest: t\n  1..2\n  ok 1 - a\n  # 1 != 2\n  not ok 2 - b\n"
	       "# t: a subtest failed\nnot ok 1 - t\n");
}

static void several_groups_of_cmocka(void **state)
{
	struct ktap *test =
		ktap_parse("t", "1..1\nok 1 - a\n# ok - tests\n1..2\nok 1 - b\nok 2 - c\n", 0);
	struct ktap_count count = { 0 };

	ktap_count(test, &count);
	assert_int_equal(count.passed, 3);
	assert_int_equal(test->verdict, KTAP_PASS);
	ktap_free(test);
}

/* Whatever bytes a program prints, nothing breaks, and its failure stays one. */
static void garbage(void **state)
{
	static const char *const pieces[] = {
		"ok",		"not ok",   " 1", " - x",	    "\n",
		"  ",		"1..",	    "9",  "KTAP version 1", "# SKIP",
		"\t",		"\xff\xfe", "#",  "        ",	    "1..99999999999999999999",
		"ok 1 - # TODO"
	};
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);

	for (int round = 0; round < 20000; round++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(GPtrArray) tests = g_ptr_array_new();
		g_autofree char *xml = NULL;
		struct ktap *test;

		for (int i = g_rand_int_range(rand, 0, 40); i > 0; i--)
			g_string_append(text,
					pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
		test = ktap_parse("t", text->str, 1);
		ktap_print(test, 1, 0, out);
		g_ptr_array_add(tests, test);
		xml = ktap_junit(tests);
		assert_int_equal(test->verdict, KTAP_FAIL);
		assert_true(g_utf8_validate(xml, -1, NULL));
		ktap_free(test);
	}
}

static void junit(void **state)
{
	struct ktap *test = ktap_parse("a<b", "1..2\nok 1 x & y\nnot ok 2 z\n# \"why\"\n", 1);
	g_autoptr(GPtrArray) tests = g_ptr_array_new();
	g_autofree char *xml = NULL;

	g_ptr_array_add(tests, test);
	xml = ktap_junit(tests);
	assert_non_null(strstr(xml, "<testsuite name=\"a&lt;b\" tests=\"2\" failures=\"1\""));
	assert_non_null(strstr(xml, "name=\"x &amp; y\"/>"));
	assert_non_null(strstr(xml, "&quot;why&quot;"));
	ktap_free(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_tap),
		cmocka_unit_test(nested),
		cmocka_unit_test(lying_parent),
		cmocka_unit_test(known_failures_are_skips),
		cmocka_unit_test(dies_half_way),
		cmocka_unit_test(no_tap_at_all),
		cmocka_unit_test(what_cmocka_says_of_a_group),
		cmocka_unit_test(several_groups_of_cmocka),
		cmocka_unit_test(garbage),
		cmocka_unit_test(junit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
