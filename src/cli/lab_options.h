/* SPDX-License-Identifier: BSD-2-Clause */
/* The options that all subcommands have that boot a guest. */
#ifndef ERSATZ_CLI_LAB_OPTIONS_H
#define ERSATZ_CLI_LAB_OPTIONS_H

#include "lab/options.h"

/*
 * Options for GOption that fill in `options` (whose numbers become LAB_UNSET
 * until lab_options_check()) and *backend: `own`, then the
 * common ones. Free with g_free; valid as long as `own` is.
 */
GOptionEntry *lab_entries(struct lab_options *options, char **backend, const GOptionEntry *own);

/* Frees what the options took. */
void lab_options_clear(struct lab_options *options);
#define AUTO_LAB_OPTIONS __attribute__((cleanup(lab_options_clear))) struct lab_options

/*
 * After parsing: puts the backend into the options, if there is one of that
 * name; numbers that were given are from 1 up.
 */
gboolean lab_options_check(struct lab_options *options, const char *backend, GError **error);

/*
 * For an option whose number is from 1 up: starts as LAB_UNSET, and is 0 after
 * the check if it was not given.
 */
#define LAB_UNSET G_MININT /* which nobody means */
gboolean lab_number_check(int *number, const char *option, GError **error);

/* For --help: what the common options mean beyond a line. */
#define LAB_OPTIONS_HELP                                                                           \
	"backends:\n"                                                                              \
	"  vfio-user  the model runs in a process of its own: the default. Nothing is built, "     \
	"and\n"                                                                                    \
	"             a model that crashes is a pulled card for the guest; ersatz serve --help\n"  \
	"  qemu       inside a QEMU that is built once, in minutes: a register access takes "      \
	"less\n"                                                                                   \
	"             than a microsecond instead of tens, and there are snapshots\n"               \
	"machines:\n"                                                                              \
	"  q35  PCI Express, IOMMU, hot-plug: the default\n"                                       \
	"  pc   the classic PC with its display; the first device's 4 KiB BAR is at 0xfebf1000\n"

#endif
