# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# ersatz spec doc, names, regtest; and everything that is made of a spec says of which one.
small dut
status 0 "$ERSATZ" test --bench-only dut
hash=$(sed -n 's/^#define DUT_SPEC_HASH[[:space:]]*"\(.*\)"$/\1/p' dut/build/dut_spec.h)
[ ${#hash} -eq 64 ]
prints "# dut, spec $hash"
grep -q "\.hash = DUT_SPEC_HASH" dut/build/dut_spec.c
grep -q "\"$hash\"" dut/build/dut_regtest.c
grep -qF "$hash" dut/build/dut.so

status 0 "$ERSATZ" spec names dut
[ "$(cat out)" = "ersatz-names 1 dut 1234:5678 $hash
bar 0 mem32 0x1000 regs
reg 0 0x0 4 1 0x4 1 0x0 rw A" ]
cp out printed
status 0 "$ERSATZ" spec names -o names.txt dut/device.yaml
cmp names.txt printed

status 0 "$ERSATZ" spec doc dut
[ "$(sed -n 5p out)" = "# dut" ]
prints "| Spec | \`$hash\` |"
status 0 "$ERSATZ" spec doc --format html dut
[ "$(head -n 1 out)" = "<!DOCTYPE html>" ]
prints "<code>$hash</code>"
cp out printed
# The file's name is enough.
status 0 "$ERSATZ" spec doc -o dut.html dut
cmp dut.html printed
status 125 "$ERSATZ" spec doc --format pdf dut
says 'spec doc: --format is markdown or html, not "pdf"'
status 125 "$ERSATZ" spec doc -o /nonexistent/dut.html dut
says "cannot write /nonexistent/dut.html: "
status 125 "$ERSATZ" spec names --format html dut
says "spec names takes no --format; that is for: "

# The decoder on the page, as it stands there.
page=$(dirname "$(dirname "$HERE")")/docs/spec-products.md
awk '/^```sh decode$/ { in_it = 1; next } /^```/ { in_it = 0 } in_it' "$page" >decode
printf 'W 0 0x4 0x42\nR 0 0x10 0x100\n' >log
status 0 sh decode
[ "$(cat out)" = "W SEED 0x42
R INFO 0x100" ]

# One file, which any compiler makes a program of, without anything of ours.
status 0 "$ERSATZ" spec regtest -o test.c dut
cc -O2 -Wall -Wextra -Werror -static -o dut-test test.c
[ "$(./dut-test --spec)" = "$hash" ]
status 4 ./dut-test
prints "1..0 # SKIP there is no device 1234:5678"
printf 'name: none\npci: {vendor: 1, device: 2, class: 3}\n' >none.yaml
status 1 "$ERSATZ" spec regtest none.yaml
says "none has no registers"
# What is wrong with a spec is said by all of them.
sed -i 's/offset: 0/offset: 2/' dut/device.yaml
for verb in doc names regtest; do
	status 1 "$ERSATZ" spec $verb dut
	says "dut/device.yaml:9:"
done
