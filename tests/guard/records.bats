#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signed update records: from the real service, through the real network process, in force at the real guard, in
# a mount namespace and on a file system of their own. Needs root.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build} TOP=$top

# guarded FUNCTION: runs it in there, with what is below.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 150 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/cloud.bash'
		$(declare -f publish hash_of is_denied is_allowed current "$1"); $1"
}

# publish WHAT… : its number.
publish() {
	wardcloud intel publish "$@" --reason 'a test' --config "$conf" | sed -n 's/^number: //p'
}

hash_of() {
	sha256sum "$1" | cut -d' ' -f1
}

is_denied() {
	! cat "$1" >/dev/null 2>&1
}

is_allowed() {
	cat "$1" >/dev/null 2>&1
}

# The guard has all metadata and believes what comes.
current() {
	wait_for 200 eval '[ "$(word records)" = current ]'
}

body_block() {
	local hash number
	service
	enroll
	start
	connected
	current
	good "$fs/mine"
	good "$fs/other"
	hash=$(hash_of "$fs/mine")
	[ "$("$fs/mine")" = ran ]
	exec 7<"$fs/mine"
	number=$(publish --block "$hash")
	wait_for 100 is_denied "$fs/mine"
	[ "$("$fs/other")" = ran ]
	# It says which record that was.
	wait_for 50 has_event open.denied
	ward threat list --socket "$work/control.sock" --json >"$work/threats"
	id=$(jq -r 'select(.layer == "record") | .id' "$work/threats" | head -n 1)
	[ -n "$id" ] || fail "$(cat "$work/threats")"
	ward threat show "$id" --socket "$work/control.sock" --json >"$work/threat"
	[[ $(jq -r '.evidence.rule' "$work/threat") == "record $number by "*": a test" ]] || fail "$(cat "$work/threat")"
	ward updates records --socket "$work/control.sock" --json >"$work/records"
	[ "$(jq -r 'select(.number == '"$number"') | "\(.kind) \(.what) \(.scope) \(.expiry)"' "$work/records")" = \
		"block-file $hash all never" ] || fail "$(cat "$work/records")"
	# A restart keeps it, and the service is not needed for that.
	stop
	stop_service
	start
	denied "$fs/mine"
	[ "$(figure records.last_number)" -ge "$number" ]
	[ "$(figure records.blocks)" -ge 1 ]
	stop
	# What was published while this machine was away is fetched.
	restart_service
	wardcloud intel revoke "$number" --reason 'a mistake' --config "$conf" >"$work/revoked"
	start
	connected
	wait_for 300 is_allowed "$fs/mine"
	[ "$("$fs/mine")" = ran ]
	[ "$(figure records.refusals)" = 0 ]
	stop
}

@test "a published block denies what was let go, says why, outlives restarts, and is lifted" {
	guarded body_block
}

# A rule for what nobody knows a digest of: looked for without another pack, until it is taken back.
body_rule() {
	local number
	service
	enroll
	start
	connected
	current
	printf 'rule Family { strings: $a = "a family of its own" condition: $a }\n' >"$work/family.yar"
	printf '#!/bin/sh\n# a family of its own, copy %s\necho ran\n' $RANDOM >"$fs/before"
	chmod 755 "$fs/before"
	sleep 0.05
	[ "$("$fs/before")" = ran ]
	number=$(publish --rule "$work/family.yar" --threat Test.Family --set analysis.scanner="$BUILD/ward-scan")
	wait_for 100 is_denied "$fs/before"
	printf '#!/bin/sh\n# a family of its own, copy %s\necho ran\n' $RANDOM >"$fs/after"
	sleep 0.05
	wait_for 50 is_denied "$fs/after"
	[ "$(figure records.rules)" = 1 ]
	[ "$(figure records.refusals)" = 0 ]
	# A restart keeps it.
	stop
	start
	wait_for 100 is_denied "$fs/before"
	connected
	wardcloud intel revoke "$number" --reason 'a mistake' --config "$conf" >"$work/revoked"
	wait_for 200 is_allowed "$fs/before"
	wait_for 50 is_allowed "$fs/after"
	[ "$(figure records.rules)" = 0 ]
	stop
}

# One that convicts every program: held up by the service; forced through all the same, and taken back.
body_faulty() {
	service
	enroll
	start
	connected
	current
	printf 'rule Faulty { strings: $a = "ELF" condition: $a at 1 }\n' >"$work/faulty.yar"
	cp /bin/true "$fs/tool"
	sleep 0.05
	"$fs/tool"
	publish --rule "$work/faulty.yar" --set analysis.scanner="$BUILD/ward-scan" >"$work/said" 2>&1
	grep -q 'it matches a program of this machine' "$work/said" || fail "$(cat "$work/said")"
	"$fs/tool"
	publish --rule "$work/faulty.yar" --force 'a drill' --set analysis.scanner="$BUILD/ward-scan"
	wait_for 100 is_denied "$fs/tool"
	wardcloud intel disable rule Faulty --reason 'it convicts everything' --config "$conf" >"$work/disabled"
	wait_for 100 is_allowed "$fs/tool"
	"$fs/tool"
	stop
}

@test "a faulty rule is held up; forced through, it is disabled at once" {
	guarded body_faulty
}

@test "a published rule is looked for at once, and no more when it is taken back" {
	guarded body_rule
}

body_disable() {
	local number
	service
	enroll
	start
	connected
	current
	good "$fs/mine"
	number=$(publish --block "$(hash_of "$fs/mine")")
	wait_for 100 is_denied "$fs/mine"
	wardcloud intel disable record "$number" --reason 'a mistake' --config "$conf" >"$work/number"
	wait_for 100 is_allowed "$fs/mine"
	[ "$(figure records.ended)" = 1 ]
	# Its finding is the scanner's own: without the rule nothing is left of it.
	eicar >"$fs/eicar"
	sleep 0.05
	wait_for 50 is_denied "$fs/eicar"
	ward threat list --socket "$work/control.sock" --json >"$work/threats"
	name=$(jq -r 'select(.path | endswith("eicar")) | .name' "$work/threats" | head -n 1)
	[ -n "$name" ] || fail "$(cat "$work/threats")"
	wardcloud intel disable signature "$name" --reason 'a mistake' --config "$conf" >"$work/number"
	wait_for 100 eval '[ "$(figure records.disables)" -ge 2 ]'
	stop
}

@test "what a record disables does not count any more" {
	guarded body_disable
}
