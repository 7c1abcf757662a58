# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016 # expanded in the guest
# newdev's driver believes nothing: a tap flips bits of what the device says, drops a command,
# loses interrupts. A clear error, or none where it can be helped; never a wrong byte.

# lie TAP EXPECTED: what a write by DMA and by MMIO, and reading back, end with under that tap.
lie() {
	status 0 "$ERSATZ" run --tap "bend,$1" newdev -- sh -c '
[ -e /dev/newdev0 ] || { echo refused; dmesg | grep -c "newdev 0000.*registers that\|newdev 0000.*bytes of memory"; exit 0; }
newdev -m dma write "by dma" && newdev -m dma read && echo
newdev -m mmio write "by mmio" && newdev read && echo
grep -h missed /sys/class/misc/newdev0/counts
dmesg | grep -vE "ommand line|MP-BIOS" | grep -iE "oops|bug:|warning:|nobody cared|call trace" && exit 1
exit 0'
	prints "$2"
}
lie read=MAGIC,flip=0x100 refused
prints 1
lie read=SIZE,flip=0x80000000 refused
prints 1
lie read=USED,flip=0x200001 "by dma"
prints "by mmio"
# More bytes than asked for, fewer, a bit that nobody has, never ready.
lie read=DMA_MOVED,flip=0x40 "by mmio"
says "cannot write to /dev/newdev0: Protocol error"
lie read=DMA_STATUS,flip=0x40000000 "by mmio"
says "cannot write to /dev/newdev0: Protocol error"
lie drop=DMA_COMMAND "by mmio"
says "cannot write to /dev/newdev0: Protocol error"
# The window's own: what has moved on, and has not.
lie drop=COPY "by dma"
says "cannot write to /dev/newdev0: Protocol error"
# Two interrupts get lost: looked up.
lie lose=2 "by dma"
prints "by mmio"
prints "missed 2"
clean
