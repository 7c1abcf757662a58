# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# --sanitize: what the sanitizers find in a model is told with its line, and fails the run; the guest
# lives on. A model without a fault runs as ever.
small dut
sed -i 's/A, offset: 0, /&sw: rw, onread: ruser, onwrite: wuser, /' dut/device.yaml
cat >dut/model.c <<'END2'
#include <ersatz/model.h>
#include <stdlib.h>
#include <string.h>
#include "dut_spec.h"

static uint32_t dut_A_onread(struct dut *s)
{
	char *some = malloc(4);
	uint32_t first;

	memset(some, 0x11, (s->A & 7) + 4); /* line 11: one byte too many */
	memcpy(&first, some, sizeof(first));
	free(some);
	return first;
}

static void dut_A_onwrite(struct dut *s, uint32_t value)
{
	s->A = (uint32_t)((int)value + 0x7fffffff); /* line 19: more than an int has */
}

DUT_MODEL;
END2
a='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
# Without: nothing is noticed.
status 0 "$ERSATZ" run dut -- sh -c "$a"
prints 0x11111111
status 1 "$ERSATZ" run --sanitize dut my_rng -- sh -c "$a; my_rng --seed 0x42"
prints 0xFFFFFFFF
prints "number 0: 286129175"
says "ERROR: AddressSanitizer: heap-buffer-overflow"
says "dut0: a sanitizer has ended the model: heap-buffer-overflow"
says "dut0:   during: 4-byte read of A (BAR0 0x0)"
says "dut0:   #0 dut_A_onread at $WORK/dut/model.c:11"
tail -n 1 err | grep -q "^ersatz: .*: a sanitizer has ended the model: "
clean
# The guest's own status is passed on.
status 7 "$ERSATZ" run --sanitize dut -- sh -c "$a 32 7; exit 7"
says "dut0: a sanitizer has ended the model: signed-integer-overflow"
says "dut0:   #0 dut_A_onwrite at $WORK/dut/model.c:19"
clean
# Built once, noticed when it changes, apart from the model that others run.
! grep building err || exit 1
plain=$(sha256sum <dut/build/dut.so)
sed -i 's/ + 0x7fffffff/ + 1/; s/ & 7) + 4/ \& 0) + 4/' dut/model.c
status 0 "$ERSATZ" run --sanitize dut -- sh -c "$a 32 7; $a"
prints 0x11111111
says "dut: model with sanitizers"
[ "$(sha256sum <dut/build/dut.so)" != "$plain" ]
! nm -D dut/build/dut.so | grep __asan || exit 1
nm -D dut/build/sanitize/dut.so | grep -q __asan
clean
# A test in which it happens is not passed.
sed -i 's/ & 0) + 4/ \& 0) + 5/' dut/model.c
mkdir -p dut/tests/guest
printf '#!/bin/sh\n%s\nexit 0\n' "$a" >dut/tests/guest/reads.sh
status 1 "$ERSATZ" test --sanitize dut
says "dut_A_onread at $WORK/dut/model.c:11"
status 0 "$ERSATZ" test --sanitize --guest-only my_rng
clean

status 125 "$ERSATZ" run --backend qemu --sanitize dut -- true
says "--sanitize needs the model in a process of its own: leave --backend qemu out"
