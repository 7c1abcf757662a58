/* SPDX-License-Identifier: BSD-2-Clause */
#include "import_support.h"

#include <string.h>

struct imported import_text(const char *text, size_t len, const char *name)
{
	struct spec_diags *diags = spec_diags_new();
	struct spec_import *import = spec_import_text("x.xml", text, len, diags);
	struct imported out = { NULL };

	if (import) {
		GString *yaml = g_string_new(NULL), *usage = g_string_new(NULL);
		unsigned int i = 0;

		while (name && i < spec_import_count(import) &&
		       strcmp(spec_import_get(import, i).name, name))
			i++;
		assert_true(i < spec_import_count(import));
		if (spec_import_write(import, i, "block.yaml", yaml, usage)) {
			out.yaml = g_string_free(yaml, FALSE);
			out.usage = g_string_free(usage, FALSE);
		} else {
			g_string_free(yaml, TRUE);
			g_string_free(usage, TRUE);
		}
	}
	assert_true(!out.yaml == (spec_diags_errors(diags) > 0));
	out.diags = diags_text(diags);
	spec_import_free(import);
	spec_diags_free(diags);
	return out;
}

void imported_free(struct imported *it)
{
	g_free(it->yaml);
	g_free(it->usage);
	g_free(it->diags);
}

struct spec_device *device_of(const struct imported *it)
{
	char *dir = scratch_new();
	g_autofree char *text =
		g_strdup_printf("name: dev\npci: {vendor: 1, device: 2, class: 3}\n%s", it->usage);
	g_autofree char *path = scratch_write(dir, "device.yaml", text);
	g_autofree char *block = scratch_write(dir, "block.yaml", it->yaml);
	struct spec_device *dev = read_good(path);

	scratch_free(dir);
	return dev;
}

const struct spec_reg *reg_of(const struct spec_device *dev, const char *name)
{
	for (unsigned int i = 0; i < dev->n_regs; i++)
		if (!strcmp(dev->regs[i].name, name))
			return &dev->regs[i];
	print_error("no register %s\n", name);
	assert_true(false);
	return NULL;
}

void expect_comment(const struct imported *it, const char *text)
{
	if (!strstr(it->yaml, text))
		print_error("no comment '%s' in:\n%s", text, it->yaml);
	assert_non_null(strstr(it->yaml, text));
}

void expect_said(const struct imported *it, const char *text)
{
	if (!strstr(it->diags, text))
		print_error("nothing of '%s' in:\n%s", text, it->diags);
	assert_non_null(strstr(it->diags, text));
}

struct imported import_data(const char *file, const char *name)
{
	g_autofree char *path = data_path(file);
	g_autofree char *text = NULL;
	gsize len;

	assert_true(g_file_get_contents(path, &text, &len, NULL));
	return import_text(text, len, name);
}
