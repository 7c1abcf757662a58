# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the cases share.

# status N COMMAND...: it ends with status N. Its output is in $WORK/out and $WORK/err.
status() {
	local want=$1 got=0
	shift
	"$@" >"$WORK/out" 2>"$WORK/err" || got=$?
	[ "$got" -eq "$want" ] && return 0
	echo "status $got instead of $want from: $*"
	cat "$WORK/out" "$WORK/err"
	return 1
}

# says WORDS: the last command's stderr has them.
says() {
	grep -qF -- "$1" "$WORK/err" && return 0
	echo "no \"$1\" in:"
	cat "$WORK/err"
	return 1
}

# prints WORDS: the last command's stdout has them.
prints() {
	grep -qF -- "$1" "$WORK/out" && return 0
	echo "no \"$1\" in:"
	cat "$WORK/out"
	return 1
}

# Processes that belong to runs of this case: their command lines name its run folder.
left() {
	# The words come from a file, so that grep does not find itself.
	echo "$XDG_RUNTIME_DIR" >"$WORK/.words"
	grep -slF -f "$WORK/.words" /proc/[0-9]*/cmdline | cut -d/ -f3
	rm -f "$WORK/.words"
}

# children PID: the processes that it has started and that still run.
children() {
	grep -slx "PPid:[[:space:]]*$1" /proc/[0-9]*/status | cut -d/ -f3
}

# clean: nothing is left of any run, within three seconds.
clean() {
	for _ in $(seq 30); do
		[ -z "$(left)" ] && [ -z "$(ls -A "$XDG_RUNTIME_DIR")" ] && return 0
		sleep 0.1
	done
	echo "left behind:"
	ls -RA "$XDG_RUNTIME_DIR"
	for pid in $(left); do tr '\0' ' ' <"/proc/$pid/cmdline" && echo; done
	return 1
}

# wait_for WORDS FILE: until they are in it, half a minute at most.
wait_for() {
	for _ in $(seq 300); do
		grep -qF -- "$1" "$2" 2>/dev/null && return 0
		sleep 0.1
	done
	echo "never saw \"$1\" in $2:"
	cat "$2"
	return 1
}

# patience PROJECT SECONDS: a limit that leaves SECONDS after as much as a guest that does nothing
# takes from its start to its end here, and half as much again.
patience() {
	local begin=${EPOCHREALTIME/./} took
	status 0 "$ERSATZ" run "$1" -- true >&2
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo $(($2 + (took * 3 / 2 + 999) / 1000))
}

# small NAME: a device project in $WORK/NAME that builds in no time.
small() {
	mkdir -p "$WORK/$1"
	cat >"$WORK/$1/device.yaml" <<END
name: $1
pci: {vendor: 0x1234, device: 0x5678, class: 0x00ff00}
bars:
  - number: 0
    name: regs
    type: mem32
    size: 4 KiB
    registers:
      - {name: A, offset: 0, reset: 0x1}
END
	cat >"$WORK/$1/model.c" <<END
#include <ersatz/model.h>
#include "$1_spec.h"

${1^^}_MODEL;
END
}

# box OPTION... PROJECT...: a session named box, whose guest's sh takes what `tell` says, to $WORK/box.out.
box() {
	mkfifo "$WORK/box.in"
	"$ERSATZ" run --name box "$@" -- sh <"$WORK/box.in" >"$WORK/box.out" 2>"$WORK/box.err" &
	box=$!
	exec 9>"$WORK/box.in"
	status 0 "$ERSATZ" ctl --wait 120 box info || {
		cat "$WORK/box.err"
		return 1
	}
}

# tell COMMAND: the session's guest runs it; waits until it has.
tell() {
	told=$((${told:-0} + 1))
	echo "$1; echo told=$told" >&9
	wait_for "told=$told" "$WORK/box.out"
}

# unbox [N]: ends the session, whose status is N.
unbox() {
	local got=0
	exec 9>&-
	wait "$box" || got=$?
	rm -f "$WORK/box.in"
	[ "$got" -eq "${1:-0}" ] && return 0
	echo "the session ended with $got"
	cat "$WORK/box.err"
	return 1
}

# calm: the guest's kernel has nothing to complain of.
calm() {
	tell "dmesg | grep -E 'BUG|Oops|WARNING|Call Trace|soft lockup|hung task' && echo not calm"
	! grep -qF "not calm" "$WORK/box.out" && return 0
	cat "$WORK/box.out"
	return 1
}
