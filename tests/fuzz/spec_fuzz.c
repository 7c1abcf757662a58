/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target: any bytes as a device.yaml. Whatever comes in, reading
 * ends soon, reports at least one error or gives a device, and what it gives
 * can be emitted.
 */
#include "spec/spec.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a buffer on some errors; everything that is ours is looked at. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *dev;

	dev = spec_read_text("device.yaml", (const char *)data, size, diags);
	if (!dev == !spec_diags_errors(diags))
		abort();
	if (spec_diags_errors(diags) > SPEC_MAX_ERRORS)
		abort();
	if (dev) {
		GString *text = g_string_new(NULL);

		spec_emit_header(dev, text);
		spec_emit_tables(dev, text);
		g_string_free(text, TRUE);
	}
	spec_device_free(dev);
	spec_diags_free(diags);
	return 0;
}
