/* SPDX-License-Identifier: BSD-2-Clause */
/* DO takes a command in its low byte and an argument above it. */
#include <ersatz/model.h>
#include "rules_spec.h"

static void rules_DO_onwrite(struct rules *s, uint32_t value)
{
	uint32_t n = value >> 8;

	switch (value & 0xff) {
	case 1:
		ez_irq_raise(s->ez, n);
		break;
	case 2:
		ez_irq_lower(s->ez, n);
		break;
	case 3:
		rules_COUNT_WRAPS_incr(s, n);
		break;
	case 4:
		rules_COUNT_WRAPS_decr(s, n);
		break;
	case 5:
		rules_COUNT_STAYS_incr(s, n);
		break;
	case 6:
		rules_COUNT_STAYS_decr(s, n);
		break;
	case 7:
		rules_COUNT_TINY_incr(s, n);
		break;
	case 8:
		rules_WIDE_ALL_incr(s, n);
		break;
	case 9:
		rules_WIDE_ALL_decr(s, n);
		break;
	case 10:
		ez_reset(s->ez);
		break;
	}
}

static void rules_WHOLE_swmod(struct rules *s, uint32_t value)
{
	s->SEEN += 0x100 + (value & 0xff);
}

static void rules_CH_DATA_swmod(struct rules *s, uint32_t index, uint32_t value)
{
	s->SEEN = index << 16 | (value & 0xffff);
}

static uint32_t rules_RBR_onread(struct rules *s)
{
	return s->SEEN += 1;
}

static void rules_THR_onwrite(struct rules *s, uint32_t value)
{
	s->SEEN = value;
}

RULES_MODEL;
