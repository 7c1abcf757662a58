# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# --debug-kernel: the command's own status is passed on, and an oops panics, as ever.
cp -r "$HERE/faulty" . && rm -rf faulty/build
f=/sys/module/faulty/parameters/fault
status 7 "$ERSATZ" run --debug-kernel faulty -- sh -c "echo warning >$f; exit 7"
says "the debug kernel reports: the driver complains of itself"
clean
status 1 "$ERSATZ" run --debug-kernel faulty -- sh -c "echo null_pointer >$f; sleep 5"
says "the guest's kernel panicked: "
clean
# Two processors: the same.
status 1 "$ERSATZ" run --debug-kernel --smp 2 --iommu faulty -- sh -c "echo lock_order >$f"
says "WARNING: possible circular locking dependency detected"
says "the debug kernel reports 1 fault;"
clean
# A program in a shared folder runs again and again: virtiofsd writes memory behind QEMU's back, and this
# kernel, unlike Debian's, does not clear it first unless it is told to.
mkdir share
cp /bin/busybox share/
status 0 "$ERSATZ" run --debug-kernel --share share faulty -- sh -c 'for i in 1 2 3 4 5; do /mnt/share/busybox echo run $i; done'
prints "run 5"
clean
