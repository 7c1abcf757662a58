/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/export.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

/* In run.sh: by it an earlier export is known. */
#define MARK "ersatz-export 1"

static const char run_sh[] =
	"#!/bin/sh\n"
	"# " MARK "\n"
	"# Runs the tests of this folder on the machine's own device and reports in KTAP.\n"
	"# usage: run.sh [OPTION...]   options are the register tests' own: see NAME/NAME-regtest "
	"--help\n"
	"# Environment: TIMEOUT, seconds for each test (default 300).\n"
	"# Status: 0 no test failed, 1 one did, 2 they could not be run.\n"
	"cd \"$(dirname \"$0\")\" || exit 2\n"
	"if [ \"$(id -u)\" != 0 ]; then\n"
	"\techo \"run.sh: run me as root: drivers are unbound, BARs are mapped\" >&2\n"
	"\texit 2\n"
	"fi\n"
	"limit=\n"
	"if command -v timeout >/dev/null; then limit=\"timeout ${TIMEOUT:-300}\"; fi\n"
	"failed=0\n"
	"number=0\n"
	"log=$(mktemp) || exit 2\n"
	"trap 'rm -f \"$log\"' EXIT\n"
	"trap 'exit 130' INT TERM HUP\n"
	"\n"
	"# one NAME COMMAND...: one test program, its output as subtests\n"
	"one() {\n"
	"\tname=$1\n"
	"\tshift\n"
	"\tnumber=$((number + 1))\n"
	"\t# shellcheck disable=SC2086 # no limit: no word\n"
	"\t$limit \"$@\" >\"$log\" 2>&1 </dev/null\n"
	"\tstatus=$?\n"
	"\tsed 's/^/  /' \"$log\"\n"
	"\tif [ $status = 4 ] && ! grep -q '^not ok' \"$log\"; then\n"
	"\t\techo \"ok $number - $name # SKIP it could not be tried here\"\n"
	"\telif [ $status = 0 ] && ! grep -q '^not ok' \"$log\"; then\n"
	"\t\techo \"ok $number - $name\"\n"
	"\telse\n"
	"\t\tfailed=$((failed + 1))\n"
	"\t\techo \"not ok $number - $name\"\n"
	"\t\techo \"# status $status\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"planned=0\n"
	"for program in */tests/* */*-regtest; do\n"
	"\t[ -x \"$program\" ] && planned=$((planned + 1))\n"
	"done\n"
	"echo \"KTAP version 1\"\n"
	"echo \"1..$planned\"\n"
	"here=$PWD\n"
	"path=$PATH\n"
	"for dir in */; do\n"
	"\tproject=${dir%/}\n"
	"\tPATH=$here/$project/bin:$path\n"
	"\texport PATH\n"
	"\tfor program in \"$here/$project\"/tests/*; do\n"
	"\t\t[ -x \"$program\" ] && one \"$project: $(basename \"$program\" .sh)\" \"$program\"\n"
	"\tdone\n"
	"\tregtest=$here/$project/$project-regtest\n"
	"\t[ -x \"$regtest\" ] && one \"$project: registers (declared rules)\" \"$regtest\" "
	"--unbind "
	"\"$@\"\n"
	"done\n"
	"echo \"# $((number - failed)) of $number did not fail\"\n"
	"[ $failed = 0 ]\n";

static gboolean may_replace(const char *dir, GError **error)
{
	g_autofree char *run = g_build_filename(dir, "run.sh", NULL);
	g_autofree char *text = NULL;
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);

	if (!folder && g_file_test(dir, G_FILE_TEST_EXISTS))
		return failure_set(error, FAILURE_SETUP, "%s is not a folder", dir);
	if (!folder || !g_dir_read_name(folder))
		return TRUE;
	if (g_file_get_contents(run, &text, NULL, NULL) && strstr(text, "# " MARK "\n"))
		return TRUE;
	return failure_set(error, FAILURE_SETUP,
			   "%s is not empty, and nothing that was exported before: name another "
			   "folder",
			   dir);
}

static gboolean put(const char *dir, const char *name, const char *text, gsize size, int mode,
		    GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GError) local = NULL;

	if (g_file_set_contents_full(path, text, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, mode,
				     &local))
		return TRUE;
	return failure_set(error, FAILURE_SETUP, "cannot write %s: %s", path, local->message);
}

/* Executables of a part of the project; returns how many, or -1. */
static int copy(const struct project *project, const char *part, const char *dir, GError **error)
{
	g_autoptr(GPtrArray) files = project_files(project, part);

	if (files->len && !paths_mkdir(dir, error))
		return -1;
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *name = g_path_get_basename(files->pdata[i]);
		g_autofree char *text = NULL;
		g_autoptr(GError) local = NULL;
		gsize size;

		if (!g_file_get_contents(files->pdata[i], &text, &size, &local)) {
			failure_set(error, FAILURE_SETUP, "%s", local->message);
			return -1;
		}
		if (!put(dir, name, text, size, 0755, error))
			return -1;
	}
	return (int)files->len;
}

static gboolean add_project(const struct project *project, const char *dir, GString *readme,
			    GError **error)
{
	g_autofree char *own = g_build_filename(dir, project->name, NULL);
	g_autofree char *bin = g_build_filename(own, "bin", NULL);
	g_autofree char *tests = g_build_filename(own, "tests", NULL);
	int n_bin, n_tests, n_regtest;

	n_bin = copy(project, "app", bin, error);
	n_tests = n_bin < 0 ? -1 : copy(project, "tests/guest", tests, error);
	n_regtest = n_tests < 0 ? -1 : copy(project, "regtest/guest", own, error);
	if (n_regtest < 0)
		return FALSE;
	g_string_append_printf(readme, "%s: spec %s\n", project->name, project->hash);
	if (n_regtest)
		g_string_append_printf(readme,
				       "  %s/%s-regtest  its registers, by the rules of the spec\n",
				       project->name, project->name);
	if (n_tests)
		g_string_append_printf(readme, "  %s/tests/  the project's own: %d\n",
				       project->name, n_tests);
	if (n_bin)
		g_string_append_printf(readme, "  %s/bin/  programs that the tests may use: %d\n",
				       project->name, n_bin);
	g_string_append_c(readme, '\n');
	return TRUE;
}

gboolean export_write(GPtrArray *projects, const char *dir, GError **error)
{
	g_autoptr(GString) readme = g_string_new(
		"Tests of PCI devices, made by ersatz, for a machine that has the devices: models "
		"in a\n"
		"guest, or the cards themselves.\n\n"
		"  ./run.sh            as root: runs everything, KTAP on standard output\n"
		"  ./run.sh --reset    the same; the register tests may reset the device\n"
		"\n"
		"The programs are static and need nothing of ersatz. Drivers are not here: install "
		"those of\n"
		"that machine first, where the tests want them; a register test takes the device "
		"from its\n"
		"driver and gives it back.\n\n");

	for (guint i = 0; i < projects->len; i++)
		if (!project_build(projects->pdata[i], PROJECT_PROGRAMS, NULL, error))
			return FALSE;
	if (!may_replace(dir, error))
		return FALSE;
	paths_remove(dir);
	if (!paths_mkdir(dir, error))
		return FALSE;
	for (guint i = 0; i < projects->len; i++)
		if (!add_project(projects->pdata[i], dir, readme, error))
			return FALSE;
	return put(dir, "README", readme->str, readme->len, 0644, error) &&
	       put(dir, "run.sh", run_sh, strlen(run_sh), 0755, error);
}
