/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: any bytes as a device.yaml. Whatever comes in, reading
 * ends soon, reports at least one error or gives a device, and what it gives
 * can be emitted. What stands behind a line "---block---" is a file of its own,
 * b.yaml, for include: to find.
 */
#include "spec/spec.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer on some errors; everything that is ours is looked at. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

/* The folder of b.yaml, gone when we end. */
static char *folder;

static void end(void)
{
	g_autofree char *block = g_build_filename(folder, "b.yaml", NULL);

	unlink(block);
	rmdir(folder);
	g_free(folder);
}

/* Puts the included file where it is looked for; returns what comes before it. */
static size_t split(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n---block---\n";
	const uint8_t *at = memmem(data, size, mark, strlen(mark));
	g_autofree char *block = NULL;
	const char *rest;

	if (!folder) {
		folder = g_dir_make_tmp("ersatz-fuzz-XXXXXX", NULL);
		if (!folder)
			abort();
		atexit(end);
	}
	block = g_build_filename(folder, "b.yaml", NULL);
	if (!at) {
		unlink(block);
		return size;
	}
	rest = (const char *)at + strlen(mark);
	if (!g_file_set_contents(block, rest, (const char *)data + size - rest, NULL))
		abort();
	return (size_t)(at - data) + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_diags *diags = spec_diags_new();
	size_t len = split(data, size);
	g_autofree char *path = g_build_filename(folder, "device.yaml", NULL);
	struct spec_device *dev;

	dev = spec_read_text(path, (const char *)data, len, diags);
	if (!dev == !spec_diags_errors(diags))
		abort();
	if (spec_diags_errors(diags) > SPEC_MAX_ERRORS)
		abort();
	if (dev) {
		GString *text = g_string_new(NULL);

		spec_emit_header(dev, text);
		spec_emit_tables(dev, text);
		spec_emit_systemrdl(dev, text);
		spec_emit_markdown(dev, text);
		spec_emit_html(dev, text);
		spec_emit_names(dev, text);
		spec_emit_regtest(dev, text);
		g_string_free(text, TRUE);
	}
	spec_device_free(dev);
	spec_diags_free(diags);
	return 0;
}
