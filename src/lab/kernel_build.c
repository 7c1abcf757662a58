/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the cache's kernel/:
 *   linux-VERSION/   what a guest needs of Debian's source
 *   small-KEY/, debug-KEY/   a kernel each; KEY stands for all that went into it
 *   KIND-KEY.lock    held by who builds it
 * A kernel's own make knows what it has done already, so that one that was
 * interrupted goes on; the file COMPLETE is there when nothing is left to do.
 */
#include "lab/kernel_build.h"
#include "lab/kernel.h"
#include "lab/lab.h"
#include "lab/progress.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* Changes when what build.sh does gives another kernel. */
#define RECIPE "1"

#define COMPLETE "ersatz-complete"
#define KEPT (30 * 86400) /* seconds; for kernels that nothing boots any more */
#define NEWS 20 /* seconds between two lines of progress */
#define SOURCE_MB 138 /* the package, about */

static const struct kind {
	const char *name; /* the folder's, and the end of the release */
	const char *what; /* for messages */
	const char *localversion;
	const char *fragments[2];
	guint steps; /* lines that make prints, about */
} kinds[] = {
	[KERNEL_SMALL] = { "small", "small kernel", "-ersatz", { "guest.config" }, 1850 },
	[KERNEL_DEBUG] = { "debug",
			   "debug kernel",
			   "-ersatz-debug",
			   { "guest.config", "debug.config" },
			   1800 },
};

struct build {
	const struct kind *kind;
	char *version; /* of Debian's packages */
	char *source_package;
	char *script, *fragments[2];
	char *dir, *tree; /* in the cache */
	gint64 said; /* when the latest line of progress was */
};

typedef struct build Build;

static void build_clear(struct build *build)
{
	g_free(build->version);
	g_free(build->source_package);
	g_free(build->script);
	g_free(build->fragments[0]);
	g_free(build->fragments[1]);
	g_free(build->dir);
	g_free(build->tree);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Build, build_clear)

static gboolean add_file(GChecksum *sum, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) local = NULL;
	gsize size;

	if (!g_file_get_contents(path, &text, &size, &local))
		return failure_set(error, FAILURE_SETUP, "%s", local->message);
	g_checksum_update(sum, (const guchar *)text, (gssize)size);
	return TRUE;
}

/* Finds out what is to be built where; builds nothing. */
static gboolean look_up(struct build *build, enum kernel_kind kind, GError **error)
{
	g_autofree char *release = kernel_headers();
	g_autofree char *cache = paths_cache("kernel", error);
	g_autofree char *folder = NULL;
	g_autofree char *headers = NULL;
	g_autofree char *compiler = NULL;
	g_autofree char *tree = NULL;
	g_autofree char *name = NULL;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_auto(GStrv) numbers = NULL;

	if (!cache)
		return FALSE;
	if (!release)
		return failure_set(error, FAILURE_SETUP,
				   "the headers of the guest's kernel are not installed, whose "
				   "version says which source to take; run: %s install guest",
				   paths_get()->packages);
	build->kind = &kinds[kind];
	folder = g_build_filename(paths_get()->source, "src", "lab", "kernel", NULL);
	build->script = g_build_filename(folder, "build.sh", NULL);
	headers = g_strconcat("linux-headers-", release, NULL);
	if (!tool_read(NULL, &build->version, error, "dpkg-query", "-W", "-f", "${Version}",
		       headers, NULL) ||
	    !tool_read(NULL, &compiler, error, "gcc", "--version", NULL))
		return FALSE;
	numbers = g_strsplit(release, ".", 3);
	if (g_strv_length(numbers) < 3)
		return failure_set(error, FAILURE_SETUP, "%s is not named as Debian names kernels",
				   headers);
	build->source_package = g_strdup_printf("linux-source-%s.%s", numbers[0], numbers[1]);
	g_checksum_update(sum, (const guchar *)build->version, -1);
	g_checksum_update(sum, (const guchar *)compiler, (gssize)strcspn(compiler, "\n"));
	g_checksum_update(sum, (const guchar *)RECIPE, -1);
	for (guint i = 0; i < G_N_ELEMENTS(build->fragments) && build->kind->fragments[i]; i++) {
		build->fragments[i] = g_build_filename(folder, build->kind->fragments[i], NULL);
		if (!add_file(sum, build->fragments[i], error))
			return FALSE;
	}
	name = g_strdup_printf("%s-%.12s", build->kind->name, g_checksum_get_string(sum));
	tree = g_strconcat("linux-", build->version, NULL);
	g_strdelimit(tree, ":~+", '-');
	build->dir = g_build_filename(cache, name, NULL);
	build->tree = g_build_filename(cache, tree, NULL);
	return TRUE;
}

/* Is it there, complete? Then it has just been of use. */
static gboolean is_there(const struct build *build)
{
	g_autofree char *mark = g_build_filename(build->dir, COMPLETE, NULL);

	if (access(mark, F_OK) || access(build->tree, F_OK))
		return FALSE;
	g_utime(build->dir, NULL);
	g_utime(build->tree, NULL);
	return TRUE;
}

char *kernel_build_path(enum kernel_kind kind)
{
	g_auto(Build) build = { 0 };

	if (!look_up(&build, kind, NULL) || !is_there(&build))
		return NULL;
	return g_steal_pointer(&build.dir);
}

/* Its lock; says so if somebody else has it for now. */
static int take_turn(const struct build *build, GError **error)
{
	g_autofree char *name = g_strconcat(build->dir, ".lock", NULL);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	gboolean taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	if (taken)
		say("another run is building the %s: waiting for it", build->kind->what);
	return paths_lock(build->dir, error);
}

/* Kernels and sources that nothing has booted for a long time; no part of this build. */
static void remove_old(const struct build *build)
{
	g_autofree char *cache = g_path_get_dirname(build->dir);
	g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(cache, name, NULL);
		struct stat st;

		if ((g_str_has_prefix(name, "small-") || g_str_has_prefix(name, "debug-") ||
		     g_str_has_prefix(name, "linux-")) &&
		    !g_str_has_suffix(name, ".lock") && strcmp(path, build->dir) &&
		    strcmp(path, build->tree) && stat(path, &st) == 0 &&
		    st.st_mtime + KEPT < time(NULL))
			paths_remove(path);
	}
}

static gboolean fetch_source(const struct build *build, GError **error)
{
	g_autofree char *what = g_strdup_printf("the source of Linux %s for the %s", build->version,
						build->kind->what);
	g_autofree char *deb = NULL;
	gboolean ok;
	int lock;

	if (access(build->tree, F_OK) == 0)
		return TRUE;
	lock = paths_lock(build->tree, error);
	if (lock < 0)
		return FALSE;
	ok = access(build->tree, F_OK) == 0; /* somebody did it while we waited */
	if (!ok) {
		deb = kernel_fetch(build->source_package, build->version, what, SOURCE_MB, error);
		if (deb) {
			say("unpacking %s", what);
			ok = tool_script(error, "the source could not be unpacked; see above",
					 build->script, "unpack", deb, build->tree, NULL);
			g_unlink(deb);
		}
	}
	close(lock);
	return ok;
}

static char *look(gpointer data)
{
	struct build *build = data;
	g_autofree char *file = g_build_filename(build->dir, "build.log", NULL);
	g_autofree char *text = NULL;
	gint64 now = g_get_monotonic_time();
	guint lines = 0;

	if (now < build->said + NEWS * G_USEC_PER_SEC ||
	    !g_file_get_contents(file, &text, NULL, NULL))
		return NULL;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	build->said = now;
	return g_strdup_printf("building the %s: %u%% done", build->kind->what,
			       MIN(lines * 100 / build->kind->steps, 99));
}

static guint64 bytes_below(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	guint64 bytes = 0;
	const char *name;
	struct stat st;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		if (lstat(child, &st))
			continue;
		bytes += (guint64)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode))
			bytes += bytes_below(child);
	}
	return bytes;
}

static gboolean compile(struct build *build, GError **error)
{
	g_autofree char *mark = g_build_filename(build->dir, COMPLETE, NULL);
	g_autofree char *jobs = g_strdup_printf("%u", g_get_num_processors());
	gint64 begin = g_get_monotonic_time();
	struct progress *progress;
	gboolean ok;
	guint took;

	say("building the %s, once, in %s; with %s processors this takes about %u minutes. If it "
	    "is interrupted, it goes on where it was",
	    build->kind->what, build->dir, jobs, MAX(20 / g_get_num_processors(), 2));
	build->said = begin;
	progress = progress_begin(look, build);
	ok = tool_script(error, "the kernel could not be built; see above", build->script, "build",
			 build->tree, build->dir, build->kind->localversion, jobs,
			 build->fragments[0], build->fragments[1], NULL);
	progress_end(progress);
	if (!ok)
		return FALSE;
	if (!g_file_set_contents(mark, "", 0, NULL))
		return failure_errno(error, errno, "cannot write %s", mark);
	took = (guint)((g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
	say("the %s is built, in %u min %u s; it takes %.0f MB, and its source, which modules are "
	    "built with, %.0f MB more",
	    build->kind->what, took / 60, took % 60, (double)bytes_below(build->dir) / 1e6,
	    (double)bytes_below(build->tree) / 1e6);
	return TRUE;
}

char *kernel_build(enum kernel_kind kind, GError **error)
{
	g_auto(Build) build = { 0 };
	gboolean ok;
	int lock;

	if (!lab_packages("guest", error) || !look_up(&build, kind, error))
		return NULL;
	if (is_there(&build))
		return g_steal_pointer(&build.dir);
	if (!lab_packages("kernel", error))
		return NULL;
	lock = take_turn(&build, error);
	if (lock < 0)
		return NULL;
	ok = is_there(&build); /* somebody did it while we waited */
	if (!ok) {
		ok = fetch_source(&build, error) && compile(&build, error);
		remove_old(&build);
	}
	close(lock);
	return ok ? g_steal_pointer(&build.dir) : NULL;
}
