/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"
#include "project/suggest.h"
#include "spec/spec.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A spec's file, or a project's. */
static char *spec_file(const char *argument, GError **error)
{
	g_autofree char *dir = NULL;

	if (g_file_test(argument, G_FILE_TEST_IS_REGULAR))
		return g_strdup(argument);
	dir = project_find(argument, error);
	return dir ? g_build_filename(dir, "device.yaml", NULL) : NULL;
}

static struct spec_device *read_spec(const char *file, unsigned int *ret_errors)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *spec = spec_read_file(file, diags);

	spec_diags_print(diags, stderr);
	*ret_errors = spec_diags_errors(diags);
	spec_diags_free(diags);
	return spec;
}

static int check(int count, char **arguments, GError **error)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		g_autofree char *file = spec_file(arguments[i], error);
		unsigned int errors;

		if (!file)
			return FAILURE_SETUP;
		spec_device_free(read_spec(file, &errors));
		if (errors)
			status = FAILURE_GUEST;
	}
	return status;
}

static int header(const char *argument, const char *dir, GError **error)
{
	g_autofree char *file = spec_file(argument, error);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	struct spec_device *spec;
	unsigned int errors;
	gboolean ok = TRUE;

	if (!file)
		return FAILURE_SETUP;
	spec = read_spec(file, &errors);
	if (!spec)
		return FAILURE_GUEST;
	if (dir) {
		ok = paths_mkdir(dir, error);
		if (ok && !spec_write_c(spec, dir, &local))
			ok = failure_set(error, FAILURE_SETUP, "cannot write to %s: %s", dir,
					 local ? local->message : "no reason given");
	} else {
		spec_emit_header(spec, text);
		fwrite(text->str, 1, text->len, stdout);
		ok = cli_flush(error);
	}
	spec_device_free(spec);
	return ok ? 0 : FAILURE_SETUP;
}

static void print_key(const struct spec_key_info *key, void *user)
{
	const char **section = user;

	if (g_strcmp0(*section, key->section)) {
		printf("%s%s:\n", *section ? "\n" : "", key->section);
		*section = key->section;
	}
	printf("  %-18s %-26s %s%s%s\n", key->key, key->type, key->help,
	       key->required ? " (required)" : "", key->later ? " (not supported yet)" : "");
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	static const char *const verbs[] = { "check", "header", "keys", NULL };
	g_autofree char *dir = NULL;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &dir,
		  "header: write NAME_spec.h and NAME_spec.c to this folder", "DIR" },
		{ NULL },
	};
	const char *guess;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (dir && argc > 1 && g_strv_contains(verbs, argv[1]) && strcmp(argv[1], "header")) {
		failure_set(error, FAILURE_SETUP,
			    "spec %s takes no --output; that is for spec header", argv[1]);
		return FAILURE_SETUP;
	}
	if (argc >= 3 && strcmp(argv[1], "check") == 0)
		return check(argc - 2, argv + 2, error);
	if (argc == 3 && strcmp(argv[1], "header") == 0)
		return header(argv[2], dir, error);
	if (argc == 2 && strcmp(argv[1], "keys") == 0) {
		const char *section = NULL;

		spec_list_keys(print_key, &section);
		return cli_flush(error) ? 0 : FAILURE_SETUP;
	}
	guess = argc > 1 && !g_strv_contains(verbs, argv[1]) ? suggest(argv[1], verbs) : NULL;
	if (guess)
		failure_set(error, FAILURE_SETUP, "spec: there is no \"%s\"; did you mean %s?",
			    argv[1], guess);
	else
		failure_set(error, FAILURE_SETUP, "usage: ersatz spec %s; see ersatz spec --help",
			    self->usage);
	return FAILURE_SETUP;
}

const struct cli_command cli_spec = {
	.name = "spec",
	.usage = "check PROJECT...|header PROJECT|keys",
	.summary = "Checks a device's spec, or writes the C header made of it.",
	.help = "check   reads device.yaml and says what is wrong, as a compiler does; ends with\n"
		"        status 1 if there are errors\n"
		"header  prints the header that model, driver and programs include\n"
		"keys    lists what may stand in device.yaml\n"
		"PROJECT may also be the path of a device.yaml.\n"
		"\n"
		"examples:\n"
		"  ersatz spec check my_rng\n"
		"  ersatz spec header my_rng > my_rng_spec.h\n"
		"  ersatz spec header -o generated/ ~/devices/nic/device.yaml\n",
	.run = run,
};
