/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run's other end of ersatz ctl: a socket in the run folder, and a thread
 * that serves it, one request at a time. It speaks to QEMU over a monitor of
 * its own; what belongs to the main thread (the agent's channel, processes) it
 * has done there.
 */
#ifndef ERSATZ_LAB_CONTROL_H
#define ERSATZ_LAB_CONTROL_H

#include "lab/guest.h"
#include "lab/servers.h"

struct control;

struct control_plan {
	const char *name; /* of the session; NULL: the run folder's */
	const struct machine_plan *machine;
	struct rundir *rundir;
	struct guest *guest; /* ready */
	struct servers *servers; /* NULL: the models are in QEMU */
	/* Of struct project: those that the guest has drivers of, and QEMU the models. */
	GPtrArray *projects;
};

/* NULL with an error. What the plan points to must outlive it. */
struct control *control_start(const struct control_plan *plan, GError **error);
/* Ends and frees; in the main thread. A guest that was paused goes on. NULL is fine. */
void control_stop(struct control *control);
/* What ctl calls the session. */
const char *control_name(const struct control *control);

#endif
