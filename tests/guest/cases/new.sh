# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# `ersatz new` writes a project whose tests pass, whose driver works from the shell, and of which two
# different ones can be in one guest; and so does an installed Ersatz, far from its source.
status 0 "$ERSATZ" new foo
prints "ersatz test foo"
status 0 "$ERSATZ" test foo
prints "- foo bench: foo"
prints "- foo guest: foo"
code=$(grep -cvE '^[[:space:]]*($|/\*|\*)' foo/model.c)
[ "$code" -lt 60 ] || { echo "model.c has $code lines of code"; exit 1; }
! grep -rIn --exclude-dir=build -i skeleton foo || exit 1

status 0 "$ERSATZ" new sub/bar_2 --vendor 0x1af5
grep -q '  vendor: 0x1af5' sub/bar_2/device.yaml
status 0 "$ERSATZ" run foo sub/bar_2 -- sh -c 'ls /dev/foo* /dev/bar*; echo hello bar >/dev/bar_20; cat /dev/bar_20'
prints "/dev/foo0"
prints "HELLO BAR"

# Names that are words of the kernel, and the longest: the driver's C meets none of them.
longest=$(printf 'z%.0s' {1..24})
for name in status err data mutex queue inode id len pos pdev page pid down vfs seq completion work; do
	status 0 "$ERSATZ" new "names/$name"
done
status 0 "$ERSATZ" new "names/$longest"
status 0 "$ERSATZ" build names/*
! grep -q "warning:" err || { cat err; exit 1; }
status 0 "$ERSATZ" test --guest-only "names/$longest"

# What is there stays, and what cannot be a name is told.
echo mine >foo/model.c
status 125 "$ERSATZ" new foo
says "foo is there already"
[ "$(cat foo/model.c)" = mine ]
for name in Foo 9foo foo-bar 'foo bar' int pci skeleton "$(printf 'f%.0s' {1..99})" .. /; do
	status 125 "$ERSATZ" new "$name"
	says "take"
done
status 125 "$ERSATZ" new baz --device 0xffff
says "0xffff"
status 125 "$ERSATZ" new
status 125 "$ERSATZ" new a b
[ -z "$(find . -mindepth 1 -maxdepth 1 ! -name foo ! -name sub ! -name names ! -name run ! -name log ! -name out ! -name err)" ]

# Installed, with a prefix of its own below DESTDIR.
DESTDIR=$WORK/image meson install -C "$BUILD" --no-rebuild --quiet
installed=$(find "$WORK/image" -path '*/bin/ersatz')
# The devices as their sources are, all of them, and nothing that somebody has built in them.
[ -z "$(find "$WORK/image" -name build)" ]
diff -r --exclude=build "$(dirname "$(dirname "$HERE")")/devices" \
	"$(dirname "$(dirname "$installed")")/share/ersatz/devices"
mkdir away
cd away
status 0 "$installed" new foo
status 0 "$installed" test foo
prints "- foo guest: foo"
