/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server that models with sanitizers run in: they need their run-time
 * library to be there before anything else, and see an overrun inside the SDK
 * only if that is compiled like them. So it is a program of its own, built
 * from the sources that come with Ersatz, once for each state of these, of the
 * compiler and of its flags.
 */
#ifndef ERSATZ_LAB_SANITIZE_H
#define ERSATZ_LAB_SANITIZE_H

#include <glib.h>

/* Its path; built if it is not there. NULL with an error. */
char *sanitize_server(GError **error);

/* "NAME=VALUE" for its environment: what the sanitizers are to do; NULL ends. */
extern const char *const sanitize_environment[];

#endif
