/* SPDX-License-Identifier: BSD-2-Clause */
/* include: and blocks: files that are not there or not right, and where the messages point. */
#include "support.h"

#include <ersatz/tables.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "name: x\npci: {vendor: 1, device: 2, class: 3}\n"
#define BARS "bars:\n  - number: 0\n    name: regs\n    size: 64 KiB\n    blocks:\n"

/* "FILE:LINE:COLUMN: error: TEXT", the file without its folder. */
static char *read_in(const char *dir, const char *text)
{
	g_autofree char *path = scratch_write(dir, "device.yaml", text);
	struct spec_diags *diags = spec_diags_new();
	GString *out = g_string_new(NULL);
	static const char *const names[] = { "error", "warning", "note" };

	spec_device_free(spec_read_file(path, diags));
	for (unsigned int i = 0; i < spec_diags_count(diags); i++) {
		const struct spec_diag *d = spec_diags_get(diags, i);
		g_autofree char *file = g_path_get_basename(d->file);

		g_string_append_printf(out, "%s:%u:%u: %s: %s\n", file, d->line, d->column,
				       names[d->severity], d->text);
	}
	spec_diags_free(diags);
	return g_string_free(out, FALSE);
}

static void says(const char *dir, const char *text, const char *wanted)
{
	g_autofree char *found = read_in(dir, text);

	assert_string_equal(found, wanted);
}

static void odd_files(void **state)
{
	char *dir = scratch_new();
	g_autofree char *sub = g_build_filename(dir, "sub", NULL);
	g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
	g_autofree char *loop = g_build_filename(dir, "loop", NULL);
	g_autofree char *huge = scratch_write(dir, "huge", "");
	g_autofree char *empty = scratch_write(dir, "empty", "# nothing\n");
	g_autofree char *scalar = scratch_write(dir, "scalar", "word\n");
	g_autofree char *bytes = scratch_write(dir, "bytes", "a: \xff\n");

	assert_int_equal(g_mkdir(sub, 0700), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("loop", loop), 0);
	assert_int_equal(truncate(huge, SPEC_MAX_FILE + 1), 0);
	says(dir,
	     HEAD
	     "include: [missing.yaml, sub, fifo, loop, huge, /etc/passwd, '', [x], missing.yaml]\n",
	     "device.yaml:3:11: error: include: missing.yaml: cannot open: No such file or "
	     "directory\n"
	     "device.yaml:3:25: error: include: sub: is a folder\n"
	     "device.yaml:3:30: error: include: fifo: is not a regular file\n"
	     "device.yaml:3:36: error: include: loop: cannot open: Too many levels of symbolic "
	     "links\n"
	     "device.yaml:3:42: error: include: huge: larger than 16 MiB\n"
	     "device.yaml:3:48: error: include: '/etc/passwd' is not a path relative to this file\n"
	     "device.yaml:3:61: error: include: '' is not a path relative to this file\n"
	     "device.yaml:3:65: error: include: expected text, found a list\n"
	     "device.yaml:3:70: error: include: missing.yaml: cannot open: No such file or "
	     "directory\n");
	says(dir, HEAD "include: [empty, scalar, bytes]\n",
	     "empty:1:1: error: empty: a block needs at least block:\n"
	     "scalar:1:1: error: block: expected a mapping (key: value), found a string\n"
	     "bytes:1:4: error: not UTF-8: byte 0xff\n");
	says(dir, HEAD "include: device.yaml\n",
	     "device.yaml:3:10: error: include: expected a list, found a string\n");
	assert_int_equal(g_rmdir(sub), 0);
	scratch_free(dir);
}

/* A device is no block, and a block brings no others: nothing is read twice, or for ever. */
static void recursion(void **state)
{
	char *dir = scratch_new();
	g_autofree char *a = scratch_write(dir, "a.yaml",
					   "block: A\ninclude: [a.yaml]\n"
					   "registers: [{name: X, offset: 0}]\n");

	says(dir, HEAD "include: [a.yaml]\n" BARS "      - {name: U, block: A, offset: 0}\n",
	     "a.yaml:2:1: error: 'include' in a block is not supported yet\n");
	says(dir, HEAD "include: [device.yaml]\n",
	     "device.yaml:1:1: error: unknown key 'name' in a block; known: block, description, "
	     "registers, regfiles\n"
	     "device.yaml:1:1: error: a block lacks the key 'block' (C identifier)\n"
	     "device.yaml:2:1: error: unknown key 'pci' in a block; known: block, description, "
	     "registers, regfiles\n"
	     "device.yaml:3:1: error: 'include' in a block is not supported yet\n");
	scratch_free(dir);
}

static void too_many(void **state)
{
	char *dir = scratch_new();
	GString *text = g_string_new(HEAD "include:\n");
	GString *big = g_string_new("block: A\nregisters:\n");
	g_autofree char *words = g_strnfill(4000, 'x');
	GString *regs = g_string_new("block: R\nregisters:\n");
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;
	g_autofree char *r = NULL;

	for (unsigned int i = 0; i < 65; i++)
		g_string_append_printf(text, "  - f%u\n", i);
	says(dir, text->str,
	     "device.yaml:4:3: error: include: 65 files; at most 64 are supported\n");
	for (unsigned int i = 0; big->len < 9u << 20; i++)
		g_string_append_printf(big, "  - {name: X%u, offset: %u, description: %s}\n", i,
				       i * 4, words);
	a = scratch_write(dir, "a.yaml", big->str);
	b = scratch_write(dir, "b.yaml", big->str);
	g_string_assign(text, HEAD "include: [a.yaml, b.yaml]\n");
	{
		g_autofree char *found = read_in(dir, text->str);

		assert_non_null(strstr(found, "device.yaml:3:19: error: include: with b.yaml, the "
					      "files come to more than 16 MiB\n"));
	}
	/* A thousand registers in a hundred instances. */
	for (unsigned int i = 0; i < 1000; i++)
		g_string_append_printf(regs, "  - {name: X%u, offset: %u}\n", i, i * 4);
	r = scratch_write(dir, "r.yaml", regs->str);
	g_string_assign(text, HEAD "include: [r.yaml]\n" BARS);
	for (unsigned int i = 0; i < 100; i++)
		g_string_append_printf(text, "      - {name: U%u, block: R, offset: %u}\n", i,
				       i * 4096);
	{
		g_autofree char *found = read_in(dir, text->str);

		assert_non_null(strstr(found, ": error: more than 65534 registers\n"));
	}
	g_string_free(text, TRUE);
	g_string_free(big, TRUE);
	g_string_free(regs, TRUE);
	scratch_free(dir);
}

/* What is wrong in a block is said where it stands, once for all instances. */
static void mistakes_in_a_block(void **state)
{
	char *dir = scratch_new();
	g_autofree char *a = scratch_write(
		dir, "a.yaml",
		"block: A\n"
		"registers:\n"
		"  - {name: X, ofset: 0}\n"
		"  - {name: Y, offset: 4, fields: [{name: F, bits: 3:0}, {name: G, bits: 3}]}\n"
		"  - {name: Z, offset: 8, swwe: Q.F}\n"
		"  - {name: Y, offset: 12}\n");

	says(dir,
	     HEAD "include: [a.yaml]\n" BARS "      - {name: U, block: A, offset: 0}\n"
		  "      - {name: V, block: A, offset: 0x100}\n"
		  "      - {name: W, block: A, offset: 0x200, count: 3, stride: 0x20}\n",
	     "a.yaml:3:5: error: a register lacks the key 'offset' (number)\n"
	     "a.yaml:3:15: error: unknown key 'ofset' in a register; did you mean 'offset'?\n"
	     "a.yaml:4:73: error: field G (3) overlaps F (3:0)\n"
	     "a.yaml:4:51: note: F is here\n"
	     "a.yaml:5:32: error: swwe: no register 'Q'\n"
	     "a.yaml:6:5: error: a second register or state named U_Y\n"
	     "a.yaml:4:5: note: the first is here\n");
	scratch_free(dir);
}

/* What is wrong with an instance is said at the instance. */
static void mistakes_of_an_instance(void **state)
{
	char *dir = scratch_new();
	g_autofree char *a = scratch_write(
		dir, "a.yaml",
		"block: A\nregisters:\n  - {name: X, offset: 0}\n"
		"  - {name: M, offset: 16, count: 2}\n"
		"regfiles:\n  - name: F\n    offset: 32\n    count: 2\n    stride: 8\n"
		"    registers: [{name: N, offset: 0, count: 2}]\n");
	g_autofree char *b = scratch_write(dir, "b.yaml", "block: B\nregisters: []\n");
	g_autofree char *c = scratch_write(dir, "c.yaml", "block: A\n");

	says(dir,
	     HEAD "include: [a.yaml, b.yaml, c.yaml, a.yaml]\n" BARS
		  "      - {name: U, block: A, offset: 0}\n"
		  "      - {name: V, block: A, offset: 0x2c}\n"
		  "      - {name: W, block: A, offset: 0xfff0}\n"
		  "      - {name: Q, block: A, offset: 0x1000, count: 2, stride: 0x100}\n"
		  "      - {name: R, block: AB, offset: 0}\n"
		  "      - {name: U, block: A, offset: 0x200}\n",
	     "device.yaml:3:35: error: include: a.yaml is here twice\n"
	     "device.yaml:10:9: error: register V_X (0x2c) overlaps U_F_N[3] (0x2c..0x2f)\n"
	     "device.yaml:9:9: note: U_F_N is here\n"
	     "device.yaml:11:9: error: register W_M (0x10000..0x10007) ends beyond BAR regs "
	     "(0x10000 bytes)\n"
	     "device.yaml:7:11: note: the size is here\n"
	     "device.yaml:11:9: error: register W_F_N (0x10010..0x1001f) ends beyond BAR regs "
	     "(0x10000 bytes)\n"
	     "device.yaml:7:11: note: the size is here\n"
	     "device.yaml:12:9: error: Q: Q_F_N in it has two dimensions already, and there is no "
	     "third\n"
	     "device.yaml:13:26: error: block: no block 'AB' in the files under include:\n"
	     "device.yaml:14:9: error: a second instance named U\n"
	     "device.yaml:9:9: note: the first is here\n"
	     "b.yaml:1:8: warning: block: no BAR uses B\n"
	     "c.yaml:1:8: error: a second block named A\n"
	     "a.yaml:1:8: note: the first is here\n");
	scratch_free(dir);
}

/* Relative to the file that includes, wherever one is; ".." is fine. */
static void paths(void **state)
{
	char *dir = scratch_new();
	g_autofree char *sub = g_build_filename(dir, "sub", NULL);
	g_autofree char *a = scratch_write(dir, "a.yaml",
					   "\xef\xbb\xbf"
					   "block: A\nregisters: [{name: X, offset: 4}]\n");
	g_autofree char *yaml = NULL;
	const char *const *includes;
	struct spec_device *dev;

	assert_int_equal(g_mkdir(sub, 0700), 0);
	yaml = scratch_write(sub, "device.yaml",
			     HEAD "include: [../a.yaml]\n" BARS
				  "      - {name: U, block: A, offset: 0x10}\n");
	dev = read_good(yaml);
	includes = spec_device_includes(dev);
	assert_true(g_str_has_suffix(includes[0], "sub/../a.yaml"));
	assert_null(includes[1]);
	spec_device_free(dev);
	g_remove(yaml);
	g_rmdir(sub);
	scratch_free(dir);
}

/* Each instance is part of the meaning, how it is written is not. */
static void hash(void **state)
{
	char *dir = scratch_new();
	static const char *const blocks[] = {
		"block: A\nregisters: [{name: X, offset: 4}]\n",
		"# the same\nregisters:\n  - offset: 4\n    name: X\nblock: A\n",
		"block: A\nregisters: [{name: X, offset: 4, swmod: true}]\n",
	};
	g_autofree char *yaml = scratch_write(dir, "device.yaml",
					      HEAD "include: [a.yaml]\n" BARS
						   "      - {name: U, block: A, offset: 0x10}\n");
	char *hashes[3];

	for (unsigned int i = 0; i < 3; i++) {
		g_autofree char *a = scratch_write(dir, "a.yaml", blocks[i]);
		struct spec_device *dev = read_good(yaml);

		hashes[i] = g_strdup(spec_device_hash(dev));
		spec_device_free(dev);
	}
	assert_string_equal(hashes[0], hashes[1]);
	assert_string_not_equal(hashes[0], hashes[2]);
	for (unsigned int i = 0; i < 3; i++)
		g_free(hashes[i]);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_files),
		cmocka_unit_test(recursion),
		cmocka_unit_test(too_many),
		cmocka_unit_test(mistakes_in_a_block),
		cmocka_unit_test(mistakes_of_an_instance),
		cmocka_unit_test(paths),
		cmocka_unit_test(hash),
	};

	return cmocka_run_group_tests_name("spec blocks", tests, NULL, NULL);
}
