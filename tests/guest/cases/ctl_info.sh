# SPDX-License-Identifier: BSD-2-Clause
# Looking changes nothing: a register whose read has an effect is shown as it was read last.

# As rand() of the C library gives them after srand(0x42).
first=286129175
second=1594929109

# One with more than is shown: 256 elements are.
small many
cat >>many/device.yaml <<END
hooks: [reset]
state:
  - {name: big, type: uint32, count: 300}
END
cat >many/model.c <<END
#include <ersatz/model.h>
#include "many_spec.h"

static void many_reset(struct many *s, enum ez_reset_kind kind)
{
	for (unsigned int i = 0; i < 300; i++)
		s->big[i] = i + 1;
}

MANY_MODEL;
END

for backend in vfio-user qemu; do
	box --backend $backend my_rng
	tell 'modprobe -r my_rng; d=$(ls -d /sys/bus/pci/devices/*/ | while read -r p; do
		[ "$(cat $p/vendor)$(cat $p/device)" = 0x12340xcafe ] && echo $p; done); echo 1 >$d/enable
		bar=$(head -1 $d/resource | cut -d" " -f1); devmem $((bar + 4)) 32 0x42'
	tell 'echo one $(($(devmem $((bar)) 32)))'
	wait_for "one $first" box.out
	for _ in 1 2 3; do
		status 0 "$ERSATZ" ctl box info my_rng0
		prints "$(printf '0x%x' $first)"
		prints "ALGORITHM"
		prints "(glibc)"
	done
	tell 'echo two $(($(devmem $((bar)) 32)))'
	wait_for "two $second" box.out
	status 0 "$ERSATZ" ctl --json box info
	prints '"means" : "glibc"'
	prints '"session" : "box"'
	[ $backend = qemu ] || {
		status 0 "$ERSATZ" ctl box plug ./many
		status 0 "$ERSATZ" ctl box info many0
		prints "big[255]"
		grep -qE "left out +big +44 more" out
	}
	[ $backend = qemu ] && unbox && continue
	# Of one that cannot be described that is an error; in a list it is a line.
	for pid in $(children "$box"); do
		! tr "\0" " " <"/proc/$pid/cmdline" | grep -qF " serve " || kill -9 "$pid"
	done
	status 1 "$ERSATZ" ctl box info my_rng0
	says "my_rng0: its model has died"
	status 0 "$ERSATZ" ctl box info
	prints "its model has died"
	unbox 125
done
clean
