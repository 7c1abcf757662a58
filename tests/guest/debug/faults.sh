# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# --debug-kernel: each mistake of a driver is found, named, and fails the run; nothing else is.
cp -r "$HERE/faulty" . && rm -rf faulty/build
f=/sys/module/faulty/parameters/fault
status 0 "$ERSATZ" run --debug-kernel faulty -- sh -c "ls $f"
prints "$f"
! grep "reports" err || exit 1
clean
# Lock checking ends with what it finds itself, and with what KASAN finds: so these come last.
all='timer_freed shift dma_wrong_size sleep_in_atomic warning lock_order overflow use_after_free remove:dma_leak leak'
status 1 "$ERSATZ" run --debug-kernel faulty -- sh -c "for a in $all; do echo \$a >$f || echo no \$a; done"
! grep "^no" out || exit 1
says "reports: ODEBUG: free active"
says "hint: nothing"
says "reports: UBSAN: shift-out-of-bounds in "
says "device driver frees DMA memory with different size"
says "reports: BUG: sleeping function called from invalid context"
says "reports: the driver complains of itself"
says "reports: WARNING: possible circular locking dependency detected"
says "reports: BUG: KASAN: slab-out-of-bounds in overflow+"
says "reports: BUG: KASAN: use-after-free in use_after_free+"
says "device driver has pending DMA allocations while released from device"
says "reports: kmemleak: 96 bytes were never freed, allocated in leak+"
says "the debug kernel reports 10 faults"
clean
