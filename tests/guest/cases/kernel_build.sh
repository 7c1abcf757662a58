# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# ersatz kernel: built once, by one; goes on where it was interrupted; says what it cannot do. The kernel
# here is a Makefile that does as if. The real one: scripts/test-debug.
version=$(dpkg-query -W -f '${Version}' "linux-headers-$(ls /lib/modules /usr/src | sed -n 's/^linux-headers-\(.*-cloud-amd64\)$/\1/p' | sort -V | tail -n 1)")
export ERSATZ_CACHE=$WORK/cache
tree=$ERSATZ_CACHE/kernel/linux-$version
mkdir -p "$tree"
cat >"$tree/Makefile" <<'END2'
allnoconfig:
	@grep -v -e '=n$$' -e "$(WITHOUT)" "$(KCONFIG_ALLCONFIG)" >$(O)/.config
bzImage:
	@mkdir -p $(O)/arch/x86/boot
	@for i in 1 2 3 4; do \
		[ -e $(O)/step.$$i ] || { echo "  CC step.$$i"; echo $$i >>$(O)/../steps; touch $(O)/step.$$i; }; \
		while [ $$i = 2 ] && [ -e $(O)/../wait ]; do sleep 0.1; done; \
	done
	@[ ! -e $(O)/../broken ] || { echo "kernel/sched.c:7: error: no such thing"; exit 2; }
	@touch $(O)/arch/x86/boot/bzImage $(O)/vmlinux.o
modules: bzImage
END2
steps=$ERSATZ_CACHE/kernel/steps
export WITHOUT=^nothing

# Killed while it builds: nothing stays but what is done.
touch "$ERSATZ_CACHE/kernel/wait"
"$ERSATZ" kernel build >out 2>err &
first=$!
wait_for "2" "$steps"
kill -9 $first
wait $first || true
# The words come from a file, so that grep does not find itself.
echo "$tree" >words
for _ in $(seq 50); do
	grep -slF -f words /proc/[0-9]*/cmdline >left || break
	sleep 0.1
done
[ ! -s left ] || { cat left; for p in $(cut -d/ -f3 left); do tr "\0" " " </proc/$p/cmdline; done; exit 1; }
# Two at once: one builds what is left to do, the other waits for it.
"$ERSATZ" kernel build >out1 2>err1 &
first=$!
wait_for "building the small kernel" err1
"$ERSATZ" kernel path >out2 2>err2 &
second=$!
wait_for "another run is building the small kernel: waiting for it" err2
rm "$ERSATZ_CACHE/kernel/wait"
wait $first
wait $second
grep -q "the small kernel is built, in " err1
dir=$(cat out2)
[ -e "$dir/arch/x86/boot/bzImage" ]
[ ! -e "$dir/vmlinux.o" ]
[ "$(tr '\n' ' ' <"$steps")" = "1 2 3 4 " ]
# It is there: nothing is done, and only its path printed.
status 0 "$ERSATZ" kernel path
prints "$dir"
[ ! -s err ]
status 0 "$ERSATZ" doctor
prints "not built; --debug-kernel does it when first asked for"
# The debug kernel is another one, which has more to agree to.
WITHOUT=KASAN_GENERIC status 125 "$ERSATZ" kernel build --debug
says "this kernel does not take CONFIG_KASAN_GENERIC=y"
says "the configuration does not fit"
touch "$ERSATZ_CACHE/kernel/broken"
status 125 "$ERSATZ" kernel build --debug
says "kernel/sched.c:7: error: no such thing"
says "the kernel does not build; all of it is in $ERSATZ_CACHE/kernel/debug-"
status 125 "$ERSATZ" run --debug-kernel my_rng -- true
says "the kernel does not build"
rm "$ERSATZ_CACHE/kernel/broken"
status 0 "$ERSATZ" kernel path --debug
[ "$(cat out)" != "$dir" ]

status 125 "$ERSATZ" kernel biuld
says 'did you mean build?'
status 125 "$ERSATZ" kernel
says "usage: ersatz kernel build|path [--debug]"
status 125 "$ERSATZ" run --debug-kernel --kernel-build "$dir" my_rng -- true
says "--debug-kernel is a kernel of its own: leave --kernel-build out"
