/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/tool.h"
#include "project/failure.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

static gboolean run(const char *dir, char **ret_output, GError **error, const char *program,
		    va_list args)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *output = NULL;
	g_autofree char *said = NULL;
	g_autofree char *line = NULL;
	g_autoptr(GError) local = NULL;
	int status = 0;

	for (const char *a = program; a; a = va_arg(args, const char *))
		g_ptr_array_add(argv, (char *)a);
	g_ptr_array_add(argv, NULL);
	line = g_strjoinv(" ", (char **)argv->pdata);
	if (!g_spawn_sync(dir, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			  &said, &status, &local))
		return failure_set(error, FAILURE_SETUP, "cannot run %s: %s", program,
				   local->message);
	if (!g_spawn_check_wait_status(status, &local)) {
		if (strstr(said, "No space left on device"))
			return failure_set(error, FAILURE_SETUP,
					   "%s: the disk is full; free some space", line);
		return failure_set(error, FAILURE_SETUP, "%s failed%s%s", line, *said ? ":\n" : "",
				   g_strchomp(said));
	}
	if (ret_output)
		*ret_output = g_steal_pointer(&output);
	return TRUE;
}

gboolean tool_run(GError **error, const char *program, ...)
{
	va_list args;
	gboolean ok;

	va_start(args, program);
	ok = run(NULL, NULL, error, program, args);
	va_end(args);
	return ok;
}

gboolean tool_read(const char *dir, char **ret_output, GError **error, const char *program, ...)
{
	va_list args;
	gboolean ok;

	va_start(args, program);
	ok = run(dir, ret_output, error, program, args);
	va_end(args);
	return ok;
}

char *tool_newest(const char *dir, const char *prefix)
{
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	g_autofree char *best = NULL;
	time_t newest = 0;
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		struct stat st;

		if (g_str_has_prefix(name, prefix) && stat(path, &st) == 0 &&
		    (!best || st.st_mtime > newest)) {
			g_free(best);
			best = g_steal_pointer(&path);
			newest = st.st_mtime;
		}
	}
	return g_steal_pointer(&best);
}

char *tool_identity(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return g_strdup_printf("none %s", path);
	return g_strdup_printf("%" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT " %s",
			       (gint64)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec,
			       (gint64)st.st_size, path);
}
