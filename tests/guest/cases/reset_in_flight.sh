# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016,SC2034
# Resets while crypto hashes, and newdev's engine waits before a transfer, for programs and their
# drivers. Of a function: crypto's driver waits for what runs, and no digest is wrong or missing;
# newdev's ends it with EIO. Of the machine: what was under way is gone, all registers are as they were
# after power-on, and after the boot the drivers load and work. No model, server or QEMU complains.
big=$(head -c 30000000 /dev/zero | sha256sum | cut -d ' ' -f 1)
little=$(head -c 100000 /dev/zero | sha256sum | cut -d ' ' -f 1)
text="the quick brown fox"

# Drivers are loaded when we say so: till then registers are what the reset has left.
load='modprobe ersatz_crypto && modprobe newdev timeout_ms=600000 && ls /dev/ersatz_crypto /dev/newdev0 >/dev/null'
# One input is hashed while another is read in, so that there nearly always is work.
begin="[ -e /tmp/big ] || head -c 30000000 /dev/zero >/tmp/big
for i in 1 2 3; do
	while [ \"\$(crypto sha256 /tmp/big)\" = '$big  /tmp/big' ]; do :; done && echo broke >&2 &
done
echo 60000000 >/sys/class/misc/newdev0/delay_us
newdev -m dma write 'over and out' 2>/tmp/newdev &
transfer=\$!"
# works: both devices do what they are for.
works() {
	: >box.out
	tell "head -c 100000 /dev/zero | crypto sha256 | cut -d ' ' -f 1"
	tell "newdev write '$text' && newdev read && echo"
	tell "newdev -m dma write '$text' && newdev -m dma read && echo"
	[ "$(grep -cx "$little" box.out)" = 1 ] && [ "$(grep -cx "$text" box.out)" = 2 ] && return 0
	cat box.out box.err
	return 1
}
# busy: both have something in hand at this very moment.
busy() {
	for _ in $(seq 300); do
		status 0 "$ERSATZ" ctl box info newdev0
		grep -qE ' BUSY +0x1$' out || continue
		status 0 "$ERSATZ" ctl box info crypto0
		grep -qE ' State +0x3$' out && return 0
	done
	echo "they are never at work:"
	cat out box.out box.err
	return 1
}
# quiet WHEN: the host has no complaints; nor have programs.
quiet() {
	sed -e '/^The console/,$d' -e '/^ersatz: /d' -e '/device.yaml.* warning: /d' box.err >complaints
	# QEMU switches a vfio-user device's bus mastering off before it resets it, amid a transfer or not.
	[ $backend = qemu ] || sed -i "/^crypto0: .* bus mastering is off/d" complaints
	[ -s complaints ] || return 0
	echo "after $1:"
	cat complaints
	return 1
}

for backend in vfio-user qemu; do
	box --backend $backend --append modprobe.blacklist=ersatz_crypto,newdev crypto newdev
	status 0 "$ERSATZ" ctl box info
	cp out fresh
	grep -qE ' ID +0x50595243$' fresh
	tell "$load"

	tell "$begin"
	busy
	status 0 "$ERSATZ" ctl box reset newdev0
	tell 'wait $transfer; cat /tmp/newdev'
	wait_for "Input/output error" box.out
	status 0 "$ERSATZ" ctl box reset crypto0
	works
	quiet "the functions' resets"

	tell "$begin"
	busy
	status 0 "$ERSATZ" ctl --timeout 100 box reset
	status 0 "$ERSATZ" ctl box info
	diff fresh out
	tell "$load"
	works
	quiet "the machine's reset"

	# A guest that resets itself ends its run.
	tell "$begin"
	busy
	calm
	: >box.out
	echo 'echo b >/proc/sysrq-trigger' >&9
	unbox 1
	quiet "its own end"
	rm box.err
	told=0
	: >box.out
	clean
done
