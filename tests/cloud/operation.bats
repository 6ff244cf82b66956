#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The service under an administrator's hands: limits, overload, a full disk, reload, the way out, figures.

setup() {
	load helpers
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	make_service
}

teardown() {
	stop_service
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || true
	rm -rf "${dir%/cloud}"
}

step() {
	run timeout 200 node tests/cloud/operation.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" \
		"$dir/device.csr" src/proto "$dir/device.pem" "$@"
	echo "$output"
	[ "$status" = 0 ]
}

start_with_device() {
	start_service "$@"
	make_request
	step enroll "$token"
}

@test "a device and who tries tokens have their limits" {
	start_with_device --set limits.device-requests=1 --set limits.device-burst=5 --set limits.enrol-address=5
	step limits
}

@test "overload is RESOURCE_EXHAUSTED, and nothing falls over" {
	start_with_device --set log.waiting=1M --set analysis.queue=1
	step overload
	kill -0 "$pid"
	stop_service
	run wardcloud replay --config "$conf" --compare
	echo "$output"
	[ "$status" = 0 ]
}

@test "told to stop it lets calls end, and is gone" {
	start_with_device --set service.drain=15s
	begun=$SECONDS
	step drain "$pid"
	wait "$pid"
	[ $((SECONDS - begun)) -lt 15 ]
	grep -q '"service.stopped".*"drained":"yes"' "$dir/serve.log"
	pid=
}

@test "SIGHUP takes over log settings and certificates, and no mistake" {
	shown() {
		openssl s_client -connect "127.0.0.1:$port" -alpn h2 </dev/null 2>/dev/null |
			openssl x509 -noout -fingerprint -sha256
	}
	said() { # what, so often
		for _ in $(seq 100); do
			[ "$(grep -c "$1" "$dir/serve.log")" = "$2" ] && return
			sleep 0.1
		done
		return 1
	}
	start_service
	before=$(shown)
	[ -n "$before" ]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=new \
		-keyout "$dir/pki/server.key" -out "$dir/pki/server.pem" 2>/dev/null
	printf '[service]\ntext-log = yes\n' >>"$conf"
	kill -HUP "$pid"
	said 'read anew' 1
	[ "$(shown)" != "$before" ]
	now=$(shown)
	tail -n 1 "$dir/serve.log" | grep -qv '^{' # for people now
	echo 'nonsense' >"$dir/pki/server.pem"
	kill -HUP "$pid"
	said 'stays as it was' 1
	[ "$(shown)" = "$now" ]
	printf 'no key\n' >>"$conf"
	kill -HUP "$pid"
	said 'stays as it was' 2
	[ "$(shown)" = "$now" ]
	kill -0 "$pid"
}

@test "metrics: requests, latencies by method and tier, lag and sizes, as Prometheus reads them" {
	figures=$((20000 + RANDOM % 10000))
	start_with_device --set metrics.listen="127.0.0.1:$figures"
	step room
	run curl -sf "http://127.0.0.1:$figures/metrics"
	[ "$status" = 0 ]
	python3 tests/cloud/metrics.py <<<"$output"
}

@test "a full disk refuses what must be kept, answers questions, and recovers" {
	[ "$(id -u)" = 0 ] || skip "needs root for a small file system"
	small=$(mktemp -d)
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m --propagation private sh -c 'mount -t tmpfs -o size=64m,mode=700 none "$1" &&
		cp -a "$2/." "$1" && exec sleep 900' sh "$small" "$dir" 3>&- &
	holder=$!
	there() { nsenter -t "$holder" -m "$@"; }
	for _ in $(seq 100); do there test -e "$small/wardcloud.conf" && break; sleep 0.1; done
	wrapper=(nsenter -t "$holder" -m)
	settings=(--set service.directory="$small" --set log.segment=2M --set log.reserve=4M)
	start_with_device "${settings[@]}"
	step room
	there sh -c "cat /dev/zero >'$small/filler'" 2>/dev/null || true
	[ "$(there stat -f -c %a "$small")" = 0 ]
	step full
	step full
	there rm "$small/filler"
	step room
	stop_service
	run there wardcloud replay --config "$conf" "${settings[@]}" --compare
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *" 0 differ"* ]]
	start_service "${settings[@]}"
	step room
	stop_service
	kill "$holder"
	rmdir "$small"
}
