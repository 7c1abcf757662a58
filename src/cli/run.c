/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "cli/lab_options.h"
#include "lab/lab.h"
#include "lab/session.h"
#include "project/failure.h"
#include "project/project.h"

#include <stdio.h>
#include <unistd.h>

/* A command there with our streams, or a shell. */
static gboolean go(struct guest *guest, char **command, int *ret_status, GError **error)
{
	struct guest_streams streams = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
	};
	char *shell[] = { (char *)"/bin/sh", NULL };

	if (command)
		return guest_command(guest, command, &streams, 0, ret_status, NULL, error);
	/* Commands from a file or a pipe, as sh itself takes them. */
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return guest_command(guest, shell, &streams, 0, ret_status, NULL, error);
	say("a shell in the guest; Ctrl-A x ends the run");
	return guest_shell(guest, ret_status, error);
}

/* What the debug kernel has found: says it all; how many. */
static guint show_reports(struct guest *guest)
{
	g_autoptr(GPtrArray) reports = guest_reports(guest);
	guint count = reports ? reports->len : 0;

	for (guint i = 0; i < count; i++) {
		g_auto(GStrv) lines = g_strsplit(g_strchomp(reports->pdata[i]), "\n", -1);
		g_autofree char *rest = g_strjoinv("\n  | ", lines + 1);

		say("the debug kernel reports: %s%s%s", lines[0], *rest ? "\n  | " : "", rest);
	}
	return count;
}

/*
 * A device went before its time, which what ran in the guest may not have noticed: the
 * status of the run, which has another error or ended with `status`. Somewhere in its
 * last lines is what died.
 */
static int tell_death(GError **death, int status, GError **error)
{
	bool ours = (*death)->code == FAILURE_SETUP;

	if (*error && ((*error)->code > 128 || (*error)->code == FAILURE_SETUP))
		return status;
	/* What the guest came to without its device is the driver's, unless nobody is to blame. */
	if (!ours && (*error || status)) {
		say("%s", (*death)->message);
		return status;
	}
	if (*error)
		say("%s", (*error)->message);
	g_clear_error(error);
	g_propagate_error(error, g_steal_pointer(death));
	return (*error)->code;
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	AUTO_LAB_OPTIONS options = { 0 };
	g_autofree char *backend = NULL;
	const GOptionEntry own[] = {
		{ "disk", 0, 0, G_OPTION_ARG_FILENAME, &options.disk,
		  "a disk image, as /dev/vda; its format is seen from its contents", "IMAGE" },
		{ "share", 0, 0, G_OPTION_ARG_FILENAME, &options.share,
		  "a folder of this machine, at /mnt/share", "DIR" },
		{ "name", 0, 0, G_OPTION_ARG_STRING, &options.name,
		  "what ersatz ctl calls this run", "SESSION" },
		{ "spare", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.spare,
		  "a device that is not plugged in yet, but could be, by ersatz ctl; may be "
		  "repeated",
		  "PROJECT" },
		{ "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
		  "seconds for all of it, booting included (default: no limit)", "S" },
		{ "gdb", 0, 0, G_OPTION_ARG_NONE, &options.gdb,
		  "gdb on the guest's kernel, before its first instruction; prints what to type",
		  NULL },
		{ "gdb-model", 0, 0, G_OPTION_ARG_NONE, &options.gdb_model,
		  "gdb on the first PROJECT's model, before its device is made; prints what to "
		  "type",
		  NULL },
		{ NULL },
	};
	g_autofree GOptionEntry *entries = lab_entries(&options, &backend, own);
	g_autoptr(GPtrArray) devices = NULL;
	gboolean interactive;
	struct lab *lab;
	guint reports;
	char **command;
	g_autoptr(GError) death = NULL;
	int status = FAILURE_SETUP;

	if (!cli_parse(self, entries, &argc, argv, &command, error) ||
	    !lab_options_check(&options, backend, error))
		return FAILURE_SETUP;
	if (argc < 2 && !options.spare) {
		failure_set(error, FAILURE_SETUP, "run: which PROJECT? See ersatz run --help");
		return FAILURE_SETUP;
	}
	if (command && !*command) {
		failure_set(error, FAILURE_SETUP, "run: there is no command after --");
		return FAILURE_SETUP;
	}
	options.control = TRUE;
	if (options.name && !session_check_name(options.name, error))
		return FAILURE_SETUP;
	devices = project_devices(argv + 1, error);
	if (!devices)
		return FAILURE_SETUP;
	interactive = !command && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	lab = lab_start(&options, devices, interactive, error);
	if (!lab)
		return FAILURE_SETUP;
	if (options.verbose)
		say("the guest was ready after %.2f s", guest_boot_time(lab_guest(lab)));
	if (interactive || options.verbose)
		say("ersatz ctl calls this session %s", lab_session(lab));
	go(lab_guest(lab), command, &status, error);
	if (!*error)
		lab_check(lab, error);
	reports = show_reports(lab_guest(lab));
	if (*error && status == 0)
		status = FAILURE_SETUP;
	if (reports && status == 0 && !*error) {
		status = FAILURE_GUEST;
		failure_set(error, FAILURE_GUEST, "the debug kernel reports %u fault%s; see above",
			    reports, reports > 1 ? "s" : "");
	}
	if (!lab_stop(lab, &death))
		status = tell_death(&death, status, error);
	return status;
}

const struct cli_command cli_run = {
	.name = "run",
	.usage = "[OPTION...] PROJECT... [-- COMMAND...]",
	.summary = "Boots a guest with devices in it, and runs a command or a shell there.",
	.help = "Builds what is stale, boots a guest with the devices plugged in and their "
		"drivers\n"
		"loaded. With a COMMAND: its stdin, stdout and stderr are ours, binary-clean, and "
		"its\n"
		"exit status ours (128 + N if signal N ended it; 1 instead of 0 if a model\n"
		"died, or the debug kernel reports a fault; 125 if a model was killed from "
		"outside).\n"
		"Without: a shell on the guest's console,\n"
		"where Ctrl-C is the guest's; Ctrl-A x ends the run, Ctrl-A a types Ctrl-A.\n"
		"If stdin is not a terminal, the guest's sh reads commands from it.\n"
		"\n"
		"The projects' programs are in /usr/bin of the guest, their modules load by\n"
		"themselves or by modprobe, their guest tests are in /tests/PROJECT.\n"
		"While it runs, ersatz ctl plugs devices in and out: ersatz ctl --help.\n"
		"\n" LAB_OPTIONS_HELP "\n"
		"examples:\n"
		"  ersatz run my_rng\n"
		"  ersatz run my_rng -- my_rng --seed 0x42\n"
		"  ersatz run my_rng my_rng,algorithm=philox -- sh -c 'ls /dev/my_rng*'\n"
		"  ersatz run --trace - my_rng -- my_rng\n"
		"  ersatz run --gdb my_rng -- modprobe -r my_rng\n"
		"  ersatz run --gdb-model my_rng -- my_rng\n"
		"  ersatz run --share . my_rng -- cp /proc/iomem /mnt/share/\n",
	.run = run,
};
