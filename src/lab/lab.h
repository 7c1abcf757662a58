/* SPDX-License-Identifier: BSD-2-Clause */
/* A run from one end to the other: from projects and options to a guest that is ready. */
#ifndef ERSATZ_LAB_LAB_H
#define ERSATZ_LAB_LAB_H

#include "lab/guest.h"
#include "lab/options.h"

struct lab;

/*
 * Builds what is stale in the devices' projects (of struct project_device),
 * boots a guest with the devices in it and waits until its modules are loaded.
 * NULL with an error. `devices` and `options` must outlive the run.
 */
struct lab *lab_start(const struct lab_options *options, GPtrArray *devices, gboolean interactive,
		      GError **error);
/* What ctl calls it; NULL: it was not asked for. Valid until lab_stop. */
const char *lab_session(const struct lab *lab);
struct guest *lab_guest(struct lab *lab);
/*
 * Do the models live so far? Looks, and waits `ms` for the news. Else an error that names the
 * first one that does not, as servers_check.
 */
gboolean lab_alive(struct lab *lab, guint ms, GError **error);
/*
 * The last look at a guest with a debug kernel: see guest_check(). Does nothing
 * with another kernel.
 */
gboolean lab_check(struct lab *lab, GError **error);
/* Ends the run. FALSE with an error: a model has died in it, as lab_alive. NULL is fine. */
gboolean lab_stop(struct lab *lab, GError **error);

/* QEMU with our backend, built if it is not there. NULL with an error. */
char *lab_qemu(GError **error);
/* Runs the build, which does nothing where there is nothing to do. `version` may be NULL. */
gboolean lab_qemu_build(const char *version, gboolean update, GError **error);
/* The kernel that the options ask for, fetched or built if need be. NULL with an error. */
struct lab_kernel *lab_kernel(const struct lab_options *options, GError **error);
/* Builds the model, and all that goes into a guest, of each project. */
gboolean lab_build(GPtrArray *projects, unsigned int parts, const struct lab_kernel *kernel,
		   GError **error);
/* Names missing packages of a group, and installs them where that is allowed. */
gboolean lab_packages(const char *group, GError **error);

#endif
