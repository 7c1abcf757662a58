/* SPDX-License-Identifier: BSD-2-Clause */
/* The options that all subcommands have that boot a guest. */
#ifndef ERSATZ_CLI_LAB_OPTIONS_H
#define ERSATZ_CLI_LAB_OPTIONS_H

#include "lab/options.h"

/*
 * Options for GOption that fill in `options` and *backend: `own`, then the
 * common ones. Free with g_free; valid as long as `own` is.
 */
GOptionEntry *lab_entries(struct lab_options *options, char **backend, const GOptionEntry *own);

/* Frees what the options took. */
void lab_options_clear(struct lab_options *options);
#define AUTO_LAB_OPTIONS __attribute__((cleanup(lab_options_clear))) struct lab_options

/* The backend is one that there is. */
gboolean lab_backend_check(const char *backend, GError **error);

/* For --help: what the common options mean beyond a line. */
#define LAB_OPTIONS_HELP                                                                           \
	"machines:\n"                                                                              \
	"  q35  PCI Express, IOMMU, hot-plug: the default\n"                                       \
	"  pc   the classic PC with its display; the first device's 4 KiB BAR is at 0xfebf1000\n"

#endif
