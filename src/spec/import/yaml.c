/* SPDX-License-Identifier: BSD-2-Clause */
/* A block as YAML that a person would like to have written: no defaults, comments at their place. */
#include "spec/import/import.h"

#include <inttypes.h>
#include <string.h>

#define COLUMNS 100

static const char *const onwrite_words[] = {
	[SPEC_WOCLR] = "woclr", [SPEC_WOSET] = "woset", [SPEC_WOT] = "wot",
	[SPEC_WZC] = "wzc",	[SPEC_WZS] = "wzs",	[SPEC_WZT] = "wzt",
	[SPEC_WCLR] = "wclr",	[SPEC_WSET] = "wset",	[SPEC_WUSER] = "wuser",
};

static const char *const onread_words[] = {
	[SPEC_RCLR] = "rclr",
	[SPEC_RSET] = "rset",
	[SPEC_RUSER] = "ruser",
};

static const char *sw_word(const struct block_access *access)
{
	if (access->once)
		return access->r ? "rw1" : "w1";
	return access->r ? access->w ? "rw" : "r" : access->w ? "w" : "na";
}

/* ---- texts ---- */

static bool is_plain(const char *text)
{
	/* Words that are something else than text to one reader of YAML or another. */
	static const char *const special[] = { "true", "false", "null", "yes", "no",
					       "on",   "off",	"y",	"n",   NULL };
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789 _./()+=;-";

	if (!g_ascii_isalpha(*text) || text[strspn(text, fine)] || g_str_has_suffix(text, " "))
		return false;
	for (unsigned int i = 0; special[i]; i++)
		if (!g_ascii_strcasecmp(text, special[i]))
			return false;
	return true;
}

/* A text that `tidy` or `identifier` made, as a scalar on one line. */
static void put_scalar(GString *out, const char *text)
{
	if (is_plain(text)) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

static void put_indent(GString *out, unsigned int indent)
{
	g_string_append_printf(out, "%*s", (int)indent, "");
}

/* Words, wrapped; each line begins with `indent` blanks and `head`. */
static void put_wrapped(GString *out, unsigned int indent, const char *head, const char *text)
{
	while (*text) {
		size_t room = COLUMNS - MIN(indent + strlen(head), 60), at = 0, fit = 0;

		while (text[at]) {
			size_t word = strcspn(text + at, " ");

			/* A word that fits no line goes on one of its own. */
			if (fit && at + word > room)
				break;
			fit = at + word;
			at = fit + strspn(text + fit, " ");
		}
		put_indent(out, indent);
		g_string_append(out, head);
		g_string_append_len(out, text, fit);
		g_string_append_c(out, '\n');
		text += fit;
		text += strspn(text, " ");
	}
}

static void put_notes(GString *out, unsigned int indent, const struct notes *notes)
{
	for (; notes; notes = notes->next) {
		/* One that is a line of YAML to be copied stays as it is. */
		if (g_str_has_prefix(notes->text, "  ")) {
			put_indent(out, indent);
			g_string_append_printf(out, "# %s\n", notes->text);
		} else {
			put_wrapped(out, indent, "# ", notes->text);
		}
	}
}

static void put_description(GString *out, unsigned int indent, const char *text)
{
	size_t start = out->len;

	if (!text)
		return;
	put_indent(out, indent);
	g_string_append(out, "description: ");
	put_scalar(out, text);
	if (out->len - start <= COLUMNS) {
		g_string_append_c(out, '\n');
		return;
	}
	g_string_truncate(out, start);
	put_indent(out, indent);
	g_string_append(out, "description: >-\n");
	put_wrapped(out, indent + 2, "", text);
}

/* Lines from `start` on become comments, at the indentation they have. */
static void comment_out(GString *out, gsize start, unsigned int indent)
{
	g_autofree char *text = g_strdup(out->str + start);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	g_string_truncate(out, start);
	for (char **line = lines; *line && (**line || line[1]); line++) {
		size_t blanks = MIN(strspn(*line, " "), indent);

		put_indent(out, indent);
		g_string_append_printf(out, "# %s\n", *line + blanks);
	}
}

/* ---- keys ---- */

/* Keys of one mapping: a line each, or all on one. */
struct keys {
	GString *out;
	unsigned int indent;
	bool flow;
	unsigned int n;
};

static G_GNUC_PRINTF(3, 4) void put_key(struct keys *k, const char *key, const char *format, ...)
{
	va_list args;

	if (k->flow)
		g_string_append(k->out, k->n ? ", " : "");
	else if (k->n)
		put_indent(k->out, k->indent);
	k->n++;
	g_string_append_printf(k->out, "%s: ", key);
	va_start(args, format);
	g_string_append_vprintf(k->out, format, args);
	va_end(args);
	if (!k->flow)
		g_string_append_c(k->out, '\n');
}

static void put_name(struct keys *k, const char *name)
{
	GString *text = g_string_new(NULL);

	put_scalar(text, name);
	put_key(k, "name", "%s", text->str);
	g_string_free(text, TRUE);
}

/* What differs from the access around it. */
static void put_access(struct keys *k, const struct block_access *access,
		       const struct block_access *outer)
{
	if (strcmp(sw_word(access), sw_word(outer)))
		put_key(k, "sw", "%s", sw_word(access));
	if (access->hw && g_strcmp0(access->hw, outer->hw))
		put_key(k, "hw", "%s", access->hw);
	else if (!access->hw && outer->hw)
		put_key(k, "hw", "rw");
	if (access->onwrite && access->onwrite != outer->onwrite)
		put_key(k, "onwrite", "%s", onwrite_words[access->onwrite]);
	if (access->onread && access->onread != outer->onread)
		put_key(k, "onread", "%s", onread_words[access->onread]);
}

static void put_number(GString *out, uint64_t value)
{
	g_string_append_printf(out, value < 256 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void put_values(struct keys *k, const struct block_field *field)
{
	const struct block_value *value = field->values;
	GString *text = g_string_new("{");
	bool described = false;

	for (; value; value = value->next) {
		put_scalar(text, value->name);
		g_string_append(text, ": ");
		put_number(text, value->value);
		g_string_append(text, value->next ? ", " : "}");
		described |= value->desc != NULL;
	}
	if (k->flow || (!described && text->len + k->indent + 8 <= COLUMNS)) {
		put_key(k, "values", "%s", text->str);
		g_string_free(text, TRUE);
		return;
	}
	put_indent(k->out, k->indent);
	g_string_append(k->out, "values:\n");
	for (value = field->values; value; value = value->next) {
		gsize start = k->out->len;

		put_indent(k->out, k->indent + 2);
		put_scalar(k->out, value->name);
		g_string_append(k->out, ": ");
		put_number(k->out, value->value);
		if (value->desc && k->out->len - start + strlen(value->desc) + 4 <= COLUMNS) {
			g_string_append_printf(k->out, "  # %s\n", value->desc);
		} else if (value->desc) {
			g_autofree char *line = g_strdup(k->out->str + start);

			g_string_truncate(k->out, start);
			put_wrapped(k->out, k->indent + 2, "# ", value->desc);
			g_string_append_printf(k->out, "%s\n", line);
		} else {
			g_string_append_c(k->out, '\n');
		}
	}
	g_string_free(text, TRUE);
}

static void put_field_keys(struct keys *k, const struct block_reg *reg,
			   const struct block_field *field)
{
	put_name(k, field->name);
	if (field->width == 1)
		put_key(k, "bits", "%u", field->lsb);
	else
		put_key(k, "bits", "%u:%u", field->lsb + field->width - 1, field->lsb);
	/* What reserved bits do is not the driver's to know. */
	if (field->reserved) {
		put_key(k, "reserved", "ignored");
		if (!field->access.r)
			put_key(k, "sw", "%s", field->access.w ? "w" : "na");
	} else {
		put_access(k, &field->access, &reg->access);
	}
	if (field->has_reset && field->reset)
		put_key(k, "reset", "0x%" PRIx64, field->reset);
	if (field->donttest)
		put_key(k, "donttest", "true");
	switch (field->reserved ? BLOCK_LIMIT_NONE : field->limit) {
	case BLOCK_LIMIT_NONE:
		break;
	case BLOCK_LIMIT_VALUES:
		put_key(k, "writeconstraint", "values");
		break;
	case BLOCK_LIMIT_AS_READ:
		put_key(k, "writeconstraint", "asread");
		break;
	case BLOCK_LIMIT_RANGE:
		put_key(k, "writeconstraint", "[%" PRIu64 ", %" PRIu64 "]", field->min, field->max);
		break;
	}
}

/* On one line, if it fits and has nothing that wants lines of its own. */
static bool put_flow_field(GString *out, unsigned int indent, const struct block_reg *reg,
			   const struct block_field *field)
{
	struct keys k = { .out = out, .indent = indent, .flow = true };
	gsize start = out->len;

	for (const struct block_value *value = field->values; value; value = value->next)
		if (value->desc)
			return false;
	put_indent(out, indent);
	g_string_append(out, "- {");
	put_field_keys(&k, reg, field);
	if (field->values)
		put_values(&k, field);
	if (field->desc) {
		g_string_append(out, ", description: ");
		put_scalar(out, field->desc);
	}
	g_string_append(out, "}\n");
	if (out->len - start <= COLUMNS + 1)
		return true;
	g_string_truncate(out, start);
	return false;
}

static void put_field(GString *out, unsigned int indent, const struct block_reg *reg,
		      const struct block_field *field)
{
	struct keys k = { .out = out, .indent = indent + 2 };
	gsize start = out->len;

	put_notes(out, indent, field->notes);
	if (field->why_not) {
		g_autofree char *why = g_strdup_printf("left out: %s", field->why_not);

		put_wrapped(out, indent, "# ", why);
		start = out->len;
	}
	if (!put_flow_field(out, indent, reg, field)) {
		put_indent(out, indent);
		g_string_append(out, "- ");
		put_field_keys(&k, reg, field);
		put_description(out, indent + 2, field->desc);
		if (field->values)
			put_values(&k, field);
	}
	if (field->why_not)
		comment_out(out, start, indent);
}

static void put_reg(GString *out, unsigned int indent, const struct block_reg *reg)
{
	static const struct block_access plain = { .r = true, .w = true };
	struct keys k = { .out = out, .indent = indent + 2 };
	gsize start;
	bool any = false;

	put_notes(out, indent, reg->notes);
	if (reg->why_not) {
		g_autofree char *why = g_strdup_printf("left out: %s", reg->why_not);

		put_wrapped(out, indent, "# ", why);
	}
	start = out->len;
	put_indent(out, indent);
	g_string_append(out, "- ");
	put_name(&k, reg->name);
	put_key(&k, "offset", "0x%" PRIx64, reg->offset);
	if (reg->width != 32)
		put_key(&k, "regwidth", "%" PRIu64, reg->width);
	if (reg->array)
		put_key(&k, "count", "%" PRIu64, reg->count);
	if (reg->array && reg->stride != reg->width / 8)
		put_key(&k, "stride", "0x%" PRIx64, reg->stride);
	put_access(&k, &reg->access, &plain);
	if (reg->has_reset && reg->reset)
		put_key(&k, "reset", "0x%" PRIx64, reg->reset);
	if (reg->alternate_to && *reg->alternate_to)
		put_key(&k, "alternate", "%s", reg->alternate_to);
	put_description(out, indent + 2, reg->desc);
	for (const struct block_field *field = reg->fields; field; field = field->next)
		any |= !field->why_not;
	if (any) {
		put_indent(out, indent + 2);
		g_string_append(out, "fields:\n");
	}
	for (const struct block_field *field = reg->fields; field; field = field->next)
		put_field(out, indent + 4, reg, field);
	if (reg->why_not)
		comment_out(out, start, indent);
}

static bool any_reg(const struct block_file *file)
{
	for (const struct block_reg *reg = file->regs; reg; reg = reg->next)
		if (!reg->why_not)
			return true;
	return false;
}

static void put_file(GString *out, const struct block_file *file)
{
	struct keys k = { .out = out, .indent = 4 };
	bool any = any_reg(file);
	gsize start;

	put_notes(out, 2, file->notes);
	if (!any)
		put_wrapped(out, 2, "# ", "left out: no register of it could be carried over");
	start = out->len;
	g_string_append(out, "  - ");
	put_name(&k, file->name);
	put_key(&k, "offset", "0x%" PRIx64, file->offset);
	if (file->array) {
		put_key(&k, "count", "%" PRIu64, file->count);
		put_key(&k, "stride", "0x%" PRIx64, file->stride);
	}
	put_description(out, 4, file->desc);
	g_string_append(out, "    registers:\n");
	for (const struct block_reg *reg = file->regs; reg; reg = reg->next)
		put_reg(out, 6, reg);
	if (!any)
		comment_out(out, start, 2);
}

/* ---- all of it ---- */

/* An array of the block cannot hold an array of arrays. */
static bool has_matrix(const struct block *block)
{
	for (const struct block_file *file = block->files; file; file = file->next)
		for (const struct block_reg *reg = file->regs; reg && file->array; reg = reg->next)
			if (reg->array && !reg->why_not)
				return true;
	return false;
}

static uint64_t power_of_two(uint64_t n)
{
	uint64_t size = 16;

	while (size < n)
		size *= 2;
	return size;
}

static void put_instance(GString *out, const char *indent, const struct block *block,
			 const char *name, uint64_t offset, const char *more,
			 const struct block_instance *it, uint64_t base)
{
	g_string_append_printf(out, "%s      - {name: %s, block: %s, offset: 0x%" PRIx64 "%s}",
			       indent, name, block->name, offset, more);
	if (it->has_base)
		g_string_append_printf(out, "  # 0x%" PRIx64 " in the source", base);
	g_string_append_c(out, '\n');
}

void block_usage(const struct block *block, const char *file, const char *indent, GString *out)
{
	const uint64_t step = power_of_two(block->size);
	const bool matrix = has_matrix(block);
	GString *instances = g_string_new(NULL);
	uint64_t offset = 0;
	unsigned int n = 0;

	for (const struct block_instance *it = block->instances; it; it = it->next, n++) {
		if (n == 16 || (n && offset + step * MAX(it->count, 1) > UINT32_MAX)) {
			g_string_append_printf(instances, "%s      # and more\n", indent);
			break;
		}
		if (it->count && !matrix) {
			uint64_t stride = MAX(it->stride, step);
			g_autofree char *more = NULL;

			/* One that fits no register is not the device's. */
			if (stride % 8 || stride > UINT32_MAX)
				stride = step;
			more = g_strdup_printf(", count: %" PRIu64 ", stride: 0x%" PRIx64,
					       it->count, stride);
			put_instance(instances, indent, block, it->name, offset, more, it,
				     it->base);
			offset += it->count * stride;
			continue;
		}
		for (uint64_t i = 0; i < MAX(it->count, 1) && i < 16; i++, offset += step) {
			g_autofree char *name = it->count
							? g_strdup_printf("%s%" PRIu64, it->name, i)
							: g_strdup(it->name);

			put_instance(instances, indent, block, name, offset, "", it,
				     it->base + i * it->stride);
		}
	}
	g_string_append_printf(out,
			       "%sinclude: [%s]\n"
			       "%sbars:\n"
			       "%s  - number: 0\n"
			       "%s    name: regs\n"
			       "%s    size: 0x%" PRIx64 "\n"
			       "%s    blocks:\n%s",
			       indent, file, indent, indent, indent, indent, power_of_two(offset),
			       indent, instances->str);
	g_string_free(instances, TRUE);
}

void block_write(const struct block *block, const char *file, GString *out)
{
	struct keys k = { .out = out };
	GString *head = g_string_new(NULL);

	g_string_append_printf(
		head, "Made by ersatz spec import from %s. In device.yaml:", block->source);
	put_wrapped(out, 0, "# ", head->str);
	g_string_free(head, TRUE);
	g_string_append(out, "#\n");
	block_usage(block, file, "#   ", out);
	if (block->notes)
		g_string_append(out, "#\n");
	put_notes(out, 0, block->notes);
	put_notes(out, 0, block->own.notes);
	put_key(&k, "block", "%s", block->name);
	put_description(out, 0, block->desc);
	/* Nothing but comments under a key would be an empty list. */
	if (any_reg(&block->own))
		g_string_append(out, "registers:\n");
	for (const struct block_reg *reg = block->own.regs; reg; reg = reg->next)
		put_reg(out, 2, reg);
	for (const struct block_file *it = block->files; it; it = it->next) {
		if (any_reg(it)) {
			g_string_append(out, "regfiles:\n");
			break;
		}
	}
	for (const struct block_file *it = block->files; it; it = it->next)
		put_file(out, it);
}
