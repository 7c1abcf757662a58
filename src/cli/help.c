/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void overview(void)
{
	puts("usage: ersatz SUBCOMMAND ...\n\n"
	     "PCI devices that do not exist yet: write the model, the driver and the tests.\n");
	for (guint i = 0; cli_commands[i]; i++)
		printf("  %-8s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	puts("\nPROJECT is a folder with device.yaml, or the name of one below devices/;\n"
	     "properties of the device follow a comma: my_rng,algorithm=philox. A comma in a\n"
	     "property's value is written twice.\n"
	     "\n"
	     "Exit status: 0 all well; 1 a test or the guest failed; 124 a time-out; 125 Ersatz\n"
	     "itself could not do it, a build that fails included: `git bisect run` skips these.\n"
	     "`ersatz run ... -- COMMAND` ends with the command's own status.\n"
	     "\n"
	     "ersatz SUBCOMMAND --help tells more; ersatz --version the version.\n"
	     "\n"
	     "examples:\n"
	     "  ersatz run my_rng                     a shell in a guest with that device\n"
	     "  ersatz run my_rng -- my_rng --help    one command there\n"
	     "  ersatz test my_rng                    its tests");
}

static int run(const struct cli_command *command, int argc, char **argv, GError **error)
{
	if (!cli_parse(command, NULL, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc < 2) {
		overview();
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	for (guint i = 0; cli_commands[i]; i++) {
		char *args[] = { argv[1], (char *)"--help", NULL };

		if (strcmp(cli_commands[i]->name, argv[1]) == 0)
			return cli_commands[i]->run(cli_commands[i], 2, args, error);
	}
	failure_set(error, FAILURE_SETUP, "there is no subcommand \"%s\"; see ersatz help",
		    argv[1]);
	return FAILURE_SETUP;
}

const struct cli_command cli_help = {
	.name = "help",
	.usage = "[SUBCOMMAND]",
	.summary = "Tells what there is, or about one subcommand.",
	.help = "examples:\n  ersatz help\n  ersatz help run\n",
	.run = run,
};
