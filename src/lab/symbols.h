/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF files for gdb: one made of a kernel's list of symbols, and what a module's says. */
#ifndef ERSATZ_LAB_SYMBOLS_H
#define ERSATZ_LAB_SYMBOLS_H

#include <glib.h>

/* Writes an ELF file that holds nothing but the symbols of /proc/kallsyms' text. */
gboolean symbols_write(const char *path, const char *kallsyms, GError **error);

/*
 * A section of a module that will be in memory. Where, its entry `index` of
 * the symbol table tells once the kernel has relocated it: the section starts
 * at that symbol's value less `value`.
 */
struct symbols_section {
	char *name;
	guint32 index;
	guint64 value;
};

/* Sections of a module's file; free with g_array_unref. NULL with an error. */
GArray *symbols_sections(const char *module, GError **error);

#endif
