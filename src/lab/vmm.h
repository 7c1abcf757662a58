/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A QEMU with the vfio-user client and nothing of ours inside: the machine's
 * own if it is 10.1.1 or later, else Debian's packaged one, unpacked once.
 */
#ifndef ERSATZ_LAB_VMM_H
#define ERSATZ_LAB_VMM_H

#include <glib.h>

/*
 * Begins to fetch it, if need be, in a thread, for a vmm_get() that comes
 * later. What goes wrong is that one's error.
 */
void vmm_begin(void);
/* What $ERSATZ_QEMU, which must be set, names; NULL with an error if that is no program. */
char *vmm_told(GError **error);
/* Its path, fetched if need be; $ERSATZ_QEMU comes before all. NULL with an error. */
char *vmm_get(GError **error);
/* The same if it is there; NULL: vmm_get() would fetch it. */
char *vmm_path(void);
/* A line about what vmm_get would give; fetches nothing. */
char *vmm_describe(void);

#endif
