# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# stdin, stdout and stderr of a command are ours, byte for byte, however much it is.
small dut
head -c 8388608 /dev/urandom >big
"$ERSATZ" run dut -- cat <big >back
cmp big back
# Both ways at once, by a reader that is slow to begin, with stderr apart.
"$ERSATZ" run dut -- sh -c 'echo to stderr >&2; tee /dev/null' <big 2>err |
	{ sleep 4; cat >back; }
cmp big back
[ "$(grep -v "^ersatz: building" err)" = "to stderr" ]
# Streams that are closed are empty, and nobody else's.
status 0 "$ERSATZ" run dut -- sh -c 'cat; echo out' <&-
prints out
got=0
"$ERSATZ" run dut -- sh -c 'echo out; exit 3' >&- 2>&- || got=$?
[ $got -eq 3 ]
clean
