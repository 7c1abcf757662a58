/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>

char *data_path(const char *name)
{
	return g_build_filename(SPEC_TEST_DATA, name, NULL);
}

char *scratch_new(void)
{
	char *dir = g_dir_make_tmp("ersatz-spec-XXXXXX", NULL);

	assert_non_null(dir);
	return dir;
}

void scratch_free(char *dir)
{
	GDir *list = g_dir_open(dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(list))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		g_remove(path);
	}
	g_dir_close(list);
	assert_int_equal(g_rmdir(dir), 0);
	g_free(dir);
}

char *scratch_write(const char *dir, const char *name, const char *text)
{
	char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

char *diags_text(const struct spec_diags *diags)
{
	static const char *const names[] = { "error", "warning", "note" };
	GString *out = g_string_new(NULL);

	for (unsigned int i = 0; i < spec_diags_count(diags); i++) {
		const struct spec_diag *diag = spec_diags_get(diags, i);

		if (diag->line)
			g_string_append_printf(out, "%u:%u: ", diag->line, diag->column);
		g_string_append_printf(out, "%s: %s\n", names[diag->severity], diag->text);
	}
	return g_string_free(out, FALSE);
}

struct spec_device *read_good(const char *path)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *dev = spec_read_file(path, diags);

	if (!dev)
		spec_diags_print(diags, stderr);
	assert_non_null(dev);
	spec_diags_free(diags);
	return dev;
}

struct spec_device *read_text(const char *text, char **ret_diags)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *dev = spec_read_text("device.yaml", text, strlen(text), diags);

	*ret_diags = diags_text(diags);
	spec_diags_free(diags);
	return dev;
}

int run(char **ret_stderr, const char *format, ...)
{
	g_autofree char *command = NULL;
	int status = -1;
	va_list args;

	va_start(args, format);
	command = g_strdup_vprintf(format, args);
	va_end(args);
	if (!g_spawn_command_line_sync(command, NULL, ret_stderr, &status, NULL))
		return -1;
	return status;
}

const char *compiler(void)
{
	const char *cc = g_getenv("CC");

	return cc ? cc : "cc";
}

bool have(const char *program)
{
	g_autofree char *path = g_find_program_in_path(program);

	return path;
}
