/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of a newer Debian than the machine's: packages, checked by apt,
 * unpacked into a tree in the cache and run with the loader and libraries that
 * came with them. Nothing of the machine changes, and no root is needed.
 */
#ifndef ERSATZ_LAB_UNPACK_H
#define ERSATZ_LAB_UNPACK_H

#include <glib.h>

struct unpack {
	const char *cache; /* folder below the cache; the tree is in it */
	const char *package; /* with all that it depends on */
	const char *also; /* one more, which it only recommends; NULL: none */
	const char *suite; /* "trixie", or "trixie-backports", which comes on top */
	const char *what; /* for messages: "virtiofsd for --share" */
	guint megabytes; /* the same: what is downloaded, about */
	/* A file in the tree's root that starts it, made with it; NULL: none. */
	const char *starter, *starter_text;
};

/* Where the tree is, or would be. NULL with an error. */
char *unpack_path(const struct unpack *unpack, GError **error);
/* The same, and it is there, complete. */
char *unpack_tree(const struct unpack *unpack, GError **error);

#endif
