# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2016
# One file, unchanged: the model that bench, QEMU and the serving process have mapped is the same.
# mapped PID NAME: SHA-256 of the file that the process has mapped, not of one by that name now.
mapped() {
	local line range
	line=$(grep -m 1 "/$2\$" "/proc/$1/maps") || return 1
	range=${line%% *}
	sha256sum <"/proc/$1/map_files/$range" 2>/dev/null || {
		# Only root may look there: then by name, if it is still that file.
		[ "$(stat -c %i "/${line#*/}")" = "$(awk '{ print $5 }' <<<"$line")" ] &&
			sha256sum <"/${line#*/}"
	}
}
# running BACKEND PROJECT NAME: the same of the process that runs the model for a guest.
running() {
	local pid child sum=
	"$ERSATZ" run --backend "$1" "$2" -- sh -c 'echo up; cat' <hold >up.$1 2>&1 &
	pid=$!
	exec 8>hold
	wait_for up up.$1
	for child in $(left); do
		[ "$child" = $pid ] && continue
		case $1 in
		qemu) grep -qzx -- -nodefaults "/proc/$child/cmdline" || continue ;;
		vfio-user) # the keeper has it too, but runs nothing: who serves is its child
			[ -z "$(children "$child")" ] || continue
			grep -qzx serve "/proc/$child/cmdline" || continue ;;
		esac
		sum=$(mapped "$child" "$3") && break
	done
	exec 8>&-
	wait $pid
	echo "$sum"
}
mkfifo hold

# In bench: the test program tells what it has mapped once the model is loaded.
cat >watch.c <<'END2'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *dlopen(const char *file, int flags)
{
	void *(*real)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
	void *handle = real(file, flags);
	char command[512];

	if (handle && getenv("MAPPED")) {
		snprintf(command, sizeof(command),
			 "LD_PRELOAD= bash -c '. \"$MAPPED\"/mapped.sh; mapped %d %s' "
			 ">>\"$MAPPED\"/bench.sums", (int)getpid(), getenv("MODEL"));
		if (system(command))
			return handle;
	}
	return handle;
}
END2
cc -shared -fPIC -o watch.so watch.c -ldl
declare -f mapped >mapped.sh
for project in my_rng "$(dirname "$HERE")/probe"; do
	name=$(basename "$project").so
	"$ERSATZ" build --model-only "$project"
	rm -f bench.sums
	test=$(find "$(dirname "$HERE")/../devices/$project/build/tests/bench" "$project/build/tests/bench" \
		-type f 2>/dev/null | head -n 1)
	file=$(dirname "$test")/../../$name
	ERSATZ_MODEL=$(realpath "$file") MAPPED=$WORK MODEL=$name LD_PRELOAD=$WORK/watch.so \
		"$test" >bench.out 2>&1
	sort -u bench.sums >bench.sum
	[ "$(wc -l <bench.sum)" = 1 ]
	grep -qE '^[0-9a-f]{64} ' bench.sum
	qemu=$(running qemu "$project" "$name")
	served=$(running vfio-user "$project" "$name")
	echo "$name: bench $(cat bench.sum), qemu $qemu, vfio-user $served"
	[ "$qemu" = "$(cat bench.sum)" ]
	[ "$served" = "$(cat bench.sum)" ]
done
clean
