/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/accel.h"
#include "lab/guest.h"
#include "lab/initramfs.h"
#include "lab/tool.h"
#include "project/failure.h"
#include "project/paths.h"
#include "project/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PROBE_SECONDS 6 /* a guest that runs under KVM is up in one */

static const char *const names[] = { "tcg", "kvm", "auto", NULL };

/* NULL if /dev/kvm can be opened, else why not. */
static const char *closed(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT	 ? "this machine has no /dev/kvm"
		       : errno == EACCES ? "you may not open /dev/kvm (the group kvm may)"
					 : g_strerror(errno);
	close(fd);
	return NULL;
}

/* The file that keeps the verdict: one for each boot of the machine and each QEMU. */
static char *verdict_file(const char *qemu, GError **error)
{
	g_autofree char *cache = paths_cache("kvm", error);
	g_autofree char *identity = tool_identity(qemu);
	g_autofree char *boot = NULL;
	g_autofree char *key = NULL;
	g_autofree char *sum = NULL;

	if (!cache)
		return NULL;
	g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL);
	key = g_strconcat(boot ? boot : "", identity, NULL);
	sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
	sum[16] = 0;
	return g_build_filename(cache, sum, NULL);
}

/* Boots a guest without devices under KVM. NULL with an error: no verdict could be had. */
static const char *probe(const char *qemu, const struct lab_kernel *kernel, struct rundir *rundir,
			 GError **error)
{
	struct lab_options options = { .boot_timeout = PROBE_SECONDS };
	g_autofree char *initramfs = g_build_filename(rundir->path, "probe", NULL);
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GError) local = NULL;
	struct machine_plan plan = {
		.options = &options,
		.machine = lab_machine(NULL, NULL),
		.kernel = kernel,
		.qemu = qemu,
		.initramfs = initramfs,
		.kvm = TRUE,
		.quiet = TRUE,
	};
	struct guest *guest;
	gboolean ok;

	if (!initramfs_write(initramfs, rundir->path, kernel, none, error))
		return NULL;
	guest = guest_start(&plan, rundir, NULL, NULL, -1, error);
	if (!guest)
		return NULL;
	ok = guest_wait_ready(guest, &local);
	guest_stop(guest);
	unlink(initramfs);
	if (!ok && local->code > 128) { /* a signal to us */
		g_propagate_error(error, g_steal_pointer(&local));
		return NULL;
	}
	/* A QEMU that does not even start says nothing for the next time. */
	if (!ok && local->code == FAILURE_SETUP)
		return "";
	return ok ? "yes" : "no";
}

gboolean accel_choose(const char *accel, const char *qemu, const struct lab_kernel *kernel,
		      struct rundir *rundir, gboolean *ret_kvm, GError **error)
{
	g_autofree char *file = NULL;
	g_autofree char *verdict = NULL;
	const char *why;
	gboolean must = g_strcmp0(accel, "kvm") == 0;

	*ret_kvm = FALSE;
	if (accel && !g_strv_contains(names, accel)) {
		const char *guess = suggest(accel, names);

		return failure_set(error, FAILURE_SETUP,
				   "--accel takes tcg, kvm or auto, not \"%s\"%s%s", accel,
				   guess ? "; did you mean " : "", guess ? guess : "");
	}
	if (g_strcmp0(accel, "tcg") == 0)
		return TRUE;
	why = closed();
	if (why)
		return must ? failure_set(error, FAILURE_SETUP, "--accel kvm: %s", why) : TRUE;
	file = verdict_file(qemu, error);
	if (!file)
		return FALSE;
	if (!g_file_get_contents(file, &verdict, NULL, NULL)) {
		const char *new;

		say("trying whether a guest runs under KVM here, once");
		new = probe(qemu, kernel, rundir, error);

		if (!new)
			return FALSE;
		verdict = g_strdup(new);
		if (!must && strcmp(verdict, "no") == 0)
			say("/dev/kvm opens, but a guest does not run under it: using TCG (said "
			    "once)");
		if (*verdict)
			g_file_set_contents(file, verdict, -1, NULL);
	}
	*ret_kvm = strcmp(verdict, "yes") == 0;
	if (must && !*ret_kvm)
		return failure_set(
			error, FAILURE_SETUP,
			"--accel kvm: /dev/kvm opens, but a guest does not run under it here");
	return TRUE;
}

char *accel_verdict(const char *qemu)
{
	const char *why = closed();
	g_autofree char *file = verdict_file(qemu, NULL);
	g_autofree char *verdict = NULL;

	if (why)
		return g_strdup_printf("not usable: %s; guests run under TCG", why);
	if (!file || !g_file_get_contents(file, &verdict, NULL, NULL))
		return g_strdup("/dev/kvm opens; whether a guest runs, the first run finds out");
	return g_strdup(strcmp(verdict, "yes") ? "/dev/kvm opens, but no guest runs under it here: "
						 "guests run under TCG"
					       : "works");
}
