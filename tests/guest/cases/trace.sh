# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# A trace shows accesses by name while they happen, in a file or on stderr.
small dut
status 0 "$ERSATZ" run --trace trace.txt dut -- \
	sh -c 'devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p") 32 0x42'
grep -q 'W BAR0 A 0x.*42' trace.txt
grep -q dut0 trace.txt && exit 1
# With two devices it says whose.
status 0 "$ERSATZ" run --trace - dut dut -- \
	sh -c 'devmem $(lspci -v -d 1234:5678 | sed -n "s/.*Memory at \([0-9a-f]*\).*/0x\1/p;T;q")'
grep -q "dut0 .*R BAR0 A" err
grep -q "dut1 " err
# A reader that has stopped does not keep the guest from its time-out.
mkfifo fifo
exec 9<>fifo
head -c 65000 /dev/zero >&9
"$ERSATZ" run --trace - --timeout 2 dut -- true 2>fifo &
pid=$!
sleep 1
[ -n "$(left)" ]
# The server, which waits for the reader too, is given five seconds more.
for _ in $(seq 100); do
	left | grep -qvx "$pid" || break
	sleep 0.1
done
if left | grep -qvx "$pid"; then exit 1; fi
cat <&9 >/dev/null &
reader=$!
got=0
wait $pid || got=$?
kill $reader
[ $got -eq 124 ]
status 125 "$ERSATZ" run --trace /nonexistent/x dut -- true
says "/nonexistent/x"
clean
