# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scripts that run tests, which source it: counts them, and says once more at the very end
# what failed, so that the end of a long log is enough to go on. Each call is given what was run,
# its status, and its output:
#   keep LOG ERRORS COMMAND...     runs it; its outputs are shown, and kept; its status
#   count_tests NAME STATUS LOG [ERRORS]
#                                  of `ersatz test`: KTAP, and what else it said
#   count_units NAME STATUS LOG    of `meson test`
#   count_cases NAME STATUS LOG    of a script that ends with "N passed, N failed"
#   end_of_counts                  what failed, then a line of counts; its status: all passed
# Makes $work, a folder that goes at the end. ERSATZ_FAILURES: a file of the caller's to which what
# failed is added, for the caller to print.
work=$(mktemp -d) || exit 125
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failures=${ERSATZ_FAILURES:-$work/failures}
passed=0
failed=0

# counted OK BAD NAME STATUS: whether all passed; a run that could not be done did not.
counted() {
	bad=$2
	[ "$4" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + $1))
	failed=$((failed + bad))
	[ "$bad" -eq 0 ] || echo "== failed: $3 (status $4)" >>"$failures"
	[ "$bad" -eq 0 ]
}

keep() {
	local log=$1 errors=$2 out err outs errs status
	shift 2
	exec {out}> >(tee "$log")
	outs=$!
	exec {err}> >(tee "$errors" >&2)
	errs=$!
	"$@" >&"$out" 2>&"$err" </dev/null
	status=$?
	exec {out}>&- {err}>&-
	wait "$outs" "$errs"
	return $status
}

# quote: the last of standard input, as part of what failed.
quote() {
	tail -n 80 | sed 's/^/    /' >>"$failures"
}

count_tests() {
	counted "$(grep -c '^ok ' "$3")" "$(grep -c '^not ok ' "$3")" "$1" "$2" && return
	# Of a test that failed, what did not pass; without one, the end of the log.
	awk '/^ok / { n = 0; next }
		!/^ *ok / { line[n++] = $0 }
		/^not ok / { for (i = 0; i < n; i++) print line[i]; n = 0; any = 1 }
		END { for (i = 0; !any && i < n; i++) print line[i] }' "$3" | quote
	[ -z "${4:-}" ] || quote <"$4"
}

count_units() {
	counted "$(awk '/^Ok:/ { n += $2 } END { print n + 0 }' "$3")" \
		"$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$3")" \
		"$1" "$2" && return
	grep -vE '^ *[0-9]+/[0-9]+ .* (OK|SKIP) |^$' "$3" | quote
}

count_cases() {
	counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$3" | tail -n 1)
	counts=${counts:-0 0}
	counted "${counts% *}" "${counts#* }" "$1" "$2" && return
	awk '/^ok / { on = 0 } /^not ok / { on = 1 } on' "$3" | quote
}

end_of_counts() {
	[ -n "${ERSATZ_FAILURES:-}" ] || ! [ -e "$failures" ] || cat "$failures"
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
}
