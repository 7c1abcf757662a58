/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the command fails. Errors are GErrors of the domain FAILURE, whose code
 * is the exit status that ersatz(1) ends with; their message says what, where
 * and what to do next. Only src/cli prints them.
 */
#ifndef ERSATZ_PROJECT_FAILURE_H
#define ERSATZ_PROJECT_FAILURE_H

#include <glib.h>

/* Exit statuses, so that `git bisect run` skips what says nothing about the driver. */
enum failure {
	FAILURE_GUEST = 1, /* a test or the guest failed */
	FAILURE_TIMEOUT = 124,
	FAILURE_SETUP = 125, /* Ersatz itself could not do it */
};

#define FAILURE (failure_quark())
GQuark failure_quark(void);

/* Sets the error, and returns false, for `return failure_set(error, ...)`. */
gboolean failure_set(GError **error, enum failure status, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* The same, with ": " and what errno (given) means at its end. */
gboolean failure_errno(GError **error, int number, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A line on stderr about what is being done, "ersatz: ...". */
void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
