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
# A file system that is still mounted, and in use, when the run ends is clean on the disk.
PATH=$PATH:/usr/sbin:/sbin
truncate -s 16M disk.img
mke2fs -q -F -t ext4 disk.img
status 0 "$ERSATZ" run --disk disk.img dut -- sh -c 'modprobe ext4
	mkdir -p "/run/a b" && mount -t ext4 /dev/vda "/run/a b" && cd "/run/a b" &&
	mkdir below && mount -t tmpfs none below && echo x >f && { sleep 1000 >g & }'
if dumpe2fs -h disk.img 2>/dev/null | grep needs_recovery; then exit 1; fi
[ "$(debugfs -R 'cat f' disk.img 2>/dev/null)" = x ]
clean
