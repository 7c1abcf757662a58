# SPDX-License-Identifier: BSD-2-Clause
# Which session is meant, what is no session, and what a session does with what is no request.
status 0 "$ERSATZ" ctl
says "there is no session"
status 125 "$ERSATZ" ctl box info
says "there is no session"
status 125 "$ERSATZ" ctl box
status 125 "$ERSATZ" ctl box inof
says "did you mean \"info\""
status 125 "$ERSATZ" ctl box plug
says "ersatz ctl SESSION plug PROJECT"
status 125 "$ERSATZ" run --name 'a b' my_rng -- true
says "a session cannot be called"
# A folder that a run has left behind is none.
mkdir -m 700 "$XDG_RUNTIME_DIR/ersatz" "$XDG_RUNTIME_DIR/ersatz/aaaaaa"
touch "$XDG_RUNTIME_DIR/ersatz/aaaaaa/"{lock,control}
echo '{"name":"stale","pid":1,"backend":"qemu","machine":"pc","release":"x"}' \
	>"$XDG_RUNTIME_DIR/ersatz/aaaaaa/session"
status 125 "$ERSATZ" ctl stale info

box my_rng
status 125 "$ERSATZ" run --name box my_rng -- true
says "there is a session \"box\" already"
status 0 "$ERSATZ" ctl
prints box
prints "pid $box"
status 0 "$ERSATZ" ctl - info
status 0 "$ERSATZ" ctl "$box" info
folder=$(dirname "$(ls -d "$XDG_RUNTIME_DIR"/ersatz/*/control)")
status 0 "$ERSATZ" ctl "$folder" info
[ "$(stat -c %a "$folder/control")" = 600 ]
# Bytes of all kinds, and one who says nothing, while others are served.
perl -MIO::Socket::UNIX -e '
	my $path = shift;
	srand 6;
	my $mute = IO::Socket::UNIX->new($path);
	for my $i (0 .. 200) {
		my $s = IO::Socket::UNIX->new($path) or die "cannot connect: $!";
		my $text = join "", map { chr rand 256 } 1 .. rand 20000;
		$text = ("[", "{\"a\":", "{\"do\":\"plug\",\"project\":7}\n", "{\"do\":\"", "\n", "{}\n")[$i / 2] || $text
			unless $i % 2;
		$SIG{PIPE} = "IGNORE";
		print $s $text;
		print $s "\n" if $i % 3;
		close $s;
	}' "$folder/control"
status 0 "$ERSATZ" ctl box info
tell true

# One who asks for what takes long, and goes, holds nobody up; a run does not build, it takes what is built.
ask() {
	perl -MIO::Socket::UNIX -e '
		my ($path, $text, $leave) = @ARGV;
		my $s = IO::Socket::UNIX->new($path) or die "cannot connect: $!";
		$s->autoflush(1);
		print $s "$text\n";
		sleep $leave and exit if $leave;
		print scalar <$s>;' "$folder/control" "$@"
}
small other
request="{\"do\":\"plug\",\"project\":\"$PWD/other\""
ask "$request}" | grep -qF "is not built"
status 0 "$ERSATZ" ctl box plug ./other
status 0 "$ERSATZ" ctl box unplug other0
exec 7>other/build/build.lock
flock 7
ask "$request,\"timeout\":3600}" 1
status 0 "$ERSATZ" ctl --timeout 1 box info
ask "$request,\"timeout\":1}" | grep -qF "is being built"
exec 7>&-
sed -i s/0x1}/0x2}/ other/device.yaml
ask "$request}" | grep -qF "ask once more"
status 0 "$ERSATZ" ctl box plug ./other
status 0 "$ERSATZ" ctl box unplug other0

# Two that start together want one name: the second to come up does not get it.
mkfifo twin.in
exec 8<>twin.in
for n in 1 2; do
	"$ERSATZ" run --name twin my_rng -- cat <twin.in >twin$n 2>&1 8>&- 9>&- &
	eval "twin$n=\$!"
done
got=0
wait -n "$twin1" "$twin2" || got=$?
[ "$got" -eq 125 ]
cat twin1 twin2 | grep -qF "there is a session \"twin\" already"
exec 8>&-
for pid in $twin1 $twin2; do
	wait "$pid" && got=0
done
[ "$got" -eq 0 ]

# Asked at once, served one after the other.
for n in 1 2 3 4; do
	"$ERSATZ" ctl --timeout 60 box plug my_rng >"plug$n" 2>&1 &
	plugs="${plugs:-} $!"
done
for pid in $plugs; do wait "$pid"; done
[ "$(cat plug? | grep -x 'my_rng[1-4]' | sort -u | wc -l)" -eq 4 ]

# Paused: the guest stands, and what needs it is refused.
tell 'while sleep 0.2; do echo tick; done & ticks=$!'
wait_for tick box.out
status 0 "$ERSATZ" ctl box pause
status 125 "$ERSATZ" ctl box unplug my_rng1
says "is paused"
status 0 "$ERSATZ" ctl box info my_rng0
prints paused
# What was under way has come when a second brings nothing new.
before=-1
for _ in $(seq 60); do
	now=$(stat -c %s box.out)
	[ "$now" -eq "$before" ] && break
	before=$now
	sleep 1
done
[ "$now" -eq "$before" ]
sleep 1
[ "$(stat -c %s box.out)" -eq "$before" ]
status 0 "$ERSATZ" ctl box resume
status 0 "$ERSATZ" ctl box resume
for _ in $(seq 100); do
	[ "$(stat -c %s box.out)" -gt "$before" ] && break
	sleep 0.1
done
[ "$(stat -c %s box.out)" -gt "$before" ]
tell 'kill $ticks'
# One that is ended while it is paused ends in order.
status 0 "$ERSATZ" ctl box pause
kill "$box"
unbox 143
clean
