# SPDX-License-Identifier: BSD-2-Clause
# The machine is reset: it boots again, what was plugged in still is, drivers and all, and the command
# starts again, with what is left of its input. A function is reset as its guest does it.
small bare
for backend in vfio-user qemu; do
	box --backend $backend --spare my_rng --spare ./bare
	status 0 "$ERSATZ" ctl box plug my_rng
	status 0 "$ERSATZ" ctl box reset my_rng0
	tell 'touch /tmp/before'
	status 0 "$ERSATZ" ctl --timeout 100 box reset
	tell '[ -e /tmp/before ] || echo fresh'
	wait_for fresh box.out
	tell 'echo bound $(ls /sys/bus/pci/drivers/my_rng | grep -c 0000:)'
	wait_for "bound 1" box.out
	status 0 "$ERSATZ" ctl box unplug my_rng0
	# A panic ends the run, as ever.
	echo 'echo c >/proc/sysrq-trigger' >&9
	unbox 1
	grep -qF panicked box.err
	told=0
	: >box.out
done
clean
