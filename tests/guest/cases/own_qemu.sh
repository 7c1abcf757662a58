# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# The machine's own QEMU is taken if it is 10.1.1 or later and has the client, and no other.
name=qemu-system-x86_64
client='name "vfio-user-pci", bus PCI'
qemu() {
	mkdir -p "$1"
	printf '#!/bin/sh\ncase $1 in\n--version) echo "%s" ;;\n' "$2" >"$1/$name"
	printf "%s) echo '%s' ;;\nesac\n" -device "$3" >>"$1/$name"
	chmod +x "$1/$name"
	PATH=$WORK/$1:$PATH "$ERSATZ" doctor >"$WORK/$1.txt" || true
}
qemu least "QEMU emulator version 10.1.1 (Debian 1:10.1.1+ds-1)" "$client"
qemu newer "QEMU emulator version 11.0.0" "$client"
qemu old "QEMU emulator version 10.1.0" "$client"
qemu debian12 "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)" "$client"
qemu without "QEMU emulator version 10.2.0" 'name "vfio-pci", bus PCI'
qemu garbage "Segmentation fault" "$client"
qemu silent "" ""
grep -q "^QEMU .*10.1.1 (Debian 1:10.1.1+ds-1), $WORK/least/$name" least.txt
grep -q "^QEMU .*$WORK/newer/$name" newer.txt
for other in old debian12 without garbage silent; do
	grep -q "^QEMU " $other.txt
	! grep "$WORK/$other/" $other.txt || exit 1
done

# It is what a run then starts: here the packaged one, under the version's own name.
packaged=$("$ERSATZ" doctor | sed -n 's/^QEMU .*, //p')
mkdir own
cat >own/$name <<END2
#!/bin/sh
echo "\$*" | cut -c 1-60 >>"$WORK/asked"
[ "\$1" != --version ] || { echo "QEMU emulator version 10.1.1"; exit 0; }
exec "$packaged" "\$@"
END2
chmod +x own/$name
small dut
PATH=$WORK/own:$PATH status 0 "$ERSATZ" run --accel tcg dut -- echo up
prints up
grep -q -- '-name ersatz' asked
clean
# One that is too old is asked once, and not started.
mkdir tooold
sed 's/10.1.1"/10.1.0"/' own/$name >tooold/$name
chmod +x tooold/$name
rm asked
for _ in 1 2; do
	PATH=$WORK/tooold:$PATH status 0 "$ERSATZ" run --accel tcg dut -- echo up
done
[ "$(cat asked)" = "--version" ]
clean
