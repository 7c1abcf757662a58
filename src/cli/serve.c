/* SPDX-License-Identifier: BSD-2-Clause */
#include "backends/vfio_user/server.h"
#include "cli/cli.h"
#include "project/failure.h"
#include "project/project.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int serve(const char *file, const char *properties, const struct vu_options *options,
		 GError **error)
{
	struct ez_error why = { "" };
	int status = vu_serve_status(vu_serve(file, properties, options, &why));

	if (status)
		failure_set(error, status, "%s", why.text);
	return status;
}

/* A model that is built: its file, and no project. */
static gboolean is_model(const char *name)
{
	return g_str_has_suffix(name, ".so") && g_file_test(name, G_FILE_TEST_IS_REGULAR);
}

static int serve_project(char **names, struct vu_options *options, GError **error)
{
	g_autoptr(GPtrArray) devices = project_devices(names, error);
	const struct project_device *device;

	if (!devices)
		return FAILURE_SETUP;
	device = devices->pdata[0];
	if (!project_build(device->project, PROJECT_MODEL, NULL, error) ||
	    !project_check(device, error))
		return FAILURE_SETUP;
	if (!options->id)
		options->id = device->id;
	return serve(device->project->model, device->properties, options, error);
}

/* A descriptor that was handed to us is for no process of the model's. */
static gboolean ours(int fd, const char *option, GError **error)
{
	if (fd > 0 && fcntl(fd, F_SETFD, FD_CLOEXEC))
		return failure_set(error, FAILURE_SETUP, "serve: %s %d: %s", option, fd,
				   strerror(errno));
	return TRUE;
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	struct vu_options options = { .contain = true, .ready_fd = -1 };
	g_autofree char *socket = NULL;
	g_autofree char *id = NULL;
	g_auto(GStrv) halves = NULL;
	gboolean once = FALSE, alone = FALSE, gdb = FALSE;
	int hang_limit = 0;
	const GOptionEntry entries[] = {
		{ "socket", 0, 0, G_OPTION_ARG_FILENAME, &socket,
		  "where clients connect; its folder is made, or must be yours alone (mode 0700)",
		  "PATH" },
		{ "once", 0, 0, G_OPTION_ARG_NONE, &once, "end when the first client has left",
		  NULL },
		{ "alone", 0, 0, G_OPTION_ARG_NONE, &alone,
		  "serve in this process, without a keeper: for gdb and valgrind", NULL },
		{ "gdb", 0, 0, G_OPTION_ARG_NONE, &gdb,
		  "wait for gdb before the device is made; prints what to type", NULL },
		{ "hang-limit", 0, 0, G_OPTION_ARG_INT, &hang_limit,
		  "end a model whose hook has not returned after S seconds (default: never)", "S" },
		{ "id", 0, 0, G_OPTION_ARG_STRING, &id,
		  "what messages and traces call the device (default: PROJECT0)", "NAME" },
		{ "ready-fd", 0, 0, G_OPTION_ARG_INT, &options.ready_fd,
		  "write \"ready\" there once clients can connect, and close it", "FD" },
		{ "orders-fd", 0, 0, G_OPTION_ARG_INT, &options.orders_fd,
		  "take orders from the socket FD, as ersatz ctl has them passed on", "FD" },
		{ "info-fd", 0, 0, G_OPTION_ARG_INT, &options.info_fd,
		  "the file FD, where the order i has the device described", "FD" },
		{ "end-fd", 0, 0, G_OPTION_ARG_INT, &options.end_fd,
		  "if the device goes before its client has let go of it, write \"STATUS why\" "
		  "there",
		  "FD" },
		{ NULL },
	};

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc != 2 || !socket) {
		failure_set(
			error, FAILURE_SETUP,
			"serve: one PROJECT and --socket PATH are needed; see ersatz serve --help");
		return FAILURE_SETUP;
	}
	if (!ours(options.ready_fd, "--ready-fd", error) ||
	    !ours(options.orders_fd, "--orders-fd", error) ||
	    !ours(options.info_fd, "--info-fd", error) || !ours(options.end_fd, "--end-fd", error))
		return FAILURE_SETUP;
	if (hang_limit < 0 || hang_limit > 86400 || (alone && (gdb || hang_limit))) {
		failure_set(error, FAILURE_SETUP,
			    alone ? "serve: with --alone there is no keeper that --gdb and "
				    "--hang-limit are for; gdb --args ersatz serve ... --alone"
				  : "serve: --hang-limit takes 1 to 86400 seconds");
		return FAILURE_SETUP;
	}
	options.id = id;
	options.hang_ms = 1000 * (unsigned int)hang_limit;
	options.await_gdb = gdb;
	options.socket = socket;
	options.once = once;
	options.contain = !alone;
	halves = g_strsplit(argv[1], ",", 2);
	if (is_model(halves[0]))
		return serve(halves[0], halves[1] ? halves[1] : "", &options, error);
	return serve_project(argv + 1, &options, error);
}

const struct cli_command cli_serve = {
	.name = "serve",
	.usage = "PROJECT --socket PATH [OPTION...]",
	.summary = "Serves a device to any VMM that speaks vfio-user.",
	.help = "Builds the model if it is stale, and serves it over a UNIX socket: one client at\n"
		"a time, each with the device as after power-on. PROJECT may be a built\n"
		"model (NAME.so) without its project. The model runs in a process of its own;\n"
		"if it dies, the client lives on as if the card had been pulled, and\n"
		"stderr says which hook died on which access.\n"
		"\n"
		"The client, for example QEMU 10.1.1 or later, must share the guest's memory:\n"
		"  qemu-system-x86_64 -object memory-backend-memfd,id=m,size=1G,share=on \\\n"
		"    -machine q35,memory-backend=m -device '{\"driver\":\"vfio-user-pci\",\n"
		"    \"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}' ...\n"
		"\n"
		"Ends on SIGINT or SIGTERM. With --once the status is 1 if the model died or the\n"
		"client broke the protocol.\n"
		"\n"
		"examples:\n"
		"  ersatz serve my_rng --socket run/my_rng\n"
		"  ersatz serve my_rng,algorithm=philox --socket run/my_rng --once\n"
		"  ersatz serve ./my_rng.so --socket run/my_rng\n"
		"  ersatz serve my_rng --socket run/my_rng --gdb\n"
		"  valgrind ersatz serve my_rng --socket run/my_rng --alone\n",
	.run = run,
};
