/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interrupt_block: status, enable and test registers with a bit for each
 * source, in the order of the sources.
 */
#include "spec/parse/parse.h"

#include <string.h>

/* A register of the block with a field for each source, or nothing without a name. */
static void add_register(struct parser *p, const struct spec_reg *like, const struct tree *name,
			 const char *desc, unsigned int place, struct spec_access access)
{
	static const enum key keys[] = { KEY_STATUS, KEY_ENABLE, KEY_TEST };
	struct spec_device *dev = p->dev;
	struct spec_reg *reg = &dev->regs[dev->n_regs];

	*reg = *like;
	if (!name || !value_name(p, name, key_names[keys[place]], &reg->name))
		return;
	reg->pos = name->pos;
	reg->own_name = reg->name;
	reg->desc = desc;
	reg->offset += (uint64_t)place * reg->width;
	reg->access = access;
	reg->fields = spec_arena_alloc(p->arena, dev->n_irqs, sizeof(*reg->fields));
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		struct spec_field *field = &reg->fields[reg->n_fields];

		if (!dev->irqs[i].name)
			continue;
		field->name = dev->irqs[i].name;
		field->desc = dev->irqs[i].desc;
		field->pos = field->bits_pos = dev->irqs[i].pos;
		field->lsb = i;
		field->width = 1;
		field->access = access;
		reg->n_fields++;
	}
	dev->n_regs++;
}

/* The BAR of that number, as an index; false: reported. */
static bool find_bar(struct parser *p, const struct tree *node, unsigned int *ret_bar)
{
	uint64_t number;

	if (!node || !value_number(p, node, "bar", 0, EZ_BARS - 1, &number))
		return false;
	for (unsigned int i = 0; i < p->dev->n_bars; i++) {
		if (p->dev->bars[i].number == number && !p->dev->bars[i].bad) {
			*ret_bar = i;
			return true;
		}
	}
	spec_error(p->diags, node->pos, "bar: there is no BAR %u", (unsigned int)number);
	return false;
}

static void point(struct parser *p, struct spec_irq *irq, struct spec_ref *ref, const char *what,
		  const struct tree *name)
{
	if (ref->text)
		spec_error(p->diags, ref->pos, "%s: interrupt_block gives the source one already",
			   what);
	ref->text = NULL;
	if (!name || name->kind != TREE_SCALAR || !irq->name)
		return;
	ref->text = spec_arena_printf(p->arena, "%s.%s", name->text, irq->name);
	ref->pos = name->pos;
}

void parse_interrupt_block(struct parser *p, const struct tree *node)
{
	static const struct word widths[] = {
		{ "8", 1 }, { "16", 2 }, { "32", 4 }, { "64", 8 }, { NULL }
	};
	struct spec_access access = { .r = true, .w = true, .resets = EZ_RESET_ALL };
	struct spec_reg reg = { .count = 1, .rows = 1, .reserved = SPEC_RESERVED_IGNORED };
	struct spec_device *dev = p->dev;
	const struct tree *values[KEYS];
	struct spec_reg *old = dev->regs;
	uint64_t enable_reset = 0;

	if (!node || !value_keys(p, node, SECTION_INTERRUPT_BLOCK, values))
		return;
	reg.pos = reg.offset_pos = reg.stride_pos = node->pos;
	reg.width = 4;
	if (values[KEY_REGWIDTH] &&
	    !value_word(p, values[KEY_REGWIDTH], "regwidth", widths, &reg.width))
		return;
	reg.access_width = reg.stride = reg.width;
	if (!find_bar(p, values[KEY_BAR], &reg.bar) || !values[KEY_OFFSET] ||
	    !value_number(p, values[KEY_OFFSET], "offset", 0, UINT32_MAX, &reg.offset))
		return;
	if (!dev->n_irqs) {
		spec_error(p->diags, node->pos, "interrupt_block: there are no interrupts:");
		return;
	}
	if (dev->n_irqs > reg.width * 8) {
		spec_error(p->diags, node->pos,
			   "interrupt_block: %u interrupts do not fit in %u bits", dev->n_irqs,
			   reg.width * 8);
		return;
	}
	if (values[KEY_ENABLE_RESET] &&
	    value_number(p, values[KEY_ENABLE_RESET], "enable_reset", 0,
			 dev->n_irqs >= 64 ? UINT64_MAX : (UINT64_C(1) << dev->n_irqs) - 1,
			 &enable_reset))
		reg.reset_pos = values[KEY_ENABLE_RESET]->pos;
	dev->regs = spec_arena_alloc(p->arena, dev->n_regs + 3, sizeof(*dev->regs));
	if (dev->n_regs)
		memcpy(dev->regs, old, dev->n_regs * sizeof(*old));
	access.onwrite = SPEC_WOCLR;
	add_register(p, &reg, values[KEY_STATUS], "pending interrupts; a one written clears", 0,
		     access);
	access.onwrite = SPEC_ONWRITE_NONE;
	access.hw = SPEC_HW_R;
	reg.reset = enable_reset;
	reg.has_reset = enable_reset;
	add_register(p, &reg, values[KEY_ENABLE], "interrupts that are let through", 1, access);
	reg.reset = 0;
	reg.has_reset = false;
	add_register(p, &reg, values[KEY_TEST], "a one written makes an interrupt pending; reads 0",
		     2, access);
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		struct spec_irq *irq = &dev->irqs[i];

		point(p, irq, &irq->status, "status", values[KEY_STATUS]);
		point(p, irq, &irq->enable, "enable", values[KEY_ENABLE]);
		point(p, irq, &irq->test, "test", values[KEY_TEST]);
	}
}
