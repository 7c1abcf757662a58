/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's kernel: Debian's cloud kernel, fetched as any user, or the user's own. */
#ifndef ERSATZ_LAB_KERNEL_H
#define ERSATZ_LAB_KERNEL_H

#include <glib.h>

struct lab_kernel {
	char *release; /* as uname -r says */
	char *image; /* for QEMU's -kernel */
	char *build; /* where modules are built against; NULL: none known */
	char *root; /* lib/modules/RELEASE is below it, depmod has been run; NULL: no modules */
	char *symbols; /* vmlinux with debugging information; NULL: none */
	gboolean debug; /* one that finds a driver's faults: what it reports fails a run */
};

/*
 * Finds, and if need be fetches, the kernel. `file` and `build` are the
 * user's (--kernel, --kernel-build); both NULL: Debian's. NULL with an error.
 */
struct lab_kernel *kernel_get(const char *file, const char *build, GError **error);
/* The debug kernel, built if need be (kernel_build.h); NULL with an error. */
struct lab_kernel *kernel_get_debug(GError **error);
void kernel_free(struct lab_kernel *kernel);

/* Newest release for which Debian's headers are installed; NULL: none. */
char *kernel_headers(void);
/* Release in a kernel image's header; NULL with an error. */
char *kernel_image_release(const char *file, GError **error);
/*
 * Downloads the package in exactly this version, which is the installed
 * headers'; returns the .deb's path, for the caller to remove. `what` it is of
 * is for messages, and `megabytes` too. NULL with an error.
 */
char *kernel_fetch(const char *package, const char *version, const char *what, guint megabytes,
		   GError **error);

#endif
