#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Samples in a real S3 server (tests/s3), and what quota and retention do to them in both stores.

setup() {
	load helpers
	make_service
	printf '[default]\naws_access_key_id = S3RVER\naws_secret_access_key = ward+test/secret\n' >"$dir/keys"
	chmod 600 "$dir/keys"
}

teardown() {
	stop_service
	[ -z "$s3_pid" ] || kill "$s3_pid" 2>/dev/null || true
	rm -rf "${dir%/cloud}"
}

# Fetched once into the build folder.
have_s3() {
	mkdir -p "$build/s3"
	cmp -s tests/s3/package-lock.json "$build/s3/package-lock.json" && [ -d "$build/s3/node_modules/s3rver" ] &&
		return 0
	cp tests/s3/package.json tests/s3/package-lock.json "$build/s3/"
	(cd "$build/s3" && npm ci --silent --no-audit --no-fund >npm.log 2>&1)
}

# $s3 is its endpoint. s3rver makes tokens with a cipher that OpenSSL 3 keeps apart.
start_s3() {
	have_s3 || skip "npm cannot fetch s3rver, or its registry cannot be reached ($build/s3/npm.log)"
	mkdir -p "$dir/s3"
	NODE_PATH=$build/s3/node_modules node --openssl-legacy-provider tests/s3/server.js "$dir/s3" "$@" \
		>"$dir/s3.log" 2>&1 3>&- &
	s3_pid=$!
	for _ in $(seq 300); do
		s3=$(sed -n 's/^port /127.0.0.1:/p' "$dir/s3.log")
		[ -n "$s3" ] && break
		kill -0 "$s3_pid" || return 1
		sleep 0.1
	done
	[ -z "$1" ] && s3=http://$s3 || s3=https://$s3
}

conform() { WARD_TEST_S3=$s3 WARD_TEST_S3_CA=$1 WARD_TEST_S3_KEYS=$dir/keys "$build/src/test-cloud-objects-s3"; }

# An object's file below s3rver's directory.
stored() { find "$dir/s3" -name "$1.zst*_object" -type f; }

use_s3() {
	settings=(--set objects.backend=s3 --set "objects.s3-endpoint=$s3" --set objects.s3-bucket=ward-test
		--set objects.s3-region=eu-test-1 --set objects.s3-path-style=yes --set "objects.s3-credentials=$dir/keys")
}

sample() {
	printf 'WARD-CLOUD-PROTECTION-TEST-FILE-%s %s' 3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 "$1" >"$dir/sample$1"
	sha256sum "$dir/sample$1" | cut -d' ' -f1
}

@test "the store on S3 keeps what objects.h promises: bucket in the path, in the host's name, with TLS" {
	start_s3
	run conform ""
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *SKIPPED* ]]
	s3=${s3/127.0.0.1/localhost}
	WARD_TEST_S3_VHOST=1 run conform ""
	echo "$output"
	[ "$status" = 0 ]
	kill "$s3_pid"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/s3.key" -out "$dir/s3.pem" \
		-days 1 -subj /CN=s3 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_s3 "$dir/s3.key" "$dir/s3.pem"
	run conform "$dir/s3.pem"
	echo "$output"
	[ "$status" = 0 ]
	run conform "$dir/pki/ca.pem" # somebody else's CA
	[ "$status" != 0 ]
	[[ $output == *"SSL"* ]]
}

@test "busy and broken answers are tried again, refusals are not, secrets are not told" {
	start_s3
	use_s3
	show() { wardcloud stats --config "$conf" "${settings[@]}" --json; }
	curl -s -X POST "$s3/-/fail?count=3&status=503" >/dev/null
	run show
	echo "$output"
	[ "$status" = 0 ]
	curl -s -X POST "$s3/-/fail?count=2&status=0" >/dev/null
	run show
	[ "$status" = 0 ]
	curl -s -X POST "$s3/-/fail?count=100&status=500" >/dev/null
	run show
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *"SlowDown (HTTP 500)"* ]]
	before=$(curl -s -X POST "$s3/-/fail?count=0&status=0" | jq length)
	sed -i 's/^aws_secret_access_key.*/aws_secret_access_key = wrong-secret/' "$dir/keys"
	run show
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *"SignatureDoesNotMatch (HTTP 403)"* ]]
	[[ $output != *wrong-secret* ]]
	[ "$(curl -s "$s3/-/log" | jq length)" = "$((before + 1))" ]
	chmod 644 "$dir/keys"
	run show
	[ "$status" = 2 ]
	[[ $output == *"may only be readable by its owner"* ]]
	settings+=(--set objects.s3-bucket=no-such-bucket)
	chmod 600 "$dir/keys"
	sed -i 's/^aws_secret_access_key.*/aws_secret_access_key = ward+test\/secret/' "$dir/keys"
	run show
	[ "$status" = 2 ]
	[[ $output == *"NoSuchBucket"* ]]
	run wardcloud serve --config "$conf" --check-config --set objects.backend=s3
	[ "$status" = 2 ]
	[[ $output == *"objects.s3-endpoint"* ]]
}

@test "a sample that is sent in lies in S3, inert, is convicted, and goes when its time is over" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_s3
	use_s3
	start_service "${settings[@]}"
	make_request
	sha=$(sample 1)
	run device submit "$dir/sample1"
	echo "$output"
	[ "$output" = "SAMPLE_STATUS_STORED VERDICT_MALICIOUS" ]
	file=$(stored "$sha")
	[ -f "$file" ]
	[ ! -x "$file" ]
	! grep -q WARD-CLOUD-PROTECTION "$file" # compressed
	[ "$(head -c 4 "$file" | od -An -tx1 | tr -d ' ')" = 28b52ffd ]
	curl -s "$s3/-/log" | jq -e --arg key "/ward-test/samples/${sha:0:2}/$sha.zst" \
		'map(select(.method == "PUT")) | length == 1 and .[0].url == $key and .[0].type == "application/zstd"'
	[ ! -e "$dir/samples/${sha:0:2}" ]
	run device submit "$dir/sample1"
	[[ $output == "SAMPLE_STATUS_KNOWN"* ]]
	! grep -qE 'ward\+test' "$dir/serve.log"
	stop_service
	touch -d '2 hours ago' "$file"
	start_service "${settings[@]}" --set objects.keep=1h
	for _ in $(seq 100); do
		[ -e "$file" ] || break
		sleep 0.1
	done
	[ ! -e "$file" ]
	for _ in $(seq 100); do
		[ "$(wardcloud verdict show "$sha" --config "$conf" --json | jq .sample_here)" = false ] && break
		sleep 0.1
	done
	run wardcloud verdict show "$sha" --config "$conf" --json
	[ "$(jq .sample_here <<<"$output")" = false ]
	[ "$(jq -r .verdict <<<"$output")" = malicious ]
}

@test "the directory: quota refuses more samples, retention lets old ones go" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service --set objects.quota=1
	make_request
	sha=$(sample 1)
	sample 2
	run device submit "$dir/sample1"
	[ "$output" = "SAMPLE_STATUS_STORED VERDICT_MALICIOUS" ]
	run device submit "$dir/sample2"
	echo "$output"
	[[ $output != *STORED* ]]
	file=$dir/samples/${sha:0:2}/$sha.zst
	[ "$(stat -c %a "$file")" = 400 ]
	stop_service
	touch -d '2 hours ago' "$file"
	start_service --set objects.keep=1h --set objects.quota=1
	for _ in $(seq 100); do
		[ -e "$file" ] || break
		sleep 0.1
	done
	[ ! -e "$file" ]
	run device submit "$dir/sample2"
	echo "$output"
	[ "$output" = "SAMPLE_STATUS_STORED VERDICT_MALICIOUS" ]
}
