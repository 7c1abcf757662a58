#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds a kernel for guests from the source that Debian packages: the steps of
# `ersatz kernel build` (kernel_build.c), which knows where and when.
# Exit status: 0 done; else what went wrong is on stderr.
set -u -o pipefail
export LC_ALL=C
# Whatever a make around us, or a kernel developer's shell, has set is not meant for this kernel.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH SRCARCH CROSS_COMPILE LLVM O KCFLAGS KAFLAGS \
	KBUILD_OUTPUT KBUILD_EXTRA_SYMBOLS INSTALL_MOD_PATH V W C M

usage() {
	cat <<'END_OF_USAGE'
usage: build.sh unpack DEB TREE          what a guest needs of the source in DEB, into TREE
       build.sh build TREE DIR LOCALVERSION JOBS FRAGMENT...
                                         a kernel of TREE in DIR: bzImage, vmlinux, modules, and
                                         all that other modules need to build against it
END_OF_USAGE
}

die() {
	echo "ersatz kernel build: error: $*" >&2
	exit 125
}

# What no guest of ours has: two thirds of the source. Kconfig and Makefiles stay everywhere,
# since the kernel's own read them.
skipped() {
	printf -- '--exclude=linux-source-*/%s\n' \
		'Documentation/[!K]*' 'samples/*.[ch]' 'sound/*.[ch]' \
		'arch/[!x]*/*.[chS]' 'arch/[!x]*/boot/dts/*' 'arch/[!x]*/configs/*' 'arch/xtensa/*.[chS]' \
		'drivers/gpu/*.[ch]' 'drivers/media/*.[ch]' 'drivers/staging/*.[ch]' \
		'drivers/infiniband/*.[ch]' 'drivers/usb/*.[ch]' 'drivers/pinctrl/*.[ch]' \
		'drivers/iio/*.[ch]' 'drivers/scsi/*/*.[ch]' 'drivers/video/fbdev/*.[ch]' \
		'drivers/net/ethernet/*.[ch]' 'drivers/net/wireless/*.[ch]' \
		'drivers/misc/habanalabs/*.[ch]' 'drivers/comedi/*.[ch]' 'drivers/mtd/*.[ch]' \
		'drivers/s390/*.[ch]' 'fs/xfs/*.[ch]' 'fs/btrfs/*.[ch]' 'fs/ocfs2/*.[ch]' \
		'tools/perf/*' 'tools/testing/*'
}

unpack() {
	local deb=$1 tree=$2 member skip

	mapfile -t skip < <(skipped)
	member=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep '/linux-source-[0-9.]*\.tar\.xz$') ||
		die "$deb has no source of Linux in it"
	rm -rf "$tree.new"
	mkdir -p "$tree.new" || exit 125
	dpkg-deb --fsys-tarfile "$deb" | tar -x --to-stdout "$member" |
		tar -xJ -C "$tree.new" --strip-components=1 "${skip[@]}" ||
		die "cannot unpack $deb into $tree.new; is the disk full?"
	mv "$tree.new" "$tree" || exit 125
}

# agree CONFIG FRAGMENT...: the kernel's own rules may overrule a line without a word.
agree() {
	local config=$1 line name bad=0
	shift

	while IFS= read -r line; do
		name=${line%%=*}
		case $line in
		CONFIG_*=n) ! grep -q "^$name=" "$config" ;;
		CONFIG_*=*) grep -qxF -- "$line" "$config" ;;
		esac && continue
		echo "ersatz kernel build: this kernel does not take $line" >&2
		bad=1
	done < <(sed -n '/^CONFIG_/p' "$@")
	return $bad
}

# build_kernel TREE DIR LOCALVERSION JOBS FRAGMENT...
build_kernel() {
	local tree=$1 dir=$2 version=$3 jobs=$4
	shift 4
	local make=(make -C "$tree" "O=$dir" -s)

	mkdir -p "$dir" || exit 125
	{
		cat "$@"
		echo "CONFIG_LOCALVERSION=\"$version\""
	} >"$dir/wanted.config" || exit 125
	"${make[@]}" KCONFIG_ALLCONFIG="$dir/wanted.config" allnoconfig >"$dir/config.log" 2>&1 || {
		tail -n 20 "$dir/config.log" >&2
		die "the kernel cannot be configured; all of it is in $dir/config.log"
	}
	agree "$dir/.config" "$dir/wanted.config" || die "the configuration does not fit"
	# Its lines say how far it is, those of a build that was interrupted too.
	make -C "$tree" "O=$dir" -j"$jobs" bzImage modules >>"$dir/build.log" 2>&1 || {
		grep -E '(error|Error|\*\*\*)' "$dir/build.log" | tail -n 10 >&2
		tail -n 5 "$dir/build.log" >&2
		die "the kernel does not build; all of it is in $dir/build.log"
	}
	# Module.symvers and the tools for modules stay; what was linked is of no use any more.
	find "$dir" \( -path "$dir/scripts" -o -path "$dir/tools" \) -prune -o -type f \
		\( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o -name '.tmp_*' \) \
		-exec rm -f {} + || exit 125
	rm -f "$dir/arch/x86/boot/compressed/vmlinux" "$dir/arch/x86/boot/vmlinux.bin" \
		"$dir/arch/x86/boot/compressed/vmlinux.bin" "$dir"/arch/x86/boot/compressed/vmlinux.bin.*
}

case ${1-} in
unpack)
	[ $# -eq 3 ] || { usage >&2 && exit 125; }
	unpack "$2" "$3"
	;;
build)
	[ $# -gt 5 ] || { usage >&2 && exit 125; }
	shift
	build_kernel "$@"
	;;
-h | --help) usage ;;
*)
	usage >&2
	exit 125
	;;
esac
