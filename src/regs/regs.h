/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register semantics: which register an access hits, and what the access does
 * to its storage, as the tables of the spec say. Knows nothing of PCI, of
 * backends or of time.
 */
#ifndef REGS_REGS_H
#define REGS_REGS_H

#include <ersatz/tables.h>

#include <string.h>

/* ---- map.c: from an offset in a BAR to a register ---- */

/* The registers of one BAR, found by offset in constant time. */
struct regs_map {
	const struct ez_bar *bar; /* NULL: the device has no such BAR */
	const struct ez_reg *regs; /* of the spec */
	uint16_t *slot; /* per byte: index into regs plus 1, 0 for none */
	uint32_t span; /* bytes that slot covers */
};

/* An access that falls inside one register. */
struct regs_hit {
	const struct ez_reg *reg;
	uint32_t element; /* of an array of registers */
	uint32_t byte; /* first byte of the access within the element */
};

/* 0, -ENOMEM, or -EINVAL: the table is not one that a spec compiles to. */
int regs_map_init(struct regs_map *map, const struct ez_spec *spec, const struct ez_bar *bar);
void regs_map_free(struct regs_map *map);

/* The register at this byte; false: none. Inline: on the way of every access. */
static inline bool regs_map_find(const struct regs_map *map, uint64_t offset, struct regs_hit *hit)
{
	uint32_t at;

	if (offset >= map->span || !map->slot[offset])
		return false;
	hit->reg = &map->regs[map->slot[offset] - 1];
	at = (uint32_t)offset - hit->reg->offset;
	hit->element = 0;
	if (hit->reg->count > 1) {
		if (__builtin_expect(hit->reg->rows > 1, 0)) {
			hit->element =
				at / hit->reg->row_stride * (hit->reg->count / hit->reg->rows);
			at %= hit->reg->row_stride;
		}
		hit->element += at / hit->reg->stride;
		at %= hit->reg->stride;
	}
	hit->byte = at;
	return true;
}

/* ---- access.c: what an access does ---- */

/* Why a register does not allow an access. */
enum regs_verdict {
	REGS_OK,
	REGS_WIDTH, /* this width is not legal here, or runs past the register */
	REGS_ALIGNMENT, /* not aligned to its width within the register */
	REGS_READ_ONLY,
	REGS_WRITE_ONLY,
};

static inline enum regs_verdict regs_check(const struct regs_hit *hit, unsigned int width,
					   bool write)
{
	const struct ez_reg *reg = hit->reg;

	if (!(reg->access & width) || hit->byte + width > reg->width)
		return REGS_WIDTH;
	if (hit->byte & (width - 1))
		return REGS_ALIGNMENT;
	if (!(reg->flags & (write ? EZ_REG_WRITE : EZ_REG_READ)))
		return write ? REGS_READ_ONLY : REGS_WRITE_ONLY;
	return REGS_OK;
}

/* All ones in `width` bytes. */
static inline uint64_t regs_ones(unsigned int width)
{
	return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
}

static inline uint64_t regs_field_mask(const struct ez_field *field)
{
	uint64_t ones = field->width >= 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;

	return ones << field->lsb;
}

/* One load of the element's own width: no byte beyond it is touched. */
static inline uint64_t regs_load(const void *at, unsigned int width)
{
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (width) {
	case 4:
		memcpy(&word, at, sizeof(word));
		return word;
	case 1:
		return *(const uint8_t *)at;
	case 2:
		memcpy(&half, at, sizeof(half));
		return half;
	default:
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
}

/* Storage of one element of a register. */
static inline uint64_t regs_peek(const struct ez_reg *reg, uint32_t element, const void *state)
{
	return regs_load((const char *)state + reg->state + (size_t)element * reg->width,
			 reg->width);
}

/* One store of the element's own width. */
static inline void regs_store(void *at, unsigned int width, uint64_t value)
{
	uint32_t word = (uint32_t)value;
	uint16_t half = (uint16_t)value;

	switch (width) {
	case 4:
		memcpy(at, &word, sizeof(word));
		break;
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		break;
	case 2:
		memcpy(at, &half, sizeof(half));
		break;
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

static inline void regs_poke(const struct ez_reg *reg, uint32_t element, void *state,
			     uint64_t value)
{
	regs_store((char *)state + reg->state + (size_t)element * reg->width, reg->width, value);
}

/*
 * A legal access. `state` is the model's state struct. A read without effect
 * is a plain load, and the hot path of a polling driver: it is inline and
 * calls nobody.
 */
static inline uint64_t regs_read_plain(const struct regs_hit *hit, const void *state,
				       unsigned int width)
{
	uint64_t value = regs_peek(hit->reg, hit->element, state) & hit->reg->read;

	return (value >> (8 * hit->byte)) & regs_ones(width);
}

uint64_t regs_read_effect(const struct regs_hit *hit, void *state, unsigned int width);

/* A write that only stores: as plain as the read. */
static inline bool regs_write_is_plain(const struct ez_reg *reg)
{
	return !reg->onwrite && !reg->effects && !(reg->flags & EZ_REG_IRQ);
}

static inline void regs_write_plain(const struct regs_hit *hit, void *state, unsigned int width,
				    uint64_t value)
{
	uint64_t lanes = regs_ones(width) << (8 * hit->byte) & hit->reg->store;
	uint64_t old = regs_peek(hit->reg, hit->element, state);

	regs_poke(hit->reg, hit->element, state,
		  (old & ~lanes) | (value << (8 * hit->byte) & lanes));
}

void regs_write(const struct regs_hit *hit, void *state, unsigned int width, uint64_t value);

/* What store and effects make of `old`; `lanes` are the bits that the access carries. */
uint64_t regs_apply(const struct ez_reg *reg, uint64_t old, uint64_t lanes, uint64_t value);

/* ---- rules.c: what few registers have, struct ez_rules ---- */

/* A write to a register with rules, worked out but not yet done. */
struct regs_plan {
	uint64_t lanes; /* bits that the access carries */
	uint64_t value; /* in their places */
	uint64_t old; /* the storage before */
	uint64_t locked; /* lanes that a lock keeps shut */
	uint64_t spent; /* lanes that take one write, and had it */
	uint64_t lost; /* those of both that the write would have changed, or the hook seen */
	uint64_t open; /* what is left of lanes */
	uint64_t now; /* the storage after */
	bool hook; /* the onwrite hook has something to see */
};

void regs_plan(const struct ez_spec *spec, const struct regs_hit *hit, const void *state,
	       unsigned int width, uint64_t value, struct regs_plan *ret_plan);
/* Does it: storage, and what has been written once. */
void regs_commit(const struct regs_hit *hit, void *state, const struct regs_plan *plan);
/* Is this lock of an element shut now? */
bool regs_locked(const struct ez_spec *spec, const struct ez_reg *reg, uint32_t element,
		 const struct ez_lock *lock, const void *state);
/*
 * Of the registers that share an address: the first that answers now, and in
 * this direction. Else the first that answers at all; false: none does.
 */
bool regs_alternate(const struct ez_spec *spec, const void *state, struct regs_hit *hit,
		    bool write);

/* ---- rows.c: the state table ---- */

uint32_t regs_type_size(enum ez_type type);
/* Element `index` of a row, as bits; signed types are sign-extended by nobody. */
uint64_t regs_row_get(const struct ez_row *row, uint32_t index, const void *state);
void regs_row_set(const struct ez_row *row, uint32_t index, void *state, uint64_t value);

/* Resets what this kind of reset reaches: rows, and fields with a domain of their own. */
void regs_reset(const struct ez_spec *spec, void *state, enum ez_reset_kind kind);

#endif
