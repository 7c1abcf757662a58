/* SPDX-License-Identifier: BSD-2-Clause */
/* Collecting diagnostics; the reading side is in spec.h. */
#ifndef SPEC_DIAG_H
#define SPEC_DIAG_H

#include "spec/device.h"

/* What the file is called from here on. */
void spec_diags_file(struct spec_diags *diags, const char *file);
/*
 * Another file of the same device: its number, for the positions in it. From
 * here on, and until spec_diags_switch(), it is the file that is being read.
 */
unsigned int spec_diags_include(struct spec_diags *diags, const char *file);
void spec_diags_switch(struct spec_diags *diags, unsigned int file);
unsigned int spec_diags_current(const struct spec_diags *diags);

void spec_error(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
void spec_warning(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* Points from the last error or warning to another place. */
void spec_note(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* True once SPEC_MAX_ERRORS are there: go on only if it is cheap. */
bool spec_diags_full(const struct spec_diags *diags);
/* By position, notes staying with what they explain. */
void spec_diags_sort(struct spec_diags *diags);

/*
 * The candidate most like `word`, or NULL if none is near enough to be a slip
 * of the fingers. Candidates are a NULL-terminated array of pointers to
 * strings, `stride` bytes apart.
 */
const char *spec_nearest(const char *word, const void *candidates, size_t stride);

#endif
