# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A QEMU that dies is named, with what it said.
small dut
cat >dies <<'END'
#!/bin/sh
echo "qemu: out of cheese" >&2
exit 3
END
printf '#!/bin/sh\nkill -SEGV $$\n' >crashes
chmod +x dies crashes
status 125 env ERSATZ_QEMU="$WORK/dies" "$ERSATZ" run --accel tcg dut -- true
says "QEMU ended with status 3: qemu: out of cheese"
[ "$(grep -c cheese err)" -eq 1 ]
status 125 env ERSATZ_QEMU="$WORK/crashes" "$ERSATZ" run --accel tcg dut -- true
says "signal 11"
status 125 env ERSATZ_QEMU="$WORK/none" "$ERSATZ" run --accel tcg dut -- true
says "is no program"
# Whatever it is that ends well, it was no guest that failed.
printf '#!/bin/sh\necho fortytwo\n' >ends
chmod +x ends
for backend in vfio-user qemu; do
	status 125 env ERSATZ_QEMU="$WORK/ends" "$ERSATZ" run --backend $backend --accel tcg dut -- true
	says "$WORK/ends ended at once, with status 0"
	says "It said: fortytwo"
	[ "$(grep -c fortytwo err)" -eq 1 ]
done
# A QEMU whose guest is over before it can speak is another thing: here it is told to end before its first instruction.
cat >off <<'END'
#!/bin/sh
exec "$REAL_QEMU" "$@" -S -qmp-pretty stdio <<'END2'
{"execute":"qmp_capabilities"}
{"execute":"quit"}
END2
END
chmod +x off
real=$("$ERSATZ" doctor | sed -n 's/^QEMU .*, //p')
status 1 env REAL_QEMU="$real" ERSATZ_QEMU="$WORK/off" "$ERSATZ" run --accel tcg dut -- true
says "switched itself off"
# A model's crash is QEMU's where it runs inside.
status 125 env ERSATZ_QEMU="$WORK/crashes" "$ERSATZ" run --backend qemu --accel tcg dut -- true
says "a model can do that: here it runs inside QEMU"
clean
