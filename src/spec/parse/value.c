/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/parse/value.h"

#include <inttypes.h>
#include <string.h>

/* Longest piece of a user's text that a message repeats. */
#define SHOWN 60
/* Longest name: what a C compiler must tell apart (C11 5.2.4.1: 63 characters). */
#define NAME_MAX_LEN 63
#define TEXT_MAX_LEN 4096

const char *value_show(struct parser *p, const char *text)
{
	GString *out = g_string_new(NULL);
	const char *shown;

	while (*text && out->len < SHOWN) {
		gunichar c = g_utf8_get_char_validated(text, -1);
		const char *next = text + 1;

		if (c == (gunichar)-1 || c == (gunichar)-2)
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
		else if (!g_unichar_isprint(c))
			g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		else
			g_string_append_unichar(out, c);
		if (c < 0x110000)
			next = g_utf8_next_char(text);
		text = next;
	}
	if (*text)
		g_string_append(out, "...");
	shown = spec_arena_strndup(p->arena, out->str, out->len);
	g_string_free(out, TRUE);
	return shown;
}

static bool is_null(const struct tree *node)
{
	return node->kind == TREE_SCALAR && !node->quoted &&
	       (!*node->text || !strcmp(node->text, "null") || !strcmp(node->text, "~"));
}

static bool is_bool(const struct tree *node)
{
	return node->kind == TREE_SCALAR && !node->quoted &&
	       (!strcmp(node->text, "true") || !strcmp(node->text, "false"));
}

/* Does it begin as a number does? */
static bool is_numeric(const struct tree *node)
{
	const char *text = node->text;

	if (node->kind != TREE_SCALAR || node->quoted)
		return false;
	if (*text == '-' || *text == '+')
		text++;
	return g_ascii_isdigit(*text);
}

const char *value_kind(const struct tree *node)
{
	if (node->kind == TREE_LIST)
		return "a list";
	if (node->kind == TREE_MAP)
		return "a mapping";
	if (is_null(node))
		return "nothing";
	if (is_bool(node))
		return "true or false";
	if (is_numeric(node))
		return "a number";
	return "a string";
}

/* Reports unless the node is a scalar with something in it. */
static bool want_scalar(struct parser *p, const struct tree *node, const char *what,
			const char *expected)
{
	if (node->kind == TREE_SCALAR && !is_null(node))
		return true;
	spec_error(p->diags, node->pos, "%s: expected %s, found %s", what, expected,
		   value_kind(node));
	return false;
}

enum number_result { NUMBER_OK, NUMBER_NOT, NUMBER_TOO_BIG, NUMBER_OCTAL };

/* Digits of `text` up to *ret_end: decimal, 0x, 0o or 0b. */
static enum number_result scan(const char *text, uint64_t *ret_value, const char **ret_end)
{
	unsigned int base = 10;
	uint64_t value = 0;
	const char *c = text, *start;
	bool big = false;

	if (c[0] == '0' && c[1] == 'x')
		base = 16;
	else if (c[0] == '0' && c[1] == 'o')
		base = 8;
	else if (c[0] == '0' && c[1] == 'b')
		base = 2;
	if (base != 10)
		c += 2;
	for (start = c;; c++) {
		int digit = g_ascii_xdigit_value(*c);

		if (digit < 0 || (unsigned int)digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			big = true;
		value = value * base + digit;
	}
	if (c == start)
		return NUMBER_NOT;
	if (base == 10 && *start == '0' && c - start > 1)
		return NUMBER_OCTAL;
	*ret_end = c;
	if (big)
		return NUMBER_TOO_BIG;
	*ret_value = value;
	return NUMBER_OK;
}

/* The whole text as a number; reports what is wrong with it. */
static bool take_number(struct parser *p, const struct tree *node, const char *what,
			const char *text, uint64_t *ret_value)
{
	const char *end = text;
	uint64_t value = 0;

	if (node->quoted) {
		spec_error(p->diags, node->pos,
			   "%s: expected a number, found a string; take the "
			   "quotes away",
			   what);
		return false;
	}
	switch (scan(text, &value, &end)) {
	case NUMBER_OCTAL:
		spec_error(p->diags, node->pos,
			   "%s: a number must not begin with 0: octal is written 0o17", what);
		return false;
	case NUMBER_TOO_BIG:
		if (*end)
			break;
		spec_error(p->diags, node->pos, "%s: %s does not fit in 64 bits", what,
			   value_show(p, text));
		return false;
	case NUMBER_OK:
		if (*end)
			break;
		*ret_value = value;
		return true;
	case NUMBER_NOT:
		break;
	}
	spec_error(p->diags, node->pos, "%s: expected a number, found '%s'", what,
		   value_show(p, node->text));
	return false;
}

/* As readers write it: small ones decimal. */
static const char *number_text(struct parser *p, uint64_t value)
{
	return spec_arena_printf(p->arena, value < 4096 ? "%" PRIu64 : "0x%" PRIx64, value);
}

bool value_number(struct parser *p, const struct tree *node, const char *what, uint64_t min,
		  uint64_t max, uint64_t *ret_value)
{
	uint64_t value;

	if (!want_scalar(p, node, what, "a number"))
		return false;
	if (!node->quoted && node->text[0] == '-' && g_ascii_isdigit(node->text[1])) {
		spec_error(p->diags, node->pos, "%s: %s is below %s", what,
			   value_show(p, node->text), number_text(p, min));
		return false;
	}
	if (!take_number(p, node, what, node->text, &value))
		return false;
	if (value < min) {
		spec_error(p->diags, node->pos, "%s: %s is below %s", what,
			   value_show(p, node->text), number_text(p, min));
		return false;
	}
	if (value > max) {
		spec_error(p->diags, node->pos, "%s: %s is above %s", what,
			   value_show(p, node->text), number_text(p, max));
		return false;
	}
	*ret_value = value;
	return true;
}

bool value_signed(struct parser *p, const struct tree *node, const char *what, unsigned int bits,
		  uint64_t *ret_value)
{
	uint64_t limit = UINT64_C(1) << (bits - 1), value;
	bool negative;

	if (!want_scalar(p, node, what, "a number"))
		return false;
	negative = !node->quoted && node->text[0] == '-';
	if (!take_number(p, node, what, node->text + negative, &value))
		return false;
	if (value > limit - !negative) {
		spec_error(p->diags, node->pos, "%s: %s does not fit in a signed number of %u bits",
			   what, value_show(p, node->text), bits);
		return false;
	}
	*ret_value = negative ? -value : value;
	return true;
}

bool value_size(struct parser *p, const struct tree *node, const char *what, uint64_t *ret_value)
{
	static const struct {
		const char *unit;
		unsigned int shift;
	} units[] = { { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 } };
	const char *end = NULL;
	uint64_t value;

	if (!want_scalar(p, node, what, "a size (a number, or one with KiB, MiB or GiB)"))
		return false;
	if (scan(node->text, &value, &end) == NUMBER_OK && *end == ' ') {
		for (unsigned int i = 0; i < G_N_ELEMENTS(units); i++) {
			if (strcmp(end + 1, units[i].unit))
				continue;
			if (value > UINT64_MAX >> units[i].shift) {
				spec_error(p->diags, node->pos, "%s: %s does not fit in 64 bits",
					   what, value_show(p, node->text));
				return false;
			}
			*ret_value = value << units[i].shift;
			return true;
		}
	}
	if (end && *end) {
		spec_error(p->diags, node->pos,
			   "%s: '%s' is not a size; write 4096, 0x1000 or 4 KiB (or MiB, GiB)",
			   what, value_show(p, node->text));
		return false;
	}
	return take_number(p, node, what, node->text, ret_value);
}

bool value_bool(struct parser *p, const struct tree *node, const char *what, bool *ret_value)
{
	static const char *const yes[] = { "yes", "on", "y", "1" };
	static const char *const no[] = { "no", "off", "n", "0" };
	const char *meant = NULL;

	if (is_bool(node)) {
		*ret_value = node->text[0] == 't';
		return true;
	}
	if (!want_scalar(p, node, what, "true or false"))
		return false;
	for (unsigned int i = 0; i < G_N_ELEMENTS(yes); i++) {
		if (!g_ascii_strcasecmp(node->text, yes[i]))
			meant = "true";
		if (!g_ascii_strcasecmp(node->text, no[i]))
			meant = "false";
	}
	if (!g_ascii_strcasecmp(node->text, "true"))
		meant = "true";
	if (!g_ascii_strcasecmp(node->text, "false"))
		meant = "false";
	if (meant)
		spec_error(p->diags, node->pos,
			   "%s: expected true or false, found '%s'; did you mean %s?", what,
			   value_show(p, node->text), meant);
	else
		spec_error(p->diags, node->pos, "%s: expected true or false, found '%s'", what,
			   value_show(p, node->text));
	return false;
}

static const char *list_words(struct parser *p, const struct word *words)
{
	GString *out = g_string_new(NULL);
	const char *text;

	for (const struct word *w = words; w->word; w++) {
		if (w->later)
			continue;
		if (out->len)
			g_string_append(out, ", ");
		g_string_append(out, w->word);
	}
	text = spec_arena_strndup(p->arena, out->str, out->len);
	g_string_free(out, TRUE);
	return text;
}

bool value_word(struct parser *p, const struct tree *node, const char *what,
		const struct word *words, unsigned int *ret_value)
{
	const char *meant;

	if (node->kind != TREE_SCALAR || is_null(node)) {
		/* A word table may well hold "none"; nothing at all is a slip. */
		spec_error(p->diags, node->pos, "%s: expected one of %s, found %s", what,
			   list_words(p, words), value_kind(node));
		return false;
	}
	for (const struct word *w = words; w->word; w++) {
		if (strcmp(node->text, w->word))
			continue;
		if (w->later) {
			spec_error(p->diags, node->pos, "%s: %s is not supported yet", what,
				   w->word);
			return false;
		}
		*ret_value = w->value;
		return true;
	}
	meant = spec_nearest(node->text, &words->word, sizeof(*words));
	if (meant)
		spec_error(p->diags, node->pos, "%s: unknown value '%s'; did you mean '%s'?", what,
			   value_show(p, node->text), meant);
	else
		spec_error(p->diags, node->pos, "%s: unknown value '%s'; known: %s", what,
			   value_show(p, node->text), list_words(p, words));
	return false;
}

bool value_name(struct parser *p, const struct tree *node, const char *what, const char **ret_name)
{
	const char *text;

	if (!want_scalar(p, node, what, "a name"))
		return false;
	text = node->text;
	for (const char *c = text; *c || c == text; c++) {
		if (g_ascii_isalpha(*c) || (c != text && (g_ascii_isdigit(*c) || *c == '_')))
			continue;
		spec_error(p->diags, node->pos,
			   "%s: '%s' is not a C identifier (a letter, then letters, digits and _)",
			   what, value_show(p, text));
		return false;
	}
	if (strlen(text) > NAME_MAX_LEN) {
		spec_error(p->diags, node->pos, "%s: '%s' is longer than %u characters", what,
			   value_show(p, text), NAME_MAX_LEN);
		return false;
	}
	*ret_name = text;
	return true;
}

bool value_text(struct parser *p, const struct tree *node, const char *what, const char **ret_text)
{
	if (node->kind != TREE_SCALAR) {
		spec_error(p->diags, node->pos, "%s: expected text, found %s", what,
			   value_kind(node));
		return false;
	}
	if (strlen(node->text) > TEXT_MAX_LEN) {
		spec_error(p->diags, node->pos, "%s: text of more than %u bytes", what,
			   TEXT_MAX_LEN);
		return false;
	}
	*ret_text = node->text;
	return true;
}

bool value_bits(struct parser *p, const struct tree *node, unsigned int *ret_lsb,
		unsigned int *ret_width)
{
	static const char expected[] = "bits as msb:lsb or one number";
	uint64_t msb, lsb;
	const char *end;

	if (!want_scalar(p, node, "bits", expected))
		return false;
	if (scan(node->text, &msb, &end) != NUMBER_OK)
		goto bad;
	lsb = msb;
	if (*end == ':' && scan(end + 1, &lsb, &end) != NUMBER_OK)
		goto bad;
	if (*end)
		goto bad;
	if (msb < lsb) {
		spec_error(p->diags, node->pos,
			   "bits: %s is upside down: the higher bit comes first",
			   value_show(p, node->text));
		return false;
	}
	if (msb > 63) {
		spec_error(p->diags, node->pos, "bits: %s goes beyond bit 63",
			   value_show(p, node->text));
		return false;
	}
	*ret_lsb = lsb;
	*ret_width = msb - lsb + 1;
	return true;
bad:
	spec_error(p->diags, node->pos, "bits: expected %s, found '%s'", expected,
		   value_show(p, node->text));
	return false;
}

bool value_list(struct parser *p, const struct tree *node, const char *what)
{
	if (node->kind == TREE_LIST)
		return true;
	spec_error(p->diags, node->pos, "%s: expected a list, found %s", what, value_kind(node));
	return false;
}

bool value_map(struct parser *p, const struct tree *node, const char *what)
{
	if (node->kind == TREE_MAP)
		return true;
	spec_error(p->diags, node->pos, "%s: expected a mapping (key: value), found %s", what,
		   value_kind(node));
	return false;
}

static void unknown_key(struct parser *p, const struct tree *member, const struct key_table *table)
{
	const char *names[KEYS + 1], *meant;
	unsigned int n = 0;

	if (!strcmp(member->key->text, "<<")) {
		spec_error(p->diags, member->key->pos,
			   "merge keys (<<) are not supported: write the keys out");
		return;
	}
	for (unsigned int i = 0; i < table->n_rows; i++) {
		if (table->rows[i].flag != KEY_LATER)
			names[n++] = key_names[table->rows[i].key];
	}
	names[n] = NULL;
	meant = spec_nearest(member->key->text, names, sizeof(*names));
	if (meant) {
		spec_error(p->diags, member->key->pos, "unknown key '%s' in %s; did you mean '%s'?",
			   value_show(p, member->key->text), table->article, meant);
	} else {
		g_autofree char *known = g_strjoinv(", ", (char **)names);

		spec_error(p->diags, member->key->pos, "unknown key '%s' in %s; known: %s",
			   value_show(p, member->key->text), table->article, known);
	}
}

bool value_keys(struct parser *p, const struct tree *node, enum key_section section,
		const struct tree *ret_values[KEYS])
{
	const struct key_table *table = &key_tables[section];

	memset(ret_values, 0, KEYS * sizeof(*ret_values));
	if (!value_map(p, node, table->section))
		return false;
	for (const struct tree *m = node->first; m; m = m->next) {
		const struct key_row *row = NULL;

		for (unsigned int i = 0; i < table->n_rows && !row; i++) {
			if (!strcmp(m->key->text, key_names[table->rows[i].key]))
				row = &table->rows[i];
		}
		if (!row) {
			unknown_key(p, m, table);
		} else if (row->flag == KEY_LATER) {
			spec_error(p->diags, m->key->pos, "'%s' in %s is not supported yet",
				   m->key->text, table->article);
		} else if (ret_values[row->key]) {
			spec_error(p->diags, m->key->pos, "key '%s' is here twice", m->key->text);
			spec_note(p->diags, ret_values[row->key]->key->pos, "first here");
		} else {
			ret_values[row->key] = m;
		}
	}
	for (unsigned int i = 0; i < table->n_rows; i++) {
		if (table->rows[i].flag == KEY_REQUIRED && !ret_values[table->rows[i].key])
			spec_error(p->diags, node->pos, "%s lacks the key '%s' (%s)",
				   table->article, key_names[table->rows[i].key],
				   table->rows[i].type);
	}
	return true;
}
