# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A shared folder and a disk image.
small dut
mkdir shared
echo here >shared/in
truncate -s 8M disk.img
status 0 "$ERSATZ" run --share shared --disk disk.img dut -- sh -c '
	cat /mnt/share/in && echo there >/mnt/share/out
	echo raw | dd of=/dev/vda conv=notrunc 2>/dev/null'
prints here
[ "$(cat shared/out)" = there ]
[ "$(head -c 3 disk.img)" = raw ]
clean
