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

/* Where something stands in a file; from 1. line 0: nowhere. */
struct spec_pos {
	unsigned int line, column;
	unsigned int file; /* 0: the device.yaml; else of the blocks that it includes */
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

/* "REG" or "REG.FIELD", where one part of the file means another. */
struct spec_ref {
	const char *text; /* NULL: not given */
	struct spec_pos pos;
	/* found by check/ */
	const struct spec_reg *reg;
	uint64_t mask;
};

/* How bits may be reached; a field's default is its register's. */
struct spec_access {
	bool r, w; /* sw */
	enum spec_hw hw;
	enum spec_onwrite onwrite;
	enum spec_onread onread;
	bool swmod;
	uint32_t resets; /* mask of 1u << enum ez_reset_kind */
	bool once; /* sw: rw1 or w1 */
	bool precedence_hw; /* precedence: hw */
	bool donttest, dontcompare; /* for the register test */
	struct spec_ref swwe, swwel;
};

/* What must be written to reserved bits. */
enum spec_reserved {
	SPEC_RESERVED_NOT, /* field: an ordinary one */
	SPEC_RESERVED_IGNORED, /* register: the default */
	SPEC_RESERVED_ZERO,
	SPEC_RESERVED_ONE,
	SPEC_RESERVED_KEEP, /* as read */
};

/* writeconstraint: */
enum spec_limit {
	SPEC_LIMIT_NONE,
	SPEC_LIMIT_VALUES,
	SPEC_LIMIT_RANGE,
	SPEC_LIMIT_AS_READ,
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
	enum spec_reserved reserved; /* not SPEC_RESERVED_NOT: it only names reserved bits */
	bool unimplemented;
	bool singlepulse;
	bool counter, incrsaturate, decrsaturate;
	enum spec_limit limit;
	uint64_t min, max; /* SPEC_LIMIT_RANGE */
	struct spec_pos rule_pos; /* of the key above that checks complain about */
};

/* when: "REG.FIELD == N". */
struct spec_when {
	struct spec_ref ref; /* text: NULL: always */
	bool bad; /* it is there, but not to be understood; reported already */
	uint64_t value; /* of the field */
};

/*
 * A regfile, or an instance of a block: registers that share a prefix and,
 * with a count, a dimension. Its registers are in spec_device.regs, ready.
 */
struct spec_regfile {
	const char *name; /* "CH", "UART0", "UART0_CH": the prefix without its last "_" */
	const char *desc;
	struct spec_pos pos;
	const char *block; /* the block that this is an instance of, or NULL */
	unsigned int bar; /* index into spec_device.bars */
	unsigned int parent; /* 1 + index into spec_device.regfiles, or 0 */
	uint64_t offset; /* in the BAR */
	bool array;
	uint32_t count;
	uint32_t stride; /* only with array */
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
	bool reserved_zero; /* reserved == SPEC_RESERVED_ZERO */
	enum spec_reserved reserved; /* bits of no field */
	bool unimplemented;
	bool array;
	uint32_t count; /* elements in all: of two dimensions too */
	uint32_t stride;
	struct spec_pos stride_pos;
	/* An array of arrays: rows of count / rows elements. Hooks take row * (count / rows) + element. */
	bool matrix;
	uint32_t rows; /* 1 if not matrix */
	uint32_t row_stride;
	struct spec_pos row_pos; /* of the regfile or instance that makes the rows */
	unsigned int regfile; /* 1 + index into spec_device.regfiles, the innermost; 0: none */
	const char *own_name; /* without the prefix of its regfile */
	bool fifo;
	const char *alternate; /* name of a register at the same address, as written, or NULL */
	struct spec_pos alternate_pos;
	struct spec_when when;
	struct spec_field *fields; /* ascending lsb once checked */
	unsigned int n_fields;
	/* worked out by spec_derive */
	uint64_t read, store, must_be_zero;
	struct ez_effects effects;
	bool onread, onwrite, swmod; /* hooks */
	uint32_t reset_kinds; /* any field's */
	bool irq; /* status, enable or test register of a source */
	bool shared; /* other registers have the same address: alternates */
	uint64_t must_be_one, must_keep, once, pulse, hw_wins, user, gap;
	bool rules; /* has something of struct ez_rules */
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

struct spec_irq {
	const char *name;
	const char *desc;
	struct spec_pos pos;
	uint64_t vector;
	struct spec_pos vector_pos;
	struct spec_ref status, enable, test;
	bool level; /* type: level */
	bool sticky; /* level: lowering leaves the status */
	struct spec_pos type_pos;
};

struct spec_cap {
	const char *kind; /* "pm", "msi", "msix", "express", "af", "vendor" */
	struct spec_pos pos;
	bool bad;
	uint8_t id;
	uint64_t offset;
	struct spec_pos offset_pos;
	unsigned int length;
	unsigned int vectors;
	bool address64, maskable, no_soft_reset, d1, d2;
	bool flr; /* express and af */
	unsigned int max_payload, link_speed, link_width; /* express: bytes; 1 to 6; lanes */
	struct spec_place table, pba;
	uint8_t *body, *wmask; /* length - 2 bytes each, or NULL */
};

/* Of the extended list. */
struct spec_ext_cap {
	const char *kind; /* "aer", "serial", "vendor", "raw" */
	struct spec_pos pos;
	bool bad;
	unsigned int id, version;
	uint64_t offset;
	struct spec_pos offset_pos;
	unsigned int length;
	uint64_t number; /* serial */
	uint8_t *body, *wmask; /* length - 4 bytes each, or NULL */
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
	const char *type; /* what -device takes: never NULL once parsed; the name if not given */
	struct spec_pos type_pos;
	const char **aliases; /* NULL-terminated */
	enum ez_irq_policy irq_policy;
	struct ez_identity id;
	struct spec_pos pci_pos, pin_pos, express_pos;
	const char **requires; /* NULL-terminated */
	const char **includes; /* paths of the block files read, NULL-terminated */
	struct spec_regfile *regfiles;
	unsigned int n_regfiles;
	struct spec_bar *bars;
	struct spec_reg *regs; /* sorted by BAR number, then offset once checked */
	struct spec_window *windows; /* sorted by BAR number, then offset once checked */
	struct spec_irq *irqs;
	struct spec_cap *caps; /* sorted by offset once checked */
	struct spec_ext_cap *ext_caps; /* the same */
	struct spec_prop *props;
	struct spec_var *state;
	struct spec_timer *timers;
	struct spec_job *jobs;
	unsigned int n_windows, n_ext_caps;
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
	uint64_t rows = reg->rows ? reg->rows : 1, row = reg->count / rows;

	return (rows - 1) * reg->row_stride + (row - 1) * reg->stride + reg->width;
}

/* Place of element `index` in the BAR. */
static inline uint64_t spec_reg_at(const struct spec_reg *reg, uint32_t index)
{
	uint32_t row = reg->count / (reg->rows ? reg->rows : 1);

	return reg->offset + (uint64_t)(index / row) * reg->row_stride +
	       (uint64_t)(index % row) * reg->stride;
}

/* The first element, in table order, that reaches into [start, end) of the BAR; false: none does. */
bool spec_reg_reaches(const struct spec_reg *reg, uint64_t start, uint64_t end,
		      uint32_t *ret_index);

/* Does a stand before b? */
static inline bool spec_pos_before(struct spec_pos a, struct spec_pos b)
{
	if (a.file != b.file)
		return a.file < b.file;
	return a.line != b.line ? a.line < b.line : a.column < b.column;
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
