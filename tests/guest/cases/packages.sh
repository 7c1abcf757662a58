# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Missing packages are named before anything else, and without root or sudo nothing is installed.
mkdir fake
printf '#!/bin/sh\nexit 1\n' >fake/dpkg-query
printf '#!/bin/sh\nexit 1\n' >fake/sudo
chmod -R a+rx "$WORK" fake
user=
[ "$(id -u)" -ne 0 ] || user="setpriv --reuid=65534 --clear-groups"
packages=$(dirname "$(dirname "$HERE")")/scripts/packages
# shellcheck disable=SC2086 # several words, or none
PATH="$WORK/fake:$PATH" status 125 $user "$packages" install guest </dev/null
says "packages: missing for \"guest\": busybox-static"
says "apt-get install busybox-static"
small dut
chmod a+rwx dut
# shellcheck disable=SC2086
PATH="$WORK/fake:$PATH" status 125 $user env HOME="$WORK/dut" "$ERSATZ" run dut -- true </dev/null
says "packages are missing"
status 125 "$packages" install nosuch
begin=${EPOCHREALTIME/./}
status 0 "$packages" install guest
[ $(((${EPOCHREALTIME/./} - begin) / 1000)) -lt 500 ]
