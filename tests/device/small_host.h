/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backend of which a test sees every call, and a gadget whose tables a test
 * may change before it is made.
 */
#ifndef TESTS_SMALL_HOST_H
#define TESTS_SMALL_HOST_H

#include "bench_test.h"

#include <stdio.h>

struct small_host {
	struct ez_backend backend;
	struct ez_model model;
	struct ez_spec spec;
	struct ez_bar bars[4]; /* 0, 1, the I/O one, 4 */
	struct ez_irq irqs[4];
	struct ez_cap caps[4];
	struct ez_window windows[2];
	const struct ez_model *gadget;
	struct ez_device *dev;
	struct ez_error error;
	unsigned int messages[2048];
	unsigned int forgotten[2048];
	bool intx;
	unsigned int shows, hides;
	unsigned int lines; /* logged */
	char last[256]; /* of them */
};

static inline uint64_t small_now(void *be)
{
	return 0;
}

static inline void small_timer(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
}

static inline int small_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len,
			    bool write)
{
	return -EFAULT;
}

static inline void small_intx(void *be, unsigned int fn, bool level)
{
	((struct small_host *)be)->intx = level;
}

static inline void small_msi(void *be, unsigned int fn, uint32_t vector)
{
	((struct small_host *)be)->messages[vector]++;
}

static inline void small_random(void *be, void *buf, size_t len)
{
	memset(buf, 0, len);
}

static inline void small_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
	struct small_host *h = be;

	h->lines++;
	snprintf(h->last, sizeof(h->last), "%s", text);
}

static inline void small_forget(void *be, unsigned int fn, uint32_t vector)
{
	((struct small_host *)be)->forgotten[vector]++;
}

static inline void small_windows(void *be, unsigned int fn, bool shown)
{
	struct small_host *h = be;

	h->shows += shown;
	h->hides += !shown;
}

/* Everything but the device. */
static inline struct small_host *small_new(uint32_t flags)
{
	struct small_host *h = calloc(1, sizeof(*h));

	h->backend = (struct ez_backend){
		.size = sizeof(h->backend),
		.name = "small",
		.flags = EZ_BACKEND_VIRTUAL_TIME | flags,
		.now = small_now,
		.timer = small_timer,
		.dma = small_dma,
		.intx = small_intx,
		.msi = small_msi,
		.random = small_random,
		.log = small_log,
		.msix_forget = small_forget,
		.windows = small_windows,
	};
	h->gadget = ez_model_open(getenv("ERSATZ_MODEL"), &h->error);
	assert_non_null(h->gadget);
	h->model = *h->gadget;
	h->spec = *h->gadget->spec;
	assert_int_equal(h->spec.n_bars, 4);
	assert_int_equal(h->spec.n_irqs, 4);
	assert_int_equal(h->spec.n_caps, 4);
	assert_int_equal(h->spec.n_windows, 2);
	memcpy(h->bars, h->spec.bars, sizeof(h->bars));
	memcpy(h->irqs, h->spec.irqs, sizeof(h->irqs));
	memcpy(h->caps, h->spec.caps, sizeof(h->caps));
	memcpy(h->windows, h->spec.windows, sizeof(h->windows));
	h->spec.bars = h->bars;
	h->spec.irqs = h->irqs;
	h->spec.caps = h->caps;
	h->spec.windows = h->windows;
	h->model.spec = &h->spec;
	return h;
}

/* False: refused, with h->error. */
static inline bool small_make(struct small_host *h)
{
	h->dev = ez_device_new(&h->model, "gadget0", &h->backend, h, NULL, 0, &h->error);
	if (h->dev)
		ez_device_config_write(h->dev, 0, 0x04, 2, 0x7);
	return h->dev;
}

static inline void small_free(struct small_host *h)
{
	ez_device_free(h->dev);
	ez_model_close(h->gadget);
	free(h);
}

static inline void small_command(struct small_host *h, enum command c)
{
	ez_device_write(h->dev, 0, 0, DOORBELL, 4, c);
}

#endif
