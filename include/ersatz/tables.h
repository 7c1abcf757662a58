/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a compiled spec is: the tables that `ersatz spec header` writes from
 * device.yaml and that every model's shared object carries. A model's author
 * never fills one in by hand; backends, taps and tools read them.
 *
 * Everything here is constant, owned by the model's shared object, and lives
 * as long as that object stays loaded. Pointers may be NULL only where it is
 * said. Offsets and sizes are in bytes; masks are in the register's own bit
 * numbering, bit 0 the least significant.
 *
 * The layout of these tables is part of the ABI: any change to one of them
 * changes EZ_ABI, and a model built for another EZ_ABI is refused.
 */
#ifndef ERSATZ_TABLES_H
#define ERSATZ_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Version of the layout of everything in this file and of struct ez_model. */
#define EZ_ABI 4u

/* "There is none", where a table row may name a register or a state offset. */
#define EZ_NONE UINT32_MAX

/* Limits that the tables and the PCI specification set. */
#define EZ_BARS 6 /* PCI 3.0, 6.2.5: base address registers of a type 0 header */
#define EZ_CONFIG_SIZE 256 /* conventional configuration space */
#define EZ_CONFIG_SIZE_EXPRESS 4096 /* PCI Express 7.2.2: enhanced configuration space */

/* Type of one element of a state row or of a property. */
enum ez_type {
	EZ_BOOL, /* C bool; 0 or 1 */
	EZ_U8,
	EZ_U16,
	EZ_U32,
	EZ_U64,
	EZ_I8,
	EZ_I16,
	EZ_I32,
	EZ_I64,
	EZ_ENUM, /* properties only: uint32_t index into ez_prop.values */
	EZ_STRING, /* properties only: const char *, never NULL */
};

/*
 * Why a device is being reset. A row of the state table, and a field of a
 * register, says by a mask of these (1u << kind) which of them bring it back
 * to its reset value.
 */
enum ez_reset_kind {
	EZ_RESET_POWER_ON, /* power applied: everything */
	EZ_RESET_BUS, /* RST# or a hot reset: PCI 3.0, 2.2.1; PCIe 6.6.1 */
	EZ_RESET_FUNCTION, /* FLR, AF FLR, or D3hot to D0: PCIe 6.6.2; PM 1.2, 5.4.1 */
	EZ_RESET_SOFTWARE, /* the device's own reset register; never PCI state */
	EZ_RESET_KINDS
};

#define EZ_RESET_ALL ((1u << EZ_RESET_KINDS) - 1)

/* What a row of the state table holds; `info` and traces group by it. */
enum ez_row_kind {
	EZ_ROW_REGISTER, /* the storage of a register */
	EZ_ROW_STATE, /* declared under state: in the spec */
	EZ_ROW_JOB, /* plain data of a job */
};

/*
 * One row of the state table: a scalar or an array in the model's state
 * struct. Save, load and reset walk these rows; load matches them by name.
 */
struct ez_row {
	const char *name; /* unique within the table */
	uint32_t offset; /* of the first element in the state struct */
	uint32_t count; /* elements, at least 1, contiguous */
	enum ez_type type; /* never EZ_ENUM or EZ_STRING */
	enum ez_row_kind kind;
	uint32_t resets; /* mask of 1u << enum ez_reset_kind */
	uint64_t reset; /* value of each element after such a reset */
};

/* A named value of a field. */
struct ez_value {
	const char *name;
	uint64_t value;
};

enum ez_field_flags {
	EZ_FIELD_RESERVED = 1 << 0, /* only names reserved bits */
	EZ_FIELD_UNIMPLEMENTED = 1 << 1, /* the model has a gap here */
	EZ_FIELD_COUNTER = 1 << 2, /* the device counts in it */
};

/* A named range of bits in a register. */
struct ez_field {
	const char *name;
	const char *desc; /* may be NULL */
	uint8_t lsb; /* lowest bit */
	uint8_t width; /* bits, 1 to 64 */
	uint8_t flags; /* enum ez_field_flags */
	uint32_t resets; /* mask of reset kinds that reset these bits */
	const struct ez_value *values; /* may be NULL */
	uint32_t n_values;
};

/*
 * What an access does to bits beyond storing them: SystemRDL's onwrite and
 * onread, as masks of the bits that have the effect. A bit is in at most one
 * write mask (ez_reg.store included) and in at most one read mask.
 */
struct ez_effects {
	uint64_t woclr; /* written one clears */
	uint64_t woset; /* written one sets */
	uint64_t wot; /* written one toggles */
	uint64_t wzc; /* written zero clears */
	uint64_t wzs; /* written zero sets */
	uint64_t wzt; /* written zero toggles */
	uint64_t wclr; /* any write clears */
	uint64_t wset; /* any write sets */
	uint64_t rclr; /* a read clears, after returning the old value */
	uint64_t rset; /* a read sets, after returning the old value */
};

enum ez_reg_flags {
	EZ_REG_READ = 1 << 0, /* software may read it */
	EZ_REG_WRITE = 1 << 1, /* software may write it */
	EZ_REG_READ_EFFECT = 1 << 2, /* reading changes something: never read it to look */
	EZ_REG_IRQ = 1 << 3, /* status, enable or test register of an interrupt source */
	EZ_REG_UNIMPLEMENTED = 1 << 4, /* the model has a gap here; accesses are logged */
	EZ_REG_RULES = 1 << 5, /* ez_reg.rules has something to say about writes */
	EZ_REG_ALTERNATE = 1 << 6, /* shares its address: ez_rules.when says who answers */
	EZ_REG_FIFO = 1 << 7, /* a port: tools never access it just to look */
};

/*
 * Bits of one register that software may write only while a key, in this or
 * another register, is set (SystemRDL's swwe) or clear (swwel). Where the key's
 * register is an array, it is the element that ez_reg_partner() names.
 */
struct ez_lock {
	const char *key_name; /* "LOCK.KEY" */
	uint64_t mask; /* bits that it locks */
	uint32_t key; /* index of the register that holds the key */
	uint64_t key_mask; /* bits of the key there */
	bool open_if_clear; /* swwel; false: swwe, open while any bit of the key is set */
};

/* What software should write to a field; it is stored all the same. */
enum ez_limit_kind {
	EZ_LIMIT_VALUES, /* one of the field's named values */
	EZ_LIMIT_RANGE, /* min to max */
	EZ_LIMIT_AS_READ, /* what a read would give */
};

struct ez_limit {
	uint32_t field; /* index into ez_reg.fields */
	enum ez_limit_kind kind;
	uint64_t min, max; /* inclusive */
};

/* A condition: these bits of a register have this value. Arrays as in struct ez_lock. */
struct ez_when {
	uint32_t reg; /* index */
	uint64_t mask;
	uint64_t value; /* in its place: a part of mask */
};

/*
 * What few registers have. Bits that no mask names behave as struct ez_reg
 * says. In the order of a write: locks and write-once take bits out of it; what
 * is left is stored and has its effects; then the hooks run; then pulses end.
 */
struct ez_rules {
	uint64_t must_be_one; /* reserved bits: a zero written is a spec violation */
	uint64_t must_keep; /* reserved bits: anything but what they read as is one */
	uint64_t once; /* only the first write since a reset of theirs counts */
	uint32_t once_state; /* offset of the mask of those written, an element per element, as wide
				as the register; EZ_NONE where `once` is 0 */
	uint64_t pulse; /* back to 0 as soon as the hooks have run */
	uint64_t hw_wins; /* an event in the moment of an access comes after its effect */
	uint64_t user; /* bits that are the onwrite hook's */
	uint64_t unimplemented; /* bits of fields that the model does not have */
	const struct ez_lock *locks; /* may be NULL */
	const struct ez_limit *limits; /* may be NULL */
	uint32_t n_locks, n_limits;
	uint32_t alternate; /* index of the next register at this address, or EZ_NONE */
	const struct ez_when *when; /* it answers only then; NULL: always */
};

/*
 * A register, or an array of equal registers in one BAR.
 *
 * Storage: element i lives at state + i * width in the state struct, host
 * byte order. It holds what software last saw or stored, so that looking at
 * it has no side effect.
 *
 * A read takes onread's result if there is one and keeps it in the storage,
 * else the storage; bits outside `read` are 0. Where the access is narrower
 * than the register, onread runs only for the lowest part; the other parts
 * come from the storage (so a 64-bit pair is read low, then high).
 *
 * A write stores the bits of `store`, applies `effects`, then calls onwrite
 * with the whole value written (bytes not written: as stored before). Bits that
 * are onwrite: wuser in the spec are not in `store`: their hook decides.
 */
struct ez_reg {
	const char *name;
	const char *desc; /* may be NULL */
	uint32_t offset; /* of element 0 in its BAR */
	uint32_t count; /* elements in all, at least 1 */
	uint32_t stride; /* distance of elements in a row, at least width */
	uint8_t bar; /* 0 to 5 */
	uint8_t width; /* 1, 2, 4 or 8 */
	uint8_t access; /* legal access widths, or-ed together: 1, 2, 4, 8; aligned to themselves */
	uint8_t flags; /* enum ez_reg_flags */
	uint32_t state; /* offset of the storage in the state struct */
	uint64_t reset; /* value after reset */
	uint64_t read; /* bits that software can read */
	uint64_t store; /* bits that a write stores as they are */
	uint64_t must_be_zero; /* reserved bits: a one written is a spec violation */
	const struct ez_effects *effects; /* NULL: none */
	uint64_t (*onread)(void *state, uint32_t index); /* NULL: none */
	void (*onwrite)(void *state, uint32_t index, uint64_t value); /* NULL: none */
	const struct ez_field *fields; /* may be NULL; ascending lsb */
	uint32_t n_fields;
	/* Two dimensions: element i is in row i / (count / rows). 0 or 1: only one */
	uint32_t rows;
	uint32_t row_stride; /* distance of rows */
	const struct ez_rules *rules; /* NULL: none; never NULL with EZ_REG_RULES or _ALTERNATE */
};

/* Where element `index` lies in its BAR. */
static inline uint64_t ez_reg_offset(const struct ez_reg *reg, uint32_t index)
{
	uint32_t row = reg->rows > 1 ? reg->count / reg->rows : reg->count;

	return reg->offset + (uint64_t)(index / row) * reg->row_stride +
	       (uint64_t)(index % row) * reg->stride;
}

/*
 * Bytes from the first of element 0 to the last of the last element.
 */
static inline uint64_t ez_reg_span(const struct ez_reg *reg)
{
	return ez_reg_offset(reg, reg->count - 1) - reg->offset + reg->width;
}

/*
 * The element of `other` that goes with element `index` of `reg`: the only
 * one; the one of the same index; or, where reg has rows, that of its row.
 */
static inline uint32_t ez_reg_partner(const struct ez_reg *reg, uint32_t index,
				      const struct ez_reg *other)
{
	if (other->count == reg->count)
		return index;
	if (reg->rows > 1 && other->count == reg->rows)
		return index / (reg->count / reg->rows);
	return 0;
}

enum ez_bar_kind {
	EZ_BAR_MEM32, /* PCI 3.0, 6.2.5.1: type 00b, anywhere in 32-bit memory */
	EZ_BAR_MEM64, /* type 10b; takes the next BAR number too */
	EZ_BAR_IO, /* I/O space; at most 256 bytes on conventional PCI */
};

/* What a read gives that no register answers, or that breaks a rule. */
enum ez_answer {
	EZ_ANSWER_ONES, /* all ones, as an unclaimed cycle reads */
	EZ_ANSWER_ZERO,
};

struct ez_bar {
	const char *name;
	uint8_t number; /* 0 to 5 */
	enum ez_bar_kind kind;
	bool prefetchable; /* memory only */
	bool split; /* an access over several whole registers is cut into theirs, lowest first */
	enum ez_answer
		illegal; /* a width, alignment or direction that the register does not allow */
	enum ez_answer unmapped; /* no register there */
	uint64_t size; /* a power of two; memory: at least 16, I/O: at least 4 */
};

/*
 * A memory window: a part of a memory BAR that is plain RAM of the device.
 * The guest reaches it without a crossing wherever a backend can map it, in any
 * width and alignment; the model reaches it through ez_window(). No register
 * lies in it.
 */
struct ez_window {
	const char *name; /* unique among registers and windows of the function */
	const char *desc; /* may be NULL */
	uint8_t bar; /* 0 to 5, a memory BAR */
	uint32_t resets; /* mask of 1u << enum ez_reset_kind: those that fill it with zeros */
	uint64_t offset; /* in the BAR; a multiple of 4096, as is size, so that it can be mapped */
	uint64_t size;
};

/* A capability of the conventional list. Which members count depends on id. */
struct ez_cap {
	/* PCI code and id assignment: 0x01 PM, 0x05 MSI, 0x09 vendor, 0x10 PCI Express, 0x11 MSI-X, 0x13 AF */
	uint8_t id;
	uint16_t offset; /* 0x40 to 0xfc, dword aligned */
	uint16_t length; /* bytes taken in config space, header included */
	/* MSI (PCI 3.0, 6.8.1) and MSI-X (6.8.2) */
	uint16_t vectors; /* MSI, asked for: 1, 2, 4, 8, 16 or 32; MSI-X, table size: 1 to 2048 */
	/* MSI */
	bool address64;
	bool maskable; /* per-vector masking */
	/* MSI-X: where table (16 bytes a vector) and pending bits (8 bytes each 64 vectors) lie */
	uint8_t table_bar, pba_bar; /* 0 to 5, memory BARs */
	uint32_t table_offset, pba_offset; /* multiples of 8; no register and no window there */
	/* PM (PM 1.2, 3.2) */
	bool no_soft_reset; /* D3hot to D0 keeps state; else it is a function reset */
	bool d1, d2; /* the optional states: as D3hot, but leaving them resets nothing */
	/* PCI Express (PCIe 7.5.3) and Advanced Features (the ECN of 2006) */
	bool flr; /* function level reset */
	/* PCI Express, an endpoint: length is EZ_EXPRESS_LENGTH */
	uint16_t max_payload; /* bytes it can take: 128, 256, 512, 1024, 2048 or 4096 */
	uint8_t link_speed; /* supported and current: 1 is 2.5 GT/s, ... 6 is 64 GT/s */
	uint8_t link_width; /* maximum and negotiated: 1, 2, 4, 8, 12, 16 or 32 */
	/* any other: bytes after the two of the header */
	const uint8_t *body; /* length - 2 bytes; may be NULL: zeros */
	const uint8_t *body_wmask; /* writable bits of body; may be NULL: none */
};

#define EZ_EXPRESS_LENGTH 60 /* PCIe 7.5.3: version 2 of the structure */
#define EZ_AF_LENGTH 6
#define EZ_AER_LENGTH 72 /* PCIe 7.8.4: of an endpoint, with its TLP prefix log */
#define EZ_SERIAL_LENGTH 12 /* PCIe 7.9.3 */

/* A capability of the extended list, PCIe 7.6.3. Which members count depends on id. */
struct ez_ext_cap {
	uint16_t id; /* 0x0001 AER, 0x0003 device serial number, 0x000b vendor, or any other */
	uint8_t version; /* 1 to 15 */
	uint16_t offset; /* 0x100 to 0xff8, dword aligned; the first is at 0x100 */
	uint16_t length; /* bytes taken, header included, a multiple of 4, at least 8 */
	uint64_t serial; /* device serial number: an EUI-64 */
	/* any but AER and serial number: bytes after the four of the header */
	const uint8_t *body; /* length - 4 bytes; may be NULL: zeros */
	const uint8_t *body_wmask; /* writable bits of body; may be NULL: none */
};

/* What raising a source means for its status bits. */
enum ez_irq_type {
	EZ_IRQ_PULSE, /* sets them, once: software clears them */
	EZ_IRQ_LEVEL, /* holds them until it is lowered: software cannot clear them for long */
};

/* Which vector a source uses whose own was not granted. */
enum ez_irq_policy {
	EZ_IRQ_FIRST, /* vector 0 */
	EZ_IRQ_MODULO, /* its own, modulo the number of those granted */
};

/*
 * An interrupt source. It is pending while its status bits are set (or, if
 * no status register is named, from ez_irq_raise to ez_irq_lower), and counts
 * while it is enabled (no enable register: always).
 */
struct ez_irq {
	const char *name;
	const char *desc; /* may be NULL */
	uint16_t vector; /* of MSI or MSI-X, asked for */
	uint32_t status; /* index of a register, or EZ_NONE */
	uint64_t status_mask;
	uint32_t enable; /* index of a register, or EZ_NONE */
	uint64_t enable_mask;
	enum ez_irq_type type;
	bool sticky; /* EZ_IRQ_LEVEL: lowering leaves the status bits to software */
	/* A one written to test_mask of register `test` sets the status; 0 mask: none. */
	uint32_t test;
	uint64_t test_mask;
};

/* A property: what a user may set when the device is made. */
struct ez_prop {
	const char *name;
	const char *desc; /* may be NULL */
	enum ez_type type; /* EZ_BOOL, EZ_U32, EZ_U64, EZ_ENUM or EZ_STRING */
	uint32_t offset; /* of its value in the state struct */
	const char *initial; /* default, as a user would write it; never NULL */
	uint64_t min, max; /* numbers: allowed range, inclusive */
	const char *const *values; /* EZ_ENUM: NULL-terminated names */
};

/* A timer; its index is what ez_timer_set() takes. */
struct ez_timer {
	const char *name;
	void (*fired)(void *state);
};

/*
 * A job: long work on plain data, done in pieces away from the guest's CPU.
 * `run` does one piece on a worker and touches nothing but data and the
 * ez_job_* calls; it returns true when it wants another piece. `done` runs
 * as an ordinary callback.
 */
struct ez_job;
struct ez_job_desc {
	const char *name;
	uint32_t data; /* offset of its data in the state struct */
	bool (*run)(struct ez_job *job, void *data);
	void (*done)(void *state);
};

/* PCI identity: the type 0 header, PCI 3.0, 6.1 and 6.2. */
struct ez_identity {
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint32_t class_code; /* 24 bits: base class, sub-class, interface */
	uint8_t revision;
	uint8_t pin; /* 0 none, 1 INTA# to 4 INTD# */
	bool express; /* PCI Express: 4096 bytes of config space */
};

/* A compiled spec. Arrays may be NULL where their count is 0. */
struct ez_spec {
	const char *name; /* of the device project; a C identifier */
	const char *desc; /* may be NULL */
	const char *hash; /* SHA-256 of the canonical spec, hexadecimal */
	struct ez_identity id;
	uint32_t state_size; /* of the state struct */
	const struct ez_bar *bars;
	const struct ez_reg *regs; /* sorted by bar, then offset */
	const struct ez_row *rows;
	const struct ez_prop *props;
	const struct ez_cap *caps; /* ascending offset */
	const struct ez_irq *irqs;
	const struct ez_timer *timers;
	const struct ez_job_desc *jobs;
	const struct ez_window *windows; /* ascending bar, then offset; none overlap */
	uint32_t n_windows;
	uint32_t n_bars, n_regs, n_rows, n_props, n_caps, n_irqs, n_timers, n_jobs;
	const char *type; /* what -device takes; NULL: name */
	enum ez_irq_policy irq_policy;
	const char *const *aliases; /* other names that -device takes; NULL-terminated, or NULL */
	const struct ez_ext_cap *ext_caps; /* ascending offset; only where id.express */
	uint32_t n_ext_caps;
};

/* What -device takes. */
static inline const char *ez_spec_type(const struct ez_spec *spec)
{
	return spec->type ? spec->type : spec->name;
}

/*
 * What a model's shared object exports, under the name EZ_MODEL_SYMBOL.
 * Members are only ever appended; `size` says how many are there. A hook that
 * the spec does not ask for is NULL.
 */
#define EZ_MODEL_SYMBOL "ersatz_model"

struct ez_model {
	uint32_t size; /* sizeof(struct ez_model) when it was built */
	uint32_t abi; /* EZ_ABI when it was built */
	const struct ez_spec *spec;
	/* After rows and properties are set; 0, or -errno to refuse the device. */
	int (*create)(void *state);
	/* Last call; pairs with a create that returned 0. */
	void (*destroy)(void *state);
	/* After the rows took their reset values. */
	void (*reset)(void *state, enum ez_reset_kind kind);
	/* After a saved state was put back; 0, or -errno to refuse it. */
	int (*load)(void *state);
};

#endif
