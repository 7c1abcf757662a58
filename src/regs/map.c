/* SPDX-License-Identifier: BSD-2-Clause */
#include "regs/regs.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A slot is 16 bits and there is one per byte up to the last register, so that
 * the look-up is one load. A BAR whose registers are sparse over megabytes
 * would waste memory on it; 1 MiB of register space costs 2 MiB.
 */
#define MAP_MAX_REGS UINT16_MAX

static uint64_t map_end(const struct ez_reg *reg)
{
	return reg->offset + ez_reg_span(reg);
}

/* Two dimensions: whole rows, one behind the other. */
static bool rows_fit(const struct ez_reg *reg)
{
	if (reg->rows <= 1)
		return true;
	return reg->count % reg->rows == 0 &&
	       (uint64_t)(reg->count / reg->rows - 1) * reg->stride + reg->width <= reg->row_stride;
}

int regs_map_init(struct regs_map *map, const struct ez_spec *spec, const struct ez_bar *bar)
{
	uint64_t span = 0;
	uint32_t i, e, b;

	*map = (struct regs_map){ .bar = bar, .regs = spec->regs };
	if (spec->n_regs >= MAP_MAX_REGS)
		return -EINVAL;
	for (i = 0; i < spec->n_regs; i++) {
		const struct ez_reg *reg = &spec->regs[i];

		if (reg->bar != bar->number)
			continue;
		if (!reg->count || (reg->count > 1 && reg->stride < reg->width) || !rows_fit(reg) ||
		    map_end(reg) > bar->size || map_end(reg) > UINT32_MAX)
			return -EINVAL;
		if (map_end(reg) > span)
			span = map_end(reg);
	}
	if (!span)
		return 0;
	map->slot = calloc(span, sizeof(*map->slot));
	if (!map->slot)
		return -ENOMEM;
	map->span = (uint32_t)span;
	for (i = 0; i < spec->n_regs; i++) {
		const struct ez_reg *reg = &spec->regs[i];

		if (reg->bar != bar->number)
			continue;
		for (e = 0; e < reg->count; e++)
			for (b = 0; b < reg->width; b++) {
				uint16_t *slot = &map->slot[ez_reg_offset(reg, e) + b];

				/* Of alternates the first: it leads to the others. */
				if (!*slot || !(reg->flags & EZ_REG_ALTERNATE))
					*slot = (uint16_t)(i + 1);
			}
	}
	return 0;
}

void regs_map_free(struct regs_map *map)
{
	free(map->slot);
	*map = (struct regs_map){ 0 };
}
