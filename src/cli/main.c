/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "project/config.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_command *const cli_commands[] = {
	&cli_run,  &cli_test, &cli_new,	   &cli_build,	&cli_serve, &cli_ctl,
	&cli_spec, &cli_qemu, &cli_kernel, &cli_doctor, &cli_help,  NULL,
};

gboolean cli_flush(GError **error)
{
	if (fflush(stdout) || ferror(stdout))
		return failure_errno(error, errno, "cannot write to standard output");
	return TRUE;
}

/* "-x, --example=ARG", as far as it has one. */
static char *option_words(const GOptionEntry *entry)
{
	g_autofree char *letter =
		entry->short_name ? g_strdup_printf("-%c, ", entry->short_name) : g_strdup("    ");

	return g_strdup_printf("%s--%s%s%s", letter, entry->long_name,
			       entry->arg_description ? " " : "",
			       entry->arg_description ? entry->arg_description : "");
}

char *cli_help_text(const struct cli_command *command, const GOptionEntry *entries)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "usage: ersatz %s%s%s\n\n%s\n", command->name,
			       *command->usage ? " " : "", command->usage, command->summary);
	g_string_append(text, "\noptions:\n");
	for (; entries && entries->long_name; entries++) {
		g_autofree char *words = option_words(entries);

		if (strlen(words) > 22)
			g_string_append_printf(text, "  %s\n  %22s  %s\n", words, "",
					       entries->description);
		else
			g_string_append_printf(text, "  %-22s  %s\n", words, entries->description);
	}
	g_string_append_printf(text, "  %-22s  %s\n", "-h, --help", "this text");
	g_string_append_printf(text, "\n%s", command->help);
	return g_string_free(text, FALSE);
}

/* GOption's messages, with a guess at what was meant. */
static gboolean bad_option(const struct cli_command *command, const GOptionEntry *entries,
			   const GError *why, GError **error)
{
	static const char unknown[] = "Unknown option --";
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *word = NULL;
	const char *guess = NULL;

	for (; entries && entries->long_name; entries++)
		g_ptr_array_add(names, (char *)entries->long_name);
	g_ptr_array_add(names, (char *)"help");
	g_ptr_array_add(names, NULL);
	if (g_str_has_prefix(why->message, unknown)) {
		word = g_strdup(why->message + strlen(unknown));
		word[strcspn(word, "=")] = 0;
		guess = suggest(word, (const char *const *)names->pdata);
	}
	if (guess)
		return failure_set(error, FAILURE_SETUP,
				   "%s: unknown option --%s; did you mean --%s?", command->name,
				   word, guess);
	return failure_set(error, FAILURE_SETUP, "%s: %s; see ersatz %s --help", command->name,
			   why->message, command->name);
}

gboolean cli_parse(const struct cli_command *command, const GOptionEntry *entries, int *argc,
		   char **argv, char ***ret_after, GError **error)
{
	static const GOptionEntry none[] = { { NULL } };
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) local = NULL;
	char **after = NULL;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			after = argv + i + 1;
			*argc = i;
			argv[i] = NULL;
			break;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			g_autofree char *text = cli_help_text(command, entries);

			fputs(text, stdout);
			exit(cli_flush(NULL) ? 0 : FAILURE_SETUP);
		}
	}
	if (after && !ret_after)
		return failure_set(error, FAILURE_SETUP,
				   "%s takes no command after --; see ersatz %s --help",
				   command->name, command->name);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries ? entries : none, NULL);
	if (!g_option_context_parse(context, argc, &argv, &local))
		return bad_option(command, entries, local, error);
	if (ret_after)
		*ret_after = after;
	return TRUE;
}

static const struct cli_command *find(const char *name)
{
	for (guint i = 0; cli_commands[i]; i++)
		if (strcmp(cli_commands[i]->name, name) == 0)
			return cli_commands[i];
	return NULL;
}

static gboolean unknown(const char *name, GError **error)
{
	const char *names[G_N_ELEMENTS(cli_commands)] = { NULL };
	const char *guess;

	for (guint i = 0; cli_commands[i]; i++)
		names[i] = cli_commands[i]->name;
	guess = suggest(name, names);
	if (guess)
		return failure_set(error, FAILURE_SETUP,
				   "there is no subcommand \"%s\"; did you mean \"%s\"?", name,
				   guess);
	return failure_set(error, FAILURE_SETUP, "there is no subcommand \"%s\"; see ersatz help",
			   name);
}

static int dispatch(int argc, char **argv, GError **error)
{
	const struct cli_command *command;

	if (argc < 2) {
		char *help[] = { (char *)"help", NULL };

		cli_help.run(&cli_help, 1, help, error);
		return FAILURE_SETUP;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("ersatz " ERSATZ_VERSION);
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		argv[1] = (char *)"help";
	command = find(argv[1]);
	if (!command) {
		unknown(argv[1], error);
		return FAILURE_SETUP;
	}
	return command->run(command, argc - 1, argv + 1, error);
}

/* What is opened later must not become somebody's stdin, stdout or stderr. */
static void open_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int status;

	open_streams();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
	g_set_prgname("ersatz");
	status = dispatch(argc, argv, &error);
	if (!error)
		return status;
	status = error->domain == FAILURE ? error->code : FAILURE_SETUP;
	/* A signal that somebody sent is no news to them. */
	if (status <= 128)
		say("%s", error->message);
	return status;
}
