/* SPDX-License-Identifier: BSD-2-Clause */
/* What is emitted compiles, everywhere it must; and a model that does not fit, does not. */
#include "support.h"

#include <string.h>

#define FLAGS "-std=gnu11 -O2 -g -Wall -Wextra -Werror -fPIC -fvisibility=hidden"

/* The generated files of good/NAME.yaml in `dir`. */
static void emit(const char *dir, const char *name)
{
	g_autofree char *yaml = g_strdup_printf("%s/good/%s.yaml", SPEC_TEST_DATA, name);
	struct spec_device *dev = read_good(yaml);

	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
}

static void must_compile(int status, const char *errors)
{
	if (status)
		print_error("%s\n", errors);
	assert_int_equal(status, 0);
	assert_string_equal(errors, "");
}

static void models_compile(void **state)
{
	static const char *const names[] = { "kitchen", "minimal", "rare" };
	const char *const compilers[] = { compiler(), "clang" };

	for (unsigned int i = 0; i < G_N_ELEMENTS(names); i++) {
		char *dir = scratch_new();

		emit(dir, names[i]);
		for (unsigned int k = 0; k < G_N_ELEMENTS(compilers); k++) {
			g_autofree char *errors = NULL;
			int status;

			if (!have(compilers[k]))
				continue;
			status = run(&errors,
				     "%s " FLAGS " -shared -I%s -I%s %s/good/%s.c %s/%s_spec.c "
				     "-o %s/model.so",
				     compilers[k], SPEC_TEST_INCLUDE, dir, SPEC_TEST_DATA, names[i],
				     dir, names[i], dir);
			must_compile(status, errors);
		}
		scratch_free(dir);
	}
}

static void constants_compile_anywhere(void **state)
{
	/* The kernel's way is the second: no C library headers, no host environment. */
	static const struct {
		const char *program, *flags;
	} ways[] = {
		{ "cc", "-x c -std=gnu11" },
		{ "cc", "-x c -std=gnu11 -ffreestanding -nostdinc -Wundef" },
		{ "cc", "-x c -std=gnu89" },
		{ "cc", "-x c -std=c11 -pedantic" },
		{ "cc", "-x c -std=c99 -pedantic -ffreestanding -nostdinc" },
		{ "c++", "-x c++ -std=c++11 -pedantic -ffreestanding" },
		{ "c++", "-x c++ -std=c++17" },
		{ "clang", "-x c -std=gnu11 -ffreestanding -nostdinc -Wundef" },
		{ "clang++", "-x c++" },
		{ "x86_64-w64-mingw32-gcc", "-x c" },
		{ "x86_64-w64-mingw32-g++", "-x c++" },
	};
	char *dir = scratch_new();
	unsigned int n = 0;

	emit(dir, "kitchen");
	for (unsigned int i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *errors = NULL;
		int status;

		if (!have(ways[i].program)) {
			print_message("not tried: there is no %s here\n", ways[i].program);
			continue;
		}
		status = run(&errors,
			     "%s %s -Wall -Wextra -Werror -I%s -fsyntax-only "
			     "%s/good/constants.c",
			     ways[i].program, ways[i].flags, dir, SPEC_TEST_DATA);
		must_compile(status, errors);
		n++;
	}
	assert_true(n >= 4);
	scratch_free(dir);
}

/* Included before model.h it gives the constants; again after it, the rest. */
static void header_in_any_order(void **state)
{
	char *dir = scratch_new();
	g_autofree char *source = scratch_write(dir, "order.c",
						"#include \"minimal_spec.h\"\n"
						"#include \"minimal_spec.h\"\n"
						"#ifdef MINIMAL_MODEL\n"
						"#error too early\n"
						"#endif\n"
						"#include <ersatz/model.h>\n"
						"#include \"minimal_spec.h\"\n"
						"#include \"minimal_spec.h\"\n"
						"MINIMAL_MODEL;\n");
	g_autofree char *errors = NULL;
	int status;

	emit(dir, "minimal");
	status = run(&errors, "%s " FLAGS " -I%s -I%s -fsyntax-only %s", compiler(),
		     SPEC_TEST_INCLUDE, dir, source);
	must_compile(status, errors);
	scratch_free(dir);
}

/* ---- models that do not fit ---- */

#define HOOK_SPEC                                                                                  \
	"name: dut\n"                                                                              \
	"pci: {vendor: 1, device: 2, class: 3}\n"                                                  \
	"bars: [{number: 0, name: regs, size: 16, registers: ["                                    \
	"{name: RNG, offset: 0, sw: r, onread: ruser}]}]\n"

/* Line 4 defines the hook, line 5 is the model's last. */
#define MODEL(hook) "#include <ersatz/model.h>\n#include \"dut_spec.h\"\n\n" hook "\nDUT_MODEL;\n"

static void wrong_models_do_not_compile(void **state)
{
	static const struct {
		const char *model;
		const char *wanted[4]; /* all of these are in the compiler's output */
	} models[] = {
		{ MODEL(""), { "model.c:5:", "dut_RNG_onread", "undeclared" } },
		{ MODEL("static uint32_t dut_RNG_onraed(struct dut *s) { return s->RNG; }"),
		  { "model.c:5:", "dut_RNG_onread", "did you mean", "dut_RNG_onraed" } },
		{ MODEL("static uint64_t dut_RNG_onread(struct dut *s) { return s->RNG; }"),
		  { "model.c:5:",
		    "the spec wants: static uint32_t dut_RNG_onread(struct dut *s)" } },
		{ MODEL("static uint32_t dut_RNG_onread(void *s) { return s != 0; }"),
		  { "model.c:5:",
		    "the spec wants: static uint32_t dut_RNG_onread(struct dut *s)" } },
		{ MODEL("static uint32_t dut_RNG_onread(struct dut *s, uint32_t i) "
			"{ return s->RNG + i; }"),
		  { "model.c:5:",
		    "the spec wants: static uint32_t dut_RNG_onread(struct dut *s)" } },
	};
	char *dir = scratch_new();
	g_autofree char *yaml = scratch_write(dir, "device.yaml", HOOK_SPEC);
	struct spec_device *dev = read_good(yaml);

	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
	for (unsigned int i = 0; i < G_N_ELEMENTS(models); i++) {
		g_autofree char *model = scratch_write(dir, "model.c", models[i].model);
		g_autofree char *errors = NULL;
		int status = run(&errors, "%s " FLAGS " -I%s -I%s -c %s -o %s/model.o", compiler(),
				 SPEC_TEST_INCLUDE, dir, model, dir);

		assert_int_not_equal(status, 0);
		for (unsigned int k = 0; k < 4 && models[i].wanted[k]; k++) {
			if (!strstr(errors, models[i].wanted[k]))
				print_error("no '%s' in:\n%s\n", models[i].wanted[k], errors);
			assert_non_null(strstr(errors, models[i].wanted[k]));
		}
		/* The author's own lines, never the inside of what was generated. */
		assert_false(
			g_regex_match_simple("dut_spec\\.h:[0-9]+:[0-9]+: error", errors, 0, 0));
	}
	scratch_free(dir);
}

/* Without -Werror too: a wrong signature is no mere warning. */
static void wrong_signature_is_an_error_anyway(void **state)
{
	char *dir = scratch_new();
	g_autofree char *yaml = scratch_write(dir, "device.yaml", HOOK_SPEC);
	g_autofree char *model = scratch_write(
		dir, "model.c",
		MODEL("static uint16_t dut_RNG_onread(struct dut *s) { return s->RNG; }"));
	struct spec_device *dev = read_good(yaml);
	g_autofree char *errors = NULL;

	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
	assert_int_not_equal(run(&errors, "%s -std=gnu11 -I%s -I%s -c %s -o %s/model.o", compiler(),
				 SPEC_TEST_INCLUDE, dir, model, dir),
			     0);
	scratch_free(dir);
}

/* A header of another spec beside the tables is noticed. */
static void header_and_tables_belong_together(void **state)
{
	char *dir = scratch_new();
	g_autofree char *one = scratch_write(dir, "one.yaml", HOOK_SPEC);
	g_autofree char *tables = g_build_filename(dir, "dut_spec.c", NULL);
	g_autofree char *errors = NULL;
	g_autofree char *diags = NULL;
	GString *text = g_string_new(NULL);
	struct spec_device *dev = read_good(one), *other;

	assert_true(spec_write_c(dev, dir, NULL));
	spec_device_free(dev);
	other = read_text("name: dut\npci: {vendor: 1, device: 2, class: 3}\n"
			  "bars: [{number: 0, name: regs, size: 16, registers: ["
			  "{name: RNG, offset: 4, sw: r, onread: ruser}]}]\n",
			  &diags);
	spec_emit_tables(other, text);
	spec_device_free(other);
	assert_true(g_file_set_contents(tables, text->str, text->len, NULL));
	g_string_free(text, TRUE);
	assert_int_not_equal(run(&errors, "%s " FLAGS " -I%s -I%s -fsyntax-only %s", compiler(),
				 SPEC_TEST_INCLUDE, dir, tables),
			     0);
	assert_non_null(strstr(errors, "dut_spec.h is of another spec"));
	scratch_free(dir);
}

/*
 * Every macro that <ersatz/model.h> brings along would break a member of that
 * name: the checker must refuse each of them.
 */
static void macros_of_the_sdk_are_refused(void **state)
{
	char *dir = scratch_new();
	g_autofree char *source = scratch_write(dir, "macros.c", "#include <ersatz/model.h>\n");
	g_autofree char *command = g_strdup_printf("%s -std=gnu11 -dM -E -I%s %s", compiler(),
						   SPEC_TEST_INCLUDE, source);
	g_autofree char *output = NULL;
	g_auto(GStrv) lines = NULL;
	unsigned int n = 0;

	assert_true(g_spawn_command_line_sync(command, &output, NULL, NULL, NULL));
	lines = g_strsplit(output, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit_set(*line, " (", 3);
		g_autofree char *text = NULL;
		g_autofree char *diags = NULL;

		/* Names that begin with _ are no names for us at all. */
		if (!words[0] || !words[1] || words[1][0] == '_')
			continue;
		text = g_strdup_printf("name: x\npci: {vendor: 1, device: 2, class: 3}\n"
				       "state: [{name: %s, type: bool}]\n",
				       words[1]);
		if (read_text(text, &diags))
			print_error("%s is accepted\n", words[1]);
		assert_non_null(strstr(diags, "C or the SDK has that word"));
		n++;
	}
	assert_true(n > 100);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(models_compile),
		cmocka_unit_test(constants_compile_anywhere),
		cmocka_unit_test(header_in_any_order),
		cmocka_unit_test(wrong_models_do_not_compile),
		cmocka_unit_test(wrong_signature_is_an_error_anyway),
		cmocka_unit_test(header_and_tables_belong_together),
		cmocka_unit_test(macros_of_the_sdk_are_refused),
	};

	return cmocka_run_group_tests_name("spec compile", tests, NULL, NULL);
}
