/* SPDX-License-Identifier: BSD-2-Clause */
#include "project/project.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/suggest.h"
#include "spec/spec.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gboolean is_project(const char *dir)
{
	g_autofree char *spec = g_build_filename(dir, "device.yaml", NULL);

	return g_file_test(spec, G_FILE_TEST_IS_REGULAR);
}

/* The project below `devices` that is nearest to a name that is not there; NULL: none is near. */
static char *nearest(const char *devices, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(devices, 0, NULL);
	const char *entry;

	while (dir && (entry = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(devices, entry, NULL);

		if (is_project(path))
			g_ptr_array_add(names, g_strdup(entry));
	}
	g_ptr_array_add(names, NULL);
	return g_strdup(suggest(name, (const char *const *)names->pdata));
}

/* The one folder behind all its names, or NULL. */
static char *real(const char *path)
{
	char *resolved = realpath(path, NULL);
	char *copy = g_strdup(resolved);

	free(resolved);
	return copy;
}

static char *find(const char *name)
{
	g_autofree char *local = g_build_filename("devices", name, NULL);
	g_autofree char *ours = g_build_filename(paths_get()->devices, name, NULL);
	const char *candidates[] = { name, local, ours };

	for (guint i = 0; *name && i < G_N_ELEMENTS(candidates); i++) {
		/* A bare name in a folder of that name: "devices/" may be meant, a folder wins. */
		if (is_project(candidates[i]))
			return real(candidates[i]);
	}
	return NULL;
}

gboolean project_ours(const char *dir)
{
	g_autofree char *parent = g_path_get_dirname(dir);
	g_autofree char *devices = real(paths_get()->devices);

	return g_strcmp0(parent, devices) == 0;
}

char *project_find(const char *name, GError **error)
{
	g_autofree char *found = find(name);
	g_autofree char *guess = NULL;

	if (!*name)
		return failure_set(error, FAILURE_SETUP,
				   "a PROJECT is a folder or a name, not nothing"),
		       NULL;
	if (found)
		return g_steal_pointer(&found);
	if (g_file_test(name, G_FILE_TEST_IS_DIR)) {
		failure_set(error, FAILURE_SETUP,
			    "the folder %s is not a device project: it has no device.yaml", name);
		return NULL;
	}
	guess = nearest(paths_get()->devices, name);
	if (strchr(name, '/'))
		failure_set(error, FAILURE_SETUP, "there is no folder %s", name);
	else if (guess)
		failure_set(
			error, FAILURE_SETUP,
			"there is no device project %s, neither here nor in %s; did you mean %s?",
			name, paths_get()->devices, guess);
	else
		failure_set(error, FAILURE_SETUP,
			    "there is no device project %s, neither here nor in %s", name,
			    paths_get()->devices);
	return NULL;
}

/*
 * DIR/build, if files can be made there and make takes its path; else a place
 * in the cache. Nothing is written into an installation, not even by root.
 */
static char *build_folder(const char *dir, const char *name, GError **error)
{
	g_autofree char *build = g_build_filename(dir, "build", NULL);
	g_autofree char *ignore = g_build_filename(build, ".gitignore", NULL);
	g_autofree char *sum = NULL;
	g_autofree char *below = NULL;

	errno = 0;
	if (!paths_odd(dir) && !(paths_get()->installed && project_ours(dir)) &&
	    g_mkdir_with_parents(build, 0755) == 0 && access(build, W_OK) == 0) {
		if (!g_file_test(ignore, G_FILE_TEST_EXISTS))
			g_file_set_contents(ignore, "*\n", -1, NULL);
		return g_steal_pointer(&build);
	}
	if (errno == ENOSPC)
		return failure_errno(error, errno, "cannot make %s", build), NULL;
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, dir, -1);
	below = g_strdup_printf("projects/%s-%.12s", name, sum);
	return paths_cache(below, error);
}

/* The project's folder under a name that make takes, for flags that go through it. */
static char *source_folder(const char *dir, const char *build, GError **error)
{
	g_autofree char *link = NULL;

	if (!paths_odd(dir))
		return g_strdup(dir);
	link = g_build_filename(build, "source", NULL);
	g_unlink(link);
	if (symlink(dir, link) < 0 && errno != EEXIST) {
		failure_errno(error, errno, "cannot make %s", link);
		return NULL;
	}
	return g_steal_pointer(&link);
}

/* The register test's table, beside the model's. */
static bool write_regtest(const struct project *project, const struct spec_device *spec,
			  GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s_regtest.c", project->build, project->name);
	g_autoptr(GString) text = g_string_new(NULL);

	spec_emit_regtest(spec, text);
	return spec_write_file(path, text->str, text->len, error);
}

static char *diags_text(const struct spec_diags *diags)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	char *copy;

	if (out) {
		spec_diags_print(diags, out);
		fclose(out);
	}
	copy = g_strdup(text ? text : "");
	free(text);
	return copy;
}

/* Once: not again, word for word, with each run of a model that is built. */
static void print_warnings(const struct project *project, const char *text)
{
	g_autofree char *stamps = g_build_filename(project->build, ".stamps", NULL);
	g_autofree char *file = g_build_filename(stamps, "warnings", NULL);
	g_autofree char *before = NULL;

	if (!*text) {
		g_unlink(file);
		return;
	}
	if (g_file_test(project->model, G_FILE_TEST_EXISTS) &&
	    g_file_get_contents(file, &before, NULL, NULL) && strcmp(before, text) == 0)
		return;
	fputs(text, stderr);
	if (paths_mkdir(stamps, NULL))
		g_file_set_contents(file, text, -1, NULL);
}

struct project *project_open(const char *dir, GError **error)
{
	struct project *project = g_new0(struct project, 1);
	g_autofree char *file = g_build_filename(dir, "device.yaml", NULL);
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *spec = spec_read_file(file, diags);
	g_autofree char *so = NULL;
	g_autofree char *said = NULL;
	g_autoptr(GError) local = NULL;
	unsigned int errors = spec_diags_errors(diags);
	gboolean ok = FALSE;

	project->users = 1;
	said = diags_text(diags);
	spec_diags_free(diags);
	if (!spec) {
		fputs(said, stderr);
		failure_set(error, FAILURE_SETUP, "%u error%s in the spec %s", errors,
			    errors == 1 ? "" : "s", file);
		project_free(project);
		return NULL;
	}
	project->name = g_strdup(spec_device_name(spec));
	project->type = g_strdup(spec_device_type(spec));
	project->dir = g_strdup(dir);
	project->spec = g_steal_pointer(&file);
	project->requires = g_strdupv((char **)spec_device_requires(spec));
	project->build = build_folder(dir, project->name, error);
	if (project->build)
		project->source = source_folder(dir, project->build, error);
	if (project->source) {
		so = g_strconcat(project->name, ".so", NULL);
		project->model = g_build_filename(project->build, so, NULL);
		print_warnings(project, said);
		project->registers = spec_device_has_registers(spec);
		project->hash = g_strdup(spec_device_hash(spec));
		ok = spec_write_c(spec, project->build, &local) &&
		     write_regtest(project, spec, &local);
		if (!ok)
			failure_set(error, FAILURE_SETUP,
				    "%s: cannot write the generated header: %s", project->name,
				    local ? local->message : "no reason given");
	}
	spec_device_free(spec);
	if (!ok) {
		project_free(project);
		return NULL;
	}
	return project;
}

void project_free(struct project *project)
{
	if (!project || --project->users > 0)
		return;
	g_free(project->name);
	g_free(project->dir);
	g_free(project->source);
	g_free(project->build);
	g_free(project->spec);
	g_free(project->type);
	g_free(project->model);
	g_free(project->hash);
	g_free(project->modules);
	g_strfreev(project->requires);
	g_free(project);
}

static void device_free(gpointer data)
{
	struct project_device *device = data;

	project_free(device->project);
	g_free(device->id);
	g_free(device->properties);
	g_free(device);
}

/* The devices of one folder share its project. */
static struct project *open_once(GPtrArray *devices, const char *dir, GError **error)
{
	for (guint i = 0; i < devices->len; i++) {
		struct project_device *device = devices->pdata[i];

		if (strcmp(device->project->dir, dir) == 0) {
			device->project->users++;
			return device->project;
		}
	}
	return project_open(dir, error);
}

/* Where PROJECT ends in an argument: at the first comma, unless a folder's name goes on. */
static size_t name_length(const char *argument)
{
	for (size_t end = strlen(argument); end > 0; end--) {
		g_autofree char *name = NULL;
		g_autofree char *dir = NULL;

		if (argument[end] && argument[end] != ',')
			continue;
		name = g_strndup(argument, end);
		dir = find(name);
		if (dir)
			return end;
	}
	return strcspn(argument, ",");
}

static struct project_device *device_new(GPtrArray *devices, const char *argument, GError **error)
{
	size_t length = name_length(argument);
	g_autofree char *name = g_strndup(argument, length);
	g_autofree char *dir = project_find(name, error);
	struct project_device *device;
	struct project *project;
	guint number = 0;

	project = dir ? open_once(devices, dir, error) : NULL;
	if (!project)
		return NULL;
	for (guint i = 0; i < devices->len; i++) {
		struct project_device *other = devices->pdata[i];

		if (strcmp(other->project->name, project->name) == 0) {
			if (other->project != project) {
				failure_set(error, FAILURE_SETUP,
					    "%s and %s are both named %s: QEMU cannot have two "
					    "types of one name",
					    other->project->dir, project->dir, project->name);
				project_free(project);
				return NULL;
			}
			number++;
		}
	}
	device = g_new0(struct project_device, 1);
	device->project = project;
	device->id = g_strdup_printf("%s%u", project->name, number);
	device->properties = g_strdup(argument[length] ? argument + length + 1 : "");
	return device;
}

GPtrArray *project_devices(char **arguments, GError **error)
{
	g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func(device_free);

	for (char **argument = arguments; argument && *argument; argument++) {
		struct project_device *device = device_new(devices, *argument, error);

		if (!device)
			return NULL;
		g_ptr_array_add(devices, device);
	}
	return g_steal_pointer(&devices);
}

GPtrArray *project_distinct(GPtrArray *devices)
{
	GPtrArray *projects = g_ptr_array_new();

	for (guint i = 0; i < devices->len; i++) {
		struct project_device *device = devices->pdata[i];

		if (!g_ptr_array_find(projects, device->project, NULL))
			g_ptr_array_add(projects, device->project);
	}
	return projects;
}

/*
 * "a=1,b=x,,y" as QEMU reads it: "a=1" and "b=x,y". A comma in a value is
 * written twice.
 */
GPtrArray *project_settings(const char *text)
{
	GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) setting = g_string_new(NULL);

	if (!*text)
		return settings;

	for (const char *at = text;; at++) {
		if (*at && (*at != ',' || at[1] == ',')) {
			at += *at == ',';
			g_string_append_c(setting, *at);
			continue;
		}
		g_ptr_array_add(settings, g_strdup(setting->str));
		g_string_truncate(setting, 0);
		if (!*at)
			return settings;
	}
}

gboolean project_check(const struct project_device *device, GError **error)
{
	const struct project *project = device->project;
	struct ez_error why = { "" };
	const struct ez_model *model;
	g_autoptr(GPtrArray) settings = NULL;
	gboolean ok = TRUE;

	if (!*device->properties)
		return TRUE;
	model = ez_model_open(project->model, &why);
	if (!model)
		return failure_set(error, FAILURE_SETUP, "%s: %s", project->name, why.text);
	settings = project_settings(device->properties);
	for (guint i = 0; ok && i < settings->len; i++) {
		const char *setting = settings->pdata[i];
		g_auto(GStrv) pair = g_strsplit(setting, "=", 2);

		if (!pair[0] || !pair[1])
			ok = failure_set(error, FAILURE_SETUP,
					 "%s: a property is NAME=VALUE, not \"%s\"", project->name,
					 setting);
		else if (ez_setting_check(model->spec, pair[0], pair[1], &why))
			ok = failure_set(error, FAILURE_SETUP, "%s: %s", project->name, why.text);
	}
	ez_model_close(model);
	return ok;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *project_list(const char *dir, const char *suffix)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	const char *entry;

	while (folder && (entry = g_dir_read_name(folder))) {
		if (g_str_has_suffix(entry, suffix) && entry[0] != '.')
			g_ptr_array_add(files, g_build_filename(dir, entry, NULL));
	}
	g_ptr_array_sort(files, by_name);
	return files;
}

GPtrArray *project_files(const struct project *project, const char *part)
{
	g_autofree char *dir = NULL;
	GPtrArray *files;

	if (strcmp(part, ".ko") == 0)
		return project->modules ? project_list(project->modules, ".ko")
					: g_ptr_array_new_with_free_func(g_free);
	dir = g_build_filename(project->build, part, NULL);
	files = project_list(dir, "");
	for (guint i = 0; i < files->len;) {
		if (g_file_test(files->pdata[i], G_FILE_TEST_IS_DIR) ||
		    !g_file_test(files->pdata[i], G_FILE_TEST_IS_EXECUTABLE))
			g_ptr_array_remove_index(files, i);
		else
			i++;
	}
	return files;
}
