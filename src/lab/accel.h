/* SPDX-License-Identifier: BSD-2-Clause */
/* KVM, where a guest really runs under it. */
#ifndef ERSATZ_LAB_ACCEL_H
#define ERSATZ_LAB_ACCEL_H

#include "lab/kernel.h"
#include "lab/rundir.h"

/*
 * Decides by `accel` (tcg, kvm, auto; NULL: auto). Where /dev/kvm can be
 * opened, a small guest is booted under it once per boot of this machine: on
 * nested and restricted ones it may open and still run nothing.
 */
gboolean accel_choose(const char *accel, const char *qemu, const struct lab_kernel *kernel,
		      struct rundir *rundir, gboolean *ret_kvm, GError **error);

/* The verdict in a line, for doctor; does not boot anything. */
char *accel_verdict(const char *qemu);

#endif
