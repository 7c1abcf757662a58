/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>
#include "faulty_spec.h"

FAULTY_MODEL;
