/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "project/config.h"
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

static char *make_file(const char *dir, const char *name, const char *text)
{
	char *file = g_build_filename(dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(file);

	g_mkdir_with_parents(parent, 0755);
	assert_true(g_file_set_contents(file, text, -1, NULL));
	return file;
}

/* With a model in two sources that both include a header. */
static char *make_model(const char *dir, const char *folder)
{
	char *path = make_project(dir, folder, "alpha");

	g_free(make_file(path, "model/alpha.c",
			 "#include <ersatz/model.h>\n#include \"alpha_spec.h\"\n"
			 "#include \"own.h\"\nint own = OWN;\n\nALPHA_MODEL;\n"));
	g_free(make_file(path, "model/more.c",
			 "#include \"own.h\"\nint more(void);\n"
			 "int more(void)\n{\n\treturn OWN;\n}\n"));
	g_free(make_file(path, "model/own.h", "#define OWN 1\n"));
	return path;
}

static gboolean build(const char *dir, GError **error)
{
	struct project *project = project_open(dir, error);
	gboolean ok = project && project_build(project, PROJECT_MODEL, NULL, error);

	project_free(project);
	return ok;
}

/* A header that not the last source alone includes is seen when it changes. */
static void headers_of_all_sources(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_model(dir, "a");
	g_autofree char *first = make_file(a, "model/first.h", "#define FIRST 1\n");
	g_autofree char *model = g_build_filename(a, "build", "alpha.so", NULL);
	g_autoptr(GError) error = NULL;
	GStatBuf before, after;

	g_free(make_file(a, "model/alpha.c",
			 "#include <ersatz/model.h>\n#include \"alpha_spec.h\"\n"
			 "#include \"first.h\"\nint first = FIRST;\n\nALPHA_MODEL;\n"));
	assert_true(build(a, &error));
	g_usleep(20000);
	assert_true(build(a, &error));
	assert_int_equal(g_stat(model, &before), 0);
	assert_true(build(a, &error));
	assert_int_equal(g_stat(model, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(g_file_set_contents(first, "#define FIRST nonsense\n", -1, NULL));
	assert_false(build(a, &error));
	assert_non_null(strstr(error->message, "does not compile"));
	assert_true(g_file_set_contents(first, "#define FIRST 22\n", -1, NULL));
	assert_true(build(a, NULL));
	assert_int_equal(g_stat(model, &after), 0);
	assert_true(before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
		    before.st_mtim.tv_nsec != after.st_mtim.tv_nsec);
	paths_remove(dir);
}

static void no_macro(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	g_autoptr(GError) error = NULL;

	g_free(make_file(a, "device.yaml",
			 "name: alpha\npci: {vendor: 0x1234, device: 0x5678, class: 0x00ff00}\n"
			 "bars:\n  - {number: 0, name: regs, type: mem32, size: 4 KiB, "
			 "registers: [{name: A, offset: 0, sw: r, onread: ruser}]}\n"));
	g_free(make_file(a, "model.c", "#include <ersatz/model.h>\n#include \"alpha_spec.h\"\n"));
	assert_false(build(a, &error));
	assert_non_null(strstr(error->message, "model.c must end with ALPHA_MODEL;"));
	paths_remove(dir);
}

/* What make does not take in a path is built in the cache, the model and all. */
static void odd_paths(void **state)
{
	static const char *const names[] = { "a b", "a:b", "a$b", "a,b", "a#b" };
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = make_model(dir, names[i]);
		g_autofree char *header = g_build_filename(path, "model", "own.h", NULL);
		char *arguments[] = { path, NULL };
		g_autoptr(GPtrArray) devices = project_devices(arguments, NULL);
		g_autoptr(GError) error = NULL;
		struct project *project;

		assert_non_null(devices);
		project = ((struct project_device *)devices->pdata[0])->project;
		assert_int_equal(paths_odd(project->build), 0);
		assert_int_equal(paths_odd(project->source), 0);
		assert_true(g_file_test(project->source, G_FILE_TEST_IS_DIR));
		assert_true(project_build(project, PROJECT_MODEL, NULL, NULL));
		/* Headers there are found in the compiler's list. */
		assert_true(g_file_set_contents(header, "#define OWN nonsense\n", -1, NULL));
		assert_false(project_build(project, PROJECT_MODEL, NULL, &error));
	}
	paths_remove(dir);
}

/* A folder whose name has a comma, and properties after it. */
static void commas(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *path = make_project(dir, "a,b", "alpha");
	g_autofree char *with = g_strconcat(path, ",label=x,,y,on=true", NULL);
	g_autofree char *wrong = g_strconcat(path, ",label=x,y", NULL);
	char *arguments[] = { with, wrong, NULL };
	g_autoptr(GPtrArray) devices = NULL;
	g_autoptr(GError) error = NULL;
	struct project_device *first;

	g_free(make_file(path, "device.yaml",
			 "name: alpha\npci: {vendor: 0x1234, device: 0x5678, class: 0x00ff00}\n"
			 "bars:\n  - {number: 0, name: regs, type: mem32, size: 4 KiB, "
			 "registers: [{name: A, offset: 0}]}\n"
			 "properties:\n  - {name: label, type: string}\n"
			 "  - {name: on, type: bool}\n"));
	g_free(make_file(path, "model.c",
			 "#include <ersatz/model.h>\n#include \"alpha_spec.h\"\nALPHA_MODEL;\n"));
	devices = project_devices(arguments, NULL);
	assert_non_null(devices);
	first = devices->pdata[0];
	assert_string_equal(first->properties, "label=x,,y,on=true");
	assert_true(project_build(first->project, PROJECT_MODEL, NULL, NULL));
	assert_true(project_check(first, NULL));
	assert_false(project_check(devices->pdata[1], &error));
	assert_non_null(strstr(error->message, "not \"y\""));
	paths_remove(dir);
}

/* One folder is one project, whatever it is called. */
static void two_names(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	g_autofree char *b = g_build_filename(dir, "b", NULL);
	char *arguments[] = { a, b, NULL };
	g_autoptr(GPtrArray) devices = NULL;
	g_autoptr(GPtrArray) distinct = NULL;

	assert_int_equal(symlink("a", b), 0);
	devices = project_devices(arguments, NULL);
	assert_non_null(devices);
	distinct = project_distinct(devices);
	assert_int_equal(distinct->len, 1);
	paths_remove(dir);
}

/* This program is where an installed command may be: no agent is beside it. */
static void installation_is_left_alone(void **state)
{
	const struct paths *paths = paths_get();
	g_autofree char *dir = make_model(paths->devices, "alpha");
	g_autofree char *build = g_build_filename(dir, "build", NULL);
	g_autofree char *cache = paths_cache("", NULL);
	g_autofree char *found = project_find("alpha", NULL);
	struct project *project = project_open(found, NULL);

	assert_true(paths->installed);
	assert_non_null(project);
	assert_true(project_build(project, PROJECT_MODEL, NULL, NULL));
	assert_false(g_file_test(build, G_FILE_TEST_EXISTS));
	assert_true(g_str_has_prefix(project->build, cache));
	assert_true(g_str_has_prefix(paths->models, cache));
	project_free(project);
	paths_remove(paths->source);
}

static void a_driver_without_kbuild(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *a = make_project(dir, "a", "alpha");
	const struct project_kernel kernel = { "6.1", "/nonexistent" };
	struct project *project = project_open(a, NULL);
	g_autoptr(GError) error = NULL;

	g_free(make_file(a, "linux/driver.c", ""));
	assert_false(project_build(project, PROJECT_GUEST, &kernel, &error));
	assert_non_null(strstr(error->message, "linux/Kbuild with `obj-m := driver.o`"));
	g_clear_error(&error);
	g_free(make_file(a, "linux/Kbuild", "obj-m := driver.o\n"));
	assert_false(project_build(project, PROJECT_GUEST, &kernel, &error));
	assert_non_null(strstr(error->message, "not the build folder"));
	project_free(project);
	paths_remove(dir);
}

static void cache_is_absolute(void **state)
{
	g_autofree char *before = g_strdup(g_getenv("ERSATZ_CACHE"));
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *here = g_get_current_dir();
	g_autofree char *cache = NULL;
	g_autofree char *want = g_build_filename(dir, "c", "x", NULL);
	g_autofree char *all = g_build_filename(dir, "c", NULL);
	g_autoptr(GError) error = NULL;

	assert_int_equal(chdir(dir), 0);
	g_setenv("ERSATZ_CACHE", "./c", TRUE);
	cache = paths_cache("x", NULL);
	assert_string_equal(cache, want);
	/* What we run may do so elsewhere. */
	assert_string_equal(g_getenv("ERSATZ_CACHE"), all);
	g_setenv("ERSATZ_CACHE", "c:d", TRUE);
	assert_null(paths_cache(NULL, &error));
	assert_non_null(strstr(error->message, "':'"));
	assert_int_equal(chdir(here), 0);
	g_setenv("ERSATZ_CACHE", before, TRUE);
	paths_remove(dir);
}

static int setup(void **state)
{
	char *cache = g_dir_make_tmp("ersatz-XXXXXX", NULL);

	g_setenv("ERSATZ_CACHE", cache, TRUE);
	g_setenv("CPATH", ERSATZ_SOURCE_DIR "/include", TRUE); /* for models */
	*state = cache;
	return 0;
}

static int teardown(void **state)
{
	paths_remove(*state);
	g_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_folders),
		cmocka_unit_test(generated_once),
		cmocka_unit_test(no_model),
		cmocka_unit_test(headers_of_all_sources),
		cmocka_unit_test(no_macro),
		cmocka_unit_test(odd_paths),
		cmocka_unit_test(commas),
		cmocka_unit_test(two_names),
		cmocka_unit_test(installation_is_left_alone),
		cmocka_unit_test(a_driver_without_kbuild),
		cmocka_unit_test(cache_is_absolute),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
