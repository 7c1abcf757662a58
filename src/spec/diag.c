/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/diag.h"

#include <string.h>

/* One error or warning, and the notes that go with it. */
struct entry {
	struct spec_diag diag;
	unsigned int order;
	unsigned int owner; /* order of what a note belongs to; else its own */
	struct spec_pos owner_pos;
	const char *format; /* of the text: the same message of two instances is one */
	struct spec_pos pos;
};

struct spec_diags {
	GArray *entries;
	GStringChunk *strings;
	GPtrArray *files; /* names, by the number in a position */
	unsigned int current;
	unsigned int errors, warnings;
	bool cut; /* the last one was beyond the limit: so are its notes */
	bool said_errors, said_warnings;
};

struct spec_diags *spec_diags_new(void)
{
	struct spec_diags *diags = g_new0(struct spec_diags, 1);

	diags->entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
	diags->strings = g_string_chunk_new(4096);
	diags->files = g_ptr_array_new();
	g_ptr_array_add(diags->files, (void *)"device.yaml");
	return diags;
}

void spec_diags_free(struct spec_diags *diags)
{
	if (!diags)
		return;
	g_array_free(diags->entries, TRUE);
	g_string_chunk_free(diags->strings);
	g_ptr_array_free(diags->files, TRUE);
	g_free(diags);
}

void spec_diags_file(struct spec_diags *diags, const char *file)
{
	g_ptr_array_set_size(diags->files, 0);
	g_ptr_array_add(diags->files, g_string_chunk_insert(diags->strings, file));
	diags->current = 0;
}

unsigned int spec_diags_include(struct spec_diags *diags, const char *file)
{
	g_ptr_array_add(diags->files, g_string_chunk_insert(diags->strings, file));
	diags->current = diags->files->len - 1;
	return diags->current;
}

void spec_diags_switch(struct spec_diags *diags, unsigned int file)
{
	diags->current = file;
}

unsigned int spec_diags_current(const struct spec_diags *diags)
{
	return diags->current;
}

unsigned int spec_diags_count(const struct spec_diags *diags)
{
	return diags->entries->len;
}

const struct spec_diag *spec_diags_get(const struct spec_diags *diags, unsigned int i)
{
	return &g_array_index(diags->entries, struct entry, i).diag;
}

unsigned int spec_diags_errors(const struct spec_diags *diags)
{
	return diags->errors;
}

bool spec_diags_full(const struct spec_diags *diags)
{
	return diags->errors >= SPEC_MAX_ERRORS;
}

static void add(struct spec_diags *diags, enum spec_severity severity, struct spec_pos pos,
		const char *format, const char *text)
{
	struct entry entry = {
		.diag = {
			.severity = severity,
			.file = g_ptr_array_index(diags->files, pos.file),
			.line = pos.line,
			.column = pos.column,
			.text = g_string_chunk_insert(diags->strings, text),
		},
		.order = diags->entries->len,
		.owner = diags->entries->len,
		.owner_pos = pos,
		.format = format,
		.pos = pos,
	};

	if (severity == SPEC_NOTE && diags->entries->len) {
		const struct entry *last =
			&g_array_index(diags->entries, struct entry, diags->entries->len - 1);

		entry.owner = last->owner;
		entry.owner_pos = last->owner_pos;
	}
	g_array_append_val(diags->entries, entry);
}

/* What is wrong in a block is so in each of its instances: say it once. */
static bool said(const struct spec_diags *diags, struct spec_pos pos, const char *format)
{
	for (unsigned int i = 0; pos.file && i < diags->entries->len; i++) {
		const struct entry *entry = &g_array_index(diags->entries, struct entry, i);

		if (entry->format == format && !memcmp(&entry->pos, &pos, sizeof(pos)))
			return true;
	}
	return false;
}

static G_GNUC_PRINTF(4, 0) void report(struct spec_diags *diags, enum spec_severity severity,
				       struct spec_pos pos, const char *format, va_list args)
{
	g_autofree char *text = NULL;

	if (severity == SPEC_ERROR)
		diags->cut = diags->errors >= SPEC_MAX_ERRORS;
	else if (severity == SPEC_WARNING)
		diags->cut = diags->warnings >= SPEC_MAX_ERRORS;
	if (severity != SPEC_NOTE && !diags->cut && said(diags, pos, format)) {
		diags->cut = true; /* its notes too */
		return;
	}
	if (diags->cut) {
		diags->said_errors |= severity == SPEC_ERROR;
		diags->said_warnings |= severity == SPEC_WARNING;
		return;
	}
	diags->errors += severity == SPEC_ERROR;
	diags->warnings += severity == SPEC_WARNING;
	text = g_strdup_vprintf(format, args);
	add(diags, severity, pos, format, text);
}

void spec_error(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(diags, SPEC_ERROR, pos, format, args);
	va_end(args);
}

void spec_warning(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(diags, SPEC_WARNING, pos, format, args);
	va_end(args);
}

void spec_note(struct spec_diags *diags, struct spec_pos pos, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(diags, SPEC_NOTE, pos, format, args);
	va_end(args);
}

static int by_position(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (spec_pos_before(x->owner_pos, y->owner_pos))
		return -1;
	if (spec_pos_before(y->owner_pos, x->owner_pos))
		return 1;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void spec_diags_sort(struct spec_diags *diags)
{
	static const struct spec_pos end;

	g_array_sort(diags->entries, by_position);
	if (diags->said_errors) {
		add(diags, SPEC_NOTE, end, NULL,
		    "more than 100 errors; those after them are not shown");
		diags->said_errors = false;
	}
	if (diags->said_warnings) {
		add(diags, SPEC_NOTE, end, NULL,
		    "more than 100 warnings; those after them are not shown");
		diags->said_warnings = false;
	}
}

void spec_diags_print(const struct spec_diags *diags, FILE *out)
{
	static const char *const names[] = { "error", "warning", "note" };

	for (unsigned int i = 0; i < diags->entries->len; i++) {
		const struct spec_diag *diag = spec_diags_get(diags, i);

		if (diag->line)
			fprintf(out, "%s:%u:%u: %s: %s\n", diag->file, diag->line, diag->column,
				names[diag->severity], diag->text);
		else
			fprintf(out, "%s: %s: %s\n", diag->file, names[diag->severity], diag->text);
	}
}

/* ---- did you mean ---- */

#define LONGEST 32

/*
 * Damerau-Levenshtein (adjacent letters swapped count as one slip), without
 * regard to case.
 */
static unsigned int slips(const char *a, const char *b)
{
	unsigned int d[LONGEST + 1][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return UINT_MAX;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			unsigned int best;

			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] +
			       (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));
			best = MIN(best, d[i - 1][j] + 1);
			best = MIN(best, d[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[n][m];
}

const char *spec_nearest(const char *word, const void *candidates, size_t stride)
{
	const char *at = candidates, *best = NULL;
	unsigned int fewest = UINT_MAX;
	const char *candidate;

	/* Among thousands something is always near, and looking takes long. */
	for (unsigned int i = 0; i < 4096; i++, at += stride) {
		unsigned int n;

		memcpy(&candidate, at, sizeof(candidate));
		if (!candidate)
			break;
		n = slips(word, candidate);
		/* One slip in three letters is a slip; more is another word. */
		if (n < fewest && n <= MAX(strlen(word), strlen(candidate)) / 3) {
			fewest = n;
			best = candidate;
		}
	}
	return best;
}
