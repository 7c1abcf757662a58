# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# --gdb-model: the command that it prints breaks in a hook, with source lines and values; the guest
# gets its value late, and from there on all others too.
command -v gdb >/dev/null || exit 0
"$ERSATZ" run --gdb-model my_rng -- my_rng --seed 0x42 --rounds 1 --count 3 >out 2>err &
pid=$!
wait_for "gdb -x" err
script=$(sed -n 's/.*gdb -x //p' err)
# Before the guest has started: it is the device that waits, and its reset comes first.
timeout 90 gdb -q -nx -batch -x "$script" -ex 'break my_rng_reset' -ex continue -ex 'backtrace 1' \
	-ex 'delete' -ex 'break my_rng_RNG_onread' -ex continue -ex 'backtrace 1' \
	-ex 'print s->seed' -ex 'info source' -ex 'shell sleep 7' -ex continue -ex delete -ex detach \
	>gdb.out 2>&1 || { cat gdb.out; exit 1; }
grep -q '#0 .*my_rng_reset (s=0x.*kind=EZ_RESET_POWER_ON.*model.c:[0-9]' gdb.out || { cat gdb.out; exit 1; }
grep -q '#0 .*my_rng_RNG_onread (s=0x.*model.c:[0-9]' gdb.out || { cat gdb.out; exit 1; }
grep -q '^\$1 = 66$' gdb.out || { cat gdb.out; exit 1; }
grep -q 'Located in .*/devices/my_rng/model.c' gdb.out || { cat gdb.out; exit 1; }
wait $pid
[ "$(cat out)" = "Round 0 number 0: 286129175
Round 0 number 1: 1594929109
Round 0 number 2: 971802288" ] || { cat out err; exit 1; }
# Nobody calls what a debugger stops a hang.
! grep "has not returned" err || exit 1
clean

# Whoever sits before it may leave the run, or the debugger, at any time.
"$ERSATZ" run --gdb-model my_rng -- true >out 2>err &
pid=$!
wait_for "gdb -x" err
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 143 ]
clean

# A crash comes to gdb first; then it is one like any other.
small dut
sed -i 's/A, offset: 0, /&sw: r, onread: ruser, /' dut/device.yaml
cat >dut/model.c <<'END2'
#include <ersatz/model.h>
#include "dut_spec.h"

static int *volatile nowhere;

static uint32_t dut_A_onread(struct dut *dut)
{
	return (uint32_t)*nowhere;
}

DUT_MODEL;
END2
read_a='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
"$ERSATZ" run --gdb-model dut -- sh -c "$read_a; exit 3" >out 2>err &
pid=$!
wait_for "gdb -x" err
script=$(sed -n 's/.*gdb -x //p' err)
timeout 90 gdb -q -nx -batch -x "$script" -ex continue -ex 'backtrace 1' -ex continue >gdb.out 2>&1 ||
	{ cat gdb.out; exit 1; }
grep -q 'SIGSEGV' gdb.out
grep -q '#0 .*dut_A_onread .*model.c:8' gdb.out || { cat gdb.out; exit 1; }
got=0
wait $pid || got=$?
[ $got -eq 3 ]
prints 0xFFFFFFFF
says "dut0: the model died: Segmentation fault"
clean

status 125 "$ERSATZ" run --backend qemu --gdb-model dut -- true
says "--gdb-model needs the model in a process of its own: leave --backend qemu out"
# Named before anything is built or booted, and not installed.
mkdir bin
for tool in sh cc make env pkg-config dpkg-query sed id apt-get; do
	ln -s "$(command -v $tool)" bin/
done
PATH=$WORK/bin status 125 "$ERSATZ" run --gdb-model dut -- true
says "--gdb-model needs gdb; run, as root: apt-get install gdb"
