/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds models when QEMU starts and registers a QOM type for each.
 *
 * The environment's ERSATZ_PATH is a list, separated by colons, of models
 * (.so files), folders of models, and device projects (folders with a
 * device.yaml, whose models are in build/). Without it, models are taken from
 * the folder ersatz-models/ beside libersatz.so; set but empty, there are none.
 *
 * What was named itself and cannot be used ends QEMU with a message: going on
 * would only lead to "not a valid device model name". What was found by
 * looking into a folder of models is left out with a message.
 */
#include "qemu/osdep.h"
#include "ersatz.h"

#include <dlfcn.h>

/* `data` of class_init lost and won a const between QEMU 10.0 and 10.2. */
typedef __typeof__(((TypeInfo *)NULL)->class_data) ErsatzClassData;

/* All models opened so far: canonical path -> ErsatzType. Never freed: types cannot be either. */
static GHashTable *ersatz_types;

/* Is this what the model is called, or one of its aliases? */
static bool ersatz_is_called(const struct ez_spec *spec, const char *name)
{
	const char *const *alias;

	if (g_str_equal(ez_spec_type(spec), name)) {
		return true;
	}
	for (alias = spec->aliases; alias && *alias; alias++) {
		if (g_str_equal(*alias, name)) {
			return true;
		}
	}
	return false;
}

ErsatzType *ersatz_type_of(Object *obj)
{
	const char *name = object_get_typename(obj);
	GHashTableIter iter;
	void *type;

	g_hash_table_iter_init(&iter, ersatz_types);
	while (g_hash_table_iter_next(&iter, NULL, &type)) {
		if (ersatz_is_called(((ErsatzType *)type)->spec, name)) {
			return type;
		}
	}
	g_assert_not_reached();
}

static void ersatz_class_init(ObjectClass *oc, ErsatzClassData data)
{
	ersatz_class_make(oc, (ErsatzType *)data);
}

/* What QOM asks of a type's name; it aborts on others. */
static bool ersatz_name_legal(const char *name)
{
	const char *c;

	if (!g_ascii_isalpha(name[0]) && !(name[0] >= '1' && name[0] <= '9')) {
		return false;
	}
	for (c = name + 1; *c; c++) {
		if (!g_ascii_isalnum(*c) && !strchr("_.-", *c)) {
			return false;
		}
	}
	return c > name + 1;
}

static const char *ersatz_name_owner(const char *name)
{
	GHashTableIter iter;
	void *path, *type;

	g_hash_table_iter_init(&iter, ersatz_types);
	while (g_hash_table_iter_next(&iter, &path, &type)) {
		if (ersatz_is_called(((ErsatzType *)type)->spec, name)) {
			return path;
		}
	}
	return NULL;
}

/* Could a type be registered under this name? `key`: where device.yaml says it. */
static bool ersatz_name_free(const char *path, const char *name, const char *key, Error **errp)
{
	const char *owner;

	if (!ersatz_name_legal(name)) {
		error_setg(errp,
			   "%s: QEMU allows no device called '%s': a name has two or more of"
			   " A-Z a-z 0-9 _ . - and begins with a letter; change %s in "
			   "device.yaml",
			   path, name, key);
		return false;
	}
	owner = ersatz_name_owner(name);
	if (owner) {
		error_setg(errp,
			   "%s: the name '%s' is taken by %s; change %s in device.yaml,"
			   " or take one of them out of ERSATZ_PATH",
			   path, name, owner, key);
		return false;
	}
	if (object_class_by_name(name)) {
		error_setg(errp,
			   "%s: QEMU itself has something called '%s'; change %s in device.yaml",
			   path, name, key);
		return false;
	}
	return true;
}

/* An alias is a type that adds nothing to the one it is derived from. */
static void ersatz_register_aliases(const struct ez_spec *spec)
{
	const char *const *alias;

	for (alias = spec->aliases; alias && *alias; alias++) {
		TypeInfo info = {
			.name = *alias,
			.parent = ez_spec_type(spec),
		};

		type_register_static(&info);
	}
}

static bool ersatz_register(const char *path, ErsatzType *type, Error **errp)
{
	const struct ez_spec *spec = type->spec;
	const char *const *alias;
	InterfaceInfo interfaces[] = {
		{ spec->id.express ? INTERFACE_PCIE_DEVICE : INTERFACE_CONVENTIONAL_PCI_DEVICE },
		{},
	};
	TypeInfo info = {
		.name = ez_spec_type(spec),
		.parent = TYPE_PCI_DEVICE,
		.instance_size = sizeof(ErsatzDevice) + spec->n_props * sizeof(ErsatzValue),
		.instance_init = ersatz_instance_init,
		.instance_finalize = ersatz_instance_finalize,
		.class_init = ersatz_class_init,
		.class_data = type,
		.interfaces = interfaces,
	};

	/* All of them before the first is registered: a type cannot be taken back. */
	if (!ersatz_name_free(path, info.name, "`type:` (or `name:`)", errp)) {
		return false;
	}
	for (alias = spec->aliases; alias && *alias; alias++) {
		if (!ersatz_name_free(path, *alias, "`aliases:`", errp)) {
			return false;
		}
	}
	if (!ersatz_props_make(type, errp)) {
		error_prepend(errp, "%s: ", path);
		return false;
	}
	type_register_static(&info);
	ersatz_register_aliases(spec);
	return true;
}

/* Opens the model and registers its type. */
static bool ersatz_add_model(const char *path, Error **errp)
{
	g_autofree char *canonical = realpath(path, NULL);
	struct ez_error error;
	ErsatzType *type;

	if (!canonical) {
		error_setg_errno(errp, errno, "%s", path);
		return false;
	}
	if (g_hash_table_contains(ersatz_types, canonical)) {
		return true;
	}
	type = g_new0(ErsatzType, 1);
	type->model = ez_model_open(canonical, &error);
	if (!type->model) {
		error_setg(errp, "%s", error.text);
		g_free(type);
		return false;
	}
	type->spec = type->model->spec;
	if (!ersatz_register(path, type, errp)) {
		ez_model_close(type->model);
		g_free(type);
		return false;
	}
	g_hash_table_insert(ersatz_types, g_steal_pointer(&canonical), type);
	return true;
}

/* error_report() and its relatives abort this early: they ask for the current monitor. */
static void ersatz_say(const char *what, Error *err)
{
	fprintf(stderr, "%s: ersatz: %s%s\n", program_invocation_short_name, what,
		error_get_pretty(err));
	error_free(err);
}

static int ersatz_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the .so files in a folder, sorted; NULL if it cannot be read. */
static GPtrArray *ersatz_models_in(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	GPtrArray *paths;
	const char *name;

	if (!dir) {
		return NULL;
	}
	paths = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".so")) {
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
		}
	}
	g_ptr_array_sort(paths, ersatz_by_name);
	return paths;
}

/* All models of a folder; those that cannot be used are left out with a message. */
static void ersatz_add_folder(const char *folder)
{
	g_autoptr(GPtrArray) paths = ersatz_models_in(folder);
	unsigned int i;

	for (i = 0; paths && i < paths->len; i++) {
		Error *err = NULL;

		if (!ersatz_add_model(paths->pdata[i], &err)) {
			ersatz_say("warning: model left out: ", err);
		}
	}
}

static bool ersatz_add_project(const char *project, Error **errp)
{
	g_autofree char *build = g_build_filename(project, "build", NULL);
	g_autoptr(GPtrArray) paths = ersatz_models_in(build);
	unsigned int i;

	if (!paths || !paths->len) {
		error_setg(errp, "%s has no model yet: run `ersatz build %s`", project, project);
		return false;
	}
	for (i = 0; i < paths->len; i++) {
		if (!ersatz_add_model(paths->pdata[i], errp)) {
			return false;
		}
	}
	return true;
}

/* One element of ERSATZ_PATH. */
static bool ersatz_add(const char *path, Error **errp)
{
	g_autofree char *yaml = g_build_filename(path, "device.yaml", NULL);

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		return ersatz_add_model(path, errp);
	}
	if (g_file_test(yaml, G_FILE_TEST_EXISTS)) {
		return ersatz_add_project(path, errp);
	}
	ersatz_add_folder(path);
	return true;
}

/* ersatz-models/ beside the libersatz.so that is loaded. */
static char *ersatz_default_folder(void)
{
	g_autofree char *dir = NULL;
	Dl_info info;

	if (!dladdr((void *)ez_model_open, &info) || !info.dli_fname) {
		return NULL;
	}
	dir = g_path_get_dirname(info.dli_fname);
	return g_build_filename(dir, "ersatz-models", NULL);
}

/*
 * Runs after all of QEMU's own types are there, so that a taken name can be
 * seen (asking earlier aborts), and before any option is read.
 */
static void ersatz_init(void)
{
	const char *list = getenv("ERSATZ_PATH");
	g_auto(GStrv) paths = NULL;
	char **path;

	ersatz_types = g_hash_table_new(g_str_hash, g_str_equal);
	if (!list) {
		g_autofree char *folder = ersatz_default_folder();

		if (folder) {
			ersatz_add_folder(folder);
		}
		return;
	}
	paths = g_strsplit(list, ":", -1);
	for (path = paths; *path; path++) {
		Error *err = NULL;

		if (**path && !ersatz_add(*path, &err)) {
			ersatz_say("error in ERSATZ_PATH: ", err);
			exit(EXIT_FAILURE);
		}
	}
}

migration_init(ersatz_init)
