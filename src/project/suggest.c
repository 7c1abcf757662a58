/* SPDX-License-Identifier: BSD-2-Clause */
#include "project/suggest.h"

#include <glib.h>
#include <string.h>

/* Letters to insert, drop, change or swap with a neighbour to get from a to b. */
static guint distance(const char *a, const char *b)
{
	gsize m = strlen(a), n = strlen(b);
	g_autofree guint *before = g_new0(guint, n + 1);
	g_autofree guint *above = g_new0(guint, n + 1);
	g_autofree guint *row = g_new0(guint, n + 1);

	for (gsize j = 0; j <= n; j++)
		above[j] = (guint)j;
	for (gsize i = 1; i <= m; i++) {
		row[0] = (guint)i;
		for (gsize j = 1; j <= n; j++) {
			guint change = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = MIN(MIN(above[j], row[j - 1]) + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		memcpy(before, above, (n + 1) * sizeof(*row));
		memcpy(above, row, (n + 1) * sizeof(*row));
	}
	return above[n];
}

const char *suggest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	guint least = (guint)strlen(word) / 3 + 1;

	for (; *candidates; candidates++) {
		guint d = distance(word, *candidates);

		if (d <= least && d < strlen(*candidates) && (!best || d < least)) {
			best = *candidates;
			least = d;
		}
	}
	return best;
}
