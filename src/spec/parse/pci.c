/* SPDX-License-Identifier: BSD-2-Clause */
/* pci: and bars: */
#include "spec/parse/parse.h"

#include <string.h>

#define MAX_WINDOWS 64

static uint64_t id_number(struct parser *p, const struct tree **values, enum key key, uint64_t max)
{
	uint64_t value = 0;

	if (values[key])
		value_number(p, values[key], key_names[key], 0, max, &value);
	return value;
}

void parse_pci(struct parser *p, const struct tree *node)
{
	static const struct word pins[] = {
		{ "none", 0 }, { "A", 1 }, { "B", 2 }, { "C", 3 }, { "D", 4 }, { NULL },
	};
	struct spec_device *dev = p->dev;
	const struct tree *values[KEYS];
	unsigned int pin = 0;

	if (!node)
		return;
	dev->pci_pos = node->pos;
	dev->pin_pos = node->pos;
	if (!value_keys(p, node, SECTION_PCI, values))
		return;
	dev->id.vendor = id_number(p, values, KEY_VENDOR, 0xffff);
	dev->id.device = id_number(p, values, KEY_DEVICE, 0xffff);
	dev->id.revision = id_number(p, values, KEY_REVISION, 0xff);
	dev->id.class_code = id_number(p, values, KEY_CLASS, 0xffffff);
	dev->id.subsystem_vendor = id_number(p, values, KEY_SUBSYSTEM_VENDOR, 0xffff);
	dev->id.subsystem = id_number(p, values, KEY_SUBSYSTEM, 0xffff);
	if (values[KEY_VENDOR] && dev->id.vendor == 0xffff)
		spec_error(p->diags, values[KEY_VENDOR]->pos,
			   "vendor: 0xffff is what an empty slot answers");
	if (values[KEY_PIN]) {
		dev->pin_pos = values[KEY_PIN]->pos;
		if (value_word(p, values[KEY_PIN], "pin", pins, &pin))
			dev->id.pin = pin;
	}
	dev->express_pos = values[KEY_EXPRESS] ? values[KEY_EXPRESS]->pos : node->pos;
	parse_flag(p, values, KEY_EXPRESS, &dev->id.express);
}

static const struct word answers[] = {
	{ "ones", EZ_ANSWER_ONES },
	{ "zero", EZ_ANSWER_ZERO },
	{ NULL },
};

static void parse_answer(struct parser *p, const struct tree **values, enum key key,
			 enum ez_answer *ret_answer)
{
	unsigned int answer;

	if (values[key] && value_word(p, values[key], key_names[key], answers, &answer))
		*ret_answer = answer;
}

static void parse_window(struct parser *p, const struct tree *node, struct spec_window *window)
{
	const struct tree *values[KEYS];
	bool ok;

	window->pos = node->pos;
	window->bad = true;
	window->resets = 1u << EZ_RESET_POWER_ON;
	if (!value_keys(p, node, SECTION_WINDOW, values))
		return;
	parse_name(p, values, &window->name, NULL);
	parse_desc(p, values, &window->desc);
	parse_resets(p, values, &window->resets);
	if (!values[KEY_OFFSET] || !values[KEY_SIZE])
		return;
	window->offset_pos = values[KEY_OFFSET]->pos;
	window->size_pos = values[KEY_SIZE]->pos;
	ok = value_size(p, values[KEY_OFFSET], "offset", &window->offset);
	ok &= value_size(p, values[KEY_SIZE], "size", &window->size);
	window->bad = !ok;
}

static void parse_windows(struct parser *p, const struct tree *node, unsigned int bar, GArray *into)
{
	if (!value_list(p, node, "windows"))
		return;
	for (const struct tree *item = node->first; item; item = item->next) {
		struct spec_window window = { .bar = bar };

		/* Of the device: backends map each of them. */
		if (into->len == MAX_WINDOWS) {
			spec_error(p->diags, item->pos, "windows: more than %u in all",
				   MAX_WINDOWS);
			return;
		}
		parse_window(p, item, &window);
		g_array_append_val(into, window);
	}
}

static void parse_bar(struct parser *p, const struct tree *node, struct spec_bar *bar,
		      struct parse_registers *ret_registers, const struct tree **ret_windows)
{
	static const struct word kinds[] = {
		{ "mem32", EZ_BAR_MEM32 },
		{ "mem64", EZ_BAR_MEM64 },
		{ "io", EZ_BAR_IO },
		{ NULL },
	};
	const struct tree *values[KEYS];
	uint64_t number = 0;
	unsigned int kind;

	bar->pos = node->pos;
	bar->bad = true;
	if (!value_keys(p, node, SECTION_BAR, values))
		return;
	*ret_registers = (struct parse_registers){
		.registers = values[KEY_REGISTERS],
		.regfiles = values[KEY_REGFILES],
		.blocks = values[KEY_BLOCKS],
	};
	*ret_windows = values[KEY_WINDOWS];
	parse_name(p, values, &bar->name, &bar->pos);
	parse_desc(p, values, &bar->desc);
	parse_flag(p, values, KEY_PREFETCHABLE, &bar->prefetchable);
	bar->prefetchable_pos = values[KEY_PREFETCHABLE] ? values[KEY_PREFETCHABLE]->pos : bar->pos;
	parse_flag(p, values, KEY_SPLIT, &bar->split);
	parse_answer(p, values, KEY_ILLEGAL, &bar->illegal);
	parse_answer(p, values, KEY_UNMAPPED, &bar->unmapped);
	if (!values[KEY_NUMBER] ||
	    !value_number(p, values[KEY_NUMBER], "number", 0, EZ_BARS - 1, &number))
		return;
	bar->number = number;
	bar->number_pos = values[KEY_NUMBER]->pos;
	if (values[KEY_TYPE]) {
		if (!value_word(p, values[KEY_TYPE], "type", kinds, &kind))
			return;
		bar->kind = kind;
	}
	if (!values[KEY_SIZE] || !value_size(p, values[KEY_SIZE], "size", &bar->size))
		return;
	bar->size_pos = values[KEY_SIZE]->pos;
	bar->bad = false;
}

void parse_bars(struct parser *p, const struct tree *node)
{
	struct spec_device *dev = p->dev;
	GArray *regs, *windows;

	if (!node || !value_list(p, node, "bars"))
		return;
	windows = g_array_new(FALSE, TRUE, sizeof(struct spec_window));
	regs = g_array_new(FALSE, TRUE, sizeof(struct spec_reg));
	dev->bars = spec_arena_alloc(p->arena, node->count, sizeof(*dev->bars));
	for (const struct tree *item = node->first; item; item = item->next) {
		struct parse_registers registers = { NULL };
		const struct tree *ram = NULL;

		parse_bar(p, item, &dev->bars[dev->n_bars], &registers, &ram);
		parse_all_registers(p, &registers, dev->n_bars, regs);
		if (ram)
			parse_windows(p, ram, dev->n_bars, windows);
		dev->n_bars++;
	}
	dev->n_regs = regs->len;
	dev->regs = spec_arena_alloc(p->arena, regs->len, sizeof(*dev->regs));
	if (regs->len)
		memcpy(dev->regs, regs->data, regs->len * sizeof(*dev->regs));
	g_array_free(regs, TRUE);
	dev->n_windows = windows->len;
	dev->windows = spec_arena_alloc(p->arena, windows->len, sizeof(*dev->windows));
	if (windows->len)
		memcpy(dev->windows, windows->data, windows->len * sizeof(*dev->windows));
	g_array_free(windows, TRUE);
}
