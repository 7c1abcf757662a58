/* SPDX-License-Identifier: BSD-2-Clause */
#include "panel.h"

#include <ersatz/model.h>
#include <string.h>

struct panel {
	struct ez_function *ez;
	uint32_t id, which, at, value, sum, fill, raise, lower, dma, status, data, done, die;
	uint64_t address;
	uint32_t plain, bell;
	uint64_t cell;
	struct work {
		uint64_t address;
		uint32_t value;
		int32_t status;
	} work;
};

static const uint32_t sizes[PANEL_WINDOWS] = { PANEL_LOW_SIZE, PANEL_HIGH_SIZE, PANEL_SMALL_SIZE };

/* The dword that WHICH and AT name, or NULL. */
static uint8_t *there(const struct panel *s)
{
	if (s->which >= PANEL_WINDOWS || s->at > sizes[s->which] - 4)
		return NULL;
	return (uint8_t *)ez_window(s->ez, s->which) + s->at;
}

static uint64_t value_read(void *state, uint32_t index)
{
	const uint8_t *at = there(state);
	uint32_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

static void value_write(void *state, uint32_t index, uint64_t value)
{
	uint8_t *at = there(state);
	uint32_t word = (uint32_t)value;

	if (at)
		memcpy(at, &word, sizeof(word));
}

static uint64_t sum_read(void *state, uint32_t index)
{
	const struct panel *s = state;
	const uint8_t *at;
	uint32_t i, sum = 0;

	if (s->which >= PANEL_WINDOWS)
		return 0;
	at = ez_window(s->ez, s->which);
	for (i = 0; i < sizes[s->which]; i++)
		sum += at[i];
	return sum;
}

static void fill_write(void *state, uint32_t index, uint64_t value)
{
	const struct panel *s = state;

	if (s->which < PANEL_WINDOWS)
		memset(ez_window(s->ez, s->which), (int)value & 0xff, sizes[s->which]);
}

static void raise_write(void *state, uint32_t index, uint64_t value)
{
	const struct panel *s = state;

	if (value < PANEL_SOURCES)
		ez_irq_raise(s->ez, (uint32_t)value);
}

static void lower_write(void *state, uint32_t index, uint64_t value)
{
	const struct panel *s = state;

	if (value < PANEL_SOURCES)
		ez_irq_lower(s->ez, (uint32_t)value);
}

static void dma_write(void *state, uint32_t index, uint64_t value)
{
	struct panel *s = state;
	int err = -EINVAL;

	if (value == 1)
		err = ez_dma_read(s->ez, s->address, &s->data, sizeof(s->data));
	else if (value == 2)
		err = ez_dma_write(s->ez, s->address, &s->data, sizeof(s->data));
	else if (value == 3 && !ez_job_busy(s->ez, 0)) {
		s->work = (struct work){ .address = s->address, .value = s->data };
		err = ez_job_submit(s->ez, 0, 1000);
	}
	s->status = (uint32_t)err;
}

static bool work_run(struct ez_job *job, void *data)
{
	struct work *w = data;

	w->status = ez_job_dma_write(job, w->address, &w->value, sizeof(w->value));
	return false;
}

static void work_done(void *state)
{
	struct panel *s = state;

	s->status = (uint32_t)s->work.status;
	s->done++;
}

static void die_write(void *state, uint32_t index, uint64_t value)
{
	volatile uint32_t *nowhere = NULL;

	*nowhere = (uint32_t)value;
}

#define MEMBER(m) ((uint32_t)offsetof(struct panel, m))
#define RW (EZ_REG_READ | EZ_REG_WRITE)
#define REG(n, b, off, w, fl, m, ...)                                                              \
	{                                                                                          \
		.name = n, .bar = b, .offset = off, .count = 1, .stride = w, .width = w,           \
		.access = w == 8 ? 12 : 4, .flags = fl, .state = MEMBER(m), .read = UINT64_MAX,    \
		__VA_ARGS__                                                                        \
	}

static const struct ez_reg regs[] = {
	REG("ID", 0, PANEL_ID_REG, 4, EZ_REG_READ, id, .reset = PANEL_ID),
	REG("WHICH", 0, PANEL_WHICH, 4, RW, which, .store = UINT32_MAX),
	REG("AT", 0, PANEL_AT, 4, RW, at, .store = UINT32_MAX),
	REG("VALUE", 0, PANEL_VALUE, 4, RW | EZ_REG_READ_EFFECT, value, .onread = value_read,
	    .onwrite = value_write),
	REG("SUM", 0, PANEL_SUM, 4, EZ_REG_READ | EZ_REG_READ_EFFECT, sum, .onread = sum_read),
	REG("FILL", 0, PANEL_FILL, 4, EZ_REG_WRITE, fill, .onwrite = fill_write),
	REG("RAISE", 0, PANEL_RAISE, 4, EZ_REG_WRITE, raise, .onwrite = raise_write),
	REG("LOWER", 0, PANEL_LOWER, 4, EZ_REG_WRITE, lower, .onwrite = lower_write),
	REG("ADDRESS", 0, PANEL_ADDRESS, 8, RW, address, .store = UINT64_MAX),
	REG("DMA", 0, PANEL_DMA, 4, EZ_REG_WRITE, dma, .onwrite = dma_write),
	REG("STATUS", 0, PANEL_STATUS, 4, EZ_REG_READ, status),
	REG("DATA", 0, PANEL_DATA, 4, RW, data, .store = UINT32_MAX),
	REG("DONE", 0, PANEL_DONE, 4, EZ_REG_READ, done),
	REG("DIE", 0, PANEL_DIE, 4, EZ_REG_WRITE, die, .onwrite = die_write),
	REG("PLAIN", PANEL_PLAIN_BAR, PANEL_PLAIN, 4, RW, plain, .store = UINT32_MAX),
	REG("CELL", PANEL_RAM_BAR, PANEL_CELL, 8, RW, cell, .store = UINT64_MAX),
	REG("BELL", PANEL_TABLE_BAR, PANEL_BELL, 4, RW, bell, .store = UINT32_MAX),
};

#define ROW(n, m, t, r)                                                                            \
	{                                                                                          \
		.name = n, .offset = MEMBER(m), .count = 1, .type = t, .resets = EZ_RESET_ALL,     \
		.reset = r                                                                         \
	}
#define WORK(n, m, t)                                                                              \
	{                                                                                          \
		.name = n, .offset = MEMBER(work.m), .count = 1, .type = t, .kind = EZ_ROW_JOB,    \
		.resets = EZ_RESET_ALL                                                             \
	}

static const struct ez_row rows[] = {
	ROW("ID", id, EZ_U32, PANEL_ID),    ROW("WHICH", which, EZ_U32, 0),
	ROW("AT", at, EZ_U32, 0),	    ROW("VALUE", value, EZ_U32, 0),
	ROW("SUM", sum, EZ_U32, 0),	    ROW("FILL", fill, EZ_U32, 0),
	ROW("RAISE", raise, EZ_U32, 0),	    ROW("LOWER", lower, EZ_U32, 0),
	ROW("ADDRESS", address, EZ_U64, 0), ROW("DMA", dma, EZ_U32, 0),
	ROW("STATUS", status, EZ_U32, 0),   ROW("DATA", data, EZ_U32, 0),
	ROW("DONE", done, EZ_U32, 0),	    ROW("DIE", die, EZ_U32, 0),
	ROW("PLAIN", plain, EZ_U32, 0),	    ROW("CELL", cell, EZ_U64, 0),
	ROW("BELL", bell, EZ_U32, 0),	    WORK("work.address", address, EZ_U64),
	WORK("work.value", value, EZ_U32),  WORK("work.status", status, EZ_I32),
};

static const struct ez_bar bars[] = {
	{ .name = "regs", .number = 0, .kind = EZ_BAR_MEM32, .size = 4096 },
	{ .name = "plain",
	  .number = PANEL_PLAIN_BAR,
	  .kind = EZ_BAR_MEM32,
	  .prefetchable = true,
	  .size = 16 },
	{ .name = "ram",
	  .number = PANEL_RAM_BAR,
	  .kind = EZ_BAR_MEM64,
	  .prefetchable = true,
	  .size = PANEL_RAM_BAR_SIZE },
	{ .name = "table",
	  .number = PANEL_TABLE_BAR,
	  .kind = EZ_BAR_MEM64,
	  .size = PANEL_TABLE_BAR_SIZE },
};

static const struct ez_window windows[PANEL_WINDOWS] = {
	{ .name = "LOW",
	  .bar = PANEL_RAM_BAR,
	  .resets = EZ_RESET_ALL,
	  .offset = PANEL_LOW_AT,
	  .size = PANEL_LOW_SIZE },
	{ .name = "HIGH",
	  .bar = PANEL_RAM_BAR,
	  .resets = 1u << EZ_RESET_POWER_ON | 1u << EZ_RESET_BUS,
	  .offset = PANEL_HIGH_AT,
	  .size = PANEL_HIGH_SIZE },
	{ .name = "SMALL",
	  .bar = PANEL_TABLE_BAR,
	  .resets = EZ_RESET_ALL,
	  .offset = PANEL_SMALL_AT,
	  .size = PANEL_SMALL_SIZE },
};

static const struct ez_cap caps[] = {
	{ .id = 0x01, .offset = PANEL_PM_AT, .length = 8 },
	{ .id = 0x05,
	  .offset = PANEL_MSI_AT,
	  .length = 24,
	  .vectors = 4,
	  .address64 = true,
	  .maskable = true },
	{ .id = 0x11,
	  .offset = PANEL_MSIX_AT,
	  .length = 12,
	  .vectors = PANEL_VECTORS,
	  .table_bar = PANEL_TABLE_BAR,
	  .table_offset = PANEL_TABLE,
	  .pba_bar = PANEL_TABLE_BAR,
	  .pba_offset = PANEL_PBA },
};

static const struct ez_irq irqs[PANEL_SOURCES] = {
	{ .name = "A", .vector = 0, .status = EZ_NONE, .enable = EZ_NONE },
	{ .name = "B", .vector = 1, .status = EZ_NONE, .enable = EZ_NONE },
	{ .name = "C", .vector = 5, .status = EZ_NONE, .enable = EZ_NONE },
	{ .name = "D", .vector = 2047, .status = EZ_NONE, .enable = EZ_NONE },
};

static const struct ez_job_desc jobs[] = { { "work", MEMBER(work), work_run, work_done } };

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct ez_spec spec = {
	.name = "panel",
	.hash = "0",
	.id = { .vendor = 0x1234, .device = PANEL_DEVICE, .class_code = 0xff0000, .pin = 1 },
	.state_size = sizeof(struct panel),
	.bars = bars,
	.regs = regs,
	.rows = rows,
	.caps = caps,
	.irqs = irqs,
	.jobs = jobs,
	.windows = windows,
	.n_windows = N(windows),
	.n_bars = N(bars),
	.n_regs = N(regs),
	.n_rows = N(rows),
	.n_caps = N(caps),
	.n_irqs = N(irqs),
	.n_jobs = N(jobs),
};

extern const struct ez_model ersatz_model;
__attribute__((visibility("default"))) const struct ez_model ersatz_model = {
	.size = sizeof(struct ez_model),
	.abi = EZ_ABI,
	.spec = &spec,
};
