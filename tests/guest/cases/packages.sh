# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Missing packages are named before anything else, and without root or sudo nothing is installed.
mkdir fake
printf '#!/bin/sh\nexit 1\n' >fake/dpkg-query
printf '#!/bin/sh\nexit 1\n' >fake/sudo
printf '#!/bin/sh\necho 1000\n' >fake/id
chmod a+rx fake/*
packages=$(dirname "$(dirname "$HERE")")/scripts/packages
PATH="$WORK/fake:$PATH" status 125 "$packages" install guest </dev/null
says "packages: missing for \"guest\": busybox-static"
says "apt-get install busybox-static"
small dut
PATH="$WORK/fake:$PATH" status 125 "$ERSATZ" run dut -- true </dev/null
says "packages are missing"
status 125 "$packages" install nosuch
begin=${EPOCHREALTIME/./}
status 0 "$packages" install guest
[ $(((${EPOCHREALTIME/./} - begin) / 1000)) -lt 500 ]
