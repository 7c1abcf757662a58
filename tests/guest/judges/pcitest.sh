# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Linux's own driver and program for endpoints, unmodified from Debian's source, on pcitest: in
# each backend, under the debug kernel, which fails the run for what it has to report. With the
# IOMMU, because only then x86 grants 32 messages.
kernel=$("$ERSATZ" kernel path --debug)
mkdir share
# The program wants a header that is newer in some systems than in this kernel.
mkdir -p headers/linux
cp "$kernel/source/include/uapi/linux/pcitest.h" headers/linux
cc -static -O2 -I headers "$kernel/source/tools/pci/pcitest.c" -o share/pcitest
cat >share/all.sh <<'END_SH'
cp /mnt/share/pcitest /bin
modprobe pci_endpoint_test
[ -e /dev/pci-endpoint-test.0 ] || exit 1
for bar in 0 1 2 3 4; do
	pcitest -b $bar
done
pcitest -i 0
pcitest -l
pcitest -i 1
for msi in $(seq 32); do
	pcitest -m "$msi"
done
pcitest -i 2
for msix in $(seq 64); do
	pcitest -x "$msix"
done
for irq in 0 1 2; do
	pcitest -i $irq
	for size in 1 1024 1025 1024000 1024001; do
		pcitest -r -s $size
		pcitest -w -s $size
		pcitest -c -s $size
		pcitest -d -c -s $size
	done
done
# A BAR that is the upper half of another's address is none.
pcitest -b 5
pcitest -e
rmmod pci_endpoint_test
END_SH
for backend in vfio-user qemu; do
	status 0 "$ERSATZ" run --debug-kernel --backend "$backend" --iommu --share share pcitest -- \
		sh /mnt/share/all.sh
	# 5 BARs, the line, 32 and 64 messages, 60 transfers, and 7 times that something was set.
	[ "$(grep -v NOT out | grep -c 'OKAY$')" -eq 169 ]
	[ "$(grep 'NOT OKAY$' out | tr -d '\t')" = "BAR5:NOT OKAY" ]
	! grep FAILED out || exit 1
done
clean
