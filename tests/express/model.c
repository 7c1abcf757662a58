/* SPDX-License-Identifier: BSD-2-Clause */
/* Both cards: what they do to have something in flight. */
#include <ersatz/model.h>

#include "xcard_spec.h"

static void xcard_reset(struct xcard *s, enum ez_reset_kind kind)
{
	s->CORE_RESETS += 1u << (8 * (unsigned int)kind);
}

static void xcard_CORE_START_onwrite(struct xcard *s, uint32_t value)
{
	(void)value;
	ez_timer_set(s->ez, XCARD_TIMER_TICK, s->CORE_DELAY);
}

static void xcard_tick_timer(struct xcard *s)
{
	s->CORE_TICKS++;
	ez_irq_raise(s->ez, XCARD_IRQ_TICK);
}

static void xcard_CORE_DMA_onwrite(struct xcard *s, uint32_t value)
{
	int err = -EINVAL;

	if (value == XCARD_CORE_DMA_COMMAND_READ)
		err = ez_dma_read(s->ez, s->CORE_ADDRESS, &s->CORE_VALUE, sizeof(s->CORE_VALUE));
	else if (value == XCARD_CORE_DMA_COMMAND_WRITE)
		err = ez_dma_write(s->ez, s->CORE_ADDRESS, &s->CORE_VALUE, sizeof(s->CORE_VALUE));
	s->CORE_ERRNO = (uint32_t)-err;
}

static void xcard_CORE_PUMP_onwrite(struct xcard *s, uint32_t value)
{
	if (ez_job_busy(s->ez, XCARD_JOB_PUMP)) {
		s->CORE_ERRNO = EBUSY;
		return;
	}
	s->pump.address = s->CORE_ADDRESS;
	s->pump.value = s->CORE_VALUE;
	s->pump.pieces = s->CORE_PIECES;
	s->pump.done = 0;
	s->pump.fetch = value == 2;
	s->pump.status = 0;
	s->CORE_ERRNO = (uint32_t)-ez_job_submit(s->ez, XCARD_JOB_PUMP, 1000000);
}

static bool xcard_pump_run(struct ez_job *job, struct xcard_pump *pump)
{
	uint32_t value = pump->value + pump->done;

	if (pump->done >= pump->pieces)
		return false;
	if (pump->fetch)
		pump->status =
			ez_job_dma_read(job, pump->address, &pump->value, sizeof(pump->value));
	else
		pump->status = ez_job_dma_write(job, pump->address, &value, sizeof(value));
	return !pump->status && ++pump->done < pump->pieces;
}

static void xcard_pump_done(struct xcard *s)
{
	s->CORE_ERRNO = (uint32_t)-s->pump.status;
	s->CORE_PUMPED++;
	ez_irq_raise(s->ez, XCARD_IRQ_DONE);
}

static uint32_t xcard_CORE_PUMPING_onread(struct xcard *s)
{
	return ez_job_busy(s->ez, XCARD_JOB_PUMP);
}

static void xcard_CORE_RAISE_onwrite(struct xcard *s, uint32_t value)
{
	if (value <= XCARD_IRQ_LAST)
		ez_irq_raise(s->ez, value);
}

XCARD_MODEL;
