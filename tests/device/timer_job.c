/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers and jobs: in virtual time, and with real workers under a small backend of our own. */
#include "worker_host.h"

static void timer_fires_once_at_its_time(void **state)
{
	struct ez_bench *b = *state;

	wr(b, LENGTH, 1000);
	command(b, TIMER);
	ez_bench_advance(b, 999);
	assert_int_equal(rd(b, EVENTS) & 0xff, 0);
	ez_bench_advance(b, 1);
	assert_int_equal(rd(b, EVENTS) & 0xff, 1);
	assert_false(ez_bench_step(b));
	/* Set while armed: moves. */
	command(b, TIMER);
	ez_bench_advance(b, 600);
	command(b, TIMER);
	ez_bench_advance(b, 600);
	assert_int_equal(rd(b, EVENTS) & 0xff, 1);
	ez_bench_advance(b, 400);
	assert_int_equal(rd(b, EVENTS) & 0xff, 2);
}

static void reset_disarms(void **state)
{
	struct ez_bench *b = *state;

	wr(b, LENGTH, 1000);
	command(b, TIMER);
	command(b, SOFT_RESET); /* the device's own reset leaves timers alone */
	ez_bench_advance(b, 1000);
	assert_int_equal(rd(b, EVENTS) & 0xff, 1);
	wr(b, LENGTH, 1000);
	command(b, TIMER);
	ez_bench_reset(b, EZ_RESET_FUNCTION);
	ez_bench_setup(b);
	ez_bench_advance(b, 5000);
	assert_int_equal(rd(b, EVENTS) & 0xff, 1);
}

static void start_job(struct ez_bench *b, uint32_t pieces)
{
	ez_bench_write(b, 0, ADDRESS, 8, 0x1000);
	wr(b, LENGTH, pieces);
	command(b, JOB);
}

static void job_takes_its_virtual_time(void **state)
{
	struct ez_bench *b = *state;
	uint32_t value;

	start_job(b, 10);
	assert_int_equal((int32_t)rd(b, STATUS), 0);
	command(b, JOB);
	assert_int_equal((int32_t)rd(b, STATUS), -EBUSY);
	ez_bench_advance(b, 999);
	assert_int_equal(rd(b, EVENTS) & 0xff00, 0);
	ez_bench_advance(b, 1);
	assert_int_equal(rd(b, EVENTS) & 0xff00, 0x100);
	memcpy(&value, ez_bench_ram(b) + 0x1000, 4);
	assert_int_equal(value, 10);
	assert_int_equal(rd(b, ISR), 1);
}

static void cancelled_job_is_gone(void **state)
{
	struct ez_bench *b = *state;

	start_job(b, 10);
	command(b, CANCEL);
	ez_bench_advance(b, 5000);
	assert_int_equal(rd(b, EVENTS) & 0xff00, 0);
	start_job(b, 1);
	ez_bench_reset(b, EZ_RESET_BUS);
	ez_bench_setup(b);
	ez_bench_advance(b, 5000);
	assert_int_equal(rd(b, EVENTS) & 0xff00, 0);
	assert_int_equal(ez_bench_ram(b)[0x1000], 0);
}

/* ---- real workers ---- */

static void host_job(struct host *h, uint32_t pieces)
{
	put(h, ADDRESS, 16);
	put(h, ADDRESS + 4, 0);
	put(h, LENGTH, pieces);
	put(h, DOORBELL, JOB);
}

static void worker_runs_to_the_end(void **unused)
{
	struct host *h = host_new(false);

	host_job(h, 100);
	while (!(get(h, EVENTS) & 0xff00))
		host_turn(h);
	assert_int_equal(h->ram[4], 100);
	assert_int_equal(get(h, STATUS), 0);
	host_free(h);
}

/* Whatever the worker is doing at that moment, including waiting for its DMA. */
static void worker_is_cancelled_reset_and_freed(void **unused)
{
	for (unsigned int turns = 0; turns < 12; turns++) {
		struct host *h = host_new(false);
		uint32_t then;

		host_job(h, MAX_PIECES);
		for (unsigned int i = 0; i < turns; i++)
			host_turn(h);
		if (turns % 3 == 0) {
			put(h, DOORBELL, CANCEL);
		} else if (turns % 3 == 1) {
			ez_device_reset(h->dev, 0, EZ_RESET_FUNCTION);
		} else {
			host_free(h);
			continue;
		}
		then = h->ram[4];
		ez_device_poll(h->dev);
		assert_int_equal(h->ram[4], then);
		assert_int_equal(get(h, EVENTS) & 0xff00, 0);
		host_free(h);
	}
}

/* What the job's own data says came of it, which no register shows: a saved state does. */
static int32_t job_status(struct host *h)
{
	static const char name[] = "job.status";
	char state[65536];
	ssize_t size = ez_device_save(h->dev, state, sizeof(state));
	const char *at;
	int32_t status;

	assert_in_range(size, 1, sizeof(state));
	at = memmem(state, (size_t)size, name, strlen(name));
	assert_non_null(at);
	/* Behind the name: the payload's length, the size of an element, the element. */
	memcpy(&status, at + strlen(name) + 4 + 1, sizeof(status));
	return status;
}

/* The worker waits for its DMA when it is cancelled: nothing moves any more, and it is told so. */
static void worker_cancelled_in_its_dma_moves_nothing(void **unused)
{
	struct host *h = host_new(false);

	host_job(h, 5);
	host_wait(h);
	put(h, DOORBELL, CANCEL);
	assert_int_equal(h->dmas, 0);
	assert_int_equal(h->ram[4], 0);
	assert_int_equal(job_status(h), -ECANCELED);
	ez_device_poll(h->dev);
	assert_int_equal(h->dmas, 0);
	assert_int_equal(h->ram[4], 0);
	host_free(h);
}

/* Parked, saved, loaded into another device, finished there: every piece ran once. */
static void worker_is_saved_and_goes_on_elsewhere(void **unused)
{
	struct host *from = host_new(false);
	struct host *to = host_new(false);
	struct ez_error error;
	char state[65536];
	ssize_t size;
	unsigned int dmas;

	host_job(from, 50);
	for (int i = 0; i < 9; i++)
		host_turn(from);
	ez_device_pause(from->dev);
	dmas = from->dmas;
	size = ez_device_save(from->dev, state, sizeof(state));
	assert_in_range(size, 1, sizeof(state));
	ez_device_poll(from->dev);
	assert_int_equal(from->dmas, dmas);
	memcpy(to->ram, from->ram, sizeof(to->ram));
	assert_int_equal(ez_device_load(to->dev, state, (size_t)size, &error), 0);
	while (!(get(to, EVENTS) & 0xff00))
		host_turn(to);
	assert_int_equal(to->ram[4], 50);
	/* And the first goes on too, once it may. */
	ez_device_resume(from->dev);
	while (!(get(from, EVENTS) & 0xff00))
		host_turn(from);
	assert_int_equal(from->ram[4], 50);
	host_free(from);
	host_free(to);
}

static void worker_sees_dma_errors(void **unused)
{
	struct host *h = host_new(false);

	put(h, ADDRESS, 0xfffff000);
	put(h, LENGTH, 3);
	put(h, DOORBELL, JOB);
	while (!(get(h, EVENTS) & 0xff00))
		host_turn(h);
	assert_int_equal((int32_t)get(h, STATUS), -EFAULT);
	host_free(h);
}

/* A reset that a callback's own DMA brings about comes when the callback has returned. */
static void reset_waits_for_the_callback(void **unused)
{
	struct host *h = host_new(false);
	uint64_t resets = get(h, EVENTS) >> 16;

	put(h, ADDRESS, RESETS);
	put(h, LENGTH, 4);
	put(h, DOORBELL, DMA_OUT);
	assert_true(h->reset);
	assert_int_equal(get(h, EVENTS) >> 16, resets + 1);
	/* Had it come in the middle, the command's own -EFAULT would stand here. */
	assert_int_equal(get(h, STATUS), 0);
	host_free(h);
}

/* The same from a worker's DMA: it is done once, and the job is gone. */
static void reset_by_a_workers_dma(void **unused)
{
	struct host *h = host_new(false);
	unsigned int dmas;

	put(h, ADDRESS, RESETS);
	put(h, ADDRESS + 4, 0);
	put(h, LENGTH, 5);
	put(h, DOORBELL, JOB);
	while (!h->reset)
		host_turn(h);
	dmas = h->dmas;
	assert_int_equal(dmas, 1);
	ez_device_poll(h->dev);
	assert_int_equal(h->dmas, dmas);
	assert_int_equal(get(h, EVENTS) & 0xff00, 0);
	/* And the engine still works. */
	host_job(h, 3);
	while (!(get(h, EVENTS) & 0xff00))
		host_turn(h);
	assert_int_equal(h->ram[4], 3);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timer_fires_once_at_its_time),
		TEST(reset_disarms),
		TEST(job_takes_its_virtual_time),
		TEST(cancelled_job_is_gone),
		cmocka_unit_test(worker_runs_to_the_end),
		cmocka_unit_test(worker_is_cancelled_reset_and_freed),
		cmocka_unit_test(worker_cancelled_in_its_dma_moves_nothing),
		cmocka_unit_test(worker_is_saved_and_goes_on_elsewhere),
		cmocka_unit_test(worker_sees_dma_errors),
		cmocka_unit_test(reset_waits_for_the_callback),
		cmocka_unit_test(reset_by_a_workers_dma),
	};
	int failed;

	if (!host_open())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	host_close();
	return failed;
}
