/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A folder of this machine in the guest, by virtiofs, which is the only way
 * that Debian's cloud kernel has. Its server, virtiofsd, is the machine's own
 * if it has a current one, else Debian 13's, unpacked into the cache and run
 * with the libraries it came with.
 */
#ifndef ERSATZ_LAB_SHARE_H
#define ERSATZ_LAB_SHARE_H

#include "lab/rundir.h"

/* Starts the server for `folder`; returns the socket that QEMU connects to. NULL with an error. */
char *share_start(const char *folder, struct rundir *rundir, GError **error);

#endif
