/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model whose tables are written by hand, so that the core is tested without
 * the spec compiler: one of everything that the tables can say.
 */
#ifndef TESTS_GADGET_H
#define TESTS_GADGET_H

/* BAR0 */
enum {
	ID = 0x00, /* read only, 0x12345678 */
	CTRL = 0x04, /* bits 7:0 stored, 31:24 must be zero */
	EFFECTS = 0x10, /* ten registers, one an effect, in the order of struct ez_effects */
	ISR = 0x50, /* written one clears; bit 0 A, bit 1 B */
	IER = 0x54,
	DOORBELL = 0x60, /* write only: a command below */
	STATUS = 0x64, /* read only: result of the last command, -errno */
	ADDRESS = 0x68, /* 64 bits */
	LENGTH = 0x70,
	EVENTS = 0x74, /* read only: timers fired + 0x100 * jobs done + 0x10000 * resets */
	SURVIVOR = 0x78, /* bits 7:0 are reset by power-on only */
	ARRAY = 0x80, /* four, 8 bytes apart */
	GAP = 0xc0, /* not implemented */
};

#define EFFECTS_RESET 0x0f0f0f0fu
#define MAX_PIECES 20000u /* of a job */
#define REFUSED 0x66 /* in CTRL: the model refuses to load such a state */

enum command {
	RAISE_A = 1, /* status bit, vector 0 */
	RAISE_B, /* status bit, vector 2 */
	RAISE_C, /* no status register, vector 1 */
	LOWER_C,
	TIMER, /* after LENGTH ns */
	JOB, /* LENGTH pieces, each adds one to the u32 at ADDRESS; 1000 ns */
	CANCEL,
	SOFT_RESET,
	DMA_IN, /* LENGTH bytes at ADDRESS into the buffer */
	DMA_OUT,
	SAY,
	DICE, /* four random bytes into the buffer */
	RAISE_D, /* no status register, vector 69: of MSI-X only */
	LOWER_D,
	WINDOW_IN, /* LENGTH bytes at ADDRESS of window 0 into the buffer */
	WINDOW_OUT,
	VECTORS, /* result: those of MSI that are granted now */
	LIST, /* a job: LENGTH says what it does with the list in SCRATCH, enum list_way; 1000 ns */
	CANCEL_LIST,
	ROUTE, /* source ADDRESS by vector LENGTH */
};

/*
 * The list: vectors and their ranges, whose bytes are in RAM from `at` on. The ranges of
 * all vectors follow each other. Bytes of the bus, that is little endian.
 */
#define LIST_VECTORS 4u
#define LIST_RANGES 128u
struct list {
	uint32_t n;
	struct {
		uint32_t n, write, at;
	} vectors[LIST_VECTORS];
	uint32_t rest;
	struct {
		uint64_t addr, len;
	} ranges[LIST_RANGES];
	/* What came of it. */
	int32_t end, status[LIST_VECTORS];
	uint32_t done[LIST_VECTORS];
	int32_t meanwhile; /* of another call between begin and end */
};

enum list_way {
	LIST_SYNC, /* readv or writev of the first vector */
	LIST_BACKGROUND, /* begin and end of all */
	LIST_NO_END, /* begin without end, and then another begin */
	LIST_COUNT, /* LIST_COUNT + n: n pieces, each of which adds 1 to every byte of the first vector */
};

/*
 * BAR1, memory, 32 KiB: two windows, of which one only power-on clears, a register, the MSI-X
 * table and its pending bits. Between them is nothing.
 */
enum {
	RAM = 0x0000,
	RAM_SIZE = 0x2000,
	SCRATCH = 0x2000,
	SCRATCH_SIZE = 0x1000,
	BESIDE = 0x3ffc,
	TABLE = 0x4000,
	TABLE_VECTORS = 70,
	PBA = 0x4800,
	BAR1_SIZE = 0x8000,
};

/* BAR2, I/O, 16 bytes, split: 1, 1, 2 bytes at 0, 1, 2 and 4 bytes at 4. BAR4, 64 bit prefetchable, 64 KiB: */
enum { WIDE = 0x8 }; /* 64 bits, accessible as halves */

enum { CAP_PM_AT = 0x40, CAP_MSI_AT = 0x50, CAP_VENDOR_AT = 0x70, CAP_MSIX_AT = 0x80 };

#endif
