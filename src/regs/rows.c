/* SPDX-License-Identifier: BSD-2-Clause */
#include "regs/regs.h"

#include <string.h>

uint32_t regs_type_size(enum ez_type type)
{
	switch (type) {
	case EZ_BOOL:
	case EZ_U8:
	case EZ_I8:
		return 1;
	case EZ_U16:
	case EZ_I16:
		return 2;
	case EZ_U32:
	case EZ_I32:
	case EZ_ENUM:
		return 4;
	case EZ_U64:
	case EZ_I64:
		return 8;
	case EZ_STRING:
		break;
	}
	return sizeof(char *);
}

/*
 * Elements are copied byte by byte through a little-endian number, so that
 * neither the host's byte order nor an unaligned row matters.
 */
uint64_t regs_row_get(const struct ez_row *row, uint32_t index, const void *state)
{
	uint32_t size = regs_type_size(row->type);
	const char *at = (const char *)state + row->offset + (size_t)index * size;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} v;

	memcpy(&v, at, size);
	return size == 1 ? v.u8 : size == 2 ? v.u16 : size == 4 ? v.u32 : v.u64;
}

void regs_row_set(const struct ez_row *row, uint32_t index, void *state, uint64_t value)
{
	uint32_t size = regs_type_size(row->type);
	char *at = (char *)state + row->offset + (size_t)index * size;
	uint8_t u8 = row->type == EZ_BOOL ? value != 0 : (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	memcpy(at,
	       size == 1   ? (void *)&u8
	       : size == 2 ? (void *)&u16
	       : size == 4 ? (void *)&u32
			   : &value,
	       size);
}

/* Bits of a register that this kind of reset reaches; bits in no field go with the row. */
static uint64_t reset_mask(const struct ez_reg *reg, const struct ez_row *row,
			   enum ez_reset_kind kind)
{
	uint64_t mask = row->resets & (1u << kind) ? UINT64_MAX : 0;
	uint32_t i;

	for (i = 0; i < reg->n_fields; i++) {
		if (reg->fields[i].resets & (1u << kind))
			mask |= regs_field_mask(&reg->fields[i]);
		else
			mask &= ~regs_field_mask(&reg->fields[i]);
	}
	return mask;
}

/* The register whose storage this row is. Tables have both in one order, so `hint` is it. */
static const struct ez_reg *row_register(const struct ez_spec *spec, const struct ez_row *row,
					 uint32_t *hint)
{
	uint32_t i;

	for (i = 0; i < spec->n_regs; i++) {
		const struct ez_reg *reg = &spec->regs[(*hint + i) % spec->n_regs];

		if (reg->state == row->offset) {
			*hint = (uint32_t)(reg - spec->regs) + 1;
			return reg;
		}
	}
	return NULL;
}

/* Bits of an element that take one write, and have had it. */
static uint64_t regs_once(const struct ez_reg *reg, uint32_t element, const void *state)
{
	return regs_load((const char *)state + reg->rules->once_state +
				 (size_t)element * reg->width,
			 reg->width);
}

void regs_reset(const struct ez_spec *spec, void *state, enum ez_reset_kind kind)
{
	uint32_t hint = 0;
	uint32_t i, e;

	for (i = 0; i < spec->n_rows; i++) {
		const struct ez_row *row = &spec->rows[i];
		const struct ez_reg *reg = NULL;
		uint64_t mask = row->resets & (1u << kind) ? UINT64_MAX : 0;

		if (row->kind == EZ_ROW_REGISTER)
			reg = row_register(spec, row, &hint);
		if (reg)
			mask = reset_mask(reg, row, kind);
		if (!mask)
			continue;
		for (e = 0; e < row->count; e++) {
			uint64_t old = regs_row_get(row, e, state);

			regs_row_set(row, e, state, (old & ~mask) | (row->reset & mask));
			/* What takes one write after a reset takes one again. */
			if (reg && reg->rules && reg->rules->once)
				regs_store((char *)state + reg->rules->once_state +
						   (size_t)e * reg->width,
					   reg->width, regs_once(reg, e, state) & ~mask);
		}
	}
}
