/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.yaml -> a checked description of the device -> C.
 *
 *	struct spec_diags *diags = spec_diags_new();
 *	struct spec_device *dev = spec_read_file("my_rng/device.yaml", diags);
 *
 *	spec_diags_print(diags, stderr);
 *	if (dev)
 *		spec_write_c(dev, "my_rng/build", &error);
 *	spec_device_free(dev);
 *	spec_diags_free(diags);
 *
 * All problems of a file are found in one run and come as diagnostics with a
 * position; nothing in here prints, and nothing aborts on bad input.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Errors shown for one file; what comes after them is cut. */
#define SPEC_MAX_ERRORS 100
/* Largest file read, bytes. */
#define SPEC_MAX_FILE (16u << 20)

/* ---- diagnostics ---- */

enum spec_severity {
	SPEC_ERROR,
	SPEC_WARNING,
	SPEC_NOTE, /* belongs to the error or warning before it */
};

struct spec_diag {
	enum spec_severity severity;
	const char *file;
	unsigned int line, column; /* from 1; line 0: the file as a whole */
	const char *text; /* no newline */
};

struct spec_diags;

struct spec_diags *spec_diags_new(void);
void spec_diags_free(struct spec_diags *diags);
/* Sorted by position once spec_read_* has returned. */
unsigned int spec_diags_count(const struct spec_diags *diags);
const struct spec_diag *spec_diags_get(const struct spec_diags *diags, unsigned int i);
unsigned int spec_diags_errors(const struct spec_diags *diags);
/* "FILE:LINE:COLUMN: error: TEXT", a line each. */
void spec_diags_print(const struct spec_diags *diags, FILE *out);

/* ---- reading ---- */

struct spec_device;

/*
 * Reads and checks a spec. NULL when there is any error; warnings alone do
 * not hinder. `file` in spec_read_text is what diagnostics call the text.
 */
struct spec_device *spec_read_file(const char *path, struct spec_diags *diags);
struct spec_device *spec_read_text(const char *file, const char *text, size_t len,
				   struct spec_diags *diags);
void spec_device_free(struct spec_device *dev);
/*
 * The same for a file that is a block, to be included by a device.yaml: only
 * checked. False: it is none, and nothing was checked.
 */
bool spec_check_block(const char *path, struct spec_diags *diags);

/* Strings live as long as dev. */
const char *spec_device_name(const struct spec_device *dev);
const char *spec_device_type(const struct spec_device *dev); /* what -device takes */
const char *spec_device_description(const struct spec_device *dev); /* or NULL */
/* SHA-256 of the spec's meaning, hexadecimal: comments and layout do not count. */
const char *spec_device_hash(const struct spec_device *dev);
/* Paths of the files with blocks that it includes, NULL-terminated. */
const char *const *spec_device_includes(const struct spec_device *dev);
/* pkg-config packages that the model wants, NULL-terminated. */
const char *const *spec_device_requires(const struct spec_device *dev);
bool spec_device_has_registers(const struct spec_device *dev);

/* ---- emitting ---- */

/* Appends NAME_spec.h or NAME_spec.c. */
void spec_emit_header(const struct spec_device *dev, GString *out);
void spec_emit_tables(const struct spec_device *dev, GString *out);

/* Appends a reference of the device for its readers: a whole document. */
void spec_emit_markdown(const struct spec_device *dev, GString *out);
void spec_emit_html(const struct spec_device *dev, GString *out);
/* Appends the name table, which docs/spec-products.md defines. */
void spec_emit_names(const struct spec_device *dev, GString *out);

/* Appends the register test's table, which src/regtest is compiled with. */
void spec_emit_regtest(const struct spec_device *dev, GString *out);

/*
 * Writes both into folder `dir`, which must exist. A file that already has
 * the very content is not touched. False with an error: could not write.
 */
bool spec_write_c(const struct spec_device *dev, const char *dir, GError **error);
/* The same for one file of any content. */
bool spec_write_file(const char *path, const char *content, size_t len, GError **error);

/* As SystemRDL 2.0 (systemrdl.c says what it cannot hold). */
void spec_emit_systemrdl(const struct spec_device *dev, GString *out);

/* ---- importing ---- */

/* A CMSIS-SVD device or an IP-XACT component: blocks of registers. */
struct spec_import;

struct spec_import_info {
	const char *name; /* of the peripheral or address block, as the source has it */
	const char *description; /* or NULL */
	const char *of; /* the same registers as that one has; or NULL */
	uint64_t base; /* address in the source, in its own units */
	bool has_base;
};

/*
 * Reads the file and lists what is in it; at least one block. NULL when there
 * is any error. diags must outlive it.
 */
struct spec_import *spec_import_file(const char *path, struct spec_diags *diags);
struct spec_import *spec_import_text(const char *file, const char *text, size_t len,
				     struct spec_diags *diags);
void spec_import_free(struct spec_import *import);

unsigned int spec_import_count(const struct spec_import *import);
/* Strings live as long as import. */
struct spec_import_info spec_import_get(const struct spec_import *import, unsigned int i);
/* "uart0.yaml"; freed by the caller. */
char *spec_import_file_name(struct spec_import *import, unsigned int i);
/*
 * Appends a block file, and the lines of a device.yaml that use it as `file`.
 * What could not be carried over comes as warnings. False: errors.
 */
bool spec_import_write(struct spec_import *import, unsigned int i, const char *file,
		       GString *ret_yaml, GString *ret_usage);

/* ---- the grammar itself ---- */

/* One key that device.yaml may hold. */
struct spec_key_info {
	const char *section; /* "register", "field", ... */
	const char *key;
	const char *type; /* what its value is, in a few words */
	const char *help; /* one line */
	bool required;
	bool later; /* known, but refused as not supported yet */
};

/* Calls visit for every key, section by section. */
void spec_list_keys(void (*visit)(const struct spec_key_info *key, void *user), void *user);

#endif
