/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The skeleton is an ordinary device project, named skeleton, that is built and
 * tested as it stands; a new one is a copy with another name and device id.
 */
#include "project/new.h"
#include "project/failure.h"
#include "project/paths.h"
#include "spec/spec.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SKELETON "skeleton"
/* Of the skeleton's device.yaml. */
#define VENDOR_LINE "  vendor: 0x1234\n"
#define DEVICE_LINE "  device: 0xe55a\n"

struct copy {
	const char *name;
	char *upper;
	char *vendor_line, *device_line;
};

static gboolean is_name(const char *name)
{
	if (!g_ascii_islower(*name))
		return FALSE;
	for (; *name; name++)
		if (!g_ascii_islower(*name) && !g_ascii_isdigit(*name) && *name != '_')
			return FALSE;
	return TRUE;
}

/* What the kernel's own C has taken: struct pci_driver would be the driver's and the kernel's. */
static gboolean is_taken(const char *name)
{
	static const char *const taken[] = { "bus",  "class", "device", "dma",	 "driver", "ez",
					     "file", "irq",   "kernel", "linux", "misc",   "module",
					     "pci",  "probe", "remove", SKELETON };

	for (guint i = 0; i < G_N_ELEMENTS(taken); i++)
		if (!strcmp(name, taken[i]))
			return TRUE;
	return FALSE;
}

static gboolean check_name(const char *name, GError **error)
{
	if (!is_name(name) || strlen(name) > 24)
		return failure_set(error, FAILURE_SETUP,
				   "new: \"%s\" cannot be a device's name: it becomes C, a module "
				   "and a device node; take a small letter, then small letters, "
				   "digits and _, 24 at most",
				   name);
	if (is_taken(name))
		return failure_set(error, FAILURE_SETUP,
				   "new: the name \"%s\" would clash in the driver's C; take "
				   "another",
				   name);
	return TRUE;
}

/* Another number for another name, so that two new devices can be in one guest: 0xe000 to 0xefff. */
static unsigned int device_id(const char *name)
{
	return 0xe000 | (g_str_hash(name) & 0xfff);
}

static void replace(GString *text, const char *what, const char *by)
{
	g_string_replace(text, what, by, 0);
}

static gboolean copy_file(const struct copy *copy, const char *from, const char *to, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *content = NULL;
	gsize length;

	if (!g_file_get_contents(from, &content, &length, error))
		return FALSE;
	g_string_append_len(text, content, (gssize)length);
	replace(text, VENDOR_LINE, copy->vendor_line);
	replace(text, DEVICE_LINE, copy->device_line);
	replace(text, SKELETON, copy->name);
	replace(text, "SKELETON", copy->upper);
	return g_file_set_contents(to, text->str, (gssize)text->len, error);
}

static gboolean copy_folder(const struct copy *copy, const char *from, const char *to,
			    GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(from, 0, error);
	const char *entry;

	if (!dir || !paths_mkdir(to, error))
		return FALSE;
	while ((entry = g_dir_read_name(dir))) {
		g_autoptr(GString) name = g_string_new(entry);
		g_autofree char *source = g_build_filename(from, entry, NULL);
		g_autofree char *target = NULL;
		gboolean ok;

		/* Hidden ones are an editor's; build/ is there where the skeleton was tested. */
		if (*entry == '.' || strcmp(entry, "build") == 0)
			continue;
		replace(name, SKELETON, copy->name);
		target = g_build_filename(to, name->str, NULL);
		ok = g_file_test(source, G_FILE_TEST_IS_DIR)
			     ? copy_folder(copy, source, target, error)
			     : copy_file(copy, source, target, error);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

/* A name can be a word of C; the spec compiler knows them all. */
static gboolean check_spec(const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "device.yaml", NULL);
	struct spec_diags *diags = spec_diags_new();
	struct spec_device *spec = spec_read_file(path, diags);
	gboolean ok = spec != NULL;

	if (!ok)
		failure_set(error, FAILURE_SETUP,
			    "new: the name \"%s\" will not do: %s; take another", name,
			    spec_diags_count(diags) ? spec_diags_get(diags, 0)->text
						    : "its spec is not valid");
	spec_device_free(spec);
	spec_diags_free(diags);
	return ok;
}

/* Not there, or an empty folder. */
static gboolean check_free(const char *dir, GError **error)
{
	g_autoptr(GDir) open = NULL;

	if (!g_file_test(dir, G_FILE_TEST_EXISTS) && !g_file_test(dir, G_FILE_TEST_IS_SYMLINK))
		return TRUE;
	open = g_dir_open(dir, 0, NULL);
	if (open && !g_dir_read_name(open))
		return TRUE;
	return failure_set(error, FAILURE_SETUP,
			   "new: %s is there already; take another name, or remove it", dir);
}

gboolean new_project(const char *dir, const struct new_options *options, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(dir, NULL);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *parent = g_path_get_dirname(path);
	g_autofree char *half = g_strdup_printf("%s/.%s.XXXXXX", parent, name);
	struct copy copy = { .name = name };
	gboolean ok;

	if (!check_name(name, error) || !check_free(path, error) || !paths_mkdir(parent, error))
		return FALSE;
	if (!g_mkdtemp_full(half, 0755))
		return failure_errno(error, errno, "new: cannot write to %s", parent);
	copy.upper = g_ascii_strup(name, -1);
	copy.vendor_line = options->vendor < 0
				   ? g_strdup(VENDOR_LINE)
				   : g_strdup_printf("  vendor: 0x%04x\n", options->vendor);
	copy.device_line = g_strdup_printf("  device: 0x%04x\n",
					   options->device < 0 ? device_id(name)
							       : (unsigned int)options->device);
	ok = copy_folder(&copy, paths_get()->skeleton, half, error) &&
	     check_spec(half, name, error);
	if (ok && rename(half, path) < 0)
		ok = failure_errno(error, errno, "new: cannot make %s", path);
	if (!ok)
		paths_remove(half);
	g_free(copy.upper);
	g_free(copy.vendor_line);
	g_free(copy.device_line);
	return ok;
}
