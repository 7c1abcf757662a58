/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/sanitize.h"
#include "lab/lab.h"
#include "lab/progress.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"
#include "project/step.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define PROGRAM "ersatz-serve"
#define KEPT (30 * 86400) /* seconds; of other clones, and of yesterday */

/*
 * A report ends the process, so that nothing runs on over a broken heap. Leaks
 * are not looked for: who serves ends without taking everything down, and may
 * be looked at by gdb.
 */
const char *const sanitize_environment[] = {
	"ASAN_OPTIONS=detect_leaks=0:handle_abort=1:detect_stack_use_after_return=1:"
	"strict_string_checks=1",
	"UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:print_summary=1:report_error_type=1",
	NULL,
};

/* All that it is compiled of, below `dir`, into the key. */
static void add_files(GChecksum *sum, const char *dir)
{
	g_autoptr(GPtrArray) entries = project_list(dir, "");

	for (guint i = 0; i < entries->len; i++) {
		const char *path = entries->pdata[i];
		g_autofree char *text = NULL;
		gsize size;

		if (!g_str_has_suffix(path, ".c") && !g_str_has_suffix(path, ".h"))
			continue;
		if (!g_file_get_contents(path, &text, &size, NULL))
			continue;
		g_checksum_update(sum, (const guchar *)path, (gssize)strlen(path));
		g_checksum_update(sum, (const guchar *)text, (gssize)size);
	}
}

static char *flags(void)
{
	return g_strjoinv(" ", (char **)project_sanitizers);
}

static char *key_of(const char *compiler)
{
	static const char *const parts[] = { "regs", "pci", "device", "taps",
					     "backends/vfio_user" };
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *identity = tool_identity(compiler);
	g_autofree char *all = flags();
	g_autofree char *sdk = g_build_filename(paths_get()->include, "ersatz", NULL);
	g_autofree char *makefile =
		g_build_filename(paths_get()->source, "src", "lab", "sanitize.mk", NULL);
	g_autofree char *rules = NULL;

	g_checksum_update(sum, (const guchar *)identity, -1);
	g_checksum_update(sum, (const guchar *)all, -1);
	if (g_file_get_contents(makefile, &rules, NULL, NULL))
		g_checksum_update(sum, (const guchar *)rules, -1);
	add_files(sum, sdk);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *dir = g_build_filename(paths_get()->source, "src", parts[i], NULL);

		add_files(sum, dir);
	}
	return g_strndup(g_checksum_get_string(sum), 16);
}

/* Folders that nothing has been run from for a long time. */
static void remove_old(const char *cache)
{
	g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(cache, name, NULL);
		struct stat st;

		if (stat(path, &st) == 0 && st.st_mtime + KEPT < time(NULL))
			paths_remove(path);
	}
}

static guint count_objects(const char *dir)
{
	g_autoptr(GPtrArray) entries = project_list(dir, "");
	guint count = 0;

	for (guint i = 0; i < entries->len; i++)
		if (g_file_test(entries->pdata[i], G_FILE_TEST_IS_DIR))
			count += count_objects(entries->pdata[i]);
		else if (g_str_has_suffix(entries->pdata[i], ".o"))
			count++;
	return count;
}

static char *look(gpointer data)
{
	g_autofree char *objects = g_build_filename(data, "obj", NULL);

	return g_strdup_printf("compiling the server with sanitizers: %u files done",
			       count_objects(objects));
}

static gboolean link_to(const char *target, const char *dir, const char *name, GError **error)
{
	g_autofree char *link = g_build_filename(dir, name, NULL);

	return symlink(target, link) == 0 || failure_errno(error, errno, "cannot make %s", link);
}

static gboolean compile(const char *dir, const char *compiler, GError **error)
{
	const struct paths *paths = paths_get();
	g_autofree char *source = g_build_filename(paths->source, "src", NULL);
	g_autofree char *makefile = g_build_filename("src", "lab", "sanitize.mk", NULL);
	g_autofree char *all = flags();
	g_autofree char *cc = g_strconcat("CC=", compiler, NULL);
	g_autofree char *flag = g_strconcat("FLAGS=", all, NULL);
	g_autofree char *jobs = g_strdup_printf("-j%u", g_get_num_processors());
	struct progress *progress;
	gboolean ok;

	if (!paths_mkdir(dir, error) || !link_to(source, dir, "src", error) ||
	    !link_to(paths->include, dir, "include", error))
		return FALSE;
	say("compiling the server with sanitizers, once");
	progress = progress_begin(look, (gpointer)dir);
	ok = tool_script(error,
			 "the server with sanitizers does not compile; the messages are above",
			 "make", "-s", jobs, "-C", dir, "-f", makefile, cc, flag, NULL);
	progress_end(progress);
	return ok;
}

char *sanitize_server(GError **error)
{
	g_autofree char *compiler = step_compiler(error);
	g_autofree char *cache = compiler ? paths_cache("sanitize", error) : NULL;
	g_autofree char *key = NULL;
	g_autofree char *dir = NULL;
	g_autofree char *next = NULL;
	g_autofree char *program = NULL;
	gboolean ok = TRUE;
	int lock;

	if (!cache)
		return NULL;
	key = key_of(compiler);
	dir = g_build_filename(cache, key, NULL);
	program = g_build_filename(dir, PROGRAM, NULL);
	if (access(program, X_OK) == 0) {
		g_utime(dir, NULL);
		return g_steal_pointer(&program);
	}
	if (!lab_packages("sanitize", error))
		return NULL;
	lock = paths_lock(dir, error);
	if (lock < 0)
		return NULL;
	if (access(program, X_OK)) { /* nobody did it while we waited */
		next = g_strconcat(dir, ".new", NULL);
		paths_remove(next);
		ok = compile(next, compiler, error);
		if (ok && g_rename(next, dir) < 0)
			ok = failure_errno(error, errno, "cannot rename %s", next);
		paths_remove(next);
		remove_old(cache);
	}
	close(lock);
	return ok ? g_steal_pointer(&program) : NULL;
}
