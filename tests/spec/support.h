/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the spec compiler share. */
#ifndef TEST_SPEC_SUPPORT_H
#define TEST_SPEC_SUPPORT_H

#include "spec/spec.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Files beside the tests; freed by the caller. */
char *data_path(const char *name);
/* A new empty folder, and its end with all that is in it. */
char *scratch_new(void);
void scratch_free(char *dir);
/* A file in it. */
char *scratch_write(const char *dir, const char *name, const char *text);

/* All diagnostics as they would be printed, without the file's name. */
char *diags_text(const struct spec_diags *diags);
/* Reads a spec that must be good; fails the test with its diagnostics if not. */
struct spec_device *read_good(const char *path);
/* The same with a text; NULL and the diagnostics if it is bad. */
struct spec_device *read_text(const char *text, char **ret_diags);

/* Exit status of a command; its stderr, freed by the caller. -1: it did not start. */
int run(char **ret_stderr, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Compiler to use: $CC or cc. Is a program there at all? */
const char *compiler(void);
bool have(const char *program);

#endif
