/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ersatz spec VERB: a verb is a function and a row of the table in spec.c.
 */
#ifndef ERSATZ_CLI_SPEC_H
#define ERSATZ_CLI_SPEC_H

#include "cli/cli.h"
#include "spec/spec.h"

/* What stood behind the verb. */
struct spec_arguments {
	char **names;
	int count;
	const char *output; /* -o; NULL: standard output */
	const char *format; /* --format; NULL: not given */
	const char *peripheral; /* --peripheral; NULL: not given */
	gboolean list; /* --list */
};

struct spec_verb {
	const char *name;
	int at_least, at_most; /* arguments */
	gboolean output, format; /* takes -o, --format */
	/* An exit status. */
	int (*run)(const struct spec_arguments *arguments, GError **error);
};

/* The file that FILE|PROJECT means. NULL with an error. */
char *spec_file(const char *argument, GError **error);
/* Reads it, prints what is wrong with it; NULL: with ret_status, which may come with an error. */
struct spec_device *spec_open(const char *argument, int *ret_status, GError **error);
/* Writes text to a file, or with NULL to standard output; an exit status. */
int spec_put(const GString *text, const char *output, GError **error);

/* spec_emit.c: what is made from a spec for people and for other machines */
int spec_doc(const struct spec_arguments *arguments, GError **error);
int spec_names(const struct spec_arguments *arguments, GError **error);
int spec_regtest(const struct spec_arguments *arguments, GError **error);

/* spec_import.c: from and to other formats */
int spec_import(const struct spec_arguments *arguments, GError **error);
int spec_export(const struct spec_arguments *arguments, GError **error);

#endif
