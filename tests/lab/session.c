/* SPDX-License-Identifier: BSD-2-Clause */
/* What ersatz ctl and a run say to each other, and which run is meant. */
#include "test.h"
#include "lab/session.h"
#include "project/failure.h"

static JsonObject *parse(const char *text)
{
	return session_parse(text, strlen(text), NULL);
}

static void refused(const char *bytes, gsize size)
{
	g_autoptr(GError) error = NULL;

	if (session_parse(bytes, size, &error))
		fail_msg("taken: %.40s", bytes);
	assert_int_equal(error->code, FAILURE_SETUP);
}

static void a_request(void **state)
{
	JsonObject *request = parse("{\"do\":\"plug\",\"project\":\"/a \\\"b\\\"\",\"timeout\":7}");
	const char *text;
	int seconds;

	assert_non_null(request);
	assert_true(session_text(request, "do", &text, NULL));
	assert_string_equal(text, "plug");
	assert_true(session_text(request, "project", &text, NULL));
	assert_string_equal(text, "/a \"b\"");
	assert_true(session_text(request, "name", &text, NULL));
	assert_null(text);
	assert_true(session_timeout(request, &seconds, NULL));
	assert_int_equal(seconds, 7);
	json_object_unref(request);
}

static void hostile_bytes(void **state)
{
	g_autofree char *deep = g_strnfill(SESSION_LINE, '[');
	g_autofree char *deeper = g_strnfill(SESSION_LINE, '{');
	g_autofree char *long_ = g_strdup_printf("{\"do\":\"%*s\"}", SESSION_LINE, "x");
	g_autoptr(GRand) rand = g_rand_new_with_seed(6);
	char noise[512];

	refused("", 0);
	refused("\0", 1);
	refused("plug", 4);
	refused("[]", 2);
	refused("\"do\"", 4);
	refused("{\"do\":\"info\"", 12);
	refused("{\"do\":\"\xff\xfe\"}", 11);
	refused("{\"do\":\"a\0b\"}", 12);
	refused(deep, SESSION_LINE);
	refused(deeper, SESSION_LINE);
	refused(long_, strlen(long_));
	for (int i = 0; i < 2000; i++) {
		gsize size = (gsize)g_rand_int_range(rand, 0, sizeof(noise));
		JsonObject *object;

		for (gsize k = 0; k < size; k++)
			noise[k] =
				"{}[]\":,\\ 0eu\xc3\xff\0tfn'/*\n"[g_rand_int_range(rand, 0, 23)];
		object = session_parse(noise, size, NULL);
		if (object)
			json_object_unref(object);
	}
}

static void depth(void **state)
{
	assert_true(session_shallow("[[],[],[],[]]", 13, 2));
	assert_true(session_shallow("[\"]]\\\"[[\"]", 10, 1));
	assert_false(session_shallow("[[[]]]", 6, 2));
	assert_false(session_shallow("{\"a\":{\"b\":[", 12, 2));
	assert_true(session_shallow("]]]]", 4, 0));
	assert_true(session_shallow("{\"a\":[-1.5e+3,true,null]}\r\n\t ", 29, 2));
}

/* What json-glib reads and JSON has not: in there a quote would begin no text. */
static void no_json(void **state)
{
	static const char *const hidden[] = { "{\"a\":'\"',\"b\":[[[[[[[[[[[[",
					      "{\"a\":/*\"*/[[[[[[[[[[[[[[",
					      "{//\"\n\"b\":[[[[[[[[[[[[[[",
					      "{#\"\n\"b\":[[[[[[[[[[[[[[" };
	JsonObject *request;

	for (guint i = 0; i < G_N_ELEMENTS(hidden); i++) {
		if (session_shallow(hidden[i], strlen(hidden[i]), 8))
			fail_msg("shallow: %s", hidden[i]);
		refused(hidden[i], strlen(hidden[i]));
	}
	refused("{'do':'info'}", 13);
	request = parse("{\"do\":\"/it's/* \"}");
	assert_non_null(request);
	json_object_unref(request);
}

/* Brackets in a text are no depth. */
static void brackets_in_a_text(void **state)
{
	JsonObject *request = parse("{\"project\":\"/[[[[[[[[[[{{{{{{{{{{\\\"[[[[[[\"}");

	assert_non_null(request);
	json_object_unref(request);
}

static void wrong_types(void **state)
{
	static const char *const timeouts[] = { "0",   "-1",	"3601",
						"1.5", "\"7\"", "null",
						"[7]", "true",	"99999999999999999999" };
	JsonObject *request = parse("{\"do\":7,\"name\":[\"a\"],\"project\":{}}");
	const char *text;
	int seconds;

	assert_false(session_text(request, "do", &text, NULL));
	assert_false(session_text(request, "name", &text, NULL));
	assert_false(session_text(request, "project", &text, NULL));
	json_object_unref(request);
	for (guint i = 0; i < G_N_ELEMENTS(timeouts); i++) {
		g_autofree char *line = g_strdup_printf("{\"timeout\":%s}", timeouts[i]);

		request = parse(line);
		if (request && session_timeout(request, &seconds, NULL))
			fail_msg("timeout %s taken", timeouts[i]);
		if (request)
			json_object_unref(request);
	}
}

static void which_session(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	struct session a = { .path = dir, .name = (char *)"box", .pid = 4711 };
	struct session b = { .path = (char *)"/nonexistent", .name = (char *)"crate", .pid = 4712 };
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	assert_null(session_find(all, "-", &error));
	assert_non_null(strstr(error->message, "there is no session"));
	g_clear_error(&error);
	g_ptr_array_add(all, &a);
	assert_ptr_equal(session_find(all, "-", NULL), &a);
	g_ptr_array_add(all, &b);
	assert_ptr_equal(session_find(all, "crate", NULL), &b);
	assert_ptr_equal(session_find(all, "4711", NULL), &a);
	assert_ptr_equal(session_find(all, dir, NULL), &a);
	assert_null(session_find(all, "-", &error));
	assert_non_null(strstr(error->message, "box, crate"));
	g_clear_error(&error);
	/* Two of one name, and each by its process. */
	b.name = (char *)"box";
	assert_null(session_find(all, "box", &error));
	assert_non_null(strstr(error->message, "4711 or 4712"));
	assert_int_equal(error->code, FAILURE_SETUP);
	g_clear_error(&error);
	assert_ptr_equal(session_find(all, "4712", NULL), &b);
	b.name = (char *)"crate";
	assert_null(session_find(all, "bo", &error));
	assert_non_null(strstr(error->message, "box, crate"));
	assert_int_equal(error->code, FAILURE_SETUP);
	remove(dir);
}

static void names(void **state)
{
	static const char *const bad[] = { "",
					   "-",
					   "-a",
					   "4711",
					   "a b",
					   "a/b",
					   "..",
					   ".a",
					   "a\n",
					   "\xc3\xa4",
					   "a234567890123456789012345678901234567890123456789" };
	static const char *const good[] = { "box", "box-1", "4711a", "a.b_c", "Z" };

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		if (session_check_name(bad[i], NULL))
			fail_msg("taken: \"%s\"", bad[i]);
	for (guint i = 0; i < G_N_ELEMENTS(good); i++)
		if (!session_check_name(good[i], NULL))
			fail_msg("not taken: \"%s\"", good[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request),   cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(depth),       cmocka_unit_test(brackets_in_a_text),
		cmocka_unit_test(wrong_types), cmocka_unit_test(which_session),
		cmocka_unit_test(names),       cmocka_unit_test(no_json),
	};
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	int failed;

	/* Runs of whoever tests are not asked. */
	g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove(dir);
	return failed;
}
