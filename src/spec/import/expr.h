/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions of IP-XACT (IEEE 1685-2014, annex C: SystemVerilog's), as far as
 * they make numbers: 'h10, 2**4, (WIDTH + 7) / 8, $clog2(DEPTH).
 */
#ifndef SPEC_IMPORT_EXPR_H
#define SPEC_IMPORT_EXPR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Value of a parameter: its text, or NULL if there is none of that name. */
typedef const char *(*expr_lookup)(const char *name, void *user);

/*
 * False: *ret_why says why not, to be freed by the caller. A value has 64
 * bits and no sign; on the way there may be negative ones.
 */
bool expr_eval(const char *text, expr_lookup lookup, void *user, uint64_t *ret_value,
	       char **ret_why);

#endif
