#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A small fleet (build/ward-fleet) with a real service: devices in bulk, updates that reach all of them.

setup() {
	load helpers
	make_service
	start_service --set limits.enrol=10000 --set limits.enrol-address=10000
	token=$(wardcloud token create --uses 40 --config "$conf" | sed -n 's/^token: //p')
	printf '%s\n' "$token" >"$dir/token"
	known=(--server "127.0.0.1:$port" --ca "$dir/pki/ca.pem" --state "$dir/fleet" --devices 40)
}

teardown() {
	[ -z "$fleet" ] || kill "$fleet" 2>/dev/null || true
	stop_service
	rm -rf "${dir%/cloud}"
}

digest() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }
publish() { wardcloud verdict set "$(digest "$1")" malicious --reason test --config "$conf"; }
# One command; its answer is in $answer.
tell() {
	printf '%s\n' "$*" >&7
	read -r -t 100 answer <&8
}

start_fleet() {
	mkfifo "$dir/in" "$dir/out"
	ward-fleet push "${known[@]}" "$@" <"$dir/in" >"$dir/out" 3>&- &
	fleet=$!
	exec 7>"$dir/in" 8<"$dir/out"
}

@test "devices enrol in bulk, once, and follow the updates, missed ones too" {
	run ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	[ "$output" = '{"enrolled": 40}' ]
	[ "$(stat -c %a "$dir/fleet/devices.pem")" = 600 ]
	run ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	[ "$output" = '{"enrolled": 0}' ]
	[ "$(wardcloud device list --config "$conf" --json | jq '.devices | length')" = 40 ]

	start_fleet --resume
	tell connect
	[[ $answer == '{"connected": 40,'* ]]
	publish one
	tell await "$(digest one)" 0
	[[ $answer == '{"have": 40,'* ]]
	tell drop
	for name in two three four; do publish $name; done
	tell connect
	[[ $answer == '{"connected": 40,'* ]]
	tell await "$(digest four)" 0
	[[ $answer == '{"have": 40,'* ]]
	printf 'quit\n' >&7
	wait "$fleet"
	fleet=
}

@test "the service comes back, and the fleet with it" {
	ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	start_fleet
	tell connect
	stop_service
	publish while-stopped
	start_service --set edge.listen="127.0.0.1:$port"
	tell await "$(digest while-stopped)" 0
	[[ $answer == '{"have": 40,'* ]]
}

@test "a token that is used up, and one that never was, are named" {
	run ward-fleet enroll "${known[@]}" --devices 41 --token-file "$dir/token"
	[ "$status" = 1 ]
	[[ $output == "ward-fleet: PERMISSION_DENIED" || $output == "ward-fleet: UNAUTHENTICATED" ]]
	echo nonsense >"$dir/token"
	run ward-fleet enroll "${known[@]}" --state "$dir/other" --token-file "$dir/token"
	[ "$status" = 1 ]
	[ ! -e "$dir/other/devices.pem" ]
}

# A figure of what the outbreak came to.
figure() { jq ".modes[\"$1\"].$2" "$dir/outbreak.json"; }

outbreak() {
	ward-fleet outbreak "${known[@]}" --json "$dir/outbreak.json" --introductions 4 --spread 3 "$@"
}

@test "an outbreak: held at first sight nobody is infected, and a pushed record beats definitions" {
	ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	run outbreak --minutes 5 --family-after 20 --hold-ms 60000
	[ "$status" = 0 ]
	[[ ${lines[1]} == "infected devices "* ]]
	for mode in hold hash-push family-push poll-1h poll-8h; do
		[ "$(figure $mode whole)" = true ]
		[ "$(figure $mode unanswered)" = 0 ]
	done
	[ "$(figure hold infected)" = 0 ]
	[ "$(figure hold denied)" -gt 0 ]
	[ "$(figure hold denied)" = "$(figure hold copies)" ]
	[ "$(figure hold 'asked')" -gt 0 ]
	[ "$(figure hold 'conviction.reached.count')" = "$(figure hold 'conviction.online')" ]
	# The service publishes hashes, and no other copy has the same one.
	[ "$(figure hash-push infected)" = "$(figure hash-push copies)" ]
	[ "$(figure family-push covered)" -gt 0 ]
	[ "$(figure family-push infected)" -lt "$(figure hash-push infected)" ]
	[ "$(figure poll-8h infected)" -gt "$(figure family-push infected)" ]
	[ "$(figure family-push 'family.reached.count')" = "$(figure family-push 'family.online')" ]
	[ "$(figure poll-8h 'family.reached.max')" -gt "$(figure family-push 'family.reached.max')" ]
}

@test "what is simulated of an outbreak follows from the seed" {
	ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	same=(--modes poll-8h --minutes 10 --family-after 86400)
	outbreak "${same[@]}" --seed 7
	first=$(figure poll-8h infections)
	outbreak "${same[@]}" --seed 7
	[ "$(figure poll-8h infections)" = "$first" ]
	outbreak "${same[@]}" --seed 8
	[ "$(figure poll-8h infections)" != "$first" ]
	run outbreak --modes nothing
	[ "$status" = 2 ]
	[[ $output == *"--modes: not such a value"* ]]
}

@test "devices check what is signed of updates, if the service signs" {
	ward-fleet enroll "${known[@]}" --token-file "$dir/token"
	if [ ! -e "$dir/fleet/root" ]; then
		run outbreak --believers 1
		[ "$status" = 1 ]
		[[ $output == *"the service gave no root for updates"* ]]
		return
	fi
	outbreak --believers 10 --modes hold --minutes 5 --hold-ms 60000
	[ "$(figure hold believers)" = 10 ]
	[ "$(figure hold believed)" -gt 0 ]
	[ "$(figure hold refused)" = 0 ]
}
