/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the machine's own tools: apt-get, dpkg-deb, depmod, ldd, ... */
#ifndef ERSATZ_LAB_TOOL_H
#define ERSATZ_LAB_TOOL_H

#include <glib.h>

/*
 * Runs a program with what follows as its arguments, up to NULL; an error has
 * the command and what it said on stderr. Nothing of it is shown.
 */
gboolean tool_run(GError **error, const char *program, ...) G_GNUC_NULL_TERMINATED;
/* The same in folder `dir` (NULL: ours), and returns its output. */
gboolean tool_read(const char *dir, char **ret_output, GError **error, const char *program,
		   ...) G_GNUC_NULL_TERMINATED;

/* The youngest file in a folder whose name starts with `prefix`; NULL: none. */
char *tool_newest(const char *dir, const char *prefix);

/* "TIME SIZE PATH" of a file, which changes when it does; for keys of caches. */
char *tool_identity(const char *path);

#endif
