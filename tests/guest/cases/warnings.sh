# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the spec's check warns of is said when a project is built, and not again by each run of what
# is built; by `spec check` always. No guest is needed for that.
small dut
sed -i 's/^pci: {/&pin: B, /' dut/device.yaml
warning="device.yaml:2:12: warning: pin"
# says_no WORDS: the last command's stderr does not have them.
says_no() {
	! grep -qF -- "$1" err || { cat err && return 1; }
}

# While it does not build it is said each time.
sed -i 's/DUT_MODEL;/oops/' dut/model.c
for _ in 1 2; do
	status 125 "$ERSATZ" build --model-only dut
	says "$warning"
done
sed -i 's/oops/DUT_MODEL;/' dut/model.c
status 0 "$ERSATZ" build --model-only dut
says "$warning"
for _ in 1 2; do
	status 0 "$ERSATZ" build --model-only dut
	says_no "warning:"
done
"$ERSATZ" spec check dut >out 2>&1
grep -qF "$warning" out
# What is new is said, with what is not.
sed -i '1i # one line more' dut/device.yaml
status 0 "$ERSATZ" build --model-only dut
says "device.yaml:3:12: warning: pin"
status 0 "$ERSATZ" build --model-only dut
says_no "warning:"
# What is mended and comes back is new.
sed -i 's/pin: B, //' dut/device.yaml
status 0 "$ERSATZ" build --model-only dut
says_no "warning:"
sed -i 's/^pci: {/&pin: B, /' dut/device.yaml
status 0 "$ERSATZ" build --model-only dut
says "device.yaml:3:12: warning: pin"
