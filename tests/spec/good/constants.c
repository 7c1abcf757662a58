/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver or a program sees of kitchen_spec.h: constants, nothing else,
 * without any include before it. Compiled as C of several ages and as C++.
 */
#include "kitchen_spec.h"

#define SAME(a, b) typedef char same_##a[(a) == (b) ? 1 : -1] __attribute__((unused))

SAME(KITCHEN_VENDOR_ID, 0x1234);
SAME(KITCHEN_DEVICE_ID, 0xbeef);
SAME(KITCHEN_REVISION, 7);
SAME(KITCHEN_CLASS, 0xff00);
SAME(KITCHEN_SUBSYSTEM_VENDOR_ID, 0x1af4);
SAME(KITCHEN_SUBSYSTEM_ID, 0x1100);
SAME(KITCHEN_MSI_VECTORS, 4);
SAME(KITCHEN_BAR_CTL, 0);
SAME(KITCHEN_BAR_CTL_SIZE, 4096);
SAME(KITCHEN_BAR_IO, 1);
SAME(KITCHEN_BAR_MEM, 2);
SAME(KITCHEN_BAR_MEM_SIZE, 0x200000000ULL);
SAME(KITCHEN_ISR, 0);
SAME(KITCHEN_IER, 4);
SAME(KITCHEN_IER_RESET, 2);
SAME(KITCHEN_IER_ERR_MASK, 2);
SAME(KITCHEN_IER_ERR_SHIFT, 1);
SAME(KITCHEN_BYTE, 0x20);
SAME(KITCHEN_BYTE_RESET, 0xa5);
SAME(KITCHEN_MIX, 0x28);
SAME(KITCHEN_MIX_RESET, 0xdeadbeef00002000ULL);
SAME(KITCHEN_MIX_A_MASK, 0xffffffff00000000ULL);
SAME(KITCHEN_MIX_A_SHIFT, 32);
SAME(KITCHEN_MIX_A_BIG, 0xffffffffU);
SAME(KITCHEN_MIX_A_SMALL, 1);
SAME(KITCHEN_MIX_RSET_MASK, 0x600ULL);
SAME(KITCHEN_MIX_CONST_MASK, 0x3000ULL);
SAME(KITCHEN_MIX_CONST_SHIFT, 12);
SAME(KITCHEN_CTRL_RESET, 0x31);
SAME(KITCHEN_CTRL_MODE_MASK, 0x30);
SAME(KITCHEN_DESC_COUNT, 4);
SAME(KITCHEN_DESC_STRIDE, 16);
SAME(KITCHEN_DATA, 8);
SAME(KITCHEN_IRQ_DONE, 0);
SAME(KITCHEN_IRQ_DONE_VECTOR, 1);
SAME(KITCHEN_IRQ_ANY, 1);
SAME(KITCHEN_IRQ_ANY_VECTOR, 0);
SAME(KITCHEN_IRQ_SOFT, 2);
SAME(KITCHEN_IRQ_SOFT_VECTOR, 3);

/* 64-bit masks have a 64-bit type wherever they are used. */
typedef char wide[sizeof(KITCHEN_MIX_WOCLR_MASK) == 8 ? 1 : -1] __attribute__((unused));
typedef char elements[KITCHEN_DESC(3) == 0x130 && KITCHEN_PORT(1 + 1) == 0x128 ? 1 : -1]
	__attribute__((unused));
typedef char hash[sizeof(KITCHEN_SPEC_HASH) == 65 ? 1 : -1] __attribute__((unused));

#if KITCHEN_REVISION != 7 || KITCHEN_MIX_A_BIG != 0xffffffff
#error constants work in #if too
#endif

#ifdef KITCHEN_MODEL
#error what is for models must not be here
#endif
