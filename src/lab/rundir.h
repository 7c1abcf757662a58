/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run's private folder, and the keeper: a process of ours that, however the
 * command ends (kill -9 included), ends what the run has started, gives the
 * terminal back as it was, and removes the folder.
 *
 * The folder is in $XDG_RUNTIME_DIR/ersatz or /tmp/ersatz-UID, mode 0700, and
 * holds a locked file; a folder whose lock nobody holds is of a run that was
 * killed together with its keeper, and the next run removes it.
 */
#ifndef ERSATZ_LAB_RUNDIR_H
#define ERSATZ_LAB_RUNDIR_H

#include <glib.h>
#include <sys/types.h>

struct rundir {
	char *path;
	char *name; /* its last part: the session's name */
	int lock;
	int keeper; /* closing it ends the keeper's wait */
	pid_t keeper_pid;
};

struct rundir *rundir_new(GError **error);
/* The folders of all runs of this user that live; of char *. */
GPtrArray *rundir_list(void);
/*
 * Locks what all runs of this user have in common, until it is closed. -1 with an
 * error.
 */
int rundir_guard(GError **error);
/* Hands a process to the keeper: its number, or NULL if it has ended already. */
void rundir_keep(struct rundir *rundir, const char *process);
/* Removes the folder, and lets the keeper go, which kills what still runs. */
void rundir_free(struct rundir *rundir);

#endif
