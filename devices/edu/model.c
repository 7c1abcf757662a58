/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edu: the teaching device. README.md lists what it does differently from the
 * original whose register map this is.
 */
#include <ersatz/model.h>
#include "edu_spec.h"

#include <string.h>

#define BUFFER UINT64_C(0x40000)
#define BUFFER_SIZE sizeof(((struct edu *)0)->buffer)
#define DMA_TIME UINT64_C(100000000) /* ns */
#define FACTORIAL_TIME UINT64_C(1000000) /* ns, where time is virtual */
#define MS UINT64_C(1000000)

#define LOW UINT64_C(0xffffffff)

/* ---- interrupts ---- */

static void raise(struct edu *s, uint32_t bits)
{
	s->IRQ_STATUS |= bits;
	if (s->IRQ_STATUS)
		ez_irq_raise(s->ez, EDU_IRQ_ANY);
}

static void edu_IRQ_RAISE_onwrite(struct edu *s, uint32_t value)
{
	raise(s, value);
}

static void edu_IRQ_ACK_onwrite(struct edu *s, uint32_t value)
{
	s->IRQ_STATUS &= ~value;
	if (!s->IRQ_STATUS)
		ez_irq_lower(s->ez, EDU_IRQ_ANY);
}

/* ---- liveness and factorial ---- */

static void edu_LIVENESS_onwrite(struct edu *s, uint32_t value)
{
	s->LIVENESS = ~value;
}

/* Not long: of any 34 neighbours the product is a multiple of 2^32. */
static bool edu_factorial_run(struct ez_job *job, struct edu_factorial *work)
{
	while (work->n > 1 && work->product)
		work->product *= work->n--;
	return false;
}

static void edu_factorial_done(struct edu *s)
{
	s->FACTORIAL = s->factorial.product;
	s->STATUS &= ~EDU_STATUS_COMPUTING_MASK;
	if (s->STATUS & EDU_STATUS_IRQFACT_MASK)
		raise(s, EDU_IRQ_STATUS_FACTORIAL_MASK);
}

static void edu_think_timer(struct edu *s)
{
	s->factorial.n = s->FACTORIAL;
	s->factorial.product = 1;
	/* No thread to be had: then here. */
	if (ez_job_submit(s->ez, EDU_JOB_FACTORIAL, FACTORIAL_TIME)) {
		edu_factorial_run(NULL, &s->factorial);
		edu_factorial_done(s);
	}
}

static void edu_FACTORIAL_onwrite(struct edu *s, uint32_t value)
{
	if (s->STATUS & EDU_STATUS_COMPUTING_MASK)
		return;
	s->FACTORIAL = value;
	s->STATUS |= EDU_STATUS_COMPUTING_MASK;
	if (s->prop.factorial_ms)
		ez_timer_set(s->ez, EDU_TIMER_THINK, s->prop.factorial_ms * MS);
	else
		edu_think_timer(s);
}

/* ---- DMA ---- */

static void finish(struct edu *s, uint32_t code)
{
	s->cmd &= ~EDU_DMA_CMD_RUN_MASK;
	s->DMA_ERROR = code;
	if (s->cmd & EDU_DMA_CMD_IRQ_MASK)
		raise(s, EDU_IRQ_STATUS_DMA_MASK);
}

static uint32_t code_of(int err)
{
	switch (err) {
	case 0:
		return EDU_DMA_ERROR_CODE_NONE;
	case -EPERM:
		return EDU_DMA_ERROR_CODE_BUS_MASTER;
	case -EFAULT:
		return EDU_DMA_ERROR_CODE_FAULT;
	default:
		return EDU_DMA_ERROR_CODE_OTHER;
	}
}

/* A VMM that maps no memory to us: a worker has to fetch and carry. */
static void transfer_by_job(struct edu *s, uint64_t address, uint32_t offset, bool to_ram)
{
	struct edu_transfer *work = &s->transfer;

	work->address = address;
	work->offset = offset;
	work->count = (uint32_t)s->count;
	work->to_ram = to_ram;
	if (to_ram)
		memcpy(work->bytes, s->buffer + offset, work->count);
	if (ez_job_submit(s->ez, EDU_JOB_TRANSFER, 0))
		finish(s, EDU_DMA_ERROR_CODE_OTHER);
}

static bool edu_transfer_run(struct ez_job *job, struct edu_transfer *work)
{
	/* It may come out of a saved state. */
	if (work->count > sizeof(work->bytes))
		work->count = 0;
	if (work->to_ram)
		work->status = ez_job_dma_write(job, work->address, work->bytes, work->count);
	else
		work->status = ez_job_dma_read(job, work->address, work->bytes, work->count);
	return false;
}

static void edu_transfer_done(struct edu *s)
{
	const struct edu_transfer *work = &s->transfer;

	if (!work->to_ram && work->offset <= BUFFER_SIZE &&
	    work->count <= BUFFER_SIZE - work->offset)
		memcpy(s->buffer + work->offset, work->bytes, work->count);
	finish(s, code_of(work->status));
}

static void edu_dma_timer(struct edu *s)
{
	bool to_ram = s->cmd & EDU_DMA_CMD_TO_RAM_MASK;
	uint64_t bus = to_ram ? s->dst : s->src;
	uint64_t address = bus & s->prop.dma_mask;
	uint64_t offset = (to_ram ? s->src : s->dst) - BUFFER;
	int err = 0;

	if (offset > BUFFER_SIZE || s->count > BUFFER_SIZE - offset) {
		ez_log(s->ez, EZ_LOG_VIOLATION,
		       "DMA of 0x%llx bytes at 0x%llx leaves the buffer; refused",
		       (unsigned long long)s->count, (unsigned long long)(offset + BUFFER));
		finish(s, EDU_DMA_ERROR_CODE_RANGE);
		return;
	}
	if (address != bus)
		ez_log(s->ez, EZ_LOG_VIOLATION, "DMA address 0x%llx is cut to dma_mask: 0x%llx",
		       (unsigned long long)bus, (unsigned long long)address);
	if (s->count && to_ram)
		err = ez_dma_write(s->ez, address, s->buffer + offset, s->count);
	else if (s->count)
		err = ez_dma_read(s->ez, address, s->buffer + offset, s->count);
	if (err == -EDEADLK)
		transfer_by_job(s, address, (uint32_t)offset, to_ram);
	else
		finish(s, code_of(err));
}

/*
 * Read as 4 bytes, the upper half of what is left behind is all-ones; after a read of all
 * 8 bytes `onread: rset` makes it so. That is what a read of the upper half alone finds.
 */
static uint64_t dma_read(struct edu *s, uint64_t value)
{
	return ez_access_lanes(s->ez) == LOW ? value | ~LOW : value;
}

/* The value that a write leaves, in *value; false: none of it counts. */
static bool dma_write(struct edu *s, uint64_t *value)
{
	uint64_t lanes = ez_access_lanes(s->ez);

	*value &= lanes;
	return lanes & 1 && !(s->cmd & EDU_DMA_CMD_RUN_MASK);
}

static uint64_t edu_DMA_SRC_onread(struct edu *s)
{
	return dma_read(s, s->src);
}

static void edu_DMA_SRC_onwrite(struct edu *s, uint64_t value)
{
	if (dma_write(s, &value))
		s->src = value;
}

static uint64_t edu_DMA_DST_onread(struct edu *s)
{
	return dma_read(s, s->dst);
}

static void edu_DMA_DST_onwrite(struct edu *s, uint64_t value)
{
	if (dma_write(s, &value))
		s->dst = value;
}

static uint64_t edu_DMA_COUNT_onread(struct edu *s)
{
	return dma_read(s, s->count);
}

static void edu_DMA_COUNT_onwrite(struct edu *s, uint64_t value)
{
	if (dma_write(s, &value))
		s->count = value;
}

static uint64_t edu_DMA_CMD_onread(struct edu *s)
{
	return dma_read(s, s->cmd);
}

static void edu_DMA_CMD_onwrite(struct edu *s, uint64_t value)
{
	if (!dma_write(s, &value) || !(value & EDU_DMA_CMD_RUN_MASK))
		return;
	s->cmd = value;
	s->DMA_ERROR = EDU_DMA_ERROR_CODE_NONE;
	ez_timer_set(s->ez, EDU_TIMER_DMA, DMA_TIME);
}

/* ---- reset, saved state ---- */

static void edu_RESET_onwrite(struct edu *s, uint32_t value)
{
	if (!(value & EDU_RESET_NOW_MASK))
		return;
	ez_timer_cancel(s->ez, EDU_TIMER_DMA);
	ez_timer_cancel(s->ez, EDU_TIMER_THINK);
	ez_job_cancel(s->ez, EDU_JOB_FACTORIAL);
	ez_job_cancel(s->ez, EDU_JOB_TRANSFER);
	ez_irq_lower(s->ez, EDU_IRQ_ANY);
	ez_reset(s->ez);
}

/* What says that it is at work has something that ends it. */
static int edu_load(struct edu *s)
{
	if (s->STATUS & EDU_STATUS_COMPUTING_MASK && !ez_timer_armed(s->ez, EDU_TIMER_THINK) &&
	    !ez_job_busy(s->ez, EDU_JOB_FACTORIAL))
		ez_timer_set(s->ez, EDU_TIMER_THINK, 0);
	if (s->cmd & EDU_DMA_CMD_RUN_MASK && !ez_timer_armed(s->ez, EDU_TIMER_DMA) &&
	    !ez_job_busy(s->ez, EDU_JOB_TRANSFER))
		ez_timer_set(s->ez, EDU_TIMER_DMA, 0);
	return 0;
}

EDU_MODEL;
