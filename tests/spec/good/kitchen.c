/* SPDX-License-Identifier: BSD-2-Clause */
/* A model of kitchen.yaml: every hook there is, each leaving a trace. */
#include <ersatz/model.h>
#include "kitchen_spec.h"

static int kitchen_create(struct kitchen *s)
{
	s->neg = 1;
	return -EIO;
}

static void kitchen_destroy(struct kitchen *s)
{
	s->neg = 2;
}

static void kitchen_reset(struct kitchen *s, enum ez_reset_kind kind)
{
	s->neg = 10 + kind;
}

static int kitchen_load(struct kitchen *s)
{
	s->neg = 3;
	return 0;
}

static void kitchen_MIX_onwrite(struct kitchen *s, uint64_t value)
{
	s->MIX = value + 1;
}

static void kitchen_MIX_swmod(struct kitchen *s, uint64_t value)
{
	s->DATA = value == s->MIX;
}

static void kitchen_DESC_swmod(struct kitchen *s, uint32_t index, uint64_t value)
{
	s->key[index] = value;
}

static uint32_t kitchen_PORT_onread(struct kitchen *s, uint32_t index)
{
	return s->PORT[index] + index;
}

static void kitchen_PORT_onwrite(struct kitchen *s, uint32_t index, uint32_t value)
{
	s->PORT[index] = value;
}

static void kitchen_dma_timer(struct kitchen *s)
{
	s->neg = 4;
}

static void kitchen_tick_timer(struct kitchen *s)
{
	s->neg = 5;
}

static bool kitchen_factorial_run(struct ez_job *job, struct kitchen_factorial *data)
{
	(void)job;
	data->out[0] = data->n * 2;
	return true;
}

static void kitchen_factorial_done(struct kitchen *s)
{
	s->neg = s->factorial.out[0];
}

KITCHEN_MODEL;
