/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean ...?" */
#ifndef ERSATZ_PROJECT_SUGGEST_H
#define ERSATZ_PROJECT_SUGGEST_H

/* The candidate nearest to `word`, near enough to be a misspelling of it; NULL: none. */
const char *suggest(const char *word, const char *const *candidates);

#endif
