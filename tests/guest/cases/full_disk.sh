# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A full disk is said to be one.
small dut
status 125 sh -c '"$ERSATZ" spec header dut >/dev/full'
says "disk is full"
status 125 sh -c '"$ERSATZ" run dut -- echo x >/dev/full'
says "disk is full"
clean
# A run folder on a file system of 1 MiB; only root can mount one.
unshare -m true 2>/dev/null || exit 0
# shellcheck disable=SC2016 # expanded inside
status 125 unshare -m sh -c \
	'mount -t tmpfs -o size=1M none "$XDG_RUNTIME_DIR" && chmod 700 "$XDG_RUNTIME_DIR" &&
	 "$ERSATZ" run dut -- true'
says "disk is full"
