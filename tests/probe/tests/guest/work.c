// SPDX-License-Identifier: BSD-2-Clause
/* What the device does by itself: its clock, its timer, its job; and chance. */
#include "probe.h"

#define MILLISECOND 1000000u

/* A job that does not end by itself while a test looks on. */
#define ENDLESS 0xffffffffu

static void clock_goes_on(void)
{
	int fd = probe_start("irq=auto");
	uint64_t before = get_halves(fd, PROBE_NOW), now;

	for (int i = 0; i < 100; i++) {
		now = get_halves(fd, PROBE_NOW);
		CHECK(now >= before);
		before = now;
	}
	let_pass(fd, MILLISECOND);
}

/* Never early; late is nobody's fault. */
static void timer_with(const char *parameters)
{
	int fd = probe_start(parameters);
	uint32_t ticks = get(fd, PROBE_TICKS);
	uint64_t before;

	for (uint32_t i = 1; i <= 5; i++) {
		put(fd, PROBE_DELAY, i * MILLISECOND);
		before = get_halves(fd, PROBE_NOW);
		put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
		await(fd, PROBE_IRQ_TICK, i);
		CHECK(get_halves(fd, PROBE_NOW) - before >= i * MILLISECOND);
		CHECK_EQ(get(fd, PROBE_TICKS), ticks + i);
	}
	/* Once is once. */
	let_pass(fd, 20 * MILLISECOND);
	CHECK_EQ(get(fd, PROBE_TICKS), ticks + 5);
}

static void timer_intx(void)
{
	timer_with("irq=intx");
}

static void timer_messages(void)
{
	timer_with("irq=auto");
}

static void timer_again_and_cancelled(void)
{
	int fd = probe_start("irq=auto");
	uint32_t ticks = get(fd, PROBE_TICKS);
	uint64_t begin;

	put(fd, PROBE_DELAY, MILLISECOND);
	put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	/* Interrupts may come so close together that they are one; ticks do not. */
	for (uint32_t i = 0; i < 20; i++) {
		struct probe_wait wait = { PROBE_IRQ_TICK, count_of(fd, PROBE_IRQ_TICK), AWAIT_MS,
					   0 };

		CHECK_EQ(ioctl(fd, PROBE_IOC_WAIT, &wait), 0);
	}
	CHECK(get(fd, PROBE_TICKS) - ticks >= 20);
	put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_CANCEL);
	ticks = get(fd, PROBE_TICKS);
	let_pass(fd, 20 * MILLISECOND);
	CHECK_EQ(get(fd, PROBE_TICKS), ticks);
	/* Cancelled before its time, by its own clock; a guest that stood still meanwhile was late. */
	put(fd, PROBE_DELAY, 10 * MILLISECOND);
	do {
		ticks = get(fd, PROBE_TICKS);
		begin = get_halves(fd, PROBE_NOW);
		put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
		put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_CANCEL);
	} while (get_halves(fd, PROBE_NOW) - begin >= 10 * MILLISECOND);
	let_pass(fd, 20 * MILLISECOND);
	CHECK_EQ(get(fd, PROBE_TICKS), ticks);
}

/* What the job computes in so many rounds: the generator of Numerical Recipes, from 1. */
static uint32_t counted(uint32_t rounds)
{
	uint32_t value = 1;

	while (rounds--)
		value = value * 1664525u + 1013904223u;
	return value;
}

static void job_with(const char *parameters)
{
	static const uint32_t rounds[] = { 0, 1, 2, 100, 12345 };
	int fd = probe_start(parameters);

	for (uint32_t i = 0; i < KTAP_LENGTH(rounds); i++) {
		put(fd, PROBE_ROUNDS, rounds[i]);
		put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
		await(fd, PROBE_IRQ_DONE, i + 1);
		CHECK_EQ(get(fd, PROBE_BUSY), 0);
		CHECK_EQ(get(fd, PROBE_ERRNO), 0);
		CHECK_EQ(get(fd, PROBE_RESULT), counted(rounds[i]));
	}
}

static void job_intx(void)
{
	job_with("irq=intx");
}

static void job_messages(void)
{
	job_with("irq=auto");
}

static void job_busy_and_cancelled(void)
{
	int fd = probe_start("irq=auto");

	put(fd, PROBE_ROUNDS, ENDLESS);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	CHECK_EQ(get(fd, PROBE_BUSY), 1);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	CHECK_EQ(get(fd, PROBE_ERRNO), EBUSY);
	CHECK_EQ(get(fd, PROBE_BUSY), 1);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	CHECK_EQ(get(fd, PROBE_BUSY), 0);
	/* A cancelled one does not end; the next one does, and is counted alone. */
	put(fd, PROBE_ROUNDS, 3);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	await(fd, PROBE_IRQ_DONE, 1);
	CHECK_EQ(get(fd, PROBE_RESULT), counted(3));
}

/* Registers answer, the timer runs and DMA moves while a job is at work. */
static void all_at_once(void)
{
	static uint8_t area[PROBE_AREA];
	struct probe_dma dma = {
		.area = (uintptr_t)area, .offset = 100, .length = 64, .direction = PROBE_STORE
	};
	int fd = probe_start("irq=auto");

	put(fd, PROBE_ROUNDS, ENDLESS);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	put(fd, PROBE_DELAY, MILLISECOND);
	for (uint32_t i = 1; i <= 10; i++) {
		put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
		put(fd, PROBE_DATA(0), 0x01010101 * i);
		CHECK_EQ(ioctl(fd, PROBE_IOC_DMA, &dma), 0);
		CHECK_EQ(dma.error, 0);
		CHECK_EQ(area[100], i);
		await(fd, PROBE_IRQ_TICK, i);
		CHECK_EQ(get(fd, PROBE_BUSY), 1);
	}
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	CHECK_EQ(count_of(fd, PROBE_IRQ_DONE), 0);
}

/* A job that does DMA, in pieces, on a thread of its own. */
static void copy_with(const char *parameters)
{
	static uint8_t from[PROBE_COPY_MAX], to[PROBE_COPY_MAX];
	static const uint32_t lengths[] = { 256, 512, 4096, 4096 + 256, PROBE_COPY_MAX };
	int fd = probe_start(parameters);

	for (size_t i = 0; i < KTAP_LENGTH(lengths); i++) {
		struct probe_copy copy = { .from = (uintptr_t)from,
					   .to = (uintptr_t)to,
					   .length = lengths[i],
					   .error = -1 };

		for (uint32_t at = 0; at < sizeof(from); at++)
			from[at] = (uint8_t)(at * 5 + (at >> 8) + i);
		memset(to, 0, sizeof(to));
		CHECK_EQ(ioctl(fd, PROBE_IOC_COPY, &copy), 0);
		CHECK_EQ(copy.error, 0);
		CHECK(!memcmp(from, to, lengths[i]));
	}
}

static void copy_intx(void)
{
	copy_with("irq=intx");
}

static void copy_messages(void)
{
	copy_with("irq=auto");
}

/* The job's errors: a bad address, bus mastering off. Each ends it, with the word why. */
static void copy_that_fails(void)
{
	int fd = probe_start("irq=intx"), config = config_open();

	put_halves(fd, PROBE_ADDRESS, 0x7000000000);
	put_halves(fd, PROBE_COPY_TO, 0x7000000000);
	put(fd, PROBE_ROUNDS, 4);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	await(fd, PROBE_IRQ_DONE, 1);
	CHECK_EQ(get(fd, PROBE_ERRNO), EFAULT);
	CHECK(config_get(config, STATUS, 2) & STATUS_MASTER_ABORT);
	config_set(config, STATUS, 2, STATUS_MASTER_ABORT);

	command_clear(config, COMMAND_MASTER);
	put_halves(fd, PROBE_ADDRESS, 0x1000);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	await(fd, PROBE_IRQ_DONE, 2);
	command_set(config, COMMAND_MASTER);
	CHECK_EQ(get(fd, PROBE_ERRNO), EPERM);

	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	await(fd, PROBE_IRQ_DONE, 3);
	CHECK_EQ(get(fd, PROBE_ERRNO), 0);
}

/* Numbers by chance: no two in a row are equal, and no bit is stuck. */
static void chance(void)
{
	int fd = probe_start("irq=auto");
	uint32_t drawn[64], any = 0, all = ~0u;

	for (size_t i = 0; i < KTAP_LENGTH(drawn); i++) {
		drawn[i] = get(fd, PROBE_RANDOM);
		any |= drawn[i];
		all &= drawn[i];
		for (size_t j = 0; j < i; j++)
			CHECK(drawn[i] != drawn[j] || i - j > 1);
	}
	/* Each bit is sometimes 1 and sometimes 0. */
	CHECK_EQ(any, 0xffffffff);
	CHECK_EQ(all, 0);
}

static const struct ktap_case cases[] = {
	{ "clock_goes_on", clock_goes_on },
	{ "timer_intx", timer_intx },
	{ "timer_messages", timer_messages },
	{ "timer_again_and_cancelled", timer_again_and_cancelled },
	{ "job_intx", job_intx },
	{ "job_messages", job_messages },
	{ "job_busy_and_cancelled", job_busy_and_cancelled },
	{ "all_at_once", all_at_once },
	{ "copy_intx", copy_intx },
	{ "copy_messages", copy_messages },
	{ "copy_that_fails", copy_that_fails },
	{ "chance", chance },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
