/* SPDX-License-Identifier: BSD-2-Clause */
/* All tests of projects: bench tests as programs here, guest tests in one guest. */
#ifndef ERSATZ_LAB_SUITE_H
#define ERSATZ_LAB_SUITE_H

#include "lab/ktap.h"
#include "lab/options.h"

#define SUITE_TIMEOUT 300 /* seconds for one test program */

struct suite_options {
	const struct lab_options *lab;
	GPtrArray *devices; /* of struct project_device */
	gboolean bench, guest;
	int timeout; /* seconds for one test program; 0: SUITE_TIMEOUT */
	/* Called with each result as it comes; number counts from 1. */
	void (*result)(gpointer data, const struct ktap *test, guint number);
	/* Called once before, with how many there will be. */
	void (*plan)(gpointer data, guint count);
	gpointer data;
};

/*
 * Builds and runs everything; *ret_results of struct ktap, one for each test
 * program. FALSE with an error: what stopped it, after the results so far;
 * tests that could not be run have failed results then.
 */
gboolean suite_run(const struct suite_options *options, GPtrArray **ret_results, GError **error);

#endif
