# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Each model in a process of its own, without asking for it: the whole way, traces, deaths that
# are named, nothing left.
served=("$ERSATZ" run)

status 0 "${served[@]}" --trace trace.txt my_rng my_rng,algorithm=philox -- sh -c \
	'my_rng --seed 0x42 && lspci -nn -k -d 1234:cafe'
[ "$(grep -c 'number 0: 286129175' out)" = 2 ]
[ "$(grep -c 'Kernel driver in use: my_rng' out)" = 2 ]
grep -q 'W BAR0 SEED 0x42' trace.txt
# The second one's properties have reached it.
grep -q 'my_rng1 R BAR0 INFO .*ALGORITHM=philox' trace.txt
grep -q 'my_rng0 R BAR0 INFO .*ALGORITHM=glibc' trace.txt
clean

status 0 "${served[@]}" --machine pc --share . --trace - my_rng -- \
	sh -c 'lspci -v -d 1234:cafe; ls /mnt/share'
prints "Memory at febf1000"
prints trace.txt
says "R BAR0 INFO"
clean

# A model that crashes is a pulled card for the guest, which goes on.
small dut
sed -i 's/A, offset: 0, /&sw: r, onread: ruser, /' dut/device.yaml
sed -i '/DUT_MODEL/d' dut/model.c
cat >>dut/model.c <<'END'
static uint32_t dut_A_onread(struct dut *dut)
{
	static int *volatile nowhere;

	return (uint32_t)*nowhere;
}

DUT_MODEL;
END
"$ERSATZ" build --model-only dut
read_a='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
status 1 "${served[@]}" dut -- sh -c "$read_a"
tail -n 1 err | grep -q "^ersatz: dut0: the model died: Segmentation fault .* read of A .* keeper took over"
status 7 "${served[@]}" dut my_rng -- sh -c "$read_a; my_rng --seed 0x42; exit 7"
prints 0xFFFFFFFF
prints "number 0: 286129175"
says "dut0: the model died: Segmentation fault"
says "read of A"
tail -n 1 err | grep -q "^ersatz: dut0: the model died: Segmentation fault"
says "dut_A_onread at "
clean

# A test that such a model is in is not passed, and the next one gets a guest with the device.
mkdir -p dut/tests/guest
printf '#!/bin/sh\n%s\nexit 0\n' "$read_a" >dut/tests/guest/a_reads.sh
printf '#!/bin/sh\n%s | grep 0xFF && exit 1\nexit 0\n' "lspci -v -d 1234:5678" >dut/tests/guest/b_looks.sh
status 1 "$ERSATZ" test dut
says "read of A"
clean

# Whoever is killed is named; the others end, or live on.
"${served[@]}" my_rng -- sh -c 'echo up; sleep 1; my_rng --seed 1; echo on' >up.server 2>&1 &
pid=$!
wait_for up up.server
for child in $(children $pid); do
	! grep -qz vfio0 "/proc/$child/cmdline" || ! grep -qzx serve "/proc/$child/cmdline" ||
		kill -KILL "$child"
done
got=0
wait $pid || got=$?
[ $got -eq 125 ]
grep -q 'my_rng0: its server died of signal 9' up.server
grep -qx on up.server
clean

"${served[@]}" my_rng -- sh -c 'echo up; sleep 100' >up.qemu 2>&1 &
pid=$!
wait_for up up.qemu
for child in $(children $pid); do
	! grep -qzx -- -nodefaults "/proc/$child/cmdline" || kill -KILL "$child"
done
got=0
wait $pid || got=$?
[ $got -eq 125 ]
grep -q 'QEMU died of signal 9' up.qemu
clean

# However a run is ended, nothing of it stays.
for signal in INT TERM KILL; do
	"${served[@]}" my_rng -- sh -c 'echo up; sleep 100' >"up.$signal" 2>&1 &
	pid=$!
	wait_for up "up.$signal"
	kill -"$signal" $pid
	got=0
	wait $pid || got=$?
	[ $got -eq $((128 + $(kill -l "$signal"))) ]
	clean
done

# A comma in a property's value is written twice, as for QEMU.
status 0 "${served[@]}" "$(dirname "$HERE")/probe,label=a,,b" -- true
clean

# What cannot be served is said, and QEMU is not started; nor is another backend guessed.
status 125 "${served[@]}" my_rng,algorithm=nonsense -- true
says "algorithm"
status 125 "${served[@]}" --tap nonsense my_rng -- true
says "my_rng0 cannot be served"
status 125 "$ERSATZ" run --backend vfio_user my_rng -- true
says "vfio-user"
status 125 env ERSATZ_QEMU="$WORK/none" "${served[@]}" --accel tcg my_rng -- true
says "is no program"
clean
