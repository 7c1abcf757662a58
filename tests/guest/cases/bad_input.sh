# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Each kind of bad input has its own message; all of them are 125.
small dut
cp -r dut spec
sed -i 's/4 KiB/5 KiB/; s/offset: 0/ofset: 0/' spec/device.yaml
status 125 "$ERSATZ" run spec -- true
says "device.yaml:"
says "did you mean"
status 1 "$ERSATZ" spec check spec

cp -r dut broken
echo 'int f(void) { return x; }' >>broken/model.c
status 125 "$ERSATZ" run broken -- true
says "broken/model.c:5:"
says "dut: model: does not compile"

cp -r dut link
echo 'int missing(void); int f(void); int f(void) { return missing(); }' >>link/model.c
echo '__attribute__((visibility("default"))) int (*g)(void) = f;' >>link/model.c
status 125 "$ERSATZ" build --model-only link
says "does not load"
says "missing"

status 125 "$ERSATZ" run dut,colour=red -- true
says "colour"
status 125 "$ERSATZ" run nosuch -- true
says "no device project nosuch"
status 125 "$ERSATZ" run --machine isa dut -- true
says "q35, pc"
status 125 "$ERSATZ" rnu
says 'did you mean "run"'
status 125 "$ERSATZ" run --timout 3 dut
says "--timeout"
status 125 "$ERSATZ" run --kernel /etc/passwd dut -- true
says "not a kernel image"

cp -r dut driver
mkdir driver/linux
echo 'obj-m := bad.o' >driver/linux/Kbuild
echo 'int f(void) { return x; }' >driver/linux/bad.c
status 125 "$ERSATZ" run driver -- true
says "bad.c:1:"
says "do not build"
clean
