/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing but what the spec asks for: every rule is the tables' own. */
#include <ersatz/model.h>
#include "rules_spec.h"

static uint32_t rules_QUEUE_onread(struct rules *s)
{
	return s->QUEUE + 1;
}

static void rules_QUEUE_onwrite(struct rules *s, uint32_t value)
{
	s->QUEUE = value;
}

static void rules_DATA_IN_onwrite(struct rules *s, uint32_t value)
{
	s->DATA_OUT = value;
}

RULES_MODEL;
