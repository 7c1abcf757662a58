/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing an initramfs: a cpio archive of format newc, everything owned by
 * root. The kernel takes several of them one after the other, later entries
 * replacing earlier ones, so cpio_append lets a cached one come first.
 */
#ifndef ERSATZ_LAB_CPIO_H
#define ERSATZ_LAB_CPIO_H

#include <glib.h>

struct cpio;

/* Starts an archive in a new file, or behind what the file holds. NULL with an error. */
struct cpio *cpio_new(const char *path, gboolean append, GError **error);
/*
 * Ends the archive. The first thing that went wrong since cpio_new is what it
 * reports; until then the functions below just do nothing.
 */
gboolean cpio_finish(struct cpio *cpio, GError **error);

/* Names have no leading slash; folders on the way are made. */
void cpio_dir(struct cpio *cpio, const char *name, guint mode);
void cpio_text(struct cpio *cpio, const char *name, guint mode, const char *text);
void cpio_link(struct cpio *cpio, const char *name, const char *target);
/* The file at `from`; its mode, but 0755 or 0644. */
void cpio_file(struct cpio *cpio, const char *name, const char *from);

#endif
