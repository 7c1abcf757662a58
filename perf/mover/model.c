/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>
#include "mover_spec.h"

static void mover_MOVE_onwrite(struct mover *s, uint32_t value)
{
	uint32_t length = s->LENGTH < sizeof(s->buffer) ? s->LENGTH : (uint32_t)sizeof(s->buffer);
	uint32_t i;
	int err = 0;

	for (i = 0; i < s->TIMES && !err; i++)
		err = value == 1 ? ez_dma_read(s->ez, s->ADDRESS, s->buffer, length)
				 : ez_dma_write(s->ez, s->ADDRESS, s->buffer, length);
	s->ERRNO = (uint32_t)-err;
}

MOVER_MODEL;
