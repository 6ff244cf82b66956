#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The service on a real cluster of three Apache Kafka brokers: what one node knows the others know, and
# what was acknowledged stays, whoever is killed. KILLS: rounds of each kind of killing (2); KINDS: which
# (broker node broker+node).

setup_file() {
	load helpers
	if ! have_kafka; then
		export BROKERS=
		return 0
	fi
	BROKERS=$(mktemp -d)
	export BROKERS
	"$cluster" start "$BROKERS" "$build/kafka/jars"
}

teardown_file() {
	[ -z "$BROKERS" ] || {
		"$PWD/tests/kafka/cluster" stop "$BROKERS"
		rm -rf "$BROKERS"
	}
}

setup() {
	load helpers
	[ -n "$BROKERS" ] || skip "Maven Central cannot be reached, or there is no java or mvn: no brokers"
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	"$cluster" heal "$BROKERS"
	pids=() ports=() dir=
}

teardown() {
	[ -n "$dir" ] || return 0
	touch "$dir/stop"
	for n in "${!pids[@]}"; do stop_node "$n" KILL; done
	[ -n "$BATS_TEST_COMPLETED" ] || for n in 1 2; do tail -n 5 "$dir/$n.log" >&2 || true; done
	rm -rf "${dir%/nodes}"
}

@test "the backend keeps what the log promises, on three brokers" {
	WARD_KAFKA=$(cat "$BROKERS/plain") run "$build/src/test-cloud-log-kafka"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *SKIPPED* ]]
}

@test "two nodes converge, answer alike, and a replay on either gives the same views" {
	make_nodes 2
	start_node 1
	start_node 2
	fleet enroll "$(addresses)" "$token"
	fleet load "$(addresses)" >"$dir/load" 2>&1 3>&- &
	load=$!
	await_acknowledged 200
	sha=$(printf a | sha256sum | cut -d' ' -f1)
	wardcloud verdict set "$sha" malicious --reason lab --threat Lab.A --config "$dir/2/wardcloud.conf"
	touch "$dir/stop"
	wait "$load"
	cat "$dir/load"
	count=$(wc -l <"$dir/acknowledged")
	for n in 1 2; do await_sightings $n "$count"; done
	run fleet ask "$(addresses)" "$sha"
	[ "$status" = 0 ]
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	[[ $output == *Lab.A* ]]
	fleet again "$(addresses)"
	stop_node 2
	run wardcloud replay --compare --config "$dir/2/wardcloud.conf" # beside the other, which runs
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *" 0 differ"* ]]
	stop_node 1
	run wardcloud replay --compare --config "$dir/1/wardcloud.conf"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(figure 1 sightings)" = "$(figure 2 sightings)" ]
}

@test "a node that lost its disk comes back from snapshot and log, while the other answers" {
	make_nodes 2
	start_node 1
	start_node 2
	fleet enroll "$(addresses)" "$token"
	fleet load "$(addresses)" >"$dir/load" 2>&1 3>&- &
	load=$!
	await_acknowledged 200
	touch "$dir/stop"
	wait "$load"
	rm "$dir/stop"
	sha=$(printf a | sha256sum | cut -d' ' -f1)
	wardcloud verdict set "$sha" malicious --reason lab --threat Lab.A --config "$dir/1/wardcloud.conf"
	run wardcloud snapshot --config "$dir/1/wardcloud.conf"
	echo "$output"
	[ "$status" = 0 ]
	stop_node 2 KILL
	rm -rf "$dir/2/views" "$dir/2/log" "$dir/2/samples" "$dir/2/spool"
	fleet ask-on "localhost:${ports[1]}" >"$dir/answers" 2>&1 3>&- &
	asking=$!
	wardcloud verdict set "$(printf b | sha256sum | cut -d' ' -f1)" clean --reason lab --config "$dir/1/wardcloud.conf"
	start_node 2
	sleep 0.5
	touch "$dir/stop"
	wait "$asking"
	cat "$dir/answers"
	# what the log no longer has came from the snapshot, the rest from the log
	fleet again "$(addresses)"
	run fleet ask "$(addresses)" "$sha"
	[ "$(sort -u <<<"$output" | wc -l)" = 1 ]
	[[ $output == *Lab.A* ]]
	sightings=$(figure 1 sightings)
	await_sightings 2 "$sightings"
	[ "$(figure 2 verdicts)" = 2 ]
}

# Ends who is named, lets the load feel it, and brings them back.
kill_round() {
	local broker=$((RANDOM % 3 + 1)) node=$((RANDOM % 2 + 1))
	sleep "0.$((RANDOM % 9))"
	[[ $1 != *broker* ]] || "$cluster" kill "$BROKERS" $broker
	[[ $1 != *node* ]] || stop_node $node KILL
	sleep "0.$((RANDOM % 9))"
	[[ $1 != *node* ]] || start_node $node
	[[ $1 != *broker* ]] || {
		"$cluster" revive "$BROKERS" $broker
		"$cluster" wait "$BROKERS" $broker
	}
}

@test "brokers killed, nodes killed, and both: what was acknowledged counts exactly once" {
	make_nodes 2
	start_node 1
	start_node 2
	fleet enroll "$(addresses)" "$token"
	fleet load "$(addresses)" >"$dir/load" 2>&1 3>&- &
	load=$!
	await_acknowledged 100
	for what in ${KINDS:-broker node broker+node}; do
		for _ in $(seq "${KILLS:-2}"); do kill_round $what; done
	done
	await_acknowledged $(($(wc -l <"$dir/acknowledged") + 20))
	touch "$dir/stop"
	wait "$load"
	cat "$dir/load"
	count=$(wc -l <"$dir/acknowledged")
	for n in 1 2; do await_sightings $n "$count"; done
	fleet again "$(addresses)"
	for n in 1 2; do stop_node $n; done
	for n in 1 2; do
		run wardcloud replay --compare --config "$dir/$n/wardcloud.conf"
		echo "$output"
		[ "$status" = 0 ]
		[ "$(figure $n sightings)" -ge "$count" ]
		[ "$(figure $n new_files)" = "$(figure $n sightings)" ]
	done
	[ "$(figure 1 sightings)" = "$(figure 2 sightings)" ]
}

@test "without brokers look-ups go on, reports are refused with the reason, and all comes back" {
	make_nodes 1
	start_node 1 --set log.waiting=1M --set kafka.wait=2s
	fleet enroll "$(addresses)" "$token"
	[ "$(fleet refused "$(addresses)")" = OK ]
	for n in 1 2 3; do "$cluster" kill "$BROKERS" $n; done
	fleet ask-on "$(addresses)" >"$dir/answers" 2>&1 3>&- &
	asking=$!
	run fleet refused "$(addresses)"
	echo "$output"
	[[ $output == "UNAVAILABLE: the log did not acknowledge it in time"* ]]
	printf 'WARD-CLOUD-PROTECTION-TEST-FILE-%s %s' 3f7c9a52-61d8-4be0-9c0e-7d24a8b1f6e3 "$RANDOM" >"$dir/sample"
	run fleet submit "$(addresses)" "$dir/sample"
	echo "$output"
	[[ $output == RESOURCE_EXHAUSTED* ]]
	touch "$dir/stop"
	wait "$asking"
	cat "$dir/answers"
	begun=$SECONDS
	stop_node 1
	[ $((SECONDS - begun)) -lt 15 ]
	run wardcloud serve --config "$dir/1/wardcloud.conf" --set kafka.start=2s
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *"log on Kafka: timed out"*"brokers 127.0.0.1:"* ]]
	"$cluster" heal "$BROKERS"
	start_node 1
	[ "$(fleet refused "$(addresses)")" = OK ]
	# the sample was kept, and is judged when it is offered again
	run fleet submit "$(addresses)" "$dir/sample"
	echo "$output"
	[[ $output == *VERDICT_MALICIOUS*Test.Ward.CloudOnly* ]]
}

@test "TLS and a password, and neither a wrong one nor its file's text shows up anywhere" {
	make_nodes 1
	printf 'broker-secret\n' >"$dir/password"
	chmod 600 "$dir/password"
	secure=(--set kafka.brokers="$(cat "$BROKERS/secure")" --set kafka.security=sasl-tls
		--set kafka.ca="$BROKERS/ca.pem" --set kafka.mechanism=PLAIN --set kafka.user=ward
		--set kafka.password-file="$dir/password")
	start_node 1 "${secure[@]}"
	stop_node 1
	printf 'wrong-secret\n' >"$dir/password"
	run wardcloud serve --config "$dir/1/wardcloud.conf" "${secure[@]}" --set kafka.start=3s
	echo "$output"
	[ "$status" = 2 ]
	[[ $output == *uthentication* ]]
	[[ $output != *wrong-secret* ]]
	chmod 644 "$dir/password"
	run wardcloud serve --config "$dir/1/wardcloud.conf" "${secure[@]}" --set kafka.start=3s
	[ "$status" = 2 ]
	[[ $output == *"readable for everybody"* ]]
	run grep -rlE '(broker|wrong)-secret' "$dir" --include='*.log' --include=wardcloud.conf
	[ "$status" = 1 ]
}
