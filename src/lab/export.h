/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests of projects in a folder that needs nothing of ours: to be run beside the real card. */
#ifndef ERSATZ_LAB_EXPORT_H
#define ERSATZ_LAB_EXPORT_H

#include <glib.h>

/*
 * Builds the programs, guest tests and register tests of the projects (of
 * struct project) and writes them to `dir`, which must be empty, not there, or
 * an earlier export: that is replaced.
 */
gboolean export_write(GPtrArray *projects, const char *dir, GError **error);

#endif
