/* SPDX-License-Identifier: BSD-2-Clause */
/* gdb on the guest's kernel, with symbols of kernel and modules where they really are. */
#ifndef ERSATZ_LAB_GDB_H
#define ERSATZ_LAB_GDB_H

#include "lab/machine.h"
#include "lab/rundir.h"
#include "project/project.h"

/*
 * Writes the run's gdb command file, and before it, where the kernel has no
 * vmlinux, a file with its symbols: from the guest's own /proc/kallsyms, by a
 * short boot whose result is cached. `plan` is that of the run.
 */
gboolean gdb_prepare(const struct machine_plan *plan, struct rundir *rundir, GPtrArray *projects,
		     GError **error);
/* FALSE with an error, what to do: there is no gdb, which `option` needs. */
gboolean gdb_there(const char *option, GError **error);
/* Says what to type. */
void gdb_announce(const struct rundir *rundir);

/* gdb on the process that serves a device, and waits to make it: says what to type. */
gboolean gdb_model_announce(const struct rundir *rundir, const struct project_device *device,
			    pid_t server, GError **error);

#endif
