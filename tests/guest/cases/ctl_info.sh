# SPDX-License-Identifier: BSD-2-Clause
# Looking changes nothing: a register whose read has an effect is shown as it was read last.

# As rand() of the C library gives them after srand(0x42).
first=286129175
second=1594929109

for backend in vfio-user qemu; do
	box --backend $backend my_rng
	tell 'modprobe -r my_rng; d=$(ls -d /sys/bus/pci/devices/*/ | while read -r p; do
		[ "$(cat $p/vendor)$(cat $p/device)" = 0x12340xcafe ] && echo $p; done); echo 1 >$d/enable
		bar=$(head -1 $d/resource | cut -d" " -f1); devmem $((bar + 4)) 32 0x42'
	tell 'echo one $(($(devmem $((bar)) 32)))'
	wait_for "one $first" box.out
	for _ in 1 2 3; do
		status 0 "$ERSATZ" ctl box info my_rng0
		prints "$(printf '0x%x' $first)"
		prints "ALGORITHM"
		prints "(glibc)"
	done
	tell 'echo two $(($(devmem $((bar)) 32)))'
	wait_for "two $second" box.out
	status 0 "$ERSATZ" ctl --json box info
	prints '"means" : "glibc"'
	prints '"session" : "box"'
	unbox
done
clean
