/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend whose jobs have real workers: a kick, its memory, and nothing else. */
#ifndef TESTS_WORKER_HOST_H
#define TESTS_WORKER_HOST_H

#include "bench_test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define RESETS 0xfee1dead /* an address behind which something resets the device */

struct host {
	struct ez_backend backend;
	bool reset;
	struct ez_device *dev;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool kicked;
	uint32_t ram[1024];
	unsigned int dmas;
};

static inline uint64_t host_now(void *be)
{
	return 0;
}

static inline void host_timer(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
}

static inline int host_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len,
			   bool write)
{
	struct host *h = be;
	size_t there = addr < sizeof(h->ram) ? sizeof(h->ram) - (size_t)addr : 0;

	h->dmas++;
	/* Behind this address is something that resets the device, as a slot's control register. */
	if (addr == RESETS) {
		h->reset = ez_device_reset(h->dev, 0, EZ_RESET_FUNCTION) == 0;
		ez_device_config_write(h->dev, 0, 0x04, 2, 0x7);
		return -EFAULT;
	}
	there = there < len ? there : len;
	if (write)
		memcpy((char *)h->ram + addr, buf, there);
	else
		memcpy(buf, (char *)h->ram + addr, there);
	if (!write)
		memset((char *)buf + there, 0xff, len - there);
	return there < len ? -EFAULT : 0;
}

static inline void host_intx(void *be, unsigned int fn, bool level)
{
}

static inline void host_msi(void *be, unsigned int fn, uint32_t vector)
{
}

static inline void host_random(void *be, void *buf, size_t len)
{
}

static inline void host_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
}

static inline void host_kick(void *be)
{
	struct host *h = be;

	pthread_mutex_lock(&h->lock);
	h->kicked = true;
	pthread_cond_signal(&h->cond);
	pthread_mutex_unlock(&h->lock);
}

static inline void host_wait(struct host *h)
{
	pthread_mutex_lock(&h->lock);
	while (!h->kicked)
		pthread_cond_wait(&h->cond, &h->lock);
	h->kicked = false;
	pthread_mutex_unlock(&h->lock);
}

static inline void host_turn(struct host *h)
{
	host_wait(h);
	ez_device_poll(h->dev);
}

static inline uint64_t get(struct host *h, uint64_t at)
{
	return ez_device_read(h->dev, 0, 0, at, 4);
}

static inline void put(struct host *h, uint64_t at, uint64_t value)
{
	ez_device_write(h->dev, 0, 0, at, 4, value);
}

static const struct ez_model *host_model;

/* Opens the gadget. False: it said why not. */
static inline bool host_open(void)
{
	struct ez_error error;

	alarm(60); /* a deadlock ends the test, it does not hang it */
	host_model = ez_model_open(getenv("ERSATZ_MODEL"), &error);
	if (!host_model)
		fprintf(stderr, "%s\n", error.text);
	return host_model;
}

static inline void host_close(void)
{
	ez_model_close(host_model);
}

static inline bool host_at_once(void *be, unsigned int fn, uint64_t addr, size_t len, bool write)
{
	return false;
}

/* `watched`: it wants to see each transfer of a worker before it is done. */
static inline struct host *host_new(bool watched)
{
	struct host *h = calloc(1, sizeof(*h));
	struct ez_error error;

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->cond, NULL);
	h->backend = (struct ez_backend){
		.size = sizeof(h->backend),
		.name = "test",
		.now = host_now,
		.timer = host_timer,
		.dma = host_dma,
		.intx = host_intx,
		.msi = host_msi,
		.random = host_random,
		.log = host_log,
		.kick = host_kick,
		.dma_at_once = watched ? host_at_once : NULL,
	};
	h->dev = ez_device_new(host_model, "gadget0", &h->backend, h, NULL, 0, &error);
	assert_non_null(h->dev);
	ez_device_config_write(h->dev, 0, 0x04, 2, 0x7);
	return h;
}

static inline void host_free(struct host *h)
{
	ez_device_free(h->dev);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->cond);
	free(h);
}

#endif
