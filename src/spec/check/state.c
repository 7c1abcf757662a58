/* SPDX-License-Identifier: BSD-2-Clause */
/* What the state struct comes to. */
#include "spec/check/check.h"

/* Saved, restored and reset as a whole: far more than a device's state. */
#define MAX_STATE (64u << 20)

static void add(uint64_t *total, uint64_t count, unsigned int size, struct spec_pos pos,
		struct spec_diags *diags)
{
	bool fits = *total <= MAX_STATE;

	*total += count * size;
	if (fits && *total > MAX_STATE)
		spec_error(diags, pos, "with this, the state is larger than %u MiB",
			   MAX_STATE >> 20);
}

void check_state(struct spec_device *dev, struct spec_diags *diags)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < dev->n_regs; i++)
		add(&total, dev->regs[i].count, dev->regs[i].width, dev->regs[i].pos, diags);
	/* At most as much again, for those that are written once. */
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];
		bool once = !reg->n_fields && reg->access.once;

		for (unsigned int k = 0; k < reg->n_fields; k++)
			once |= reg->fields[k].access.once;
		if (once)
			add(&total, reg->count, reg->width, reg->pos, diags);
	}
	for (unsigned int i = 0; i < dev->n_state; i++)
		add(&total, dev->state[i].count, spec_type_size(dev->state[i].type),
		    dev->state[i].pos, diags);
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		for (unsigned int k = 0; k < dev->jobs[i].n_data; k++)
			add(&total, dev->jobs[i].data[k].count,
			    spec_type_size(dev->jobs[i].data[k].type), dev->jobs[i].data[k].pos,
			    diags);
	}
}
