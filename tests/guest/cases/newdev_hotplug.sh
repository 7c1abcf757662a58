# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016 # expanded in the guest
# newdev comes while the guest runs, and goes with programs blocked in it: by the book (unplug)
# and by surprise (yank), which find a reader that waits for more and a transfer under way. They
# get ENODEV, the driver lets go, the kernel has nothing to say; then it comes again.
in_guest='
gone() { # WAY: two programs are blocked, and get their error
	newdev write before
	newdev -k -o 6 -f read & reader=$!
	echo 60000000 >/sys/class/misc/newdev0/delay_us
	newdev -k -m dma write never 2>/tmp/writer & writer=$!
	sleep 1
	kill -0 $reader && kill -0 $writer && echo "blocked $1"
	wait $reader; echo "reader $1 $?"
	wait $writer; echo "writer $1 $?"
	grep -o "No such device" /tmp/writer
	while [ -e /dev/newdev0 ] || [ -e /proc/newdevice ] || lspci -n | grep 1337:0001; do sleep 0.1; done
	rmmod newdev && modprobe newdev && echo "let go $1"
}
come() {
	until [ -e /proc/newdevice ]; do sleep 0.1; done
	echo "Hello, $1" >/proc/newdevice
	cat /proc/newdevice
}
come one; gone unplug
come two; gone yank
come three
dmesg | grep -vE "ommand line|MP-BIOS" | grep -iE "oops|bug:|warning:|nobody cared|call trace" && exit 1
exit 0'
for backend in vfio-user qemu; do
	"$ERSATZ" run --name box --backend $backend --timeout 100 --spare newdev -- sh -c "$in_guest" \
		>"$WORK/run.out" 2>"$WORK/run.err" &
	run=$!
	status 0 "$ERSATZ" ctl --wait 90 box plug newdev
	[ "$(cat "$WORK/out")" = newdev0 ]
	wait_for "Hello, one" "$WORK/run.out"
	for way in unplug yank; do
		wait_for "blocked $way" "$WORK/run.out"
		status 0 "$ERSATZ" ctl box $way newdev0
		wait_for "let go $way" "$WORK/run.out"
		grep -q "reader $way 1" "$WORK/run.out"
		grep -q "writer $way 1" "$WORK/run.out"
		status 0 "$ERSATZ" ctl box plug newdev
	done
	wait $run || { cat "$WORK/run.out" "$WORK/run.err"; exit 1; }
	[ "$(grep -c 'No such device' "$WORK/run.out")" = 2 ]
	grep -q "Hello, three" "$WORK/run.out"
done
clean
