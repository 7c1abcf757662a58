# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A trace shows accesses by name while they happen, in a file or on stderr.
small dut
status 0 "$ERSATZ" run --trace trace.txt dut -- \
	sh -c 'devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p") 32 0x42'
grep -q 'W BAR0 A 0x.*42' trace.txt
status 0 "$ERSATZ" run --trace - dut -- \
	sh -c 'devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p")'
says "R BAR0 A"
status 125 "$ERSATZ" run --trace /nonexistent/x dut -- true
says "/nonexistent/x"
clean
