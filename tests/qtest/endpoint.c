/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI Express endpoint with function level reset, its tables made by hand:
 * device.yaml has no PCI Express capability yet, the backend does.
 */
#include <ersatz/model.h>

struct endpoint {
	struct ez_function *ez;
	uint32_t SCRATCH;
	uint32_t RESETS;
};

/* PCIe 7.8: version 2, endpoint; FLR in Device Capabilities; Initiate FLR can be written. */
static const uint8_t body[0x3a] = { [0x00] = 0x02, [0x05] = 0x10 };
static const uint8_t body_wmask[0x3a] = { [0x06] = 0xff, [0x07] = 0xff };

static const struct ez_cap caps[] = {
	{ .id = 0x10, .offset = 0x40, .length = 0x3c, .body = body, .body_wmask = body_wmask },
};

static const struct ez_bar bars[] = {
	{ .name = "regs", .kind = EZ_BAR_MEM32, .size = 4096 },
};

static const struct ez_reg regs[] = {
	{ .name = "SCRATCH",
	  .count = 1,
	  .stride = 4,
	  .width = 4,
	  .access = 4,
	  .flags = EZ_REG_READ | EZ_REG_WRITE,
	  .state = offsetof(struct endpoint, SCRATCH),
	  .read = UINT32_MAX,
	  .store = UINT32_MAX },
	{ .name = "RESETS",
	  .offset = 4,
	  .count = 1,
	  .stride = 4,
	  .width = 4,
	  .access = 4,
	  .flags = EZ_REG_READ,
	  .state = offsetof(struct endpoint, RESETS),
	  .read = UINT32_MAX },
};

static const struct ez_row rows[] = {
	{ .name = "SCRATCH",
	  .offset = offsetof(struct endpoint, SCRATCH),
	  .count = 1,
	  .type = EZ_U32,
	  .resets = EZ_RESET_ALL },
	{ .name = "RESETS",
	  .offset = offsetof(struct endpoint, RESETS),
	  .count = 1,
	  .type = EZ_U32,
	  .resets = 1u << EZ_RESET_POWER_ON },
};

static const struct ez_spec spec = {
	.name = "endpoint",
	.desc = "A PCI Express endpoint for a test",
	.hash = "0",
	.id = { .vendor = 0x1234, .device = 0x0e9d, .class_code = 0xff0000, .express = true },
	.state_size = sizeof(struct endpoint),
	.bars = bars,
	.regs = regs,
	.rows = rows,
	.caps = caps,
	.n_bars = 1,
	.n_regs = 2,
	.n_rows = 2,
	.n_caps = 1,
};

static void reset(void *state, enum ez_reset_kind kind)
{
	((struct endpoint *)state)->RESETS += 1u << (8 * (unsigned int)kind);
}

extern const struct ez_model ersatz_model;
__attribute__((visibility("default"))) const struct ez_model ersatz_model = {
	.size = sizeof(struct ez_model),
	.abi = EZ_ABI,
	.spec = &spec,
	.reset = reset,
};
