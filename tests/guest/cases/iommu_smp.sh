# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Processors and an IOMMU.
small dut
status 0 "$ERSATZ" run --smp 2 --iommu dut -- sh -c 'nproc; ls /sys/class/iommu; dmesg'
prints "DMAR: IOMMU enabled"
prints "dmar0"
[ "$(head -n 1 out)" = 2 ]
clean
