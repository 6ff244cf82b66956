# SPDX-License-Identifier: Apache-2.0
# Beside inside.bash: a service of its own, and what the guard says of the cloud.

export BUILD
# shellcheck source=tests/cloud/helpers.bash
. "$TOP/tests/cloud/helpers.bash"
state=$work/state pid=''

# Ends the service with the test.
finish_cloud() {
	local code=$?
	set +e
	[ -z "$pid" ] || kill -CONT "$pid" 2>/dev/null || true
	stop_service
	(exit $code)
	finish
}
trap finish_cloud EXIT

service() {
	export TMPDIR=$work
	make_service
	chmod 711 "${dir%/cloud}" "$work"
	start_service --set edge.listen=127.0.0.1:0
	first=$port
}

restart_service() {
	start_service --set edge.listen="127.0.0.1:$first"
}

new_token() {
	token=$(wardcloud token create --config "$conf" | sed -n 's/^token: //p')
}

enroll() {
	mkdir -p "$state"
	chmod 711 "$state"
	ward enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "$state/uplink" >"$work/enroll.log" 2>&1 || fail "$(cat "$work/enroll.log")"
}

# As inside.bash's, with the state of this endpoint.
start() {
	printf '%s' "${1:-{\}}" | jq '{actions: {malicious: "block"}} * .' >"$work/policy.json"
	: >"$log"
	"$BUILD/wardd" --only "$fs" --policy "$work/policy.json" --socket "$work/control.sock" \
		--state "$state" --enrolment "$state/uplink" ${scan_root:+--scan-root "$scan_root"} 2>>"$log" &
	guard=$!
	wait_for 100 grep -q guard.started "$log"
}

status() {
	ward status --socket "$work/control.sock" --json || true
}

figure() {
	status | jq ".\"$1\""
}

word() {
	status | jq -r ".\"$1\""
}

# wait_figure NAME LEAST: what the network process counts is told every few seconds.
wait_figure() {
	wait_for 100 eval "[ \"\$(figure $1)\" -ge $2 ]"
}

connected() {
	wait_for 100 eval '[ "$(word cloud)" = connected ]'
}

uplink() {
	pgrep -P "$guard" -x ward-uplink
}

# A script that only the cloud's rule knows, never the same twice; bad_again: the last one once more.
bad() {
	last="#!/bin/sh
# WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 $RANDOM$RANDOM$RANDOM"
	bad_again "$1"
}

bad_again() {
	printf '%s\n' "$last" >"$1"
	sleep 0.05 # a file that changes just now is no cache's
}

good() {
	printf '#!/bin/sh\n# %s\necho ran\n' "$RANDOM$RANDOM$RANDOM" >"$1"
	chmod +x "$1"
	sleep 0.05
}

# sight OPTION…: the test of block at first sight; what it says is in $said.
sight() {
	said=$(ward cloud test --block-at-first-sight --directory "$fs" --socket "$work/control.sock" "$@" 2>&1)
}
