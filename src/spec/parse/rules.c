/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What few registers and fields have: locks, write-once, single pulses,
 * reserved bits with a rule, alternates, counters.
 */
#include "spec/parse/parse.h"

#include <string.h>

void parse_rules(struct parser *p, const struct tree **values, struct spec_access *access,
		 bool sw_known)
{
	static const struct word sides[] = { { "sw", false }, { "hw", true }, { NULL } };
	static const enum key locks[] = { KEY_SWWE, KEY_SWWEL };
	unsigned int side;

	if (values[KEY_PRECEDENCE] &&
	    value_word(p, values[KEY_PRECEDENCE], "precedence", sides, &side))
		access->precedence_hw = side;
	parse_flag(p, values, KEY_DONTTEST, &access->donttest);
	parse_flag(p, values, KEY_DONTCOMPARE, &access->dontcompare);
	if (values[KEY_SWWE] && values[KEY_SWWEL])
		spec_error(p->diags, values[KEY_SWWEL]->pos,
			   "swwel: there is a swwe too; one of them is enough");
	for (unsigned int i = 0; i < G_N_ELEMENTS(locks); i++) {
		const struct tree *node = values[locks[i]];

		if (!node)
			continue;
		/* One given takes the place of either inherited. */
		access->swwe = access->swwel = (struct spec_ref){ NULL };
		parse_ref(p, node, key_names[locks[i]], i ? &access->swwel : &access->swwe);
		if (sw_known && !access->w)
			spec_error(p->diags, node->pos,
				   "%s: software cannot write it anyway (sw: %s)",
				   key_names[locks[i]], access->r ? "r" : "na");
	}
}

bool parse_reserved(struct parser *p, const struct tree *node, enum spec_reserved *ret_reserved)
{
	static const struct word words[] = {
		{ "ignored", SPEC_RESERVED_IGNORED },
		{ "zero", SPEC_RESERVED_ZERO },
		{ "one", SPEC_RESERVED_ONE },
		{ "keep", SPEC_RESERVED_KEEP },
		{ NULL },
	};
	unsigned int word;

	if (!node || !value_word(p, node, "reserved", words, &word))
		return false;
	*ret_reserved = word;
	return true;
}

void parse_field_reserved(struct parser *p, const struct tree **values, struct spec_field *field)
{
	static const enum key senseless[] = {
		KEY_SINGLEPULSE, KEY_COUNTER, KEY_WRITECONSTRAINT, KEY_UNIMPLEMENTED, KEY_VALUES,
	};

	if (!values[KEY_RESERVED] || !parse_reserved(p, values[KEY_RESERVED], &field->reserved))
		return;
	/* Whatever the register does, it does with bits that mean something. */
	field->access =
		(struct spec_access){ .r = true, .hw = SPEC_HW_NA, .resets = field->access.resets };
	for (unsigned int i = 0; i < G_N_ELEMENTS(senseless); i++) {
		if (values[senseless[i]])
			spec_error(p->diags, values[senseless[i]]->key->pos,
				   "%s: not for reserved bits", key_names[senseless[i]]);
	}
}

static void parse_constraint(struct parser *p, const struct tree **values, struct spec_field *field)
{
	static const struct word words[] = { { "values", SPEC_LIMIT_VALUES },
					     { "asread", SPEC_LIMIT_AS_READ },
					     { NULL } };
	const struct tree *node = values[KEY_WRITECONSTRAINT];
	uint64_t most =
		field->bad || field->width >= 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;
	unsigned int word;

	if (node->kind == TREE_LIST && node->count == 2) {
		if (!value_number(p, node->first, "writeconstraint", 0, most, &field->min) ||
		    !value_number(p, node->last, "writeconstraint", 0, most, &field->max))
			return;
		if (field->min > field->max)
			spec_error(p->diags, node->pos,
				   "writeconstraint: %s is above %s: the smaller comes first",
				   node->first->text, node->last->text);
		else
			field->limit = SPEC_LIMIT_RANGE;
		return;
	}
	if (node->kind != TREE_SCALAR) {
		spec_error(p->diags, node->pos,
			   "writeconstraint: expected values, asread or [min, max], found %s",
			   value_kind(node));
		return;
	}
	if (!value_word(p, node, "writeconstraint", words, &word))
		return;
	field->limit = word;
	if (word == SPEC_LIMIT_VALUES && !field->n_values)
		spec_error(p->diags, node->pos,
			   "writeconstraint: values, but there are no values:");
}

void parse_field_rules(struct parser *p, const struct tree **values, struct spec_field *field)
{
	const struct spec_access *access = &field->access;

	parse_flag(p, values, KEY_UNIMPLEMENTED, &field->unimplemented);
	parse_flag(p, values, KEY_SINGLEPULSE, &field->singlepulse);
	parse_flag(p, values, KEY_COUNTER, &field->counter);
	parse_flag(p, values, KEY_INCRSATURATE, &field->incrsaturate);
	parse_flag(p, values, KEY_DECRSATURATE, &field->decrsaturate);
	if (values[KEY_WRITECONSTRAINT]) {
		parse_constraint(p, values, field);
		if (!access->w)
			spec_error(p->diags, values[KEY_WRITECONSTRAINT]->pos,
				   "writeconstraint: software cannot write it");
	}
	if (field->singlepulse) {
		struct spec_pos pos = values[KEY_SINGLEPULSE]->pos;

		/* SystemRDL 2.0, 9.8.1 */
		if (!field->bad && field->width != 1)
			spec_error(p->diags, pos, "singlepulse: for one bit; this has %u",
				   field->width);
		if (!access->w)
			spec_error(p->diags, pos, "singlepulse: software cannot write it");
		if (access->onwrite)
			spec_error(p->diags, pos, "singlepulse: not together with onwrite");
		field->rule_pos = pos;
	}
	for (unsigned int i = 0; i < 2; i++) {
		enum key key = i ? KEY_DECRSATURATE : KEY_INCRSATURATE;

		if (values[key] && !field->counter)
			spec_error(p->diags, values[key]->pos, "%s: only of a counter",
				   key_names[key]);
	}
	if (field->counter && (access->hw == SPEC_HW_NA || access->hw == SPEC_HW_R))
		spec_error(p->diags, values[KEY_COUNTER]->pos,
			   "counter: the device does not write it (hw: %s)",
			   access->hw == SPEC_HW_R ? "r" : "na");
}

/* "REG.FIELD == N" */
static void parse_when(struct parser *p, const struct tree *node, struct spec_when *when)
{
	struct tree number = { .kind = TREE_SCALAR, .pos = node->pos };
	const char *text, *equal;
	char *ref;

	when->ref.pos = node->pos;
	when->bad = true;
	if (!value_text(p, node, "when", &text))
		return;
	equal = strstr(text, "==");
	if (!equal) {
		spec_error(p->diags, node->pos, "when: expected REG.FIELD == number, found '%s'",
			   value_show(p, text));
		return;
	}
	ref = g_strstrip(spec_arena_strndup(p->arena, text, equal - text));
	number.text = g_strstrip(spec_arena_strndup(p->arena, equal + 2, strlen(equal + 2)));
	if (value_number(p, &number, "when", 0, UINT64_MAX, &when->value))
		when->ref.text = ref;
	when->bad = !when->ref.text;
}

void parse_register_rules(struct parser *p, const struct tree **values, struct spec_reg *reg)
{
	const struct spec_access *access = &reg->access;

	if (values[KEY_ALTERNATE]) {
		reg->alternate_pos = values[KEY_ALTERNATE]->pos;
		value_name(p, values[KEY_ALTERNATE], "alternate", &reg->alternate);
	}
	if (values[KEY_WHEN])
		parse_when(p, values[KEY_WHEN], &reg->when);
	parse_flag(p, values, KEY_FIFO, &reg->fifo);
	if (!reg->fifo)
		return;
	/* What neither a read nor a write of software goes through has no port. */
	if ((access->r && access->onread != SPEC_RUSER) ||
	    (access->w && access->onwrite != SPEC_WUSER) || (!access->r && !access->w))
		spec_error(p->diags, values[KEY_FIFO]->pos,
			   "fifo: a port is onread: ruser where software reads, and onwrite: wuser "
			   "where it writes");
}
