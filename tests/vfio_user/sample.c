/* SPDX-License-Identifier: BSD-2-Clause */
/* A model with the ids that libvfio-user's samples/client insists on. */
#include <ersatz/model.h>

struct sample {
	struct ez_function *ez;
	uint64_t time;
};

#define AT(member) ((uint32_t)offsetof(struct sample, member))

static const struct ez_reg regs[] = {
	{ .name = "TIME",
	  .count = 1,
	  .stride = 8,
	  .width = 8,
	  .access = 8,
	  .flags = EZ_REG_READ | EZ_REG_WRITE,
	  .state = AT(time),
	  .read = UINT64_MAX,
	  .store = UINT64_MAX },
};

static const struct ez_row rows[] = {
	{ .name = "TIME",
	  .offset = AT(time),
	  .count = 1,
	  .type = EZ_U64,
	  .kind = EZ_ROW_REGISTER,
	  .resets = EZ_RESET_ALL },
};

static const struct ez_bar bars[] = {
	{ .name = "regs", .number = 0, .kind = EZ_BAR_MEM32, .size = 4096 },
};

static const struct ez_cap caps[] = {
	{ .id = 0x10,
	  .offset = 0x40,
	  .length = EZ_EXPRESS_LENGTH,
	  .max_payload = 128,
	  .link_speed = 1,
	  .link_width = 1 },
};

static const struct ez_spec spec = {
	.name = "sample",
	.hash = "",
	.id = { .vendor = 0xdead,
		.device = 0xbeef,
		.subsystem_vendor = 0xcafe,
		.subsystem = 0xbabe,
		.class_code = 0xff0000,
		.pin = 1,
		.express = true },
	.state_size = sizeof(struct sample),
	.bars = bars,
	.regs = regs,
	.rows = rows,
	.caps = caps,
	.n_bars = 1,
	.n_regs = 1,
	.n_rows = 1,
	.n_caps = 1,
};

__attribute__((visibility("default"))) extern const struct ez_model ersatz_model;
const struct ez_model ersatz_model = {
	.size = sizeof(ersatz_model),
	.abi = EZ_ABI,
	.spec = &spec,
};
