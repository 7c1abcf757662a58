# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# However a run is ended, nothing of it stays.
small dut
"$ERSATZ" build --model-only dut
for signal in INT TERM HUP KILL; do
	"$ERSATZ" run dut -- sh -c 'echo up; sleep 100' >"up.$signal" 2>&1 &
	pid=$!
	wait_for up "up.$signal"
	kill -"$signal" $pid
	got=0
	wait $pid || got=$?
	[ $got -eq $((128 + $(kill -l "$signal"))) ]
	clean
done
# A reader that goes away ends it, too.
"$ERSATZ" run dut -- yes | head -n 1 >/dev/null || true
clean
