/* SPDX-License-Identifier: BSD-2-Clause */
/* include: blocks of registers from other files. */
#include "spec/parse/parse.h"

#include <string.h>

#define MAX_INCLUDES 64

static void free_block(void *item)
{
	struct block *block = item;

	g_array_free(block->regs, TRUE);
	g_array_free(block->groups, TRUE);
}

struct block *parse_find_block(struct parser *p, const char *name)
{
	for (unsigned int i = 0; p->blocks && i < p->blocks->len; i++) {
		struct block *block = &g_array_index(p->blocks, struct block, i);

		if (block->name && !strcmp(block->name, name))
			return block;
	}
	return NULL;
}

/* One included file: a mapping with the keys of a block. */
static void parse_block(struct parser *p, const struct tree *root)
{
	GArray *groups = p->groups;
	const struct tree *values[KEYS];
	struct parse_registers from = { NULL };
	struct block block = { .pos = root->pos };
	const struct block *other;

	if (!value_keys(p, root, SECTION_BLOCK, values))
		return;
	if (values[KEY_BLOCK]) {
		block.pos = values[KEY_BLOCK]->pos;
		value_name(p, values[KEY_BLOCK], "block", &block.name);
	}
	parse_desc(p, values, &block.desc);
	other = block.name ? parse_find_block(p, block.name) : NULL;
	if (other) {
		spec_error(p->diags, block.pos, "a second block named %s", block.name);
		spec_note(p->diags, other->pos, "the first is here");
		return;
	}
	block.regs = g_array_new(FALSE, TRUE, sizeof(struct spec_reg));
	block.groups = g_array_new(FALSE, TRUE, sizeof(struct spec_regfile));
	from.registers = values[KEY_REGISTERS];
	from.regfiles = values[KEY_REGFILES];
	p->groups = block.groups;
	parse_all_registers(p, &from, 0, block.regs);
	p->groups = groups;
	g_array_append_val(p->blocks, block);
}

/* The text of an included file; positions in it are the file's own. */
static void parse_file(struct parser *p, const char *path, const char *text, size_t len)
{
	struct spec_pos start = { 1, 1, spec_diags_include(p->diags, path) };
	unsigned int errors = spec_diags_errors(p->diags);
	struct tree *root;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (tree_scan(p->diags, text, len)) {
		root = tree_parse(p->arena, p->diags, text, len);
		if (root)
			parse_block(p, root);
		else if (spec_diags_errors(p->diags) == errors)
			spec_error(p->diags, start, "empty: a block needs at least block:");
	}
	spec_diags_switch(p->diags, 0);
}

/* One of the list. */
static void parse_one(struct parser *p, const struct tree *item, unsigned int *n)
{
	const char **paths = p->dev->includes;
	char *path, *text, *why = NULL;
	g_autofree char *dir = NULL;
	const char *name;
	size_t len;

	if (!value_text(p, item, "include", &name))
		return;
	if (!*name || g_path_is_absolute(name)) {
		spec_error(p->diags, item->pos, "include: '%s' is not a path relative to this file",
			   value_show(p, name));
		return;
	}
	dir = g_path_get_dirname(p->file);
	path = strcmp(dir, ".") || g_str_has_prefix(p->file, "./")
		       ? spec_arena_printf(p->arena, "%s/%s", dir, name)
		       : spec_arena_strndup(p->arena, name, strlen(name));
	for (unsigned int i = 0; i < *n; i++) {
		if (!strcmp(paths[i], path)) {
			spec_error(p->diags, item->pos, "include: %s is here twice",
				   value_show(p, name));
			return;
		}
	}
	text = parse_read(path, SPEC_MAX_FILE, &len, &why);
	if (!text) {
		spec_error(p->diags, item->pos, "include: %s: %s", value_show(p, name), why);
		g_free(why);
		return;
	}
	p->included += len;
	if (p->included > SPEC_MAX_FILE)
		spec_error(p->diags, item->pos,
			   "include: with %s, the files come to more than %u MiB",
			   value_show(p, name), SPEC_MAX_FILE >> 20);
	else
		parse_file(p, path, text, len);
	g_free(text);
	paths[(*n)++] = path;
}

void parse_include(struct parser *p, const struct tree *node)
{
	unsigned int n = 0;

	p->groups = g_array_new(FALSE, TRUE, sizeof(struct spec_regfile));
	p->blocks = g_array_new(FALSE, TRUE, sizeof(struct block));
	g_array_set_clear_func(p->blocks, free_block);
	if (!node || !value_list(p, node, "include"))
		node = NULL;
	if (node && node->count > MAX_INCLUDES) {
		spec_error(p->diags, node->pos, "include: %u files; at most %u are supported",
			   node->count, MAX_INCLUDES);
		node = NULL;
	}
	p->dev->includes =
		spec_arena_alloc(p->arena, (node ? node->count : 0) + 1, sizeof(*p->dev->includes));
	for (const struct tree *item = node ? node->first : NULL; item; item = item->next)
		parse_one(p, item, &n);
}

void parse_blocks_end(struct parser *p)
{
	for (unsigned int i = 0; i < p->blocks->len; i++) {
		const struct block *block = &g_array_index(p->blocks, struct block, i);

		if (block->name && !block->used)
			spec_warning(p->diags, block->pos, "block: no BAR uses %s", block->name);
	}
	g_array_free(p->blocks, TRUE);
	p->blocks = NULL;
	p->dev->n_regfiles = p->groups->len;
	p->dev->regfiles = spec_arena_alloc(p->arena, p->groups->len, sizeof(*p->dev->regfiles));
	if (p->groups->len)
		memcpy(p->dev->regfiles, p->groups->data,
		       p->groups->len * sizeof(*p->dev->regfiles));
	g_array_free(p->groups, TRUE);
	p->groups = NULL;
}
