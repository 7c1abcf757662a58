/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "lab/lab.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <stdio.h>
#include <string.h>

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	static const char *const verbs[] = { "build", "path", NULL };
	g_autofree char *version = NULL;
	gboolean update = FALSE;
	const GOptionEntry entries[] = {
		{ "qemu", 0, 0, G_OPTION_ARG_STRING, &version,
		  "build: this version (10.0: the newest 10.0.x), not the newest there is",
		  "VERSION" },
		{ "update", 0, 0, G_OPTION_ARG_NONE, &update,
		  "build: look for a newer version than the one taken last time", NULL },
		{ NULL },
	};
	const char *guess;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc > 1 && strcmp(argv[1], "path") == 0 && (version || update)) {
		failure_set(error, FAILURE_SETUP, "qemu path takes no --%s; that is for qemu build",
			    version ? "qemu" : "update");
		return FAILURE_SETUP;
	}
	if (argc == 2 && strcmp(argv[1], "path") == 0) {
		g_autofree char *qemu = lab_qemu(error);

		if (!qemu)
			return FAILURE_SETUP;
		puts(qemu);
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	if (argc == 2 && strcmp(argv[1], "build") == 0)
		return lab_qemu_build(version, update, error) ? 0 : FAILURE_SETUP;
	guess = argc > 1 && !g_strv_contains(verbs, argv[1]) ? suggest(argv[1], verbs) : NULL;
	if (guess)
		failure_set(error, FAILURE_SETUP, "qemu: there is no \"%s\"; did you mean %s?",
			    argv[1], guess);
	else
		failure_set(error, FAILURE_SETUP, "usage: ersatz qemu %s; see ersatz qemu --help",
			    self->usage);
	return FAILURE_SETUP;
}

const struct cli_command cli_qemu = {
	.name = "qemu",
	.usage = "build|path",
	.summary = "Builds QEMU with our devices in it, or says where it is.",
	.help = "build  fetches Debian's source of QEMU, adds our backend and compiles it, if "
		"that\n"
		"       has not been done yet for this version of both; minutes the first time\n"
		"path   prints the program's path, having built it if need be\n"
		"\n"
		"It is an ordinary QEMU: -device NAME for each model that ERSATZ_PATH names "
		"(folders\n"
		"of models, models, or device projects, separated by colons; unset: those that\n"
		"`ersatz build` made of the projects that come with Ersatz). Where ERSATZ_QEMU "
		"names\n"
		"another QEMU, run and test take that one.\n"
		"\n"
		"examples:\n"
		"  ersatz qemu build\n"
		"  $(ersatz qemu path) -device help\n"
		"  $(ersatz qemu path) -M pc -device my_rng -kernel bzImage -initrd initrd\n",
	.run = run,
};
