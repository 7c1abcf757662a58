/* SPDX-License-Identifier: BSD-2-Clause */
/* What takes longer than two seconds says how far it is. */
#ifndef ERSATZ_LAB_PROGRESS_H
#define ERSATZ_LAB_PROGRESS_H

#include <glib.h>

struct progress;

/*
 * Until progress_end(), what look(data) returns is said now and then, from
 * another thread; NULL: nothing is to be said now.
 */
struct progress *progress_begin(char *(*look)(gpointer data), gpointer data);
void progress_end(struct progress *progress);

/* Bytes of the files in a folder, but not below it; names begin with `prefix` (NULL: all). */
guint64 progress_bytes(const char *dir, const char *prefix);

#endif
