/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that serve a run's devices to QEMU: `ersatz serve`, one for
 * each device, all of which end with the run. What they say is on stderr.
 */
#ifndef ERSATZ_LAB_SERVERS_H
#define ERSATZ_LAB_SERVERS_H

#include "lab/rundir.h"

struct servers;

/*
 * Starts them, and waits until QEMU can connect. `devices` are of struct
 * project_device, built; `taps` is ERSATZ_TAPS, NULL: not set; trace_fd is what
 * they have as GUEST_TRACE_FD, -1: our stderr. NULL with an error.
 */
struct servers *servers_start(GPtrArray *devices, struct rundir *rundir, const char *taps,
			      int trace_fd, GError **error);
/* Sockets, of char *, in the order of the devices. */
GPtrArray *servers_sockets(const struct servers *servers);
/*
 * Frees. A server whose client has left is given the time to end by itself,
 * so that it can still say what went wrong; NULL is fine.
 */
void servers_stop(struct servers *servers, gboolean client_was_there);

#endif
