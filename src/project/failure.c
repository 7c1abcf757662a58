/* SPDX-License-Identifier: BSD-2-Clause */
#include "project/failure.h"

#include <errno.h>
#include <stdio.h>

G_DEFINE_QUARK(ersatz - failure, failure)

gboolean failure_set(GError **error, enum failure status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (error)
		*error = g_error_new_valist(FAILURE, status, format, args);
	va_end(args);
	return FALSE;
}

gboolean failure_errno(GError **error, int number, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	if (number == ENOSPC)
		return failure_set(error, FAILURE_SETUP,
				   "%s: the disk is full; free some space there", what);
	return failure_set(error, FAILURE_SETUP, "%s: %s", what, g_strerror(number));
}

void say(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	/* One write, so that lines of concurrent programs do not mix. */
	g_printerr("ersatz: %s\n", text);
}
