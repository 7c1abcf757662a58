# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A guest that panics, or switches itself off, fails the run, and is heard.
small dut
status 1 "$ERSATZ" run dut -- sh -c 'echo c >/proc/sysrq-trigger'
says "the guest's kernel panicked: sysrq triggered crash"
says "  | "
clean
status 1 "$ERSATZ" run dut -- sh -c 'poweroff -f; sleep 10'
says "switched itself off"
clean
