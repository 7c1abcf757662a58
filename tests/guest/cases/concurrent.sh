# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Two runs of one project at the same time, from scratch.
small dut
"$ERSATZ" run dut -- sh -c 'echo first; sleep 1' >one 2>err1 &
pid=$!
"$ERSATZ" run dut -- echo second >two 2>err2
wait $pid
[ "$(cat one two)" = "first
second" ]
clean
