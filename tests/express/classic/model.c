/* SPDX-License-Identifier: BSD-2-Clause */
/* The same behaviour; the header is this folder's own. */
#include "../model.c"
