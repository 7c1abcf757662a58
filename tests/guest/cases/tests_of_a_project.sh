# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# ersatz test: KTAP, JUnit, and a test that kills the guest, or does not end, is the one that fails.
small dut
mkdir -p dut/tests/guest dut/tests/bench
t() { printf '#!/bin/sh\n%s\n' "$2" >"dut/tests/guest/$1.sh"; }
t a_good 'echo "1..2"; echo "ok 1 - x"; echo "ok 2 - y # SKIP none"'
t b_kills 'echo 1..2; echo ok 1 - before; sleep 0.2; echo c >/proc/sysrq-trigger; sleep 5'
t c_hangs 'sleep 100'
t d_after 'exit 0'
t e_skips 'exit 4'
cat >dut/tests/bench/base.c <<'END'
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ersatz/bench.h>

static void reset_value(void **state)
{
	struct ez_bench *bench = ez_bench_new(NULL, NULL);

	assert_int_equal(ez_bench_read(bench, 0, 0, 4), 1);
	ez_bench_free(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reset_value)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
END
echo old >trace.txt
status 124 "$ERSATZ" test --timeout 4 --junit results.xml --trace trace.txt dut
# The trace is of all boots, the one that died too, and of nothing before.
grep -q "^old" trace.txt && exit 1
[ "$(grep -c "^# boot 2" trace.txt)" -eq 1 ]
grep -q . <(sed '/^# boot 2/,$d' trace.txt)
[ "$(sed -n 1,2p out)" = "KTAP version 1
1..8" ]
prints "ok 1 - dut bench: base"
prints "ok 3 - dut guest: a_good"
prints "ok 2 - dut bench: registers (declared rules)"
prints "not ok 4 - dut guest: b_kills"
prints "panicked: sysrq triggered crash"
prints "not ok 5 - dut guest: c_hangs"
prints "ok 6 - dut guest: d_after"
prints "ok 7 - dut guest: e_skips # SKIP"
prints "ok 8 - dut guest: registers (declared rules)"
grep -q '<testsuite name="dut guest: b_kills"' results.xml
rm dut/tests/guest/[bc]_*.sh
status 0 "$ERSATZ" test dut
t f_fails 'exit 1'
status 1 "$ERSATZ" test --guest-only dut
status 0 "$ERSATZ" test --bench-only dut
# What a bench test leaves behind neither holds it up nor stays.
cat >dut/tests/bench/leaves.c <<'END'
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	if (fork() == 0)
		execlp("sleep", "sleep", "1234.5", (char *)0);
	puts("1..1\nok 1 - it");
	return 0;
}
END
SECONDS=0
status 0 "$ERSATZ" test --bench-only dut
prints "ok 2 - dut bench: leaves"
[ $SECONDS -lt 30 ]
if grep -sqzx 1234.5 /proc/[0-9]*/cmdline; then exit 1; fi
clean
