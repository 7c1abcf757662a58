/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's file system: busybox, lspci, the modules that a virtual machine
 * has use for, the agent as /init, and what the projects bring. All but the
 * last is made once and cached.
 */
#ifndef ERSATZ_LAB_INITRAMFS_H
#define ERSATZ_LAB_INITRAMFS_H

#include "lab/kernel.h"
#include "project/project.h"

/*
 * Writes the initramfs for these projects (of struct project, built; may be
 * empty) to `path`. `scratch` is an existing folder for intermediate files.
 * Guest tests are in /tests/PROJECT/, programs in /usr/bin.
 */
gboolean initramfs_write(const char *path, const char *scratch, const struct lab_kernel *kernel,
			 GPtrArray *projects, GError **error);

/*
 * Writes what a guest that runs with `projects` but one has to get for that
 * one, `only`, to come: an archive as initramfs_write's last part.
 */
gboolean initramfs_update(const char *path, const char *scratch, const struct lab_kernel *kernel,
			  GPtrArray *projects, const struct project *only, GError **error);

#endif
