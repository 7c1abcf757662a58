/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table says: which bits may be tried, and what an access makes of them. */
#include "private.h"

#include <stdio.h>

#define SMALL 16 /* arrays of so many elements are tried as a whole */

uint64_t regtest_offset(const struct regtest_reg *reg, uint64_t index)
{
	return reg->offset + index / reg->count * reg->row_stride +
	       index % reg->count * reg->stride;
}

bool regtest_next(const struct regtest_reg *reg, uint64_t *index)
{
	uint64_t n = regtest_elements(reg), at = *index;

	if (at + 1 >= n)
		return false;
	/* 0, 1, 2, 4, 8, ...: each tries one more line of the address. */
	*index = n <= SMALL ? at + 1 : at ? at * 2 : 1;
	if (*index >= n)
		*index = n - 1;
	return true;
}

static const struct regtest_bar *bar_of(const struct regtest *t, const struct regtest_reg *reg)
{
	for (uint32_t i = 0; i < t->table->n_bars; i++)
		if (t->table->bars[i].number == reg->bar)
			return &t->table->bars[i];
	return NULL;
}

unsigned int regtest_width(const struct regtest *t, const struct regtest_reg *reg)
{
	const struct regtest_bar *bar = bar_of(t, reg);
	unsigned int most = bar && bar->io ? 4 : t->io->max_width;

	for (unsigned int width = 8; width; width /= 2)
		if ((reg->access & width) && width <= reg->width && width <= most)
			return width;
	return 0;
}

uint64_t regtest_readable(const struct regtest_reg *reg)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < reg->n_fields; i++)
		if (reg->fields[i].flags & REGTEST_READ)
			bits |= reg->fields[i].mask;
	return bits;
}

uint64_t regtest_steady(const struct regtest_reg *reg)
{
	uint64_t bits = regtest_ones(reg->width);

	for (uint32_t i = 0; i < reg->n_fields; i++)
		if (reg->fields[i].flags & REGTEST_HARDWARE)
			bits &= ~reg->fields[i].mask;
	return bits;
}

bool regtest_read_changes(const struct regtest_reg *reg)
{
	for (uint32_t i = 0; i < reg->n_fields; i++)
		if (reg->fields[i].onread != REGTEST_PLAIN)
			return true;
	return false;
}

bool regtest_undone(const struct regtest_field *field)
{
	return !(field->flags & REGTEST_ONCE) &&
	       (field->onwrite == REGTEST_STORE || field->onwrite == REGTEST_WOT ||
		field->onwrite == REGTEST_WZT);
}

const char *regtest_untouched(const struct regtest *t, const struct regtest_field *field)
{
	if (field->untouched)
		return field->untouched;
	if (field->must != REGTEST_ANY || !(field->flags & REGTEST_WRITE))
		return NULL;
	if (field->flags & REGTEST_HARDWARE)
		return "the device changes it by itself";
	if (!regtest_undone(field) && !(field->resets & t->io->resets))
		return "only a reset could put it back, and there is none at hand";
	return NULL;
}

/* Bits that other values are written to. */
static bool tried(const struct regtest *t, const struct regtest_field *field)
{
	return (field->flags & REGTEST_WRITE) && field->must == REGTEST_ANY &&
	       !regtest_untouched(t, field);
}

const char *regtest_no_read(const struct regtest *t, const struct regtest_reg *reg, char *buf)
{
	const char *why = t->io->unreachable(t->io->user, reg->bar);

	if (why)
		return why;
	if (t->io->chosen && !t->io->chosen(t->io->user, reg->name))
		return "left out on request";
	if (reg->no_read)
		return reg->no_read;
	if (!regtest_width(t, reg))
		return "this machine makes no access of the width that it needs";
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (field->onread == REGTEST_PLAIN || field->resets & t->io->resets)
			continue;
		snprintf(buf, REGTEST_TEXT,
			 "a read changes %s, and no reset is at hand that brings it back",
			 field->name ? field->name : "it");
		return buf;
	}
	return NULL;
}

const char *regtest_no_write(const struct regtest *t, const struct regtest_reg *reg, char *buf)
{
	const char *why = regtest_no_read(t, reg, buf);

	if (why)
		return why;
	if (reg->no_write)
		return reg->no_write;
	if (reg->enables && !t->io->alone)
		return reg->enables;
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (!(field->flags & REGTEST_WRITE) || tried(t, field))
			continue;
		if (field->onwrite != REGTEST_WCLR && field->onwrite != REGTEST_WSET &&
		    !(field->flags & REGTEST_ONCE))
			continue;
		snprintf(buf, REGTEST_TEXT,
			 "any write changes %s, and no reset is at hand that brings it back",
			 field->name ? field->name : "it");
		return buf;
	}
	return NULL;
}

void regtest_after_write(const struct regtest_reg *reg, struct regtest_state *state, uint64_t lanes,
			 uint64_t value)
{
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];
		uint64_t bits = field->mask & lanes & ~state->locked, one, zero;

		if (!(field->flags & REGTEST_WRITE))
			continue;
		if (field->flags & REGTEST_ONCE) {
			bits &= ~state->once;
			state->once |= bits;
		}
		one = bits & value;
		zero = bits & ~value;
		switch (field->onwrite) {
		case REGTEST_STORE:
			state->value = (state->value & ~bits) | one;
			break;
		case REGTEST_WOCLR:
			state->value &= ~one;
			break;
		case REGTEST_WOSET:
			state->value |= one;
			break;
		case REGTEST_WOT:
			state->value ^= one;
			break;
		case REGTEST_WZC:
			state->value &= ~zero;
			break;
		case REGTEST_WZS:
			state->value |= zero;
			break;
		case REGTEST_WZT:
			state->value ^= zero;
			break;
		case REGTEST_WCLR:
			state->value &= ~bits;
			break;
		case REGTEST_WSET:
			state->value |= bits;
			break;
		}
	}
}

void regtest_after_read(const struct regtest_reg *reg, struct regtest_state *state)
{
	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (field->onread == REGTEST_RCLR)
			state->value &= ~field->mask;
		else if (field->onread == REGTEST_RSET)
			state->value |= field->mask;
	}
}

/* What leaves these bits as they are; those of wclr, wset and w1 have no such value. */
static uint64_t neutral(const struct regtest_field *field, uint64_t value)
{
	switch (field->onwrite) {
	case REGTEST_WOCLR:
	case REGTEST_WOSET:
	case REGTEST_WOT:
		return 0;
	case REGTEST_WZC:
	case REGTEST_WZS:
	case REGTEST_WZT:
		return field->mask;
	default:
		return value & field->mask;
	}
}

static unsigned int lowest(uint64_t mask)
{
	return mask ? (unsigned int)__builtin_ctzll(mask) : 0;
}

static uint64_t obliged(const struct regtest_field *field, uint64_t value)
{
	switch (field->must) {
	case REGTEST_ZERO:
		return 0;
	case REGTEST_ONE:
		return field->mask;
	default:
		return value & field->mask;
	}
}

/* In its place. Not what the pattern is the opposite of: that is to be told from it. */
static uint64_t legal_value(const struct regtest_field *field, uint64_t pattern, unsigned int turn)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < field->n_legal; i++) {
		value = field->legal[(turn + i) % field->n_legal] << lowest(field->mask) &
			field->mask;
		if (value != (~pattern & field->mask))
			break;
	}
	return value;
}

uint64_t regtest_compose(const struct regtest *t, const struct regtest_reg *reg,
			 const struct regtest_state *state, uint64_t pattern, unsigned int turn)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];

		if (field->must != REGTEST_ANY)
			value |= obliged(field, state->value);
		else if ((field->flags & REGTEST_WRITE) && !tried(t, field))
			value |= neutral(field, state->value);
		else if (field->untouched) /* and read-only */
			value |= state->value & field->mask;
		else if (field->n_legal)
			value |= legal_value(field, pattern, turn);
		/* The one that counts has to be seen. */
		else if ((field->flags & REGTEST_ONCE) && !(state->once & field->mask))
			value |= ~state->value & field->mask;
		else
			value |= pattern & field->mask;
	}
	return value;
}

uint64_t regtest_restore(const struct regtest *t, const struct regtest_reg *reg,
			 const struct regtest_state *state, uint64_t saved)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < reg->n_fields; i++) {
		const struct regtest_field *field = &reg->fields[i];
		uint64_t turned = (state->value ^ saved) & field->mask;

		if (field->must != REGTEST_ANY)
			value |= obliged(field, state->value);
		else if (!tried(t, field) || !regtest_undone(field))
			value |= neutral(field, state->value);
		else if (field->onwrite == REGTEST_WOT)
			value |= turned;
		else if (field->onwrite == REGTEST_WZT)
			value |= field->mask & ~turned;
		else
			value |= saved & field->mask;
	}
	return value;
}
