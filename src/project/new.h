/* SPDX-License-Identifier: BSD-2-Clause */
/* A device project that works, to begin with. */
#ifndef ERSATZ_PROJECT_NEW_H
#define ERSATZ_PROJECT_NEW_H

#include <glib.h>

/* -1: take what the skeleton has (vendor), or what follows from the name (device). */
struct new_options {
	int vendor, device;
};

/*
 * Writes a device project into folder `dir`, which must not exist or be empty;
 * its last part is the device's name. The folder is there as a whole or not at
 * all. False with an error.
 */
gboolean new_project(const char *dir, const struct new_options *options, GError **error);

#endif
