/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader of SystemRDL 2.0 for tests, written from the grammar of the standard
 * (annex B) and not from our emitter: component definitions and instances,
 * enumerations, property definitions and assignments, references. No
 * parameters, no constraints, no structs, no expressions but literals.
 *
 * It elaborates what it reads: every element of every array is a register of
 * its own, with its address from the start of the root address map.
 */
#ifndef TEST_SPEC_RDL_READER_H
#define TEST_SPEC_RDL_READER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct rdl_field {
	char *name;
	unsigned int lsb, width;
	bool has_reset;
	uint64_t reset;
	GHashTable *props; /* name -> text of the value; "true" for a bare name */
	GHashTable *values; /* of its encode: name -> uint64_t *, or NULL */
};

struct rdl_reg {
	char *path; /* "regs.DMA[1].SRC", from the root map */
	uint64_t address;
	GHashTable *props;
	GPtrArray *fields; /* struct rdl_field, borrowed from the definition */
};

struct rdl_map {
	char *name; /* of the instance in the root map; of a memory the path, as a register's */
	uint64_t address;
	GHashTable *props;
};

struct rdl_file {
	char *error; /* "LINE: what"; NULL: it is legal as far as this looks */
	char *root; /* name of the root map: the last one defined */
	GHashTable *root_props;
	GPtrArray *maps; /* instances of address maps in the root: struct rdl_map */
	GPtrArray *mems; /* memories: struct rdl_map */
	GPtrArray *regs; /* struct rdl_reg */
	GPtrArray *references; /* "PATH->property = PATH", paths as above: char * */
	void *priv;
};

struct rdl_file *rdl_read(const char *text);
void rdl_file_free(struct rdl_file *file);

#endif
