/* SPDX-License-Identifier: BSD-2-Clause */
#include <gio/gio.h>
#include "lab/lab.h"
#include "lab/accel.h"
#include "lab/control.h"
#include "lab/gdb.h"
#include "lab/initramfs.h"
#include "lab/sanitize.h"
#include "lab/servers.h"
#include "lab/share.h"
#include "lab/tool.h"
#include "lab/vmm.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/project.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct lab {
	struct machine_plan plan;
	struct lab_kernel *kernel;
	struct rundir *rundir;
	struct guest *guest;
	struct servers *servers; /* NULL: the models run in QEMU */
	struct control *control; /* NULL: nobody asked for it */
	GPtrArray *projects, *spare; /* spare: of struct project_device */
	char *taps; /* ERSATZ_TAPS */
	char *qemu, *initramfs, *share_socket, *gdb_socket;
	char *server; /* the program that serves the models; NULL: ersatz itself */
	int trace;
};

gboolean lab_packages(const char *group, GError **error)
{
	return tool_script(error, "packages are missing; what to do is said above",
			   paths_get()->packages, "install", group, NULL);
}

/* An installed libersatz is not where the wrapper goes: a link beside it is what that looks for. */
static gboolean link_library(const char *dir, GError **error)
{
	static const char *const names[] = { "libersatz.so", "libersatz.so.0" };

	if (strcmp(dir, paths_get()->lib) == 0)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *from = g_build_filename(paths_get()->lib, names[i], NULL);
		g_autofree char *to = g_build_filename(dir, names[i], NULL);

		unlink(to);
		if (symlink(from, to) < 0)
			return failure_errno(error, errno, "cannot make %s", to);
	}
	return TRUE;
}

gboolean lab_qemu_build(const char *version, gboolean update, GError **error)
{
	const struct paths *paths = paths_get();
	g_autofree char *dir = g_path_get_dirname(paths->qemu);
	const char *more[3] = { NULL };
	guint n = 0;

	if (update)
		more[n++] = "--update";
	if (version) {
		more[n++] = "--qemu";
		more[n++] = version;
	}
	return lab_packages("qemu", error) && link_library(dir, error) &&
	       tool_script(error, "QEMU could not be built; the messages are above",
			   paths->qemu_build, "--build", dir, "--include", paths->include, more[0],
			   more[1], more[2], NULL);
}

char *lab_qemu(GError **error)
{
	const struct paths *paths = paths_get();
	const char *own = g_getenv("ERSATZ_QEMU");

	if (own && *own)
		return vmm_told(error);
	if (access(paths->qemu, X_OK)) {
		say("QEMU with our devices in it, for --backend qemu, is not built yet: building "
		    "it now, once; this takes minutes");
		if (!lab_qemu_build(NULL, FALSE, error))
			return NULL;
	}
	return g_strdup(paths->qemu);
}

struct lab_kernel *lab_kernel(const struct lab_options *options, GError **error)
{
	if (options->debug_kernel)
		return kernel_get_debug(error);
	return kernel_get(options->kernel, options->kernel_build, error);
}

gboolean lab_build(GPtrArray *projects, unsigned int parts, const struct lab_kernel *kernel,
		   GError **error)
{
	struct project_kernel target = { 0 };

	if (kernel) {
		target.release = kernel->release;
		target.build = kernel->build;
	}
	for (guint i = 0; i < projects->len; i++) {
		struct project *project = projects->pdata[i];
		g_autofree char *linux_dir = g_build_filename(project->dir, "linux", NULL);

		if ((parts & PROJECT_GUEST) && !target.build &&
		    g_file_test(linux_dir, G_FILE_TEST_IS_DIR))
			return failure_set(
				error, FAILURE_SETUP,
				"%s has a driver, but where is the build folder of Linux %s? "
				"Name it with --kernel-build",
				project->name, target.release);
		if (!project_build(project, parts, &target, error))
			return FALSE;
	}
	return TRUE;
}

/* A trace is of one command, which may boot more than once: a test can kill a guest. */
static gboolean open_trace(struct lab *lab, const char *file, GError **error)
{
	static guint boots;
	g_autofree char *mark = NULL;

	lab->trace =
		open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (boots ? 0 : O_TRUNC), 0644);
	if (lab->trace < 0)
		return failure_errno(error, errno, "cannot write the trace %s", file);
	if (!boots++)
		return TRUE;
	mark = g_strdup_printf("# boot %u\n", boots);
	if (write(lab->trace, mark, strlen(mark)) < 0)
		return failure_errno(error, errno, "cannot write the trace %s", file);
	return TRUE;
}

/* ERSATZ_TAPS for the run, and the file that a trace goes to. */
static gboolean plan_taps(struct lab *lab, const struct lab_options *options, char **ret_taps,
			  GError **error)
{
	g_autoptr(GString) taps = g_string_new(NULL);

	lab->trace = -1;
	if (options->trace) {
		/* Straight to our stderr: a reader that stops must not stop this loop too. */
		if (strcmp(options->trace, "-") == 0)
			lab->trace = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		else if (!open_trace(lab, options->trace, error))
			return FALSE;
		g_string_append_printf(taps, "trace,fd=%d%s", GUEST_TRACE_FD,
				       lab->plan.devices->len > 1 ? ",id=on" : "");
	}
	for (char **tap = options->taps; tap && *tap; tap++)
		g_string_append_printf(taps, "%s%s", taps->len ? ";" : "", *tap);
	*ret_taps = taps->len ? g_string_free(g_steal_pointer(&taps), FALSE) : NULL;
	return TRUE;
}

/* ERSATZ_PATH: the folders of the projects. */
static char *model_path(GPtrArray *projects)
{
	g_autoptr(GPtrArray) models = g_ptr_array_new();

	for (guint i = 0; i < projects->len; i++)
		g_ptr_array_add(models, ((struct project *)projects->pdata[i])->model);
	g_ptr_array_add(models, NULL);
	return g_strjoinv(":", (char **)models->pdata);
}

/* The models in the ways that the options want, and what they run in. */
static gboolean build_all(struct lab *lab, GPtrArray *projects, GError **error)
{
	const struct lab_options *options = lab->plan.options;
	unsigned int parts = PROJECT_MODEL | PROJECT_GUEST;

	/* Long, if it must be fetched: it is, while all else is built. */
	if (options->vfio_user)
		vmm_begin();
	lab->kernel = lab_kernel(options, error);
	if (!lab->kernel)
		return FALSE;
	if (options->sanitize)
		parts |= PROJECT_SANITIZE;
	else if (options->gdb_model)
		parts |= PROJECT_DEBUG;
	if (!lab_build(projects, parts, lab->kernel, error))
		return FALSE;
	if (options->sanitize)
		lab->server = sanitize_server(error);
	return !options->sanitize || lab->server;
}

/* All that must be there before QEMU can start. */
static gboolean prepare(struct lab *lab, GPtrArray *devices, GPtrArray *projects, GError **error)
{
	const struct lab_options *options = lab->plan.options;
	struct machine_plan *plan = &lab->plan;

	if (!machine_check(options, devices->len, error) ||
	    (options->gdb_model && !gdb_there("--gdb-model", error)) ||
	    !lab_packages("guest", error) || !build_all(lab, projects, error))
		return FALSE;
	for (guint i = 0; i < devices->len; i++)
		if (!project_check(devices->pdata[i], error))
			return FALSE;
	lab->qemu = options->vfio_user ? vmm_get(error) : lab_qemu(error);
	lab->rundir = lab->qemu ? rundir_new(error) : NULL;
	if (!lab->rundir)
		return FALSE;
	plan->machine = lab_machine(options->machine, error);
	plan->kernel = lab->kernel;
	plan->qemu = lab->qemu;
	plan->devices = devices;
	if (!accel_choose(options->accel, lab->qemu, lab->kernel, lab->rundir, &plan->kvm, error))
		return FALSE;
	lab->initramfs = g_build_filename(lab->rundir->path, "initramfs", NULL);
	plan->initramfs = lab->initramfs;
	if (!initramfs_write(lab->initramfs, lab->rundir->path, lab->kernel, projects, error))
		return FALSE;
	if (options->share) {
		lab->share_socket = share_start(options->share, lab->rundir, error);
		if (!lab->share_socket)
			return FALSE;
		plan->share_socket = lab->share_socket;
	}
	if (options->gdb) {
		lab->gdb_socket = g_build_filename(lab->rundir->path, "gdb", NULL);
		plan->gdb_socket = lab->gdb_socket;
		return gdb_prepare(plan, lab->rundir, projects, error);
	}
	return TRUE;
}

/* Starts the devices' own processes, if they have some, and then QEMU. */
static gboolean launch(struct lab *lab, const char *taps, GPtrArray *projects, GError **error)
{
	struct machine_plan *plan = &lab->plan;
	g_autofree char *path = NULL;

	if (plan->options->vfio_user) {
		struct servers_plan servers = { .options = plan->options,
						.devices = plan->devices,
						.rundir = lab->rundir,
						.program = lab->server,
						.taps = taps,
						.trace_fd = lab->trace };

		lab->servers = servers_start(&servers, error);
		if (!lab->servers)
			return FALSE;
		plan->sockets = servers_sockets(lab->servers);
		taps = NULL;
	} else {
		path = model_path(projects);
	}
	lab->guest = guest_start(plan, lab->rundir, taps, path, lab->trace, error);
	return lab->guest != NULL;
}

/* Those of the devices, and those whose devices may come. */
static gboolean find_projects(struct lab *lab, GPtrArray *devices, GError **error)
{
	char **spare = lab->plan.options->spare;
	g_autoptr(GPtrArray) more = NULL;

	lab->projects = project_distinct(devices);
	if (!spare)
		return TRUE;
	lab->spare = project_devices(spare, error);
	if (!lab->spare)
		return FALSE;
	more = project_distinct(lab->spare);
	for (guint i = 0; i < more->len; i++) {
		const struct project *one = more->pdata[i];
		gboolean there = FALSE;

		for (guint k = 0; k < lab->projects->len; k++)
			there = there || strcmp(((struct project *)lab->projects->pdata[k])->dir,
						one->dir) == 0;
		if (!there)
			g_ptr_array_add(lab->projects, more->pdata[i]);
	}
	return TRUE;
}

static gboolean start_control(struct lab *lab, GError **error)
{
	struct control_plan plan = { .name = lab->plan.options->name,
				     .machine = &lab->plan,
				     .rundir = lab->rundir,
				     .guest = lab->guest,
				     .servers = lab->servers,
				     .projects = lab->projects };

	lab->control = control_start(&plan, error);
	return lab->control != NULL;
}

struct lab *lab_start(const struct lab_options *options, GPtrArray *devices, gboolean interactive,
		      GError **error)
{
	struct lab *lab = g_new0(struct lab, 1);

	lab->trace = -1;
	lab->plan.options = options;
	lab->plan.interactive = interactive;
	if (!find_projects(lab, devices, error) || !prepare(lab, devices, lab->projects, error) ||
	    !plan_taps(lab, options, &lab->taps, error) ||
	    !launch(lab, lab->taps, lab->projects, error)) {
		lab_stop(lab, NULL);
		return NULL;
	}
	if (options->gdb)
		gdb_announce(lab->rundir);
	if (!guest_wait_ready(lab->guest, error)) {
		lab_stop(lab, NULL);
		return NULL;
	}
	if (options->control && !start_control(lab, error)) {
		lab_stop(lab, NULL);
		return NULL;
	}
	return lab;
}

const char *lab_session(const struct lab *lab)
{
	return lab->control ? control_name(lab->control) : NULL;
}

struct guest *lab_guest(struct lab *lab)
{
	return lab->guest;
}

gboolean lab_alive(struct lab *lab, guint ms, GError **error)
{
	gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;

	if (!lab->servers)
		return TRUE;
	while (servers_check(lab->servers, error)) {
		if (g_get_monotonic_time() >= until)
			return TRUE;
		g_usleep(10000);
	}
	return FALSE;
}

gboolean lab_check(struct lab *lab, GError **error)
{
	return !lab->kernel->debug || guest_check(lab->guest, error);
}

gboolean lab_stop(struct lab *lab, GError **error)
{
	gboolean lived;

	if (!lab)
		return TRUE;
	control_stop(lab->control);
	guest_stop(lab->guest);
	lived = servers_stop(lab->servers, lab->guest != NULL, error);
	rundir_free(lab->rundir);
	kernel_free(lab->kernel);
	if (lab->trace >= 0)
		close(lab->trace);
	g_free(lab->qemu);
	g_free(lab->initramfs);
	g_free(lab->share_socket);
	g_free(lab->gdb_socket);
	g_free(lab->server);
	g_free(lab->taps);
	if (lab->projects)
		g_ptr_array_unref(lab->projects);
	if (lab->spare)
		g_ptr_array_unref(lab->spare);
	g_free(lab);
	return lived;
}
