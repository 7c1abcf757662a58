#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds a QEMU that has our backend in it, from Debian's own source package:
# what `ersatz qemu build` runs. Nothing of the machine changes: no package is
# installed, no file of its apt is written.
#
# What is kept in CACHE/qemu:
#   apt/              a private apt world: lists and downloaded packages
#   python/           meson and pycotap, unpacked
#   tree/VERSION/     QEMU's source with our folder in it, and mended where it has to be; b/ is
#                     its build folder
#   sdk/              headers and libersatz.so that it is compiled against
#   bin/KEY/          finished binaries; KEY stands for all that went into one
#   version           the version that was taken when none was asked for
#   lock              held by whoever changes any of these
# Everything appears under its final name only when it is complete.

set -u
export LC_ALL=C

usage() {
	cat <<'END'
usage: build.sh --build DIR [OPTION...]

Builds QEMU with Ersatz's backend and the patches beside it, and writes
DIR/qemu-system-x86_64, a small script that runs it. DIR is Ersatz's build folder
(with libersatz.so).

  --build DIR     Ersatz's build folder
  --output FILE   write the script there instead
  --qemu VERSION  this version (10.0 stands for the newest 10.0.x) instead of
                  the newest that Debian has and that downloads
  --update        look for a newer version than the one taken the last time
  --cache DIR     default: $ERSATZ_CACHE, or ~/.cache/ersatz
  --backend DIR   the backend's sources; default: where this script is
  --include DIR   the SDK's headers; default: include/ of the same repository
  --mirror URI    Debian's archive; default: the one that this machine's apt
                  uses
  --jobs N        parallel compilations; default: one per processor
  --source        only gets QEMU's source and the tools to configure it, and prints the
                  source's folder
  --packages      prints the Debian packages that a build needs, and exits
  --help

Exit status: 0 done, 125 it could not be done (the reason is on stderr).
END
}

# What has to be installed; scripts/packages has the same list as group qemu.
packages="gcc libc6-dev ninja-build pkg-config python3 python3-venv libglib2.0-dev
libpixman-1-dev libslirp-dev libfdt-dev zlib1g-dev dpkg-dev xz-utils bzip2 patch
debian-archive-keyring seabios qemu-system-data ipxe-qemu"

# The source package's suites: each one that may have a newer QEMU than Debian 12's.
suites="sid trixie-backports trixie"

# pixman and slirp: display and user networking; vhost-user: shared folders.
# Without debug information it builds faster and a binary is a fifth of the size.
# The firmware is in other packages, which are not relative to our prefix.
config="--python=/usr/bin/python3 --target-list=x86_64-softmmu --without-default-features
--enable-tcg --enable-kvm --enable-slirp --enable-pixman --enable-fdt=system
--enable-vhost-user --disable-docs --disable-tools --disable-install-blobs
--disable-debug-info --firmwarepath=/usr/share/seabios:/usr/share/qemu"

say() {
	echo "ersatz qemu build: $*" >&2
}

die() {
	say "error: $*"
	exit 125
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P) || exit 125
build=
output=
backend=$here
include=$here/../../../include
cache=${ERSATZ_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/ersatz}
mirror=
wanted=
update=
source_only=
jobs=$(nproc 2>/dev/null || echo 2)

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h)
			usage
			exit 0
			;;
		--packages)
			printf '%s\n' $packages
			exit 0
			;;
		--update)
			update=yes
			shift
			continue
			;;
		--source)
			source_only=yes
			shift
			continue
			;;
		--build | --output | --qemu | --cache | --backend | --include | --mirror | --jobs) ;;
		*)
			die "unknown option '$1'; see --help"
			;;
		esac
		[ $# -ge 2 ] || die "option $1 needs a value; see --help"
		case $1 in
		--build) build=$2 ;;
		--output) output=$2 ;;
		--qemu) wanted=$2 ;;
		--cache) cache=$2 ;;
		--backend) backend=$2 ;;
		--include) include=$2 ;;
		--mirror) mirror=$2 ;;
		--jobs) jobs=$2 ;;
		esac
		shift 2
	done
}

# absolute WHAT DIR: the folder's absolute path, or the end.
absolute() {
	(cd -- "$2" 2>/dev/null && pwd -P) || die "$1: no such folder: $2"
}

check_options() {
	[ "$(uname -m)" = x86_64 ] || die "only x86-64 machines are supported, this is $(uname -m)"
	case $wanted in
	*[!0-9.]*) die "--qemu wants a version such as 10.0 or 10.0.13, not '$wanted'" ;;
	esac
	[ -z "$source_only" ] || return 0
	[ -n "$build" ] || die "--build DIR is missing; see --help"
	build=$(absolute "Ersatz's build folder" "$build") || exit 125
	[ -e "$build/libersatz.so" ] || die "$build has no libersatz.so: run make first"
	output=${output:-$build/qemu-system-x86_64}
	backend=$(absolute "the backend's sources" "$backend") || exit 125
	[ -e "$backend/Kconfig" ] || die "$backend is not the backend's source folder"
	include=$(absolute "the SDK's headers" "$include") || exit 125
	[ -e "$include/ersatz/backend.h" ] || die "$include has no ersatz/backend.h"
	case $jobs in
	'' | *[!0-9]* | 0) die "--jobs wants a number, not '$jobs'" ;;
	esac
}

check_packages() {
	local missing="" package
	for package in $packages; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -z "$missing" ] || die "packages are missing; install them first:
    sudo apt-get install$missing"
}

open_cache() {
	case $cache in
	/*) ;;
	*) cache=$PWD/$cache ;;
	esac
	cache=$cache/qemu
	mkdir -p -- "$cache" || die "cannot make $cache; set ERSATZ_CACHE to a folder that can be written"
	cache=$(cd -- "$cache" && pwd -P) || exit 125
	case $cache in
	*[[:space:]]*) die "QEMU cannot be built under a path with spaces: $cache; set ERSATZ_CACHE" ;;
	esac
	log=$cache/log
}

# One at a time from here on; file descriptor 9 is the lock.
take_lock() {
	exec 9>"$cache/lock" || die "cannot write $cache/lock"
	if ! flock -n 9; then
		say "waiting for another build that uses $cache"
		flock 9 || die "cannot lock $cache/lock"
	fi
}

# Whatever way it ends: no child goes on, and nothing half-made stays.
child=
cleanup() {
	if [ -n "$child" ]; then
		kill -- "-$child" 2>/dev/null || kill "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	rm -rf -- "$cache"/tmp.*
}

set_traps() {
	trap cleanup EXIT
	trap 'say "interrupted; what was finished is kept"; exit 130' INT
	trap 'exit 143' TERM HUP
	rm -rf -- "$cache"/tmp.* "$cache"/*/tmp.* # of a run that was killed outright
}

# Room for at least $1 MiB, before it is needed.
room() {
	local free
	free=$(df -Pm -- "$cache" | awk 'NR == 2 { print $4 }')
	[ "${free:-0}" -ge "$1" ] ||
		die "the disk of $cache has $free MiB left, and $1 are needed; make room, or set
    ERSATZ_CACHE to a folder on another disk"
}

# phase TEXT COMMAND...: runs it with its output in a log, saying every few
# seconds how far it is. 0, or the end of the log is shown and 1 returned.
phase() {
	local text=$1 start=$SECONDS next=5 status count
	shift
	say "$text"
	# A process group of its own, so that cleanup reaches the compilers too.
	set -m
	("$@") >"$log" 2>&1 9>&- </dev/null &
	child=$!
	set +m
	while kill -0 "$child" 2>/dev/null; do
		sleep 0.2
		if [ $((SECONDS - start)) -ge "$next" ]; then
			next=$((SECONDS - start + 5))
			count=$(tail -c 4096 "$log" | grep -ao '^\[[0-9]*/[0-9]*\]' | tail -n 1)
			say "$text: $((SECONDS - start)) s${count:+ $count}"
		fi
	done
	wait "$child"
	status=$?
	child=
	return $status
}

# What a failed phase said.
explain() {
	# A full disk may have left no room for saying so.
	if grep -qa 'No space left on device\|Disk quota exceeded' "$log" ||
		[ "$(df -Pm -- "$cache" | awk 'NR == 2 { print $4 }')" -lt 16 ]; then
		die "the disk is full ($cache): make room, or set ERSATZ_CACHE to a folder on
    another disk, and run this again"
	fi
	say "the end of what it said (all of it is in $log):"
	if grep -qa '^FAILED: ' "$log"; then
		sed -n '/^FAILED: /,$p' "$log" | head -n 25 | cut -c 1-300 >&2
	else
		tail -n 20 "$log" >&2
	fi
}

# ---- the private apt world ----

find_mirror() {
	[ -z "$mirror" ] || return 0
	mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 2>/dev/null | awk '$1 == "Debian" { print $2; exit }')
	[ -n "$mirror" ] || die "this machine's apt knows no Debian archive: run \`apt-get update\`" \
		"first, or name one with --mirror URI"
	mirror=${mirror%/}
}

# Our lists and downloads, the machine's proxy settings; its sources and pins are not looked at.
private() {
	local tool=$1 apt=$cache/apt
	shift
	"$tool" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt/cache" -o Dir::State::extended_states="$apt/extended_states" \
		-o APT::Sandbox::User=root -o APT::Install-Recommends=false \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o Acquire::Languages=none -o Acquire::Retries=2 "$@"
}

apt_update() {
	local apt=$cache/apt key=/usr/share/keyrings/debian-archive-keyring.gpg suite
	find_mirror
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" || return 1
	: >"$apt/status" || return 1
	{
		for suite in $suites; do
			echo "deb-src [signed-by=$key] $mirror $suite main"
		done
		# All that the machine's own meson may be too old for.
		echo "deb [signed-by=$key] $mirror bookworm-backports main"
	} >"$apt/sources.list" || return 1
	private apt-get -q update || return 1
	# It says yes even if it got nothing at all.
	ls "$apt"/state/lists/*_Sources* >/dev/null 2>&1
}

# apt must have had an answer from somewhere; a suite that is not there is not fatal.
apt_ready=
need_apt() {
	[ -z "$apt_ready" ] || return 0
	room 200
	find_mirror
	if ! phase "asking $mirror for QEMU's source" apt_update; then
		explain
		die "Debian's package lists cannot be had from $mirror: check the network and this
    machine's apt settings, or name another archive with --mirror"
	fi
	apt_ready=yes
}

# ---- meson and pycotap ----

get_python() {
	local apt=$cache/apt tmp=$cache/tmp.python
	mkdir -p "$tmp/debs" && cd "$tmp/debs" || return 1
	private apt-get -q download meson/bookworm-backports python3-pycotap/bookworm-backports ||
		return 1
	local deb
	for deb in *.deb; do
		dpkg-deb -x "$deb" "$tmp" || return 1
	done
	rm -rf "$tmp/debs"
	mv "$tmp" "$cache/python"
}

# ---- QEMU's source ----

# Upstream's part of a package version: 1:10.2.2+ds-1 gives 10.2.2
upstream() {
	local version=${1#*:}
	version=${version%%-*}
	echo "${version%%[+~]*}"
}

# Versions of the source package, newest first, each once.
list_versions() {
	private apt-cache showsrc --only-source qemu 2>/dev/null |
		awk '$1 == "Version:" { print $2 }' | sort -u |
		while read -r version; do
			echo "$(upstream "$version") $version"
		done | sort -t ' ' -k 1,1Vr -k 2,2Vr | awk '{ print $2 }'
}

# matches ASKED UPSTREAM: 10.0 stands for 10.0 and any 10.0.x
matches() {
	case $2. in
	"$1".*) return 0 ;;
	esac
	return 1
}

download_source() {
	local tmp=$cache/tmp.source
	rm -rf "$tmp"
	mkdir -p "$tmp" && cd "$tmp" || return 1
	# apt checks the signature of the lists, and each file against them.
	private apt-get -q source --only-source --download-only "qemu=$1"
}

unpack_source() {
	cd "$cache/tmp.source" || return 1
	# With Debian's patches: without them configure stops on a firmware image that is not there.
	dpkg-source --no-check -x ./*.dsc tree || return 1
	mkdir -p "$cache/tree" && mv tree "$cache/tree/$1"
}

# Which tree to use: sets `version` (upstream's), and makes tree/VERSION if it is not there.
get_source() {
	local candidate name why
	version=
	if [ -n "$wanted" ]; then
		for candidate in $(cd "$cache/tree" 2>/dev/null && ls -d -- */ | sort -Vr); do
			matches "$wanted" "${candidate%/}" && version=${candidate%/} && break
		done
	elif [ -s "$cache/version" ]; then
		version=$(cat "$cache/version")
	fi
	if [ -n "$version" ] && [ -z "$update" ] && [ -d "$cache/tree/$version" ]; then
		return 0
	fi

	need_apt
	room 1500
	for candidate in $(list_versions); do
		name=$(upstream "$candidate")
		[ -z "$wanted" ] || matches "$wanted" "$name" || continue
		if [ ! -d "$cache/tree/$name" ]; then
			if ! phase "downloading QEMU $name (Debian's qemu $candidate)" \
				download_source "$candidate"; then
				grep -qa 'No space left' "$log" && explain
				why=$(grep -a -A 1 '^Err:' "$log" | sed -n '2s/^ *//p')
				say "QEMU $name does not download here ($why); trying the next older one"
				continue
			fi
			if ! phase "unpacking QEMU $name" unpack_source "$name"; then
				explain
				die "QEMU's source package cannot be unpacked"
			fi
			rm -rf "$cache/tmp.source"
		fi
		version=$name
		[ -n "$wanted" ] || echo "$name" >"$cache/version"
		return 0
	done
	die "QEMU${wanted:+ $wanted}: none of Debian's source packages that would do downloads from
    $mirror; it lists $(list_versions | tr '\n' ' ')(suites: $suites)"
}

# ---- our folder in QEMU's tree ----

# update_file FROM TO: copies if it differs, so that ninja sees what changed and no more.
update_file() {
	cmp -s -- "$1" "$2" || { cp -- "$1" "$2.new" && mv -- "$2.new" "$2"; }
}

# add_line FILE LINE: appends the line unless the file has it.
add_line() {
	grep -qxF -- "$2" "$1" || printf '%s\n' "$2" >>"$1"
}

# All that goes into the binary and is ours.
backend_files() {
	(cd "$backend" && find . -maxdepth 1 -name '*.[ch]' -printf '%f\n' | sort)
	echo meson.build Kconfig
}

# What QEMU itself has wrong and we cannot do without, for versions 10.x: 10-NAME.patch
patches() {
	(cd "$backend" && find . -maxdepth 1 -name "${version%%.*}-*.patch" -printf '%f\n' | sort)
}

# mend: always from the source as it came, which is kept beside it as FILE.came.
mend() {
	local tree=$cache/tree/$version tmp=$cache/tmp.mend patch file files
	files=$(cat "$tree/ersatz-mended" 2>/dev/null)
	for patch in $(patches); do
		files="$files $(sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$backend/$patch")"
	done
	rm -rf "$tmp"
	for file in $files; do
		[ -e "$tree/$file.came" ] || {
			cp -- "$tree/$file" "$tree/$file.new" && mv -- "$tree/$file.new" "$tree/$file.came"
		} || return 1
		mkdir -p "$tmp/${file%/*}" && cp -- "$tree/$file.came" "$tmp/$file" || return 1
	done
	echo "$files" >"$tree/ersatz-mended" || return 1
	for patch in $(patches); do
		if ! patch -s -p1 -d "$tmp" <"$backend/$patch"; then
			echo "QEMU $version does not take $patch"
			return 1
		fi
	done
	for file in $files; do
		update_file "$tmp/$file" "$tree/$file" || return 1
	done
}

join() {
	local ours=$cache/tree/$version/hw/misc/ersatz sdk=$cache/sdk file
	mkdir -p "$ours" "$sdk/include/ersatz" "$sdk/lib" || return 1
	for file in $(backend_files); do
		update_file "$backend/$file" "$ours/$file" || return 1
	done
	for file in $(cd "$ours" && ls); do
		[ -e "$backend/$file" ] || rm -f -- "${ours:?}/$file"
	done
	add_line "$cache/tree/$version/hw/misc/meson.build" "subdir('ersatz')" || return 1
	add_line "$cache/tree/$version/hw/misc/Kconfig" "source ersatz/Kconfig" || return 1

	# One path for all clones that share this cache. Any libersatz.so of this ABI does at
	# run time: the script that runs QEMU names the one in its own folder.
	for file in "$include"/ersatz/*.h; do
		update_file "$file" "$sdk/include/ersatz/${file##*/}" || return 1
	done
	update_file "$build/libersatz.so" "$sdk/lib/libersatz.so" || return 1
	ln -sf libersatz.so "$sdk/lib/libersatz.so.0" || return 1
	cat >"$cache/tmp.pc" <<-END || return 1
		Name: ersatz
		Description: PCI devices that do not exist yet: SDK and runtime
		Version: 0
		Cflags: -I$sdk/include
		Libs: -L$sdk/lib -lersatz
	END
	update_file "$cache/tmp.pc" "$sdk/ersatz.pc"
}

key_of() {
	{
		echo "$version"
		echo "$config"
		# shellcheck disable=SC2046 # names without spaces, of our own sources
		cd "$backend" && cat -- $(backend_files) $(patches)
		cd "$include/ersatz" && cat -- *.h
	} | sha256sum | cut -c 1-24
}

# ---- compiling it ----

python_env() {
	export PYTHONPATH=$cache/python/usr/lib/python3/dist-packages
	export PYTHONDONTWRITEBYTECODE=1
	export PKG_CONFIG_PATH=$cache/sdk
	# Flags of another build are none of QEMU's.
	unset CFLAGS CXXFLAGS LDFLAGS CPPFLAGS MAKEFLAGS MAKELEVEL NINJA_STATUS DESTDIR
}

configure_qemu() {
	python_env
	rm -rf "$cache/tree/$version/b"
	mkdir "$cache/tree/$version/b" && cd "$cache/tree/$version/b" || return 1
	../configure $config || {
		tail -n 30 meson-logs/meson-log.txt 2>/dev/null
		return 1
	}
	echo "$config" >ersatz-configured
}

compile_qemu() {
	python_env
	cd "$cache/tree/$version/b" && ninja -j "$jobs" qemu-system-x86_64
}

# It must at least start, with the libersatz.so that it will run with.
try_binary() {
	LD_LIBRARY_PATH=$build ERSATZ_PATH="" "$1" --version >/dev/null 2>"$log"
}

keep_binary() {
	local tmp=$cache/tmp.bin
	mkdir -p "$tmp" "$cache/bin" || return 1
	cp "$cache/tree/$version/b/qemu-system-x86_64" "$tmp/" || return 1
	echo "$version" >"$tmp/version" || return 1
	rm -rf "$cache/bin/${key:?}"
	mv "$tmp" "$cache/bin/$key" || return 1
	# Binaries that no build has asked for in a month; the script of a clone that still wants
	# one says what to do.
	find "$cache/bin" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf -- {} +
}

write_wrapper() {
	cat >"$output.new.$$" <<END || return 1
#!/bin/sh
# Written by \`ersatz qemu build\`: QEMU $version with Ersatz's backend.
binary='$cache/bin/$key/qemu-system-x86_64'
if [ ! -x "\$binary" ]; then
	echo "\$0: \$binary is gone; run \\\`ersatz qemu build\\\`" >&2
	exit 125
fi
LD_LIBRARY_PATH='$build'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
# Where the network cards' ROMs are: a plain \`-M pc\` has a card, and does not start without.
exec "\$binary" -L /usr/lib/ipxe/qemu "\$@"
END
	chmod +x "$output.new.$$" || return 1
	if cmp -s -- "$output.new.$$" "$output"; then
		rm -f -- "$output.new.$$"
	else
		mv -- "$output.new.$$" "$output"
	fi
}

# Has a binary been finished from just this? Needs no lock: it appears as a whole.
have_binary() {
	version=$wanted
	[ -n "$version" ] || version=$(cat "$cache/version" 2>/dev/null)
	[ -z "$update" ] && [ -n "$version" ] || return 1
	key=$(key_of)
	[ -x "$cache/bin/$key/qemu-system-x86_64" ] && touch "$cache/bin/$key"
}

need_python() {
	[ ! -d "$cache/python/usr" ] || return 0
	need_apt
	if ! phase "getting meson" get_python; then
		explain
		die "meson cannot be had from $mirror (bookworm-backports)"
	fi
}

make_binary() {
	local tree
	need_python
	room 600
	join 2>"$log" || {
		explain
		die "cannot write to $cache"
	}
	mend >"$log" 2>&1 || {
		explain
		die "QEMU $version cannot be mended"
	}
	key=$(key_of)	# of what was copied, if an editor was at work since
	tree=$cache/tree/$version
	if [ "$(cat "$tree/b/ersatz-configured" 2>/dev/null)" != "$config" ]; then
		if ! phase "configuring QEMU $version" configure_qemu; then
			explain
			die "QEMU $version does not configure here"
		fi
	fi
	if ! phase "compiling QEMU $version" compile_qemu; then
		explain
		die "QEMU $version with our backend does not compile"
	fi
	try_binary "$tree/b/qemu-system-x86_64" || {
		explain
		die "the new QEMU does not start"
	}
	keep_binary 2>"$log" || {
		explain
		die "cannot keep the binary in $cache/bin"
	}
}

# A function, so that all of this file is read before any of it runs: it may change meanwhile.
main() {
	local start=$SECONDS
	parse_options "$@"
	check_options
	open_cache
	if [ -n "$source_only" ]; then
		check_packages
		take_lock
		set_traps
		get_source
		need_python
		echo "$cache/tree/$version"
		exit 0
	fi
	if ! have_binary; then
		check_packages
		take_lock
		set_traps
		get_source
		key=$(key_of)
		[ -x "$cache/bin/$key/qemu-system-x86_64" ] || make_binary
	fi
	write_wrapper || die "cannot write $output"
	[ "$SECONDS" -eq "$start" ] ||
		say "QEMU $version is ready ($((SECONDS - start)) s): $output"
	exit 0
}

main "$@"
