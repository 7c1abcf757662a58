/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the program share. */
#ifndef CRYPTO_APP_H
#define CRYPTO_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_USAGE = 2 };

/* ---- main.c ---- */

/* "crypto: MESSAGE" on stderr, and the end: what was begun of an output is removed. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How far it is, for who watches: "reading", 12 of 64 MiB. of 0: nobody knows. */
void progress(const char *what, uint64_t done, uint64_t of);
/* Those lines go away. */
void progress_end(void);

/* ---- files.c ---- */

/* All of an input, in memory. */
struct input {
	const char *name; /* for messages */
	void *data; /* NULL: 0 bytes */
	size_t size;
	bool mapped; /* the file itself, which must not be written */
};

/*
 * The file, or standard input for "-". More than `limit` bytes, `why` being a reason, is a
 * failure. With an offset, 0 to 4095, the data begins there in a page; -1: where it comes.
 */
struct input input_get(const char *path, uint64_t limit, const char *why, int offset);

/* Memory for `size` bytes that begins at that offset in a page. */
void *memory_get(size_t size, int offset);

/*
 * Begins an output: a file, or standard output for NULL or "-". Until output_end() the file is
 * what it was, or is not there.
 */
void output_begin(const char *path);
void output_write(const void *data, size_t size);
void output_end(void);
/* Removes what there is of it. Safe in a signal handler. */
void output_abandon(void);

#endif
