/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/kernel.h"
#include "lab/arch.h"
#include "lab/kernel_build.h"
#include "lab/progress.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADERS "/usr/src"

char *kernel_headers(void)
{
	g_autoptr(GDir) dir = g_dir_open(HEADERS, 0, NULL);
	g_autofree char *best = NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		const char *release = name + strlen("linux-headers-");
		g_autofree char *makefile = g_build_filename(HEADERS, name, "Makefile", NULL);

		if (!g_str_has_prefix(name, "linux-headers-") ||
		    !g_str_has_suffix(name, lab_arch()->flavour) || access(makefile, F_OK))
			continue;
		if (!best || strverscmp(release, best) > 0) {
			g_free(best);
			best = g_strdup(release);
		}
	}
	return g_steal_pointer(&best);
}

char *kernel_image_release(const char *file, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GMappedFile) map = g_mapped_file_new(file, FALSE, &local);
	const char *data;
	gsize size, at;

	if (!map) {
		failure_set(error, FAILURE_SETUP, "cannot read the kernel: %s", local->message);
		return NULL;
	}
	data = g_mapped_file_get_contents(map);
	size = g_mapped_file_get_length(map);
	/* The x86 boot protocol: "HdrS" at 0x202, where the version's text is at 0x20e. */
	if (size > 0x1000 && memcmp(data + 0x202, "HdrS", 4) == 0) {
		at = 0x200 + ((guint8)data[0x20e] | (gsize)(guint8)data[0x20f] << 8);
		if (at < size - 256)
			return g_strndup(data + at, strcspn(data + at, " "));
	}
	failure_set(error, FAILURE_SETUP, "%s is not a kernel image that QEMU can boot (a bzImage)",
		    file);
	return NULL;
}

struct fetch {
	const char *what, *debs, *prefix;
	guint megabytes;
};

static char *look(gpointer data)
{
	const struct fetch *fetch = data;

	return g_strdup_printf("fetching %s: %.0f of %u MB", fetch->what,
			       (double)progress_bytes(fetch->debs, fetch->prefix) / 1e6,
			       fetch->megabytes);
}

char *kernel_fetch(const char *package, const char *version, const char *what, guint megabytes,
		   GError **error)
{
	g_autofree char *wanted = g_strdup_printf("%s=%s", package, version);
	g_autofree char *prefix = g_strconcat(package, "_", NULL);
	g_autofree char *debs = paths_cache("debs", error);
	g_autofree char *said = NULL;
	g_autoptr(GError) local = NULL;
	struct fetch fetch = {
		.what = what, .debs = debs, .prefix = prefix, .megabytes = megabytes
	};
	struct progress *progress;
	gboolean ok;
	char *deb;

	if (!debs)
		return NULL;
	say("fetching %s: %s (%u MB), once", what, wanted, megabytes);
	progress = progress_begin(look, &fetch);
	ok = tool_read(debs, &said, &local, "apt-get", "-o", "APT::Sandbox::User=root", "-q",
		       "download", wanted, NULL);
	progress_end(progress);
	if (!ok) {
		failure_set(error, FAILURE_SETUP,
			    "%s\nIf it is not found: the guest's kernel must be of the same "
			    "version as the installed headers (%s).\nRun, as root: apt-get update "
			    "&& apt-get install linux-headers-%s",
			    local->message, version, lab_arch()->flavour);
		return NULL;
	}
	deb = tool_newest(debs, prefix);
	if (!deb)
		failure_set(error, FAILURE_SETUP, "apt-get left no %s*.deb in %s", prefix, debs);
	return deb;
}

/* Debian's image package of this release and version, unpacked into `to`. */
static gboolean fetch_image(const char *release, const char *to, GError **error)
{
	g_autofree char *headers = g_strconcat("linux-headers-", release, NULL);
	g_autofree char *image = g_strconcat("linux-image-", release, NULL);
	g_autofree char *version = NULL;
	g_autofree char *deb = NULL;
	gboolean ok;

	if (!tool_read(NULL, &version, error, "dpkg-query", "-W", "-f", "${Version}", headers,
		       NULL))
		return FALSE;
	deb = kernel_fetch(image, version, "the guest's kernel", 27, error);
	if (!deb)
		return FALSE;
	ok = tool_run(error, "dpkg-deb", "-x", deb, to, NULL);
	g_unlink(deb);
	return ok && tool_run(error, "depmod", "-b", to, release, NULL);
}

static struct lab_kernel *debian_kernel(GError **error)
{
	struct lab_kernel *kernel;
	g_autofree char *release = kernel_headers();
	g_autofree char *headers = NULL;
	g_autofree char *autoconf = NULL;
	g_autofree char *cache = paths_cache("kernel", error);
	g_autofree char *root = NULL;
	g_autofree char *image = NULL;
	g_autofree char *next = NULL;
	g_autofree char *tag = NULL;
	struct stat st;
	int lock;

	if (!cache)
		return NULL;
	if (!release) {
		failure_set(error, FAILURE_SETUP,
			    "the headers of the guest's kernel are not installed; run: %s install "
			    "guest",
			    paths_get()->packages);
		return NULL;
	}
	headers = g_strdup_printf(HEADERS "/linux-headers-%s", release);
	autoconf = g_build_filename(headers, "include", "generated", "autoconf.h", NULL);
	/* Another version of one release is another file here: Debian's ABI may stay the same. */
	if (stat(autoconf, &st) < 0)
		return failure_errno(error, errno, "cannot read %s", autoconf), NULL;
	tag = g_strdup_printf("%s-%" G_GINT64_FORMAT, release, (gint64)st.st_mtime);
	root = g_build_filename(cache, tag, NULL);
	image = g_strdup_printf("%s/boot/vmlinuz-%s", root, release);
	if (access(image, R_OK)) {
		lock = paths_lock(root, error);
		if (lock < 0)
			return NULL;
		next = g_strconcat(root, ".new", NULL);
		if (access(image, R_OK)) { /* nobody did it while we waited */
			paths_remove(next);
			if (!paths_mkdir(next, error) || !fetch_image(release, next, error)) {
				paths_remove(next);
				close(lock);
				return NULL;
			}
			g_rename(next, root);
		}
		close(lock);
	}
	kernel = g_new0(struct lab_kernel, 1);
	kernel->release = g_steal_pointer(&release);
	kernel->image = g_steal_pointer(&image);
	kernel->build = g_steal_pointer(&headers);
	kernel->root = g_steal_pointer(&root);
	return kernel;
}

/*
 * A tree with lib/modules/RELEASE for the modules of a kernel's own build
 * folder, as links, with depmod run over it.
 */
static char *link_modules(const char *build, const char *release, GError **error)
{
	g_autofree char *order = g_build_filename(build, "modules.order", NULL);
	g_autofree char *text = NULL;
	g_autofree char *sum = NULL;
	g_autofree char *below = NULL;
	g_autofree char *root = NULL;
	g_autofree char *dir = NULL;
	g_autofree char *dep = NULL;
	g_auto(GStrv) lines = NULL;
	struct stat st, old;
	static const char *const also[] = { "modules.order", "modules.builtin",
					    "modules.builtin.modinfo" };

	if (stat(order, &st) < 0 || !g_file_get_contents(order, &text, NULL, NULL))
		return NULL; /* a kernel without modules */
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, build, -1);
	below = g_strdup_printf("kernel/own-%.12s", sum);
	root = paths_cache(below, error);
	if (!root)
		return NULL;
	dir = g_build_filename(root, "lib", "modules", release, NULL);
	dep = g_build_filename(dir, "modules.dep", NULL);
	if (stat(dep, &old) == 0 && old.st_mtime > st.st_mtime)
		return g_steal_pointer(&root);
	paths_remove(dir);
	if (!paths_mkdir(dir, error))
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(also); i++) {
		g_autofree char *from = g_build_filename(build, also[i], NULL);
		g_autofree char *to = g_build_filename(dir, also[i], NULL);

		if (symlink(from, to) < 0)
			return failure_errno(error, errno, "cannot make %s", to), NULL;
	}
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		gsize size = strlen(*line);
		g_autofree char *from = NULL;
		g_autofree char *to = NULL;
		g_autofree char *parent = NULL;

		if (size < 3)
			continue;
		/* From 6.2 on the list names .o, before it .ko, and once with a kernel/ in front. */
		if (g_str_has_suffix(*line, ".o"))
			from = g_strdup_printf("%s/%.*s.ko", build, (int)size - 2, *line);
		else
			from = g_build_filename(
				build, g_str_has_prefix(*line, "kernel/") ? *line + 7 : *line,
				NULL);
		to = g_build_filename(dir, "kernel", from + strlen(build), NULL);
		parent = g_path_get_dirname(to);
		if (!paths_mkdir(parent, error))
			return NULL;
		if (access(from, R_OK) == 0 && symlink(from, to) < 0 && errno != EEXIST)
			return failure_errno(error, errno, "cannot make %s", to), NULL;
	}
	if (!tool_run(error, "depmod", "-b", root, release, NULL))
		return NULL;
	return g_steal_pointer(&root);
}

/* The same, one run at a time. */
static char *own_modules(const char *build, const char *release, GError **error)
{
	g_autofree char *cache = paths_cache("kernel", error);
	g_autofree char *name = cache ? g_build_filename(cache, "own", NULL) : NULL;
	int lock = name ? paths_lock(name, error) : -1;
	char *root;

	if (lock < 0)
		return NULL;
	root = link_modules(build, release, error);
	close(lock);
	return root;
}

/*
 * Where a distribution has put the modules of a kernel that was not built
 * here: beside the image's boot/ (a package that is only unpacked), or at /.
 * NULL: nowhere.
 */
static char *installed_modules(const struct lab_kernel *kernel)
{
	g_autofree char *boot = g_path_get_dirname(kernel->image);
	g_autofree char *above = g_path_get_dirname(boot);
	const char *roots[] = { above, "/" };

	for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
		g_autofree char *dep = g_build_filename(roots[i], "lib", "modules", kernel->release,
							"modules.dep", NULL);

		if (access(dep, R_OK) == 0)
			return g_strdup(roots[i]);
	}
	return NULL;
}

/* The release that modules built in this folder are for; NULL: it is not a kernel's. */
static char *build_release(const char *dir)
{
	static const char define[] = "#define UTS_RELEASE \"";
	g_autofree char *header =
		g_build_filename(dir, "include", "generated", "utsrelease.h", NULL);
	g_autofree char *plain = g_build_filename(dir, "include", "config", "kernel.release", NULL);
	g_autofree char *text = NULL;
	const char *at;

	if (g_file_get_contents(header, &text, NULL, NULL) && (at = strstr(text, define))) {
		at += strlen(define);
		return g_strndup(at, strcspn(at, "\""));
	}
	g_clear_pointer(&text, g_free);
	if (g_file_get_contents(plain, &text, NULL, NULL))
		return g_strdup(g_strchomp(text));
	return NULL;
}

/* What belongs to an own kernel's build folder. */
static gboolean use_build(struct lab_kernel *kernel, const char *dir, const char *release,
			  GError **error)
{
	g_autofree char *vmlinux = g_build_filename(dir, "vmlinux", NULL);
	g_autoptr(GError) local = NULL;

	if (strcmp(release, kernel->release))
		return failure_set(
			error, FAILURE_SETUP,
			"%s is the build folder of Linux %s, but the kernel %s is %s: modules "
			"would not load",
			dir, release, kernel->image, kernel->release);
	kernel->root = own_modules(dir, kernel->release, &local);
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	if (g_file_test(vmlinux, G_FILE_TEST_EXISTS))
		kernel->symbols = g_steal_pointer(&vmlinux);
	kernel->build = g_strdup(dir);
	return TRUE;
}

static struct lab_kernel *own_kernel(const char *file, const char *build, GError **error)
{
	g_autofree char *dir = build ? g_canonicalize_filename(build, NULL) : NULL;
	g_autofree char *built = dir ? build_release(dir) : NULL;
	g_autofree char *image = NULL;
	g_autofree char *release = NULL;
	g_autofree char *usual = NULL;
	struct lab_kernel *kernel;

	if (dir && !built) {
		failure_set(error, FAILURE_SETUP,
			    "--kernel-build: %s is not a folder where a kernel was built", dir);
		return NULL;
	}
	image = file ? g_canonicalize_filename(file, NULL)
		     : g_build_filename(dir, lab_arch()->image, NULL);
	release = kernel_image_release(image, error);
	if (!release)
		return NULL;
	kernel = g_new0(struct lab_kernel, 1);
	kernel->release = g_steal_pointer(&release);
	kernel->image = g_steal_pointer(&image);
	if (dir && !use_build(kernel, dir, built, error)) {
		kernel_free(kernel);
		return NULL;
	}
	usual = g_build_filename("/lib/modules", kernel->release, "build", NULL);
	if (!kernel->build && g_file_test(usual, G_FILE_TEST_IS_DIR))
		kernel->build = g_steal_pointer(&usual);
	if (!kernel->root)
		kernel->root = installed_modules(kernel);
	return kernel;
}

struct lab_kernel *kernel_get_debug(GError **error)
{
	g_autofree char *dir = kernel_build(KERNEL_DEBUG, error);
	struct lab_kernel *kernel = dir ? own_kernel(NULL, dir, error) : NULL;

	if (kernel)
		kernel->debug = TRUE;
	return kernel;
}

struct lab_kernel *kernel_get(const char *file, const char *build, GError **error)
{
	return file || build ? own_kernel(file, build, error) : debian_kernel(error);
}

void kernel_free(struct lab_kernel *kernel)
{
	if (!kernel)
		return;
	g_free(kernel->release);
	g_free(kernel->image);
	g_free(kernel->build);
	g_free(kernel->root);
	g_free(kernel->symbols);
	g_free(kernel);
}
