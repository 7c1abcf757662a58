/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "project/suggest.h"

static void near_and_far(void **state)
{
	static const char *const names[] = { "run", "test", "build", "spec", "timeout", NULL };

	assert_string_equal(suggest("rnu", names), "run");
	assert_string_equal(suggest("biuld", names), "build");
	assert_string_equal(suggest("tset", names), "test");
	assert_string_equal(suggest("timout", names), "timeout");
	assert_null(suggest("frobnicate", names));
	assert_null(suggest("", names));
	assert_null(suggest("x", names));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(near_and_far) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
