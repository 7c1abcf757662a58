/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/vmm.h"
#include "lab/arch.h"
#include "lab/tool.h"
#include "lab/unpack.h"
#include "project/failure.h"
#include "project/paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 10.1.0 has the client too, but loses the device's class code. */
#define VERSION_LEAST 100101u

/* Runs it wherever the cache is: with its own loader, libraries, modules and firmware. */
static char *starter_text(void)
{
	const struct lab_arch *arch = lab_arch();

	return g_strdup_printf(
		"#!/bin/sh\n"
		"tree=${0%%/*}\n"
		"lib=$tree/usr/lib/%s-linux-gnu\n"
		"export QEMU_MODULE_DIR=\"$lib/qemu\"\n"
		"exec \"$tree/%s\" --library-path \"$lib:$lib/pulseaudio\" \\\n"
		"\t\"$tree/usr/bin/%s\" -L \"$tree/usr/share/seabios\" \\\n"
		"\t-L \"$tree/usr/share/qemu\" -L \"$tree/usr/lib/ipxe/qemu\" \"$@\"\n",
		arch->name, arch->loader, arch->qemu);
}

static void packaged(struct unpack *unpack, const char *starter)
{
	*unpack = (struct unpack){
		.cache = "qemu-packaged",
		.package = lab_arch()->qemu_package,
		.suite = "trixie-backports",
		.what = "QEMU",
		.also = "ipxe-qemu", /* network cards do not start without */
		.megabytes = 42,
		.starter = lab_arch()->qemu,
		.starter_text = starter,
	};
}

/* "QEMU emulator version 10.2.2 (...)" as 100202; 0: something else. */
static guint version_of(const char *text)
{
	const char *number = strstr(text, "version ");
	guint major, minor, micro;

	if (!number || sscanf(number, "version %u.%u.%u", &major, &minor, &micro) != 3)
		return 0;
	return major * 10000 + minor * 100 + micro;
}

static gboolean serves(const char *qemu)
{
	g_autofree char *version = NULL;
	g_autofree char *devices = NULL;

	return tool_read(NULL, &version, NULL, qemu, "--version", NULL) &&
	       version_of(version) >= VERSION_LEAST &&
	       tool_read(NULL, &devices, NULL, qemu, "-device", "help", NULL) &&
	       strstr(devices, "\"vfio-user-pci\"");
}

/* The machine's own, if it will do; asking it takes longer than remembering what it said. */
static char *own(void)
{
	g_autofree char *path = g_find_program_in_path(lab_arch()->qemu);
	g_autofree char *cache = paths_cache("vmm", NULL);
	g_autofree char *identity = NULL;
	g_autofree char *sum = NULL;
	g_autofree char *file = NULL;
	g_autofree char *verdict = NULL;

	/* Whoever has our build folder in PATH means the other backend by it. */
	if (!path || !cache || strcmp(path, paths_get()->qemu) == 0)
		return NULL;
	identity = tool_identity(path);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
	sum[16] = 0;
	file = g_build_filename(cache, sum, NULL);
	if (!g_file_get_contents(file, &verdict, NULL, NULL)) {
		verdict = g_strdup(serves(path) ? "yes" : "no");
		g_file_set_contents(file, verdict, -1, NULL);
	}
	return strcmp(verdict, "yes") == 0 ? g_steal_pointer(&path) : NULL;
}

char *vmm_told(GError **error)
{
	const char *told = g_getenv("ERSATZ_QEMU");
	g_autofree char *path = g_find_program_in_path(told);

	if (!path || g_file_test(path, G_FILE_TEST_IS_DIR)) {
		failure_set(error, FAILURE_SETUP,
			    "%s, which ERSATZ_QEMU names, is no program: unset it, or name one",
			    told);
		return NULL;
	}
	return g_steal_pointer(&path);
}

static char *get(GError **error)
{
	const char *told = g_getenv("ERSATZ_QEMU");
	g_autofree char *starter = starter_text();
	g_autofree char *tree = NULL;
	struct unpack unpack;
	char *path;

	if (told && *told)
		return vmm_told(error);
	path = own();
	if (path)
		return path;
	packaged(&unpack, starter);
	tree = unpack_tree(&unpack, error);
	return tree ? g_build_filename(tree, unpack.starter, NULL) : NULL;
}

static GThread *fetching;
static GError *fetching_error;

static gpointer fetch(gpointer data)
{
	return get(&fetching_error);
}

void vmm_begin(void)
{
	/* Both fill in something static, or the environment, the first time. */
	g_autofree char *cache = paths_cache(NULL, NULL);

	if (!fetching && cache && paths_get())
		fetching = g_thread_new("vmm", fetch, NULL);
}

char *vmm_get(GError **error)
{
	char *path;

	if (!fetching)
		return get(error);
	path = g_thread_join(g_steal_pointer(&fetching));
	if (fetching_error)
		g_propagate_error(error, g_steal_pointer(&fetching_error));
	return path;
}

char *vmm_path(void)
{
	const char *told = g_getenv("ERSATZ_QEMU");
	g_autofree char *tree = NULL;
	g_autofree char *path = NULL;
	struct unpack unpack;

	packaged(&unpack, NULL);
	tree = unpack_path(&unpack, NULL);
	path = told && *told ? vmm_told(NULL) : own();
	if (!path && tree && !(told && *told))
		path = g_build_filename(tree, unpack.starter, NULL);
	return path && access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

char *vmm_describe(void)
{
	g_autofree char *path = vmm_path();
	g_autofree char *version = NULL;

	if (!path)
		return g_strdup("fetched by the first run (42 MB): Debian's, unpacked into the "
				"cache; nothing is built");
	if (!tool_read(NULL, &version, NULL, path, "--version", NULL))
		return g_strdup_printf("%s does not run", path);
	version[strcspn(version, "\n")] = 0;
	return g_strdup_printf("%s, %s", version, path);
}
