/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device asks of its backend: clock, timers, DMA, interrupts, chance, log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

uint64_t vu_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static uint64_t up_now(void *be)
{
	const struct vu_session *s = be;

	return (s->paused ? s->stopped_at : vu_monotonic()) - s->stood;
}

static void up_timer(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
	struct vu_session *s = be;

	s->deadline[timer] = when;
	/* Never later than the truth; backend_timers puts it right. */
	if (when < s->next)
		s->next = when;
}

static int up_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len, bool write)
{
	struct vu_session *s = be;

	if (dma_by_message(s, addr, len, write))
		return xfer_dma(s, addr, buf, len, write);
	return dma_access(s, addr, buf, len, write);
}

/* What only a message brings has to be asked for first: see xfer.c. */
static bool up_dma_at_once(void *be, unsigned int fn, uint64_t addr, size_t len, bool write)
{
	return !dma_by_message(be, addr, len, write);
}

static void up_intx(void *be, unsigned int fn, bool level)
{
	irq_level(be, level);
}

static void up_msi(void *be, unsigned int fn, uint32_t vector)
{
	irq_message(be, vector);
}

static void up_random(void *be, void *buf, size_t len)
{
	uint8_t *at = buf;
	ssize_t n;

	while (len) {
		n = getrandom(at, len, 0);
		/* Only a signal can come in between: the buffer is good, and so are the flags. */
		if (n <= 0)
			continue;
		at += n;
		len -= (size_t)n;
	}
}

static void up_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
	static const char *const kinds[] = { "spec violation", "unimplemented", "info" };

	vu_say(be, "%s: %s", kinds[kind], text);
}

/* From a worker. */
static void up_kick(void *be)
{
	static const uint64_t one = 1;
	struct vu_session *s = be;

	if (__atomic_exchange_n(&s->kicked, true, __ATOMIC_SEQ_CST))
		return;
	while (write(s->kick_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Ours answers the config region, so there is nobody to tell; but interrupts follow it. */
static void up_config_put(void *be, unsigned int fn, uint32_t offset, const uint8_t *bytes,
			  uint32_t len)
{
	irq_config(be, offset, bytes, len);
}

const struct ez_backend vu_backend = {
	.size = sizeof(vu_backend),
	.name = "vfio-user",
	.now = up_now,
	.timer = up_timer,
	.dma = up_dma,
	.intx = up_intx,
	.msi = up_msi,
	.random = up_random,
	.log = up_log,
	.kick = up_kick,
	.config_put = up_config_put,
	.dma_at_once = up_dma_at_once,
};

/* ---- timers ---- */

static void find_next(struct vu_session *s)
{
	uint32_t i;

	s->next = EZ_NEVER;
	for (i = 0; i < s->spec->n_timers; i++)
		if (s->deadline[i] < s->next)
			s->next = s->deadline[i];
}

void backend_timers(struct vu_session *s)
{
	uint64_t now;
	uint32_t i;

	if (s->next == EZ_NEVER || s->paused)
		return;
	now = up_now(s);
	if (s->next > now)
		return;
	/* One round: a timer that sets itself to 0 again must let others have their turn. */
	for (i = 0; i < s->spec->n_timers; i++) {
		if (s->deadline[i] > now)
			continue;
		s->deadline[i] = EZ_NEVER;
		page_doing(s->page, VU_DOING_TIMER, i);
		ez_device_timer(s->dev, 0, i);
		page_doing(s->page, VU_DOING_NOTHING, 0);
	}
	find_next(s);
}

uint64_t backend_next(const struct vu_session *s)
{
	if (s->next == EZ_NEVER || s->paused)
		return EZ_NEVER;
	return s->next + s->stood;
}

void backend_pause(struct vu_session *s, bool pause)
{
	if (pause == s->paused)
		return;
	if (pause) {
		ez_device_pause(s->dev);
		s->stopped_at = vu_monotonic();
		s->paused = true;
	} else {
		s->stood += vu_monotonic() - s->stopped_at;
		s->paused = false;
		ez_device_resume(s->dev);
	}
}
