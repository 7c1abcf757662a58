/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/unpack.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define BASE "trixie"

/* apt-get in a world of its own: the machine's lists and packages are not touched. */
static gboolean apt(const char *world, GError **error, const char *suite, const char *verb,
		    const char *package)
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
			"--download-only", verb, package, NULL);
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

/* Fills the folder `to`. */
static gboolean fetch(const struct unpack *unpack, const char *to, GError **error)
{
	g_autofree char *world = g_build_filename(to, "apt", NULL);
	g_autofree char *list = g_build_filename(world, "sources.list", NULL);
	g_autofree char *lines = sources(unpack->suite, error);
	g_autofree char *status = g_build_filename(world, "status", NULL);
	g_autofree char *lists = g_build_filename(world, "state", "lists", "partial", NULL);
	g_autofree char *archives = g_build_filename(world, "cache", "archives", NULL);
	g_autofree char *partial = g_build_filename(archives, "partial", NULL);
	g_autoptr(GDir) dir = NULL;
	const char *name;
	guint count = 0;

	if (!lines)
		return FALSE;
	if (access(KEYRING, R_OK))
		return failure_set(error, FAILURE_SETUP,
				   "%s comes from Debian, whose keys are not here; run: %s install "
				   "guest",
				   unpack->what, paths_get()->packages);
	say("fetching %s from Debian's %s (%s), once", unpack->what, unpack->suite, unpack->size);
	if (!paths_mkdir(lists, error) || !paths_mkdir(partial, error))
		return FALSE;
	if (!g_file_set_contents(list, lines, -1, NULL) ||
	    !g_file_set_contents(status, "", 0, NULL))
		return failure_set(error, FAILURE_SETUP, "cannot write to %s; is the disk full?",
				   world);
	if (!apt(world, error, unpack->suite, "update", NULL) ||
	    !apt(world, error, unpack->suite, "install", unpack->package))
		return FALSE;
	dir = g_dir_open(archives, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *deb = g_build_filename(archives, name, NULL);

		if (!g_str_has_suffix(name, ".deb"))
			continue;
		if (!count++)
			say("unpacking %s", unpack->what);
		if (!tool_run(error, "dpkg-deb", "-x", deb, to, NULL))
			return FALSE;
	}
	paths_remove(world);
	if (!count)
		return failure_set(error, FAILURE_SETUP,
				   "apt-get downloaded no package for %s, and said no error",
				   unpack->package);
	return TRUE;
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
