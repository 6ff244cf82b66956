#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signed updates from the real service to an endpoint's own checks (trust/accept.h), over any gRPC client.

setup() {
	load helpers
	make_service
	sets=(--config "$conf" --set analysis.scanner="$build/ward-scan")
}

teardown() {
	stop_service
	rm -rf "${dir%/cloud}"
}

client() {
	node tests/cloud/updates.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" "$dir/device.csr" \
		"$token" src/proto "$dir" "$@"
}

fetch_metadata() {
	client metadata ROLE_ROOT 1 "$dir/root" && client metadata ROLE_TARGETS 0 "$dir/targets" &&
		client metadata ROLE_SNAPSHOT 0 "$dir/snapshot"
}

# An endpoint's opinion of the messages in a file.
believe() {
	"$build/tests/cloud/updates-endpoint" "$dir/root" "$dir/targets" "$dir/snapshot" "$1"
}

hash_of() {
	printf '%064x' "$1"
}

block() {
	wardcloud intel publish --block "$(hash_of "$1")" --reason "a test" "${sets[@]}" "${@:2}"
}

@test "what is published is pushed, fetched in steps and all at once, and believed" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service
	make_request
	fetch_metadata
	cmp "$dir/root" "$dir/enrolled.root"
	client follow 3 "$dir/pushed" >"$dir/followed" 3>&- &
	follower=$!
	for _ in $(seq 300); do
		[ -e "$dir/pushed.ready" ] && break
		sleep 0.1
	done
	for i in 1 2 3; do
		run block "$i"
		echo "$output"
		[ "$status" = 0 ]
		[ "$output" = "number: $i" ]
	done
	wait "$follower"
	cat "$dir/followed"
	grep -q "records 3 pushes [1-9][0-9]* signed-heartbeats true" "$dir/followed"
	run believe "$dir/pushed"
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[0]}" = "1 block-file $(hash_of 1)" ]
	[ "${lines[3]}" = "taken 3 of 3" ]
	for i in $(seq 4 20); do
		block "$i" >"$dir/out"
	done
	[ "$(client fetch 0 0 "$dir/all")" = "calls 1 records 20" ]
	[ "$(client fetch 0 6 "$dir/steps")" = "calls 4 records 20" ]
	for file in all steps; do
		run believe "$dir/$file"
		[ "$status" = 0 ]
		[ "${lines[20]}" = "taken 20 of 20" ]
	done
	[ "$(client fetch 20 0 "$dir/none")" = "calls 1 records 0" ]
	[ "$(client storm 300 0)" = 1 ]
	run wardcloud intel list --after 18 "${sets[@]}"
	echo "$output"
	[[ $output == *"number=19"*"kind=block-file"*"about=$(hash_of 19)"*"reason=a test"* ]]
	run wardcloud intel status "${sets[@]}"
	echo "$output"
	[[ $output == *"records: 20"*"covered: 20"* ]]
	run wardcloud intel publish --block 12 --reason x "${sets[@]}"
	[ "$status" = 2 ]
	stop_service
	run wardcloud replay --config "$conf" --compare
	echo "$output"
	[[ $output == *" 0 differ"* ]]
	run wardcloud intel status "${sets[@]}"
	[ "$status" = 2 ]
	[[ $output == *"only a running service"* ]]
}

@test "the same by plain GET, for caches and mirrors" {
	start_service --set updates.mirror-listen=127.0.0.1:0
	mirror=http://127.0.0.1:$(sed -n 's/.*mirror.started.*"server.port":"\([0-9]*\)".*/\1/p' "$dir/serve.log")
	for i in 1 2 3; do
		block "$i"
	done
	curl -sf "$mirror/v1/metadata/root/1" -o "$dir/root" -D "$dir/headers"
	grep -qi "^cache-control: public, max-age=31536000, immutable" "$dir/headers"
	cmp "$dir/root" "$dir/trust/1.root"
	curl -sf "$mirror/v1/metadata/targets/1" -o "$dir/targets"
	curl -sf "$mirror/v1/metadata/snapshot/1" -o "$dir/snapshot"
	curl -sf "$mirror/v1/metadata/timestamp" -o "$dir/timestamp" -D "$dir/headers"
	grep -qi "^cache-control: public, max-age=5" "$dir/headers"
	[ -s "$dir/timestamp" ]
	curl -sf "$mirror/v1/updates/0" -o "$dir/updates"
	size=$(stat -c %s "$dir/updates")
	{
		printf "$(printf '\\x%02x' $((size >> 24)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))"
		cat "$dir/updates"
	} >"$dir/frames"
	run believe "$dir/frames"
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[3]}" = "taken 3 of 3" ]
	for path in / /v1/updates/x /v1/updates/-1 /v1/metadata/root/2 /v1/metadata/root/0 /v1/metadata/other/1; do
		[ "$(curl -s -o "$dir/out" -w '%{http_code}' "$mirror$path")" = 404 ]
	done
	[ "$(curl -s -X POST -d x -o "$dir/out" -w '%{http_code}' "$mirror/v1/updates/0")" = 405 ]
}

@test "a conviction is a record before its answer, and taken back when an analyst says so" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service
	make_request
	fetch_metadata
	printf 'WARD-CLOUD-PROTECTION-TEST-FILE-%s %s' 3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 "$RANDOM" >"$dir/sample"
	sha=$(sha256sum "$dir/sample" | cut -d' ' -f1)
	run client submit "$dir/sample" "$dir/record"
	echo "$output"
	[ "$output" = "VERDICT_MALICIOUS record true" ]
	run client lookup "$sha" "$dir/again"
	echo "$output"
	[ "$output" = "VERDICT_MALICIOUS record true" ]
	cmp "$dir/record" "$dir/again"
	wardcloud verdict set "$sha" clean --reason "mine" "${sets[@]}"
	for _ in $(seq 300); do
		: >"$dir/all"
		client fetch 0 0 "$dir/all"
		believe "$dir/all" >"$dir/believed"
		grep -q "taken 2 of 2" "$dir/believed" && break
		rm "$dir/all"
		sleep 0.1
	done
	cat "$dir/believed"
	[ "$(sed -n 1p "$dir/believed")" = "1 block-file $sha" ]
	[ "$(sed -n 2p "$dir/believed")" = "2 disable 1" ]
	[ "$(client lookup "$sha" "$dir/again")" = "VERDICT_CLEAN record false" ]
}

@test "rules are tried on this machine's programs before they leave" {
	start_service
	printf 'rule rare { strings: $a = "ward-nowhere-%s" condition: $a }\n' "$RANDOM$RANDOM" >"$dir/good.yar"
	printf 'rule every { strings: $a = "ELF" condition: $a at 1 }\n' >"$dir/bad.yar"
	printf 'rule broken { condition: }\n' >"$dir/broken.yar"
	run wardcloud intel publish --rule "$dir/good.yar" --reason x "${sets[@]}"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = "number: 1" ]
	run wardcloud intel publish --rule "$dir/bad.yar" --reason x "${sets[@]}"
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *"it matches a program of this machine: /usr/bin/"*"programs of this machine"* ]]
	run wardcloud intel publish --rule "$dir/bad.yar" --reason x --force "a drill" "${sets[@]}"
	[ "$status" = 0 ]
	[ "${lines[-1]}" = "number: 2" ]
	run wardcloud intel publish --rule "$dir/broken.yar" --reason x --force "a drill" "${sets[@]}"
	[ "$status" = 2 ]
	[[ $output == *"it does not compile"* ]]
	run wardcloud intel disable rule every --reason "it was one" "${sets[@]}"
	[ "$status" = 0 ]
	run wardcloud intel revoke 1 --reason "no more" "${sets[@]}"
	[ "$output" = "number: 4" ]
	run wardcloud intel list "${sets[@]}"
	echo "$output"
	[[ $output == *"number=1"*"about=rare"*"disabled_by=4"* ]]
	[[ $output == *"number=3"*"kind=disable"*"about=every"* ]]
}

@test "killed at random moments while records are published: none is lost, none has two numbers" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	make_request
	start_service
	fetch_metadata
	told=0
	next=1
	for round in $(seq "${WARD_KILLS:-3}"); do
		for i in $(seq "$next" $((next + 199))); do
			block "$i" 2>&1 || break
			echo "$i" >>"$dir/told"
		done >"$dir/out" 3>&- &
		load=$!
		next=$((next + 200))
		for _ in $(seq 400); do
			[ "$(wc -l <"$dir/told" 2>/dev/null || echo 0)" -gt "$told" ] && break
			sleep 0.02
		done
		sleep "0.$(printf '%03d' $((RANDOM % 300)))"
		kill -9 "$pid"
		wait "$pid" || true
		wait "$load" || true
		told=$(wc -l <"$dir/told")
		start_service
		rm -f "$dir/all"
		client fetch 0 0 "$dir/all"
		run believe "$dir/all"
		[ "$status" = 0 ] || { echo "round $round: $output" && false; }
		printf '%s\n' "${lines[@]}" >"$dir/believed"
		[ "$(grep -c block-file "$dir/believed")" = "$(grep block-file "$dir/believed" | sort -uk3 | wc -l)" ]
		while read -r i; do
			grep -q " block-file $(hash_of "$i")\$" "$dir/believed" || { echo "$i is lost" && false; }
		done <"$dir/told"
	done
	[ "$told" -gt 0 ]
}

# Waits until an endpoint with this root believes all that the service has.
believed() {
	for _ in $(seq 60); do
		rm -f "$dir/all" # fetch adds to it
		client metadata ROLE_TARGETS 0 "$dir/targets" && client metadata ROLE_SNAPSHOT 0 "$dir/snapshot" &&
			client fetch 0 0 "$dir/all" >"$dir/out" && client metadata ROLE_ROOT "$1" "$dir/root" || true
		run believe "$dir/all"
		[ "$status" != 0 ] || return 0
		sleep 0.2
	done
	echo "$output"
	return 1
}

@test "stolen online keys are replaced while the service runs" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	(umask 077 && sed -n 's/^updates-passphrase: //p' "$dir.init" >"$dir/passphrase")
	keys=$dir/trust/keys
	start_service
	make_request
	block 1
	client metadata ROLE_ROOT 1 "$dir/root"
	believed 1
	# the timestamp's: endpoints that follow the chain believe the new one, and the old root's no longer
	wardcloud keys new --online --out "$keys" timestamp-2 service-2
	wardcloud keys root --config "$conf" --remove "timestamp=$keys/timestamp.pub" \
		--add "timestamp=$keys/timestamp-2.pub" --key root-1 --key root-3 \
		--passphrase-file "$dir/passphrase" --install
	believed 2
	[ "${lines[1]}" = "taken 1 of 1" ]
	client metadata ROLE_ROOT 1 "$dir/root"
	run believe "$dir/all"
	[ "$status" != 0 ]
	[[ $output == *signatures* ]]
	# the service's own: what it signed before stays good, what comes has the new key's signature
	wardcloud keys targets --config "$conf" --delegate service --end "$keys/service.pub:1" \
		--public "$keys/service-2.pub" --key targets --passphrase-file "$dir/passphrase" --install
	believed 2
	rm "$keys/service.key"
	for _ in $(seq 100); do
		if block 2; then break; fi
		sleep 0.2
	done
	believed 2
	[ "${lines[2]}" = "taken 2 of 2" ]
}
