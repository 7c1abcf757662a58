/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's serial console as text: keeping the latest, cleaning it for messages. */
#ifndef ERSATZ_LAB_CONSOLE_H
#define ERSATZ_LAB_CONSOLE_H

#include <glib.h>

/* Appends, and forgets the oldest beyond `limit` bytes. */
void console_add(GString *ring, gsize limit, const char *bytes, gsize size);
/* The last lines, without control characters and empty lines, each behind "  | ". */
char *console_last(const char *text, guint lines);
/* What the kernel gave as reason for its panic; NULL: it did not panic. */
char *console_panic(const char *text);
/* To stderr as it comes, but for carriage returns. */
void console_show(const char *bytes, gsize size);

#endif
