/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/share.h"
#include "lab/arch.h"
#include "lab/unpack.h"
#include "project/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct unpack packaged = {
	.cache = "virtiofsd",
	.package = "virtiofsd",
	.suite = "trixie",
	.what = "virtiofsd for --share",
	.megabytes = 4,
};

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
	tree = unpack_tree(&packaged, error);
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
