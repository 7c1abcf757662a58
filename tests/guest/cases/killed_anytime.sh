# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# kill -9 of any process of a run, at any moment of it: the run ends, and nothing of it stays.
small dut
"$ERSATZ" build dut
# victim ROLE COMMAND: its process, if it is there yet.
victim() {
	local child
	case $1 in
	command) echo "$2" && return ;;
	esac
	for child in $(children "$2"); do
		case $1 in
		keeper) grep -qx ersatz-keeper "/proc/$child/comm" && echo "$child" ;;
		qemu) grep -qzx -- -nodefaults "/proc/$child/cmdline" && echo "$child" ;;
		server) grep -qzx serve "/proc/$child/cmdline" && echo "$child" ;;
		serving) grep -qzx serve "/proc/$child/cmdline" && children "$child" ;;
		esac
	done 2>/dev/null
	return 0
}
killed=0
for when in 0.05 0.15 0.3 0.6 1.2 2.4; do
	for role in command server serving qemu keeper; do
		"$ERSATZ" run --timeout 20 dut -- sh -c 'sleep 1' >out 2>err &
		pid=$!
		sleep "$when"
		for process in $(victim $role $pid); do
			kill -KILL "$process" 2>/dev/null && killed=$((killed + 1))
		done
		wait $pid 2>/dev/null || true
		clean || { echo "after kill -9 of $role, $when s from the start"; cat err; exit 1; }
	done
done
echo "$killed killed"
[ $killed -ge 6 ]
