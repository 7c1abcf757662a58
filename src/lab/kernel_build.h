/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels that are built here, from the source that Debian packages for the
 * version of its kernel that guests boot otherwise: a small one, and the same
 * with all that finds a driver's faults.
 */
#ifndef ERSATZ_LAB_KERNEL_BUILD_H
#define ERSATZ_LAB_KERNEL_BUILD_H

#include <glib.h>

enum kernel_kind {
	KERNEL_SMALL, /* guest.config */
	KERNEL_DEBUG, /* the same, and debug.config */
};

/*
 * The folder in which the kernel is built, for --kernel-build. It is built
 * there first, which takes minutes and is said, if that has not been done for
 * this version of Debian's kernel, this configuration and this compiler. NULL
 * with an error.
 */
char *kernel_build(enum kernel_kind kind, GError **error);

/* The same folder if the kernel is there, complete; NULL: kernel_build() would build it. */
char *kernel_build_path(enum kernel_kind kind);

#endif
