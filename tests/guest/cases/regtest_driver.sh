# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# The register test takes the device from its driver only if it may, and gives it back, however it ends.
status 0 "$ERSATZ" run my_rng -- sh -ec '
	driver=$(echo /sys/bus/pci/devices/*:02.0/driver)
	[ "$(basename "$(readlink "$driver")")" = my_rng ]
	if my_rng-regtest 2>/tmp/said; then exit 1; else [ $? = 2 ]; fi
	grep "driver my_rng has 0000:00:02.0: unbind it, or let this test do so" /tmp/said
	[ -e "$driver" ]

	my_rng-regtest --unbind >/tmp/out
	grep "^ok .* - INFO.ALGORITHM: writes$" /tmp/out
	[ -e "$driver" ]
	my_rng | grep "number 4: 1335014133"

	# Ended while it has the device: held up at its first line by a full pipe.
	mkfifo /tmp/pipe
	sleep 1000 <>/tmp/pipe &
	holder=$!
	dd if=/dev/zero of=/tmp/pipe bs=65536 count=1 2>/dev/null
	my_rng-regtest --unbind >/tmp/pipe &
	pid=$!
	while [ -e "$driver" ]; do sleep 0.1; done
	kill -TERM $pid
	if wait $pid; then exit 1; else [ $? = 143 ]; fi
	kill $holder
	[ -e "$driver" ]
	my_rng | grep "number 4: 1335014133"

	# Without a driver decoding is off: on for the test, off again after it.
	device=$(dirname "$driver")
	echo 0000:00:02.0 >"$driver/unbind"
	[ "$(cat "$device/enable")" = 0 ]
	my_rng-regtest >/tmp/out
	[ "$(cat "$device/enable")" = 0 ]
	[ ! -e "$driver" ]
	if my_rng-regtest --slot 0000:00:07.0; then exit 1; else [ $? = 4 ]; fi
	my_rng-regtest --slot 00:02.0 --only INFO,SEED >/tmp/out
	grep "PAIR: writes # SKIP left out on request" /tmp/out
	my_rng-regtest --skip INFO >/tmp/out || [ $? = 4 ]
	grep "INFO.SEEDED: writes # SKIP left out on request" /tmp/out
	if my_rng-regtest --only INFO,NOPE 2>/tmp/said; then exit 1; else [ $? = 2 ]; fi
	grep "there is no register NOPE" /tmp/said
'
clean
