# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# The interactive shell: Ctrl-C and job control are the guest's, Ctrl-A x ends the run.
command -v script >/dev/null || exit 0
small dut
"$ERSATZ" build --model-only dut
keys() { sleep "$1"; printf '%b' "$2"; }
{
	for _ in $(seq 200); do grep -q '# ' typed 2>/dev/null && break; sleep 0.1; done
	keys 0.3 'sleep 100\n'
	keys 1 '\003'
	keys 0.5 'sleep 100\n'
	keys 1 '\032'
	keys 0.5 'jobs; tty; kill %1\n'
	keys 1 '\001x'
	sleep 1
} | script -qefc "\"$ERSATZ\" run dut" typed >/dev/null
grep -q Stopped typed
grep -q /dev/ttyS0 typed
clean
