/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/spec.h"
#include "project/failure.h"
#include "project/paths.h"

#include <string.h>

int spec_put(const GString *text, const char *output, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (!output) {
		fwrite(text->str, 1, text->len, stdout);
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	if (spec_write_file(output, text->str, text->len, &local))
		return 0;
	failure_set(error, FAILURE_SETUP, "cannot write %s: %s", output, local->message);
	return FAILURE_SETUP;
}

/* One spec, one text. */
static int emit(const struct spec_arguments *arguments,
		void (*emitter)(const struct spec_device *spec, GString *out), GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct spec_device *spec;
	int status;

	spec = spec_open(arguments->names[0], &status, error);
	if (!spec)
		return status;
	emitter(spec, text);
	spec_device_free(spec);
	return spec_put(text, arguments->output, error);
}

int spec_doc(const struct spec_arguments *arguments, GError **error)
{
	const char *format = arguments->format;

	/* The file's name says it, if nothing else does. */
	if (!format && arguments->output && g_str_has_suffix(arguments->output, ".html"))
		format = "html";
	if (!format || strcmp(format, "markdown") == 0)
		return emit(arguments, spec_emit_markdown, error);
	if (strcmp(format, "html") == 0)
		return emit(arguments, spec_emit_html, error);
	failure_set(error, FAILURE_SETUP, "spec doc: --format is markdown or html, not \"%s\"",
		    format);
	return FAILURE_SETUP;
}

int spec_names(const struct spec_arguments *arguments, GError **error)
{
	return emit(arguments, spec_emit_names, error);
}

/* A part of the runtime, without the includes of what goes into the same file. */
static gboolean add_runtime(GString *text, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(paths_get()->regtest, name, NULL);
	g_autofree char *part = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GError) local = NULL;

	if (!g_file_get_contents(path, &part, NULL, &local))
		return failure_set(error, FAILURE_SETUP,
				   "the register test's runtime is not there: %s", local->message);
	lines = g_strsplit(part, "\n", -1);
	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "#include \""))
			continue;
		if (line[1] || **line)
			g_string_append_printf(text, "%s\n", *line);
	}
	g_string_append_c(text, '\n');
	return TRUE;
}

/* All of it in one file, which needs nothing but a compiler. */
int spec_regtest(const struct spec_arguments *arguments, GError **error)
{
	static const char *const parts[] = { "regtest.h", "private.h", "rules.c",
					     "run.c",	  "across.c",  "pci.c" };
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) table = g_string_new(NULL);
	struct spec_device *spec;
	const char *rest;
	int status;

	spec = spec_open(arguments->names[0], &status, error);
	if (!spec)
		return status;
	if (!spec_device_has_registers(spec)) {
		failure_set(error, FAILURE_GUEST, "%s has no registers, so nothing to test",
			    spec_device_name(spec));
		spec_device_free(spec);
		return FAILURE_GUEST;
	}
	g_string_append_printf(text,
			       "/* SPDX-License-Identifier: BSD-2-Clause */\n"
			       "/*\n"
			       " * The register test of %s, made by ersatz: first the runtime, the "
			       "same for\n"
			       " * all devices, then the table of this one. A static program runs "
			       "anywhere:\n"
			       " *\n"
			       " *\tcc -O2 -static -o %s-regtest THIS_FILE.c\n"
			       " */\n",
			       spec_device_name(spec), spec_device_name(spec));
	spec_emit_regtest(spec, table);
	spec_device_free(spec);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		if (!add_runtime(text, parts[i], error))
			return FAILURE_SETUP;
	rest = strstr(table->str, "#include \"regtest.h\"\n");
	g_string_append(text, rest ? rest + strlen("#include \"regtest.h\"\n") : table->str);
	return spec_put(text, arguments->output, error);
}
