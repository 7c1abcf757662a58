/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TAPS_TAPS_H
#define TAPS_TAPS_H

#include <ersatz/tap.h>

extern const struct ez_tap_type trace_tap; /* trace.c: a line for every crossing */
extern const struct ez_tap_type bend_tap; /* bend.c: changes crossings, to test that a tap can */

#endif
