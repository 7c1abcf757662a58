# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# test --debug-kernel: a report fails the test in which it came, and the next one has a new guest; what
# is leaked shows at the end.
cp -r "$HERE/faulty" . && rm -rf faulty/build
f=/sys/module/faulty/parameters/fault
mkdir -p faulty/tests/guest
t() { printf '#!/bin/sh\n%s\n' "$2" >"faulty/tests/guest/$1.sh"; }
t a_wrong "echo 1..1; echo sleep_in_atomic >$f && echo ok 1 - wrong"
t b_right "echo 1..1; ! dmesg | grep -q BUG: && echo ok 1 - right"
t c_leaks "echo 1..1; echo leak >$f && echo ok 1 - leaks"
status 1 "$ERSATZ" test --guest-only --debug-kernel --junit junit.xml faulty
prints "1..5"
prints "not ok 1 - faulty guest: a_wrong"
prints "the kernel reports: BUG: sleeping function called from invalid context"
prints "ok 2 - faulty guest: b_right"
prints "ok 3 - faulty guest: c_leaks"
prints "not ok 5 - kernel: modules unloaded, nothing leaked, nothing reported"
prints "the kernel reports: kmemleak: 96 bytes were never freed, allocated in leak+"
grep -q "kmemleak: 96 bytes" junit.xml
clean
