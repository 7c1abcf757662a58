/* SPDX-License-Identifier: BSD-2-Clause */
/* interrupts:, properties:, state:, timers: and jobs: */
#include "spec/parse/parse.h"

#include <string.h>

void parse_ref(struct parser *p, const struct tree *node, const char *what, struct spec_ref *ref)
{
	if (!node)
		return;
	ref->pos = node->pos;
	value_text(p, node, what, &ref->text);
}

static void parse_interrupt(struct parser *p, const struct tree *node, void *item)
{
	static const struct word types[] = { { "pulse", EZ_IRQ_PULSE },
					     { "level", EZ_IRQ_LEVEL },
					     { NULL } };
	const struct tree *values[KEYS];
	struct spec_irq *irq = item;
	unsigned int type;

	irq->pos = node->pos;
	if (!value_keys(p, node, SECTION_INTERRUPT, values))
		return;
	parse_name(p, values, &irq->name, NULL);
	parse_desc(p, values, &irq->desc);
	irq->vector_pos = node->pos;
	if (values[KEY_VECTOR]) {
		irq->vector_pos = values[KEY_VECTOR]->pos;
		value_number(p, values[KEY_VECTOR], "vector", 0, 2047, &irq->vector);
	}
	parse_ref(p, values[KEY_STATUS], "status", &irq->status);
	parse_ref(p, values[KEY_ENABLE], "enable", &irq->enable);
	parse_ref(p, values[KEY_TEST], "test", &irq->test);
	irq->type_pos = values[KEY_TYPE] ? values[KEY_TYPE]->pos : node->pos;
	if (values[KEY_TYPE] && value_word(p, values[KEY_TYPE], "type", types, &type))
		irq->level = type == EZ_IRQ_LEVEL;
	irq->sticky = true;
	parse_flag(p, values, KEY_STICKY, &irq->sticky);
	if (values[KEY_STICKY] && !irq->level)
		spec_error(p->diags, values[KEY_STICKY]->pos,
			   "sticky: only with type: level; a pulse always leaves its status");
}

void parse_interrupts(struct parser *p, const struct tree *node)
{
	p->dev->irqs = parse_items(p, node, KEY_INTERRUPTS, 2048, sizeof(*p->dev->irqs),
				   parse_interrupt, &p->dev->n_irqs);
}

static void parse_enum_values(struct parser *p, const struct tree *node, struct spec_prop *prop)
{
	if (!value_list(p, node, "values"))
		return;
	if (!node->count)
		spec_error(p->diags, node->pos, "values: an enum needs at least one");
	prop->values = spec_arena_alloc(p->arena, node->count, sizeof(*prop->values));
	for (const struct tree *item = node->first; item; item = item->next) {
		struct spec_value *value = &prop->values[prop->n_values];

		value->pos = item->pos;
		value->value = prop->n_values;
		if (value_name(p, item, "values", &value->name))
			prop->n_values++;
	}
}

/* default: of an enum, as one of its values. */
static void parse_enum_default(struct parser *p, const struct tree *node, struct spec_prop *prop)
{
	struct word *words = spec_arena_alloc(p->arena, prop->n_values + 1, sizeof(*words));
	unsigned int index;

	if (!prop->n_values)
		return;
	for (unsigned int i = 0; i < prop->n_values; i++)
		words[i] = (struct word){ .word = prop->values[i].name, .value = i };
	prop->initial = prop->values[0].name;
	if (node && value_word(p, node, "default", words, &index))
		prop->initial = prop->values[index].name;
}

static void parse_number_default(struct parser *p, const struct tree **values,
				 struct spec_prop *prop)
{
	uint64_t most = prop->type == EZ_U32 ? UINT32_MAX : UINT64_MAX, initial;

	prop->max = most;
	if (values[KEY_MIN])
		value_number(p, values[KEY_MIN], "min", 0, most, &prop->min);
	if (values[KEY_MAX])
		value_number(p, values[KEY_MAX], "max", 0, most, &prop->max);
	if (prop->min > prop->max) {
		spec_error(p->diags, values[KEY_MIN]->pos, "min: %s is above max",
			   values[KEY_MIN]->text);
		return;
	}
	initial = prop->min;
	prop->initial = spec_arena_printf(p->arena, "%" G_GUINT64_FORMAT, initial);
	/* As it was written: a hexadecimal default stays one in --help. */
	if (values[KEY_DEFAULT] &&
	    value_number(p, values[KEY_DEFAULT], "default", prop->min, prop->max, &initial))
		prop->initial = spec_arena_printf(p->arena,
						  !strncmp(values[KEY_DEFAULT]->text, "0x", 2)
							  ? "0x%" G_GINT64_MODIFIER "x"
							  : "%" G_GUINT64_FORMAT,
						  initial);
}

static void parse_property(struct parser *p, const struct tree *node, void *item)
{
	static const struct word types[] = {
		{ "bool", EZ_BOOL }, { "uint32", EZ_U32 },    { "uint64", EZ_U64 },
		{ "enum", EZ_ENUM }, { "string", EZ_STRING }, { NULL },
	};
	const struct tree *values[KEYS], *initial;
	struct spec_prop *prop = item;
	unsigned int type;
	bool flag = false;

	prop->pos = node->pos;
	prop->initial = "";
	if (!value_keys(p, node, SECTION_PROPERTY, values))
		return;
	parse_name(p, values, &prop->name, NULL);
	parse_desc(p, values, &prop->desc);
	if (!values[KEY_TYPE] || !value_word(p, values[KEY_TYPE], "type", types, &type))
		return;
	prop->type = type;
	if (type != EZ_U32 && type != EZ_U64) {
		if (values[KEY_MIN])
			spec_error(p->diags, values[KEY_MIN]->key->pos,
				   "min: only for uint32 and uint64");
		if (values[KEY_MAX])
			spec_error(p->diags, values[KEY_MAX]->key->pos,
				   "max: only for uint32 and uint64");
	}
	if (type != EZ_ENUM && values[KEY_VALUES])
		spec_error(p->diags, values[KEY_VALUES]->key->pos, "values: only for an enum");
	initial = values[KEY_DEFAULT];
	switch (type) {
	case EZ_BOOL:
		if (initial)
			value_bool(p, initial, "default", &flag);
		prop->initial = flag ? "true" : "false";
		break;
	case EZ_ENUM:
		if (!values[KEY_VALUES]) {
			spec_error(p->diags, node->pos, "an enum needs its values: [...]");
			break;
		}
		parse_enum_values(p, values[KEY_VALUES], prop);
		parse_enum_default(p, initial, prop);
		break;
	case EZ_STRING:
		if (initial)
			value_text(p, initial, "default", &prop->initial);
		break;
	default:
		parse_number_default(p, values, prop);
		break;
	}
}

void parse_properties(struct parser *p, const struct tree *node)
{
	p->dev->props = parse_items(p, node, KEY_PROPERTIES, 1024, sizeof(*p->dev->props),
				    parse_property, &p->dev->n_props);
}

static bool parse_var_type(struct parser *p, const struct tree *node, enum ez_type *ret_type)
{
	static const struct word types[] = {
		{ "bool", EZ_BOOL },  { "uint8", EZ_U8 },
		{ "uint16", EZ_U16 }, { "uint32", EZ_U32 },
		{ "uint64", EZ_U64 }, { "int8", EZ_I8 },
		{ "int16", EZ_I16 },  { "int32", EZ_I32 },
		{ "int64", EZ_I64 },  { NULL },
	};
	unsigned int type;

	if (!node || !value_word(p, node, "type", types, &type))
		return false;
	*ret_type = type;
	return true;
}

static void parse_var_reset(struct parser *p, const struct tree *node, struct spec_var *var)
{
	unsigned int bits = spec_type_size(var->type) * 8;
	bool flag;

	switch (var->type) {
	case EZ_BOOL:
		/* 0 and 1 are as good as false and true here: it is a state bit. */
		if (node->kind == TREE_SCALAR && !node->quoted && g_ascii_isdigit(*node->text))
			value_number(p, node, "reset", 0, 1, &var->reset);
		else if (value_bool(p, node, "reset", &flag))
			var->reset = flag;
		break;
	case EZ_I8:
	case EZ_I16:
	case EZ_I32:
	case EZ_I64:
		value_signed(p, node, "reset", bits, &var->reset);
		break;
	default:
		value_number(p, node, "reset", 0, spec_ones(bits / 8), &var->reset);
		break;
	}
}

static void parse_var(struct parser *p, const struct tree *node, enum key_section section,
		      struct spec_var *var)
{
	const struct tree *values[KEYS];

	var->pos = node->pos;
	var->count = 1;
	var->resets = EZ_RESET_ALL;
	if (!value_keys(p, node, section, values))
		return;
	parse_name(p, values, &var->name, NULL);
	parse_desc(p, values, &var->desc);
	parse_count(p, values, &var->array, &var->count);
	parse_resets(p, values, &var->resets);
	if (parse_var_type(p, values[KEY_TYPE], &var->type) && values[KEY_RESET])
		parse_var_reset(p, values[KEY_RESET], var);
}

static void parse_state_item(struct parser *p, const struct tree *node, void *item)
{
	parse_var(p, node, SECTION_STATE, item);
}

void parse_state(struct parser *p, const struct tree *node)
{
	p->dev->state = parse_items(p, node, KEY_STATE, 65536, sizeof(*p->dev->state),
				    parse_state_item, &p->dev->n_state);
}

static void parse_timer(struct parser *p, const struct tree *node, void *item)
{
	const struct tree *values[KEYS];
	struct spec_timer *timer = item;

	timer->pos = node->pos;
	if (!value_keys(p, node, SECTION_TIMER, values))
		return;
	parse_name(p, values, &timer->name, NULL);
	parse_desc(p, values, &timer->desc);
}

void parse_timers(struct parser *p, const struct tree *node)
{
	p->dev->timers = parse_items(p, node, KEY_TIMERS, 1024, sizeof(*p->dev->timers),
				     parse_timer, &p->dev->n_timers);
}

static void parse_data(struct parser *p, const struct tree *node, void *item)
{
	parse_var(p, node, SECTION_DATA, item);
}

static void parse_job(struct parser *p, const struct tree *node, void *item)
{
	const struct tree *values[KEYS];
	struct spec_job *job = item;

	job->pos = node->pos;
	if (!value_keys(p, node, SECTION_JOB, values))
		return;
	parse_name(p, values, &job->name, NULL);
	parse_desc(p, values, &job->desc);
	job->data = parse_items(p, values[KEY_DATA], KEY_DATA, 1024, sizeof(*job->data), parse_data,
				&job->n_data);
	if (values[KEY_DATA] && values[KEY_DATA]->kind == TREE_LIST && !job->n_data)
		spec_error(p->diags, values[KEY_DATA]->pos, "data: a job needs at least one");
}

void parse_jobs(struct parser *p, const struct tree *node)
{
	p->dev->jobs = parse_items(p, node, KEY_JOBS, 1024, sizeof(*p->dev->jobs), parse_job,
				   &p->dev->n_jobs);
}
