/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/lab_options.h"
#include "project/failure.h"
#include "project/suggest.h"

#include <string.h>

GOptionEntry *lab_entries(struct lab_options *options, char **backend, const GOptionEntry *own)
{
	const GOptionEntry common[] = {
		{ "backend", 0, 0, G_OPTION_ARG_STRING, backend,
		  "what runs the model: vfio-user (default) or qemu", "NAME" },
		{ "machine", 0, 0, G_OPTION_ARG_STRING, &options->machine, "pc or q35 (default)",
		  "NAME" },
		{ "smp", 0, 0, G_OPTION_ARG_INT, &options->smp, "processors (default 1)", "N" },
		{ "mem", 0, 0, G_OPTION_ARG_INT, &options->mem, "memory in MiB (default 512)",
		  "N" },
		{ "iommu", 0, 0, G_OPTION_ARG_NONE, &options->iommu,
		  "with an IOMMU and interrupt remapping", NULL },
		{ "kernel", 0, 0, G_OPTION_ARG_FILENAME, &options->kernel,
		  "your own kernel image instead of Debian's", "FILE" },
		{ "kernel-build", 0, 0, G_OPTION_ARG_FILENAME, &options->kernel_build,
		  "the folder where that kernel was built", "DIR" },
		{ "debug-kernel", 0, 0, G_OPTION_ARG_NONE, &options->debug_kernel,
		  "a kernel that finds a driver's faults; what it reports fails the run", NULL },
		{ "append", 0, 0, G_OPTION_ARG_STRING, &options->append,
		  "more for the kernel's command line", "WORDS" },
		{ "accel", 0, 0, G_OPTION_ARG_STRING, &options->accel,
		  "tcg, kvm or auto (default: KVM where a guest runs under it)", "NAME" },
		{ "trace", 0, 0, G_OPTION_ARG_FILENAME, &options->trace,
		  "write every access, DMA and interrupt to FILE; -: to stderr", "FILE|-" },
		{ "tap", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->taps,
		  "attach a tap: NAME[,OPTIONS]; may be repeated", "TAP" },
		{ "sanitize", 0, 0, G_OPTION_ARG_NONE, &options->sanitize,
		  "compile models with the address and undefined behaviour sanitizers", NULL },
		{ "qemu-arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->qemu_args,
		  "one more argument for QEMU; may be repeated", "ARG" },
		{ "boot-timeout", 0, 0, G_OPTION_ARG_INT, &options->boot_timeout,
		  "seconds for booting and for loading modules (default 60 each)", "S" },
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose,
		  "the guest's console on stderr", NULL },
		{ NULL },
	};
	GOptionEntry *all;
	guint n = 0;

	options->smp = options->mem = LAB_UNSET;
	options->timeout = options->boot_timeout = LAB_UNSET;
	while (own[n].long_name)
		n++;
	all = g_new0(GOptionEntry, n + G_N_ELEMENTS(common));
	memcpy(all, own, n * sizeof(*all));
	memcpy(all + n, common, sizeof(common));
	return all;
}

void lab_options_clear(struct lab_options *options)
{
	char *strings[] = { options->machine,	   options->accel,  options->kernel,
			    options->kernel_build, options->append, options->disk,
			    options->share,	   options->trace };

	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_free(options->name);
	g_strfreev(options->spare);
	g_strfreev(options->taps);
	g_strfreev(options->qemu_args);
}

gboolean lab_number_check(int *number, const char *option, GError **error)
{
	if (*number == LAB_UNSET)
		*number = 0;
	else if (*number < 1)
		return failure_set(error, FAILURE_SETUP, "%s takes a number from 1 up, not %d",
				   option, *number);
	return TRUE;
}

/* In QEMU there is no process of the model's own for these. */
static gboolean options_fit(const struct lab_options *options, GError **error)
{
	if (options->vfio_user || !(options->sanitize || options->gdb_model))
		return TRUE;
	return failure_set(error, FAILURE_SETUP,
			   "%s needs the model in a process of its own: leave --backend qemu out",
			   options->sanitize ? "--sanitize" : "--gdb-model");
}

gboolean lab_options_check(struct lab_options *options, const char *backend, GError **error)
{
	static const char *const names[] = { "vfio-user", "qemu", NULL };
	const char *guess;

	options->vfio_user = !backend || strcmp(backend, "vfio-user") == 0;
	if (!lab_number_check(&options->smp, "--smp", error) ||
	    !lab_number_check(&options->mem, "--mem", error) ||
	    !lab_number_check(&options->timeout, "--timeout", error) ||
	    !lab_number_check(&options->boot_timeout, "--boot-timeout", error))
		return FALSE;
	if (options->debug_kernel && (options->kernel || options->kernel_build))
		return failure_set(error, FAILURE_SETUP,
				   "--debug-kernel is a kernel of its own: leave --%s out",
				   options->kernel ? "kernel" : "kernel-build");
	if (!backend || g_strv_contains(names, backend))
		return options_fit(options, error);
	if (strcmp(backend, "bench") == 0)
		return failure_set(error, FAILURE_SETUP,
				   "the backend bench has no guest: its tests are run by "
				   "ersatz test --bench-only");
	guess = suggest(backend, names);
	return failure_set(error, FAILURE_SETUP,
			   "there is no backend \"%s\": there are vfio-user and qemu%s%s%s",
			   backend, guess ? "; did you mean " : "", guess ? guess : "",
			   guess ? "?" : "");
}
