/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register test that is made of a spec, on the model that is made of the
 * same spec: it passes, says of what it leaves alone why, and fails with the
 * register's name when a tap breaks a rule between the two.
 */
#include "../spec/support.h"

#include <glib/gstdio.h>
#include <string.h>

static char *dir;

/* What is linked with a sanitized libersatz has to be so itself. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZE " -fsanitize=address,undefined"
#else
#define SANITIZE ""
#endif
#define FLAGS "-std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter" SANITIZE

static void build(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void build(const char *format, ...)
{
	g_autofree char *command = NULL;
	g_autofree char *errors = NULL;
	int status = -1;
	va_list args;

	va_start(args, format);
	command = g_strdup_vprintf(format, args);
	va_end(args);
	assert_true(g_spawn_command_line_sync(command, NULL, &errors, &status, NULL));
	if (status)
		print_error("%s\n%s\n", command, errors);
	assert_int_equal(status, 0);
}

static void write_text(const char *name, void (*emit)(const struct spec_device *dev, GString *out),
		       const struct spec_device *dev)
{
	GString *text = g_string_new(NULL);
	g_autofree char *path = NULL;

	emit(dev, text);
	path = scratch_write(dir, name, text->str);
	g_string_free(text, TRUE);
}

/* The model, and programs for the bench and for a guest. */
static int make_programs(void **state)
{
	struct spec_device *dev = read_good(REGTEST_DATA "/rules/device.yaml");

	dir = scratch_new();
	assert_true(spec_write_c(dev, dir, NULL));
	write_text("rules_regtest.c", spec_emit_regtest, dev);
	spec_device_free(dev);
	build("%s " FLAGS " -fPIC -shared -fvisibility=hidden -I%s -I%s %s/rules/model.c "
	      "%s/rules_spec.c -o %s/rules.so",
	      compiler(), REGTEST_INCLUDE, dir, REGTEST_DATA, dir, dir);
	build("%s " FLAGS " -I%s -I%s %s/rules_regtest.c %s/rules.c %s/run.c %s/across.c "
	      "%s/bench.c -o %s/bench -L%s -Wl,-rpath,%s -lersatz",
	      compiler(), REGTEST_RUNTIME, REGTEST_INCLUDE, dir, REGTEST_RUNTIME, REGTEST_RUNTIME,
	      REGTEST_RUNTIME, REGTEST_RUNTIME, dir, REGTEST_LIB, REGTEST_LIB);
	build("%s " FLAGS " -I%s %s/rules_regtest.c %s/rules.c %s/run.c %s/across.c %s/pci.c "
	      "-o %s/pci",
	      compiler(), REGTEST_RUNTIME, dir, REGTEST_RUNTIME, REGTEST_RUNTIME, REGTEST_RUNTIME,
	      REGTEST_RUNTIME, dir);
	return 0;
}

static int clear(void **state)
{
	scratch_free(dir);
	return 0;
}

/* Runs a program of it; its output. */
static char *result(const char *program, const char *argument, const char *taps, int *ret_status)
{
	g_autofree char *path = g_build_filename(dir, program, NULL);
	g_autofree char *model = g_build_filename(dir, "rules.so", NULL);
	char *argv[] = { path, (char *)argument, NULL };
	char **env = g_environ_setenv(g_get_environ(), "ERSATZ_MODEL", model, TRUE);
	char *text = NULL;
	int status;

	env = taps ? g_environ_setenv(env, "ERSATZ_TAPS", taps, TRUE)
		   : g_environ_unsetenv(env, "ERSATZ_TAPS");
	assert_true(g_spawn_sync(NULL, argv, env, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text,
				 NULL, &status, NULL));
	g_strfreev(env);
	*ret_status = WEXITSTATUS(status);
	return text;
}

/* What is left alone, by what the spec says of it; everything else is tested. */
static const struct {
	const char *what, *why;
} skipped[] = {
	{ "COUNTS.EVENTS: reset value", "the device changes it by itself" },
	{ "QUEUE: reset value", "it is a port (fifo)" },
	{ "DATA_IN: reset value", "it is write-only" },
	{ "DATA_OUT: reset value", "the device changes it by itself" },
	{ "PARTLY.LATER: reset value", "the model does not have it (unimplemented)" },
	{ "ISR.TICK: reset value", "the device changes it by itself" },
	{ "CLOCK: reset value", "the spec says so (donttest)" },
	{ "MIXED.HEAD: reset value", "the device changes it by itself" },
	{ "MIXED.POWER: reset value", "the spec says so (donttest)" },
	{ "LIMITED.SAME: writes", "it must be written as it reads (writeconstraint)" },
	{ "GO.START: writes", "a one in START starts something (singlepulse)" },
	{ "GO.SPEED: writes", "a one in START starts something (singlepulse)" },
	{ "GO (bits of no field): writes", "a one in START starts something (singlepulse)" },
	{ "QUEUE: writes", "it is a port (fifo)" },
	{ "DATA_IN: writes", "it is write-only" },
	{ "DATA_OUT: writes", "it shares its address with another register" },
	{ "PARTLY.LATER: writes", "the model does not have it (unimplemented)" },
	{ "ISR.TICK: writes", "it is the status register of interrupt TICK" },
	{ "ISR (bits of no field): writes", "it is the status register of interrupt TICK" },
	{ "CLOCK: writes", "the spec says so (donttest)" },
	{ "MIXED.HEAD: writes", "the device changes it by itself" },
	{ "MIXED.POWER: writes", "the spec says so (donttest)" },
	{ "BAR1: accesses that are too narrow", "there is no register with an illegal width" },
};

static void rules_hold_in_the_model(void **state)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	unsigned int n = 0;
	int status;

	text = result("bench", NULL, NULL, &status);
	if (status)
		print_error("%s", text);
	assert_int_equal(status, 0);
	/* 47 fields and gaps twice, one for all, three kinds of reset, two for each BAR. */
	assert_non_null(strstr(text, "\n1..102\n"));
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *skip = strstr(*line, " # SKIP ");
		char *name = strstr(*line, " - ");

		assert_false(g_str_has_prefix(*line, "not ok"));
		if (!skip)
			continue;
		*skip = 0;
		assert_true(n < G_N_ELEMENTS(skipped));
		assert_string_equal(name + 3, skipped[n].what);
		assert_string_equal(skip + 8, skipped[n].why);
		n++;
	}
	assert_int_equal(n, G_N_ELEMENTS(skipped));
	assert_non_null(strstr(text, "# LOCKED.LOW: its lock in KEY is closed"));
}

static void a_tap_that_breaks_a_rule_is_found(void **state)
{
	static const struct {
		const char *tap, *words[2];
	} cases[] = {
		{ "bend,read=PLAIN,flip=0x10",
		  { "- PLAIN: reset value\n# PLAIN (BAR0 0x0, bits 0xffffffff) reads 0x12345668 "
		    "after a reset, not 0x12345678\n",
		    "- PLAIN: writes\n# PLAIN (BAR0 0x0, bits 0xffffffff): wrote 0x0, reads 0x10, "
		    "not 0x0: a write stores\n" } },
		{ "bend,drop=EFFECTS",
		  { "- EFFECTS.OC: writes\n# EFFECTS.OC (BAR0 0x4, bits 0xf): wrote 0xf, reads "
		    "0xf, not 0x0: ones written clear (woclr)\n",
		    "- EFFECTS.AS: writes\n# EFFECTS.AS (BAR0 0x4, bits 0xf0000000): wrote 0x0, "
		    "reads 0x0, not 0xf0000000: any write sets (wset)\n" } },
		{ "bend,read=KEY,flip=2",
		  { "- KEY (bits of no field): reset value\n",
		    "- KEY (bits of no field): writes\n" } },
		{ "bend,read=LIMITED,flip=0x8000000",
		  { "- LIMITED.RSVD: reset value\n# LIMITED.RSVD (BAR0 0x18, bits 0xf000000) reads "
		    "0x7000000 after a reset, not 0xf000000\n",
		    "not ok" } },
		{ "bend,drop=CONFIG",
		  { "- CONFIG: writes\n",
		    "reaches what it should\n# CONFIG reads 0x0 after a function reset, not "
		    "0xffffffff: that reset does not reach it\n" } },
		{ "bend,drop=CH_DESC",
		  { "- CH_DESC: writes\n# CH_DESC[0][0] (BAR0 0x110, bits 0xffffffff): wrote "
		    "0xffffffff, reads 0x0, not 0xffffffff: a write stores\n",
		    "not ok" } },
		{ "bend,read=COUNTS,flip=0x10000",
		  { "- COUNTS.ID: reset value\n# COUNTS.ID (BAR0 0x20, bits 0xffff0000) reads "
		    "0xc0df0000 after a reset, not 0xc0de0000\n",
		    "not ok" } },
		/* Here interrupts go nowhere, so that enabling them is tried too. */
		{ "bend,drop=IER",
		  { "- IER.TICK: writes\n# IER.TICK (BAR0 0x", "not 0x1: a write stores\n" } },
		{ "bend,drop=PORT",
		  { "- PORT: writes\n# PORT (BAR1 0x0, bits 0xffff): wrote 0x0, reads 0xbeef, not "
		    "0x0: a write stores\n",
		    "not ok" } },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = NULL;
		int status;

		text = result("bench", NULL, cases[i].tap, &status);
		assert_int_equal(status, 1);
		for (unsigned int k = 0; k < 2; k++) {
			if (!strstr(text, cases[i].words[k]))
				print_error("%s: no \"%s\" in:\n%s", cases[i].tap,
					    cases[i].words[k], text);
			assert_non_null(strstr(text, cases[i].words[k]));
		}
	}
}

/* A table of one spec says nothing about the model of another. */
static void another_spec_is_refused(void **state)
{
	g_autofree char *yaml = NULL;
	g_autofree char *other = NULL;
	g_autofree char *text = NULL;
	g_autofree char *model = g_build_filename(dir, "rules.so", NULL);
	g_autofree char *kept = g_build_filename(dir, "kept.so", NULL);
	struct spec_device *dev;
	GString *changed;
	int status;

	assert_true(g_file_get_contents(REGTEST_DATA "/rules/device.yaml", &yaml, NULL, NULL));
	changed = g_string_new(yaml);
	g_string_replace(changed, "reset: 0x12345678", "reset: 0x12345679", 1);
	other = scratch_write(dir, "other.yaml", changed->str);
	g_string_free(changed, TRUE);
	dev = read_good(other);
	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
	assert_int_equal(g_rename(model, kept), 0);
	build("%s " FLAGS " -fPIC -shared -fvisibility=hidden -I%s -I%s %s/rules/model.c "
	      "%s/rules_spec.c -o %s",
	      compiler(), REGTEST_INCLUDE, dir, REGTEST_DATA, dir, model);
	text = result("bench", NULL, NULL, &status);
	assert_int_equal(g_rename(kept, model), 0);
	assert_int_equal(status, 1);
	assert_true(g_str_has_prefix(text, "Bail out! the model is of spec "));
}

static void says_what_it_is(void **state)
{
	struct spec_device *dev = read_good(REGTEST_DATA "/rules/device.yaml");
	g_autofree char *hash = g_strdup_printf("%s\n", spec_device_hash(dev));
	g_autofree char *spec = NULL;
	g_autofree char *help = NULL;
	g_autofree char *none = NULL;
	int status;

	spec_device_free(dev);
	spec = result("pci", "--spec", NULL, &status);
	assert_int_equal(status, 0);
	assert_string_equal(spec, hash);
	help = result("pci", "--help", NULL, &status);
	assert_int_equal(status, 0);
	assert_non_null(strstr(help, "--slot SLOT"));
	g_free(result("pci", "--nonsense", NULL, &status));
	assert_int_equal(status, 2);
	/* There is no such device in the machine that builds this. */
	none = result("pci", NULL, NULL, &status);
	assert_int_equal(status, 4);
	assert_string_equal(none, "KTAP version 1\n1..0 # SKIP there is no device 1234:0a11\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_hold_in_the_model),
		cmocka_unit_test(a_tap_that_breaks_a_rule_is_found),
		cmocka_unit_test(another_spec_is_refused),
		cmocka_unit_test(says_what_it_is),
	};

	return cmocka_run_group_tests_name("register test of a spec", tests, make_programs, clear);
}
