// SPDX-License-Identifier: BSD-2-Clause
/*
 * The memory map of the machine changes while the guest's other processor is at
 * its own registers: of the clock, which it reads, and of its local APIC, which has
 * to wake it. Nothing of that may get lost, whatever a driver does to its BARs.
 */
#define _GNU_SOURCE
#define KTAP_TIMEOUT 200
#include "probe.h"

#include <sched.h>

#define CHANGES 3000

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Sleeps end by a timer of this processor: one that is lost is waited for until the case ends. */
static void watch_the_clock(int until)
{
	struct timespec nap = { .tv_nsec = 100000 };
	uint64_t before = clock_ns(), now;
	char byte;

	while (read(until, &byte, 1) < 0) {
		CHECK_EQ(errno, EAGAIN);
		for (int i = 0; i < 100; i++) {
			now = clock_ns();
			CHECK(now >= before);
			before = now;
		}
		CHECK_EQ(nanosleep(&nap, NULL), 0);
	}
	fflush(stdout);
	_exit(0);
}

static void decoding_comes_and_goes(void)
{
	int config, until[2], status;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("one processor only: --smp 2");
	/* Nobody else may be at the device. */
	must("modprobe -r probe");
	config = config_open();
	CHECK_EQ(pipe2(until, O_NONBLOCK), 0);
	pid = ktap_fork();
	if (!pid) {
		run_on(0);
		close(until[1]);
		watch_the_clock(until[0]);
	}
	close(until[0]);
	run_on(1);
	for (int i = 0; i < CHANGES; i++) {
		command_clear(config, COMMAND_MEM);
		command_set(config, COMMAND_MEM);
	}
	close(until[1]);
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
}

static const struct ktap_case cases[] = {
	{ "decoding_comes_and_goes", decoding_comes_and_goes },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
