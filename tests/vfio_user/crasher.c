/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>

#include <stdlib.h>

#include "crasher.h"

struct crasher {
	struct ez_function *ez;
	uint32_t well, bad_read, bad_write, data;
};

static volatile uint32_t *volatile nowhere;
static volatile int zero;

static uint64_t bad_read(void *state, uint32_t index)
{
	return *nowhere;
}

static int recurse(int depth)
{
	volatile char fill[4096];

	fill[0] = (char)depth;
	if (depth < 0)
		return 0;
	return recurse(depth + 1) + fill[0];
}

static void bad_write(void *state, uint32_t index, uint64_t value)
{
	struct crasher *s = state;

	switch (value) {
	case FOLLOW_NULL:
		*nowhere = 1;
		break;
	case CALL_ABORT:
		abort();
	case CALL_EXIT:
		exit(0);
	case DIVIDE:
		s->data = s->data / (uint32_t)zero;
		break;
	case RECURSE:
		s->data = (uint32_t)recurse(0);
		break;
	case HANG:
		ez_log(s->ez, EZ_LOG_INFO, "it hangs");
		while (!zero)
			;
		break;
	case IN_TIMER:
		ez_timer_set(s->ez, 0, 1000);
		break;
	case IN_JOB:
		ez_job_submit(s->ez, 0, 0);
		break;
	default:
		break;
	}
}

static void fired(void *state)
{
	*nowhere = 2;
}

static bool run(struct ez_job *job, void *data)
{
	*nowhere = 3;
	return false;
}

static void done(void *state)
{
}

#define AT(member) ((uint32_t)offsetof(struct crasher, member))
#define REG(n, off, m, fl, ...)                                                                    \
	{                                                                                          \
		.name = n, .offset = off, .count = 1, .stride = 4, .width = 4, .access = 4,        \
		.flags = fl, .state = AT(m), .read = 0xffffffff, __VA_ARGS__                       \
	}

static const struct ez_reg regs[] = {
	REG("WELL", WELL, well, EZ_REG_READ, .reset = 0x600d),
	REG("BAD_READ", BAD_READ, bad_read, EZ_REG_READ | EZ_REG_READ_EFFECT, .onread = bad_read),
	REG("BAD_WRITE", BAD_WRITE, bad_write, EZ_REG_WRITE, .onwrite = bad_write),
};

static const struct ez_row rows[] = {
	{ .name = "WELL",
	  .offset = AT(well),
	  .count = 1,
	  .type = EZ_U32,
	  .kind = EZ_ROW_REGISTER,
	  .resets = EZ_RESET_ALL,
	  .reset = 0x600d },
};

static const struct ez_bar bars[] = {
	{ .name = "regs", .number = 0, .kind = EZ_BAR_MEM32, .size = 4096 },
};
static const struct ez_timer timers[] = { { "tick", fired } };
static const struct ez_job_desc jobs[] = { { "work", AT(data), run, done } };

static const struct ez_spec spec = {
	.name = "crasher",
	.hash = "",
	.id = { .vendor = 0x1234, .device = 0x666, .class_code = 0xff0000 },
	.state_size = sizeof(struct crasher),
	.bars = bars,
	.regs = regs,
	.rows = rows,
	.timers = timers,
	.jobs = jobs,
	.n_bars = 1,
	.n_regs = 3,
	.n_rows = 1,
	.n_timers = 1,
	.n_jobs = 1,
};

__attribute__((visibility("default"))) extern const struct ez_model ersatz_model;
const struct ez_model ersatz_model = {
	.size = sizeof(ersatz_model),
	.abi = EZ_ABI,
	.spec = &spec,
};
