# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016 # expanded in the guest
# edu is plugged into a running guest, unplugged and pulled while a program is blocked in a call that
# takes the device a minute, and another has asked for it without waiting. The call ends with
# ENODEV, the driver lets go, the kernel has nothing to say; and it comes again.
in_guest='
gone() { # WAY
	head -c 1000000 /dev/zero | edu copy >/dev/null 2>/tmp/said & blocked=$!
	sleep 1
	kill -0 $blocked && echo "blocked $1"
	wait $blocked; echo "copy $1 $?"
	cat /tmp/said
	while [ -e /dev/edu0 ]; do sleep 0.1; done
	rmmod ersatz_edu && modprobe ersatz_edu && echo "let go $1"
}
come() {
	until [ -e /dev/edu0 ]; do sleep 0.1; done
	edu factorial 12 && echo "came $1"
}
come one; gone unplug
come two; gone yank
come three
dmesg | grep -vE "ommand line|MP-BIOS" | grep -iE "oops|bug:|warning:|nobody cared|call trace" && exit 1
exit 0'
for backend in vfio-user qemu; do
	"$ERSATZ" run --name box --backend $backend --timeout 100 --spare edu -- sh -c "$in_guest" \
		>"$WORK/run.out" 2>"$WORK/run.err" &
	run=$!
	status 0 "$ERSATZ" ctl --wait 90 box plug edu
	wait_for "came one" "$WORK/run.out"
	for way in unplug yank; do
		wait_for "blocked $way" "$WORK/run.out"
		status 0 "$ERSATZ" ctl box $way edu0
		wait_for "let go $way" "$WORK/run.out"
		grep -q "copy $way 1" "$WORK/run.out"
		status 0 "$ERSATZ" ctl box plug edu
	done
	wait $run || { cat "$WORK/run.out" "$WORK/run.err"; exit 1; }
	[ "$(grep -c 'copy: No such device' "$WORK/run.out")" = 2 ]
	grep -q "came three" "$WORK/run.out"
done
clean
