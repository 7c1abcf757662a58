/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's symbols come from its vmlinux, or from /proc/kallsyms of a
 * guest of the same kernel, booted like this one without KASLR. A module's
 * come when it is loaded: a breakpoint at do_init_module, where the kernel has
 * put the module's sections in their places and written the places into the
 * module's symbol table, but has not called any function of it yet.
 */
#include "lab/gdb.h"
#include "lab/guest.h"
#include "lab/initramfs.h"
#include "lab/symbols.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* What /proc/kallsyms says in a guest of this kernel. */
static char *read_kallsyms(const struct machine_plan *run, struct rundir *rundir, GError **error)
{
	struct lab_options options = { .append = (char *)"nokaslr" };
	g_autofree char *initramfs = g_build_filename(rundir->path, "kallsyms", NULL);
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) errors = g_string_new(NULL);
	struct machine_plan plan = {
		.options = &options,
		.machine = lab_machine(NULL, NULL),
		.kernel = run->kernel,
		.qemu = run->qemu,
		.initramfs = initramfs,
		.kvm = run->kvm,
	};
	struct guest_streams streams = {
		.in = -1,
		.out = -1,
		.err = -1,
		.out_text = text,
		.err_text = errors,
	};
	char *argv[] = { (char *)"cat", (char *)"/proc/kallsyms", NULL };
	struct guest *guest;
	int status = 0;
	gboolean ok;

	say("reading the symbols of Linux %s out of a guest, once", run->kernel->release);
	if (!initramfs_write(initramfs, rundir->path, run->kernel, none, error))
		return NULL;
	guest = guest_start(&plan, rundir, NULL, NULL, -1, error);
	if (!guest)
		return NULL;
	ok = guest_wait_ready(guest, error) &&
	     guest_command(guest, argv, &streams, LAB_BOOT_TIMEOUT, &status, NULL, error);
	guest_stop(guest);
	unlink(initramfs);
	return ok ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* A file with the kernel's symbols, made if it is not there. */
static char *kernel_symbols(const struct machine_plan *plan, struct rundir *rundir, GError **error)
{
	g_autofree char *cache = NULL;
	g_autofree char *identity = NULL;
	g_autofree char *sum = NULL;
	g_autofree char *file = NULL;
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;

	if (plan->kernel->symbols)
		return g_strdup(plan->kernel->symbols);
	cache = paths_cache("symbols", error);
	if (!cache)
		return NULL;
	identity = tool_identity(plan->kernel->image);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
	file = g_strdup_printf("%s-%.12s.elf", plan->kernel->release, sum);
	path = g_build_filename(cache, file, NULL);
	if (access(path, R_OK) == 0)
		return g_steal_pointer(&path);
	text = read_kallsyms(plan, rundir, error);
	if (!text || !symbols_write(path, text, error))
		return NULL;
	return g_steal_pointer(&path);
}

/* Offset of a member of struct module, from a module's debugging information. */
static gboolean member_offset(const char *module, const char *member, guint64 *ret_offset,
			      GError **error)
{
	g_autofree char *query = g_strdup_printf("output (long)&((struct module *)0)->%s", member);
	g_autofree char *text = NULL;
	char *end;

	if (!tool_read(NULL, &text, error, "gdb", "-batch", "-nx", "-ex", query, module, NULL))
		return FALSE;
	*ret_offset = g_ascii_strtoull(text, &end, 10);
	if (end == text)
		return failure_set(error, FAILURE_SETUP,
				   "%s has no debugging information: its kernel is built without "
				   "CONFIG_DEBUG_INFO",
				   module);
	return TRUE;
}

/* The condition that a string in memory is `name`, padded with zeros, in words of 8 bytes. */
static char *name_is(const char *name, const char *address)
{
	GString *text = g_string_new(NULL);
	gsize size = strlen(name) + 1;

	for (gsize at = 0; at < size; at += 8) {
		guint64 word = 0;

		for (gsize i = 0; i < 8 && at + i < size; i++)
			word |= (guint64)(guint8)name[at + i] << (8 * i);
		g_string_append_printf(text,
				       "%s*(unsigned long *)(%s + %" G_GSIZE_FORMAT
				       ") == 0x%" G_GINT64_MODIFIER "x",
				       at ? " && " : "", address, at, word);
	}
	return g_string_free(text, FALSE);
}

/* Commands that load a module's symbols when it is the one that is being initialised. */
static gboolean add_module(GString *script, const char *module, GError **error)
{
	g_autoptr(GArray) sections = symbols_sections(module, error);
	g_autofree char *name = g_path_get_basename(module);
	g_autofree char *condition = NULL;
	g_autofree char *where = NULL;
	g_autoptr(GString) values = g_string_new(NULL);
	guint64 name_at, symbols_at;

	if (!sections || !member_offset(module, "name", &name_at, error) ||
	    !member_offset(module, "kallsyms", &symbols_at, error))
		return FALSE;
	name[strcspn(name, ".")] = 0;
	g_strdelimit(name, "-", '_');
	where = g_strdup_printf("%s + %u", lab_arch()->gdb_argument, (guint)name_at);
	condition = name_is(name, where);
	g_string_append_printf(script, "if %s\n", condition);
	g_string_append_printf(
		script, "set $ersatz_symbols = *(unsigned long *)*(unsigned long *)(%s + %u)\n",
		lab_arch()->gdb_argument, (guint)symbols_at);
	g_string_append_printf(script, "eval \"add-symbol-file %s", module);
	for (guint i = 0; i < sections->len; i++) {
		const struct symbols_section *s =
			&g_array_index(sections, struct symbols_section, i);

		g_string_append_printf(script, " -s %s 0x%%lx", s->name);
		g_string_append_printf(
			values, ", *(unsigned long *)($ersatz_symbols + %u) - %" G_GUINT64_FORMAT,
			(guint)(s->index * sizeof(Elf64_Sym) + offsetof(Elf64_Sym, st_value)),
			s->value);
	}
	g_string_append_printf(script, "\"%s\nend\n", values->str);
	return TRUE;
}

gboolean gdb_there(const char *option, GError **error)
{
	g_autofree char *gdb = g_find_program_in_path("gdb");

	return gdb || failure_set(error, FAILURE_SETUP,
				  "%s needs gdb; run, as root: apt-get install gdb", option);
}

static char *script_path(const struct rundir *rundir)
{
	return g_build_filename(rundir->path, "attach.gdb", NULL);
}

gboolean gdb_prepare(const struct machine_plan *plan, struct rundir *rundir, GPtrArray *projects,
		     GError **error)
{
	g_autoptr(GString) script = g_string_new("# Written by `ersatz run --gdb` for one run.\n");
	g_autofree char *symbols = NULL;
	g_autofree char *path = script_path(rundir);
	g_autoptr(GError) local = NULL;

	if (!gdb_there("--gdb", error))
		return FALSE;
	symbols = kernel_symbols(plan, rundir, error);
	if (!symbols)
		return FALSE;
	g_string_append_printf(script,
			       "set pagination off\nset confirm off\nset breakpoint pending on\n"
			       "set architecture %s\nsymbol-file %s\ntarget remote %s\n"
			       "hbreak *(unsigned long)&do_init_module\n"
			       "commands\nsilent\n",
			       lab_arch()->gdb, symbols, plan->gdb_socket);
	for (guint i = 0; i < projects->len; i++) {
		const struct project *project = projects->pdata[i];
		g_autoptr(GPtrArray) modules = project_files(project, ".ko");

		for (guint m = 0; m < modules->len; m++)
			if (!add_module(script, modules->pdata[m], error))
				return FALSE;
	}
	g_string_append(script, "continue\nend\n");
	/* Modules were built through links; the sources are what one wants to see. */
	for (guint i = 0; i < projects->len; i++) {
		const struct project *project = projects->pdata[i];

		if (project->modules)
			g_string_append_printf(script, "set substitute-path %s %s/linux\n",
					       project->modules, project->dir);
	}
	g_string_append(script,
			"echo The guest has not started yet. Set breakpoints (in modules too), "
			"then: continue\\n\n");
	if (!g_file_set_contents(path, script->str, -1, &local))
		return failure_set(error, FAILURE_SETUP, "cannot write %s: %s", path,
				   local->message);
	return TRUE;
}

void gdb_announce(const struct rundir *rundir)
{
	g_autofree char *path = script_path(rundir);

	say("the guest waits for gdb; in another terminal:\n\n    gdb -x %s\n", path);
}

/* A hook's name, for an example. */
static char *some_hook(const struct project *project)
{
	struct ez_error why = { "" };
	const struct ez_model *model = ez_model_open(project->model, &why);
	char *name = NULL;

	for (uint32_t i = 0; model && !name && i < model->spec->n_regs; i++) {
		const struct ez_reg *reg = &model->spec->regs[i];

		if (reg->onread || reg->onwrite)
			name = g_strdup_printf("%s_%s_%s", project->name, reg->name,
					       reg->onread ? "onread" : "onwrite");
	}
	if (model)
		ez_model_close(model);
	return name ? name : g_strdup_printf("%s_create", project->name);
}

gboolean gdb_model_announce(const struct rundir *rundir, const struct project_device *device,
			    pid_t server, GError **error)
{
	g_autofree char *path = g_build_filename(rundir->path, "model.gdb", NULL);
	g_autofree char *hook = some_hook(device->project);
	g_autofree char *script = g_strdup_printf(
		"# Written by `ersatz run --gdb-model` for one run.\n"
		"set pagination off\nset confirm off\nset breakpoint pending on\n"
		"handle SIGPIPE SIGALRM nostop noprint pass\n"
		"attach %d\n"
		"echo %s has not been made yet. Set breakpoints (break %s, say), then: "
		"continue\\n\n",
		(int)server, device->id, hook);
	g_autoptr(GError) local = NULL;

	if (!g_file_set_contents(path, script, -1, &local))
		return failure_set(error, FAILURE_SETUP, "cannot write %s: %s", path,
				   local->message);
	say("the model of %s waits for gdb; in another terminal:\n\n    gdb -x %s\n", device->id,
	    path);
	return TRUE;
}
