/* SPDX-License-Identifier: BSD-2-Clause */
/* Building a block, and the texts in it. */
#include "spec/import/import.h"

#include <string.h>

/* What the grammar allows, and room for our own additions to it. */
#define MAX_NAME 48
#define MAX_TEXT 4000
/* Comments of one place; a source can make any number. */
#define MAX_NOTES 64

struct block *block_new(struct spec_arena *arena, struct spec_diags *diags)
{
	struct block *block = spec_arena_alloc(arena, 1, sizeof(*block));

	block->arena = arena;
	block->diags = diags;
	block->own.count = 1;
	block->own.tail = &block->own.regs;
	block->files_tail = &block->files;
	return block;
}

static bool full(struct block *block, struct spec_pos pos, unsigned int limit, const char *what)
{
	if (!block->full)
		spec_error(block->diags, pos, "more than %u %s in one block", limit, what);
	block->full = true;
	return true;
}

struct block_reg *block_add_reg(struct block *block, struct block_file *file, struct spec_pos pos)
{
	struct block_reg *reg;

	if (block->n_regs == IMPORT_MAX_REGS && full(block, pos, IMPORT_MAX_REGS, "registers"))
		return NULL;
	block->n_regs++;
	file->n_regs++;
	reg = spec_arena_alloc(block->arena, 1, sizeof(*reg));
	reg->pos = pos;
	reg->count = 1;
	reg->fields_tail = &reg->fields;
	*file->tail = reg;
	file->tail = &reg->next;
	return reg;
}

struct block_field *block_add_field(struct block *block, struct block_reg *reg, struct spec_pos pos)
{
	struct block_field *field;

	if (block->n_fields == IMPORT_MAX_FIELDS && full(block, pos, IMPORT_MAX_FIELDS, "fields"))
		return NULL;
	block->n_fields++;
	field = spec_arena_alloc(block->arena, 1, sizeof(*field));
	field->pos = pos;
	field->values_tail = &field->values;
	*reg->fields_tail = field;
	reg->fields_tail = &field->next;
	return field;
}

void block_add_value(struct block *block, struct block_field *field, struct spec_pos pos,
		     const char *name, const char *desc, uint64_t value)
{
	struct block_value *it;

	/* One set for reads and one for writes often have the same. */
	for (it = field->values; it; it = it->next)
		if (it->value == value && !strcmp(it->name, name))
			return;
	if (field->n_values == IMPORT_MAX_FIELD_VALUES) {
		import_lost(block, &field->notes, pos, field->name,
			    "values after the first %u are left out", IMPORT_MAX_FIELD_VALUES);
		return;
	}
	if (block->n_values == IMPORT_MAX_VALUES && full(block, pos, IMPORT_MAX_VALUES, "values"))
		return;
	block->n_values++;
	field->n_values++;
	it = spec_arena_alloc(block->arena, 1, sizeof(*it));
	it->name = name;
	it->desc = desc;
	it->value = value;
	it->pos = pos;
	*field->values_tail = it;
	field->values_tail = &it->next;
}

static void weigh(struct block *block, const char *text)
{
	block->n_text += strlen(text);
	if (block->n_text > IMPORT_MAX_TEXT)
		full(block, block->pos, IMPORT_MAX_TEXT >> 20, "MiB of text");
}

const char *block_text(struct block *block, const char *text)
{
	const char *neat = block->full ? NULL : import_tidy(block->arena, text);

	if (neat)
		weigh(block, neat);
	return neat;
}

struct block_file *block_add_file(struct block *block, struct spec_pos pos)
{
	struct block_file *file = spec_arena_alloc(block->arena, 1, sizeof(*file));

	file->pos = pos;
	file->count = 1;
	file->tail = &file->regs;
	*block->files_tail = file;
	block->files_tail = &file->next;
	return file;
}

static void add_note(struct block *block, struct notes **notes, const char *text)
{
	unsigned int n = 0;

	if (block->full)
		return;
	weigh(block, text);
	for (; *notes; notes = &(*notes)->next) {
		/* Said of every element of a list: once is enough. */
		if (!strcmp((*notes)->text, text))
			return;
		if (++n == MAX_NOTES)
			return;
	}
	*notes = spec_arena_alloc(block->arena, 1, sizeof(**notes));
	(*notes)->text = n == MAX_NOTES - 1 ? "and more, which is not repeated here"
					    : spec_arena_strndup(block->arena, text, strlen(text));
}

void import_note(struct block *block, struct notes **notes, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	add_note(block, notes, text);
}

void import_lost(struct block *block, struct notes **notes, struct spec_pos pos, const char *what,
		 const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	spec_warning(block->diags, pos, "%s: %s", what, text);
	if (notes)
		add_note(block, notes, text);
}

const char *import_tidy(struct spec_arena *arena, const char *text)
{
	GString *out;
	const char *copy;
	bool gap = false;

	if (!text || !text[strspn(text, " \t\r\n")])
		return NULL;
	out = g_string_new(NULL);
	while (*text && out->len < MAX_TEXT) {
		gunichar c = g_utf8_get_char(text);
		/* "\n" is how many SVD files break a line. */
		bool fold = text[0] == '\\' && text[1] == 'n';

		text = fold ? text + 2 : g_utf8_next_char(text);
		if (fold || !g_unichar_isprint(c) || g_unichar_isspace(c) ||
		    g_unichar_type(c) == G_UNICODE_FORMAT) {
			gap = true;
			continue;
		}
		if (gap && out->len)
			g_string_append_c(out, ' ');
		gap = false;
		g_string_append_unichar(out, c);
	}
	if (*text)
		g_string_append(out, " ...");
	copy = out->len ? spec_arena_strndup(arena, out->str, out->len) : NULL;
	g_string_free(out, TRUE);
	return copy;
}

const char *import_show(struct spec_arena *arena, const char *text)
{
	const char *neat = import_tidy(arena, text);

	if (!neat)
		return "";
	if (g_utf8_strlen(neat, -1) > 60) {
		g_autofree char *head = g_utf8_substring(neat, 0, 57);

		return spec_arena_printf(arena, "%s...", head);
	}
	return neat;
}

const char *import_identifier(struct spec_arena *arena, const char *text)
{
	GString *out;
	const char *copy;
	bool gap = false;

	/* Good as it is: then it stays. */
	if (text && g_ascii_isalpha(*text) && strlen(text) <= MAX_NAME &&
	    !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return text;
	out = g_string_new(NULL);
	for (; text && *text && out->len < MAX_NAME; text++) {
		if (!g_ascii_isalnum(*text)) {
			gap = true;
			continue;
		}
		if (gap && out->len)
			g_string_append_c(out, '_');
		if (!out->len && g_ascii_isdigit(*text))
			g_string_append_c(out, 'N');
		gap = false;
		g_string_append_c(out, *text);
	}
	if (!out->len)
		g_string_append_c(out, 'X');
	copy = spec_arena_strndup(arena, out->str, out->len);
	g_string_free(out, TRUE);
	return copy;
}
