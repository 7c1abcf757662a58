/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How models are found when QEMU starts, and what is said of those that
 * cannot be used. None of it may end in QEMU's abort.
 */
#include "test.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[65536];
static char folder[256];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/ersatz-startup-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file in our folder. */
static const char *place(const char *name, const char *content)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
	return path;
}

/* A built model in our folder, by another name. */
static void place_model(const char *name, const char *model)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(symlink(qt_model(model), path), 0);
}

/* Named itself: fatal, with a message that has these words. */
static void fatal(const char *path, const char *words)
{
	int status = qt_run(path, "--version", text, sizeof(text));

	if (status != 1 || !strstr(text, words) || strstr(text, "QEMU emulator version"))
		fail_msg("%s: status %d, wanted 1 and \"%s\": %s", path, status, words, text);
}

/* Found by looking into a folder: a warning, and QEMU goes on. */
static void left_out(const char *words)
{
	assert_int_equal(qt_run(folder, "--version", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "QEMU emulator version"));
	if (!strstr(text, "warning: model left out") || !strstr(text, words))
		fail_msg("wanted a warning with \"%s\": %s", words, text);
}

static void help(void **state)
{
	(void)state;
	assert_int_equal(qt_run(qt_model("probe"), "-device help", text, sizeof(text)), 0);
	assert_non_null(
		strstr(text, "name \"probe\", bus PCI, desc \"Exercises every part of the SDK\""));
	assert_non_null(strstr(text, "name \"edu\""));
	assert_int_equal(qt_run(qt_model("probe"), "-device probe,help", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "flag=<bool>"));
	assert_non_null(strstr(text, "a truth value (default: on)"));
	assert_non_null(strstr(text, "a number from 1 to 100 (default: 7)"));
	assert_non_null(strstr(text, "one of three (slow, medium, fast) (default: medium)"));
	assert_non_null(strstr(text, "some text (default: none)"));
	assert_non_null(strstr(text, "addr=<"));
}

static void bad_properties(void **state)
{
	static const struct {
		const char *arguments, *words;
	} cases[] = {
		{ "mode=wrong", "does not accept value 'wrong'" },
		{ "small=1000", "out of its range, 1 to 100" },
		{ "small=x", "expects integer" },
		{ "flag=7", "expects 'on' or 'off'" },
		{ "nosuch=1", "Property 'probe.nosuch' not found" },
		{ "label=refuse", "refused" },
	};
	char arguments[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(arguments, sizeof(arguments),
			 "-M pc -accel qtest -nodefaults -display none -device probe,%s",
			 cases[i].arguments);
		assert_int_equal(qt_run(qt_model("probe"), arguments, text, sizeof(text)), 1);
		if (!strstr(text, cases[i].words))
			fail_msg("%s: %s", cases[i].arguments, text);
	}
}

static void bad_names(void **state)
{
	char both[1024];

	(void)state;
	fatal(qt_model("bad/taken"), "QEMU itself has something called 'edu'");
	fatal(qt_model("bad/letter"), "QEMU allows no device called '_bad'");
	fatal(qt_model("bad/property"), "property 'addr': every PCI device of QEMU has one");
	snprintf(both, sizeof(both), "%s:", qt_model("bad/same"));
	strcat(both, qt_model("probe"));
	fatal(both, "the name 'probe' is taken by");
	/* Nor are aliases free to choose. */
	fatal(qt_model("bad/alias-taken"),
	      "QEMU itself has something called 'edu'; change `aliases:`");
	snprintf(both, sizeof(both), "%s:", qt_model("my_rng"));
	strcat(both, qt_model("bad/alias-same"));
	fatal(both, "the name 'my_rng' is taken by");
	/* The same file twice is no clash. */
	snprintf(both, sizeof(both), "%s:", qt_model("probe"));
	strcat(both, qt_model("probe"));
	assert_int_equal(qt_run(both, "--version", text, sizeof(text)), 0);
}

static void bad_files(void **state)
{
	(void)state;
	fatal("/nonexistent.so", "/nonexistent.so: No such file or directory");
	fatal(place("text.so", "no model at all"), "text.so");
	fatal(qt_model("bad/abi"), "ABI 99");
	fatal(qt_model("bad/symbol"), "is not a model");
}

static void folders(void **state)
{
	char project[512];

	(void)state;
	/* Empty: fine, and nothing is said. */
	assert_int_equal(qt_run(folder, "-device help", text, sizeof(text)), 0);
	assert_null(strstr(text, "ersatz"));
	place_model("probe.so", "probe");
	place("text.so", "no model at all");
	left_out("text.so");
	assert_int_equal(qt_run(folder, "-device help", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "name \"probe\""));
	place_model("same.so", "bad/same");
	left_out("the name 'probe' is taken by");
	/* A device project. */
	snprintf(project, sizeof(project), "%s/project", folder);
	mkdir(project, 0700);
	place("project/device.yaml", "name: probe\n");
	fatal(project, "run `ersatz build");
	strcat(project, "/build");
	mkdir(project, 0700);
	place_model("project/build/my_rng.so", "my_rng");
	snprintf(project, sizeof(project), "%s/project", folder);
	assert_int_equal(qt_run(project, "-device help", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "name \"my_rng\""));
	/* None asked for. */
	assert_int_equal(qt_run("", "-device help", text, sizeof(text)), 0);
	assert_null(strstr(text, "my_rng"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help),
		cmocka_unit_test(bad_properties),
		cmocka_unit_test(bad_names),
		cmocka_unit_test_setup_teardown(bad_files, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(folders, make_folder, remove_folder),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
