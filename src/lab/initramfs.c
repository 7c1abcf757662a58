/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/initramfs.h"
#include "lab/cpio.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

/* Changes when what this file puts into the base does. */
#define BASE_VERSION "3"

#define BUSYBOX "/bin/busybox"
#define LSPCI "/usr/bin/lspci"
#define PCI_IDS "/usr/share/misc/pci.ids"

/*
 * Modules that all guests get, with what they depend on: those for devices of
 * virtual machines, and those that a driver or a program may ask for by name.
 * A hundredth of a second of boot time a megabyte is why not all of them.
 */
static const char *const wanted[] = {
	"arch/x86/crypto/",
	"crypto/",
	"lib/",
	"mm/",
	"block/",
	"drivers/ata/ahci",
	"drivers/ata/ata_piix",
	"drivers/block/virtio_blk",
	"drivers/bus/",
	"drivers/char/",
	"drivers/i2c/",
	"drivers/iommu/",
	"drivers/mfd/",
	"drivers/misc/",
	"drivers/net/net_failover",
	"drivers/net/virtio_net",
	"drivers/pci/",
	"drivers/uio/",
	"drivers/vfio/",
	"drivers/virtio/",
	"fs/ext4/",
	"fs/fat/",
	"fs/fuse/",
	"fs/isofs/",
	"fs/nls/",
	"fs/overlayfs/",
	"net/vmw_vsock/",
};

static gboolean is_wanted(const char *module)
{
	if (!g_str_has_prefix(module, "kernel/"))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (g_str_has_prefix(module + strlen("kernel/"), wanted[i]))
			return TRUE;
	return FALSE;
}

/* "my-mod.ko", "/x/my_mod.ko" -> "my_mod" */
static char *module_name(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);

	name[strcspn(name, ".")] = 0;
	return g_strdelimit(g_steal_pointer(&name), "-", '_');
}

/* What modules.dep says: path -> "path path ..." */
static GHashTable *read_dep(const char *dir, GError **error)
{
	g_autofree char *file = g_build_filename(dir, "modules.dep", NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GError) local = NULL;
	GHashTable *dep;

	if (!g_file_get_contents(file, &text, NULL, &local))
		return failure_set(error, FAILURE_SETUP, "no list of the kernel's modules: %s",
				   local->message),
		       NULL;
	dep = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) halves = g_strsplit(*line, ":", 2);

		if (halves[0] && halves[1])
			g_hash_table_insert(dep, g_strdup(halves[0]), g_strdup(halves[1]));
	}
	return dep;
}

/* Adds a module and what it depends on to a set of paths. */
static void take(GHashTable *set, GHashTable *dep, const char *path)
{
	const char *needs = g_hash_table_lookup(dep, path);
	g_auto(GStrv) all = g_strsplit(needs ? needs : "", " ", -1);

	g_hash_table_add(set, g_strdup(path));
	for (char **one = all; *one; one++)
		if (**one)
			g_hash_table_add(set, g_strdup(*one));
}

/* Names that a module's .modinfo says it depends on, as modpost wrote them. */
static char **module_depends(const char *file)
{
	g_autoptr(GMappedFile) map = g_mapped_file_new(file, FALSE, NULL);
	static const char key[] = "\0depends=";
	const char *at = map ? memmem(g_mapped_file_get_contents(map),
				      g_mapped_file_get_length(map), key, sizeof(key) - 1)
			     : NULL;

	return g_strsplit(at ? at + sizeof(key) - 1 : "", ",", -1);
}

/* Adds those of the kernel's modules that the projects' modules need. */
static void take_needed(GHashTable *set, GHashTable *dep, GPtrArray *extra)
{
	for (guint i = 0; i < extra->len; i++) {
		g_auto(GStrv) names = module_depends(extra->pdata[i]);

		for (char **name = names; *name; name++) {
			GHashTableIter iter;
			gpointer path;

			g_hash_table_iter_init(&iter, dep);
			while (g_hash_table_iter_next(&iter, &path, NULL)) {
				g_autofree char *candidate = module_name(path);

				if (strcmp(candidate, *name) == 0)
					take(set, dep, path);
			}
		}
	}
}

/* A folder tree of links to `set` and `extra`, with depmod run over it. */
static gboolean stage(const char *root, const char *release, const char *modules, GHashTable *set,
		      GPtrArray *extra, GError **error)
{
	static const char *const also[] = { "modules.order", "modules.builtin",
					    "modules.builtin.modinfo" };
	g_autofree char *to = g_build_filename(root, "lib", "modules", release, NULL);
	g_autofree char *extras = g_build_filename(to, "extra", NULL);
	GHashTableIter iter;
	gpointer path;

	if (!paths_mkdir(extras, error))
		return FALSE;
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &path, NULL)) {
		g_autofree char *target = g_build_filename(modules, path, NULL);
		g_autofree char *link = g_build_filename(to, path, NULL);
		g_autofree char *dir = g_path_get_dirname(link);

		if (g_mkdir_with_parents(dir, 0755) || symlink(target, link))
			return failure_errno(error, errno, "cannot make %s", link);
	}
	for (guint i = 0; i < G_N_ELEMENTS(also); i++) {
		g_autofree char *target = g_build_filename(modules, also[i], NULL);
		g_autofree char *link = g_build_filename(to, also[i], NULL);

		if (access(target, R_OK) == 0 && symlink(target, link))
			return failure_errno(error, errno, "cannot make %s", link);
	}
	for (guint i = 0; i < extra->len; i++) {
		g_autofree char *name = g_path_get_basename(extra->pdata[i]);
		g_autofree char *link = g_build_filename(extras, name, NULL);

		if (symlink(extra->pdata[i], link))
			return failure_errno(error, errno,
					     errno == EEXIST ? "two modules are both called %s"
							     : "cannot make %s",
					     name);
	}
	return tool_run(error, "depmod", "-b", root, release, NULL);
}

/* depmod's results, which modprobe reads, from a staged tree. */
static void add_metadata(struct cpio *cpio, const char *root, const char *release)
{
	static const char *const names[] = { "modules.alias", "modules.dep", "modules.softdep",
					     "modules.symbols", "modules.builtin",
					     "modules.builtin.modinfo", "modules.order",
					     /* The same for libkmod, which lspci -k asks. */
					     "modules.alias.bin", "modules.dep.bin",
					     "modules.symbols.bin", "modules.builtin.bin",
					     "modules.builtin.alias.bin" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = g_strdup_printf("lib/modules/%s/%s", release, names[i]);
		g_autofree char *from = g_build_filename(root, name, NULL);

		if (access(from, R_OK) == 0)
			cpio_file(cpio, name, from);
	}
}

static void add_modules(struct cpio *cpio, const char *modules, const char *release,
			GHashTable *set, GHashTable *without)
{
	g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(set), (GCompareFunc)strcmp);

	for (GList *at = paths; at; at = at->next) {
		g_autofree char *name = g_build_filename("lib/modules", release, at->data, NULL);
		g_autofree char *from = g_build_filename(modules, at->data, NULL);

		if (!without || !g_hash_table_contains(without, at->data))
			cpio_file(cpio, name, from);
	}
}

/* A dynamic program with its libraries, where its loader looks for them. */
static gboolean add_program(struct cpio *cpio, const char *program, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!tool_read(NULL, &text, error, "ldd", program, NULL))
		return FALSE;
	cpio_file(cpio, program + 1, program);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *path = strchr(*line, '/');

		if (!path)
			continue;
		path[strcspn(path, " ")] = 0;
		cpio_file(cpio, path + 1, path);
	}
	return TRUE;
}

static gboolean add_busybox(struct cpio *cpio, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) applets = NULL;

	if (access(BUSYBOX, X_OK))
		return failure_set(error, FAILURE_SETUP,
				   "there is no " BUSYBOX " for the guest; run: %s install guest",
				   paths_get()->packages);
	if (!tool_read(NULL, &text, error, BUSYBOX, "--list-full", NULL))
		return FALSE;
	cpio_file(cpio, "bin/busybox", BUSYBOX);
	applets = g_strsplit(text, "\n", -1);
	for (char **applet = applets; *applet; applet++)
		if (**applet && strcmp(*applet, "bin/busybox") && strcmp(*applet, "sbin/init") &&
		    strcmp(*applet, "linuxrc"))
			cpio_link(cpio, *applet, BUSYBOX);
	return TRUE;
}

static void add_system(struct cpio *cpio)
{
	static const char *const dirs[] = { "dev",  "proc",  "sys",	"run",	    "tmp", "mnt",
					    "root", "tests", "usr/bin", "usr/sbin", "etc" };

	for (guint i = 0; i < G_N_ELEMENTS(dirs); i++)
		cpio_dir(cpio, dirs[i], 0755);
	cpio_file(cpio, "init", paths_get()->agent);
	cpio_text(cpio, "etc/passwd", 0644, "root::0:0:root:/root:/bin/sh\n");
	cpio_text(cpio, "etc/group", 0644, "root:x:0:\n");
	cpio_text(cpio, "etc/hostname", 0644, "ersatz\n");
	cpio_text(cpio, "etc/hosts", 0644, "127.0.0.1 localhost ersatz\n");
	cpio_text(cpio, "etc/profile", 0644, "PS1='root@ersatz:\\w# '\n");
}

static gboolean write_base(const char *path, const char *scratch, const struct lab_kernel *kernel,
			   const char *modules, GHashTable *set, GError **error)
{
	g_autofree char *root = g_build_filename(scratch, "base", NULL);
	struct cpio *cpio = cpio_new(path, FALSE, error);
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	gboolean ok;

	if (!cpio)
		return FALSE;
	add_system(cpio);
	ok = add_busybox(cpio, error);
	if (ok && access(LSPCI, X_OK) == 0)
		ok = add_program(cpio, LSPCI, error);
	if (ok && access(PCI_IDS, R_OK) == 0)
		cpio_file(cpio, PCI_IDS + 1, PCI_IDS);
	if (ok && modules) {
		ok = stage(root, kernel->release, modules, set, none, error);
		if (ok) {
			add_metadata(cpio, root, kernel->release);
			add_modules(cpio, modules, kernel->release, set, NULL);
		}
	}
	paths_remove(root);
	return cpio_finish(cpio, ok ? error : NULL) && ok;
}

/* Name of the cached base: what it is made of, in a few digits. */
static char *base_name(const struct lab_kernel *kernel, const char *modules)
{
	g_autofree char *dep = modules ? g_build_filename(modules, "modules.dep", NULL) : NULL;
	const char *files[] = { paths_get()->agent, BUSYBOX, LSPCI, PCI_IDS, dep ? dep : "/" };
	g_autoptr(GString) key = g_string_new(BASE_VERSION);
	g_autofree char *sum = NULL;

	g_string_append(key, kernel->release);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *identity = tool_identity(files[i]);

		g_string_append_printf(key, "\n%s", identity);
	}
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->str, -1);
	return g_strdup_printf("base-%s-%.16s.cpio", kernel->release, sum);
}

/* Keeps the cache from growing: bases of this release that have not been used for a week. */
static void drop_old(const char *cache)
{
	g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(cache, name, NULL);
		struct stat st;

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_mtime + 7 * 24 * 3600 < time(NULL))
			g_unlink(path);
	}
}

/* The base's path in the cache, made if it is not there. */
static char *get_base(const char *scratch, const struct lab_kernel *kernel, const char *modules,
		      GHashTable *set, GError **error)
{
	g_autofree char *cache = paths_cache("initramfs", error);
	g_autofree char *name = base_name(kernel, modules);
	g_autofree char *path = NULL;
	g_autofree char *next = NULL;
	gboolean ok = TRUE;
	int lock;

	if (!cache)
		return NULL;
	path = g_build_filename(cache, name, NULL);
	if (access(path, R_OK) == 0) {
		utime(path, NULL); /* still in use */
		return g_steal_pointer(&path);
	}
	drop_old(cache);
	lock = paths_lock(path, error);
	if (lock < 0)
		return NULL;
	if (access(path, R_OK)) {
		next = g_strconcat(path, ".new", NULL);
		ok = write_base(next, scratch, kernel, modules, set, error);
		if (ok)
			g_rename(next, path);
		else
			g_unlink(next);
	}
	close(lock);
	return ok ? g_steal_pointer(&path) : NULL;
}

static gboolean copy(const char *from, const char *to, GError **error)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = -1;

	if (in >= 0 && out >= 0)
		while ((n = sendfile(out, in, NULL, 1 << 30)) > 0)
			;
	if (n < 0)
		failure_errno(error, errno, "cannot write the initramfs %s", to);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return n == 0;
}

static void add_files(struct cpio *cpio, const struct project *project, const char *part,
		      const char *where)
{
	g_autoptr(GPtrArray) files = project_files(project, part);

	for (guint i = 0; i < files->len; i++) {
		g_autofree char *base = g_path_get_basename(files->pdata[i]);
		g_autofree char *name = g_build_filename(where, base, NULL);

		cpio_file(cpio, name, files->pdata[i]);
	}
}

/* Where the kernel's own modules are, and which of them all guests get. */
struct modules {
	char *dir; /* NULL: the kernel has none */
	GHashTable *dep; /* as read_dep */
	GHashTable *set; /* paths */
};

static void modules_clear(struct modules *modules)
{
	g_free(modules->dir);
	g_clear_pointer(&modules->dep, g_hash_table_unref);
	g_clear_pointer(&modules->set, g_hash_table_unref);
}

#define AUTO_MODULES __attribute__((cleanup(modules_clear))) struct modules

static gboolean modules_find(struct modules *modules, const struct lab_kernel *kernel,
			     GError **error)
{
	GHashTableIter iter;
	gpointer module;

	modules->set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!kernel->root) {
		modules->dep = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		return TRUE;
	}
	modules->dir = g_build_filename(kernel->root, "lib", "modules", kernel->release, NULL);
	modules->dep = read_dep(modules->dir, error);
	if (!modules->dep)
		return FALSE;
	g_hash_table_iter_init(&iter, modules->dep);
	while (g_hash_table_iter_next(&iter, &module, NULL))
		if (is_wanted(module))
			take(modules->set, modules->dep, module);
	return TRUE;
}

/* The projects' modules, those that they need, and what modprobe has to know of all. */
static gboolean add_drivers(struct cpio *cpio, const char *scratch, const struct lab_kernel *kernel,
			    const struct modules *modules, GPtrArray *projects,
			    const struct project *only, GError **error)
{
	g_autofree char *root = g_build_filename(scratch, "stage", NULL);
	g_autoptr(GHashTable) more = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) extra = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer module;
	gboolean ok;

	for (guint i = 0; i < projects->len; i++) {
		g_autoptr(GPtrArray) files = project_files(projects->pdata[i], ".ko");

		g_ptr_array_extend(extra, files, (GCopyFunc)(void (*)(void))g_strdup, NULL);
	}
	if (!extra->len)
		return TRUE;
	g_hash_table_iter_init(&iter, modules->set);
	while (g_hash_table_iter_next(&iter, &module, NULL))
		g_hash_table_add(more, g_strdup(module));
	take_needed(more, modules->dep, extra);
	ok = stage(root, kernel->release, modules->dir ? modules->dir : "/", more, extra, error);
	add_modules(cpio, modules->dir, kernel->release, more, modules->set);
	for (guint i = 0; ok && i < projects->len; i++) {
		const struct project *project = projects->pdata[i];
		g_autoptr(GPtrArray) files = project_files(project, ".ko");

		for (guint k = 0; k < files->len && (!only || project == only); k++) {
			g_autofree char *file = g_path_get_basename(files->pdata[k]);
			g_autofree char *name = g_build_filename("lib/modules", kernel->release,
								 "extra", file, NULL);

			cpio_file(cpio, name, files->pdata[k]);
		}
	}
	if (ok)
		add_metadata(cpio, root, kernel->release);
	paths_remove(root);
	return ok;
}

static void add_programs(struct cpio *cpio, const struct project *project)
{
	g_autofree char *tests = g_build_filename("tests", project->name, NULL);

	add_files(cpio, project, "app", "usr/bin");
	add_files(cpio, project, "regtest/guest", "usr/bin");
	add_files(cpio, project, "tests/guest", tests);
}

gboolean initramfs_write(const char *path, const char *scratch, const struct lab_kernel *kernel,
			 GPtrArray *projects, GError **error)
{
	AUTO_MODULES modules = { 0 };
	g_autofree char *base = NULL;
	struct cpio *cpio;
	gboolean ok;

	if (!modules_find(&modules, kernel, error))
		return FALSE;
	base = get_base(scratch, kernel, modules.dir, modules.set, error);
	if (!base || !copy(base, path, error))
		return FALSE;
	cpio = cpio_new(path, TRUE, error);
	if (!cpio)
		return FALSE;
	ok = add_drivers(cpio, scratch, kernel, &modules, projects, NULL, error);
	for (guint i = 0; i < projects->len; i++)
		add_programs(cpio, projects->pdata[i]);
	return cpio_finish(cpio, ok ? error : NULL) && ok;
}

gboolean initramfs_update(const char *path, const char *scratch, const struct lab_kernel *kernel,
			  GPtrArray *projects, const struct project *only, GError **error)
{
	AUTO_MODULES modules = { 0 };
	struct cpio *cpio;
	gboolean ok;

	if (!modules_find(&modules, kernel, error))
		return FALSE;
	cpio = cpio_new(path, FALSE, error);
	if (!cpio)
		return FALSE;
	ok = add_drivers(cpio, scratch, kernel, &modules, projects, only, error);
	add_programs(cpio, only);
	return cpio_finish(cpio, ok ? error : NULL) && ok;
}
