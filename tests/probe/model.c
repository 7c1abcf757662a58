/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probe: a device that does little by itself, and shows through its
 * registers what each part of the SDK does for it.
 */
#include <ersatz/model.h>
#include "probe_spec.h"
#include <string.h>

/* A job's copy goes through a buffer on the worker's own stack. */
#define COPY_PIECE 256

static int probe_create(struct probe *s)
{
	/* The bench test for a model that refuses its device. */
	return strcmp(s->prop.label, "refuse") == 0 ? -EINVAL : 0;
}

static void probe_destroy(struct probe *s)
{
	(void)s;
}

static void probe_reset(struct probe *s, enum ez_reset_kind kind)
{
	s->RESETS += 1u << (8 * (unsigned int)kind);
}

static int probe_load(struct probe *s)
{
	s->LOADS++;
	return 0;
}

/* ---- interrupts ---- */

static void probe_RAISE_onwrite(struct probe *s, uint32_t value)
{
	uint32_t source;

	for (source = PROBE_IRQ_DONE; source <= PROBE_IRQ_ERROR; source++) {
		if (value & (1u << source))
			ez_irq_raise(s->ez, source);
	}
}

static void probe_LEVEL_onwrite(struct probe *s, uint32_t value)
{
	if (value & 1)
		ez_irq_raise(s->ez, PROBE_IRQ_LINE);
	else
		ez_irq_lower(s->ez, PROBE_IRQ_LINE);
}

/* ---- time and chance ---- */

static void probe_TIMER_onwrite(struct probe *s, uint32_t value)
{
	s->again = value == PROBE_TIMER_COMMAND_AGAIN;
	if (value == PROBE_TIMER_COMMAND_CANCEL)
		ez_timer_cancel(s->ez, PROBE_TIMER_TICK);
	else
		ez_timer_set(s->ez, PROBE_TIMER_TICK, s->DELAY);
}

static void probe_tick_timer(struct probe *s)
{
	s->TICKS++;
	if (s->again)
		ez_timer_set(s->ez, PROBE_TIMER_TICK, s->DELAY);
	ez_irq_raise(s->ez, PROBE_IRQ_TICK);
}

static uint64_t probe_NOW_onread(struct probe *s)
{
	return ez_now(s->ez);
}

static uint32_t probe_RANDOM_onread(struct probe *s)
{
	uint32_t value;

	ez_random(s->ez, &value, sizeof(value));
	return value;
}

/* ---- DMA ---- */

static void probe_DMA_onwrite(struct probe *s, uint32_t value)
{
	uint32_t len = s->LENGTH < sizeof(s->DATA) ? s->LENGTH : (uint32_t)sizeof(s->DATA);
	int ret = -ENOSYS;

	if (value == PROBE_DMA_COMMAND_FETCH)
		ret = ez_dma_read(s->ez, s->ADDRESS, s->DATA, len);
	else if (value == PROBE_DMA_COMMAND_STORE)
		ret = ez_dma_write(s->ez, s->ADDRESS, s->DATA, len);
	s->ERRNO = (uint32_t)-ret;
	ez_irq_raise(s->ez, ret ? PROBE_IRQ_ERROR : PROBE_IRQ_DMA);
}

/* ---- memory windows ---- */

/* `len` bytes from WIN_OFFSET on, or NULL: not that many there. */
static uint8_t *window_bytes(struct probe *s, uint32_t len)
{
	static const uint32_t sizes[] = { PROBE_WINDOW_BUFFER_SIZE, PROBE_WINDOW_STAGE_SIZE };
	uint32_t index = s->WIN_INDEX & PROBE_WIN_INDEX_WINDOW_MASK;
	uint8_t *bytes = ez_window(s->ez, index);

	if (len > sizes[index] || s->WIN_OFFSET > sizes[index] - len)
		return NULL;
	return bytes + s->WIN_OFFSET;
}

static uint32_t probe_WIN_VALUE_onread(struct probe *s)
{
	uint32_t value = UINT32_MAX;
	const uint8_t *at = window_bytes(s, sizeof(value));

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

static void probe_WIN_VALUE_onwrite(struct probe *s, uint32_t value)
{
	uint8_t *at = window_bytes(s, sizeof(value));

	if (at)
		memcpy(at, &value, sizeof(value));
}

static void probe_WIN_onwrite(struct probe *s, uint32_t value)
{
	uint8_t *at = window_bytes(s, s->WIN_LENGTH);
	int ret = at ? 0 : -ERANGE;
	uint32_t i;

	if (at && value == PROBE_WIN_COMMAND_SUM) {
		for (i = 0, s->WIN_SUM = 0; i < s->WIN_LENGTH; i++)
			s->WIN_SUM += at[i];
	} else if (at && value == PROBE_WIN_COMMAND_FILL) {
		for (i = 0; i < s->WIN_LENGTH; i++)
			at[i] = (uint8_t)(s->WIN_FILL + i);
	} else if (at && value == PROBE_WIN_COMMAND_FETCH) {
		ret = ez_dma_read(s->ez, s->ADDRESS, at, s->WIN_LENGTH);
	} else if (at && value == PROBE_WIN_COMMAND_STORE) {
		ret = ez_dma_write(s->ez, s->ADDRESS, at, s->WIN_LENGTH);
	} else if (at) {
		ret = -ENOSYS;
	}
	s->ERRNO = (uint32_t)-ret;
	ez_irq_raise(s->ez, ret ? PROBE_IRQ_ERROR : PROBE_IRQ_DMA);
}

/* ---- the job ---- */

static void probe_JOB_onwrite(struct probe *s, uint32_t value)
{
	if (value == PROBE_JOB_COMMAND_CANCEL) {
		ez_job_cancel(s->ez, PROBE_JOB_WORK);
		return;
	}
	if (ez_job_busy(s->ez, PROBE_JOB_WORK)) {
		s->ERRNO = EBUSY;
		return;
	}
	s->work.rounds = s->ROUNDS;
	s->work.done = 0;
	s->work.copy = value == PROBE_JOB_COMMAND_COPY;
	s->work.load = value == PROBE_JOB_COMMAND_LOAD;
	s->work.status = 0;
	s->work.value = 1;
	s->work.from = s->ADDRESS;
	s->work.to = s->COPY_TO;
	ez_job_submit(s->ez, PROBE_JOB_WORK, 1000000);
}

static bool probe_work_run(struct ez_job *job, struct probe_work *work)
{
	uint8_t piece[COPY_PIECE];
	uint64_t at = (uint64_t)work->done * COPY_PIECE;

	if (work->done >= work->rounds)
		return false;
	if (work->copy) {
		work->status = ez_job_dma_read(job, work->from + at, piece, sizeof(piece));
		if (work->status)
			return false;
		work->status = ez_job_dma_write(job, work->to + at, piece, sizeof(piece));
		if (work->status)
			return false;
	}
	if (work->load) {
		uint8_t *buffer = ez_job_window(job, PROBE_WINDOW_BUFFER);

		work->status = -ERANGE;
		if (work->to <= PROBE_WINDOW_BUFFER_SIZE &&
		    at + COPY_PIECE <= PROBE_WINDOW_BUFFER_SIZE - work->to)
			work->status = ez_job_dma_read(job, work->from + at, buffer + work->to + at,
						       COPY_PIECE);
		if (work->status)
			return false;
	}
	work->value = work->value * 1664525u + 1013904223u;
	return ++work->done < work->rounds;
}

static void probe_work_done(struct probe *s)
{
	s->ERRNO = (uint32_t)-s->work.status;
	s->RESULT = s->work.value;
	ez_irq_raise(s->ez, PROBE_IRQ_DONE);
}

static uint32_t probe_BUSY_onread(struct probe *s)
{
	return ez_job_busy(s->ez, PROBE_JOB_WORK);
}

/* ---- messages and the device's own reset ---- */

static void probe_LOG_onwrite(struct probe *s, uint32_t value)
{
	if (value < EZ_LOG_KINDS)
		ez_log(s->ez, (enum ez_log_kind)value, "the driver asked for a line of kind %u",
		       value);
}

static void probe_RESET_onwrite(struct probe *s, uint32_t value)
{
	(void)value;
	ez_reset(s->ez);
}

/* ---- registers that are noted, arrays ---- */

static void probe_NOTED_swmod(struct probe *s, uint32_t value)
{
	(void)value;
	s->NOTES++;
}

static void probe_LATCH_onwrite(struct probe *s, uint32_t index, uint32_t value)
{
	s->latch[index] = value;
}

static uint32_t probe_LATCH_onread(struct probe *s, uint32_t index)
{
	return s->latch[index] + index;
}

/* ---- what few registers have ---- */

static void probe_PULSE_swmod(struct probe *s, uint32_t value)
{
	if (!(value & PROBE_PULSE_GO_MASK))
		return;
	probe_COUNTS_PULSES_incr(s, 1);
	probe_COUNTS_SUM_incr(s, (value & PROBE_PULSE_ADD_MASK) >> PROBE_PULSE_ADD_SHIFT);
}

static uint32_t probe_PORT_IN_onread(struct probe *s)
{
	probe_COUNTS_READS_incr(s, 1);
	return (s->COUNTS & PROBE_COUNTS_READS_MASK) >> PROBE_COUNTS_READS_SHIFT;
}

static void probe_PORT_OUT_onwrite(struct probe *s, uint32_t value)
{
	probe_COUNTS_SUM_incr(s, value);
}

static void probe_HOLD_onwrite(struct probe *s, uint32_t value)
{
	if (value & 1)
		ez_irq_raise(s->ez, PROBE_IRQ_HELD);
	else
		ez_irq_lower(s->ez, PROBE_IRQ_HELD);
}

static void probe_LANES_onwrite(struct probe *s, uint32_t value)
{
	(void)value;
	s->LANES = (uint32_t)ez_access_lanes(s->ez);
}

/* ---- properties ---- */

static uint32_t probe_PROP_FLAG_onread(struct probe *s)
{
	return s->prop.flag;
}

static uint32_t probe_PROP_SMALL_onread(struct probe *s)
{
	return s->prop.small;
}

static uint64_t probe_PROP_BIG_onread(struct probe *s)
{
	return s->prop.big;
}

static uint32_t probe_PROP_MODE_onread(struct probe *s)
{
	return s->prop.mode;
}

static uint32_t probe_PROP_LABEL_onread(struct probe *s)
{
	uint32_t value = 0;
	size_t i;

	for (i = 0; i < 4 && s->prop.label[i]; i++)
		value |= (uint32_t)(uint8_t)s->prop.label[i] << (8 * i);
	return value;
}

/* ---- declared state of every type ---- */

static uint64_t stir(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 16;
}

static void probe_STIR_onwrite(struct probe *s, uint32_t value)
{
	uint64_t seed = value;
	unsigned int i;

	s->truth = stir(&seed) & 1;
	for (i = 0; i < 3; i++)
		s->tiny[i] = (int8_t)stir(&seed);
	s->byte = (uint8_t)stir(&seed);
	s->word = (int16_t)stir(&seed);
	for (i = 0; i < 2; i++)
		s->half[i] = (uint16_t)stir(&seed);
	s->number = (int32_t)stir(&seed);
	for (i = 0; i < 5; i++)
		s->wide[i] = (int64_t)(stir(&seed) << 20 | i);
	s->sum = stir(&seed);
}

static uint32_t probe_MIX_onread(struct probe *s)
{
	uint64_t mix = s->truth;
	unsigned int i;

	for (i = 0; i < 3; i++)
		mix = mix * 31 + (uint64_t)s->tiny[i];
	mix = mix * 31 + s->byte;
	mix = mix * 31 + (uint64_t)s->word;
	for (i = 0; i < 2; i++)
		mix = mix * 31 + s->half[i];
	mix = mix * 31 + (uint64_t)s->number;
	for (i = 0; i < 5; i++)
		mix = mix * 31 + (uint64_t)s->wide[i];
	mix = mix * 31 + s->sum;
	return (uint32_t)(mix ^ mix >> 32);
}

PROBE_MODEL;
