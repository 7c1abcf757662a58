/* SPDX-License-Identifier: BSD-2-Clause */
/* Where Ersatz's own parts are, in place in a build folder or installed; and the user's cache. */
#ifndef ERSATZ_PROJECT_PATHS_H
#define ERSATZ_PROJECT_PATHS_H

#include <glib.h>

struct paths {
	gboolean installed; /* else in a build folder */
	char *self; /* the command itself */
	char *regtest; /* folder with the register test's runtime */
	char *include; /* the SDK's headers are in ersatz/ below it */
	char *lib; /* folder of libersatz.so */
	char *models; /* folder for the models of devices/ */
	char *agent; /* the guest's first process */
	char *source; /* the source tree, or share/ersatz */
	char *devices; /* the device projects that come with us */
	char *qemu; /* the wrapper that `ersatz qemu build` writes */
	char *qemu_build; /* the script that builds it */
	char *packages; /* scripts/packages */
	char *skeleton; /* what `ersatz new` copies */
};

const struct paths *paths_get(void);

/*
 * A folder below the cache (NULL: the cache itself), made if it is not there: ${ERSATZ_CACHE}, else
 * ${XDG_CACHE_HOME:-~/.cache}/ersatz. NULL with an error.
 */
char *paths_cache(const char *below, GError **error);

/* Makes a folder and its parents. */
gboolean paths_mkdir(const char *path, GError **error);
/* The first character in a path that make, or a list of paths, does not take; 0: none. */
char paths_odd(const char *path);
/* Removes a folder and everything in it; never follows symbolic links. */
void paths_remove(const char *path);

/*
 * Holds other runs of Ersatz off while a file in the cache is made: returns
 * the lock's descriptor, to be closed, or -1 with an error.
 */
int paths_lock(const char *file, GError **error);

#endif
