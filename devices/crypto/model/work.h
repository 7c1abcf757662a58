/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One command, as the worker goes about it: the two tables are checked, then
 * held against each other, then the data is worked through. All that it knows is
 * in struct crypto_work, so that it can be stopped and saved between any two
 * pieces; what a piece needs beyond that is on its stack.
 *
 * A table is dealt with in chunks. The one that is needed is copied; before
 * a chunk is used again it must be, byte for byte, what was checked.
 *
 * Functions that return false have noted why in the work, which is then over.
 */
#ifndef CRYPTO_WORK_H
#define CRYPTO_WORK_H

#include <ersatz/model.h>
#include "crypto_spec.h"

enum side { IN, OUT };
#define SIDES 2

/* Entries of a chunk, and chunks of the longest table: MAX_ENTRIES in device.yaml. */
#define CHUNK 4096u
#define CHUNKS 257u
#define MAX_ENTRIES CRYPTO_MAX_ENTRIES_RESET

#define CLASSIC_PAGE 4096u
#define CLASSIC_ENTRY 8u
#define EXTENDED_ENTRY 16u

/*
 * Bytes of data in a piece, and in a step of it at most: whole blocks of both algorithms.
 * While one step is worked on, the one before it is stored and the one after it
 * fetched. So it waits only for the first to come and for the last to go: these are
 * short, at most EDGE, in a piece of more than FEW. A reset waits for a step, a stop
 * for a piece.
 */
#define PIECE 1048576u
#define STEP 262144u
#define EDGE 32768u
#define FEW 131072u

/* Transfers that go on one trip: all of a step, if it consists of whole pages. */
#define RANGES (STEP / CLASSIC_PAGE + 1)

enum phase { PHASE_CHECK, PHASE_OVERLAP, PHASE_DATA, PHASES };

/* The job's hooks, in work.c and crypto.c. */
bool crypto_work_run(struct ez_job *job, struct crypto_work *w);
void crypto_work_done(struct crypto *s);

/* work.c: could it have come about here? What a saved state holds may be anybody's. */
bool work_is_sane(const struct crypto_work *w);
/* Ends the work with a reason of ERROR_DETAIL; false. */
bool work_fail(struct crypto_work *w, uint8_t reason, enum side side, uint32_t entry);

/* table.c: checks the next chunk of each table that has one, and notes what it was. */
bool table_check(struct ez_job *job, struct crypto_work *w);
/* All that the size needs is checked. */
bool table_checked(const struct crypto_work *w, enum side side);
/* Has a checked chunk here, with the cursor at its start. */
bool table_load(struct ez_job *job, struct crypto_work *w, enum side side, uint32_t chunk);
/* Moves bytes between buf and where the cursor is: input is read, output written. */
bool table_move(struct ez_job *job, struct crypto_work *w, enum side side, uint8_t *buf,
		uint32_t len);

/* Where some bytes of one side lie, and which entries they begin in. */
struct extent_list {
	struct ez_range ranges[RANGES];
	uint32_t first[RANGES];
	uint32_t n;
};

/* How many bytes table_take would take, of at most `max`. */
uint32_t table_room(struct crypto_work *w, enum side side, uint32_t max);
/* Up to `max` bytes from the cursor on, which goes behind them; no further than this chunk. */
uint32_t table_take(struct crypto_work *w, enum side side, uint32_t max,
		    struct extent_list *ret_list);
/* Notes what is wrong with the range of a list that was not moved. */
bool table_data_fault(struct crypto_work *w, enum side side, const struct extent_list *list,
		      uint32_t done);

/* overlap.c: holds the chunks that are here against each other. */
bool overlap_check(struct crypto_work *w);

#endif
