# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# --gdb: the command that it prints breaks in the driver's probe, with source lines.
command -v gdb >/dev/null || exit 0
"$ERSATZ" run --gdb my_rng -- my_rng --seed 0x42 >out 2>err &
pid=$!
wait_for "gdb -x" err
script=$(sed -n 's/.*gdb -x //p' err)
timeout 90 gdb -q -nx -batch -x "$script" -ex 'break my_rng_probe' -ex continue -ex backtrace \
	-ex 'info source' -ex delete -ex detach >gdb.out 2>&1 || { cat gdb.out; exit 1; }
grep -q '#0 .*my_rng_probe (pdev=0x.*my_rng.c:[0-9]' gdb.out || { cat gdb.out; exit 1; }
grep -q 'Located in .*/devices/my_rng/linux/my_rng.c' gdb.out || { cat gdb.out; exit 1; }
grep -q 'local_pci_probe' gdb.out
wait $pid
prints 286129175
clean
