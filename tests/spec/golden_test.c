/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bad/NAME.yaml gives exactly the diagnostics of bad/NAME.expect, a line each:
 * "LINE:COLUMN: error: TEXT". One file a kind of mistake. The expectations
 * are written by hand: change one only because the message should be another.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void same_diagnostics(void **state)
{
	const char *name = *state;
	g_autofree char *yaml = g_strdup_printf("%s/bad/%s.yaml", SPEC_TEST_DATA, name);
	g_autofree char *expect = g_strdup_printf("%s/bad/%s.expect", SPEC_TEST_DATA, name);
	g_autofree char *wanted = NULL;
	g_autofree char *found = NULL;
	struct spec_diags *diags = spec_diags_new();

	assert_true(g_file_get_contents(expect, &wanted, NULL, NULL));
	assert_null(spec_read_file(yaml, diags));
	found = diags_text(diags);
	assert_string_equal(found, wanted);
	for (unsigned int i = 0; i < spec_diags_count(diags); i++)
		assert_string_equal(spec_diags_get(diags, i)->file, yaml);
	spec_diags_free(diags);
}

/* As a compiler would print them. */
static void printed_form(void **state)
{
	static const char text[] =
		"name: bad\npci: {vendor: 1, device: 1, class: 0, pin: B}\nx: y\n";
	struct spec_diags *diags = spec_diags_new();
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_null(spec_read_text("a/device.yaml", text, strlen(text), diags));
	spec_diags_print(diags, out);
	fclose(out);
	assert_string_equal(
		printed,
		"a/device.yaml:2:44: warning: pin: a device with one function uses pin A (PCI 3.0, "
		"2.2.6)\n"
		"a/device.yaml:2:44: warning: pin: there are no interrupts: to use it\n"
		"a/device.yaml:3:1: error: unknown key 'x' in a device; known: name, description, "
		"type, aliases, include, pci, requires, bars, interrupts, interrupt_block, "
		"interrupt_policy, capabilities, extended_capabilities, properties, state, "
		"timers, jobs, hooks\n");
	free(printed);
	spec_diags_free(diags);
}

/* Nothing of a library's own comes out beside our diagnostics. */
static void library_is_silent(void **state)
{
	const GPtrArray *names = *state;
	char path[] = "/tmp/ersatz-spec-stderr-XXXXXX";
	int quiet = mkstemp(path), out = dup(1), err = dup(2);
	off_t printed;

	assert_true(quiet >= 0);
	fflush(NULL);
	dup2(quiet, 1);
	dup2(quiet, 2);
	for (unsigned int i = 0; i < names->len; i++) {
		g_autofree char *yaml = g_strdup_printf("%s/bad/%s.yaml", SPEC_TEST_DATA,
							(const char *)g_ptr_array_index(names, i));
		struct spec_diags *diags = spec_diags_new();

		spec_device_free(spec_read_file(yaml, diags));
		spec_diags_free(diags);
	}
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	printed = lseek(quiet, 0, SEEK_CUR);
	close(quiet);
	close(out);
	close(err);
	unlink(path);
	assert_int_equal(printed, 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
	GArray *tests = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const struct CMUnitTest fixed[] = {
		cmocka_unit_test(printed_form),
		cmocka_unit_test_prestate(library_is_silent, names),
	};
	GDir *dir = g_dir_open(SPEC_TEST_DATA "/bad", 0, NULL);
	const char *file;
	int failed;

	while (dir && (file = g_dir_read_name(dir))) {
		if (g_str_has_suffix(file, ".yaml"))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - 5));
	}
	if (dir)
		g_dir_close(dir);
	g_ptr_array_sort(names, by_name);
	g_array_append_vals(tests, fixed, G_N_ELEMENTS(fixed));
	for (unsigned int i = 0; i < names->len; i++) {
		struct CMUnitTest test = {
			.name = g_ptr_array_index(names, i),
			.test_func = same_diagnostics,
			.initial_state = g_ptr_array_index(names, i),
		};

		g_array_append_val(tests, test);
	}
	failed = _cmocka_run_group_tests("spec golden", (struct CMUnitTest *)(void *)tests->data,
					 tests->len, NULL, NULL);
	g_array_free(tests, TRUE);
	g_ptr_array_free(names, TRUE);
	return failed;
}
