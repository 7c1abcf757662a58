/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register test: holds a device to the rules that its spec declares, one
 * register after the other, and says in KTAP what it found. The table comes
 * from `ersatz spec regtest`; this runtime is the same for all devices and
 * needs nothing but a C library (GCC or clang, Linux).
 *
 * It touches only what it can put back, or what a reset that is at hand brings
 * back, and leaves alone what has effects that the spec does not describe.
 * Whatever is left alone is reported as skipped, with the reason.
 */
#ifndef ERSATZ_REGTEST_H
#define ERSATZ_REGTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the table ---- */

enum regtest_field_flags {
	REGTEST_READ = 1 << 0, /* software may read these bits; others read as 0 */
	REGTEST_WRITE = 1 << 1, /* software may change them */
	REGTEST_HARDWARE = 1 << 2, /* the device changes them by itself: their value says nothing */
	REGTEST_GAP = 1 << 3, /* bits that belong to no field */
	REGTEST_ONCE = 1 << 4, /* only the first write after a reset counts */
};

/* SystemRDL's onwrite and onread; what calls the device's own logic is no rule and not here. */
enum regtest_onwrite {
	REGTEST_STORE,
	REGTEST_WOCLR,
	REGTEST_WOSET,
	REGTEST_WOT,
	REGTEST_WZC,
	REGTEST_WZS,
	REGTEST_WZT,
	REGTEST_WCLR,
	REGTEST_WSET,
};

enum regtest_onread { REGTEST_PLAIN, REGTEST_RCLR, REGTEST_RSET };

/* What a driver must write to bits, whatever it writes to their neighbours. */
enum regtest_must { REGTEST_ANY, REGTEST_ZERO, REGTEST_ONE, REGTEST_KEEP };

/* Reset kinds, as bits: those of SystemRDL's domains that PCI has. */
enum regtest_reset {
	REGTEST_POWER_ON = 1 << 0,
	REGTEST_BUS = 1 << 1,
	REGTEST_FUNCTION = 1 << 2,
};

/* These bits can be changed only while bits of register `reg` are set (or are clear). */
struct regtest_lock {
	uint32_t reg; /* index into the table */
	uint32_t per; /* element N goes with its element N / per; 0: all with its element 0 */
	bool open_if_set;
	uint64_t mask;
};

struct regtest_field {
	const char *name; /* NULL: the register as a whole */
	uint64_t mask;
	uint8_t flags; /* enum regtest_field_flags */
	uint8_t onwrite, onread, must; /* the enums above */
	uint8_t resets; /* mask of enum regtest_reset */
	const char *untouched; /* why no other value is written to it; NULL: it may be */
	const struct regtest_lock *locks;
	uint32_t n_locks;
	/* Values that may be written, in field position; none: all. */
	const uint64_t *legal;
	uint32_t n_legal;
};

struct regtest_reg {
	const char *name;
	uint32_t offset;
	uint32_t count, stride; /* elements of a row */
	uint32_t rows, row_stride;
	uint8_t bar, width; /* width: bytes */
	uint8_t access; /* legal access widths, or-ed together */
	bool lock; /* other registers' locks are in it: tested after them */
	uint64_t reset;
	const char *no_read; /* why it is not even read; NULL: it is */
	const char *no_write; /* why nothing is written to it */
	const char *enables; /* the same, but where `alone` */
	const struct regtest_field *fields; /* all bits are in exactly one */
	uint32_t n_fields;
};

#define REGTEST_BARS 6

struct regtest_bar {
	uint8_t number;
	bool io;
	bool zero_unmapped, zero_illegal; /* such reads give 0; else all ones */
	int64_t hole; /* offset of four bytes that nothing answers; -1: none known */
	uint64_t span; /* bytes from its start to the end of the last register */
};

struct regtest_table {
	const char *name; /* of the device */
	const char *hash; /* SHA-256 of the spec that this was made from */
	uint16_t vendor, device;
	const struct regtest_bar *bars;
	const struct regtest_reg *regs;
	uint32_t n_bars, n_regs;
};

/* Defined by the generated table. */
extern const struct regtest_table regtest_table;

/* ---- how a device is reached ---- */

struct regtest_io {
	void *user;
	unsigned int max_width; /* of a memory access, bytes; of an I/O access it is 4 */
	unsigned int resets; /* mask of enum regtest_reset: kinds that reset() can do */
	unsigned int fresh; /* mask: kinds of which one was the last thing that happened to it */
	bool alone; /* interrupts go nowhere: they may be enabled */
	bool is_virtual; /* a model: illegal accesses have declared answers too */
	uint64_t (*read)(void *user, unsigned int bar, uint64_t offset, unsigned int width);
	void (*write)(void *user, unsigned int bar, uint64_t offset, unsigned int width,
		      uint64_t value);
	/* False: it could not be done. NULL if `resets` is 0. */
	bool (*reset)(void *user, enum regtest_reset kind);
	/* Why a BAR cannot be reached; NULL: it can. */
	const char *(*unreachable)(void *user, unsigned int bar);
	/* Does it still answer at all? NULL: always. */
	bool (*alive)(void *user);
	/* Registers that the user wants left alone, or to have tested alone; NULL: none, all. */
	bool (*chosen)(void *user, const char *reg);
};

/*
 * Tests all that can be tested and prints KTAP on stdout. Returns the exit
 * status: 0 nothing failed, 1 something did, 4 everything was skipped.
 */
int regtest_run(const struct regtest_table *table, const struct regtest_io *io);

#endif
