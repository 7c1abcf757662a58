/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the machine's own tools: apt-get, dpkg-deb, depmod, ldd, ... */
#ifndef ERSATZ_LAB_TOOL_H
#define ERSATZ_LAB_TOOL_H

#include <glib.h>
#include <sys/types.h>

/*
 * Runs a program with what follows as its arguments, up to NULL; an error has
 * the command and what it said on stderr. Nothing of it is shown.
 */
gboolean tool_run(GError **error, const char *program, ...) G_GNUC_NULL_TERMINATED;
/* The same in folder `dir` (NULL: ours), and returns its output. */
gboolean tool_read(const char *dir, char **ret_output, GError **error, const char *program,
		   ...) G_GNUC_NULL_TERMINATED;

/*
 * Runs a script of ours, which says on our stderr what it does; an error is
 * `failed`, and all that it has started goes when we do, however that is.
 */
gboolean tool_script(GError **error, const char *failed, const char *program,
		     ...) G_GNUC_NULL_TERMINATED;

/*
 * A process that kills a target if this one ends before tool_unguard(). The
 * target (as kill(2) has it: -GROUP) is named once, by tool_guard_over(): best
 * from the child itself, between fork and exec, so that there is no gap.
 */
struct tool_guard {
	int pipe;
	pid_t pid;
};

void tool_guard(struct tool_guard *guard);
void tool_guard_over(const struct tool_guard *guard, pid_t target);
void tool_unguard(struct tool_guard *guard);

/* The youngest file in a folder whose name starts with `prefix`; NULL: none. */
char *tool_newest(const char *dir, const char *prefix);

/* "TIME SIZE PATH" of a file, which changes when it does; for keys of caches. */
char *tool_identity(const char *path);

#endif
