/* SPDX-License-Identifier: BSD-2-Clause */
#include "project/paths.h"
#include "project/config.h"
#include "project/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

static void in_place(struct paths *p, const char *dir)
{
	p->source = g_strdup(ERSATZ_SOURCE_DIR);
	p->include = g_build_filename(p->source, "include", NULL);
	p->regtest = g_build_filename(p->source, "src", "regtest", NULL);
	p->lib = g_strdup(dir);
	p->models = g_build_filename(dir, "ersatz-models", NULL);
	p->agent = g_build_filename(dir, "src", "lab", "ersatz-agent", NULL);
	p->qemu = g_build_filename(dir, "qemu-system-x86_64", NULL);
	p->qemu_build = g_build_filename(p->source, "src", "backends", "qemu", "build.sh", NULL);
	p->skeleton = g_build_filename(p->source, "src", "project", "skeleton", NULL);
}

static void installed(struct paths *p, const char *dir)
{
	g_autofree char *prefix = g_path_get_dirname(dir);
	g_autofree char *cache = paths_cache("bin", NULL);

	p->source = g_build_filename(prefix, "share", "ersatz", NULL);
	p->include = g_build_filename(prefix, "include", NULL);
	p->regtest = g_build_filename(p->source, "regtest", NULL);
	p->lib = g_build_filename(prefix, ERSATZ_LIBDIR, NULL);
	p->installed = TRUE;
	p->agent = g_build_filename(prefix, ERSATZ_LIBEXECDIR, "ersatz", "ersatz-agent", NULL);
	p->qemu = g_build_filename(cache ? cache : dir, "qemu-system-x86_64", NULL);
	/* Where that QEMU looks; an installation is never written to. */
	p->models = g_build_filename(cache ? cache : dir, "ersatz-models", NULL);
	p->qemu_build = g_build_filename(p->source, "qemu", "build.sh", NULL);
	p->skeleton = g_build_filename(p->source, "skeleton", NULL);
}

const struct paths *paths_get(void)
{
	static struct paths *paths;
	g_autofree char *dir = NULL;
	g_autofree char *agent = NULL;
	struct paths *p;

	if (paths)
		return paths;
	p = g_new0(struct paths, 1);
	p->self = g_file_read_link("/proc/self/exe", NULL);
	if (!p->self)
		p->self = g_strdup("/usr/bin/ersatz");
	dir = g_path_get_dirname(p->self);
	agent = g_build_filename(dir, "src", "lab", "ersatz-agent", NULL);
	if (g_file_test(agent, G_FILE_TEST_EXISTS))
		in_place(p, dir);
	else
		installed(p, dir);
	p->devices = g_build_filename(p->source, "devices", NULL);
	p->packages = g_build_filename(p->source, "scripts", "packages", NULL);
	paths = p;
	return paths;
}

gboolean paths_mkdir(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0755) < 0)
		return failure_errno(error, errno, "cannot make the folder %s", path);
	return TRUE;
}

char *paths_cache(const char *below, GError **error)
{
	const char *own = g_getenv("ERSATZ_CACHE");
	g_autofree char *base = NULL;
	g_autofree char *path = NULL;
	char odd;

	if (own && *own) {
		/* Links are made to what is in it, and scripts read it in other folders. */
		base = g_canonicalize_filename(own, NULL);
		if (!g_path_is_absolute(own))
			g_setenv("ERSATZ_CACHE", base, TRUE);
	} else {
		path = g_build_filename(g_get_user_cache_dir(), "ersatz", NULL);
		base = g_canonicalize_filename(path, NULL);
	}
	odd = paths_odd(base);
	if (odd) {
		failure_set(error, FAILURE_SETUP,
			    "the cache cannot be %s: make and QEMU do not take a path with '%c'; "
			    "set ERSATZ_CACHE to a folder without",
			    base, odd);
		return NULL;
	}
	g_free(path);
	path = g_build_filename(base, below, NULL);
	if (!paths_mkdir(path, error))
		return NULL;
	return g_steal_pointer(&path);
}

char paths_odd(const char *path)
{
	return path[strcspn(path, " \t\n:$,#%'\"\\;&|<>()*?[]{}!`")];
}

void paths_remove(const char *path)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && (dir = g_dir_open(path, 0, NULL))) {
		while ((name = g_dir_read_name(dir))) {
			g_autofree char *child = g_build_filename(path, name, NULL);

			paths_remove(child);
		}
	}
	g_remove(path);
}

int paths_lock(const char *file, GError **error)
{
	g_autofree char *name = g_strconcat(file, ".lock", NULL);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		failure_errno(error, errno, "cannot lock %s", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}
