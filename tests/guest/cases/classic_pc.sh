# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# With --machine pc the first device's BAR is where old drivers expect it, whatever else is there.
small dut
truncate -s 1M disk.img
for more in "" "--disk disk.img" "--backend qemu" "--backend qemu --disk disk.img"; do
	# shellcheck disable=SC2086 # none or two words
	status 0 "$ERSATZ" run --machine pc $more dut -- lspci -v -d 1234:5678
	prints "Memory at febf1000"
done
clean
