/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/symbols.h"
#include "project/paths.h"

#include <elf.h>

static const char words[] = "ffffffff81000000 T _text\n"
			    "0000000000000000 A fixed_percpu_data\n"
			    "ffffffff82000000 D some_data\n"
			    "ffffffffc0000000 t in_a_module\t[module]\n";

static void kernel_symbols(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "k.elf", NULL);
	g_autoptr(GString) text = g_string_new(words);
	g_autoptr(GArray) sections = NULL;
	g_autoptr(GError) error = NULL;
	const struct symbols_section *first;

	assert_false(symbols_write(path, words, &error)); /* a kernel that hides them */
	assert_non_null(strstr(error->message, "--kernel-build"));
	for (int i = 0; i < 2000; i++)
		g_string_append_printf(text, "ffffffff81%06x t f%d\n", i + 16, i);
	assert_true(symbols_write(path, text->str, NULL));
	/* Our own reader takes it: two sections with symbols in them. */
	sections = symbols_sections(path, NULL);
	assert_non_null(sections);
	assert_int_equal(sections->len, 2);
	first = &g_array_index(sections, struct symbols_section, 0);
	assert_string_equal(first->name, ".text");
	paths_remove(dir);
}

/* Any prefix of a module, and any byte changed: an error or a list, nothing worse. */
static void broken_modules(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "m.ko", NULL);
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	g_autofree char *self = NULL;
	gsize size;

	assert_true(g_file_get_contents("/proc/self/exe", &self, &size, NULL));
	size = MIN(size, 1u << 20);
	for (int i = 0; i < 300; i++) {
		g_autofree char *copy = g_memdup2(self, size);
		gsize length = (gsize)g_rand_int_range(rand, 0, (gint32)size);
		GArray *sections;

		for (int k = 0; k < 4; k++)
			copy[g_rand_int_range(rand, 4, 64)] = (char)g_rand_int(rand);
		g_file_set_contents(path, copy, (gssize)(i % 2 ? size : length), NULL);
		sections = symbols_sections(path, NULL);
		if (sections)
			g_array_unref(sections);
	}
	paths_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_symbols),
		cmocka_unit_test(broken_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
