/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>

#include "skeleton_spec.h"

enum { MOST = 65536, PIECE = 512 };

static uint8_t other_case(const struct skeleton *s, uint8_t c)
{
	bool lower = s->CTRL & SKELETON_CTRL_CASE_MASK;
	uint8_t first = lower ? 'A' : 'a';

	return c >= first && c < first + 26 ? c ^ ('a' ^ 'A') : c;
}

/* 0, or -errno. */
static int work(struct skeleton *s)
{
	uint8_t bytes[PIECE];
	uint32_t at, i, n;
	int err;

	if (s->LENGTH == 0 || s->LENGTH > MOST)
		return -EINVAL;
	for (at = 0; at < s->LENGTH; at += n) {
		n = s->LENGTH - at < PIECE ? s->LENGTH - at : PIECE;
		err = ez_dma_read(s->ez, s->SOURCE + at, bytes, n);
		if (err)
			return err;
		for (i = 0; i < n; i++)
			bytes[i] = other_case(s, bytes[i]);
		err = ez_dma_write(s->ez, s->TARGET + at, bytes, n);
		if (err)
			return err;
	}
	return 0;
}

/* START is `onwrite: wuser` in device.yaml: this is what a write of it does. */
static void skeleton_CTRL_onwrite(struct skeleton *s, uint32_t value)
{
	if (value & SKELETON_CTRL_START_MASK)
		ez_irq_raise(s->ez, work(s) ? SKELETON_IRQ_ERROR : SKELETON_IRQ_DONE);
}

SKELETON_MODEL;
