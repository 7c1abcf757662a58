# SPDX-License-Identifier: BSD-2-Clause
# The slots of q35 with the models in QEMU; a device with MSI-X and jobs among them; four at a time.
probe=$(realpath "$HERE/../probe")
box --backend qemu --spare "$probe" my_rng
status 0 "$ERSATZ" ctl box plug "$probe,small=42"
prints probe0
for n in 1 2 3; do
	status 0 "$ERSATZ" ctl box plug my_rng
	prints "my_rng$n"
done
status 125 "$ERSATZ" ctl box plug my_rng
says "all 4 slots for hot-plug are taken"
status 0 "$ERSATZ" ctl box yank probe0
status 0 "$ERSATZ" ctl box unplug my_rng2
status 0 "$ERSATZ" ctl box plug "$probe"
prints probe0
status 0 "$ERSATZ" ctl box unplug probe0
status 0 "$ERSATZ" ctl box yank my_rng1
tell 'echo left $(ls /sys/bus/pci/drivers/my_rng | grep -c 0000:)'
wait_for "left 2" "$WORK/box.out"
calm
unbox

# QEMU's client would not survive it; it is said, and the guest goes on.
box --spare "$probe"
status 0 "$ERSATZ" ctl box plug "$probe"
status 125 "$ERSATZ" ctl box unplug probe0
says "MSI-X"
status 0 "$ERSATZ" ctl box yank probe0
says "MSI-X"
tell true
unbox
clean
