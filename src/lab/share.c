/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/share.h"
#include "lab/arch.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define SOURCES "deb [signed-by=" KEYRING "] http://deb.debian.org/debian trixie main\n"

/* apt-get in a world of its own: the machine's lists and packages are not touched. */
static gboolean apt(const char *world, GError **error, const char *verb, const char *package)
{
	g_autofree char *state = g_strdup_printf("Dir::State=%s/state", world);
	g_autofree char *status = g_strdup_printf("Dir::State::status=%s/status", world);
	g_autofree char *cache = g_strdup_printf("Dir::Cache=%s/cache", world);
	g_autofree char *list = g_strdup_printf("Dir::Etc::sourcelist=%s/sources.list", world);

	return tool_run(error, "apt-get", "-q", "-y", "-o", state, "-o", status, "-o", cache, "-o",
			list, "-o", "Dir::Etc::sourceparts=/dev/null", "-o",
			"Dir::Etc::preferencesparts=/dev/null", "-o",
			"Dir::Etc::preferences=/dev/null", "-o", "APT::Install-Recommends=false",
			"-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1",
			"--download-only", verb, package, NULL);
}

static gboolean fetch(const char *to, GError **error)
{
	g_autofree char *world = g_build_filename(to, "apt", NULL);
	g_autofree char *sources = g_build_filename(world, "sources.list", NULL);
	g_autofree char *status = g_build_filename(world, "status", NULL);
	g_autofree char *lists = g_build_filename(world, "state", "lists", "partial", NULL);
	g_autofree char *archives = g_build_filename(world, "cache", "archives", NULL);
	g_autofree char *partial = g_build_filename(archives, "partial", NULL);
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (access(KEYRING, R_OK))
		return failure_set(error, FAILURE_SETUP,
				   "--share fetches virtiofsd from Debian, whose keys are not "
				   "here; run: %s install guest",
				   paths_get()->packages);
	say("fetching virtiofsd for --share from Debian 13 (a few MB), once");
	if (!paths_mkdir(lists, error) || !paths_mkdir(partial, error))
		return FALSE;
	if (!g_file_set_contents(sources, SOURCES, -1, NULL) ||
	    !g_file_set_contents(status, "", 0, NULL))
		return failure_set(error, FAILURE_SETUP, "cannot write to %s; is the disk full?",
				   world);
	if (!apt(world, error, "update", NULL) || !apt(world, error, "install", "virtiofsd"))
		return FALSE;
	dir = g_dir_open(archives, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *deb = g_build_filename(archives, name, NULL);

		if (g_str_has_suffix(name, ".deb") &&
		    !tool_run(error, "dpkg-deb", "-x", deb, to, NULL))
			return FALSE;
	}
	paths_remove(world);
	return TRUE;
}

/* The folder with virtiofsd and its libraries, fetched if it is not there. */
static char *server_tree(GError **error)
{
	g_autofree char *cache = paths_cache("virtiofsd", error);
	g_autofree char *tree = NULL;
	g_autofree char *next = NULL;
	gboolean ok = TRUE;
	int lock;

	if (!cache)
		return NULL;
	tree = g_build_filename(cache, "tree", NULL);
	if (g_file_test(tree, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&tree);
	lock = paths_lock(tree, error);
	if (lock < 0)
		return NULL;
	if (!g_file_test(tree, G_FILE_TEST_IS_DIR)) {
		next = g_strconcat(tree, ".new", NULL);
		paths_remove(next);
		ok = paths_mkdir(next, error) && fetch(next, error);
		if (ok)
			g_rename(next, tree);
		else
			paths_remove(next);
	}
	close(lock);
	return ok ? g_steal_pointer(&tree) : NULL;
}

/* The command to start it with, without its own options; of char *. NULL with an error. */
static GPtrArray *server_command(GError **error)
{
	static const char own[] = "/usr/libexec/virtiofsd";
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *triplet = g_strdup_printf("%s-linux-gnu", lab_arch()->name);
	g_autofree char *tree = NULL;
	g_autofree char *libraries = NULL;

	if (access(own, X_OK) == 0) {
		g_ptr_array_add(argv, g_strdup(own));
		return argv;
	}
	tree = server_tree(error);
	if (!tree) {
		g_ptr_array_unref(argv);
		return NULL;
	}
	libraries = g_build_filename(tree, "usr", "lib", triplet, NULL);
	g_ptr_array_add(argv, g_build_filename(tree, lab_arch()->loader, NULL));
	g_ptr_array_add(argv, g_strdup("--library-path"));
	g_ptr_array_add(argv, g_steal_pointer(&libraries));
	g_ptr_array_add(argv, g_build_filename(tree, own, NULL));
	return argv;
}

static void child_setup(gpointer data)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != GPOINTER_TO_INT(data))
		_exit(125);
}

char *share_start(const char *folder, struct rundir *rundir, GError **error)
{
	g_autoptr(GPtrArray) argv = server_command(error);
	g_autoptr(GSubprocessLauncher) launcher = NULL;
	g_autoptr(GSubprocess) server = NULL;
	g_autoptr(GError) local = NULL;
	g_autofree char *socket = g_build_filename(rundir->path, "share", NULL);
	g_autofree char *log = g_build_filename(rundir->path, "virtiofsd.log", NULL);
	g_autofree char *text = NULL;

	if (!argv)
		return NULL;
	g_ptr_array_add(argv, g_strdup_printf("--socket-path=%s", socket));
	g_ptr_array_add(argv, g_strdup_printf("--shared-dir=%s", folder));
	/* As the user who runs it, with that user's rights: no root, so no sandbox either. */
	g_ptr_array_add(argv, g_strdup("--sandbox=none"));
	g_ptr_array_add(argv, g_strdup("--cache=auto"));
	g_ptr_array_add(argv, NULL);
	launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	g_subprocess_launcher_set_stderr_file_path(launcher, log);
	g_subprocess_launcher_set_child_setup(launcher, child_setup, GINT_TO_POINTER(getpid()),
					      NULL);
	server = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, &local);
	if (!server) {
		failure_set(error, FAILURE_SETUP, "cannot start virtiofsd: %s", local->message);
		return NULL;
	}
	rundir_keep(rundir, g_subprocess_get_identifier(server));
	for (int i = 0; i < 500; i++) {
		if (g_file_test(socket, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&socket);
		if (!g_subprocess_get_identifier(server))
			break;
		g_usleep(10000);
	}
	g_file_get_contents(log, &text, NULL, NULL);
	failure_set(error, FAILURE_SETUP, "virtiofsd does not serve %s:\n%s", folder,
		    text ? g_strchomp(text) : "it said nothing");
	return NULL;
}
