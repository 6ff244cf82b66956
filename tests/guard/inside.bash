# SPDX-License-Identifier: Apache-2.0
# Runs in a private mount namespace, as root: a file system of its own in $fs that wardd watches, and
# no other; helpers for the tests, which are functions of guard.bats.
set -eu

eicar() {
	printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# The guard's last words, and nothing left behind.
finish() {
	local code=$?
	[ $code = 0 ] || tail -n 20 "$log" >&2
	for p in ${stopped:-} ${guard:-}; do
		kill -CONT "$p" 2>/dev/null || true
	done
	[ -z "${guard:-}" ] || kill -KILL "$guard" 2>/dev/null || true
	umount --recursive --lazy "$work" && rmdir "$work" || true
	exit $code
}

# start [POLICY-JSON]: wardd, and waits until it watches. Files stay where they are, unless the policy
# says otherwise. $pack: intelligence other than ours; $scan_root: where scans of the machine look;
# $no_ebpf: not empty, without the eBPF program.
start() {
	jq -n --argjson own "${1:-null}" \
		'{actions: {malicious: "block"}} * ($own // {})' >"$work/policy.json"
	: >"$log"
	"$BUILD/wardd" --only "$fs" --policy "$work/policy.json" --socket "$work/control.sock" \
		--state "$work/state" --enrolment "$work/state/uplink" ${pack:+--pack "$pack"} \
		${scan_root:+--scan-root "$scan_root"} ${no_ebpf:+--no-ebpf} 2>>"$log" &
	guard=$!
	wait_for 100 grep -q guard.started "$log"
}

# stop: by SIGTERM; its exit status.
stop() {
	local p=$guard
	kill -TERM "$p"
	guard=
	wait "$p"
}

# wait_for TENTHS COMMAND…
wait_for() {
	local n=$1
	shift
	for _ in $(seq "$n"); do
		"$@" && return 0
		sleep 0.1
	done
	fail "waited in vain for: $*"
}

# Lines of the log with this event.action, as JSON.
events() {
	jq -c "select(.\"event.action\" == \"$1\")" "$log"
}

has_event() {
	[ -n "$(events "$1" | head -n 1)" ]
}

denied() {
	local said
	said=$(cat "$1" 2>&1 >/dev/null) && fail "$1 opened"
	[[ $said == *'Operation not permitted'* ]] || fail "$1: $said"
}

allowed() {
	cat "$1" >/dev/null || fail "$1 did not open"
}

# Whether the kernel knows that the guard needs not be asked about this file.
settled() {
	local inode
	inode=$(printf 'ino:%x ' "$(stat -c %i "$1")")
	cat /proc/"$guard"/fdinfo/* 2>/dev/null | grep -q "^fanotify $inode.*ignored_mask:[0-9a-f]*[1-9a-f]"
}

# A file that is older than the guard's doubts about fresh changes, opened once.
known() {
	sleep 0.05
	allowed "$1"
	wait_for 20 settled "$1"
}

zygote() {
	pgrep -P "$guard" -x ward-scan
}

workers() {
	pgrep -P "$(zygote)" -x ward-scan
}

# Stops every scanner process until the end of the test.
stop_scanners() {
	stopped="$(zygote) $(workers)"
	# shellcheck disable=SC2086 # a list
	kill -STOP $stopped
}

work=$(mktemp -d)
fs=$work/fs log=$work/log
mount -t tmpfs -o mode=755 ward-test "$work"
mkdir "$fs"
mount -t tmpfs ward-test "$fs"
trap finish EXIT
