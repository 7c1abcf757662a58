/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: any bytes as a CMSIS-SVD or IP-XACT file. Whatever comes
 * in, importing ends soon, and gives errors or a block; and a block that it
 * gives is one that a device.yaml can include.
 */
#include "spec/spec.h"

#include <glib/gstdio.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of one file that are looked at. */
#define BLOCKS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer on some errors; everything that is ours is looked at. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

static char *folder;

static void remove_folder(void)
{
	g_autofree char *block = g_build_filename(folder, "block.yaml", NULL);

	g_unlink(block);
	g_rmdir(folder);
	g_free(folder);
}

/* Does a device take it? */
static void include(const GString *yaml, const GString *usage)
{
	struct spec_diags *diags = spec_diags_new();
	g_autofree char *device = NULL;
	g_autofree char *block = NULL;
	g_autofree char *text = NULL;
	struct spec_device *dev;
	FILE *out;

	if (!folder) {
		folder = g_dir_make_tmp("ersatz-import-XXXXXX", NULL);
		if (!folder)
			abort();
		atexit(remove_folder);
	}
	device = g_build_filename(folder, "device.yaml", NULL);
	block = g_build_filename(folder, "block.yaml", NULL);
	out = fopen(block, "w");
	if (!out || fwrite(yaml->str, 1, yaml->len, out) != yaml->len || fclose(out))
		abort();
	text = g_strdup_printf("name: dev\npci: {vendor: 1, device: 2, class: 3}\n%s"
			       "    type: mem64\n",
			       usage->str);
	dev = spec_read_text(device, text, strlen(text), diags);
	if (!dev) {
		fprintf(stderr, "%s%s", text, yaml->str);
		spec_diags_print(diags, stderr);
		abort();
	}
	spec_device_free(dev);
	spec_diags_free(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_import *import = spec_import_text("x.svd", (const char *)data, size, diags);

	if (!import == !spec_diags_errors(diags))
		abort();
	for (unsigned int i = 0; import && i < spec_import_count(import) && i < BLOCKS; i++) {
		GString *yaml = g_string_new(NULL), *usage = g_string_new(NULL);
		unsigned int errors = spec_diags_errors(diags);

		if (spec_import_write(import, i, "block.yaml", yaml, usage))
			include(yaml, usage);
		else if (spec_diags_errors(diags) == errors && errors < SPEC_MAX_ERRORS)
			abort();
		g_string_free(yaml, TRUE);
		g_string_free(usage, TRUE);
	}
	spec_import_free(import);
	spec_diags_free(diags);
	return 0;
}
