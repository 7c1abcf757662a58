/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a device.yaml says, as C structs: made by parse/, judged by check/,
 * written out by emit/. Internal to src/spec.
 *
 * Everything that hangs off a struct spec_device is owned by its arena.
 */
#ifndef SPEC_DEVICE_H
#define SPEC_DEVICE_H

#include "spec/spec.h"

#include <ersatz/tables.h>

/* Where something stands in the file; from 1. line 0: nowhere. */
struct spec_pos {
	unsigned int line, column;
};

/* Memory that is freed in one go. */
struct spec_arena;
struct spec_arena *spec_arena_new(void);
void spec_arena_free(struct spec_arena *arena);
/* Zeroed; size 0 gives NULL. */
void *spec_arena_alloc(struct spec_arena *arena, size_t n, size_t size);
char *spec_arena_strndup(struct spec_arena *arena, const char *text, size_t len);
char *spec_arena_printf(struct spec_arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* SystemRDL's onwrite and onread. SPEC_ONWRITE_NONE: store. */
enum spec_onwrite {
	SPEC_ONWRITE_NONE,
	SPEC_WOCLR,
	SPEC_WOSET,
	SPEC_WOT,
	SPEC_WZC,
	SPEC_WZS,
	SPEC_WZT,
	SPEC_WCLR,
	SPEC_WSET,
	SPEC_WUSER,
};

enum spec_onread {
	SPEC_ONREAD_NONE,
	SPEC_RCLR,
	SPEC_RSET,
	SPEC_RUSER,
};

enum spec_hw {
	SPEC_HW_RW,
	SPEC_HW_R,
	SPEC_HW_W,
	SPEC_HW_NA,
};

/* How bits may be reached; a field's default is its register's. */
struct spec_access {
	bool r, w; /* sw */
	enum spec_hw hw;
	enum spec_onwrite onwrite;
	enum spec_onread onread;
	bool swmod;
	uint32_t resets; /* mask of 1u << enum ez_reset_kind */
};

struct spec_value {
	const char *name;
	uint64_t value;
	struct spec_pos pos;
};

struct spec_field {
	const char *name; /* NULL: unusable, reported already */
	const char *desc;
	struct spec_pos pos;
	bool bad; /* its bits are unknown, reported already */
	unsigned int lsb, width;
	struct spec_pos bits_pos;
	struct spec_access access;
	bool has_reset;
	uint64_t reset;
	struct spec_pos reset_pos;
	struct spec_value *values;
	unsigned int n_values;
};

struct spec_reg {
	const char *name; /* NULL: unusable, reported already */
	const char *desc;
	struct spec_pos pos;
	bool bad; /* its place or size is unknown, reported already */
	unsigned int bar; /* index into spec_device.bars */
	uint64_t offset;
	struct spec_pos offset_pos;
	unsigned int width; /* bytes */
	unsigned int access_width; /* bytes */
	struct spec_access access;
	bool has_reset;
	uint64_t reset;
	struct spec_pos reset_pos;
	bool reserved_zero;
	bool unimplemented;
	bool array;
	uint32_t count;
	uint32_t stride;
	struct spec_pos stride_pos;
	struct spec_field *fields; /* ascending lsb once checked */
	unsigned int n_fields;
	/* worked out by spec_derive */
	uint64_t read, store, must_be_zero;
	struct ez_effects effects;
	bool onread, onwrite, swmod; /* hooks */
	uint32_t reset_kinds; /* any field's */
	bool irq; /* status or enable register of a source */
};

struct spec_bar {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	bool bad;
	unsigned int number;
	struct spec_pos number_pos;
	enum ez_bar_kind kind;
	bool prefetchable, split;
	struct spec_pos prefetchable_pos;
	uint64_t size;
	struct spec_pos size_pos;
	enum ez_answer illegal, unmapped;
};

/* RAM in a BAR. */
struct spec_window {
	const char *name; /* NULL: unusable, reported already */
	const char *desc;
	struct spec_pos pos;
	bool bad; /* its place or size is unknown, reported already */
	unsigned int bar; /* index into spec_device.bars */
	uint64_t offset, size;
	struct spec_pos offset_pos, size_pos;
	uint32_t resets;
};

/* Where an MSI-X structure lies. */
struct spec_place {
	struct spec_pos pos;
	unsigned int bar; /* its number */
	struct spec_pos bar_pos;
	uint64_t offset;
	struct spec_pos offset_pos;
};

/* "REG" or "REG.FIELD" in an interrupt source. */
struct spec_ref {
	const char *text; /* NULL: not given */
	struct spec_pos pos;
	/* found by check/ */
	const struct spec_reg *reg;
	uint64_t mask;
};

struct spec_irq {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	uint64_t vector;
	struct spec_pos vector_pos;
	struct spec_ref status, enable;
};

struct spec_cap {
	const char *kind; /* "pm", "msi", "msix", "vendor" */
	struct spec_pos pos;
	bool bad;
	uint8_t id;
	uint64_t offset;
	struct spec_pos offset_pos;
	unsigned int length;
	unsigned int vectors;
	bool address64, maskable, no_soft_reset;
	struct spec_place table, pba;
	uint8_t *body, *wmask; /* length - 2 bytes each, or NULL */
};

struct spec_prop {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	enum ez_type type;
	const char *initial;
	uint64_t min, max;
	struct spec_value *values; /* EZ_ENUM: value is the index */
	unsigned int n_values;
};

/* A scalar or an array under state: or in a job's data. */
struct spec_var {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	enum ez_type type;
	bool array;
	uint32_t count;
	uint64_t reset;
	uint32_t resets;
};

struct spec_job {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	struct spec_var *data;
	unsigned int n_data;
};

struct spec_timer {
	const char *name;
	const char *desc;
	struct spec_pos pos;
};

enum spec_hook {
	SPEC_HOOK_CREATE = 1 << 0,
	SPEC_HOOK_DESTROY = 1 << 1,
	SPEC_HOOK_RESET = 1 << 2,
	SPEC_HOOK_LOAD = 1 << 3,
};

struct spec_device {
	struct spec_arena *arena;
	const char *name;
	struct spec_pos name_pos;
	const char *desc;
	struct ez_identity id;
	struct spec_pos pci_pos, pin_pos;
	const char **requires; /* NULL-terminated */
	struct spec_bar *bars;
	struct spec_reg *regs; /* sorted by BAR number, then offset once checked */
	struct spec_window *windows; /* sorted by BAR number, then offset once checked */
	struct spec_irq *irqs;
	struct spec_cap *caps; /* sorted by offset once checked */
	struct spec_prop *props;
	struct spec_var *state;
	struct spec_timer *timers;
	struct spec_job *jobs;
	unsigned int n_windows;
	unsigned int n_bars, n_regs, n_irqs, n_caps, n_props, n_state, n_timers, n_jobs;
	unsigned int hooks; /* enum spec_hook */
	const char *hash;
	/* spellings for generated C */
	const char *upper; /* MY_RNG */
};

/* All bits of a register of `width` bytes. */
static inline uint64_t spec_ones(unsigned int width)
{
	return width >= 8 ? UINT64_MAX : (UINT64_C(1) << width * 8) - 1;
}

static inline uint64_t spec_field_mask(const struct spec_field *field)
{
	uint64_t ones = field->width >= 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;

	return ones << field->lsb;
}

/* Bytes from the register's first to its last, all elements. */
static inline uint64_t spec_reg_span(const struct spec_reg *reg)
{
	return (uint64_t)(reg->count - 1) * reg->stride + reg->width;
}

/* PCI 3.0, 6.8.2: 16 bytes a vector; a bit a vector, in whole qwords. */
static inline uint32_t spec_msix_table_size(const struct spec_cap *cap)
{
	return cap->vectors * 16;
}

static inline uint32_t spec_msix_pba_size(const struct spec_cap *cap)
{
	return (cap->vectors + 63) / 64 * 8;
}

/* Size of one element of a type, bytes. */
unsigned int spec_type_size(enum ez_type type);
/* "uint32_t" */
const char *spec_type_c(enum ez_type type);

/* Upper case for macros, in the arena. */
const char *spec_upper(struct spec_arena *arena, const char *name);

/* Reset value of the whole register, and the masks of what accesses do. */
void spec_derive(struct spec_device *dev);
/* Needs spec_derive. */
void spec_hash(struct spec_device *dev);

/* All rules that look at more than one key; sorts, and resolves references. */
void spec_check(struct spec_device *dev, struct spec_diags *diags);

#endif
