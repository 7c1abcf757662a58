/* SPDX-License-Identifier: BSD-2-Clause */
/* gdb on the guest's kernel, with symbols of kernel and modules where they really are. */
#ifndef ERSATZ_LAB_GDB_H
#define ERSATZ_LAB_GDB_H

#include "lab/machine.h"
#include "lab/rundir.h"

/*
 * Writes the run's gdb command file, and before it, where the kernel has no
 * vmlinux, a file with its symbols: from the guest's own /proc/kallsyms, by a
 * short boot whose result is cached. `plan` is that of the run.
 */
gboolean gdb_prepare(const struct machine_plan *plan, struct rundir *rundir, GPtrArray *projects,
		     GError **error);
/* Says what to type. */
void gdb_announce(const struct rundir *rundir);

#endif
