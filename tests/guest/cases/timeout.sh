# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A command, or a boot, that does not end is a time-out, with the console's last lines.
small dut
status 124 "$ERSATZ" run --timeout 8 dut -- sh -c 'echo last words >/dev/console; sleep 100'
says "--timeout"
says "last words"
clean
status 124 "$ERSATZ" run --boot-timeout 1 dut -- true
says "did not boot"
clean
