// SPDX-License-Identifier: BSD-2-Clause
/*
 * Function resets (the kernel's, by D3hot and back), and the device's own. Which
 * registers each of them takes back is the spec's word, `resets:`.
 */
#include "probe.h"

#define MILLISECOND 1000000u
#define ENDLESS 0xffffffffu

/* In bits 23:16 and 31:24 of RESETS. */
static uint32_t function_resets(int fd)
{
	return get(fd, PROBE_RESETS) >> 16 & 0xff;
}

static uint32_t software_resets(int fd)
{
	return get(fd, PROBE_RESETS) >> 24;
}

/* Reset values, from the spec by hand; what a read changes is read once. */
static void reset_values(void)
{
	static const struct {
		uint32_t reg, value;
	} after[] = {
		{ PROBE_ID, 0x626f7270 },   { PROBE_SCRATCH, 0 },
		{ PROBE_ONES, 0x0f0f0f0f }, { PROBE_ZEROS, 0x0f0f0f0f },
		{ PROBE_ANY, 0x0f0f0f0f },  { PROBE_ANY, 0xff000f0f },
		{ PROBE_ISR, 0 },	    { PROBE_DELAY, 0 },
		{ PROBE_TICKS, 0 },	    { PROBE_ADDRESS, 0 },
		{ PROBE_ADDRESS + 4, 0 },   { PROBE_LENGTH, 0 },
		{ PROBE_ERRNO, 0 },	    { PROBE_ROUNDS, 0 },
		{ PROBE_RESULT, 0 },	    { PROBE_BUSY, 0 },
		{ PROBE_COPY_TO, 0 },	    { PROBE_COPY_TO + 4, 0 },
		{ PROBE_WIDE, 0 },	    { PROBE_PARTLY, 0xa000 },
		{ PROBE_NOTED, 0 },	    { PROBE_NOTES, 0 },
		{ PROBE_PROP_FLAG, 1 },	    { PROBE_PROP_SMALL, 7 },
		{ PROBE_PROP_MODE, 1 },	    { PROBE_PROP_LABEL, 0x656e6f6e },
		{ PROBE_SLOT(0), 0 },	    { PROBE_SLOT(7), 0 },
		{ PROBE_LATCH(0), 0 },	    { PROBE_LATCH(7), 7 },
		{ PROBE_DATA(0), 0 },	    { PROBE_DATA(511), 0 },
	};
	int fd = probe_start("irq=auto");
	uint32_t mix;

	probe_reset();
	mix = get(fd, PROBE_MIX);
	/* Everything that can be, changed. */
	for (uint32_t at = PROBE_SCRATCH; at < 0x1000; at += 4)
		if (at != PROBE_RAISE && at != PROBE_LEVEL && at != PROBE_TIMER &&
		    at != PROBE_DMA && at != PROBE_JOB && at != PROBE_RESET && at != PROBE_LOG &&
		    at != PROBE_GAP)
			put(fd, at, 0x5a5a5a5a);
	for (uint32_t i = 0; i < 4; i++)
		put_at(fd, PROBE_BAR_PORTS, PROBE_PORT(i), 1, 0x55);
	put_at(fd, PROBE_BAR_CELLS, PROBE_CELL(1023), 8, 0x5555);
	CHECK(get(fd, PROBE_MIX) != mix);
	probe_reset();
	for (size_t i = 0; i < KTAP_LENGTH(after); i++) {
		uint32_t value = get(fd, after[i].reg);

		if (value != after[i].value)
			note("the register at 0x%x", after[i].reg);
		CHECK_EQ(value, after[i].value);
	}
	CHECK_EQ(get_at(fd, PROBE_BAR_REGS, PROBE_PROP_BIG, 8), 0x123456789abcdef0);
	CHECK_EQ(get(fd, PROBE_MIX), mix);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(get_at(fd, PROBE_BAR_PORTS, PROBE_PORT(i), 1), 0);
	CHECK_EQ(get_at(fd, PROBE_BAR_CELLS, PROBE_CELL(1023), 8), 0);
}

/* Some survive: which, the spec says. */
static void what_survives(void)
{
	int fd = probe_start("irq=auto");
	uint32_t function = function_resets(fd), software = software_resets(fd);

	put(fd, PROBE_SCRATCH, 1);
	put(fd, PROBE_KEPT, 2);
	put(fd, PROBE_STICKY, 3);
	put(fd, PROBE_MIXED, 0xffffffff);
	put(fd, PROBE_RESET, 1);
	CHECK_EQ(get(fd, PROBE_SCRATCH), 0);
	CHECK_EQ(get(fd, PROBE_KEPT), 2);
	CHECK_EQ(get(fd, PROBE_STICKY), 3);
	CHECK_EQ(get(fd, PROBE_MIXED), 0xffff0000);
	CHECK_EQ(software_resets(fd), software + 1);
	CHECK_EQ(function_resets(fd), function);

	put(fd, PROBE_SCRATCH, 1);
	put(fd, PROBE_MIXED, 0xffffffff);
	probe_reset();
	CHECK_EQ(get(fd, PROBE_SCRATCH), 0);
	CHECK_EQ(get(fd, PROBE_KEPT), 2);
	CHECK_EQ(get(fd, PROBE_STICKY), 3);
	CHECK_EQ(get(fd, PROBE_MIXED), 0xffff0000);
	CHECK_EQ(software_resets(fd), software + 1);
	CHECK_EQ(function_resets(fd), function + 1);
}

/* The device's own reset leaves what is going on alone: that is the model's to cancel. */
static void own_reset(void)
{
	int fd = probe_start("irq=auto");

	put(fd, PROBE_ROUNDS, ENDLESS);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	put(fd, PROBE_RESET, 1);
	CHECK_EQ(get(fd, PROBE_BUSY), 1);
	CHECK_EQ(get(fd, PROBE_IER), 0);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_CANCEL);
	put(fd, PROBE_IER, ENABLED);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, 1);
}

/* Job, timer, a pending source, and a program that waits: all of it ends. */
static void work_in_flight(const char *parameters)
{
	struct probe_wait wait = { .event = PROBE_IRQ_DONE };
	int fd = probe_start(parameters), ready[2], status;
	uint32_t resets = function_resets(fd);
	char byte = 1;
	pid_t pid;

	CHECK_EQ(pipe(ready), 0);
	pid = ktap_fork();
	if (!pid) {
		CHECK_EQ(write(ready[1], &byte, 1), 1);
		CHECK_ERRNO(ioctl(fd, PROBE_IOC_WAIT, &wait), EIO);
		fflush(stdout);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	/* Asleep in the driver: nothing else of it can sleep. */
	wait_asleep(pid);

	put(fd, PROBE_IER, ENABLED & ~PROBE_IER_ERROR_MASK);
	put(fd, PROBE_RAISE, PROBE_ISR_ERROR_MASK);
	put(fd, PROBE_DELAY, MILLISECOND);
	put(fd, PROBE_TIMER, PROBE_TIMER_COMMAND_AGAIN);
	put(fd, PROBE_ROUNDS, ENDLESS);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	CHECK_EQ(get(fd, PROBE_BUSY), 1);
	probe_reset();
	status = ktap_wait(pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(function_resets(fd), resets + 1);
	CHECK_EQ(get(fd, PROBE_BUSY), 0);
	CHECK_EQ(get(fd, PROBE_ISR), 0);
	CHECK_EQ(get(fd, PROBE_IER), ENABLED); /* by the driver, when it was over */
	let_pass(fd, 10 * MILLISECOND);
	CHECK_EQ(get(fd, PROBE_TICKS), 0);
	CHECK_EQ(count_of(fd, PROBE_IRQ_ERROR), 0);
	CHECK_EQ(count_of(fd, PROBE_IRQ_DONE), 0);

	/* And all of it works again. */
	put(fd, PROBE_ROUNDS, 1);
	put(fd, PROBE_JOB, PROBE_JOB_COMMAND_COUNT);
	await(fd, PROBE_IRQ_DONE, 1);
	put(fd, PROBE_RAISE, PROBE_ISR_ERROR_MASK);
	await(fd, PROBE_IRQ_ERROR, 1);
}

static void work_in_flight_intx(void)
{
	work_in_flight("irq=intx");
}

static void work_in_flight_messages(void)
{
	work_in_flight("irq=auto");
}

/* What the kernel saves and puts back: header, MSI. What it does not know is as after power-on. */
static void config_space(void)
{
	int fd = probe_start("irq=msi"), config = config_open();
	uint8_t before[64], after[64], msi_before[16], msi_after[16];

	config_set(config, 0x74, 4, 0xffffffff);
	CHECK(config_get(config, 0x74, 4) != 0xef0000cd);
	CHECK_EQ(pread(config, before, sizeof(before), 0), sizeof(before));
	CHECK_EQ(pread(config, msi_before, sizeof(msi_before), 0x50), sizeof(msi_before));
	probe_reset();
	CHECK_EQ(pread(config, after, sizeof(after), 0), sizeof(after));
	CHECK_EQ(pread(config, msi_after, sizeof(msi_after), 0x50), sizeof(msi_after));
	CHECK(!memcmp(before, after, sizeof(before)));
	CHECK(!memcmp(msi_before, msi_after, sizeof(msi_before)));
	CHECK_EQ(config_get(config, 0x74, 4), 0xef0000cd);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, 1);
}

/* Over and over, under a program that goes on working as well as it can. */
static void many(const char *parameters)
{
	int fd = probe_start(parameters), status;
	uint32_t resets = function_resets(fd), count;
	pid_t pid = ktap_fork();

	while (!pid) {
		struct probe_wait wait = { .event = PROBE_IRQ_DMA, .timeout_ms = 5 };
		struct probe_access raise = { PROBE_BAR_REGS, 4, PROBE_RAISE, PROBE_ISR_DMA_MASK };

		wait.count = count_of(fd, PROBE_IRQ_DMA);
		CHECK_EQ(ioctl(fd, PROBE_IOC_WRITE, &raise), 0);
		if (ioctl(fd, PROBE_IOC_WAIT, &wait))
			CHECK(errno == EIO || errno == ETIMEDOUT);
	}
	for (int i = 0; i < 20; i++)
		probe_reset();
	/* It ends by a failed check only, and not by that. */
	kill(pid, SIGKILL);
	status = ktap_wait(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(function_resets(fd), (resets + 20) & 0xff);
	count = count_of(fd, PROBE_IRQ_DONE);
	put(fd, PROBE_RAISE, PROBE_ISR_DONE_MASK);
	await(fd, PROBE_IRQ_DONE, count + 1);
}

static void many_intx(void)
{
	many("irq=intx");
}

static void many_messages(void)
{
	many("irq=auto");
}

/* Without a driver: the kernel's reset, and what is left is what the spec says. */
static void nobody_bound(void)
{
	struct probe_pci pci = probe_pci();
	int fd = probe_start("irq=auto");
	uint32_t resets = function_resets(fd);

	put(fd, PROBE_KEPT, 0x77);
	put(fd, PROBE_SCRATCH, 0x77);
	close(fd);
	must("modprobe -r probe");
	CHECK_EQ(pci_write(&pci, "reset", "1"), 0);
	must("modprobe probe");
	WAIT_FOR(file_exists(PROBE_DEV));
	fd = probe_open();
	CHECK_EQ(get(fd, PROBE_KEPT), 0x77);
	CHECK_EQ(get(fd, PROBE_SCRATCH), 0);
	CHECK_EQ(function_resets(fd), resets + 1);
}

static const struct ktap_case cases[] = {
	{ "reset_values", reset_values },
	{ "what_survives", what_survives },
	{ "own_reset", own_reset },
	{ "work_in_flight_intx", work_in_flight_intx },
	{ "work_in_flight_messages", work_in_flight_messages },
	{ "config_space", config_space },
	{ "many_intx", many_intx },
	{ "many_messages", many_messages },
	{ "nobody_bound", nobody_bound },
};

int main(void)
{
	return ktap_main(cases, KTAP_LENGTH(cases));
}
