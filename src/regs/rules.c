/* SPDX-License-Identifier: BSD-2-Clause */
/* What few registers have: locks, write-once, alternates. */
#include "regs/regs.h"

/* The element of register `index` that goes with this one. */
static uint64_t look(const struct ez_spec *spec, const struct ez_reg *reg, uint32_t element,
		     uint32_t index, const void *state)
{
	const struct ez_reg *other = &spec->regs[index];

	return regs_peek(other, ez_reg_partner(reg, element, other), state);
}

bool regs_locked(const struct ez_spec *spec, const struct ez_reg *reg, uint32_t element,
		 const struct ez_lock *lock, const void *state)
{
	bool set = look(spec, reg, element, lock->key, state) & lock->key_mask;

	return set == lock->open_if_clear;
}

bool regs_alternate(const struct ez_spec *spec, const void *state, struct regs_hit *hit, bool write)
{
	const struct ez_reg *answers = NULL;
	const struct ez_reg *reg = hit->reg;

	for (;;) {
		const struct ez_when *when = reg->rules->when;

		if (!when ||
		    (look(spec, reg, hit->element, when->reg, state) & when->mask) == when->value) {
			if (reg->flags & (write ? EZ_REG_WRITE : EZ_REG_READ)) {
				hit->reg = reg;
				return true;
			}
			if (!answers)
				answers = reg;
		}
		if (reg->rules->alternate == EZ_NONE)
			break;
		reg = &spec->regs[reg->rules->alternate];
	}
	if (answers)
		hit->reg = answers;
	return answers;
}

/* Bits that an element takes one write of, and has had it. */
static uint64_t written(const struct ez_reg *reg, uint32_t element, const void *state)
{
	if (!reg->rules->once)
		return 0;
	return regs_load((const char *)state + reg->rules->once_state +
				 (size_t)element * reg->width,
			 reg->width);
}

/* Bits that a write may do something to. */
static uint64_t writable(const struct ez_reg *reg)
{
	uint64_t bits = reg->store | (reg->rules ? reg->rules->user : 0);
	const struct ez_effects *fx = reg->effects;

	if (fx)
		bits |= fx->woclr | fx->woset | fx->wot | fx->wzc | fx->wzs | fx->wzt | fx->wclr |
			fx->wset;
	return bits;
}

void regs_plan(const struct ez_spec *spec, const struct regs_hit *hit, const void *state,
	       unsigned int width, uint64_t value, struct regs_plan *ret_plan)
{
	static const struct ez_rules none;
	const struct ez_reg *reg = hit->reg;
	const struct ez_rules *rules = reg->rules ? reg->rules : &none;
	struct regs_plan *p = ret_plan;
	uint64_t wanted, shut;
	uint32_t i;

	p->lanes = regs_ones(width) << (8 * hit->byte);
	p->value = (value << (8 * hit->byte)) & p->lanes;
	p->old = regs_peek(reg, hit->element, state);
	p->locked = 0;
	for (i = 0; i < rules->n_locks; i++) {
		if (regs_locked(spec, reg, hit->element, &rules->locks[i], state))
			p->locked |= rules->locks[i].mask & p->lanes;
	}
	p->spent = reg->rules ? written(reg, hit->element, state) & p->lanes & ~p->locked : 0;
	shut = p->locked | p->spent;
	p->open = p->lanes & ~shut;
	p->now = regs_apply(reg, p->old, p->open, p->value);
	wanted = regs_apply(reg, p->old, p->lanes, p->value) ^ p->old;
	p->lost = (wanted | ((p->value ^ p->old) & rules->user)) & shut;
	/* Nothing left of it, where there was something: as if it had not been. */
	p->hook = reg->onwrite && (!shut || p->open & writable(reg));
}

void regs_commit(const struct regs_hit *hit, void *state, const struct regs_plan *plan)
{
	const struct ez_reg *reg = hit->reg;

	if (plan->now != plan->old)
		regs_poke(reg, hit->element, state, plan->now);
	if (!reg->rules || !(reg->rules->once & plan->open))
		return;
	regs_store((char *)state + reg->rules->once_state + (size_t)hit->element * reg->width,
		   reg->width, written(reg, hit->element, state) | (reg->rules->once & plan->open));
}
