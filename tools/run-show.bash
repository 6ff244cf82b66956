# SPDX-License-Identifier: Apache-2.0
# How tools/run and tools/run-guard show what they do; for both, $work is the demo's folder.

title() { printf '\n== %s\n' "$1"; }

# Ends with a reason, and the last words of the program whose log $log is.
fail() {
	echo "make run: $1" >&2
	[ ! -s "${log:-}" ] || tail -n 5 "$log" >&2
	exit 1
}

# Shows a command, runs it in the demo's folder, wants this exit status.
show() {
	local wanted=$1 status=0
	shift
	printf '$ %s\n' "$*"
	(cd "$work" && "$@") >"$work/out" 2>&1 || status=$?
	cat "$work/out"
	[ $status = "$wanted" ] || fail "that ended with $status ($wanted expected)"
}

# The last output must have this text.
said() { grep -qF -- "$1" "$work/out" || fail "it does not say '$1'"; }

# until_true TENTHS COMMAND…: false when it did not come true in that time.
until_true() {
	local n=$1
	shift
	for _ in $(seq "$n"); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}
