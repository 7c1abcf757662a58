/* SPDX-License-Identifier: BSD-2-Clause */
/* Every tap there is: one line each. */
#include "taps/taps.h"

const struct ez_tap_type *const ez_tap_types[] = {
	&trace_tap,
	&bend_tap,
	NULL,
};
