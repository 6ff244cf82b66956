#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ward-uplink with the real service on loopback, and a driver that speaks with it as the guard does.

setup() {
	load ../cloud/helpers
	make_service
	chmod 711 "${dir%/cloud}" # the uplink's user walks through
	state=${dir%/cloud}/state
	driver=$build/tests/guard/uplink-driver
}

teardown() {
	stop_service
	[ -z "$other" ] || kill "$other" 2>/dev/null || true
	rm -rf "${dir%/cloud}"
}

enroll() { # [STATE]
	ward enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "${1:-$state}" >"$dir/enroll.log" 2>&1 || { cat "$dir/enroll.log"; return 1; }
}

new_token() {
	token=$(wardcloud token create --config "$conf" | grep -o 'ward-[A-Za-z0-9_-]*\|^token: .*' | head -n 1 | sed 's/^token: //')
}

# drive [STATE]: commands on standard input; what came back is in $output.
drive() {
	run timeout 100 "$driver" "$build/ward-uplink" "${1:-$state}"
	echo "$output"
}

test_file() {
	printf 'WARD-CLOUD-PROTECTION-TEST-FILE-%s %s' 3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 "$RANDOM$RANDOM" >"$1"
}

@test "a file nobody has seen is sent and convicted, the next endpoint knows it by reputation" {
	start_service
	enroll
	new_token
	enroll "$state-2"
	test_file "$dir/bad"
	printf '#!/bin/sh\necho %s\n' "$RANDOM$RANDOM" >"$dir/good"
	drive <<-EOF
		until connected=1
		ask $dir/bad 10000
		until answer
		ask $dir/good 10000
		until answer
	EOF
	[ "$status" = 0 ]
	[[ $output == *"answer 1 verdict=malicious threat=Test.Ward.CloudOnly"*"sample=sent"* ]]
	[[ $output == *"answer 2 verdict=unknown"*"sample=sent"* || $output == *"answer 2 verdict=clean"*"sample=sent"* ]]
	# the change comes down the stream too
	[[ $output == *"change $(sha256sum "$dir/bad" | cut -d' ' -f1) verdict=5"* ]]
	drive "$state-2" <<-EOF
		until connected=1
		ask $dir/bad 10000 nofd
		until answer
	EOF
	[ "$status" = 0 ]
	[[ $output == *"answer 1 verdict=malicious threat=Test.Ward.CloudOnly tier=1 sample=not-asked-for"* ]]
}

@test "many who ask about one file are one question, and many files are one look-up" {
	start_service
	enroll
	test_file "$dir/bad"
	for i in $(seq 20); do
		echo "$i $RANDOM" >"$dir/file$i"
	done
	{
		echo "until connected=1"
		for i in $(seq 10); do echo "ask $dir/bad 10000"; done
		for i in $(seq 20); do echo "ask $dir/file$i 10000"; done
		echo "until answer.30"
	} >"$dir/commands"
	sed -i 's/until answer.30/pause 6000/' "$dir/commands"
	drive <"$dir/commands"
	[ "$(grep -c '^answer [0-9]* verdict=malicious' <<<"$output")" = 10 ]
	[ "$(grep -c '^answer [0-9]* verdict=' <<<"$output")" = 30 ]
	# one for the ten, one for each other; those that were analysed are asked about again
	[[ $output == *"samples="* ]]
	[ "$(sed -n 's/.* samples=\([0-9]*\) .*/\1/p' <<<"$output" | tail -n 1)" -le 21 ]
}

@test "without consent nothing is sent, by prefix nothing is told" {
	start_service
	enroll
	test_file "$dir/bad"
	drive <<-EOF
		set samples 3
		until connected=1
		ask $dir/bad 10000
		until answer
		set samples 2
		set private 1
		ask $dir/bad 10000
		until answer
	EOF
	[ "$status" = 0 ]
	[[ $output == *"answer 1 verdict=unknown"*"sample=refused"* ]]
	[[ $output == *"answer 2 verdict=unknown"* ]]
	[[ $output != *"sample=sent"* ]]
}

@test "not enrolled, or switched off, it says so at once; enrolled later it begins" {
	start_service
	mkdir -m 700 "$state"
	test_file "$dir/bad"
	(
		echo "until enrolled=0"
		echo "ask $dir/bad 10000"
		echo "until answer"
		sleep 0.5
		enroll
		echo "until connected=1"
		echo "ask $dir/bad 10000"
		echo "until answer"
		echo "set enabled 0"
		echo "ask $dir/bad 10000"
		echo "until answer"
	) | drive >"$dir/out" || true
	cat "$dir/out"
	grep -q "^answer 1 outcome=off .* ms=[0-9]\{1,2\}$" "$dir/out"
	grep -q "^answer 2 verdict=malicious" "$dir/out"
	grep -q "^answer 3 outcome=off" "$dir/out"
}

@test "it runs as nobody who matters, and its files are his" {
	[ "$(id -u)" = 0 ] || skip 'giving up root needs root'
	start_service
	enroll
	drive <<-EOF
		until connected=1
		where
	EOF
	user=$(sed -n 's/^started user=\([0-9]*\) .*/\1/p' <<<"$output")
	[ "$user" != 0 ]
	[ "$(stat -c %u "$state")" = "$user" ]
	[ "$(stat -c %u "$state/device.pem")" = "$user" ]
	[ "$(stat -c %a "$state/device.pem")" = 600 ]
	# root's commands go on with it, and leave it his
	run ward cloud status --state "$state"
	echo "$output"
	[ "$status" = 0 ]
	# but for the keys that sign policies, which he may not choose
	[ -z "$(find "$state" -type f ! -uid "$user" ! -name policy.keys ! -name updates.root)" ]
}

@test "a bad message ends the channel in order" {
	mkdir -m 700 "$state"
	drive <<-EOF
		raw ffffff
		raw 00
		raw 0a00
		raw 3200
	EOF
	[ "$(grep -c '^raw ended=1' <<<"$output")" = 4 ]
	[ "$(grep -c '^raw code=1 signal=0 said=0' <<<"$output")" = 4 ]
}

@test "the service gone: the breaker answers at once, events wait, and each arrives once" {
	start_service --set edge.listen=127.0.0.1:0
	enroll
	first=$port
	for i in $(seq 8); do
		echo "$i $RANDOM" >"$dir/file$i"
	done
	mkfifo "$dir/in"
	"$driver" "$build/ward-uplink" "$state" <"$dir/in" >"$dir/out" 3>&- &
	other=$!
	exec 9>"$dir/in"
	wait_for() {
		for _ in $(seq 200); do
			grep -q "$1" "$dir/out" && return
			sleep 0.1
		done
		return 1
	}
	echo "until connected=1" >&9
	wait_for connected=1
	stop_service
	for i in 1 2 3 4; do
		printf 'ask %s 4000\nuntil answer\n' "$dir/file$i"
	done >&9
	printf 'report 100\nreport 100\nreport 100\nuntil outbox=300\npause 60000\n' >&9
	wait_for outbox=300
	cat "$dir/out"
	grep -q "^answer 4 outcome=unavailable .* ms=[0-9]\{1,2\}$" "$dir/out"
	grep -q "down=1 breaker=1" "$dir/out"
	[ "$(grep -c '^kept [0-9]* 1' "$dir/out")" = 3 ]
	# killed with all that waits, it goes on where it was, and again while it sends
	kill "$other"
	wait "$other" || true
	other=
	exec 9>&-
	start_service --set edge.listen="127.0.0.1:$first"
	drive <<-EOF
		until connected=1
		pause 900
		kill
		until lost
		until outbox=0
		pause 2500
	EOF
	drive <<-EOF
		until connected=1
		report 10
		until kept
		pause 3000
		until outbox=0
	EOF
	[ "$status" = 0 ]
	run wardcloud stats --config "$conf" --json
	echo "$output"
	[ "$(jq .all.sightings <<<"$output")" = 310 ]
	[ "$(jq .all.new_files <<<"$output")" = 310 ]
}

@test "a service that accepts and never answers costs the deadline, then nothing" {
	start_service
	enroll
	test_file "$dir/bad"
	printf 'until connected=1\npause 300\n' | drive
	kill -STOP "$pid"
	{
		echo "until enrolled=1"
		for i in $(seq 10); do printf 'ask %s 1000\nuntil answer\npause 100\n' "$dir/bad"; done
		printf 'until breaker=1\nask %s 1000\npause 300\n' "$dir/bad"
	} >"$dir/commands"
	drive <"$dir/commands"
	kill -CONT "$pid"
	[ "$status" = 0 ]
	[[ $output == *"answer 1 outcome=timeout"* || $output == *"answer 1 outcome=unavailable"* ]]
	[ "$(sed -n 's/^answer 1 .* ms=//p' <<<"$output")" -lt 2500 ]
	grep -q "^answer 11 outcome=unavailable .* ms=[0-9]\{1,2\}$" <<<"$output"
}

@test "a verdict after the deadline is told as late" {
	start_service
	enroll
	test_file "$dir/bad"
	drive <<-EOF
		until connected=1
		ask $dir/bad 1
		until late 30000
	EOF
	[ "$status" = 0 ]
	[[ $output == *"answer 1 outcome=timeout"*"answer 1 late verdict=malicious threat=Test.Ward.CloudOnly"* ]]
}

@test "killed with a question open, it says nothing, and its next life answers again" {
	start_service
	enroll
	test_file "$dir/bad"
	drive <<-EOF
		until connected=1
		ask $dir/bad 10000
		kill
		until lost
		until connected=1
		ask $dir/bad 10000
		until answer
	EOF
	[ "$status" = 0 ]
	[[ $output != *"answer 1"* ]]
	[[ $output == *"answer 2 verdict=malicious"* ]]
}

@test "another CA is believed nothing, a revoked device learns nothing" {
	start_service --set edge.listen=127.0.0.1:0
	enroll
	first=$port
	test_file "$dir/bad"
	device=$(sed -n 's/^enrolled: //p' "$dir/enroll.log")
	wardcloud device revoke "$device" --reason test --config "$conf"
	drive <<-EOF
		until enrolled=1
		ask $dir/bad 3000
		until answer
	EOF
	[[ $output == *"outcome=unavailable"* ]]
	[[ $output != *"verdict="* ]]
	stop_service
	rm -rf "$dir" "$dir.init"
	dir_before=${dir%/cloud}
	make_service
	start_service --set edge.listen="127.0.0.1:$first"
	test_file "$dir/bad"
	drive <<-EOF
		until enrolled=1
		ask $dir/bad 3000
		until answer
	EOF
	rm -rf "$dir_before"
	[ "$status" = 0 ]
	[[ $output == *"outcome=unavailable"* ]]
	[[ $output == *"problem="*"certificate"* ]]
	[[ $output != *"verdict="* ]]
}
