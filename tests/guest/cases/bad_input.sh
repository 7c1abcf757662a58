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

status 125 "$ERSATZ" run --kernel-build /tmp dut -- true
says "/tmp is not a folder where a kernel was built"
status 125 "$ERSATZ" run --smp 0 dut -- true
says "--smp takes a number from 1 up, not 0"
status 125 "$ERSATZ" run --timeout 0 dut -- true
says "--timeout takes"
status 125 "$ERSATZ" test --timeout 0 dut
says "--timeout takes"
# A device with registers always has a test: that they keep to their rules.
mkdir bare
printf 'name: bare\npci: {vendor: 0x1234, device: 0x5679, class: 0x00ff00}\n' >bare/device.yaml
printf '#include <ersatz/model.h>\n#include "bare_spec.h"\n\nBARE_MODEL;\n' >bare/model.c
status 125 "$ERSATZ" test --bench-only bare
says "no tests: there are none in tests/bench of"
status 125 "$ERSATZ" test --junit /nonexistent/x.xml dut
says "cannot write /nonexistent/x.xml: No such"
# shellcheck disable=SC2046 # one word each
status 125 "$ERSATZ" run $(seq 40 | sed 's/.*/dut/') -- true
says "has slots for 27"

cp -r dut driver
mkdir driver/linux
echo 'obj-m := bad.o' >driver/linux/Kbuild
echo 'int f(void) { return x; }' >driver/linux/bad.c
status 125 "$ERSATZ" run driver -- true
says "bad.c:1:"
says "do not build"

# Backends.
status 125 "$ERSATZ" run --backend quemu dut -- true
says 'there is no backend "quemu": there are vfio-user and qemu; did you mean qemu?'
status 125 "$ERSATZ" run --backend bench dut -- true
says "ersatz test --bench-only"

# An option that a verb does not have, and a word too many.
status 125 "$ERSATZ" spec check -o out dut
says "spec check takes no --output"
status 125 "$ERSATZ" qemu path --qemu 9.9
says "qemu path takes no --qemu"
status 125 "$ERSATZ" qemu path --update
says "qemu path takes no --update"
status 125 "$ERSATZ" qemu path extra
says "usage: ersatz qemu build|path"

# A path that make does not take; a driver is built there, too.
mkdir "odd: \$a"
cp -r dut "odd: \$a/b,c"
mkdir "odd: \$a/b,c/linux"
echo 'obj-m := good.o' >"odd: \$a/b,c/linux/Kbuild"
printf '#include <linux/module.h>\n#include <own.h>\n#include <dut_spec.h>\nMODULE_LICENSE("GPL");\n' \
	>"odd: \$a/b,c/linux/good.c"
echo '#define OWN 1' >"odd: \$a/b,c/linux/own.h"
status 0 "$ERSATZ" build "odd: \$a/b,c"
clean

# What cannot be used is said with the name of what asked for it, by `ersatz doctor` as well.
ERSATZ_QEMU=/dev/null status 125 "$ERSATZ" run my_rng -- true
says "/dev/null, which ERSATZ_QEMU names, is no program"
ERSATZ_QEMU=/dev/null status 125 "$ERSATZ" run --backend qemu my_rng -- true
says "/dev/null, which ERSATZ_QEMU names, is no program"
ERSATZ_QEMU=/dev/null status 125 "$ERSATZ" doctor
prints "/dev/null, which ERSATZ_QEMU names, is no program"
ERSATZ_CACHE=/proc/nowhere status 125 "$ERSATZ" doctor
prints "cannot be made; set ERSATZ_CACHE"
clean
