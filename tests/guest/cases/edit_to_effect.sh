# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A changed line of a model has its effect in a guest, in one command. How long that takes is for
# `make perf` to say.
small dut
status 0 "$ERSATZ" run dut -- true
sed -i 's/reset: 0x1/reset: 0x1, onread: ruser/' dut/device.yaml
cat >dut/model.c <<'END'
#include <ersatz/model.h>
#include "dut_spec.h"

static uint32_t dut_A_onread(struct dut *s)
{
	return 0x11;
}

DUT_MODEL;
END
read='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
status 0 "$ERSATZ" run dut -- sh -c "$read"
prints 0x00000011
sed -i 's/0x11/0x22/' dut/model.c
status 0 "$ERSATZ" run dut -- sh -c "$read"
prints 0x00000022
