/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "cli/lab_options.h"
#include "lab/export.h"
#include "lab/suite.h"
#include "project/failure.h"
#include "project/project.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void plan(gpointer data, guint count)
{
	printf("KTAP version 1\n1..%u\n", count);
	fflush(stdout);
}

static void result(gpointer data, const struct ktap *test, guint number)
{
	g_autoptr(GString) text = g_string_new(NULL);

	ktap_print(test, number, 0, text);
	fputs(text->str, stdout);
	fflush(stdout);
}

/* Opened before the tests: that it cannot be written is better known then. */
static FILE *open_junit(const char *file, GError **error)
{
	FILE *out = fopen(file, "we");

	if (!out)
		failure_errno(error, errno, "cannot write %s", file);
	return out;
}

static gboolean write_junit(FILE *out, const char *file, GPtrArray *results, GError **error)
{
	g_autofree char *text = ktap_junit(results);
	gboolean failed = fputs(text, out) < 0;

	if (fclose(out) || failed)
		return failure_errno(error, errno, "cannot write %s", file);
	return TRUE;
}

static int verdict(GPtrArray *results)
{
	struct ktap_count count = { 0 };

	for (guint i = 0; i < results->len; i++)
		ktap_count(results->pdata[i], &count);
	printf("# %u passed, %u failed, %u skipped\n", count.passed, count.failed, count.skipped);
	return count.failed ? FAILURE_GUEST : 0;
}

/* The tests in a folder, instead of running them. */
static int export(const char *dir, const struct suite_options *options, GError **error)
{
	g_autoptr(GPtrArray) projects = project_distinct(options->devices);

	if (!export_write(projects, dir, error))
		return FAILURE_SETUP;
	printf("%s: run.sh there, as root, on a machine with the device\n", dir);
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	AUTO_LAB_OPTIONS lab = { 0 };
	g_autofree char *backend = NULL;
	g_autofree char *junit = NULL;
	g_autofree char *export_dir = NULL;
	gboolean bench_only = FALSE, guest_only = FALSE;
	struct suite_options options = {
		.lab = &lab,
		.plan = plan,
		.result = result,
		.timeout = LAB_UNSET,
	};
	const GOptionEntry own[] = {
		{ "junit", 0, 0, G_OPTION_ARG_FILENAME, &junit, "results as JUnit's XML too",
		  "FILE" },
		{ "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
		  "seconds for one test program (default 300)", "S" },
		{ "export", 0, 0, G_OPTION_ARG_FILENAME, &export_dir,
		  "run nothing: write what another machine needs to run the guest's tests", "DIR" },
		{ "bench-only", 0, 0, G_OPTION_ARG_NONE, &bench_only, "without a guest", NULL },
		{ "guest-only", 0, 0, G_OPTION_ARG_NONE, &guest_only, "only those in the guest",
		  NULL },
		{ NULL },
	};
	g_autofree GOptionEntry *entries = lab_entries(&lab, &backend, own);
	g_autoptr(GPtrArray) results = NULL;
	FILE *out = NULL;
	gboolean ok;
	int status;

	if (!cli_parse(self, entries, &argc, argv, NULL, error) ||
	    !lab_options_check(&lab, backend, error) ||
	    !lab_number_check(&options.timeout, "--timeout", error))
		return FAILURE_SETUP;
	if (argc < 2 || (bench_only && guest_only)) {
		failure_set(error, FAILURE_SETUP,
			    argc < 2 ? "test: which PROJECT? See ersatz test --help"
				     : "test: --bench-only and --guest-only leave nothing");
		return FAILURE_SETUP;
	}
	if (export_dir && (junit || bench_only || guest_only)) {
		failure_set(error, FAILURE_SETUP,
			    "test: --export runs nothing, so it goes with no --junit, --bench-only "
			    "or --guest-only");
		return FAILURE_SETUP;
	}
	options.bench = !guest_only;
	options.guest = !bench_only;
	options.devices = project_devices(argv + 1, error);
	if (!options.devices)
		return FAILURE_SETUP;
	if (export_dir)
		return export(export_dir, &options, error);
	if (junit && !(out = open_junit(junit, error)))
		return FAILURE_SETUP;
	ok = suite_run(&options, &results, error);
	status = results->len ? verdict(results) : 0;
	if (out && !write_junit(out, junit, results, ok ? error : NULL))
		return FAILURE_SETUP;
	if (!ok)
		return FAILURE_SETUP;
	return cli_flush(error) ? status : FAILURE_SETUP;
}

const struct cli_command cli_test = {
	.name = "test",
	.usage = "[OPTION...] PROJECT...",
	.summary = "Runs the tests of device projects: bench tests, then those in a guest.",
	.help = "Results are on stdout, as one KTAP document: a test for each program, with what "
		"it\n"
		"printed as its subtests. Bench tests (tests/bench/*.c, cmocka) run here; guest "
		"tests\n"
		"(tests/guest/*.c and *.sh) print KTAP, or just end with a status (4: skipped), "
		"and\n"
		"run one after the other in one guest; after one that kills the guest, in a new "
		"one.\n"
		"A device with registers has one more test in both places: that its registers keep "
		"to the\n"
		"rules of the spec.\n"
		"With --debug-kernel what that kernel reports fails the test in which it came, and "
		"the\n"
		"last test is that nothing has been leaked when all modules are unloaded.\n"
		"\n"
		"Exit status: 0 no test failed; 1 one did; 124 one did not end in time; 125 they "
		"could\n"
		"not be run.\n"
		"\n" LAB_OPTIONS_HELP "\n"
		"examples:\n"
		"  ersatz test my_rng\n"
		"  ersatz test --bench-only my_rng\n"
		"  ersatz test --export /tmp/for-the-lab my_rng\n"
		"  ersatz test --junit results.xml --smp 2 my_rng\n"
		"  git bisect run ersatz test devices/my_rng\n",
	.run = run,
};
