/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *make_project(const char *dir, const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(dir, folder, NULL);
	g_autofree char *file = g_build_filename(path, "device.yaml", NULL);
	g_autofree char *text = g_strdup_printf(
		"name: %s\npci: {vendor: 0x1234, device: 0x5678, class: 0x00ff00}\n"
		"bars:\n  - number: 0\n    name: regs\n    type: mem32\n    size: 4 KiB\n"
		"    registers:\n      - {name: A, offset: 0}\n",
		name);

	g_mkdir_with_parents(path, 0755);
	g_file_set_contents(file, text, -1, NULL);
	return g_steal_pointer(&path);
}

static void names_and_folders(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	g_autofree char *b = make_project(dir, "b", "alpha");
	char *twice[] = { g_strconcat(a, ",x=1,y=2", NULL), a, NULL };
	char *clash[] = { a, b, NULL };
	char *missing[] = { (char *)"/nonexistent/thing", NULL };
	char *empty[] = { (char *)"", NULL };
	g_autoptr(GPtrArray) devices = project_devices(twice, NULL);
	g_autoptr(GPtrArray) distinct = NULL;
	g_autoptr(GError) error = NULL;
	struct project_device *first, *second;

	assert_non_null(devices);
	assert_int_equal(devices->len, 2);
	first = devices->pdata[0];
	second = devices->pdata[1];
	assert_ptr_equal(first->project, second->project);
	assert_string_equal(first->id, "alpha0");
	assert_string_equal(second->id, "alpha1");
	assert_string_equal(first->properties, "x=1,y=2");
	assert_string_equal(second->properties, "");
	distinct = project_distinct(devices);
	assert_int_equal(distinct->len, 1);

	assert_null(project_devices(clash, &error));
	assert_non_null(strstr(error->message, "both named alpha"));
	g_clear_error(&error);
	assert_null(project_devices(missing, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	g_clear_error(&error);
	assert_null(project_devices(empty, &error));
	g_free(twice[0]);
	paths_remove(dir);
}

/* The generated files are left alone when nothing in them changes. */
static void generated_once(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	g_autofree char *header = g_build_filename(a, "build", "alpha_spec.h", NULL);
	struct project *project = project_open(a, NULL);
	GStatBuf before, after;

	assert_non_null(project);
	project_free(project);
	assert_int_equal(g_stat(header, &before), 0);
	g_usleep(20000);
	project = project_open(a, NULL);
	project_free(project);
	assert_int_equal(g_stat(header, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_ino, after.st_ino);
	paths_remove(dir);
}

static void no_model(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	g_autoptr(GError) error = NULL;
	struct project *project = project_open(a, NULL);

	assert_false(project_build(project, PROJECT_MODEL, NULL, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_non_null(strstr(error->message, "has no model"));
	project_free(project);
	paths_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_folders),
		cmocka_unit_test(generated_once),
		cmocka_unit_test(no_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
