/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/spec.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"
#include "project/suggest.h"

#include <stdio.h>
#include <string.h>

char *spec_file(const char *argument, GError **error)
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

struct spec_device *spec_open(const char *argument, int *ret_status, GError **error)
{
	g_autofree char *file = spec_file(argument, error);
	unsigned int errors;

	*ret_status = file ? FAILURE_GUEST : FAILURE_SETUP;
	return file ? read_spec(file, &errors) : NULL;
}

/* A file that is not a device, but a block for one. */
static gboolean check_block(const char *file, unsigned int *ret_errors)
{
	struct spec_diags *diags = spec_diags_new();
	gboolean is_block = spec_check_block(file, diags);

	if (is_block)
		spec_diags_print(diags, stderr);
	*ret_errors = spec_diags_errors(diags);
	spec_diags_free(diags);
	return is_block;
}

static int check(const struct spec_arguments *arguments, GError **error)
{
	int status = 0;

	for (int i = 0; i < arguments->count; i++) {
		g_autofree char *file = spec_file(arguments->names[i], error);
		unsigned int errors;

		if (!file)
			return FAILURE_SETUP;
		if (!check_block(file, &errors))
			spec_device_free(read_spec(file, &errors));
		if (errors)
			status = FAILURE_GUEST;
	}
	return status;
}

static int header(const struct spec_arguments *arguments, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) local = NULL;
	struct spec_device *spec;
	int status;

	spec = spec_open(arguments->names[0], &status, error);
	if (!spec)
		return status;
	status = 0;
	if (!arguments->output) {
		spec_emit_header(spec, text);
		status = spec_put(text, NULL, error);
	} else if (!paths_mkdir(arguments->output, error)) {
		status = FAILURE_SETUP;
	} else if (!spec_write_c(spec, arguments->output, &local)) {
		failure_set(error, FAILURE_SETUP, "cannot write to %s: %s", arguments->output,
			    local ? local->message : "no reason given");
		status = FAILURE_SETUP;
	}
	spec_device_free(spec);
	return status;
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

static int keys(const struct spec_arguments *arguments, GError **error)
{
	const char *section = NULL;

	spec_list_keys(print_key, &section);
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

/* clang-format off */
static const struct spec_verb verbs[] = {
	/* name, arguments, takes -o, takes --format */
	{ "check", 1, G_MAXINT, FALSE, FALSE, check },
	{ "header", 1, 1, TRUE, FALSE, header },
	{ "doc", 1, 1, TRUE, TRUE, spec_doc },
	{ "names", 1, 1, TRUE, FALSE, spec_names },
	{ "regtest", 1, 1, TRUE, FALSE, spec_regtest },
	{ "import", 1, 1, TRUE, FALSE, spec_import },
	{ "export", 1, 1, TRUE, TRUE, spec_export },
	{ "keys", 0, 0, FALSE, FALSE, keys },
};
/* clang-format on */

static const struct spec_verb *find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Which verbs take an option: "doc, header". */
static char *takers(gboolean format)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (format ? verbs[i].format : verbs[i].output)
			g_string_append_printf(text, "%s%s", text->len ? ", " : "", verbs[i].name);
	return g_string_free(text, FALSE);
}

static gboolean check_options(const struct spec_verb *verb, const struct spec_arguments *arguments,
			      GError **error)
{
	gboolean format = arguments->format && !verb->format;
	g_autofree char *those = NULL;

	if ((arguments->peripheral || arguments->list) && verb->run != spec_import)
		return failure_set(error, FAILURE_SETUP, "spec %s takes no %s; that is for: import",
				   verb->name, arguments->list ? "--list" : "--peripheral");
	if (!format && (!arguments->output || verb->output))
		return TRUE;
	those = takers(format);
	return failure_set(error, FAILURE_SETUP, "spec %s takes no %s; that is for: %s", verb->name,
			   format ? "--format" : "--output", those);
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	g_autofree char *output = NULL;
	g_autofree char *format = NULL;
	g_autofree char *peripheral = NULL;
	gboolean all = FALSE;
	const GOptionEntry entries[] = {
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		  "write to this file; header: NAME_spec.h and NAME_spec.c to this folder",
		  "FILE" },
		{ "format", 0, 0, G_OPTION_ARG_STRING, &format,
		  "doc: markdown (default) or html; export: systemrdl (default)", "FORMAT" },
		{ "peripheral", 0, 0, G_OPTION_ARG_STRING, &peripheral,
		  "import: only this peripheral or address block", "NAME" },
		{ "list", 0, 0, G_OPTION_ARG_NONE, &all, "import: only name what is in the file",
		  NULL },
		{ NULL },
	};
	const char *names[G_N_ELEMENTS(verbs) + 1] = { NULL };
	const struct spec_verb *verb;
	struct spec_arguments arguments;
	const char *guess;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	arguments = (struct spec_arguments){
		.names = argv + 2,
		.count = argc - 2,
		.output = output,
		.format = format,
		.peripheral = peripheral,
		.list = all,
	};
	verb = argc > 1 ? find(argv[1]) : NULL;
	if (verb && arguments.count >= verb->at_least && arguments.count <= verb->at_most)
		return check_options(verb, &arguments, error) ? verb->run(&arguments, error)
							      : FAILURE_SETUP;
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		names[i] = verbs[i].name;
	guess = argc > 1 && !verb ? suggest(argv[1], names) : NULL;
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
	.usage = "check PROJECT...|header|doc|names|regtest|export PROJECT|import FILE|keys",
	.summary = "Checks a device's spec, or writes what is made of it.",
	.help = "check    reads device.yaml and says what is wrong, as a compiler does; ends with\n"
		"         status 1 if there are errors\n"
		"header   prints the header that model, driver and programs include\n"
		"doc      prints a reference of the device for its readers\n"
		"names    prints a table of registers and fields, to decode traces with\n"
		"regtest  prints a C program that holds the device, model or card, to its rules\n"
		"import   makes a block file, which a device.yaml includes, of a CMSIS-SVD or\n"
		"         IP-XACT file's peripheral; -o FOLDER: of each of them\n"
		"export   prints the spec as SystemRDL 2.0\n"
		"keys     lists what may stand in device.yaml\n"
		"PROJECT may also be the path of a device.yaml; for check, of a block file too.\n"
		"\n"
		"examples:\n"
		"  ersatz spec check my_rng\n"
		"  ersatz spec header my_rng > my_rng_spec.h\n"
		"  ersatz spec header -o generated/ ~/devices/nic/device.yaml\n"
		"  ersatz spec doc -o nic.html ~/devices/nic\n"
		"  ersatz spec regtest -o test.c my_rng && cc -static -o test test.c\n"
		"  ersatz spec import --list chip.svd\n"
		"  ersatz spec import --peripheral UART0 -o uart.yaml chip.svd\n"
		"  ersatz spec export -o nic.rdl ~/devices/nic\n",
	.run = run,
};
