/* SPDX-License-Identifier: BSD-2-Clause */
/* The description of a device: its memory, and what follows from it. */
#include "spec/device.h"

#include <string.h>

struct spec_arena {
	GPtrArray *blocks;
};

struct spec_arena *spec_arena_new(void)
{
	struct spec_arena *arena = g_new0(struct spec_arena, 1);

	/* A block an allocation: few enough, and sanitizers see every overrun. */
	arena->blocks = g_ptr_array_new_with_free_func(g_free);
	return arena;
}

void spec_arena_free(struct spec_arena *arena)
{
	if (!arena)
		return;
	g_ptr_array_free(arena->blocks, TRUE);
	g_free(arena);
}

void *spec_arena_alloc(struct spec_arena *arena, size_t n, size_t size)
{
	void *block = g_malloc0_n(n, size);

	if (block)
		g_ptr_array_add(arena->blocks, block);
	return block;
}

char *spec_arena_strndup(struct spec_arena *arena, const char *text, size_t len)
{
	char *copy = spec_arena_alloc(arena, len + 1, 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *spec_arena_printf(struct spec_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(arena->blocks, text);
	return text;
}

const char *spec_upper(struct spec_arena *arena, const char *name)
{
	char *copy = spec_arena_strndup(arena, name, strlen(name));

	for (char *c = copy; *c; c++)
		*c = g_ascii_toupper(*c);
	return copy;
}

unsigned int spec_type_size(enum ez_type type)
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
	case EZ_STRING:
		return 8;
	}
	return 8;
}

const char *spec_type_c(enum ez_type type)
{
	switch (type) {
	case EZ_BOOL:
		return "bool";
	case EZ_U8:
		return "uint8_t";
	case EZ_U16:
		return "uint16_t";
	case EZ_U32:
	case EZ_ENUM:
		return "uint32_t";
	case EZ_U64:
		return "uint64_t";
	case EZ_I8:
		return "int8_t";
	case EZ_I16:
		return "int16_t";
	case EZ_I32:
		return "int32_t";
	case EZ_I64:
		return "int64_t";
	case EZ_STRING:
		return "const char *";
	}
	return "uint64_t";
}

/* The masks of struct ez_rules. */
static void derive_rules(struct spec_reg *reg, const struct spec_access *access, uint64_t bits)
{
	if (access->precedence_hw)
		reg->hw_wins |= bits;
	if (!access->w)
		return;
	if (access->once)
		reg->once |= bits;
	if (access->onwrite == SPEC_WUSER)
		reg->user |= bits;
	reg->rules |= access->once || access->swwe.reg || access->swwel.reg;
}

static void derive_field(struct spec_reg *reg, const struct spec_field *field)
{
	uint64_t bits = spec_field_mask(field);

	if (field->reserved == SPEC_RESERVED_ZERO)
		reg->must_be_zero |= bits;
	else if (field->reserved == SPEC_RESERVED_ONE)
		reg->must_be_one |= bits;
	else if (field->reserved == SPEC_RESERVED_KEEP)
		reg->must_keep |= bits;
	if (field->unimplemented)
		reg->gap |= bits;
	if (field->singlepulse)
		reg->pulse |= bits;
	reg->rules |= field->limit != SPEC_LIMIT_NONE;
}

static void derive_bits(struct spec_reg *reg, const struct spec_access *access, uint64_t bits)
{
	if (access->r) {
		reg->read |= bits;
		switch (access->onread) {
		case SPEC_RCLR:
			reg->effects.rclr |= bits;
			break;
		case SPEC_RSET:
			reg->effects.rset |= bits;
			break;
		case SPEC_RUSER:
			reg->onread = true;
			break;
		case SPEC_ONREAD_NONE:
			break;
		}
	}
	if (access->w) {
		switch (access->onwrite) {
		case SPEC_ONWRITE_NONE:
			reg->store |= bits;
			break;
		case SPEC_WOCLR:
			reg->effects.woclr |= bits;
			break;
		case SPEC_WOSET:
			reg->effects.woset |= bits;
			break;
		case SPEC_WOT:
			reg->effects.wot |= bits;
			break;
		case SPEC_WZC:
			reg->effects.wzc |= bits;
			break;
		case SPEC_WZS:
			reg->effects.wzs |= bits;
			break;
		case SPEC_WZT:
			reg->effects.wzt |= bits;
			break;
		case SPEC_WCLR:
			reg->effects.wclr |= bits;
			break;
		case SPEC_WSET:
			reg->effects.wset |= bits;
			break;
		case SPEC_WUSER:
			reg->onwrite = true;
			break;
		}
		reg->swmod |= access->swmod;
	}
	reg->reset_kinds |= access->resets;
	derive_rules(reg, access, bits);
}

void spec_derive(struct spec_device *dev)
{
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];
		uint64_t all = spec_ones(reg->width), taken = 0;

		if (!reg->n_fields)
			derive_bits(reg, &reg->access, all);
		for (unsigned int k = 0; k < reg->n_fields; k++) {
			const struct spec_field *field = &reg->fields[k];
			uint64_t bits = spec_field_mask(field);

			derive_bits(reg, &field->access, bits);
			derive_field(reg, field);
			taken |= bits;
			if (field->has_reset)
				reg->reset = (reg->reset & ~bits) | field->reset << field->lsb;
		}
		if (!reg->n_fields)
			continue;
		if (reg->reserved == SPEC_RESERVED_ZERO)
			reg->must_be_zero |= all & ~taken;
		else if (reg->reserved == SPEC_RESERVED_ONE)
			reg->must_be_one |= all & ~taken;
		else if (reg->reserved == SPEC_RESERVED_KEEP)
			reg->must_keep |= all & ~taken;
	}
	for (unsigned int i = 0; i < dev->n_irqs; i++) {
		/* The registers are ours; sources only point at them. */
		if (dev->irqs[i].status.reg)
			dev->regs[dev->irqs[i].status.reg - dev->regs].irq = true;
		if (dev->irqs[i].enable.reg)
			dev->regs[dev->irqs[i].enable.reg - dev->regs].irq = true;
		if (dev->irqs[i].level && dev->irqs[i].status.reg)
			dev->regs[dev->irqs[i].status.reg - dev->regs].rules = true;
		if (dev->irqs[i].test.reg) {
			struct spec_reg *reg = &dev->regs[dev->irqs[i].test.reg - dev->regs];

			/* Nothing stays of what was written. */
			reg->pulse |= dev->irqs[i].test.mask;
			reg->irq = true;
		}
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];

		reg->rules |= reg->must_be_one || reg->must_keep || reg->pulse || reg->gap;
	}
}

void spec_device_free(struct spec_device *dev)
{
	if (dev)
		spec_arena_free(dev->arena);
}

const char *spec_device_name(const struct spec_device *dev)
{
	return dev->name;
}

const char *spec_device_description(const struct spec_device *dev)
{
	return dev->desc;
}

const char *spec_device_hash(const struct spec_device *dev)
{
	return dev->hash;
}

const char *spec_device_type(const struct spec_device *dev)
{
	return dev->type;
}

const char *const *spec_device_includes(const struct spec_device *dev)
{
	return (const char *const *)dev->includes;
}

bool spec_device_has_registers(const struct spec_device *dev)
{
	return dev->n_regs > 0;
}

const char *const *spec_device_requires(const struct spec_device *dev)
{
	return (const char *const *)dev->requires;
}

/* The first of things that are `stride` apart and `width` wide from `base` on that may reach `start`. */
static uint64_t first_near(uint64_t base, uint64_t stride, uint64_t width, uint64_t start)
{
	return start < base + width || !stride ? 0 : (start - base - width) / stride + 1;
}

bool spec_reg_reaches(const struct spec_reg *reg, uint64_t start, uint64_t end, uint32_t *ret_index)
{
	uint32_t rows = reg->rows ? reg->rows : 1, row = reg->count / rows;
	uint64_t span = (uint64_t)(row - 1) * reg->stride + reg->width;
	uint64_t r = first_near(reg->offset, reg->row_stride, span, start);

	for (; r < rows; r++) {
		uint64_t base = reg->offset + r * reg->row_stride;
		uint64_t i = first_near(base, reg->stride, reg->width, start);

		if (base >= end)
			return false;
		if (i < row && base + i * reg->stride < end) {
			*ret_index = r * row + i;
			return true;
		}
	}
	return false;
}
