/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bend: changes what crosses, to prove that a tap can and to try a driver
 * against it: flips bits of a register's reads, drops its writes, loses
 * interrupts.
 */
#include "taps/taps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bend {
	char read[64]; /* register whose reads are changed, or "" */
	uint64_t flip; /* bits flipped in them */
	char drop[64]; /* register whose writes are dropped, or "" */
	uint32_t lose; /* interrupts still to lose */
};

static bool is(const struct ez_crossing *x, const char *name)
{
	return x->reg && *name && !strcmp(x->reg->name, name);
}

static void cross(struct ez_tap *tap, struct ez_crossing *x)
{
	struct bend *b = ez_tap_data(tap);

	switch (x->kind) {
	case EZ_CROSSING_READ:
		ez_tap_next(tap, x);
		if (is(x, b->read))
			x->value ^= b->flip;
		return;
	case EZ_CROSSING_WRITE:
		if (is(x, b->drop))
			return;
		break;
	case EZ_CROSSING_INTX:
		if (x->level && b->lose) {
			b->lose--;
			return;
		}
		break;
	case EZ_CROSSING_MSI:
		if (b->lose) {
			b->lose--;
			return;
		}
		break;
	default:
		break;
	}
	ez_tap_next(tap, x);
}

static bool known(const struct ez_spec *spec, const char *name)
{
	uint32_t i;

	for (i = 0; i < spec->n_regs; i++)
		if (!strcmp(spec->regs[i].name, name))
			return true;
	return !*name;
}

static int number(const char *options, const char *key, uint64_t fallback, uint64_t *ret,
		  struct ez_error *error)
{
	char text[32], *end;

	*ret = fallback;
	if (!ez_tap_option(options, key, text, sizeof(text)))
		return 0;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	if (!errno && !*end && end != text)
		return 0;
	snprintf(error->text, sizeof(error->text), "tap bend: %s=%s is not a number", key, text);
	return -EINVAL;
}

static int open_bend(struct ez_tap *tap, const char *options, struct ez_error *error)
{
	const struct ez_spec *spec = ez_device_spec(ez_tap_device(tap));
	struct bend *b = ez_tap_data(tap);
	uint64_t lose;

	ez_tap_option(options, "read", b->read, sizeof(b->read));
	ez_tap_option(options, "drop", b->drop, sizeof(b->drop));
	if (number(options, "flip", 1, &b->flip, error) || number(options, "lose", 0, &lose, error))
		return -EINVAL;
	b->lose = (uint32_t)lose;
	if (!*b->read && !*b->drop && !b->lose) {
		snprintf(
			error->text, sizeof(error->text),
			"tap bend does nothing as it stands: give it read=REG, drop=REG or lose=N");
		return -EINVAL;
	}
	if (!known(spec, b->read) || !known(spec, b->drop)) {
		snprintf(error->text, sizeof(error->text), "tap bend: %s has no register %s",
			 spec->name, known(spec, b->read) ? b->drop : b->read);
		return -EINVAL;
	}
	return 0;
}

static const char *const options_of_bend[] = { "read", "flip", "drop", "lose", NULL };

const struct ez_tap_type bend_tap = {
	.name = "bend",
	.help = "changes crossings: read=REG,flip=MASK flips bits of its reads; drop=REG drops its "
		"writes; lose=N loses N interrupts",
	.options = options_of_bend,
	.size = sizeof(struct bend),
	.open = open_bend,
	.cross = cross,
};
