# SPDX-License-Identifier: BSD-2-Clause
# Cards come and go while a guest runs: plug, unplug, yank, in both backends and machines.


round() {
	local machine=$1
	: >"$WORK/box.out"
	told=0
	status 0 "$ERSATZ" ctl box plug my_rng
	prints my_rng1
	says "driver my_rng"
	# It is another device, with a state of its own, and its program is there.
	tell 'ls /sys/bus/pci/drivers/my_rng | grep -c 0000:'
	wait_for 2 "$WORK/box.out"
	status 0 "$ERSATZ" ctl --json box info my_rng1
	prints '"name" : "my_rng1"'
	status 0 "$ERSATZ" ctl box unplug my_rng1
	status 125 "$ERSATZ" ctl box unplug my_rng1
	says "there are: my_rng0"
	tell 'echo left $(ls /sys/bus/pci/drivers/my_rng | grep -c 0000:)'
	wait_for "left 1" "$WORK/box.out"

	# The name and the slot are free again, and a driver that is there takes it at once.
	status 0 "$ERSATZ" ctl box plug my_rng,algorithm=philox
	prints my_rng1
	status 0 "$ERSATZ" ctl box info my_rng1
	prints "(philox)"
	status 0 "$ERSATZ" ctl box yank my_rng1
	tell 'echo yanked $(ls /sys/bus/pci/drivers/my_rng | grep -c 0000:)'
	wait_for "yanked 1" "$WORK/box.out"
	[ "$machine" = pc ] || {
		tell 'dmesg | grep "Card not present"'
		wait_for "Slot(101): Card not present" "$WORK/box.out"
	}
	status 0 "$ERSATZ" ctl box plug my_rng
	prints my_rng1
	status 0 "$ERSATZ" ctl box unplug my_rng1

	# Wrong from the start.
	status 125 "$ERSATZ" ctl box plug my_rng,sed=7
	says "no property \"sed\""
	status 125 "$ERSATZ" ctl box plug nothing_like_it
	calm
}

box my_rng
round q35
# What was there at boot is on a bus without hot-plug.
status 125 "$ERSATZ" ctl box unplug my_rng0
says "cannot be unplugged"
says "--spare my_rng"
status 0 "$ERSATZ" ctl box yank my_rng0
says "all-ones"
tell 'my_rng || echo no numbers'
unbox

box --backend qemu --machine pc my_rng
round pc
status 0 "$ERSATZ" ctl box unplug my_rng0
tell 'echo left $(ls /sys/bus/pci/drivers/my_rng | grep -c 0000:)'
wait_for "left 0" "$WORK/box.out"
# QEMU has the models that it was started with.
small other
status 125 "$ERSATZ" ctl box plug ./other
says "--spare"
unbox
clean
