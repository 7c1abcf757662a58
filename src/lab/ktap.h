/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KTAP version 1: reading what a test program printed, which may be TAP or
 * KTAP or neither, and writing results of ours so that a strict reader takes
 * them: plan first, numbers in order, subtests indented by two spaces.
 */
#ifndef ERSATZ_LAB_KTAP_H
#define ERSATZ_LAB_KTAP_H

#include <glib.h>

enum ktap_verdict { KTAP_PASS, KTAP_FAIL, KTAP_SKIP };

struct ktap {
	char *name;
	enum ktap_verdict verdict;
	char *reason; /* of a skip, a failure or a time-out; NULL: none */
	double seconds; /* it took; negative: not known */
	GString *text; /* lines of diagnosis, without their "# " */
	GPtrArray *subtests; /* of struct ktap */
};

struct ktap *ktap_new(const char *name);
void ktap_free(struct ktap *test);

/*
 * What a program printed, as subtests of a new test `name`. Its verdict: fail
 * if a subtest failed (known failures, marked TODO, are skips), or fewer were
 * run than planned, or its exit `status` says so; skip if all were skipped.
 */
struct ktap *ktap_parse(const char *name, const char *output, int status);

/* Marks it as failed, whatever else it is. */
void ktap_fail(struct ktap *test, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "ok NUMBER - NAME" with the subtests before it. */
void ktap_print(const struct ktap *test, guint number, guint depth, GString *out);

/* JUnit's XML for all tests: a testsuite each, a testcase for each leaf. */
char *ktap_junit(GPtrArray *tests);

struct ktap_count {
	guint passed, failed, skipped;
};

/* Counts leaves. */
void ktap_count(const struct ktap *test, struct ktap_count *count);

#endif
