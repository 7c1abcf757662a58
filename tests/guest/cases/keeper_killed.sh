# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Killed together with its keeper, a run leaves a folder; the next run removes it.
small dut
"$ERSATZ" build --model-only dut
"$ERSATZ" run dut -- sh -c 'echo up; sleep 100' >up 2>&1 &
pid=$!
wait_for up up
# shellcheck disable=SC2046 # process numbers
kill -KILL $(children $pid) $pid
wait $pid || true
for _ in $(seq 30); do
	[ -z "$(left)" ] && break
	sleep 0.1
done
[ -z "$(left)" ]
[ -n "$(ls -A "$XDG_RUNTIME_DIR")" ]
status 0 "$ERSATZ" run dut -- true
clean
