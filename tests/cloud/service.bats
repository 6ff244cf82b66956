#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The service as an administrator runs it, called by a gRPC client that nobody here wrote.

setup() {
	load helpers
	make_service
}

teardown() {
	stop_service
	rm -rf "${dir%/cloud}"
}

test_file() {
	printf 'WARD-CLOUD-PROTECTION-TEST-FILE-%s %s' 3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 "$RANDOM$RANDOM"
}

@test "every method answers as it should, and a replay of the log gives the same views" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service
	make_request
	test_file >"$dir/sample"
	run node tests/cloud/methods.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" \
		"$dir/device.csr" "$token" "$dir/sample" src/proto
	echo "$output"
	[ "$status" = 0 ]
	read -r _ inside _ whole <<<"$(grep '^inside ' <<<"$output")"
	stop_service
	run wardcloud replay --config "$conf" --compare
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *" 0 differ"* ]]
	run wardcloud replay --config "$conf"
	[ "$status" = 0 ]
	sha=$(sha256sum "$dir/sample" | cut -d' ' -f1)
	run wardcloud verdict show "$sha" --config "$conf"
	echo "$output"
	[[ $output == *"verdict: malicious"*"threat: Test.Ward.CloudOnly"* ]]
	run wardcloud verdict show "$inside" --config "$conf"
	echo "$output"
	[[ $output == *"verdict: malicious"*"parent: $whole"* ]]
}

@test "killed at random moments under report load: each acknowledged event counts once" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	make_request
	start_service --set edge.listen=127.0.0.1:0
	first=$port
	run node tests/cloud/reports.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" \
		"$dir/device.csr" "$token" src/proto "$dir" 0
	echo "$output"
	[ "$status" = 0 ]
	reports() {
		node tests/cloud/reports.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" \
			"$dir/device.csr" "" src/proto "$dir" "$1"
	}
	reports 1 >"$dir/reports.log" 2>&1 3>&- &
	load=$!
	for round in $(seq "${KILLS:-20}"); do
		# while reports flow
		before=$(stat -c %s "$dir/acknowledged" 2>/dev/null || echo 0)
		for _ in $(seq 400); do
			[ "$(stat -c %s "$dir/acknowledged" 2>/dev/null || echo 0)" -gt "$before" ] && break
			sleep 0.02
		done
		sleep "0.$(printf '%03d' $((RANDOM % 300)))"
		kill -9 "$pid"
		wait "$pid" || true
		if [ $((round % 5)) = 0 ]; then # and while it starts
			launch_service --set edge.listen="127.0.0.1:$first"
			sleep "0.$(printf '%03d' $((RANDOM % 300)))"
			kill -9 "$pid"
			wait "$pid" || true
		fi
		start_service --set edge.listen="127.0.0.1:$first"
	done
	touch "$dir/stop"
	wait "$load"
	run reports 2
	echo "$output"
	[ "$status" = 0 ]
	stop_service
	# every event sent was acknowledged in the end, and counts exactly once
	events=$(sort -u "$dir/sent" | wc -l)
	[ "$events" -gt 100 ]
	[ "$(sort -u "$dir/acknowledged" | wc -l)" = "$events" ]
	run wardcloud stats --config "$conf" --json
	echo "$events events; $output"
	[ "$(jq .all.sightings <<<"$output")" = "$events" ]
	[ "$(jq .all.new_files <<<"$output")" = "$events" ]
	run wardcloud replay --config "$conf" --compare
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *" 0 differ"* ]]
	echo "# $events events over ${KILLS:-20} kills: $(tail -n 1 <<<"$output")" >&3
}

# Every process below this one.
below() {
	local child
	for child in $(pgrep -P "$1"); do
		echo "$child"
		below "$child"
	done
}

@test "a sample whose analysis died with the service is judged when it is asked for again" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	make_request
	start_service --set edge.listen=127.0.0.1:0
	first=$port
	test_file >"$dir/sample"
	sha=$(sha256sum "$dir/sample" | cut -d' ' -f1)
	device lookup "$sha:$(printf %032d 0)" >"$dir/enrolled" # so that only the sample is new
	mapfile -t scanners < <(below "$pid")
	kill -STOP "${scanners[@]}"
	device submit "$dir/sample" >"$dir/submitted" 2>&1 3>&- &
	client=$!
	for _ in $(seq 300); do
		[ "$(wardcloud stats --config "$conf" --json | jq .all.samples)" = 1 ] && break
		sleep 0.1
	done
	[ "$(wardcloud stats --config "$conf" --json | jq .all.samples)" = 1 ]
	kill -9 "$pid" "${scanners[@]}"
	wait "$pid" || true
	wait "$client" || true
	start_service --set edge.listen="127.0.0.1:$first"
	for _ in $(seq 300); do
		verdict=$(device lookup "$sha:$(printf %032d 0)")
		[ "$verdict" = VERDICT_MALICIOUS ] && break
		sleep 0.1
	done
	[ "$verdict" = VERDICT_MALICIOUS ]
	[ "$(wardcloud stats --config "$conf" --json | jq .all.samples)" = 1 ] # it was not sent again
}

@test "tokens, devices, verdicts and policy, with the service running and stopped" {
	run wardcloud token create --name lab --uses 3 --expires 1h --config "$conf"
	[ "$status" = 0 ]
	id=$(sed -n 's/^id: //p' <<<"$output")
	start_service
	run wardcloud token list --config "$conf" --json
	[ "$(jq '.tokens | length' <<<"$output")" = 2 ]
	run wardcloud token revoke "$id" --config "$conf"
	[ "$status" = 0 ]
	run wardcloud token list --config "$conf" --json
	[ "$(jq -r '.tokens[] | select(.name == "lab") | .revoked' <<<"$output")" = true ]
	sha=$(printf a | sha256sum | cut -d' ' -f1)
	run wardcloud verdict set "$sha" malicious --reason "seen in the lab" --threat Lab.A --config "$conf"
	[ "$status" = 0 ]
	run wardcloud verdict set "$sha" malicious --config "$conf"
	[ "$status" = 2 ]
	[[ $output == *"reason: is needed"* ]]
	wardcloud verdict note "$sha" "asked the vendor" --config "$conf"
	wardcloud verdict note "$sha" "it is theirs, and infected" --config "$conf"
	run wardcloud verdict note "$sha" "" --config "$conf"
	[ "$status" = 2 ]
	run wardcloud verdict show "$sha" --json --config "$conf"
	[ "$(jq -r '[.notes[].text] | join("; ")' <<<"$output")" = "asked the vendor; it is theirs, and infected" ]
	[ "$(jq -r '.notes[0].by' <<<"$output")" != "" ]
	run wardcloud policy set --level high --hold 20s --config "$conf"
	[ "$status" = 0 ]
	stop_service
	run wardcloud verdict show "$sha" --config "$conf"
	[[ $output == *"verdict: malicious"*"threat: Lab.A"* ]]
	[[ $output == *"reason=seen in the lab"* ]]
	run wardcloud policy show --config "$conf"
	[[ $output == *"level: high"*"hold_ms: 20000"* ]]
	run wardcloud device list --config "$conf"
	[[ $output == *"devices: 0"* ]]
}

@test "a list of hashes is taken over, and its broken lines are named" {
	printf '%064d Threat.One\nbroken\n%064d\n' 1 2 >"$dir/list"
	run wardcloud import --list test --config "$conf" "$dir/list"
	[ "$status" = 1 ]
	[[ $output == *"not a hash; the first one: "*"line 2"*"2 hashes taken"* ]]
	run wardcloud verdict show "$(printf '%064d' 1)" --config "$conf"
	echo "$output"
	[[ $output == *"verdict: malicious"*"threat: Threat.One"*"list: test"* ]]
}

@test "a wrong configuration is refused with its lines" {
	printf '[edge]\nthreads = many\nnothing = 1\n' >"$dir/bad.conf"
	run wardcloud serve --config "$dir/bad.conf" --check-config
	[ "$status" = 2 ]
	[[ $output == *"bad.conf:2: threads: not a number"*"bad.conf:3: nothing: no such key"* ]]
	run wardcloud serve --config "$conf" --check-config
	[ "$status" = 0 ]
}

@test "a snapshot lets go of the log, and brings lost views back" {
	sha=$(printf a | sha256sum | cut -d' ' -f1)
	wardcloud verdict set "$sha" malicious --reason test --config "$conf"
	run wardcloud snapshot --config "$conf"
	[ "$status" = 0 ]
	wardcloud verdict set "$(printf b | sha256sum | cut -d' ' -f1)" clean --reason test --config "$conf"
	rm -rf "$dir/views"
	run wardcloud verdict show "$sha" --config "$conf"
	echo "$output"
	[[ $output == *"verdict: malicious"* ]]
	run wardcloud stats --config "$conf" --json
	[ "$(jq .all.verdicts <<<"$output")" = 2 ]
}

@test "strangers are refused or bounded, and others go on" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service --set edge.handshake=1s --set edge.stall=1s
	make_request
	token=$(wardcloud token create --uses 3 --config "$conf" | sed -n 's/^token: //p')
	run timeout 300 node tests/cloud/hostile.js "localhost:$port" "$dir/pki/ca.pem" \
		"$dir/device.key" "$dir/device.csr" "$token" src/proto "$conf"
	echo "$output"
	[ "$status" = 0 ]
	kill -0 "$pid"
}
