/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "lab/kernel_build.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <stdio.h>
#include <string.h>

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	static const char *const verbs[] = { "build", "path", NULL };
	gboolean debug = FALSE;
	const GOptionEntry entries[] = {
		{ "debug", 0, 0, G_OPTION_ARG_NONE, &debug,
		  "the one with all that finds a driver's faults", NULL },
		{ NULL },
	};
	g_autofree char *dir = NULL;
	const char *guess;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc == 2 && g_strv_contains(verbs, argv[1])) {
		dir = kernel_build(debug ? KERNEL_DEBUG : KERNEL_SMALL, error);
		if (!dir)
			return FAILURE_SETUP;
		if (strcmp(argv[1], "path") == 0)
			puts(dir);
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	guess = argc > 1 && !g_strv_contains(verbs, argv[1]) ? suggest(argv[1], verbs) : NULL;
	if (guess)
		failure_set(error, FAILURE_SETUP, "kernel: there is no \"%s\"; did you mean %s?",
			    argv[1], guess);
	else
		failure_set(error, FAILURE_SETUP,
			    "usage: ersatz kernel %s; see ersatz kernel --help", self->usage);
	return FAILURE_SETUP;
}

const struct cli_command cli_kernel = {
	.name = "kernel",
	.usage = "build|path [--debug]",
	.summary = "Builds a kernel for guests from Debian's source, or says where it is.",
	.help = "build  fetches Debian's source of the kernel that guests boot otherwise, and "
		"builds it\n"
		"       with a small configuration of our own, if that has not been done yet for "
		"this\n"
		"       version, configuration and compiler; some minutes the first time. One that "
		"was\n"
		"       interrupted goes on where it was\n"
		"path   prints the folder where it was built, having built it if need be: for\n"
		"       --kernel-build, and for gdb (vmlinux)\n"
		"\n"
		"With --debug: KASAN, UBSAN, lock checking, kmemleak, DMA API debugging and more, "
		"which\n"
		"run and test take with --debug-kernel, and fail for what it reports; see\n"
		"docs/debug-kernel.md. Without: the same, small and quick, for what Debian's "
		"kernel "
		"for\n"
		"guests does not have, such as the PCI endpoint test driver.\n"
		"\n"
		"examples:\n"
		"  ersatz kernel build --debug\n"
		"  ersatz test --debug-kernel my_rng\n"
		"  ersatz run --kernel-build \"$(ersatz kernel path)\" my_rng\n",
	.run = run,
};
