/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that serve a run's devices to QEMU: `ersatz serve`, one for
 * each device, all of which end with the run. What they say is on stderr.
 */
#ifndef ERSATZ_LAB_SERVERS_H
#define ERSATZ_LAB_SERVERS_H

#include "lab/options.h"
#include "lab/rundir.h"

struct servers;

struct servers_plan {
	const struct lab_options *options;
	GPtrArray *devices; /* of struct project_device, built */
	struct rundir *rundir;
	const char *program; /* serves; NULL: `ersatz serve` */
	const char *taps; /* ERSATZ_TAPS; NULL: not set */
	int trace_fd; /* what they have as GUEST_TRACE_FD; -1: our stderr */
};

/*
 * Starts them, and waits until QEMU can connect. With --gdb-model that is when
 * gdb has let the first one go. NULL with an error.
 */
struct servers *servers_start(const struct servers_plan *plan, GError **error);
/* Sockets, of char *, in the order of the devices. */
GPtrArray *servers_sockets(const struct servers *servers);
/*
 * How many models have died so far, as far as it is known: looks, and does not
 * wait. What they died of is on stderr.
 */
guint servers_deaths(const struct servers *servers);
/*
 * Frees. A server whose client has left is given the time to end by itself,
 * so that it can still say what went wrong; NULL is fine. Returns how many
 * models have died.
 */
guint servers_stop(struct servers *servers, gboolean client_was_there);

#endif
