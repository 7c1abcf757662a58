/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading: odd files, hostile text, the hash, writing only what changed, the reference. */
#include "support.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "name: x\npci: {vendor: 1, device: 2, class: 3}\n"
#define EXPRESS(more, extended)                                                                    \
	"name: x\npci: {vendor: 1, device: 2, class: 3, express: true}\n"                          \
	"capabilities: [express: {offset: 0x40" more "}]\n"                                        \
	"extended_capabilities: [" extended "]\n"

/* Diagnostics of reading `path`, which must fail. */
static char *fails(const char *path)
{
	struct spec_diags *diags = spec_diags_new();
	char *text;

	assert_null(spec_read_file(path, diags));
	assert_int_equal(spec_diags_errors(diags), 1);
	text = diags_text(diags);
	spec_diags_free(diags);
	return text;
}

static void odd_files(void **state)
{
	char *dir = scratch_new();
	g_autofree char *empty = scratch_write(dir, "empty", "");
	g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
	g_autofree char *huge = scratch_write(dir, "huge", "");
	g_autofree char *missing = g_build_filename(dir, "missing", NULL);
	const struct {
		const char *path, *wanted;
	} files[] = {
		{ missing, "error: cannot open: No such file or directory\n" },
		{ dir, "error: is a folder; name the device.yaml in it\n" },
		{ fifo, "error: is not a regular file\n" },
		{ "/dev/zero", "error: is not a regular file\n" },
		{ huge, "error: larger than 16 MiB; a device.yaml is not that large\n" },
		{ empty, "1:1: error: empty: a device.yaml needs at least name: and pci:\n" },
	};

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(truncate(huge, SPEC_MAX_FILE + 1), 0);
	for (unsigned int i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *found = fails(files[i].path);

		assert_string_equal(found, files[i].wanted);
	}
	scratch_free(dir);
}

/* A pattern over and over, up to the largest file. */
static char *repeated(const char *head, const char *pattern, size_t len)
{
	GString *text = g_string_sized_new(len + 64);

	g_string_append(text, head);
	while (text->len + strlen(pattern) <= len)
		g_string_append(text, pattern);
	return g_string_free(text, FALSE);
}

/*
 * Text made to hurt a YAML parser: each ends in an error. (That it does so soon shows in the
 * test's time-out; that memory stays bounded, under the address sanitizer's limit and
 * in the fuzzer.)
 */
static void hostile_text(void **state)
{
	static const char *const patterns[] = {
		"[",	   "[\n",     "{a: ",	"- ",	"? ",  ": ",	"a: b\n",
		"- a\n",   "*a ",     "&a ",	"!a ",	"\t",  "#\n",	"\n",
		"''",	   "\"a\" ",  "|\n",	">\n ", "a\n", "a",	"[,",
		"{a: b},", "- - a\n", "  a:\n", "\\",	"\r",  "---\n", "...\n",
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(patterns); i++) {
		g_autofree char *text = repeated("", patterns[i], 4u << 20);
		g_autofree char *quoted = repeated("name: \"", patterns[i], 1u << 20);
		g_autofree char *diags = NULL;
		g_autofree char *more = NULL;

		assert_null(read_text(text, &diags));
		assert_true(*diags);
		assert_null(read_text(quoted, &more));
		assert_true(*more);
	}
}

static void bounds(void **state)
{
	g_autofree char *values = repeated(HEAD "hooks: [\n", " x,\n", 6u << 20);
	g_autofree char *endless = repeated(HEAD "description: \"", "words ", 1u << 20);
	g_autofree char *comments = repeated(HEAD, "# comment\n", 1u << 20);
	g_autofree char *diags = NULL;

	assert_null(read_text(values, &diags));
	assert_non_null(strstr(diags, "more than 1000000 values; a device is not that large"));
	g_free(diags);
	assert_null(read_text(endless, &diags));
	assert_string_equal(diags, "3:1: error: 256 KiB after this without an end: is a quote or a "
				   "bracket not closed?\n");
	g_free(diags);
	/* Never is the rest of a file dropped without a word. */
	assert_null(read_text(comments, &diags));
	assert_non_null(strstr(diags, "256 KiB after this without an end"));
}

/* A device of 5000 registers with 8 fields each: no trouble, no time. */
static void large_device(void **state)
{
	GString *text = g_string_new(HEAD "bars:\n  - number: 0\n    name: regs\n    size: 1 MiB\n"
					  "    registers:\n");
	g_autofree char *diags = NULL;
	struct spec_device *dev;
	gint64 start;

	for (unsigned int i = 0; i < 5000; i++) {
		g_string_append_printf(text,
				       "      - name: R%u\n        offset: 0x%x\n"
				       "        fields:\n",
				       i, i * 4);
		for (unsigned int k = 0; k < 8; k++)
			g_string_append_printf(text, "          - {name: F%u, bits: %u:%u}\n", k,
					       k * 4 + 3, k * 4);
	}
	start = g_get_monotonic_time();
	dev = read_text(text->str, &diags);
	assert_string_equal(diags, "");
	assert_non_null(dev);
	/* Told, not tested: how fast a machine is, is not the program's. */
	print_message("5000 registers, 40000 fields: %" PRId64 " ms\n",
		      (g_get_monotonic_time() - start) / 1000);
	spec_device_free(dev);
	g_string_free(text, TRUE);
}

/* ---- the hash ---- */

static char *hash_of(const char *text)
{
	g_autofree char *diags = NULL;
	struct spec_device *dev = read_text(text, &diags);
	char *hash;

	assert_string_equal(diags, "");
	hash = g_strdup(spec_device_hash(dev));
	spec_device_free(dev);
	return hash;
}

static char *output_of(const char *text)
{
	g_autofree char *diags = NULL;
	struct spec_device *dev = read_text(text, &diags);
	GString *out = g_string_new(NULL);

	assert_non_null(dev);
	spec_emit_header(dev, out);
	spec_emit_tables(dev, out);
	spec_device_free(dev);
	return g_string_free(out, FALSE);
}

#define REGS                                                                                       \
	"bars:\n"                                                                                  \
	"  - number: 0\n"                                                                          \
	"    name: regs\n"                                                                         \
	"    size: 4 KiB\n"                                                                        \
	"    registers:\n"                                                                         \
	"      - {name: A, offset: 0, fields: [{name: X, bits: 3:0}, {name: Y, bits: 4}]}\n"       \
	"      - {name: B, offset: 8}\n"

/* Two more BARs, the first with these windows; and a capability. */
#define MEM(windows)                                                                               \
	"  - {number: 1, name: mem, size: 64 KiB, windows: [" windows "]}\n"                       \
	"  - {number: 2, name: more, size: 64 KiB}\n"
#define MSIX(keys) "capabilities: [msix: {offset: 0x40, " keys "}]\n"

static void layout_does_not_count(void **state)
{
	static const char same[] =
		"# a comment\n"
		"pci:\n"
		"  class: 0x000003\n"
		"  device: 0x2\n"
		"  vendor: 0b1\n"
		"  pin: none\n"
		"bars:\n"
		"  - registers:\n"
		"      - offset: 0x8\n"
		"        name: 'B'\n"
		"        sw: rw\n"
		"        regwidth: 32\n"
		"      - {\"offset\": 0, \"name\": \"A\", fields: [{name: Y, bits: 4:4}, "
		"{name: X, bits: 3:0, resets: [software, function, bus, power_on]}]}\n"
		"    size: 0x1000\n"
		"    type: mem32\n"
		"    name: regs\n"
		"    number: 0\n"
		"requires: []\n"
		"name: x\n";
	g_autofree char *one = hash_of(HEAD REGS);
	g_autofree char *two = hash_of(same);
	g_autofree char *bom = hash_of("\xef\xbb\xbf" HEAD REGS);
	g_autofree char *output_one = output_of(HEAD REGS);
	g_autofree char *output_two = output_of(same);

	assert_int_equal(strlen(one), 64);
	assert_string_equal(one, two);
	assert_string_equal(one, bom);
	assert_string_equal(output_one, output_two);
}

/* Every change of meaning is another hash. */
static void meaning_counts(void **state)
{
	static const char *const changed[] = {
		HEAD REGS,
		HEAD REGS "      - {name: C, offset: 12}\n",
		HEAD REGS "description: words\n",
		HEAD REGS "description: \"\"\n",
		HEAD REGS "hooks: [reset]\n",
		HEAD REGS "requires: [zlib]\n",
		HEAD REGS "timers: [{name: t}]\n",
		HEAD REGS "state: [{name: t, type: uint8}]\n",
		HEAD REGS "state: [{name: t, type: uint8, count: 1}]\n",
		HEAD REGS "state: [{name: t, type: uint8, reset: 1}]\n",
		HEAD REGS "state: [{name: t, type: uint8, resets: [power_on]}]\n",
		HEAD REGS "jobs: [{name: t, data: [{name: n, type: uint8}]}]\n",
		HEAD REGS "properties: [{name: p, type: bool}]\n",
		HEAD REGS "properties: [{name: p, type: bool, default: true}]\n",
		HEAD REGS "properties: [{name: p, type: enum, values: [a, b]}]\n",
		HEAD REGS "capabilities: [pm: {offset: 0x40}]\n",
		HEAD REGS "capabilities: [pm: {offset: 0x44}]\n",
		HEAD REGS "capabilities: [pm: {offset: 0x40, d1: true}]\n",
		HEAD REGS "capabilities: [pm: {offset: 0x40, d2: true}]\n",
		HEAD REGS "capabilities: [af: {offset: 0x40}]\n",
		HEAD REGS "capabilities: [af: {offset: 0x40, flr: false}]\n",
		HEAD REGS "aliases: [an-alias]\n",
		HEAD REGS "aliases: [another]\n",
		EXPRESS("", ""),
		EXPRESS(", flr: false", ""),
		EXPRESS(", max_payload: 256", ""),
		EXPRESS(", link_speed: 5", ""),
		EXPRESS(", link_width: 2", ""),
		EXPRESS("", "aer: {offset: 0x100}"),
		EXPRESS("", "serial: {offset: 0x100, number: 1}"),
		EXPRESS("", "serial: {offset: 0x100, number: 2}"),
		EXPRESS("", "aer: {offset: 0x100}, serial: {offset: 0x148, number: 2}"),
		EXPRESS("", "vendor: {offset: 0x100, id: 1, body: []}"),
		EXPRESS("", "vendor: {offset: 0x100, id: 2, body: []}"),
		EXPRESS("", "vendor: {offset: 0x100, id: 2, revision: 1, body: []}"),
		EXPRESS("", "raw: {offset: 0x100, id: 4, body: [0, 0, 0, 0]}"),
		EXPRESS("", "raw: {offset: 0x100, id: 4, version: 2, body: [0, 0, 0, 0]}"),
		EXPRESS("", "raw: {offset: 0x100, id: 4, body: [0, 0, 0, 1]}"),
		EXPRESS("", "raw: {offset: 0x100, id: 4, body: [0, 0, 0, 0], wmask: [1, 0, 0, 0]}"),
		HEAD REGS "capabilities: [msi: {offset: 0x40}]\n",
		HEAD REGS MEM("") "",
		HEAD REGS MEM("{name: W, offset: 0, size: 4 KiB}") "",
		HEAD REGS MEM("{name: V, offset: 0, size: 4 KiB}") "",
		HEAD REGS MEM("{name: W, offset: 4 KiB, size: 4 KiB}") "",
		HEAD REGS MEM("{name: W, offset: 0, size: 8 KiB}") "",
		HEAD REGS MEM("{name: W, offset: 0, size: 4 KiB, resets: [power_on, bus]}") "",
		HEAD REGS MEM("{name: W, offset: 0, size: 4 KiB, description: words}") "",
		HEAD REGS MEM("") MSIX("table: {bar: 1, offset: 0}"),
		HEAD REGS MEM("") MSIX("table: {bar: 1, offset: 8}"),
		HEAD REGS MEM("") MSIX("vectors: 2, table: {bar: 1, offset: 0}"),
		HEAD REGS MEM("") MSIX("table: {bar: 1, offset: 0}, pba: {bar: 1, offset: 32}"),
		HEAD REGS MEM("") MSIX("table: {bar: 2, offset: 0}, pba: {bar: 1, offset: 16}"),
		HEAD REGS MEM("") MSIX("table: {bar: 1, offset: 0}, pba: {bar: 2, offset: 16}"),
		HEAD REGS "capabilities: [vendor: {offset: 0x40, body: [1]}]\n",
		HEAD REGS "capabilities: [vendor: {offset: 0x40, body: [2]}]\n",
		HEAD REGS "capabilities: [vendor: {offset: 0x40, body: [2], wmask: [1]}]\n",
		HEAD REGS "capabilities: [msi: {offset: 0x40}]\ninterrupts: [{name: i}]\n",
		HEAD REGS "capabilities: [msi: {offset: 0x40}]\n"
			  "interrupts: [{name: i, status: A.X}]\n",
		HEAD REGS "capabilities: [msi: {offset: 0x40}]\n"
			  "interrupts: [{name: i, enable: A.X}]\n",
	};
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned int i = 0; i < G_N_ELEMENTS(changed); i++)
		assert_true(g_hash_table_add(seen, hash_of(changed[i])));
	for (unsigned int i = 0; i < 12; i++) {
		static const char *const keys[] = {
			"",
			", sw: r",
			", hw: w",
			", onread: ruser",
			", onwrite: woclr",
			", swmod: true",
			", reset: 1",
			", resets: [power_on]",
			", unimplemented: true",
			", count: 1",
			", count: 2",
			", regwidth: 64",
		};
		g_autofree char *text =
			g_strdup_printf(HEAD "bars: [{number: 0, name: r, size: 64, registers: "
					     "[{name: A, offset: 0%s}]}]\n",
					keys[i]);

		assert_true(g_hash_table_add(seen, hash_of(text)));
	}
	g_hash_table_destroy(seen);
}

/* ---- writing ---- */

static void writes_only_changes(void **state)
{
	char *dir = scratch_new();
	g_autofree char *yaml = data_path("good/kitchen.yaml");
	g_autofree char *header = g_build_filename(dir, "kitchen_spec.h", NULL);
	g_autofree char *tables = g_build_filename(dir, "kitchen_spec.c", NULL);
	g_autofree char *nowhere = g_build_filename(dir, "missing", NULL);
	struct spec_device *dev = read_good(yaml);
	struct stat before, after;
	g_autoptr(GError) error = NULL;

	assert_true(spec_write_c(dev, dir, &error));
	assert_int_equal(stat(header, &before), 0);
	assert_true(spec_write_c(dev, dir, &error));
	assert_int_equal(stat(header, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));
	assert_int_equal(before.st_ino, after.st_ino);

	/* Same size, other content; and no file at all. */
	assert_true(g_file_set_contents(header, "x", 1, NULL));
	assert_int_equal(truncate(header, before.st_size), 0);
	g_unlink(tables);
	assert_true(spec_write_c(dev, dir, &error));
	assert_int_equal(stat(header, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(access(tables, R_OK), 0);

	assert_false(spec_write_c(dev, nowhere, &error));
	assert_non_null(strstr(error->message, "missing"));
	spec_device_free(dev);
	scratch_free(dir);
}

/* ---- what the reader is told ---- */

static void getters(void **state)
{
	g_autofree char *yaml = data_path("good/kitchen.yaml");
	struct spec_device *dev = read_good(yaml);
	const char *const *requires = spec_device_requires(dev);

	assert_string_equal(spec_device_name(dev), "kitchen");
	assert_true(g_str_has_prefix(spec_device_description(dev), "every */ thing"));
	assert_string_equal(requires[0], "zlib");
	assert_string_equal(requires[1], "gtk+-3.0");
	assert_null(requires[2]);
	spec_device_free(dev);
}

struct documented {
	char **lines;
	unsigned int keys;
};

/* The reference has a heading a section, and in it a table row a key. */
static void is_documented(const struct spec_key_info *key, void *user)
{
	struct documented *d = user;
	g_autofree char *heading = g_strdup_printf("## %s:", key->section);
	g_autofree char *row = g_strdup_printf("| `%s` |", key->key);
	const char *status = key->later	     ? "| later |"
			     : key->required ? "| required |"
					     : "| optional |";
	bool inside = false, found = false;

	for (char **line = d->lines; *line && !found; line++) {
		if (g_str_has_prefix(*line, "## "))
			inside = g_str_has_prefix(*line, heading);
		found = inside && g_str_has_prefix(*line, row) && strstr(*line, status);
	}
	if (!found)
		print_error("docs/reference-device-yaml.md: no row '%s ... %s' under '%s'\n", row,
			    status, heading);
	assert_true(found);
	d->keys++;
}

static void reference_is_complete(void **state)
{
	g_autofree char *text = NULL;
	struct documented d = { NULL };

	assert_true(g_file_get_contents(SPEC_TEST_REFERENCE, &text, NULL, NULL));
	d.lines = g_strsplit(text, "\n", -1);
	spec_list_keys(is_documented, &d);
	assert_true(d.keys > 90);
	/* ... and no row for a key that is not there. */
	for (char **line = d.lines; *line; line++)
		d.keys -= g_str_has_prefix(*line, "| `");
	assert_int_equal(d.keys, 0);
	g_strfreev(d.lines);
}

/* The YAML example of the reference is a good spec. */
static void reference_example_is_good(void **state)
{
	g_autofree char *text = NULL;
	g_autofree char *diags = NULL;
	struct spec_device *dev;
	char *start, *end;

	assert_true(g_file_get_contents(SPEC_TEST_REFERENCE, &text, NULL, NULL));
	start = strstr(text, "```yaml\n");
	assert_non_null(start);
	start += strlen("```yaml\n");
	end = strstr(start, "```");
	assert_non_null(end);
	*end = '\0';
	dev = read_text(start, &diags);
	assert_string_equal(diags, "");
	spec_device_free(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_files),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(bounds),
		cmocka_unit_test(large_device),
		cmocka_unit_test(layout_does_not_count),
		cmocka_unit_test(meaning_counts),
		cmocka_unit_test(writes_only_changes),
		cmocka_unit_test(getters),
		cmocka_unit_test(reference_is_complete),
		cmocka_unit_test(reference_example_is_good),
	};

	return cmocka_run_group_tests_name("spec read", tests, NULL, NULL);
}
