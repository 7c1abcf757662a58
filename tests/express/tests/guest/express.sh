# SPDX-License-Identifier: BSD-2-Clause
# What Linux makes of the endpoint, without a driver: its capabilities, and each way to reset it.
dev=$(grep -l 0x0e9d /sys/bus/pci/devices/*/device)
dev=${dev%/device}
n=0

# check WORDS...: passes if the command before it did.
check() {
	[ $? = 0 ] && echo "ok $((n += 1)) - $*" || echo "not ok $((n += 1)) - $*"
}

# shows TEXT: does lspci?
shows() {
	lspci -vvv -s "${dev##*/}" | grep -qF -- "$1"
	check "lspci shows $1"
}

# resets METHOD: the kernel resets it that way: registers go, configuration space is put back.
resets() {
	echo "$1" >"$dev/reset_method" &&
		devmem $((bar)) 32 0x5eed && devmem $((bar + 4)) 32 0x1234 &&
		before=$(($(devmem $((bar + 8)) 32))) && cp "$dev/config" /tmp/before &&
		echo 1 >"$dev/reset" &&
		[ $(($(devmem $((bar)) 32))) = 0 ] &&
		[ $(($(devmem $((bar + 4)) 32))) = $(($3)) ] &&
		[ $(($(devmem $((bar + 8)) 32))) = $((before + $2)) ] &&
		cmp "$dev/config" /tmp/before
	check "reset by $1"
}

echo 1..15
echo 1 >"$dev/enable"
bar=$(head -n 1 "$dev/resource" | cut -d ' ' -f 1)
[ "$(wc -c <"$dev/config")" = 4096 ]
check "4096 bytes of configuration space"
case $(cat "$dev/reset_method") in *flr*) true ;; *) false ;; esac
check "function level reset is known"
shows "Express (v2) Endpoint"
shows "FLReset+ "
shows "MaxPayload 256 bytes"
shows "Speed 8GT/s, Width x4"
shows "Advanced Error Reporting"
shows "UESvrt:	DLP+ SDES+ TLP- FCP+"
shows "Device Serial Number 01-23-45-67-89-ab-cd-ef"
shows "ID=1234 Rev=2 Len=010"
shows "MSI: Enable- Count=1/32 Maskable+ 64bit+"
shows "MSI-X: Enable- Count=2048"
# KEPT survives a function reset (a byte of RESETS counts them), and not one of the bus.
resets flr 0x10000 0x1234
resets pm 0x10000 0x1234
# Linux waits for the port's link to come back. Where ACPI does the hot-plug QEMU never shows one.
port=$(readlink -f "$dev/..")
if lspci -vvv -s "${port##*/}" | grep -q DLActive+; then
	resets bus 0x100 0
else
	echo "ok $((n += 1)) - reset by bus # SKIP QEMU's root port shows no active link here"
fi
echo default >"$dev/reset_method"
