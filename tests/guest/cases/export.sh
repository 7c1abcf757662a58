# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# ersatz test --export: the folder runs where nothing of ours is, but for the device.
small dut
cp -r dut bare
mkdir -p dut/tests/guest dut/app
cat >dut/app/dut-says.c <<'END_C'
#include <stdio.h>

int main(void)
{
	puts("says the program");
	return 0;
}
END_C
cat >dut/tests/guest/program.sh <<'END_SH'
#!/bin/sh
echo 1..1
[ "$(dut-says)" = "says the program" ] && echo "ok 1 - program" || echo "not ok 1 - program"
END_SH
printf '#!/bin/sh\nexit 4\n' >dut/tests/guest/not_here.sh
mkdir share taken
echo mine >taken/file
status 125 "$ERSATZ" test --export taken dut
says "taken is not empty, and nothing that was exported before"
[ "$(cat taken/file)" = mine ]
status 125 "$ERSATZ" test --export share/out --bench-only dut
says "--export runs nothing"
status 0 "$ERSATZ" test --export share/out dut
# Twice: the first is replaced.
touch share/out/dut/tests/old
status 0 "$ERSATZ" test --export share/out dut
[ ! -e share/out/dut/tests/old ]
hash=$(sed -n 's/^#define DUT_SPEC_HASH[[:space:]]*"\(.*\)"$/\1/p' dut/build/dut_spec.h)
[ ${#hash} -eq 64 ]
grep -q "^dut: spec $hash$" share/out/README
[ "$(share/out/dut/dut-regtest --spec)" = "$hash" ]

# A guest with the device, but without its tests and programs.
status 0 "$ERSATZ" run --share share bare -- sh -c 'rm /usr/bin/*-regtest; /mnt/share/out/run.sh'
[ "$(sed -n 1,2p out)" = "KTAP version 1
1..3" ]
prints "ok 1 - dut: not_here # SKIP"
prints "  ok 1 - program"
prints "ok 2 - dut: program"
prints "  # dut, spec $hash"
prints "  ok 1 - A: reset value # SKIP no reset was done"
prints "  ok 2 - A: writes"
prints "ok 3 - dut: registers (declared rules)"
# The same with a device that does not keep to its spec: A drops what is written.
status 1 "$ERSATZ" run --share share --tap bend,drop=A bare -- /mnt/share/out/run.sh
prints "  not ok 2 - A: writes"
prints "A (BAR0 0x0, bits 0xffffffff): wrote 0x0, reads 0x1, not 0x0: a write stores"
prints "not ok 3 - dut: registers (declared rules)"
# And as a test of the project's own.
status 1 "$ERSATZ" test --tap bend,read=A,flip=0x10 dut
prints "ok 1 - dut bench: registers (declared rules)"
prints "not ok 4 - dut guest: registers (declared rules)"
clean
