/* SPDX-License-Identifier: BSD-2-Clause */
#include "regs/regs.h"

#include <string.h>

uint64_t regs_read_effect(const struct regs_hit *hit, void *state, unsigned int width)
{
	const struct ez_reg *reg = hit->reg;
	uint64_t value;

	if (reg->onread && hit->byte == 0) {
		value = reg->onread(state, hit->element);
		regs_poke(reg, hit->element, state, value);
	} else {
		value = regs_peek(reg, hit->element, state);
	}
	if (reg->effects && (reg->effects->rclr | reg->effects->rset)) {
		uint64_t lanes = regs_ones(width) << (8 * hit->byte);
		uint64_t after = value & ~(reg->effects->rclr & lanes);

		regs_poke(reg, hit->element, state, after | (reg->effects->rset & lanes));
	}
	return ((value & reg->read) >> (8 * hit->byte)) & regs_ones(width);
}

/* The nine write effects; `lanes` are the bits that this access carries. */
static uint64_t apply(const struct ez_effects *fx, uint64_t now, uint64_t lanes, uint64_t value)
{
	uint64_t one = lanes & value;
	uint64_t zero = lanes & ~value;

	now &= ~(fx->woclr & one);
	now |= fx->woset & one;
	now ^= fx->wot & one;
	now &= ~(fx->wzc & zero);
	now |= fx->wzs & zero;
	now ^= fx->wzt & zero;
	now &= ~(fx->wclr & lanes);
	now |= fx->wset & lanes;
	return now;
}

uint64_t regs_apply(const struct ez_reg *reg, uint64_t old, uint64_t lanes, uint64_t value)
{
	uint64_t now = (old & ~(reg->store & lanes)) | (value & reg->store & lanes);

	return reg->effects ? apply(reg->effects, now, lanes, value) : now;
}

void regs_write(const struct regs_hit *hit, void *state, unsigned int width, uint64_t value)
{
	const struct ez_reg *reg = hit->reg;
	uint64_t lanes = regs_ones(width) << (8 * hit->byte);
	uint64_t old = regs_peek(reg, hit->element, state);
	uint64_t now;

	value = (value << (8 * hit->byte)) & lanes;
	now = (old & ~(reg->store & lanes)) | (value & reg->store);
	if (reg->effects)
		now = apply(reg->effects, now, lanes, value);
	if (now != old)
		regs_poke(reg, hit->element, state, now);
	if (reg->onwrite)
		reg->onwrite(state, hit->element, (old & ~lanes) | value);
}
