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
	g_autofree char *flat = g_strdelimit(g_strdup(file), "/", ':');
	g_autofree char *stamp = g_build_filename(project->build, ".stamps", flat, NULL);
	g_autofree char *output = g_build_filename(project->build, file, NULL);

	return step_new(what, stamp, output);
}

static GPtrArray *words_new(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static void add_words(GPtrArray *words, const char *word, ...)
{
	va_list args;

	va_start(args, word);
	for (; word; word = va_arg(args, const char *))
		g_ptr_array_add(words, g_strdup(word));
	va_end(args);
}

/* A program, a test or a model: what is made of C sources. */
typedef struct binary {
	const char *part; /* for messages */
	const char *file; /* below build/ */
	const char *folder; /* of its objects, below build/; NULL: build/ itself */
	GPtrArray *sources;
	GPtrArray *compile; /* flags */
	GPtrArray *link;
	const char *hint; /* what may be behind its failing to build; NULL: nothing special */
} Binary;

static void binary_clear(struct binary *binary)
{
	g_ptr_array_unref(binary->compile);
	g_ptr_array_unref(binary->link);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Binary, binary_clear)

static void begin_step(struct step *step, const char *compiler, const struct binary *binary,
		       const char *does_not, const char *tool)
{
	step_input(step, compiler);
	step->hint = g_strdup_printf("does not %s; the %s's messages are above%s%s", does_not, tool,
				     binary->hint ? "; " : "", binary->hint ? binary->hint : "");
	step->temporary = g_strconcat(step->output, ".new", NULL);
	step_add(step, compiler, "-o", step->temporary, NULL);
}

/* One source into its object, below build/.obj/ as the source is below the project. */
static struct step *new_object(struct project *project, const struct binary *binary,
			       const char *compiler, const char *source)
{
	size_t root = strlen(project->dir);
	gboolean below = strncmp(source, project->dir, root) == 0 && source[root] == '/';
	g_autofree char *name = below ? g_strdup(source + root + 1) : g_path_get_basename(source);
	g_autofree char *object = NULL;
	struct step *step;

	name[strlen(name) - 1] = 'o'; /* it ends in .c */
	object = g_build_filename(binary->folder ? binary->folder : "", ".obj", name, NULL);
	step = new_step(project, binary->part, object);
	begin_step(step, compiler, binary, "compile", "compiler");
	step->depfile = g_strconcat(step->stamp, ".d", NULL);
	/* Hooks have the parameters that they have, used or not. */
	step_add(step, "-c", "-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter",
		 "-I", paths_get()->include, "-I", project->build, "-MD", "-MF", step->depfile,
		 source, NULL);
	step_add_all(step, binary->compile);
	step_input(step, source);
	return step;
}

static void free_step(gpointer step)
{
	step_free(step);
}

/*
 * Each source is compiled for itself, as a compiler that is given several
 * leaves only the last one's list of headers.
 */
static gboolean build_binary(struct project *project, const struct binary *binary, GError **error)
{
	g_autofree char *compiler = step_compiler(error);
	g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(free_step);
	struct step *link;
	gboolean stale = FALSE;

	if (!compiler)
		return FALSE;
	link = new_step(project, binary->part, binary->file);
	begin_step(link, compiler, binary, "link", "linker");
	for (guint i = 0; i < binary->sources->len; i++) {
		struct step *object =
			new_object(project, binary, compiler, binary->sources->pdata[i]);

		g_ptr_array_add(steps, object);
		step_add(link, object->output, NULL);
		step_input(link, object->output);
	}
	step_add_all(link, binary->link);
	g_ptr_array_add(steps, link);
	for (guint i = 0; !stale && i < steps->len; i++)
		stale = !step_fresh(steps->pdata[i]);
	if (stale)
		say("building %s", link->what);
	for (guint i = 0; i < steps->len; i++) {
		if (!step_run(steps->pdata[i], NULL, error))
			return FALSE;
	}
	return TRUE;
}

/* What pkg-config says for the packages that the spec's `requires:` names. */
static gboolean add_packages(struct project *project, const char *what, GPtrArray *words,
			     GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *out = NULL;
	g_autofree char *err = NULL;
	g_auto(GStrv) flags = NULL;
	int status = 0;

	if (!project->requires || !*project->requires)
		return TRUE;
	g_ptr_array_add(argv, (char *)"pkg-config");
	g_ptr_array_add(argv, (char *)what);
	for (char **name = project->requires; *name; name++)
		g_ptr_array_add(argv, *name);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
			  &err, &status, NULL))
		return failure_set(error, FAILURE_SETUP,
				   "%s: model needs pkg-config; install pkg-config", project->name);
	if (status)
		return failure_set(
			error, FAILURE_SETUP,
			"%s: a package that `requires:` in %s names is not installed:\n%s",
			project->name, project->spec, g_strchomp(err));
	if (!g_shell_parse_argv(g_strchomp(out), NULL, &flags, NULL))
		return TRUE; /* nothing but white space */
	for (char **flag = flags; *flag; flag++)
		add_words(words, *flag, NULL);
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
	g_autofree char *file = g_path_get_basename(project->model);
	g_autofree char *link = g_build_filename(paths->models, file, NULL);
	g_autofree char *next = g_strconcat(link, ".new", NULL);
	g_autofree char *now = g_file_read_link(link, NULL);

	if (!project_ours(project->dir) || g_strcmp0(now, project->model) == 0)
		return;
	if (paths_mkdir(paths->models, NULL) &&
	    (g_unlink(next), symlink(project->model, next) == 0))
		g_rename(next, link);
}

/* NULL, or what to say where no source has the line that makes a model of the hooks. */
static char *missing_macro(struct project *project, GPtrArray *sources)
{
	g_autofree char *upper = g_ascii_strup(project->name, -1);
	g_autofree char *macro = g_strconcat(upper, "_MODEL", NULL);
	g_autofree char *name = NULL;

	for (guint i = 0; i < sources->len; i++) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(sources->pdata[i], &text, NULL, NULL) &&
		    strstr(text, macro))
			return NULL;
	}
	name = g_path_get_basename(sources->pdata[0]);
	return g_strdup_printf("%s must end with %s;", name, macro);
}

const char *const project_sanitizers[] = { "-fsanitize=address,undefined",
					   "-fno-sanitize-recover=all", "-fno-omit-frame-pointer",
					   NULL };

/* A way to build a model, into a folder of its own. */
static const struct variant {
	enum project_part part;
	const char *folder; /* NULL: build/ itself */
	const char *what;
	const char *const *both; /* for compiler and linker; NULL: none */
	const char *compile;
} variants[] = {
	{ PROJECT_MODEL, NULL, "model", NULL, "-Werror" },
	/* Other passes of the compiler warn of other things: -Werror is for the one above. */
	{ PROJECT_DEBUG, "debug", "model, to be debugged", NULL, "-O0" },
	{ PROJECT_SANITIZE, "sanitize", "model with sanitizers", project_sanitizers, "-O1" },
};

char *project_model(const struct project *project, enum project_part part)
{
	g_autofree char *file = g_path_get_basename(project->model);

	for (guint i = 1; i < G_N_ELEMENTS(variants); i++)
		if (variants[i].part == part)
			return g_build_filename(project->build, variants[i].folder, file, NULL);
	return g_strdup(project->model);
}

static gboolean build_model(struct project *project, const struct variant *variant, GError **error)
{
	g_autofree char *base = g_path_get_basename(project->model);
	g_autofree char *file =
		g_build_filename(variant->folder ? variant->folder : "", base, NULL);
	g_autofree char *single = g_build_filename(project->dir, "model.c", NULL);
	g_autofree char *folder = g_build_filename(project->dir, "model", NULL);
	g_autofree char *tables = g_strdup_printf("%s_spec.c", project->name);
	g_autofree char *hint = NULL;
	g_autoptr(GPtrArray) sources = project_list(folder, ".c");
	g_auto(Binary) model = { .part = variant->what,
				 .file = file,
				 .folder = variant->folder,
				 .sources = sources,
				 .compile = words_new(),
				 .link = words_new() };

	if (g_file_test(single, G_FILE_TEST_EXISTS))
		g_ptr_array_insert(sources, 0, g_strdup(single));
	if (sources->len == 0)
		return failure_set(error, FAILURE_SETUP, "%s has no model: write %s", project->dir,
				   single);
	hint = missing_macro(project, sources);
	model.hint = hint;
	g_ptr_array_add(sources, g_build_filename(project->build, tables, NULL));
	/* ez_* stay open: whatever loads the model brings its own libersatz. */
	add_words(model.compile, variant->compile, "-fPIC", "-fvisibility=hidden", NULL);
	add_words(model.link, "-shared", "-Wl,-z,lazy", NULL);
	for (const char *const *flag = variant->both; flag && *flag; flag++) {
		add_words(model.compile, *flag, NULL);
		add_words(model.link, *flag, NULL);
	}
	if (!add_packages(project, "--cflags", model.compile, error) ||
	    !add_packages(project, "--libs", model.link, error) ||
	    !build_binary(project, &model, error))
		return FALSE;
	/* The others load only where their sanitizers are. */
	if (variant->part != PROJECT_MODEL)
		return TRUE;
	if (!check_model(project, error))
		return FALSE;
	publish(project);
	return TRUE;
}

static gboolean build_models(struct project *project, unsigned int parts, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(variants); i++)
		if ((parts & variants[i].part) && !build_model(project, &variants[i], error))
			return FALSE;
	return TRUE;
}

/* One statically linked program for the guest. */
static gboolean build_program(struct project *project, const char *part, const char *file,
			      GPtrArray *sources, GError **error)
{
	g_autofree char *uapi = g_build_filename(project->dir, "linux", NULL);
	g_auto(Binary) program = { .part = part,
				   .file = file,
				   .sources = sources,
				   .compile = words_new(),
				   .link = words_new() };

	add_words(program.compile, "-pthread", "-I", uapi, NULL);
	add_words(program.link, "-static", "-pthread", NULL);
	return build_binary(project, &program, error);
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
		g_autoptr(GPtrArray) one = words_new();
		g_auto(Binary)
			test = { .sources = one, .compile = words_new(), .link = words_new() };

		add_words(one, sources->pdata[i], NULL);
		name[strlen(name) - 2] = 0;
		file = g_build_filename("tests", "bench", name, NULL);
		what = g_strdup_printf("bench test %s", name);
		test.part = what;
		test.file = file;
		add_words(test.link, "-L", paths_get()->lib, rpath, "-lersatz", "-lcmocka", "-lm",
			  NULL);
		if (!build_binary(project, &test, error))
			return FALSE;
	}
	return TRUE;
}

/* The register test: our runtime with the table that the spec made, here or in a guest. */
static gboolean build_regtest(struct project *project, gboolean guest, GError **error)
{
	static const char *const parts[] = { "rules.c", "run.c", "across.c" };
	const char *runtime = paths_get()->regtest;
	g_autofree char *file = guest ? g_strdup_printf("regtest/guest/%s-regtest", project->name)
				      : g_strdup("regtest/bench/registers");
	g_autofree char *out = g_build_filename(project->build, file, NULL);
	g_autofree char *rpath = g_strdup_printf("-Wl,-rpath,%s", paths_get()->lib);
	g_autoptr(GPtrArray) sources = words_new();
	g_auto(Binary) test = { .part = "register test",
				.file = file,
				.sources = sources,
				.compile = words_new(),
				.link = words_new() };

	if (!project->registers) {
		g_unlink(out);
		return TRUE;
	}
	g_ptr_array_add(sources, g_strdup_printf("%s/%s_regtest.c", project->build, project->name));
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		g_ptr_array_add(sources, g_build_filename(runtime, parts[i], NULL));
	g_ptr_array_add(sources, g_build_filename(runtime, guest ? "pci.c" : "bench.c", NULL));
	add_words(test.compile, "-I", runtime, NULL);
	if (guest)
		add_words(test.link, "-static", NULL);
	else
		add_words(test.link, "-L", paths_get()->lib, rpath, "-lersatz", NULL);
	return build_binary(project, &test, error);
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

/* make's own words for this are of no use. */
static gboolean check_kbuild(struct project *project, const char *dir, GError **error)
{
	static const char *const names[] = { "Kbuild", "Makefile" };
	g_autoptr(GPtrArray) sources = project_list(dir, ".c");
	g_autofree char *object = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_build_filename(dir, names[i], NULL);

		if (g_file_test(file, G_FILE_TEST_EXISTS))
			return TRUE;
	}
	if (sources->len == 1) {
		object = g_path_get_basename(sources->pdata[0]);
		object[strlen(object) - 1] = 'o';
	} else {
		object = g_strconcat(project->name, ".o", NULL);
	}
	return failure_set(error, FAILURE_SETUP,
			   "%s: %s does not say what to build: write %s/Kbuild with "
			   "`obj-m := %s`",
			   project->name, dir, dir, object);
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
	g_autofree char *source = g_build_filename(project->source, "linux", NULL);
	g_autofree char *flags = g_strdup_printf("KCFLAGS=-I%s -I%s", project->build, source);
	g_autofree char *config =
		g_build_filename(kernel->build, "include", "config", "auto.conf", NULL);
	g_autofree char *compiler = step_compiler(error);

	if (!g_file_test(from, G_FILE_TEST_IS_DIR))
		return TRUE;
	if (!check_kbuild(project, from, error))
		return FALSE;
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
	ok = build_models(project, parts, error);
	if (ok && (parts & PROJECT_BENCH))
		ok = build_bench(project, error) && build_regtest(project, FALSE, error);
	if (ok && (parts & PROJECT_GUEST))
		ok = build_modules(project, kernel, error);
	if (ok && (parts & (PROJECT_GUEST | PROJECT_PROGRAMS))) {
		sweep(project, "app");
		sweep(project, "tests/guest");
		ok = build_programs(project, "app", "program", error) &&
		     build_programs(project, "tests/guest", "guest test", error) &&
		     build_regtest(project, TRUE, error) && copy_scripts(project, error);
	}
	close(lock);
	return ok;
}
