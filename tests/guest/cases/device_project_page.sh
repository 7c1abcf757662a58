# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# The project on docs/device-project.md, taken from the page as it stands, passes its own tests.
page=$(dirname "$(dirname "$HERE")")/docs/device-project.md
mkdir -p adder/tests/bench adder/tests/guest
awk '/^```[a-z]+ [^ ]+$/ { file = "adder/" $2; next } /^```/ { file = ""; next } file { print > file }' "$page"
cd adder
status 0 "$ERSATZ" test .
prints "ok 1 - adder bench: sums"
prints "ok 2 - adder bench: registers (declared rules)"
prints "ok 3 - adder guest: bar"
prints "ok 4 - adder guest: sums"
prints "ok 5 - adder guest: registers (declared rules)"
prints ", 0 failed, "
