#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The organisation's policy: checked, signed, given to who enrols.

load helpers.bash
bats_require_minimum_version 1.5.0

setup() {
	make_service
}

teardown() {
	stop_service
	rm -rf "${dir%/cloud}"
}

@test "init makes the key of policies, for its owner only" {
	[ "$(stat -c %a "$dir/pki/policy.key")" = 600 ]
	grep -qE '^[0-9a-f]{64}$' "$dir/pki/policy.key"
	! grep -q "$(cat "$dir/pki/policy.key")" "$dir.init"
}

@test "a document with mistakes is refused, with all of them" {
	printf '{"cloud": {"level": "hihg"},\n "scan": {"threads": 65}}' >"$dir/bad.json"
	run wardcloud policy set --file "$dir/bad.json" --config "$conf"
	[ "$status" = 2 ]
	[[ $output == *'policy:1:21: cloud.level: no such word "hihg"; did you mean "high"?'* ]]
	[[ $output == *'policy:2:22: scan.threads: expected a whole number from 0 to 64, found 65'* ]]
	run wardcloud policy show --config "$conf"
	[[ $output == *"version: 0"* ]]
	run wardcloud policy set --config "$conf"
	[ "$status" = 2 ]
	[[ $output == *"nothing to set"* ]]
}

@test "a large document passes, a larger one is refused by name" {
	/usr/bin/python3 -c 'import json, sys
for n in 640, 800:
    json.dump({"blocked": {"hashes": ["%064x" % i for i in range(n)]}}, open(f"{sys.argv[1]}/{n}.json", "w"))' "$dir"
	start_service
	run wardcloud policy set --file "$dir/640.json" --config "$conf"
	[ "$status" = 0 ]
	[ "$(wardcloud policy show --document yes --json --config "$conf" | jq -r .document)" = "$(cat "$dir/640.json")" ]
	run wardcloud policy set --file "$dir/800.json" --config "$conf"
	[ "$status" = 2 ]
	[[ $output == *"larger than 48 KiB"* ]]
}

@test "fields and document say the same, and versions rise" {
	echo '{"cloud": {"level": "high_plus", "hold": "30s"}, "local": {"exclusions": "admin_only"}}' >"$dir/p.json"
	run wardcloud policy set --file "$dir/p.json" --config "$conf"
	[ "$status" = 0 ]
	[[ $output == *"level: high_plus"*"hold_ms: 30000"*"version: 1"* ]]
	run wardcloud policy show --document yes --json --config "$conf"
	[ "$(jq -r .document <<<"$output")" = "$(cat "$dir/p.json")" ]
	run wardcloud policy set --level moderate --samples none --config "$conf"
	[ "$status" = 0 ]
	run wardcloud policy show --document yes --json --config "$conf"
	[ "$(jq -r .version <<<"$output")" = 2 ]
	jq -r .document <<<"$output" >"$dir/now.json"
	[ "$(jq -r .cloud.level,.cloud.samples,.cloud.hold,.local.exclusions "$dir/now.json" | tr '\n' ' ')" = \
		"moderate none 30s admin_only " ]
	ward config check --organisation "$dir/now.json"
	run wardcloud replay --config "$conf" --compare
	[[ $output == *" 0 differ"* ]]
}

@test "who enrols gets the key and the exact document, signed" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	echo '{"name": "lab",  "cloud": {"level": "high", "samples": "all"}}' >"$dir/p.json"
	start_service
	wardcloud policy set --level moderate --config "$conf" # asks the running service
	wardcloud policy set --file "$dir/p.json" --config "$conf"
	make_request
	run --separate-stderr node tests/cloud/policy.js "localhost:$port" "$dir/pki/ca.pem" \
		"$dir/device.csr" "$token" src/proto
	echo "$output $stderr"
	[ "$status" = 0 ]
	[ "$output" = "$(cat "$dir/p.json")" ]
	[ "$stderr" = "LEVEL_HIGH SAMPLES_ALL 10000 version 2" ]
}

