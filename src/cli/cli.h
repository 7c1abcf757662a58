/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ersatz(1). A subcommand is one file and one line in main.c's table. Each
 * returns an exit status; with an error, its code is the status and its
 * message is printed by main.
 */
#ifndef ERSATZ_CLI_CLI_H
#define ERSATZ_CLI_CLI_H

#include <glib.h>

struct cli_command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary; /* a few words */
	const char *help; /* text behind the options: details, examples */
	int (*run)(const struct cli_command *command, int argc, char **argv, GError **error);
};

extern const struct cli_command cli_run, cli_test, cli_new, cli_build, cli_serve, cli_spec, cli_ctl,
	cli_qemu, cli_kernel, cli_doctor, cli_help;

/* All of them; ends with NULL. */
extern const struct cli_command *const cli_commands[];

/*
 * Takes the options that `entries` (of GOption; may be NULL) name out of the
 * arguments, which begin with the subcommand, and leaves the rest. What comes
 * after "--" is left alone and returned in *ret_after (borrowed; NULL: there
 * was no "--"), or is an error if ret_after is NULL. --help is answered here,
 * and ends the program.
 */
gboolean cli_parse(const struct cli_command *command, const GOptionEntry *entries, int *argc,
		   char **argv, char ***ret_after, GError **error);

/* The text of --help. */
char *cli_help_text(const struct cli_command *command, const GOptionEntry *entries);

/* stdout is flushed, and a full disk noticed. */
gboolean cli_flush(GError **error);

#endif
