/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/unpack.h"
#include "lab/progress.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define BASE "trixie"

/* apt-get in a world of its own: the machine's lists and packages are not touched. */
static gboolean apt(const char *world, GError **error, const char *suite, const char *verb,
		    const char *package, const char *also)
{
	g_autofree char *state = g_strdup_printf("Dir::State=%s/state", world);
	g_autofree char *status = g_strdup_printf("Dir::State::status=%s/status", world);
	g_autofree char *cache = g_strdup_printf("Dir::Cache=%s/cache", world);
	g_autofree char *list = g_strdup_printf("Dir::Etc::sourcelist=%s/sources.list", world);

	return tool_run(error, "apt-get", "-q", "-y", "-o", state, "-o", status, "-o", cache, "-o",
			list, "-o", "Dir::Etc::sourceparts=/dev/null", "-o",
			"Dir::Etc::preferencesparts=/dev/null", "-o",
			"Dir::Etc::preferences=/dev/null", "-o", "APT::Install-Recommends=false",
			"-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-t", suite,
			"--download-only", verb, package, also, NULL);
}

/* The archive that the machine's own apt uses; its suites are not ours, but its place is. */
static char *archive(GError **error)
{
	g_autofree char *output = NULL;
	g_auto(GStrv) lines = NULL;

	if (!tool_read(NULL, &output, error, "apt-get", "indextargets", "--format",
		       "$(LABEL) $(REPO_URI)", "Created-By: Packages", "Origin: Debian", NULL))
		return NULL;
	lines = g_strsplit(output, "\n", -1);
	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, "Debian "))
			return g_strdup(*line + strlen("Debian "));
	failure_set(error, FAILURE_SETUP,
		    "this machine's apt knows no Debian archive: run `apt-get update` first");
	return NULL;
}

static char *sources(const char *suite, GError **error)
{
	g_autofree char *uri = archive(error);
	g_autofree char *line = NULL;

	if (!uri)
		return NULL;
	line = g_strconcat("deb [signed-by=" KEYRING "] ", uri, " ", NULL);
	if (g_str_equal(suite, BASE))
		return g_strconcat(line, BASE " main\n", NULL);
	return g_strconcat(line, BASE " main\n", line, suite, " main\n", NULL);
}

/* What is being done with a package and all it needs; read by the thread that tells of it. */
struct work {
	const struct unpack *unpack;
	const char *to;
	char *archives, *partial;
	GPtrArray *debs; /* of char * */
	guint done; /* of those, unpacked; atomic */
	GMutex mutex;
	GError *error; /* the first */
};

static char *look_download(gpointer data)
{
	const struct work *work = data;
	guint64 bytes = progress_bytes(work->archives, NULL) + progress_bytes(work->partial, NULL);

	return g_strdup_printf("fetching %s: %.0f of about %u MB", work->unpack->what,
			       (double)bytes / 1e6, work->unpack->megabytes);
}

static char *look_unpack(gpointer data)
{
	struct work *work = data;

	return g_strdup_printf("unpacking %s: %u of %u packages", work->unpack->what,
			       (guint)g_atomic_int_get(&work->done), work->debs->len);
}

static gboolean download(struct work *work, const char *world, GError **error)
{
	const struct unpack *unpack = work->unpack;
	struct progress *progress = progress_begin(look_download, work);
	gboolean ok = apt(world, error, unpack->suite, "update", NULL, NULL) &&
		      apt(world, error, unpack->suite, "install", unpack->package, unpack->also);

	progress_end(progress);
	return ok;
}

static void unpack_one(gpointer deb, gpointer data)
{
	struct work *work = data;
	GError *local = NULL;

	if (tool_run(&local, "dpkg-deb", "-x", deb, work->to, NULL)) {
		g_atomic_int_inc(&work->done);
		return;
	}
	g_mutex_lock(&work->mutex);
	if (!work->error)
		work->error = g_steal_pointer(&local);
	g_mutex_unlock(&work->mutex);
	g_clear_error(&local);
}

/* The largest first, so that none is left alone at the end. */
static gint by_size(gconstpointer a, gconstpointer b)
{
	struct stat first = { 0 }, second = { 0 };

	if (stat(*(char *const *)a, &first) || stat(*(char *const *)b, &second))
		return 0;
	return (first.st_size < second.st_size) - (first.st_size > second.st_size);
}

/* Decompressing is what takes the time: one for each processor. */
static gboolean unpack_all(struct work *work, GError **error)
{
	GThreadPool *pool =
		g_thread_pool_new(unpack_one, work, (gint)g_get_num_processors(), TRUE, NULL);
	struct progress *progress = progress_begin(look_unpack, work);

	g_ptr_array_sort(work->debs, by_size);
	for (guint i = 0; i < work->debs->len; i++)
		g_thread_pool_push(pool, work->debs->pdata[i], NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	progress_end(progress);
	if (!work->error)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&work->error));
	return FALSE;
}

static gboolean fetch_into(struct work *work, const char *world, GError **error)
{
	const struct unpack *unpack = work->unpack;

	say("fetching %s from Debian's %s (%u MB), once", unpack->what, unpack->suite,
	    unpack->megabytes);
	if (!download(work, world, error))
		return FALSE;
	g_ptr_array_unref(work->debs);
	work->debs = project_list(work->archives, ".deb");
	if (!work->debs->len)
		return failure_set(error, FAILURE_SETUP,
				   "apt-get downloaded no package for %s, and said no error",
				   unpack->package);
	if (!unpack_all(work, error))
		return FALSE;
	paths_remove(world);
	return TRUE;
}

/* Fills the folder `to`. */
static gboolean fetch(const struct unpack *unpack, const char *to, GError **error)
{
	g_autofree char *world = g_build_filename(to, "apt", NULL);
	g_autofree char *list = g_build_filename(world, "sources.list", NULL);
	g_autofree char *lines = sources(unpack->suite, error);
	g_autofree char *status = g_build_filename(world, "status", NULL);
	g_autofree char *lists = g_build_filename(world, "state", "lists", "partial", NULL);
	struct work work = { .unpack = unpack, .to = to };
	gboolean ok;

	if (!lines)
		return FALSE;
	if (access(KEYRING, R_OK))
		return failure_set(error, FAILURE_SETUP,
				   "%s comes from Debian, whose keys are not here; run: %s install "
				   "guest",
				   unpack->what, paths_get()->packages);
	work.archives = g_build_filename(world, "cache", "archives", NULL);
	work.partial = g_build_filename(work.archives, "partial", NULL);
	work.debs = g_ptr_array_new();
	ok = paths_mkdir(lists, error) && paths_mkdir(work.partial, error);
	if (ok && (!g_file_set_contents(list, lines, -1, NULL) ||
		   !g_file_set_contents(status, "", 0, NULL)))
		ok = failure_set(error, FAILURE_SETUP, "cannot write to %s; is the disk full?",
				 world);
	ok = ok && fetch_into(&work, world, error);
	g_ptr_array_unref(work.debs);
	g_free(work.archives);
	g_free(work.partial);
	return ok;
}

static gboolean write_starter(const struct unpack *unpack, const char *to, GError **error)
{
	g_autofree char *path = NULL;

	if (!unpack->starter)
		return TRUE;
	path = g_build_filename(to, unpack->starter, NULL);
	if (!g_file_set_contents(path, unpack->starter_text, -1, NULL) || g_chmod(path, 0755) < 0)
		return failure_set(error, FAILURE_SETUP, "cannot write %s; is the disk full?",
				   path);
	return TRUE;
}

static gboolean make(const struct unpack *unpack, const char *tree, GError **error)
{
	g_autofree char *next = g_strconcat(tree, ".new", NULL);

	paths_remove(next);
	if (paths_mkdir(next, error) && fetch(unpack, next, error) &&
	    write_starter(unpack, next, error)) {
		if (g_rename(next, tree) == 0)
			return TRUE;
		failure_errno(error, errno, "cannot rename %s to %s", next, tree);
	}
	paths_remove(next);
	return FALSE;
}

char *unpack_path(const struct unpack *unpack, GError **error)
{
	g_autofree char *cache = paths_cache(unpack->cache, error);

	return cache ? g_build_filename(cache, "tree", NULL) : NULL;
}

char *unpack_tree(const struct unpack *unpack, GError **error)
{
	g_autofree char *tree = unpack_path(unpack, error);
	gboolean ok;
	int lock;

	if (!tree || g_file_test(tree, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&tree);
	lock = paths_lock(tree, error);
	if (lock < 0)
		return NULL;
	/* Another run may have made it while we waited. */
	ok = g_file_test(tree, G_FILE_TEST_IS_DIR) || make(unpack, tree, error);
	close(lock);
	return ok ? g_steal_pointer(&tree) : NULL;
}
