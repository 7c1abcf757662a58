/* SPDX-License-Identifier: BSD-2-Clause */
/* A block file by itself: checked as part of a device that has nothing else. */
#include "spec/parse/parse.h"
#include "spec/spec.h"

#include <string.h>

/* Value of the line that begins with block:, or NULL. Freed by the caller. */
static char *block_name(const char *text)
{
	static const char key[] = "block:";
	const char *line = text;

	while (line && *line) {
		if (g_str_has_prefix(line, key)) {
			const char *name = line + strlen(key);

			name += strspn(name, " \t\"'");
			return g_strndup(name,
					 strspn(name, "abcdefghijklmnopqrstuvwxyz"
						      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"));
		}
		/* A device has it first, or soon: what stands behind is not a block. */
		if (g_str_has_prefix(line, "pci:"))
			return NULL;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

bool spec_check_block(const char *path, struct spec_diags *diags)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *dir = g_path_get_dirname(path);
	/* As the user writes it: "x.yaml" is not "./x.yaml". */
	g_autofree char *device = strcmp(dir, ".") || g_str_has_prefix(path, "./")
					  ? g_build_filename(dir, "device.yaml", NULL)
					  : g_strdup("device.yaml");
	g_autofree char *file = NULL;
	g_autofree char *name = NULL;
	g_autofree char *text = NULL;
	GString *quoted = g_string_new(NULL);
	char *why = NULL;
	size_t len;

	file = parse_read(path, SPEC_MAX_FILE, &len, &why);
	g_free(why);
	if (file) {
		g_autofree char *copy = g_strndup(file, len);

		name = block_name(copy);
	}
	for (const char *c = base; *c; c++)
		g_string_append_printf(quoted, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	/* Wide enough for whatever a block may hold. */
	text = g_strdup_printf("name: block\n"
			       "pci: {vendor: 1, device: 1, class: 0}\n"
			       "include: [\"%s\"]\n"
			       "bars: [{number: 0, name: block, type: mem64, size: 8 GiB, "
			       "blocks: [{name: %s, block: %s, offset: 0}]}]\n",
			       quoted->str, name ? name : "X", name ? name : "X");
	g_string_free(quoted, TRUE);
	if (!name || !*name)
		return false;
	spec_device_free(parse_text(device, text, strlen(text), true, diags));
	return true;
}
