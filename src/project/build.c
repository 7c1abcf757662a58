/* SPDX-License-Identifier: BSD-2-Clause */
/* Convention over configuration: what a project's folders hold says how they are built. */
#include "project/project.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/step.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A step of this project; part names it, file is where its output goes below build/. */
static struct step *new_step(struct project *project, const char *part, const char *file)
{
	g_autofree char *what = g_strdup_printf("%s: %s", project->name, part);
	g_autofree char *flat = g_strdelimit(g_strdup(file), "/", '-');
	g_autofree char *stamp = g_build_filename(project->build, ".stamps", flat, NULL);
	g_autofree char *output = g_build_filename(project->build, file, NULL);

	return step_new(what, stamp, output);
}

static void say_stale(struct step *step)
{
	if (!step_fresh(step))
		say("building %s", step->what);
}

/* Starts a compiler's command line, with the warnings that everything gets. */
static gboolean begin_compile(struct project *project, struct step *step, GError **error)
{
	g_autofree char *compiler = step_compiler(error);

	if (!compiler)
		return FALSE;
	step_input(step, compiler);
	step->hint = g_strdup("does not compile; the compiler's messages are above");
	/* Hooks have the parameters that they have, used or not. */
	step->temporary = g_strconcat(step->output, ".new", NULL);
	step->depfile = g_strconcat(step->stamp, ".d", NULL);
	step_add(step, compiler, "-std=gnu11", "-O2", "-g", "-Wall", "-Wextra",
		 "-Wno-unused-parameter", "-I", paths_get()->include, "-I", project->build, "-MD",
		 "-MF", step->depfile, "-o", step->temporary, NULL);
	return TRUE;
}

static gboolean add_sources(struct step *step, GPtrArray *sources)
{
	for (guint i = 0; i < sources->len; i++) {
		step_add(step, sources->pdata[i], NULL);
		step_input(step, sources->pdata[i]);
	}
	return sources->len > 0;
}

/* What pkg-config says for the packages that the spec's `requires:` names. */
static gboolean add_packages(struct project *project, struct step *step, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *out = NULL;
	g_autofree char *err = NULL;
	g_auto(GStrv) flags = NULL;
	int status = 0;

	if (!project->requires || !*project->requires)
		return TRUE;
	g_ptr_array_add(argv, (char *)"pkg-config");
	g_ptr_array_add(argv, (char *)"--cflags");
	g_ptr_array_add(argv, (char *)"--libs");
	for (char **name = project->requires; *name; name++)
		g_ptr_array_add(argv, *name);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
			  &err, &status, NULL))
		return failure_set(error, FAILURE_SETUP, "%s needs pkg-config; install pkg-config",
				   step->what);
	if (status)
		return failure_set(
			error, FAILURE_SETUP,
			"%s: a package that `requires:` in %s names is not installed:\n%s",
			step->what, project->spec, g_strchomp(err));
	if (!g_shell_parse_argv(g_strchomp(out), NULL, &flags, NULL))
		return TRUE; /* nothing but white space */
	for (char **flag = flags; *flag; flag++)
		step_add(step, *flag, NULL);
	return TRUE;
}

/* Opens the model, as a backend will: what is wrong with it is said now. */
static gboolean check_model(struct project *project, GError **error)
{
	struct ez_error why = { "" };
	const struct ez_model *model = ez_model_open(project->model, &why);

	if (!model)
		return failure_set(error, FAILURE_SETUP,
				   "%s: the model compiles but does not load: %s", project->name,
				   why.text);
	project->express = model->spec->id.express;
	ez_model_close(model);
	return TRUE;
}

/* Models of our own devices are where a hand-written QEMU command line finds them. */
static void publish(struct project *project)
{
	const struct paths *paths = paths_get();
	g_autofree char *parent = g_path_get_dirname(project->dir);
	g_autofree char *file = g_path_get_basename(project->model);
	g_autofree char *link = g_build_filename(paths->models, file, NULL);
	g_autofree char *next = g_strconcat(link, ".new", NULL);
	g_autofree char *now = g_file_read_link(link, NULL);

	if (strcmp(parent, paths->devices) || g_strcmp0(now, project->model) == 0)
		return;
	if (paths_mkdir(paths->models, NULL) &&
	    (g_unlink(next), symlink(project->model, next) == 0))
		g_rename(next, link);
}

static gboolean build_model(struct project *project, GError **error)
{
	g_autofree char *file = g_path_get_basename(project->model);
	AUTO_STEP step = new_step(project, "model", file);
	g_autofree char *single = g_build_filename(project->dir, "model.c", NULL);
	g_autofree char *folder = g_build_filename(project->dir, "model", NULL);
	g_autofree char *tables = g_strdup_printf("%s/%s_spec.c", project->build, project->name);
	g_autoptr(GPtrArray) sources = project_list(folder, ".c");

	if (g_file_test(single, G_FILE_TEST_EXISTS))
		g_ptr_array_insert(sources, 0, g_strdup(single));
	if (sources->len == 0)
		return failure_set(error, FAILURE_SETUP, "%s has no model: write %s", project->dir,
				   single);
	if (!begin_compile(project, step, error))
		return FALSE;
	/* ez_* stay open: whatever loads the model brings its own libersatz. */
	step_add(step, "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,lazy", NULL);
	add_sources(step, sources);
	step_add(step, tables, NULL);
	if (!add_packages(project, step, error))
		return FALSE;
	say_stale(step);
	if (!step_run(step, NULL, error) || !check_model(project, error)) {
		g_unlink(step->stamp);
		return FALSE;
	}
	publish(project);
	return TRUE;
}

/* One statically linked program for the guest. */
static gboolean build_program(struct project *project, const char *part, const char *file,
			      GPtrArray *sources, GError **error)
{
	AUTO_STEP step = new_step(project, part, file);
	g_autofree char *uapi = g_build_filename(project->dir, "linux", NULL);

	if (!begin_compile(project, step, error))
		return FALSE;
	step_add(step, "-static", "-pthread", "-I", uapi, NULL);
	add_sources(step, sources);
	say_stale(step);
	return step_run(step, NULL, error);
}

/* app/NAME.c and app/NAME/ *.c, or tests/guest/NAME.c */
static gboolean build_programs(struct project *project, const char *folder, const char *part,
			       GError **error)
{
	g_autofree char *dir = g_build_filename(project->dir, folder, NULL);
	g_autoptr(GPtrArray) entries = project_list(dir, "");

	for (guint i = 0; i < entries->len; i++) {
		const char *path = entries->pdata[i];
		g_autoptr(GPtrArray) sources = NULL;
		g_autofree char *name = g_path_get_basename(path);
		g_autofree char *file = NULL;
		g_autofree char *what = NULL;

		if (g_str_has_suffix(name, ".c")) {
			sources = g_ptr_array_new_with_free_func(g_free);
			g_ptr_array_add(sources, g_strdup(path));
			name[strlen(name) - 2] = 0;
		} else if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			sources = project_list(path, ".c");
		}
		if (!sources || sources->len == 0)
			continue;
		file = g_build_filename(folder, name, NULL);
		what = g_strdup_printf("%s %s", part, name);
		if (!build_program(project, what, file, sources, error))
			return FALSE;
	}
	return TRUE;
}

/* Scripts among the guest tests are taken as they are. */
static gboolean copy_scripts(struct project *project, GError **error)
{
	g_autofree char *from = g_build_filename(project->dir, "tests", "guest", NULL);
	g_autofree char *to = g_build_filename(project->build, "tests", "guest", NULL);
	g_autoptr(GPtrArray) scripts = project_list(from, ".sh");
	g_autoptr(GPtrArray) old = project_list(to, ".sh");

	if (scripts->len && !paths_mkdir(to, error))
		return FALSE;
	for (guint i = 0; i < old->len; i++)
		g_unlink(old->pdata[i]);
	for (guint i = 0; i < scripts->len; i++) {
		g_autofree char *name = g_path_get_basename(scripts->pdata[i]);
		g_autofree char *target = g_build_filename(to, name, NULL);
		g_autofree char *text = NULL;
		g_autoptr(GError) local = NULL;
		gsize size;

		if (!g_file_get_contents(scripts->pdata[i], &text, &size, &local) ||
		    !g_file_set_contents_full(target, text, (gssize)size, G_FILE_SET_CONTENTS_NONE,
					      0755, &local))
			return failure_set(error, FAILURE_SETUP, "%s: %s", project->name,
					   local->message);
	}
	return TRUE;
}

/* Programs whose source has gone are not taken along any more. */
static void sweep(struct project *project, const char *folder)
{
	g_autofree char *out = g_build_filename(project->build, folder, NULL);
	g_autofree char *in = g_build_filename(project->dir, folder, NULL);
	g_autoptr(GPtrArray) files = project_list(out, "");

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *name = g_path_get_basename(files->pdata[i]);
		g_autofree char *source = g_build_filename(in, name, NULL);
		g_autofree char *with_c = g_strconcat(source, ".c", NULL);

		if (!g_file_test(source, G_FILE_TEST_EXISTS) &&
		    !g_file_test(with_c, G_FILE_TEST_EXISTS))
			g_unlink(files->pdata[i]);
	}
}

static gboolean build_bench(struct project *project, GError **error)
{
	g_autofree char *dir = g_build_filename(project->dir, "tests", "bench", NULL);
	g_autoptr(GPtrArray) sources = project_list(dir, ".c");
	g_autofree char *rpath = g_strdup_printf("-Wl,-rpath,%s", paths_get()->lib);

	sweep(project, "tests/bench");
	for (guint i = 0; i < sources->len; i++) {
		g_autofree char *name = g_path_get_basename(sources->pdata[i]);
		g_autofree char *file = NULL;
		g_autofree char *what = NULL;
		AUTO_STEP step = NULL;

		name[strlen(name) - 2] = 0;
		file = g_build_filename("tests", "bench", name, NULL);
		what = g_strdup_printf("bench test %s", name);
		step = new_step(project, what, file);
		if (!begin_compile(project, step, error))
			return FALSE;
		step_input(step, sources->pdata[i]);
		step_add(step, sources->pdata[i], "-L", paths_get()->lib, rpath, "-lersatz",
			 "-lcmocka", "-lm", NULL);
		say_stale(step);
		if (!step_run(step, NULL, error))
			return FALSE;
	}
	return TRUE;
}

/*
 * Links the sources of linux/ into the build folder, so that Kbuild's many
 * files do not land beside them.
 */
static gboolean mirror(struct step *step, const char *from, const char *to, gboolean make,
		       GError **error)
{
	g_autoptr(GPtrArray) entries = project_list(from, "");

	if (make && !paths_mkdir(to, error))
		return FALSE;
	for (guint i = 0; i < entries->len; i++) {
		g_autofree char *name = g_path_get_basename(entries->pdata[i]);
		g_autofree char *target = g_build_filename(to, name, NULL);

		if (g_file_test(entries->pdata[i], G_FILE_TEST_IS_DIR)) {
			if (!mirror(step, entries->pdata[i], target, make, error))
				return FALSE;
			continue;
		}
		/* Somebody's own Kbuild run in linux/ left these. */
		if (g_str_has_suffix(name, ".o") || g_str_has_suffix(name, ".ko") ||
		    g_str_has_suffix(name, ".mod") || g_str_has_suffix(name, ".mod.c") ||
		    g_str_equal(name, "modules.order") || g_str_equal(name, "Module.symvers"))
			continue;
		if (!make) {
			step_input(step, entries->pdata[i]);
			continue;
		}
		g_unlink(target);
		if (symlink(entries->pdata[i], target) < 0)
			return failure_errno(error, errno, "cannot make %s", target);
	}
	return TRUE;
}

/* Links of sources that are gone, and modules: Kbuild makes those that are wanted. */
static void clean_links(const char *dir)
{
	g_autoptr(GPtrArray) entries = project_list(dir, "");

	for (guint i = 0; i < entries->len; i++) {
		const char *path = entries->pdata[i];

		if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) || g_str_has_suffix(path, ".ko"))
			g_unlink(path);
		else if (g_file_test(path, G_FILE_TEST_IS_DIR))
			clean_links(path);
	}
}

static gboolean build_modules(struct project *project, const struct project_kernel *kernel,
			      GError **error)
{
	g_autofree char *from = g_build_filename(project->dir, "linux", NULL);
	g_autofree char *part = g_strdup_printf("modules for Linux %s", kernel->release);
	g_autofree char *order = g_build_filename("linux", kernel->release, "modules.order", NULL);
	AUTO_STEP step = new_step(project, part, order);
	g_autofree char *to = g_path_get_dirname(step->output);
	g_autofree char *m = g_strconcat("M=", to, NULL);
	g_autofree char *header = g_strdup_printf("%s/%s_spec.h", project->build, project->name);
	g_autofree char *flags = g_strdup_printf("KCFLAGS=-I%s -I%s", project->build, from);
	g_autofree char *config =
		g_build_filename(kernel->build, "include", "config", "auto.conf", NULL);
	g_autofree char *compiler = step_compiler(error);

	if (!g_file_test(from, G_FILE_TEST_IS_DIR))
		return TRUE;
	if (!compiler)
		return FALSE;
	if (!g_file_test(config, G_FILE_TEST_EXISTS))
		return failure_set(error, FAILURE_SETUP,
				   "%s: %s is not the build folder of a configured kernel (no %s)",
				   step->what, kernel->build, "include/config/auto.conf");
	step->hint = g_strdup("do not build; the messages are above");
	/* No BTF: it wants the kernel's own debugging file, which packages do not have. */
	step_add(step, "make", "-s", "-C", kernel->build, m, flags,
		 "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules", NULL);
	step_input(step, compiler);
	step_input(step, header);
	step_input(step, config);
	if (!mirror(step, from, to, FALSE, error))
		return FALSE;
	g_free(project->modules);
	project->modules = g_strdup(to);
	if (step_fresh(step))
		return TRUE;
	say("building %s", step->what);
	clean_links(to);
	return mirror(step, from, to, TRUE, error) && step_run(step, NULL, error);
}

gboolean project_build(struct project *project, unsigned int parts,
		       const struct project_kernel *kernel, GError **error)
{
	g_autofree char *mark = g_build_filename(project->build, "build", NULL);
	gboolean ok;
	int lock = paths_lock(mark, error);

	if (lock < 0)
		return FALSE;
	ok = !(parts & PROJECT_MODEL) || build_model(project, error);
	if (ok && (parts & PROJECT_BENCH))
		ok = build_bench(project, error);
	if (ok && (parts & PROJECT_GUEST)) {
		sweep(project, "app");
		sweep(project, "tests/guest");
		ok = build_modules(project, kernel, error) &&
		     build_programs(project, "app", "program", error) &&
		     build_programs(project, "tests/guest", "guest test", error) &&
		     copy_scripts(project, error);
	}
	close(lock);
	return ok;
}
