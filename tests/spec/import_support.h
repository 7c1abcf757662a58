/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of importing share. */
#ifndef TEST_SPEC_IMPORT_SUPPORT_H
#define TEST_SPEC_IMPORT_SUPPORT_H

#include "spec/device.h"
#include "support.h"

/* Everything an import gave: the YAML, and what was said. NULL yaml: errors. */
struct imported {
	char *yaml, *usage, *diags;
};

/* name NULL: the first block. */
struct imported import_text(const char *text, size_t len, const char *name);
/* The same of a file beside the tests. */
struct imported import_data(const char *file, const char *name);
void imported_free(struct imported *it);

/* A device.yaml around the block, read and checked as any other. */
struct spec_device *device_of(const struct imported *it);
/* Fails the test if it is not there. */
const struct spec_reg *reg_of(const struct spec_device *dev, const char *name);

/* Is that text in the YAML, or among the diagnostics? */
void expect_comment(const struct imported *it, const char *text);
void expect_said(const struct imported *it, const char *text);

#endif
