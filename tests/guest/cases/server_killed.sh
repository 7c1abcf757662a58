# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016,SC2034
# What serves a device is killed from outside, as when memory runs out: the guest goes on, but the
# run does not end well, and its last line says what died, and of what. What was unplugged or yanked
# has not died.
probe=$(realpath "$HERE/../probe")
small dut

# keeper NAME: the keeper of the box's device NAME, and what it keeps.
keeper() {
	local child
	for child in $(children "$box"); do
		grep -qzx serve "/proc/$child/cmdline" && grep -qzx "$1" "/proc/$child/cmdline" && echo "$child"
	done
	return 0
}
serving() {
	children "$(keeper "$1")"
}
# over STATUS WORDS: the session ends so, and its last line has the words.
over() {
	unbox "$1"
	tail -n 1 box.err | grep -qF -- "$2" || {
		echo "the last line has no \"$2\":"
		cat box.err
		return 1
	}
	told=0
	: >box.out
	clean
}

box dut
kill -KILL "$(keeper dut0)"
wait_for "dut0: its server died of signal 9" box.err
status 1 "$ERSATZ" ctl box info dut0
tell true
over 125 "ersatz: dut0: its server died of signal 9 (Killed), and no keeper was left to take over"

box my_rng dut
kill -KILL "$(serving dut0)"
wait_for "dut0: the model died: Killed" box.err
status 1 "$ERSATZ" ctl box info dut0
status 0 "$ERSATZ" ctl box info my_rng0
tell 'my_rng --seed 0x42'
over 125 "ersatz: dut0: the model was killed from outside: Killed (SIGKILL); its keeper took over"

# It ends in order then, but nobody had let go of the device.
box dut
kill -TERM "$(keeper dut0)"
wait_for "dut0: its server was told to end (SIGTERM) before the guest was" box.err
over 125 "ersatz: dut0: its server was told to end (SIGTERM) before the guest was"

# On purpose: unplugged; yanked from a slot; yanked where no slot can say so, and then killed.
box my_rng "$probe"
status 0 "$ERSATZ" ctl box plug dut
status 0 "$ERSATZ" ctl box unplug dut0
status 0 "$ERSATZ" ctl box yank my_rng0
status 0 "$ERSATZ" ctl box yank probe0
kill -KILL "$(keeper probe0)"
tell true
unbox
told=0
clean

# Under a test: it fails, says why, and the next one has a guest with the device; of the driver that
# says nothing.
small sad
sed -i 's/A, offset: 0, /&sw: r, onread: ruser, /' sad/device.yaml
sed -i 's/^SAD_MODEL/static uint32_t sad_A_onread(struct sad *sad)\n{\n\treturn 0x22;\n}\n\n&/' sad/model.c
read_a='devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
mkdir -p sad/tests/guest
{
	echo "#!/bin/sh"
	echo "read_a() { $read_a; }"
	cat <<'END'
for i in $(seq 600); do
	# It goes on until everybody knows that the card is gone.
	[ "$(read_a)" = 0xFFFFFFFF ] && sleep 5 && exit 0
	sleep 0.1
done
exit 1
END
} >sad/tests/guest/a_waits.sh
printf '#!/bin/sh\n[ "$(%s)" = 0x00000022 ]\n' "$read_a" >sad/tests/guest/b_reads.sh
"$ERSATZ" build sad
"$ERSATZ" test --guest-only --trace trace sad >out 2>err &
box=$! # for keeper
wait_for "R BAR0 A" trace || wait_for "R BAR0 A" trace
kill -KILL "$(serving sad0)"
got=0
wait "$box" || got=$?
[ $got -eq 125 ] || { cat out err && exit 1; }
prints "sad0: the model was killed from outside"
grep -A 1 "sad0: the model was killed" out | grep -qx "not ok 1 - sad guest: a_waits" || { cat out && exit 1; }
grep -qx "ok 2 - sad guest: b_reads" out || { cat out && exit 1; }
tail -n 1 err | grep -q "^ersatz: sad0: the model was killed from outside: Killed (SIGKILL)" || { cat err && exit 1; }
clean
