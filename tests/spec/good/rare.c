/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>
#include "rare_spec.h"

_Static_assert(RARE_F_X(1, 2) == 0x100 + 0x20 + 8, "row, then element");
_Static_assert(RARE_F_X_ROWS == 2 && RARE_F_X_COUNT == 3, "rows of three");
_Static_assert(RARE_F_X_ROW_STRIDE == 0x20 && RARE_F_X_STRIDE == 4, "far and near");
_Static_assert(sizeof(((struct rare *)0)->F_X) == 6 * 4, "a plain array of all");
_Static_assert(RARE_U_DLL == 0x204 && RARE_U_RBR == 0x204, "one address");
_Static_assert(RARE_ISR == 0 && RARE_IER == 1 && RARE_ITR == 2, "one behind the other");
_Static_assert(RARE_ISR_B_MASK == 2, "in the order of the list");

static void rare_ONCE_onwrite(struct rare *s, uint32_t index, uint32_t value)
{
	s->ONCE[index] = value & (uint32_t)ez_access_lanes(s->ez);
}

static uint32_t rare_F_X_onread(struct rare *s, uint32_t index)
{
	rare_C8_N_incr(s, 1);
	rare_C16_N_decr(s, index & 1, 1);
	rare_C32_N_incr(s, 1);
	rare_C64_N_decr(s, 1);
	return s->F_X[index];
}

static void rare_F_X_swmod(struct rare *s, uint32_t index, uint32_t value)
{
	s->C8 = (uint8_t)(value + index);
}

static uint32_t rare_U_RBR_onread(struct rare *s)
{
	return s->U_DLL;
}

static void rare_U_THR_onwrite(struct rare *s, uint32_t value)
{
	s->U_DLL = value;
}

RARE_MODEL;
