/* SPDX-License-Identifier: BSD-2-Clause */
/* registers: and fields: */
#include "spec/parse/parse.h"

enum sw { SW_NA, SW_R, SW_W, SW_RW, SW_ONCE = 4 };

static const struct word sw_words[] = {
	{ "rw", SW_RW },
	{ "r", SW_R },
	{ "w", SW_W },
	{ "na", SW_NA },
	{ "rw1", SW_RW | SW_ONCE },
	{ "w1", SW_W | SW_ONCE },
	{ NULL },
};

static const struct word hw_words[] = {
	{ "rw", SPEC_HW_RW }, { "r", SPEC_HW_R }, { "w", SPEC_HW_W },
	{ "na", SPEC_HW_NA }, { NULL },
};

static const struct word onread_words[] = {
	{ "rclr", SPEC_RCLR },
	{ "rset", SPEC_RSET },
	{ "ruser", SPEC_RUSER },
	{ NULL },
};

static const struct word onwrite_words[] = {
	{ "woclr", SPEC_WOCLR }, { "woset", SPEC_WOSET },
	{ "wot", SPEC_WOT },	 { "wzc", SPEC_WZC },
	{ "wzs", SPEC_WZS },	 { "wzt", SPEC_WZT },
	{ "wclr", SPEC_WCLR },	 { "wset", SPEC_WSET },
	{ "wuser", SPEC_WUSER }, { NULL },
};

/*
 * The properties that a register and a field share. *access holds the
 * defaults. An effect that the bits' own access cannot have is an error only
 * where it is written: inherited, it just does not apply.
 */
static void parse_access(struct parser *p, const struct tree **values, struct spec_access *access)
{
	bool sw_known = true;
	unsigned int word;

	if (values[KEY_SW]) {
		sw_known = value_word(p, values[KEY_SW], "sw", sw_words, &word);
		if (sw_known) {
			access->r = word & SW_R;
			access->w = word & SW_W;
			access->once = word & SW_ONCE;
		}
	}
	if (values[KEY_HW] && value_word(p, values[KEY_HW], "hw", hw_words, &word))
		access->hw = word;
	if (values[KEY_ONREAD] &&
	    value_word(p, values[KEY_ONREAD], "onread", onread_words, &word)) {
		access->onread = word;
		if (sw_known && !access->r)
			spec_error(p->diags, values[KEY_ONREAD]->pos,
				   "onread: %s, but software cannot read it (sw: %s)",
				   values[KEY_ONREAD]->text, access->w ? "w" : "na");
	}
	if (values[KEY_ONWRITE] &&
	    value_word(p, values[KEY_ONWRITE], "onwrite", onwrite_words, &word)) {
		access->onwrite = word;
		if (sw_known && !access->w)
			spec_error(p->diags, values[KEY_ONWRITE]->pos,
				   "onwrite: %s, but software cannot write it (sw: %s)",
				   values[KEY_ONWRITE]->text, access->r ? "r" : "na");
	}
	parse_flag(p, values, KEY_SWMOD, &access->swmod);
	if (values[KEY_SWMOD] && access->swmod && sw_known && !access->w)
		spec_error(p->diags, values[KEY_SWMOD]->pos,
			   "swmod: software cannot write it (sw: %s)", access->r ? "r" : "na");
	parse_resets(p, values, &access->resets);
	parse_rules(p, values, access, sw_known);
}

static void parse_value_names(struct parser *p, const struct tree *node, struct spec_field *field)
{
	if (!value_map(p, node, "values"))
		return;
	field->values = spec_arena_alloc(p->arena, node->count, sizeof(*field->values));
	for (const struct tree *item = node->first; item; item = item->next) {
		struct spec_value *value = &field->values[field->n_values];
		uint64_t max = field->bad || field->width >= 64 ? UINT64_MAX
								: (UINT64_C(1) << field->width) - 1;

		value->pos = item->key->pos;
		if (!value_name(p, item->key, "values", &value->name))
			continue;
		if (!value_number(p, item, "values", 0, max, &value->value))
			continue;
		field->n_values++;
	}
}

static void parse_field(struct parser *p, const struct tree *node, const struct spec_reg *reg,
			struct spec_field *field)
{
	const struct tree *values[KEYS];

	field->pos = node->pos;
	field->bad = true;
	field->access = reg->access;
	if (!value_keys(p, node, SECTION_FIELD, values))
		return;
	parse_name(p, values, &field->name, NULL);
	parse_desc(p, values, &field->desc);
	parse_field_reserved(p, values, field);
	parse_access(p, values, &field->access);
	if (values[KEY_BITS]) {
		field->bits_pos = values[KEY_BITS]->pos;
		field->bad = !value_bits(p, values[KEY_BITS], &field->lsb, &field->width);
	}
	if (values[KEY_RESET]) {
		uint64_t max = field->bad || field->width >= 64 ? UINT64_MAX
								: (UINT64_C(1) << field->width) - 1;

		field->reset_pos = values[KEY_RESET]->pos;
		field->has_reset =
			value_number(p, values[KEY_RESET], "reset", 0, max, &field->reset);
	}
	if (values[KEY_VALUES])
		parse_value_names(p, values[KEY_VALUES], field);
	parse_field_rules(p, values, field);
}

/* Place and size: everything that later sums need. False: reported. */
static bool parse_place(struct parser *p, const struct tree **values, struct spec_reg *reg)
{
	static const struct word widths[] = {
		{ "8", 1 }, { "16", 2 }, { "32", 4 }, { "64", 8 }, { NULL }
	};
	uint64_t stride;
	bool ok = true;

	reg->width = 4;
	if (values[KEY_REGWIDTH])
		ok &= value_word(p, values[KEY_REGWIDTH], "regwidth", widths, &reg->width);
	reg->access_width = reg->width;
	if (values[KEY_ACCESSWIDTH] &&
	    value_word(p, values[KEY_ACCESSWIDTH], "accesswidth", widths, &reg->access_width) &&
	    ok && reg->access_width > reg->width)
		spec_error(p->diags, values[KEY_ACCESSWIDTH]->pos,
			   "accesswidth: %u bits are more than the register has (regwidth %u)",
			   reg->access_width * 8, reg->width * 8);
	parse_count(p, values, &reg->array, &reg->count);
	reg->stride = reg->width;
	if (values[KEY_STRIDE]) {
		reg->stride_pos = values[KEY_STRIDE]->pos;
		if (!reg->array)
			spec_error(p->diags, reg->stride_pos,
				   "stride: only an array has one; "
				   "give a count too");
		if (value_number(p, values[KEY_STRIDE], "stride", 1, UINT32_MAX, &stride))
			reg->stride = stride;
		else
			ok = false;
	}
	if (!values[KEY_OFFSET])
		return false;
	reg->offset_pos = values[KEY_OFFSET]->pos;
	return value_number(p, values[KEY_OFFSET], "offset", 0, UINT32_MAX, &reg->offset) && ok;
}

static void parse_register(struct parser *p, const struct tree *node, struct spec_reg *reg)
{
	const struct tree *values[KEYS];

	reg->pos = node->pos;
	reg->bad = true;
	reg->count = reg->rows = 1;
	reg->reserved = SPEC_RESERVED_IGNORED;
	reg->width = reg->access_width = reg->stride = 4;
	reg->access = (struct spec_access){ .r = true, .w = true, .resets = EZ_RESET_ALL };
	if (!value_keys(p, node, SECTION_REGISTER, values))
		return;
	parse_name(p, values, &reg->name, NULL);
	reg->own_name = reg->name;
	parse_desc(p, values, &reg->desc);
	reg->bad = !parse_place(p, values, reg);
	parse_access(p, values, &reg->access);
	if (values[KEY_RESET]) {
		reg->reset_pos = values[KEY_RESET]->pos;
		reg->has_reset =
			value_number(p, values[KEY_RESET], "reset", 0,
				     reg->bad ? UINT64_MAX : spec_ones(reg->width), &reg->reset);
	}
	if (parse_reserved(p, values[KEY_RESERVED], &reg->reserved))
		reg->reserved_zero = reg->reserved == SPEC_RESERVED_ZERO;
	parse_flag(p, values, KEY_UNIMPLEMENTED, &reg->unimplemented);
	parse_register_rules(p, values, reg);
	if (values[KEY_FIELDS] && value_list(p, values[KEY_FIELDS], "fields")) {
		const struct tree *fields = values[KEY_FIELDS];

		/* More cannot but overlap. */
		if (fields->count > 64) {
			spec_error(p->diags, fields->pos, "fields: %u of them; 64 bits hold 64",
				   fields->count);
			return;
		}
		reg->fields = spec_arena_alloc(p->arena, fields->count, sizeof(*reg->fields));
		for (const struct tree *item = fields->first; item; item = item->next)
			parse_field(p, item, reg, &reg->fields[reg->n_fields++]);
	}
}

void parse_registers(struct parser *p, const struct tree *node, unsigned int bar, GArray *into)
{
	if (!value_list(p, node, "registers"))
		return;
	for (const struct tree *item = node->first; item; item = item->next) {
		struct spec_reg reg = { .bar = bar };

		parse_register(p, item, &reg);
		g_array_append_val(into, reg);
	}
}
