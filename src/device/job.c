/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs: long work in pieces. Where time is real, one worker thread a device
 * runs them; where it is virtual (no `kick`), the device's own thread does
 * when the declared time has passed.
 *
 * A worker reaches guest memory only by asking the device's thread, which
 * serves it from ez_device_poll or while it waits for a piece to end. So the
 * worker never needs the backend's locks, and waiting for it cannot deadlock.
 */
#include "device/device.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Looking for an answer, or for more to do, before sleeping: ns, and how often in a row. */
#define LOOK_WORKER 100000u
#define LOOK_POLL 30000u
#define MOST_TURNS 8
#define MOST_VAIN 9

enum job_state {
	IDLE,
	PENDING, /* submitted; pieces run whenever the engine is not parked */
	FINISHED, /* the last piece has ended; done is due on the device's thread */
};

struct ez_job {
	struct job_engine *engine;
	const struct ez_job_desc *desc;
	enum job_state state;
};

/* Looking, and how often of late that was in vain: then it is passed over for a while. */
struct look {
	uint32_t vain, pass;
};

struct job_engine {
	struct ez_function *f;
	struct ez_job *jobs;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* for the worker: work, or its DMA has been served */
	pthread_cond_t back; /* for the device's thread: a piece ended, or wants DMA */
	bool started, quit;
	bool may_look; /* there is more than one processor */
	struct look for_answer, for_more; /* the worker's; the device's thread's */
	uint32_t news; /* counts what a worker has for the device's thread */
	bool parked; /* no piece begins, no completion is delivered */
	struct ez_job *running;
	uint32_t turn; /* whose piece is next */
	bool serving; /* the device's thread is doing the worker's DMA, maybe further up this stack */
	struct {
		bool begun; /* between begin and end */
		bool awaited; /* the worker does nothing but wait for it */
		bool wanted; /* it is for the device's thread to go on with; the vectors are its meanwhile */
		uint64_t serial; /* of the transfer that is next */
		uint64_t seen; /* of the one that the backend was last told of */
		struct ez_vector *vectors;
		uint32_t n, at; /* vectors; the one whose turn it is */
		char *buf; /* of the transfer that is next */
	} dma;
};

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* On a busy machine who is looked for waits for a processor, maybe for the one that looks. */
static bool look_begins(const struct job_engine *e, struct look *look)
{
	if (!e->may_look)
		return false;
	if (!look->pass)
		return true;
	look->pass--;
	return false;
}

static void look_ends(struct look *look, bool found)
{
	if (found) {
		look->vain -= look->vain > 0;
		return;
	}
	look->vain += look->vain < MOST_VAIN;
	look->pass = 1u << look->vain;
}

static bool is_virtual(const struct job_engine *e)
{
	return e->f->dev->backend->flags & EZ_BACKEND_VIRTUAL_TIME;
}

int job_init(struct ez_device *dev)
{
	struct ez_function *f = &dev->function;
	struct job_engine *e = calloc(1, sizeof(*e));
	cpu_set_t cpus;
	uint32_t i;

	if (!e)
		return -ENOMEM;
	e->f = f;
	e->jobs = calloc(f->spec->n_jobs + 1, sizeof(*e->jobs));
	if (!e->jobs) {
		free(e);
		return -ENOMEM;
	}
	for (i = 0; i < f->spec->n_jobs; i++)
		e->jobs[i] = (struct ez_job){ .engine = e, .desc = &f->spec->jobs[i] };
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->wake, NULL);
	pthread_cond_init(&e->back, NULL);
	e->may_look = sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) > 1;
	dev->jobs = e;
	return 0;
}

static struct ez_job *next(struct job_engine *e)
{
	uint32_t n = e->f->spec->n_jobs;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct ez_job *job = &e->jobs[(e->turn + i) % n];

		if (job->state != PENDING)
			continue;
		e->turn = (e->turn + i + 1) % n;
		return job;
	}
	return NULL;
}

static void *data_of(struct ez_job *job)
{
	return (char *)job->engine->f->state + job->desc->data;
}

/* Locked. The two that are also looked at without the lock. */
static void set_wanted(struct job_engine *e, bool wanted)
{
	__atomic_store_n(&e->dma.wanted, wanted, __ATOMIC_RELEASE);
}

static void tell(struct job_engine *e)
{
	__atomic_store_n(&e->news, e->news + 1, __ATOMIC_RELEASE);
}

/*
 * Locked: a piece has ended. One that left a transfer behind has left with its
 * buffer: nothing may go there any more.
 */
static void abandon(struct job_engine *e)
{
	set_wanted(e, false);
	e->dma.begun = false;
	while (e->serving)
		pthread_cond_wait(&e->wake, &e->lock);
}

static void *worker(void *arg)
{
	struct job_engine *e = arg;
	struct ez_device *dev = e->f->dev;
	struct ez_job *job;
	bool more;

	pthread_mutex_lock(&e->lock);
	while (!e->quit) {
		job = e->parked ? NULL : next(e);
		if (!job) {
			pthread_cond_wait(&e->wake, &e->lock);
			continue;
		}
		e->running = job;
		pthread_mutex_unlock(&e->lock);
		more = job->desc->run(job, data_of(job));
		pthread_mutex_lock(&e->lock);
		abandon(e);
		e->running = NULL;
		pthread_cond_signal(&e->back);
		/* Cancelled meanwhile: it is IDLE, and nobody wants to know. */
		if (more || job->state != PENDING)
			continue;
		job->state = FINISHED;
		tell(e);
		pthread_mutex_unlock(&e->lock);
		dev->backend->kick(dev->be);
		pthread_mutex_lock(&e->lock);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* Signals are the backend's; a worker that took one could stall a vCPU kick. */
static int start(struct job_engine *e)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };
	sigset_t all, old;
	size_t i;
	int err;

	if (e->started)
		return 0;
	sigfillset(&all);
	/* Its own faults are its own: blocked, they would end the process without a word. */
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&e->thread, NULL, worker, e);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	e->started = !err;
	return err ? -EAGAIN : 0;
}

static const struct ez_range *next_range(const struct job_engine *e)
{
	const struct ez_vector *v = &e->dma.vectors[e->dma.at];

	return &v->ranges[v->done];
}

/* To the next range there is, over vectors that have none. False: that was the last. */
static bool advance(struct job_engine *e)
{
	struct ez_vector *v = &e->dma.vectors[e->dma.at];

	while (v->done == v->n) {
		if (++e->dma.at == e->dma.n)
			return false;
		v++;
		e->dma.buf = v->buf;
	}
	return true;
}

/*
 * From the next range on nothing moves: what would have been read is all-ones.
 * `begun`: of the next one the bus has already brought what there was.
 */
static void give_up(struct job_engine *e, int status, bool begun)
{
	uint32_t i, k;
	char *buf;

	for (i = e->dma.at; i < e->dma.n; i++) {
		struct ez_vector *v = &e->dma.vectors[i];

		v->status = status;
		buf = i == e->dma.at ? e->dma.buf : v->buf;
		for (k = v->done; k < v->n && !v->write; k++) {
			const struct ez_range *range = &v->ranges[k];

			/* There is no such room in the buffer, nor anything behind it. */
			if (range->len > DMA_MAX)
				break;
			if (!begun)
				memset(buf, 0xff, range->len);
			begun = false;
			buf += range->len;
		}
		begun = false;
	}
}

/* Device's thread, unlocked: the next transfer. False: there is none after it. */
static bool transfer(struct job_engine *e)
{
	struct ez_vector *v = &e->dma.vectors[e->dma.at];
	const struct ez_range *range = next_range(e);
	int status = dma_request(e->f, range->addr, e->dma.buf, range->len, v->write);

	e->dma.serial++;
	if (status) {
		give_up(e, status, true);
		return false;
	}
	e->dma.buf += range->len;
	v->done++;
	return advance(e);
}

/* One that will be refused is not worth a look of the backend's. */
static bool next_is_wanted(const struct job_engine *e)
{
	const struct ez_range *range = next_range(e);

	return dma_allowed(e->f, range->addr, range->len);
}

/* Has the backend to see the next one first? */
static bool next_has_to_wait(const struct job_engine *e)
{
	const struct ez_device *dev = e->f->dev;
	const struct ez_range *range = next_range(e);

	return dev->backend->dma_at_once && next_is_wanted(e) &&
	       !dev->backend->dma_at_once(dev->be, e->f->number, range->addr, range->len,
					  e->dma.vectors[e->dma.at].write);
}

/*
 * Device's thread, locked: does the worker's DMA, unlocked meanwhile. The
 * device is busy in each transfer until it is over and, if it was the last, until
 * the worker has its answer, so that a reset which the DMA brings about, and which
 * waits for the worker, comes after that. A cancelled job moves nothing any more.
 * False: a write has only been sent on, and nothing may overtake it.
 */
static bool serve(struct job_engine *e)
{
	bool was, more, on_its_way;

	if (!e->dma.wanted || e->serving)
		return true;
	do {
		if (e->running->state == IDLE) {
			give_up(e, -ECANCELED, false);
			set_wanted(e, false);
			pthread_cond_signal(&e->wake);
			return true;
		}
		on_its_way = e->dma.vectors[e->dma.at].write && next_has_to_wait(e);
		e->serving = true;
		was = device_enter(e->f);
		pthread_mutex_unlock(&e->lock);
		more = transfer(e);
		pthread_mutex_lock(&e->lock);
		e->serving = false;
		if (!more)
			set_wanted(e, false);
		pthread_cond_signal(&e->wake);
		pthread_mutex_unlock(&e->lock);
		device_leave(e->f, was);
		pthread_mutex_lock(&e->lock);
		/* Nothing is wanted any more if leaving brought a reset. */
	} while (more && !on_its_way && e->dma.wanted && !next_has_to_wait(e));
	return !on_its_way;
}

/*
 * Device's thread, locked: until no piece of `job` (NULL: of any) is in hand.
 * Below a DMA of that very piece there is nothing to wait for: its result is
 * dropped when it comes.
 */
static void wait_for_piece(struct job_engine *e, const struct ez_job *job)
{
	while (e->running && !e->serving && (!job || e->running == job)) {
		if (e->dma.wanted)
			serve(e);
		else
			pthread_cond_wait(&e->back, &e->lock);
	}
}

void job_free(struct ez_device *dev)
{
	struct job_engine *e = dev->jobs;

	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->parked = true;
	e->quit = true;
	wait_for_piece(e, NULL);
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
	if (e->started)
		pthread_join(e->thread, NULL);
	pthread_cond_destroy(&e->wake);
	pthread_cond_destroy(&e->back);
	pthread_mutex_destroy(&e->lock);
	free(e->jobs);
	free(e);
	dev->jobs = NULL;
}

/* `when`: where time is virtual, the moment at which it will have been done. */
static int submit(struct job_engine *e, uint32_t index, uint64_t when)
{
	int err = 0;

	if (is_virtual(e)) {
		e->jobs[index].state = PENDING;
		timer_arm(e->f, job_timer(e->f, index), when);
		return 0;
	}
	pthread_mutex_lock(&e->lock);
	err = start(e);
	if (!err) {
		e->jobs[index].state = PENDING;
		pthread_cond_signal(&e->wake);
	}
	pthread_mutex_unlock(&e->lock);
	return err;
}

int ez_job_submit(struct ez_function *f, uint32_t job, uint64_t duration_ns)
{
	uint64_t now;

	if (job >= f->spec->n_jobs)
		return -EINVAL;
	if (ez_job_busy(f, job))
		return -EBUSY;
	now = ez_now(f);
	return submit(f->dev->jobs, job,
		      duration_ns >= EZ_NEVER - now ? EZ_NEVER - 1 : now + duration_ns);
}

void ez_job_cancel(struct ez_function *f, uint32_t job)
{
	struct job_engine *e = f->dev->jobs;

	if (job >= f->spec->n_jobs)
		return;
	if (is_virtual(e)) {
		if (e->jobs[job].state == PENDING)
			timer_arm(f, job_timer(f, job), EZ_NEVER);
		e->jobs[job].state = IDLE;
		return;
	}
	pthread_mutex_lock(&e->lock);
	e->jobs[job].state = IDLE;
	wait_for_piece(e, &e->jobs[job]);
	pthread_mutex_unlock(&e->lock);
}

void job_cancel_all(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_jobs; i++)
		ez_job_cancel(f, i);
}

bool ez_job_busy(struct ez_function *f, uint32_t job)
{
	struct job_engine *e = f->dev->jobs;
	bool busy;

	if (job >= f->spec->n_jobs)
		return false;
	pthread_mutex_lock(&e->lock);
	busy = e->jobs[job].state != IDLE;
	pthread_mutex_unlock(&e->lock);
	return busy;
}

/* At the end of the chain. The job is idle before its done runs, which may submit it again. */
void job_done(struct ez_function *f, uint32_t job)
{
	bool was = device_enter(f);

	f->spec->jobs[job].done(f->state);
	device_leave(f, was);
}

static void complete(struct ez_function *f, uint32_t job)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_JOB, .fn = f->number, .index = job };

	chain_send(f->dev, &x);
}

void job_due(struct ez_function *f, uint32_t job)
{
	struct ez_job *j = &f->dev->jobs->jobs[job];

	if (j->state == PENDING)
		do
			j->engine->dma.begun = false;
		while (j->desc->run(j, data_of(j)));
	if (j->state == IDLE)
		return;
	j->state = IDLE;
	complete(f, job);
}

bool ez_device_dma_wanted(struct ez_device *dev, struct ez_wanted *ret_wanted)
{
	struct job_engine *e = dev->jobs;
	bool wanted;

	pthread_mutex_lock(&e->lock);
	wanted = e->dma.wanted && next_is_wanted(e);
	e->dma.seen = e->dma.serial;
	if (wanted)
		*ret_wanted = (struct ez_wanted){ .serial = e->dma.serial,
						  .address = next_range(e)->addr,
						  .length = next_range(e)->len,
						  .write = e->dma.vectors[e->dma.at].write };
	pthread_mutex_unlock(&e->lock);
	return wanted;
}

bool job_read_outstanding(struct ez_function *f)
{
	struct job_engine *e = f->dev->jobs;
	bool outstanding;

	pthread_mutex_lock(&e->lock);
	outstanding = e->dma.wanted && !e->dma.vectors[e->dma.at].write;
	pthread_mutex_unlock(&e->lock);
	return outstanding;
}

/*
 * Device's thread, locked: the worker, which waited for what has just been served, goes on
 * now, and most have one more request, or end, within microseconds. To look for that
 * costs less than to be woken for it, but as nobody else gets what the backend has
 * locked meanwhile, it is not for long. `seen`: news before that. True: there is
 * something to do.
 */
static bool look_for_more(struct job_engine *e, uint32_t seen)
{
	uint64_t start = monotonic();

	if (e->news == seen) {
		if (e->dma.wanted || e->parked || !look_begins(e, &e->for_more))
			return false;
		pthread_mutex_unlock(&e->lock);
		while (__atomic_load_n(&e->news, __ATOMIC_ACQUIRE) == seen &&
		       monotonic() - start < LOOK_POLL)
			;
		pthread_mutex_lock(&e->lock);
		look_ends(&e->for_more, e->news != seen);
	}
	return e->dma.wanted ? !next_has_to_wait(e) : e->news != seen;
}

void ez_device_poll(struct ez_device *dev)
{
	struct job_engine *e = dev->jobs;
	unsigned int turns = 0;
	uint32_t i, seen;
	bool awaited, arrived;

	pthread_mutex_lock(&e->lock);
	do {
		seen = e->news;
		for (i = 0; i < dev->spec->n_jobs && !e->parked; i++) {
			if (e->jobs[i].state != FINISHED)
				continue;
			e->jobs[i].state = IDLE;
			pthread_mutex_unlock(&e->lock);
			complete(e->f, i);
			pthread_mutex_lock(&e->lock);
		}
		/* Last: where writes are only posted by it, a backend polls again when they have arrived. */
		awaited = e->dma.wanted && e->dma.awaited;
		/* One that has come since the backend last asked is seen by it first: a kick is due for it. */
		if (e->dma.wanted && e->dma.seen != e->dma.serial && next_has_to_wait(e))
			break;
		arrived = serve(e);
	} while (awaited && arrived && ++turns < MOST_TURNS && look_for_more(e, seen));
	pthread_mutex_unlock(&e->lock);
}

void ez_device_pause(struct ez_device *dev)
{
	struct job_engine *e = dev->jobs;

	pthread_mutex_lock(&e->lock);
	e->parked = true;
	wait_for_piece(e, NULL);
	pthread_mutex_unlock(&e->lock);
}

void ez_device_resume(struct ez_device *dev)
{
	struct job_engine *e = dev->jobs;

	pthread_mutex_lock(&e->lock);
	e->parked = false;
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
	/* What was held back meanwhile: by a poll of the backend's own, who knows when it may. */
	if (!is_virtual(e))
		dev->backend->kick(dev->be);
}

/* Worker, locked: what is in dma.vectors; at once, where there is no device's thread but us. */
static void begin(struct ez_job *job)
{
	struct job_engine *e = job->engine;
	struct ez_device *dev = e->f->dev;
	bool more = true;

	if (!is_virtual(e)) {
		set_wanted(e, true);
		tell(e);
		pthread_cond_signal(&e->back);
		pthread_mutex_unlock(&e->lock);
		dev->backend->kick(dev->be);
		pthread_mutex_lock(&e->lock);
		return;
	}
	pthread_mutex_unlock(&e->lock);
	while (more && job->state != IDLE)
		more = transfer(e);
	if (more)
		give_up(e, -ECANCELED, false);
	pthread_mutex_lock(&e->lock);
}

int ez_job_dma_begin(struct ez_job *job, struct ez_vector *vectors, uint32_t n)
{
	struct job_engine *e = job->engine;
	uint32_t i;

	pthread_mutex_lock(&e->lock);
	if (e->dma.begun) {
		pthread_mutex_unlock(&e->lock);
		return -EBUSY;
	}
	for (i = 0; i < n; i++) {
		vectors[i].status = 0;
		vectors[i].done = 0;
	}
	e->dma.begun = true;
	e->dma.awaited = false;
	e->dma.vectors = vectors;
	e->dma.n = n;
	e->dma.at = 0;
	e->dma.serial++;
	if (n) {
		e->dma.buf = vectors->buf;
		if (advance(e))
			begin(job);
	}
	pthread_mutex_unlock(&e->lock);
	return 0;
}

/*
 * Worker, unlocked: waking up costs more than most transfers, so it looks before it
 * sleeps, and gives way to whoever wants the processor. If that takes it long, it had
 * better slept, whether or not the answer is there then.
 */
static void look_for_answer(struct job_engine *e)
{
	uint64_t start = monotonic();
	bool soon = true;

	if (!look_begins(e, &e->for_answer))
		return;
	while (__atomic_load_n(&e->dma.wanted, __ATOMIC_ACQUIRE) && soon) {
		sched_yield();
		soon = monotonic() - start < LOOK_WORKER;
	}
	look_ends(&e->for_answer, soon);
}

int ez_job_dma_end(struct ez_job *job)
{
	struct job_engine *e = job->engine;
	int status = 0;
	uint32_t i;

	pthread_mutex_lock(&e->lock);
	if (!e->dma.begun) {
		pthread_mutex_unlock(&e->lock);
		return -EINVAL;
	}
	if (e->dma.wanted) {
		e->dma.awaited = true;
		pthread_mutex_unlock(&e->lock);
		look_for_answer(e);
		pthread_mutex_lock(&e->lock);
	}
	while (e->dma.wanted)
		pthread_cond_wait(&e->wake, &e->lock);
	e->dma.begun = false;
	for (i = 0; i < e->dma.n && !status; i++)
		status = e->dma.vectors[i].status;
	pthread_mutex_unlock(&e->lock);
	return status;
}

static int job_dma(struct ez_job *job, const struct ez_range *ranges, uint32_t n, void *buf,
		   bool write, uint32_t *ret_done)
{
	struct ez_vector v = { .ranges = ranges, .n = n, .buf = buf, .write = write };
	int err = ez_job_dma_begin(job, &v, 1);

	if (!err)
		err = ez_job_dma_end(job);
	if (ret_done)
		*ret_done = v.done;
	return err;
}

void *ez_job_window(struct ez_job *job, uint32_t window)
{
	return ez_window(job->engine->f, window);
}

int ez_job_dma_readv(struct ez_job *job, const struct ez_range *ranges, uint32_t n, void *buf,
		     uint32_t *ret_done)
{
	return job_dma(job, ranges, n, buf, false, ret_done);
}

int ez_job_dma_writev(struct ez_job *job, const struct ez_range *ranges, uint32_t n,
		      const void *buf, uint32_t *ret_done)
{
	/* As in ez_dma_write: a write only reads from it. */
	return job_dma(job, ranges, n, (void *)(uintptr_t)buf, true, ret_done);
}

int ez_job_dma_read(struct ez_job *job, uint64_t addr, void *buf, size_t len)
{
	const struct ez_range range = { .addr = addr, .len = len };

	return ez_job_dma_readv(job, &range, 1, buf, NULL);
}

int ez_job_dma_write(struct ez_job *job, uint64_t addr, const void *buf, size_t len)
{
	const struct ez_range range = { .addr = addr, .len = len };

	return ez_job_dma_writev(job, &range, 1, buf, NULL);
}

enum job_saved job_save(struct ez_function *f, uint32_t job)
{
	switch (f->dev->jobs->jobs[job].state) {
	case PENDING:
		return JOB_PENDING;
	case FINISHED:
		return JOB_FINISHED;
	case IDLE:
		break;
	}
	return JOB_IDLE;
}

int job_restore(struct ez_function *f, uint32_t job, enum job_saved how, uint64_t when)
{
	struct job_engine *e = f->dev->jobs;

	if (how == JOB_IDLE)
		return 0;
	if (how == JOB_PENDING)
		return submit(e, job, when);
	/* Its last piece had ended: only the completion is due. */
	if (is_virtual(e))
		timer_arm(f, job_timer(f, job), ez_now(f));
	pthread_mutex_lock(&e->lock);
	e->jobs[job].state = FINISHED;
	pthread_mutex_unlock(&e->lock);
	if (!is_virtual(e))
		f->dev->backend->kick(f->dev->be);
	return 0;
}
