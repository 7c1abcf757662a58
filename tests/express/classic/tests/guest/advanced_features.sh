# SPDX-License-Identifier: BSD-2-Clause
# What Linux makes of a conventional card with Advanced Features: it knows how to reset it.
dev=$(grep -l 0x0e9c /sys/bus/pci/devices/*/device)
dev=${dev%/device}

echo 1..3
echo 1 >"$dev/enable"
bar=$(head -n 1 "$dev/resource" | cut -d ' ' -f 1)
[ "$(wc -c <"$dev/config")" = 256 ] && echo "ok 1 - 256 bytes" || echo "not ok 1 - 256 bytes"
[ "$(cat "$dev/reset_method")" = af_flr ] && echo "ok 2 - the only way" ||
	echo "not ok 2 - the only way: $(cat "$dev/reset_method")"
devmem $((bar)) 32 0x5eed && devmem $((bar + 4)) 32 0x1234 &&
	before=$(($(devmem $((bar + 8)) 32))) && cp "$dev/config" /tmp/before &&
	echo 1 >"$dev/reset" &&
	[ $(($(devmem $((bar)) 32))) = 0 ] && [ $(($(devmem $((bar + 4)) 32))) = 4660 ] &&
	[ $(($(devmem $((bar + 8)) 32))) = $((before + 0x10000)) ] &&
	cmp "$dev/config" /tmp/before && echo "ok 3 - reset by af_flr" ||
	echo "not ok 3 - reset by af_flr"
