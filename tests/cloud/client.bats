#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The endpoint's side, against the real service, and against servers that are broken on purpose.

bats_require_minimum_version 1.5.0

setup() {
	load helpers
	make_service
	state=${dir%/cloud}/state
	other=
}

teardown() {
	stop_service
	stop_other
	rm -rf "${dir%/cloud}"
}

# Another server or proxy beside the service: start_other PROGRAM ARGUMENT…; $other_port.
start_other() {
	mkfifo "$dir/port"
	"$@" >"$dir/port" 2>>"$dir/other.log" 3>&- &
	other=$!
	read -r -t 10 other_port <"$dir/port"
	rm "$dir/port"
}

stop_other() {
	[ -z "$other" ] || kill "$other" 2>/dev/null || true
	[ -z "$other" ] || wait "$other" 2>/dev/null || true
	other=
}

enroll() {
	ward enroll --server "localhost:$port" --token-file - --ca-sha256 "$fingerprint" \
		--state "$state" "$@" <<<"$token"
}

# Lets the state say another server (a broken one, say).
point_to() {
	jq --arg s "localhost:$1" '.server = $s' "$state/enrolment.json" >"$dir/e.json"
	cat "$dir/e.json" >"$state/enrolment.json"
}

sum() {
	sha256sum "$1" | cut -d' ' -f1
}

# A script nobody has seen.
script() {
	printf '#!/bin/sh\n# %s %s\necho %s\n' "$(od -An -N8 -tx8 /dev/urandom)" "$1" "$1"
}

only_cloud() {
	printf '#!/bin/sh\n# WARD-CLOUD-PROTECTION-TEST-FILE-3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 %s\n' \
		"$(od -An -N8 -tx8 /dev/urandom)"
}

ward_run() {
	run --separate-stderr ward "$@"
	echo "$output"
	echo "$stderr"
}

@test "enrols, says so, and leaves again" {
	start_service
	ward_run cloud status --state "$state"
	[ "$status" = 1 ]
	enroll
	[ "$(stat -c %a "$state")" = 700 ]
	[ "$(stat -c %a "$state/device.pem" "$state/enrolment.json" | sort -u)" = 600 ]
	ward_run cloud status --json --state "$state"
	[ "$status" = 0 ]
	[ "$(jq -r .enrolled <<<"$output")" = true ]
	[ "$(jq -r .server <<<"$output")" = "localhost:$port" ]
	device=$(jq -r .device <<<"$output")
	run wardcloud device list --config "$conf"
	[[ $output == *"$device"* ]]
	# twice is once too often
	ward_run enroll --server "localhost:$port" --token x --ca-sha256 "$fingerprint" --state "$state"
	[ "$status" = 2 ]
	[[ $stderr == *"enrolled already"* ]]
	old=$(sum "$state/device.pem")
	ward_run enroll --renew --state "$state"
	[ "$status" = 0 ]
	[ "$(sum "$state/device.pem")" != "$old" ]
	ward cloud lookup --state "$state" "$(printf x | sha256sum | cut -d' ' -f1)"
	ward_run enroll --leave --state "$state"
	[ "$status" = 0 ]
	[ ! -e "$state/device.pem" ]
	run wardcloud device list --config "$conf" --json
	[ "$(jq -r ".devices[0].state // .devices[0].revoked" <<<"$output")" != active ]
}

@test "no trust without a fingerprint or a CA, and none in the wrong one" {
	start_service
	ward_run enroll --server "localhost:$port" --token "$token" --state "$state"
	[ "$status" = 2 ]
	[[ $stderr == *"whom shall it trust"*"--ca-sha256"* ]]
	ward_run enroll --server "localhost:$port" --token "$token" --state "$state" \
		--ca-sha256 "$(printf '%064d' 0)"
	[ "$status" = 2 ]
	[[ $stderr == *"(TLS)"* ]]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/k" \
		-out "$dir/wrong.pem" -days 2 -subj /CN=wrong 2>/dev/null
	ward_run enroll --server "localhost:$port" --token "$token" --state "$state" --ca "$dir/wrong.pem"
	[ "$status" = 2 ]
	[[ $stderr == *"(TLS)"* ]]
	# a name that is not in the certificate
	ward_run enroll --server "127.0.0.2:$port" --token "$token" --state "$state" --ca-sha256 "$fingerprint"
	[ "$status" = 2 ]
	# the token was not used up by any of that; the fingerprint with colons, as openssl prints it
	colons=$(openssl x509 -in "$dir/pki/ca.pem" -noout -fingerprint -sha256 | sed 's/.*=//')
	ward_run enroll --server "localhost:$port" --token "$token" --state "$state" --ca-sha256 "$colons"
	[ "$status" = 0 ]
}

@test "a CA as a file; tokens that are used up, revoked, expired or nonsense" {
	start_service
	printf '%s\n' "$token" >"$dir/token"
	ward_run enroll --server "localhost:$port" --token-file "$dir/token" --ca "$dir/pki/ca.pem" --state "$state"
	[ "$status" = 0 ]
	revoked=$(wardcloud token create --config "$conf")
	wardcloud token revoke "$(sed -n 's/^id: //p' <<<"$revoked")" --config "$conf"
	expired=$(wardcloud token create --expires 1s --config "$conf" | sed -n 's/^token: //p')
	sleep 1.1
	for t in "$token" "$(sed -n 's/^token: //p' <<<"$revoked")" "$expired" nonsense; do
		ward_run enroll --server "localhost:$port" --token "$t" --ca "$dir/pki/ca.pem" --state "$state-2"
		[ "$status" = 2 ]
		[[ $stderr == *"PERMISSION_DENIED: this token does not let this device in"* ]]
		[ ! -e "$state-2/enrolment.json" ]
	done
}

@test "wardcloud token create says how to enrol" {
	run wardcloud token create --config "$conf"
	[[ $output == *"ca-sha256: $fingerprint"* ]]
	run wardcloud token create --config "$conf" --json
	[ "$(jq -r '.["ca-sha256"]' <<<"$output")" = "$fingerprint" ]
}

@test "look-ups in words, as JSON, and by prefix" {
	start_service
	enroll
	bad=$(printf bad | sha256sum | cut -d' ' -f1) new=$(printf new | sha256sum | cut -d' ' -f1)
	wardcloud verdict set "$bad" malicious --reason lab --threat Lab.A --config "$conf"
	ward_run cloud lookup --state "$state" "$new"
	[ "$status" = 0 ]
	[[ $output == *"verdict:    unknown"*"tier:       metadata"* ]]
	ward_run cloud lookup --state "$state" "$new" "$bad"
	[ "$status" = 1 ]
	[[ $output == *"$bad"*"malicious"*"Lab.A"*"reputation"* ]]
	ward_run cloud lookup --json --prefix --state "$state" "$new" "$bad"
	[ "$status" = 1 ]
	[ "$(jq -r --arg h "$bad" 'select(.sha256 == $h) | .threat' <<<"$output")" = Lab.A ]
	[ "$(jq -r --arg h "$new" 'select(.sha256 == $h) | .verdict' <<<"$output")" = unknown ]
	ward_run cloud lookup --state "$state" nonsense
	[ "$status" = 2 ]
}

@test "the test walks the whole way, and says where it ends" {
	start_service
	enroll
	ward_run cloud test --state "$state"
	[ "$status" = 0 ]
	[ "$(grep -c ' OK ' <<<"$output")" = 7 ]
	[[ $output == *"malicious, Test.Ward.CloudOnly (by sample)"* ]]
	stop_service
	ward_run cloud test --json --state "$state"
	[ "$status" = 1 ]
	[ "$(jq -r 'select(.step == "reachable") | .fault' <<<"$output")" = connect ]
	ward_run cloud status --state "$state"
	[[ $output == *"failing:      since"* ]]
	for mode in http1:http bytes:http page:http; do
		start_other node tests/cloud/garbage.js "$dir/pki/server.pem" "$dir/pki/server.key" "${mode%:*}"
		point_to "$other_port"
		ward_run cloud test --json --state "$state"
		[ "$status" = 1 ]
		[ "$(jq -r 'select(.step == "reachable") | .fault' <<<"$output")" = "${mode#*:}" ]
		stop_other
	done
	ward_run cloud test --state "$state-none"
	[ "$status" = 2 ]
}

@test "a sample whose connection is cut goes on where it broke off" {
	start_service
	start_other node tests/cloud/proxy.js "$dir/proxy.log" "" 2 3000000
	ward_run enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "$state" --proxy "http://127.0.0.1:$other_port"
	[ "$status" = 0 ]
	{
		printf '#!/bin/sh\n'
		head -c 6000000 /dev/urandom | base64
	} >"$dir/big.sh"
	ward_run cloud submit --json --state "$state" "$dir/big.sh"
	[ "$status" = 0 ]
	[ "$(jq -r .status <<<"$output")" = stored ]
	[ "$(jq -r .cloud.tier <<<"$output")" = sample ]
	cat "$dir/proxy.log"
	[ "$(grep -c ^cut "$dir/proxy.log")" = 2 ]
	# little of what had arrived was sent again: all bytes together are fewer than one and a half files
	sent=$(awk '/^passed/ { n += $2 } END { print n }' "$dir/proxy.log")
	[ "$sent" -lt $(($(stat -c %s "$dir/big.sh") * 3 / 2)) ]
	# what is there is not sent twice, and the answer comes before the file
	ward_run cloud submit --json --state "$state" "$dir/big.sh"
	[ "$(jq -r .status <<<"$output")" = known ]
}

@test "a scan takes verdicts from reputation, metadata and samples" {
	start_service
	enroll
	mkdir "$dir/tree"
	script known >"$dir/tree/known.sh"
	script good >"$dir/tree/good.sh"
	only_cloud >"$dir/tree/sample.sh"
	echo text >"$dir/tree/text"
	wardcloud verdict set "$(sum "$dir/tree/known.sh")" malicious --reason lab --threat Lab.A --config "$conf"
	wardcloud verdict set "$(sum "$dir/tree/good.sh")" clean --reason lab --config "$conf"
	ward_run scan --cloud --json --state "$state" "$dir/tree"
	[ "$status" = 1 ]
	about() { jq -r --arg p "$dir/tree/$1" "select(.path == \$p) | $2" <<<"$output"; }
	[ "$(about known.sh '.verdict + " " + .cloud.tier + " " + .cloud.threat')" = "malicious reputation Lab.A" ]
	[ "$(about good.sh '.verdict + " " + .cloud.tier')" = "clean reputation" ]
	[ "$(about sample.sh '.verdict + " " + .cloud.tier + " " + .cloud.sample_result')" = "malicious sample sent" ]
	[ "$(about sample.sh '.cloud.evidence[0].name')" = Test_Ward_CloudOnly ]
	[ "$(about text '.verdict + " " + (.cloud | tostring)')" = "clean null" ]
	[ "$(jq -c 'select(.event == "summary") | .cloud' <<<"$output")" = \
		'{"asked":3,"answered":3,"decided":3,"samples_sent":1,"unanswered":0}' ]
	# tier 1: what runs code and is not known is suspicious at this level
	wardcloud policy set --level zero_tolerance --samples none --config "$conf"
	script new >"$dir/tree/new.sh"
	ward_run scan --cloud --state "$state" "$dir/tree/new.sh"
	[ "$status" = 1 ]
	[[ $output == *"suspicious"*"new.sh"*"cloud: suspicious (metadata"* ]]
}

@test "what the cloud convicts and the policy allows is told as excluded" {
	start_service
	enroll
	mkdir -p "$dir/tree"
	script known >"$dir/tree/known.sh"
	script other >"$dir/tree/other.sh"
	for f in known other; do
		wardcloud verdict set "$(sum "$dir/tree/$f.sh")" malicious --reason lab --threat "Lab.$f" --config "$conf"
	done
	scan_with() {
		echo "{\"exclusions\": [$1]}" >"$dir/policy.json"
		ward_run scan --cloud --json --state "$state" --policy "$dir/policy.json" "$dir/tree"
	}
	scan_with "{\"hash\": \"$(sum "$dir/tree/known.sh")\"}, {\"threat\": \"Lab.other\"}"
	[ "$status" = 0 ]
	[ "$(jq -s 'map(select(.event == "excluded")) | length' <<<"$output")" = 2 ]
	# one whose time is over allows nothing
	scan_with "{\"hash\": \"$(sum "$dir/tree/known.sh")\", \"expires\": \"2020-01-01\"}, {\"threat\": \"Lab.other\"}"
	[ "$status" = 1 ]
	[ "$(jq -r 'select(.event == "file" and .verdict == "malicious") | .path' <<<"$output")" = "$dir/tree/known.sh" ]
}

@test "samples go as the policy says" {
	start_service
	wardcloud policy set --samples ask --config "$conf"
	enroll
	only_cloud >"$dir/a.sh"
	ward_run scan --cloud --all --state "$state" "$dir/a.sh"
	[ "$status" = 0 ]
	[[ $output == *"unknown"*"a.sh"*"not sent: the policy wants a person to be asked"* ]]
	# a person at a terminal says no, then yes
	ask() { script -qec "ward scan --cloud --all --no-progress --state $state $dir/a.sh" /dev/null <<<"$1"; }
	run env -u LC_ALL bash -c "$(declare -f ask); state=$state dir=$dir ask n"
	echo "$output"
	[[ $output == *"to localhost:$port for analysis?"*"not sent: you said no"* ]]
	run env -u LC_ALL bash -c "$(declare -f ask); state=$state dir=$dir ask y"
	echo "$output"
	[[ $output == *"malicious"*"sample: sent"* ]]
	# safe: documents stay here, whatever the service would like
	wardcloud policy set --samples safe --config "$conf"
	ward enroll --renew --state "$state" >/dev/null
	printf 'x' >"$dir/inside"
	(cd "$dir" && zip -q -P secret locked.zip inside)
	ward_run scan --cloud --all --json --state "$state" "$dir/locked.zip"
	[[ $(jq -r 'select(.event == "file") | .cloud.sample_result' <<<"$output") == "not sent: its type"* ]]
	[ "$(jq -r 'select(.event == "file") | .verdict' <<<"$output")" = not-scanned ]
	run wardcloud stats --config "$conf" --json
	[ "$(jq .all.samples <<<"$output")" = 1 ]
}

@test "private look-ups tell three bytes, and find what is known" {
	start_service
	wardcloud policy set --private-lookup yes --config "$conf"
	enroll
	mkdir "$dir/tree"
	for i in $(seq 20); do script "$i" >"$dir/tree/$i.sh"; done
	wardcloud verdict set "$(sum "$dir/tree/7.sh")" malicious --reason lab --threat Lab.A --config "$conf"
	ward_run scan --cloud --json --state "$state" "$dir/tree"
	[ "$status" = 1 ]
	[ "$(jq -c 'select(.event == "summary") | [.malicious, .unknown, .cloud.answered]' <<<"$output")" = '[1,19,20]' ]
	stop_service
	# the service noted nobody as seen: it does not know which file was meant
	run wardcloud stats --config "$conf" --json
	[ "$(jq .all.new_files <<<"$output")" = 0 ]
}

@test "the service goes away in the middle of a scan: every file is reported all the same" {
	start_service
	enroll
	mkdir "$dir/tree"
	for i in $(seq 400); do script "$i" >"$dir/tree/$i.sh"; done
	printf '#!/bin/sh\n# %s\n' "$(od -An -N8 -tx8 /dev/urandom)" >"$dir/tree/known.sh"
	ward scan --cloud --json --cloud-wait 20s --state "$state" "$dir/tree" >"$dir/out" 2>"$dir/err" 3>&- &
	scan=$!
	for _ in $(seq 200); do [ -s "$dir/out" ] && break || sleep 0.02; done
	kill -9 "$pid"
	wait "$pid" || true
	wait "$scan"
	cat "$dir/err"
	[ "$(grep -c '"event":"file"' "$dir/out")" = 401 ]
	[ "$(jq -c 'select(.event == "summary") | [.files, .clean, .cloud.asked == .cloud.answered + .cloud.unanswered]' "$dir/out")" = '[401,0,true]' ]
	[ "$(jq -c 'select(.event == "file" and .verdict == "clean")' "$dir/out")" = "" ]
	[ "$(grep -c 'the scan goes on without it' "$dir/err")" -le 1 ]
}

@test "a service that never answers costs the scan its time for that, not its result" {
	start_service
	enroll
	stop_service
	start_other node tests/cloud/garbage.js "$dir/pki/server.pem" "$dir/pki/server.key" silent
	point_to "$other_port"
	script new >"$dir/new.sh"
	begun=$SECONDS
	ward_run scan --cloud --all --cloud-wait 2s --state "$state" "$dir/new.sh"
	[ "$status" = 0 ]
	[ $((SECONDS - begun)) -lt 15 ]
	[[ $output == *"unknown"*"new.sh"*"cloud: no answer"* ]]
	ward_run scan --cloud --strict --cloud-wait 1s --state "$state" "$dir/new.sh"
	[ "$status" = 2 ]
	ward_run cloud lookup --timeout 1s --state "$state" "$(sum "$dir/new.sh")"
	[ "$status" = 2 ]
	[[ $stderr == *"no answer in time: in the TLS handshake"* ]]
}

@test "answers that are garbage are refused, never believed" {
	start_service
	enroll
	stop_service
	script new >"$dir/new.sh"
	for mode in truncated oversized compressed garbage noise no-verdict other-query twice no-status \
		no-message clean-but-refused cut endless page bytes http1; do
		start_other node tests/cloud/garbage.js "$dir/pki/server.pem" "$dir/pki/server.key" "$mode"
		point_to "$other_port"
		echo "# $mode"
		ward_run scan --cloud --all --json --cloud-wait 5s --state "$state" "$dir/new.sh"
		[ "$status" = 0 ]
		[ "$(jq -c 'select(.event == "file") | [.verdict, .cloud.answered, .cloud.decided]' <<<"$output")" = '["unknown",false,false]' ]
		[ "$(wc -l <<<"$stderr")" = 1 ]
		[[ $stderr != *$'\e'* ]]
		stop_other
	done
}

@test "another CA, an expired certificate, a revoked device" {
	start_service
	enroll
	wrong=$(mktemp -d)/cloud
	wardcloud init --dir "$wrong" --organisation test.example --host localhost >/dev/null
	new=$(printf new | sha256sum | cut -d' ' -f1)
	start_other node tests/cloud/garbage.js "$wrong/pki/server.pem" "$wrong/pki/server.key" no-message
	point_to "$other_port"
	ward_run cloud lookup --state "$state" "$new"
	[ "$status" = 2 ]
	[[ $stderr == *"cannot be trusted (TLS)"* ]]
	stop_other
	rm -rf "${wrong%/cloud}"
	# the right CA, but yesterday
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/old.key"
	openssl req -new -key "$dir/old.key" -subj /CN=localhost -out "$dir/old.csr"
	: >"$dir/index"
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nnew_certs_dir=%s\nserial=%s\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n' \
		"$dir/index" "$dir" "$dir/serial" >"$dir/ca.cnf"
	openssl ca -batch -config "$dir/ca.cnf" -rand_serial -cert "$dir/pki/ca.pem" -keyfile "$dir/pki/ca.key" \
		-startdate 20200101000000Z -enddate 20200102000000Z -in "$dir/old.csr" -out "$dir/old.pem" -notext 2>"$dir/ca.log"
	start_other node tests/cloud/garbage.js "$dir/old.pem" "$dir/old.key" no-message
	point_to "$other_port"
	ward_run cloud lookup --state "$state" "$new"
	[ "$status" = 2 ]
	[[ $stderr == *"cannot be trusted (TLS)"*"expired"* ]]
	stop_other
	point_to "$port"
	ward cloud lookup --state "$state" "$new"
	wardcloud device revoke "$(jq -r .device "$state/enrolment.json")" --config "$conf"
	ward_run cloud lookup --state "$state" "$new"
	[ "$status" = 2 ]
	[[ $stderr == *PERMISSION_DENIED* || $stderr == *UNAUTHENTICATED* || $stderr == *refuses* ]]
}

@test "through a proxy, with and without its password; the environment is not asked" {
	start_service
	start_other node tests/cloud/proxy.js "$dir/proxy.log" user:secret
	ward_run enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "$state" --proxy "http://user:wrong@127.0.0.1:$other_port"
	[ "$status" = 2 ]
	[[ $stderr == *"the proxy does not connect us"*407* ]]
	ward_run enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "$state" --proxy "http://user:secret@127.0.0.1:$other_port"
	[ "$status" = 0 ]
	grep -q "connect localhost:$port" "$dir/proxy.log"
	ward_run cloud status --state "$state"
	[[ $output == *"http://***@127.0.0.1"* && $output != *secret* ]]
	ward_run cloud test --state "$state"
	[ "$status" = 0 ]
	stop_other
	ward_run cloud lookup --state "$state" "$(printf x | sha256sum | cut -d' ' -f1)"
	[ "$status" = 2 ]
	[[ $stderr == *"the proxy does not connect us"* ]]
	jq '.proxy = ""' "$state/enrolment.json" >"$dir/e.json"
	cat "$dir/e.json" >"$state/enrolment.json"
	https_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 \
		ward cloud lookup --state "$state" "$(printf x | sha256sum | cut -d' ' -f1)"
}

@test "reports count once however often they are sent; the update stream is followed and resumed" {
	stream=$build/tests/cloud/client-stream
	start_service
	start_other node tests/cloud/proxy.js "$dir/proxy.log"
	ward enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint" \
		--state "$state" --proxy "http://127.0.0.1:$other_port"
	seed=$(($(date +%s) * 1000))
	run "$stream" "$state" report 500 "$seed"
	[ "$output" = "accepted 500 duplicates 0" ]
	for _ in $(seq 50); do
		run "$stream" "$state" report 500 "$seed"
		[ "$output" != "accepted 0 duplicates 500" ] || break
		sleep 0.1
	done
	[ "$output" = "accepted 0 duplicates 500" ]
	first=$(printf first | sha256sum | cut -d' ' -f1) last=$(printf last | sha256sum | cut -d' ' -f1)
	wardcloud verdict set "$first" malicious --reason lab --config "$conf"
	"$stream" "$state" follow 0 "$last" >"$dir/updates" 3>&- &
	follower=$!
	for _ in $(seq 100); do grep -q "^update [0-9]* malicious" "$dir/updates" && break || sleep 0.1; done
	# the proxy dies and comes back: the stream goes on behind what was seen
	kill "$other"
	wait "$other" || true
	for _ in $(seq 100); do grep -q "^down" "$dir/updates" && break || sleep 0.1; done
	sed "s/server.listen(0,/server.listen($other_port,/" tests/cloud/proxy.js >"$dir/proxy.js"
	start_other node "$dir/proxy.js" "$dir/proxy.log"
	wardcloud verdict set "$last" suspicious --reason lab --config "$conf"
	wait "$follower"
	cat "$dir/updates"
	# signed records stand between them
	[ "$(sed -n 's/^update [0-9]* //p' "$dir/updates" | tr '\n' ' ')" = "malicious suspicious " ]
	grep -qx "position $(sed -n 's/^update \([0-9]*\) suspicious/\1/p' "$dir/updates")" "$dir/updates"
}
