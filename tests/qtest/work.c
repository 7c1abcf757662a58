/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers on the guest's clock, jobs on a worker, random numbers, messages, properties. */
#include "test.h"

#include <errno.h>

static void one_shot(void **state)
{
	struct qt_pci probe = probe_start("");
	struct qt *qt = probe.qt;

	(void)state;
	put(&probe, PROBE_DELAY, 1000);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
	qt_clock_step(qt, 999);
	assert_int_equal(get(&probe, PROBE_TICKS), 0);
	qt_clock_step(qt, 1);
	assert_int_equal(get(&probe, PROBE_TICKS), 1);
	assert_int_equal(get(&probe, PROBE_ISR), 2);
	qt_clock_step(qt, 1000000);
	assert_int_equal(get(&probe, PROBE_TICKS), 1);
	qt_stop(qt);
}

static void moved_and_cancelled(void **state)
{
	struct qt_pci probe = probe_start("");
	struct qt *qt = probe.qt;

	(void)state;
	put(&probe, PROBE_DELAY, 1000);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
	qt_clock_step(qt, 500);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
	qt_clock_step(qt, 999);
	assert_int_equal(get(&probe, PROBE_TICKS), 0);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_CANCEL);
	qt_clock_step(qt, 5000);
	assert_int_equal(get(&probe, PROBE_TICKS), 0);
	/* 0: as soon as the callback has returned. */
	put(&probe, PROBE_DELAY, 0);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_ONCE);
	qt_clock_step(qt, 1);
	assert_int_equal(get(&probe, PROBE_TICKS), 1);
	qt_stop(qt);
}

static void periodic(void **state)
{
	struct qt_pci probe = probe_start("");
	struct qt *qt = probe.qt;
	unsigned int i;
	uint64_t now;

	(void)state;
	now = qt_get(&probe, 0, PROBE_NOW, 4) | qt_get(&probe, 0, PROBE_NOW + 4, 4) << 32;
	put(&probe, PROBE_DELAY, 100);
	put(&probe, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	for (i = 0; i < 50; i++)
		qt_clock_step(qt, 100);
	assert_int_equal(get(&probe, PROBE_TICKS), 50);
	assert_int_equal(get(&probe, PROBE_NOW), (uint32_t)now + 5000);
	qt_stop(qt);
}

static uint32_t expected(uint32_t rounds)
{
	uint32_t value = 1;

	while (rounds--)
		value = value * 1664525u + 1013904223u;
	return value;
}

static void job_counts(void **state)
{
	struct qt_pci probe = probe_start("");
	unsigned int i;

	(void)state;
	for (i = 1; i < 2000; i *= 5) {
		put(&probe, PROBE_ROUNDS, i);
		put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
		wait_for_job(&probe);
		assert_int_equal(get(&probe, PROBE_RESULT), expected(i));
		assert_int_equal(get(&probe, PROBE_ISR) & 1, 1);
		put(&probe, PROBE_ISR, 1);
	}
	qt_stop(probe.qt);
}

static void job_cancelled(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	put(&probe, PROBE_ROUNDS, UINT32_MAX);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	assert_int_equal(get(&probe, PROBE_BUSY), 1);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	assert_int_equal(get(&probe, PROBE_ERRNO), EBUSY);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	assert_int_equal(get(&probe, PROBE_BUSY), 0);
	assert_int_equal(get(&probe, PROBE_ISR), 0);
	/* And again, with one in flight when the machine is stopped and when it ends. */
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	qt_qmp(probe.qt, "{'execute':'stop'}");
	qt_qmp(probe.qt, "{'execute':'cont'}");
	assert_int_equal(get(&probe, PROBE_BUSY), 1);
	qt_stop(probe.qt);
}

/* The worker reaches guest memory through the SDK. */
static void job_copies(void **state)
{
	struct qt_pci probe = probe_start("");
	uint8_t sent[16384], got[16384];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 3 + i / 256);
	qt_store(probe.qt, RAM_DATA, sent, sizeof(sent));
	put(&probe, PROBE_ADDRESS, (uint32_t)RAM_DATA);
	put(&probe, PROBE_COPY_TO, (uint32_t)RAM_DATA + 0x100000);
	put(&probe, PROBE_ROUNDS, sizeof(sent) / 256);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	wait_for_job(&probe);
	assert_int_equal(get(&probe, PROBE_ERRNO), 0);
	qt_fetch(probe.qt, RAM_DATA + 0x100000, got, sizeof(got));
	assert_memory_equal(got, sent, sizeof(sent));
	/* Into a hole: the job ends with the error. */
	put(&probe, PROBE_COPY_TO, (uint32_t)RAM_SIZE);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	wait_for_job(&probe);
	assert_int_equal(get(&probe, PROBE_ERRNO), EFAULT);
	qt_stop(probe.qt);
}

#define LONG_PIECES 150000u /* some seconds of copying */
#define LONG_FROM (RAM_DATA)
#define LONG_TO UINT64_C(0x4000000)

/* How many pieces of the long copy have arrived. */
static uint32_t pieces(struct qt *qt)
{
	uint32_t low = 0, high = LONG_PIECES;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (ram32(qt, LONG_TO + middle * UINT64_C(256) + 252))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* While the machine is stopped no worker touches its memory. */
static void job_stops_with_the_machine(void **state)
{
	struct qt_pci probe = probe_start("");
	struct qt *qt = probe.qt;
	uint32_t before, i;

	(void)state;
	qt_fill(qt, LONG_FROM, LONG_PIECES * 256, 0x5a);
	put(&probe, PROBE_ADDRESS, (uint32_t)LONG_FROM);
	put(&probe, PROBE_COPY_TO, (uint32_t)LONG_TO);
	put(&probe, PROBE_ROUNDS, LONG_PIECES);
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_COPY);
	while (!pieces(qt))
		;
	qt_qmp(qt, "{'execute':'stop'}");
	before = pieces(qt);
	assert_true(before < LONG_PIECES);
	for (i = 0; i < 200; i++)
		qt_qmp(qt, "{'execute':'query-status'}");
	assert_int_equal(pieces(qt), before);
	assert_int_equal(get(&probe, PROBE_BUSY), 1);
	qt_qmp(qt, "{'execute':'cont'}");
	while (pieces(qt) == before)
		;
	put(&probe, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	qt_stop(qt);
}

static void random_numbers(void **state)
{
	struct qt_pci probe = probe_start("");
	uint32_t first = get(&probe, PROBE_RANDOM), i;

	(void)state;
	/* That eight in a row are equal would be a wonder. */
	for (i = 0; i < 8 && get(&probe, PROBE_RANDOM) == first; i++)
		;
	assert_true(i < 8);
	qt_stop(probe.qt);
}

static void messages(void **state)
{
	struct qt_pci probe = probe_start("");
	const char *said;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		put(&probe, PROBE_LOG, i);
	/* Illegal, and many times: one line. */
	for (i = 0; i < 100; i++)
		qt_get(&probe, 0, PROBE_SCRATCH, 2);
	get(&probe, PROBE_GAP);
	said = qt_stderr(probe.qt);
	assert_non_null(
		strstr(said, "warning: p: spec violation: the driver asked for a line of kind 0"));
	assert_non_null(strstr(said, "info: p: the driver asked for a line of kind 2"));
	assert_non_null(strstr(said, "SCRATCH"));
	assert_null(strstr(strstr(said, "SCRATCH") + 1, "SCRATCH"));
	assert_non_null(strstr(said, "GAP"));
	qt_stop(probe.qt);
}

static void properties(void **state)
{
	struct qt_pci probe = probe_start("");

	(void)state;
	assert_int_equal(get(&probe, PROBE_PROP_FLAG), 1);
	assert_int_equal(get(&probe, PROBE_PROP_SMALL), 7);
	assert_true(qt_get(&probe, 0, PROBE_PROP_BIG, 8) == UINT64_C(0x123456789abcdef0));
	assert_int_equal(get(&probe, PROBE_PROP_MODE), 1);
	assert_int_equal(get(&probe, PROBE_PROP_LABEL), 0x656e6f6e);
	qt_stop(probe.qt);

	probe = probe_start(",flag=off,small=99,big=0xfedcba9876543210,mode=fast,label=ab");
	assert_int_equal(get(&probe, PROBE_PROP_FLAG), 0);
	assert_int_equal(get(&probe, PROBE_PROP_SMALL), 99);
	assert_true(qt_get(&probe, 0, PROBE_PROP_BIG, 8) == UINT64_C(0xfedcba9876543210));
	assert_int_equal(get(&probe, PROBE_PROP_MODE), 2);
	assert_int_equal(get(&probe, PROBE_PROP_LABEL), 0x6261);
	qt_stop(probe.qt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_shot),
		cmocka_unit_test(moved_and_cancelled),
		cmocka_unit_test(periodic),
		cmocka_unit_test(job_counts),
		cmocka_unit_test(job_cancelled),
		cmocka_unit_test(job_copies),
		cmocka_unit_test(job_stops_with_the_machine),
		cmocka_unit_test(random_numbers),
		cmocka_unit_test(messages),
		cmocka_unit_test(properties),
	};

	qt_need_qemu();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
