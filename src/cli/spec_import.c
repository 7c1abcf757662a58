/* SPDX-License-Identifier: BSD-2-Clause */
/* ersatz spec import, export: from and to what other tools read and write. */
#include "cli/spec.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Names in a message; the rest --list tells. */
#define NAMES_SHOWN 12

static void list(const struct spec_import *import)
{
	for (unsigned int i = 0; i < spec_import_count(import); i++) {
		struct spec_import_info info = spec_import_get(import, i);
		g_autofree char *base =
			info.has_base ? g_strdup_printf("0x%" PRIx64, info.base) : g_strdup("-");

		if (info.of)
			printf("%-24s %-12s as %s\n", info.name, base, info.of);
		else
			printf("%-24s %-12s %s\n", info.name, base,
			       info.description ? info.description : "");
	}
}

/* One of a name; or the only one that is not just one more of another. */
static gboolean choose(const struct spec_import *import, const char *file, const char *name,
		       gboolean all, GArray *chosen, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GString *text;
	const char *guess;

	for (unsigned int i = 0; i < spec_import_count(import); i++) {
		struct spec_import_info info = spec_import_get(import, i);

		if (name ? !strcmp(info.name, name) : !info.of)
			g_array_append_val(chosen, i);
		g_ptr_array_add(names, (void *)info.name);
	}
	if (chosen->len && (name || all || chosen->len == 1)) {
		if (name)
			g_array_set_size(chosen, 1);
		return TRUE;
	}
	g_ptr_array_add(names, NULL);
	guess = name ? suggest(name, (const char *const *)names->pdata) : NULL;
	if (guess)
		return failure_set(error, FAILURE_SETUP, "%s has no %s; did you mean %s?", file,
				   name, guess);
	text = g_string_new(NULL);
	for (guint i = 0; i + 1 < names->len && i < NAMES_SHOWN; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
	if (names->len - 1 > NAMES_SHOWN)
		g_string_append(text, ", ... (--list names all)");
	if (name)
		failure_set(error, FAILURE_SETUP, "%s has no %s; it has %s", file, name, text->str);
	else
		failure_set(
			error, FAILURE_SETUP,
			"%s holds %u blocks: name one with --peripheral, or a folder for all of "
			"them with --output; it has %s",
			file, chosen->len, text->str);
	g_string_free(text, TRUE);
	return FALSE;
}

static gboolean is_folder(const char *path)
{
	return path && (g_str_has_suffix(path, "/") || g_file_test(path, G_FILE_TEST_IS_DIR));
}

static int write_block(struct spec_import *import, unsigned int i, const char *output,
		       gboolean usage_wanted, GError **error)
{
	g_autoptr(GString) yaml = g_string_new(NULL);
	g_autoptr(GString) usage = g_string_new(NULL);
	g_autofree char *own = spec_import_file_name(import, i);
	g_autofree char *path = NULL;
	g_autofree char *name = NULL;
	int status;

	if (is_folder(output))
		path = g_build_filename(output, own, NULL);
	else
		path = g_strdup(output);
	name = path ? g_path_get_basename(path) : g_strdup(own);
	if (!spec_import_write(import, i, name, yaml, usage))
		return FAILURE_GUEST;
	status = spec_put(yaml, path, error);
	if (status || !path)
		return status;
	if (usage_wanted)
		printf("%s: to use it, in device.yaml:\n%s", path, usage->str);
	else
		printf("%s\n", path);
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

int spec_import(const struct spec_arguments *arguments, GError **error)
{
	g_autoptr(GArray) chosen = g_array_new(FALSE, FALSE, sizeof(unsigned int));
	struct spec_diags *diags = spec_diags_new();
	const char *file = arguments->names[0];
	struct spec_import *import = NULL;
	int status = 0;

	if (!g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
		failure_set(error, FAILURE_SETUP,
			    g_file_test(file, G_FILE_TEST_EXISTS) ? "%s is not a file"
								  : "%s: there is no such file",
			    file);
		status = FAILURE_SETUP;
	} else {
		import = spec_import_file(file, diags);
	}
	if (!import) {
		status = status ? status : FAILURE_GUEST;
	} else if (arguments->list) {
		list(import);
		status = cli_flush(error) ? 0 : FAILURE_SETUP;
	} else if (!choose(import, file, arguments->peripheral, arguments->output != NULL, chosen,
			   error) ||
		   ((is_folder(arguments->output) || (arguments->output && chosen->len > 1)) &&
		    !paths_mkdir(arguments->output, error))) {
		status = FAILURE_SETUP;
	}
	for (guint i = 0; i < chosen->len && status != FAILURE_SETUP && import; i++) {
		int one = write_block(import, g_array_index(chosen, unsigned int, i),
				      arguments->output, chosen->len == 1, error);

		status = MAX(status, one);
	}
	spec_diags_print(diags, stderr);
	spec_import_free(import);
	spec_diags_free(diags);
	return status;
}

/* ---- export ---- */

int spec_export(const struct spec_arguments *arguments, GError **error)
{
	static const struct {
		const char *name;
		void (*emit)(const struct spec_device *dev, GString *out);
	} formats[] = { { "systemrdl", spec_emit_systemrdl } };
	g_autoptr(GString) text = g_string_new(NULL);
	const char *names[G_N_ELEMENTS(formats) + 1] = { NULL };
	const char *wanted = arguments->format ? arguments->format : formats[0].name, *guess;
	struct spec_device *spec;
	int status;

	for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
		names[i] = formats[i].name;
		if (strcmp(wanted, formats[i].name))
			continue;
		spec = spec_open(arguments->names[0], &status, error);
		if (!spec)
			return status;
		formats[i].emit(spec, text);
		spec_device_free(spec);
		return spec_put(text, arguments->output, error);
	}
	guess = suggest(wanted, names);
	failure_set(error, FAILURE_SETUP, "spec export: there is no format \"%s\"; %s%s", wanted,
		    guess ? "did you mean " : "what there is: ", guess ? guess : names[0]);
	return FAILURE_SETUP;
}
