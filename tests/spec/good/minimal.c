/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>
#include "minimal_spec.h"

MINIMAL_MODEL;
