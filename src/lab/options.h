/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run is asked for, whoever asks. Unset members are 0 or NULL. */
#ifndef ERSATZ_LAB_OPTIONS_H
#define ERSATZ_LAB_OPTIONS_H

#include <glib.h>

#define LAB_BOOT_TIMEOUT 60 /* seconds, until the guest's kernel has started the agent */
#define LAB_MEMORY 512 /* MiB */
#define LAB_DEBUG_MEMORY 1024 /* the same with a debug kernel */
#define LAB_DEBUG_FACTOR 4 /* how much slower a debug kernel may be: default time-outs */

struct lab_options {
	gboolean vfio_user; /* models run in processes of their own, not in QEMU */
	char *machine;
	char *accel; /* tcg, kvm, auto */
	int smp;
	int mem; /* MiB */
	gboolean iommu;
	char *kernel, *kernel_build;
	gboolean debug_kernel; /* one that finds a driver's faults, and fails the run for them */
	char *append; /* for the kernel's command line */
	char *disk;
	char *share;
	char *trace; /* a file, or "-" */
	char **taps;
	gboolean control; /* ersatz ctl can talk to it */
	char *name; /* of the session; NULL: its run folder's */
	char **spare; /* projects whose devices may be plugged in later */
	char **qemu_args; /* handed to QEMU behind all of ours */
	gboolean gdb; /* on the guest's kernel */
	gboolean gdb_model; /* on the first device's server */
	gboolean sanitize; /* models, and their servers, with sanitizers */
	int timeout; /* seconds for all of it; 0: none */
	int boot_timeout;
	gboolean verbose; /* the guest's console on stderr */
};

#endif
