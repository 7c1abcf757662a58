/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a libFuzzer target over all files in the folders given: the corpus as an ordinary test. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	unsigned int n = 0;

	for (int i = 1; i < argc; i++) {
		GDir *dir = g_dir_open(argv[i], 0, NULL);
		const char *name;

		if (!dir) {
			fprintf(stderr, "%s: cannot open\n", argv[i]);
			return 1;
		}
		while ((name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(argv[i], name, NULL);
			g_autofree char *text = NULL;
			gsize len;

			if (!g_file_get_contents(path, &text, &len, NULL))
				continue;
			LLVMFuzzerTestOneInput((const uint8_t *)text, len);
			n++;
		}
		g_dir_close(dir);
	}
	printf("%u inputs\n", n);
	return n ? 0 : 1;
}
