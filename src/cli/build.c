/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "lab/lab.h"
#include "project/failure.h"
#include "project/project.h"

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	g_autofree char *file = NULL;
	g_autofree char *build = NULL;
	gboolean model_only = FALSE;
	const GOptionEntry entries[] = {
		{ "model-only", 0, 0, G_OPTION_ARG_NONE, &model_only,
		  "the model and the bench tests; nothing for a guest", NULL },
		{ "kernel", 0, 0, G_OPTION_ARG_FILENAME, &file,
		  "the kernel that modules are for, instead of Debian's", "FILE" },
		{ "kernel-build", 0, 0, G_OPTION_ARG_FILENAME, &build,
		  "the folder where that kernel was built", "DIR" },
		{ NULL },
	};
	unsigned int parts = PROJECT_MODEL | PROJECT_BENCH;
	g_autoptr(GPtrArray) devices = NULL;
	g_autoptr(GPtrArray) projects = NULL;
	struct lab_kernel *kernel = NULL;
	gboolean ok;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc < 2) {
		failure_set(error, FAILURE_SETUP, "build: which PROJECT? See ersatz build --help");
		return FAILURE_SETUP;
	}
	devices = project_devices(argv + 1, error);
	if (!devices || !lab_packages("guest", error))
		return FAILURE_SETUP;
	projects = project_distinct(devices);
	if (!model_only) {
		parts |= PROJECT_GUEST;
		kernel = kernel_get(file, build, error);
		if (!kernel)
			return FAILURE_SETUP;
	}
	ok = lab_build(projects, parts, kernel, error);
	for (guint i = 0; ok && i < devices->len; i++)
		ok = project_check(devices->pdata[i], error);
	kernel_free(kernel);
	return ok ? 0 : FAILURE_SETUP;
}

const struct cli_command cli_build = {
	.name = "build",
	.usage = "[OPTION...] PROJECT...",
	.summary = "Builds what is stale in device projects.",
	.help = "There is no build file but Kbuild's; what a folder holds says how it is built:\n"
		"  device.yaml             build/NAME_spec.h and .c\n"
		"  model.c or model/*.c    build/NAME.so\n"
		"  tests/bench/T.c         build/tests/bench/T\n"
		"  linux/ (with Kbuild)    build/linux/RELEASE/*.ko\n"
		"  app/P.c or app/P/*.c    build/app/P, statically linked\n"
		"  tests/guest/T.c, T.sh   build/tests/guest/T\n"
		"If the project's folder is read-only, or its path has a space, a comma or "
		"another\n"
		"character that make does not take, build/ is in the cache.\n"
		"\n"
		"examples:\n"
		"  ersatz build my_rng\n"
		"  ersatz build ~/devices/nic --kernel-build ~/linux\n",
	.run = run,
};
