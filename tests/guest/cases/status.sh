# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A command's exit status is ours.
small dut
status 0 "$ERSATZ" run dut -- true
status 7 "$ERSATZ" run dut -- sh -c 'exit 7'
status 137 "$ERSATZ" run dut -- sh -c 'kill -9 $$'
status 127 "$ERSATZ" run dut -- no-such-program
says "no such program"
# Arguments arrive as they are.
status 0 "$ERSATZ" run dut -- printf '%s\n' 'a b' "it's" '' '*'
[ "$(cat out)" = "a b
it's

*" ]
# Commands from a file.
echo 'uname -s; exit 3' >script
status 3 "$ERSATZ" run dut <script
prints Linux
clean
