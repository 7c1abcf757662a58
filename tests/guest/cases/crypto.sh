# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# Debian's openssl and kcapi tools in guests, against crypto's drivers: the program's results are
# openssl's, the kernel's algorithms serve programs that know nothing of them, and all of that is
# the same in both backends, with the line, one message, and four.
packages=$(dirname "$(dirname "$HERE")")/scripts/packages
crypto=$(dirname "$(dirname "$HERE")")/devices/crypto
iv=32ad5cdf529aae2be15c7e2ea19e5163
for tool in openssl kcapi-enc kcapi-dgst; do
	command -v $tool >/dev/null || { echo "no $tool: $packages install test" && exit 1; }
done

# Programs of this machine with their libraries, to be run by the loader among these.
mkdir -p share/lib
for tool in openssl kcapi-enc kcapi-dgst; do
	cp -L "$(command -v $tool)" share/
	for library in $(ldd "$(command -v $tool)" | grep -o '/[^ ]*'); do
		cp -Ln "$library" share/lib/
	done
done
cp "$(openssl version -e | cut -d '"' -f 2)/afalg.so" share/lib/
mv share/lib/ld-linux-* share/lib/ld.so

# What goes in, made here, and what must come out, by openssl alone.
key=$(printf 'correct horse' | openssl dgst -sha256 -r | cut -d ' ' -f 1)
for size in 1 16 4097 1000003; do
	openssl enc -aes-256-ctr -K "$key" -iv "$iv" -in /dev/zero 2>/dev/null |
		head -c $size >share/$size.in
	{
		cat share/$size.in
		head -c $(((16 - size % 16) % 16)) /dev/zero
	} >share/$size.padded
	openssl enc -aes-256-cbc -nopad -K "$key" -iv $iv -in share/$size.padded -out share/$size.aes
	(cd share && openssl dgst -sha256 -r $size.in | sed 's/ \*/  /' >$size.sha)
done

cat >share/test <<END
share=/mnt/share key=$key iv=$iv
END
cat >>share/test <<'END'
tool() {
	program=$1
	shift
	OPENSSL_CONF=/dev/null OPENSSL_ENGINES=$share/lib \
		$share/lib/ld.so --library-path $share/lib $share/$program "$@"
}
requests() { cat /sys/bus/pci/drivers/ersatz_crypto/0000*/ersatz_crypto/requests; }
wrong() { echo "WRONG: $mode, $*"; }
same() { # FILE FILE WHAT
	cmp "$1" "$2" || wrong "$3"
}
# What a command does is done by the device.
device() {
	before=$(requests)
	"$@" || wrong "status $? of $*"
	[ "$(requests)" -gt "$before" ] || wrong "the device was not used by $*"
}
cd $share
out=/tmp/out
for key_byte in $(echo $key | sed 's/../& /g'); do printf "\\x$key_byte"; done >/tmp/key
for mode; do
	modprobe -r ersatz_crypto && modprobe ersatz_crypto irq=$mode
	[ $(cat /sys/bus/pci/drivers/ersatz_crypto/0000*/ersatz_crypto/irq) = $mode ] || wrong irq
	for in in *.in; do
		size=${in%.in}
		device crypto encrypt $in -o $out
		same $out $size.aes "crypto encrypt of $size bytes"
		device crypto encrypt --offset 4095 <$in >$out
		same $out $size.aes "crypto encrypt of $size bytes of standard input"
		device crypto decrypt --size $size -o $out $size.aes
		same $out $in "crypto decrypt of $size bytes"
		device crypto sha256 $in >$out
		same $out $size.sha "crypto sha256 of $size bytes"

		device tool kcapi-dgst -q -c sha256 --hex -i $in >$out
		[ "$(cat $out)" = "$(cut -c 1-64 $size.sha)" ] || wrong "kcapi-dgst of $size bytes"
		device tool kcapi-enc -q -c "cbc(aes)" --keyfd 3 --iv $iv -i $size.padded -o $out 3</tmp/key
		same $out $size.aes "kcapi-enc of $size bytes"
		device tool kcapi-enc -q -d --nounpad -c "cbc(aes)" --keyfd 3 --iv $iv -i $size.aes -o $out \
			3</tmp/key
		same $out $size.padded "kcapi-enc -d of $size bytes"
	done
	device tool openssl enc -engine afalg -aes-256-cbc -nopad -K $key -iv $iv \
		-in 4097.padded -out $out 2>/tmp/engine || cat /tmp/engine
	same $out 4097.aes "openssl with its AF_ALG engine"
	echo "$mode done"
done
dmesg | grep -E 'WARNING|BUG|Oops' && wrong kernel
exit 0
END

# Nothing but what was to be done: a mode that is not there has said so.
run() { # MODES OPTION...
	local modes=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	status 0 "$ERSATZ" run --share share "$@" "$crypto,aes_cbc_256=correct horse" -- \
		sh /mnt/share/test $modes
	[ "$(cat out)" = "$(for mode in $modes; do echo "$mode done"; done)" ] ||
		{ cat out err && return 1; }
}
for backend in vfio-user qemu; do
	run "intx msi" --backend $backend
	run multi --backend $backend --iommu
done
clean
