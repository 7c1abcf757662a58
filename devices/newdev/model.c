/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newdev: ports that raise a line and have random bytes sent, as in the paper;
 * and 2 MiB of memory, reached through a port, a window or by DMA.
 *
 * The memory belongs to the DMA engine's job. While that runs, it has the only
 * way in, and the others are refused: one port on the chip, one user.
 */
#include <ersatz/model.h>
#include "newdev_spec.h"
#include <string.h>

#define RANDOM_BYTES 0x1ffff
#define RANDOM_PIECE 4096

/* What one piece of the job moves at most: a reset waits for that long, not for all of it. */
#define MOVE_PIECE (64u << 10)
#define MOVE_ENTRIES 64

#define FIELD(reg, field, value) ((uint32_t)(value) << NEWDEV_##reg##_##field##_SHIFT)

/* An entry of the engine's list, as it lies in the guest's memory. */
struct entry {
	uint64_t address;
	uint32_t length;
	uint32_t zero;
};

_Static_assert(sizeof(struct entry) == 16, "the list's format is an interface");
_Static_assert(sizeof(((struct newdev *)0)->move.memory) == NEWDEV_SIZE_RESET,
	       "the memory is as large as it says");

static bool fits(uint32_t offset, uint32_t length)
{
	return length <= NEWDEV_SIZE_RESET && offset <= NEWDEV_SIZE_RESET - length;
}

/* ---- the paper's ports ---- */

static uint32_t newdev_PORT_IRQ_onread(struct newdev *s)
{
	return s->STATUS;
}

static void newdev_PORT_IRQ_onwrite(struct newdev *s, uint32_t value)
{
	uint32_t lanes = (uint32_t)ez_access_lanes(s->ez);

	if (!(lanes & 0xff))
		return; /* bytes behind the first mean nothing by themselves */
	if (value & lanes)
		ez_irq_raise(s->ez, NEWDEV_IRQ_LINE);
	else
		ez_irq_lower(s->ez, NEWDEV_IRQ_LINE);
}

static uint32_t random_code(int err)
{
	switch (err) {
	case 0:
		return NEWDEV_RANDOM_STATUS_CODE_NONE;
	case -EPERM:
		return NEWDEV_RANDOM_STATUS_CODE_MASTER;
	case -EDEADLK:
		return NEWDEV_RANDOM_STATUS_CODE_UNMAPPED;
	default:
		return NEWDEV_RANDOM_STATUS_CODE_ADDRESS;
	}
}

/* A driver of the paper's looks at the bytes right after the write: no job. */
static void newdev_PORT_DMA_onwrite(struct newdev *s, uint32_t address)
{
	uint8_t piece[RANDOM_PIECE];
	uint32_t done = 0, n;
	int err = 0;

	while (!err && done < RANDOM_BYTES) {
		n = RANDOM_BYTES - done < RANDOM_PIECE ? RANDOM_BYTES - done : RANDOM_PIECE;
		ez_random(s->ez, piece, n);
		err = ez_dma_write(s->ez, (uint64_t)address + done, piece, n);
		done += n;
	}
	s->RANDOM_STATUS = FIELD(RANDOM_STATUS, CODE, random_code(err));
}

/* ---- short transfers: a port, a window ---- */

/* The place in the memory where `length` bytes may be touched now, or NULL and a code in COPY_STATUS. */
static uint8_t *reach(struct newdev *s, uint32_t length)
{
	if (s->DMA_STATUS & NEWDEV_DMA_STATUS_BUSY_MASK) {
		s->COPY_STATUS = FIELD(COPY_STATUS, CODE, NEWDEV_COPY_STATUS_CODE_BUSY);
		return NULL;
	}
	if (!fits(s->OFFSET, length)) {
		s->COPY_STATUS = FIELD(COPY_STATUS, CODE, NEWDEV_COPY_STATUS_CODE_RANGE);
		return NULL;
	}
	return (uint8_t *)s->move.memory + s->OFFSET;
}

/* Bytes of the access in hand that begin at the port's first; 0: it is beside that. */
static uint32_t port_width(struct newdev *s)
{
	uint64_t lanes = ez_access_lanes(s->ez);

	if (!(s->CONTROL & NEWDEV_CONTROL_PORTS_MASK) || !(lanes & 0xff))
		return 0;
	return (uint32_t)__builtin_popcountll(lanes) / 8;
}

static uint32_t newdev_PORT_DATA_onread(struct newdev *s)
{
	uint32_t width = port_width(s);
	const uint8_t *at = width ? reach(s, width) : NULL;
	uint32_t value = 0;

	for (uint32_t i = 0; at && i < width; i++)
		value |= (uint32_t)at[i] << (8 * i);
	if (at)
		s->OFFSET += width;
	return value;
}

static void newdev_PORT_DATA_onwrite(struct newdev *s, uint32_t value)
{
	uint32_t width = port_width(s);
	uint8_t *at = width ? reach(s, width) : NULL;

	for (uint32_t i = 0; at && i < width; i++)
		at[i] = (uint8_t)(value >> (8 * i));
	if (at)
		s->OFFSET += width;
}

static void newdev_COPY_onwrite(struct newdev *s, uint32_t value)
{
	uint8_t *at;

	if (value != NEWDEV_COPY_COMMAND_TO_MEMORY && value != NEWDEV_COPY_COMMAND_FROM_MEMORY) {
		s->COPY_STATUS = FIELD(COPY_STATUS, CODE, NEWDEV_COPY_STATUS_CODE_COMMAND);
		return;
	}
	if (s->LENGTH > sizeof(s->WINDOW)) {
		s->COPY_STATUS = FIELD(COPY_STATUS, CODE, NEWDEV_COPY_STATUS_CODE_RANGE);
		return;
	}
	at = reach(s, s->LENGTH);
	if (!at)
		return;
	if (value == NEWDEV_COPY_COMMAND_TO_MEMORY)
		memcpy(at, s->WINDOW, s->LENGTH);
	else
		memcpy(s->WINDOW, at, s->LENGTH);
	s->OFFSET += s->LENGTH;
}

/* ---- long transfers: the DMA engine ---- */

static void end(struct newdev *s, uint32_t code)
{
	s->DMA_STATUS = FIELD(DMA_STATUS, CODE, code);
	ez_irq_raise(s->ez,
		     code == NEWDEV_DMA_STATUS_CODE_NONE ? NEWDEV_IRQ_DONE : NEWDEV_IRQ_ERROR);
}

static void begin(struct newdev *s)
{
	/* On the bench it moves 8 bytes a ns. No thread: then as if it could not be reached. */
	if (ez_job_submit(s->ez, NEWDEV_JOB_MOVE, 1000 + s->move.length / 8))
		end(s, NEWDEV_DMA_STATUS_CODE_BUSY);
}

static void newdev_begin_timer(struct newdev *s)
{
	begin(s);
}

/* A cancelled transfer has an end too, and says how far it came. */
static void cancel(struct newdev *s)
{
	if (!(s->DMA_STATUS & NEWDEV_DMA_STATUS_BUSY_MASK))
		return;
	ez_timer_cancel(s->ez, NEWDEV_TIMER_BEGIN);
	ez_job_cancel(s->ez, NEWDEV_JOB_MOVE);
	s->DMA_MOVED = s->move.moved;
	end(s, NEWDEV_DMA_STATUS_CODE_CANCELLED);
}

static void newdev_DMA_COMMAND_onwrite(struct newdev *s, uint32_t value)
{
	if (value == NEWDEV_DMA_COMMAND_COMMAND_CANCEL) {
		cancel(s);
		return;
	}
	if (s->DMA_STATUS & NEWDEV_DMA_STATUS_BUSY_MASK) {
		ez_log(s->ez, EZ_LOG_VIOLATION, "DMA command %u while one is in hand; ignored",
		       value);
		return;
	}
	s->DMA_MOVED = 0;
	if (value < NEWDEV_DMA_COMMAND_COMMAND_LOAD || value > NEWDEV_DMA_COMMAND_COMMAND_CLEAR) {
		end(s, NEWDEV_DMA_STATUS_CODE_COMMAND);
		return;
	}
	if (!fits(s->DMA_OFFSET, s->DMA_LENGTH)) {
		end(s, NEWDEV_DMA_STATUS_CODE_RANGE);
		return;
	}
	s->move.command = (uint8_t)value;
	s->move.code = NEWDEV_DMA_STATUS_CODE_NONE;
	s->move.address = s->DMA_ADDRESS;
	s->move.length = s->DMA_LENGTH;
	s->move.offset = s->DMA_OFFSET;
	s->move.entries = s->DMA_ENTRIES;
	s->move.entry = 0;
	s->move.moved = 0;
	s->DMA_STATUS = NEWDEV_DMA_STATUS_BUSY_MASK;
	if (s->DMA_DELAY)
		ez_timer_set(s->ez, NEWDEV_TIMER_BEGIN, s->DMA_DELAY * UINT64_C(1000));
	else
		begin(s);
}

static uint8_t move_code(int err)
{
	return err == -EPERM ? NEWDEV_DMA_STATUS_CODE_MASTER : NEWDEV_DMA_STATUS_CODE_ADDRESS;
}

/*
 * Between these ranges and the memory; all that they move is in bounds. Where one
 * of them is not there the memory gets all-ones, as from a bus on which nobody answers.
 */
static bool move_ranges(struct ez_job *job, struct newdev_move *m, const struct ez_range *ranges,
			uint32_t n)
{
	uint8_t *at = (uint8_t *)m->memory + m->offset + m->moved;
	uint32_t done = 0;
	int err;

	if (m->command == NEWDEV_DMA_COMMAND_COMMAND_LOAD)
		err = ez_job_dma_readv(job, ranges, n, at, &done);
	else
		err = ez_job_dma_writev(job, ranges, n, at, &done);
	for (uint32_t i = 0; i < done; i++)
		m->moved += (uint32_t)ranges[i].len;
	if (err)
		m->code = move_code(err);
	return !err && m->moved < m->length;
}

/* What does not come leaves the memory as it is. */
static bool move_plain(struct ez_job *job, struct newdev_move *m)
{
	uint8_t *at = (uint8_t *)m->memory + m->offset + m->moved, piece[MOVE_PIECE];
	uint32_t left = m->length - m->moved, n = left < MOVE_PIECE ? left : MOVE_PIECE;
	bool load = m->command == NEWDEV_DMA_COMMAND_COMMAND_LOAD;
	int err;

	if (load)
		err = ez_job_dma_read(job, m->address + m->moved, piece, n);
	else
		err = ez_job_dma_write(job, m->address + m->moved, at, n);
	if (err) {
		m->code = move_code(err);
		return false;
	}
	if (load)
		memcpy(at, piece, n);
	m->moved += n;
	return m->moved < m->length;
}

/* The next entries of the list: read once, checked, then used. */
static bool move_listed(struct ez_job *job, struct newdev_move *m)
{
	uint32_t left = m->entries - m->entry;
	uint32_t n = left < MOVE_ENTRIES ? left : MOVE_ENTRIES;
	uint32_t room = m->length - m->moved;
	struct ez_range ranges[MOVE_ENTRIES];
	struct entry entries[MOVE_ENTRIES];
	bool more;
	int err;

	if (!n) { /* it has ended, and the data has not */
		m->code = NEWDEV_DMA_STATUS_CODE_LIST;
		return false;
	}
	err = ez_job_dma_read(job, m->address + sizeof(*entries) * (uint64_t)m->entry, entries,
			      n * sizeof(*entries));
	if (err) {
		m->code = move_code(err);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!entries[i].length || entries[i].length > room || entries[i].zero) {
			m->code = NEWDEV_DMA_STATUS_CODE_LIST;
			return false;
		}
		room -= entries[i].length;
		ranges[i] = (struct ez_range){ entries[i].address, entries[i].length };
	}
	m->entry += n;
	more = move_ranges(job, m, ranges, n);
	/* More entries than data: the driver has counted wrong somewhere. */
	if (!more && m->code == NEWDEV_DMA_STATUS_CODE_NONE && m->entry < m->entries)
		m->code = NEWDEV_DMA_STATUS_CODE_LIST;
	return more;
}

static bool newdev_move_run(struct ez_job *job, struct newdev_move *m)
{
	/* From a saved state it may be anybody's. */
	if (!fits(m->offset, m->length) || m->moved > m->length || m->entry > m->entries) {
		m->code = NEWDEV_DMA_STATUS_CODE_RANGE;
		return false;
	}
	if (m->moved == m->length && m->entry == m->entries)
		return false;
	if (m->command == NEWDEV_DMA_COMMAND_COMMAND_CLEAR) {
		memset((uint8_t *)m->memory + m->offset, 0, m->length);
		m->moved = m->length;
		return false;
	}
	return m->entries ? move_listed(job, m) : move_plain(job, m);
}

static void newdev_move_done(struct newdev *s)
{
	s->DMA_MOVED = s->move.moved;
	end(s, s->move.code);
}

/* ---- its own reset ---- */

static void newdev_CONTROL_swmod(struct newdev *s, uint32_t value)
{
	if (!(value & NEWDEV_CONTROL_RESET_MASK))
		return;
	ez_timer_cancel(s->ez, NEWDEV_TIMER_BEGIN);
	ez_job_cancel(s->ez, NEWDEV_JOB_MOVE);
	ez_reset(s->ez);
}

NEWDEV_MODEL;
