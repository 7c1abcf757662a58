# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A hook that does not return is named while it does not, and ended with the run.
small dut
sed -i 's/A, offset: 0, /&sw: r, onread: ruser, /; s/^pci:/hooks: [create]\n&/' dut/device.yaml
model() {
	cat >dut/model.c <<END2
#include <ersatz/model.h>
#include <unistd.h>
#include "dut_spec.h"

static volatile int zero;

static uint32_t dut_A_onread(struct dut *s)
{
	$1;
	return 0x22;
}

static int dut_create(struct dut *s)
{
	$2;
	return 0;
}

DUT_MODEL;
END2
}
read_a='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
model 'sleep(4)' 'sleep(4)'
status 0 "$ERSATZ" run dut -- sh -c "$read_a"
prints 0x00000022
says "dut0: the model has not returned for 2 s: making the device"
says "dut0: dut_A_onread has not returned for 2 s: 4-byte read of A (BAR0 0x0)"
[ "$(grep -c 'it has returned, after about' err)" = 2 ]
clean
model '' ''
limit=$(patience dut 6)
model 'for (; !zero;)' ''
status 124 "$ERSATZ" run --timeout "$limit" dut -- sh -c "$read_a"
says "dut_A_onread has not returned for 2 s"
says "the model does not come back from a hook; killed"
says "#0 dut_A_onread at"
clean
model '' 'for (; !zero;)'
"$ERSATZ" run dut -- true >out 2>err &
pid=$!
wait_for "has not returned for 2 s: making the device" err
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 143 ]
# A hook that does not return has three seconds of its own.
sleep 2
clean
# One that comes only when the run is over is a failure all the same.
sed -i 's/^hooks: .*/hooks: [create, destroy]/' dut/device.yaml
model '' ''
sed -i 's/^DUT_MODEL;/static void dut_destroy(struct dut *s)\n{\n\tfor (; !zero;)\n\t\t;\n}\n\n&/' dut/model.c
status 1 "$ERSATZ" run dut -- true
says "the model does not come back from a hook; killed"
says "during: taking the device down"
clean
