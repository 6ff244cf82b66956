#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One log for everybody: the real service publishes records, the real guard takes them, ward audit looks at
# the log as it was taken. Needs root.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build} TOP=$top

# guarded FUNCTION: runs it in a mount namespace of its own.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 150 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/cloud.bash'; $(declare -f "$1"); $1"
}

body_audit() {
	audit() {
		ward audit "$@" --socket "$work/control.sock"
	}
	publish() {
		wardcloud intel publish --block "$(printf '%064x' "$1")" --reason "reason $1" --config "$conf" \
			>>"$work/published" 2>&1 || fail "$(cat "$work/published")"
	}
	taken() {
		wait_for 100 eval "[ \"\$(ward updates status --json --socket '$work/control.sock' | jq .last_number)\" = $1 ]"
	}
	service
	enroll
	start
	connected
	for i in 1 2 3; do
		publish "$i"
	done
	taken 3
	audit verify 2 --json >"$work/two"
	jq -e '.record == "block-file" and .reason == "reason 2" and .log_size == 3 and .proof != ""' "$work/two" ||
		fail "$(cat "$work/two")"
	audit verify 9 2>"$work/said" && fail 'record 9 was proven'
	grep -q 'not among the records' "$work/said" || fail "$(cat "$work/said")"
	audit head --json >"$work/head"
	[ "$(jq .log_size "$work/head")" = 3 ]
	[ "$(jq -r .log_head "$work/head")" = "$(jq -r .log_head "$work/two")" ]
	# The head of then is about the log of now.
	publish 4
	taken 4
	audit witness "$work/head" | grep -q ': agrees (3 records' || fail 'it does not agree'
	# What nobody has signed accuses nobody.
	jq -c '.timestamp = (.timestamp[:-2] + (if .timestamp[-2:] == "00" then "01" else "00" end))' \
		"$work/head" >"$work/forged"
	code=0
	audit witness "$work/forged" >"$work/said" 2>&1 || code=$?
	[ "$code" = 2 ] || fail "$(cat "$work/said")"
	grep -q 'signatures: ' "$work/said" || fail "$(cat "$work/said")"
	echo '{"timestamp": 7}' >"$work/none"
	code=0
	audit witness "$work/none" 2>"$work/said" || code=$?
	[ "$code" = 2 ]
	# Another start goes on with the same log.
	stop
	start
	taken 4
	audit verify 1 --json | jq -e '.reason == "reason 1"'
	stop
}

@test "records are proven to be in the signed log; heads of other machines are compared with it" {
	guarded body_audit
}
