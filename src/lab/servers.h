/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that serve a run's devices to QEMU: `ersatz serve`, one for
 * each device, all of which end with the run. What they say is on stderr.
 */
#ifndef ERSATZ_LAB_SERVERS_H
#define ERSATZ_LAB_SERVERS_H

#include "lab/options.h"
#include "lab/rundir.h"
#include "project/project.h"

struct servers;
struct server;

struct servers_plan {
	const struct lab_options *options;
	GPtrArray *devices; /* of struct project_device, built */
	struct rundir *rundir;
	const char *program; /* serves; NULL: `ersatz serve` */
	const char *taps; /* ERSATZ_TAPS; NULL: not set */
	int trace_fd; /* what they have as GUEST_TRACE_FD; -1: our stderr */
};

/*
 * Starts them by the plan, what it points to staying valid, and waits until QEMU can connect. With --gdb-model that is when
 * gdb has let the first one go. NULL with an error.
 */
struct servers *servers_start(const struct servers_plan *plan, GError **error);
/* The one of the plan's device `index`. */
struct server *servers_get(const struct servers *servers, guint index);

/*
 * One more, for a device that is plugged in later; in the main thread. Valid
 * until it has ended and another one is added. NULL with an error.
 */
struct server *servers_add(struct servers *servers, const struct project_device *device,
			   GError **error);
/* Waits until QEMU can connect to it; in any thread. */
gboolean server_wait(struct server *server, guint ms, GError **error);
const char *server_socket(const struct server *server);
/* Asks it to end, because nobody has connected, and releases it. In the main thread. */
void server_end(struct server *server);
/* Its device has been unplugged: once it has ended, another may have its place. In the main thread. */
void server_release(struct server *server);

/*
 * For one thread at a time, whichever: an order (enum vu_order), and the wait until
 * it is carried out.
 */
gboolean server_order(struct server *server, char order, guint ms, GError **error);
/* What the device says of itself: JSON, see ez_device_info. NULL with an error. */
char *server_info(struct server *server, guint ms, GError **error);

/* Sockets, of char *, in the order of the devices. */
GPtrArray *servers_sockets(const struct servers *servers);
/*
 * Are all devices alive that nobody has unplugged or yanked, as far as it is known? Looks, and
 * does not wait. Else an error with what the first one died of: FAILURE_GUEST where its model
 * is to blame, FAILURE_SETUP where it, or its server, was killed from outside.
 */
gboolean servers_check(const struct servers *servers, GError **error);
/*
 * Frees. A server whose client has left is given the time to end by itself,
 * so that it can still say what went wrong; NULL is fine. At the end as
 * servers_check.
 */
gboolean servers_stop(struct servers *servers, gboolean client_was_there, GError **error);

#endif
