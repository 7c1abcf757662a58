/* SPDX-License-Identifier: BSD-2-Clause */
/* For these tests' own build: device.yaml to the files that `ersatz build` makes of it. */
#include "spec/spec.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *dev = argc == 3 ? spec_read_file(argv[1], diags) : NULL;
	GError *error = NULL;

	spec_diags_print(diags, stderr);
	if (dev && !spec_write_c(dev, argv[2], &error))
		fprintf(stderr, "%s: %s\n", argv[2], error->message);
	spec_device_free(dev);
	spec_diags_free(diags);
	return !dev || error;
}
