/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>
#include "race_spec.h"

static void race_HOOKED_swmod(struct race *s, uint32_t value)
{
	s->SEEN = 0x100 | value;
}

static void race_SET_onwrite(struct race *s, uint32_t value)
{
	ez_irq_raise(s->ez, value);
}

RACE_MODEL;
