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
# A model's crash is QEMU's where it runs inside.
status 125 env ERSATZ_QEMU="$WORK/crashes" "$ERSATZ" run --backend qemu --accel tcg dut -- true
says "a model can do that: here it runs inside QEMU"
clean
