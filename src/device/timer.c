/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: deadlines on the device's clock; the backend only wakes us up. */
#include "device/device.h"

static void tell(struct ez_function *f, uint32_t timer)
{
	struct ez_device *dev = f->dev;

	dev->backend->timer(dev->be, f->number, timer, f->deadline[timer]);
}

uint64_t ez_now(struct ez_function *f)
{
	return f->dev->backend->now(f->dev->be);
}

void timer_arm(struct ez_function *f, uint32_t timer, uint64_t when)
{
	f->deadline[timer] = when;
	tell(f, timer);
}

void timer_disarm_all(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_timers; i++)
		if (f->deadline[i] != EZ_NEVER)
			timer_arm(f, i, EZ_NEVER);
}

void ez_timer_set(struct ez_function *f, uint32_t timer, uint64_t delay_ns)
{
	uint64_t now = ez_now(f);

	if (timer >= f->spec->n_timers)
		return;
	/* So far away that it would wrap is never. */
	timer_arm(f, timer, delay_ns >= EZ_NEVER - now ? EZ_NEVER - 1 : now + delay_ns);
}

void ez_timer_cancel(struct ez_function *f, uint32_t timer)
{
	if (timer < f->spec->n_timers && f->deadline[timer] != EZ_NEVER)
		timer_arm(f, timer, EZ_NEVER);
}

bool ez_timer_armed(struct ez_function *f, uint32_t timer)
{
	return timer < f->spec->n_timers && f->deadline[timer] != EZ_NEVER;
}

void timer_fire(struct ez_function *f, uint32_t timer)
{
	bool was = device_enter(f);

	f->spec->timers[timer].fired(f->state);
	device_leave(f, was);
}

void ez_device_timer(struct ez_device *dev, unsigned int fn, uint32_t timer)
{
	struct ez_function *f = device_function(dev, fn);
	struct ez_crossing x = { .kind = EZ_CROSSING_TIMER, .fn = fn, .index = timer };
	uint32_t n = f ? f->spec->n_timers : 0;

	if (!f || timer >= n + f->spec->n_jobs)
		return;
	/* Early, late or twice: only what is due fires. */
	if (f->deadline[timer] == EZ_NEVER || f->deadline[timer] > ez_now(f))
		return;
	f->deadline[timer] = EZ_NEVER;
	if (timer >= n) {
		job_due(f, timer - n);
		return;
	}
	chain_send(dev, &x);
}
