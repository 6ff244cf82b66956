# SPDX-License-Identifier: Apache-2.0
# A cluster of brokers for the file, and services of several nodes on it.
load ../cloud/helpers
cluster=$PWD/tests/kafka/cluster

# The brokers' jars, fetched once into the build folder; false where Maven Central cannot be reached.
have_kafka() {
	local at=$build/kafka
	command -v java >/dev/null && command -v mvn >/dev/null || return 1
	mkdir -p "$at"
	cmp -s tests/kafka/pom.xml "$at/pom.xml" && [ -e "$at/complete" ] && return 0
	rm -rf "$at/jars" "$at/complete"
	cp tests/kafka/pom.xml "$at/"
	mvn -q -B -f "$at/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies \
		-DoutputDirectory="$at/jars" >"$at/mvn.log" 2>&1 && touch "$at/complete"
}

# Makes $dir/1 and so on, with keys of one CA: nodes of one service, whose topics begin with $prefix.
# $token lets one device in.
make_nodes() {
	local n
	dir=$(mktemp -d)/nodes prefix=t$BATS_TEST_NUMBER
	mkdir "$dir"
	wardcloud init --dir "$dir/1" --organisation test.example --host localhost --host 127.0.0.1 \
		--listen 127.0.0.1:0 --set log.backend=kafka --set kafka.brokers="$(cat "$BROKERS/plain")" \
		--set kafka.prefix="$prefix" --set kafka.partitions=4 --set kafka.wait=8s \
		--set log.snapshots="$dir/snapshots" >"$dir/init" || return 1
	token=$(sed -n 's/^token: //p' "$dir/init")
	for n in $(seq 2 "$1"); do
		mkdir -m 700 "$dir/$n"
		cp -a "$dir/1/pki" "$dir/$n/"
		sed "s|^directory = .*|directory = $dir/$n|" "$dir/1/wardcloud.conf" >"$dir/$n/wardcloud.conf"
	done
	cp "$dir/1/pki/ca.pem" "$dir/"
	make_request
}

# Starts node $1 at the address it had before, if any; $pids[N] and $ports[N].
start_node() {
	local n=$1 log=$dir/$1.log started
	shift
	started=$(grep -c service.started "$log" 2>/dev/null || true)
	wardcloud serve --config "$dir/$n/wardcloud.conf" --set metrics.listen=127.0.0.1:0 \
		--set edge.listen="127.0.0.1:${ports[n]:-0}" --set analysis.scanner="$build/ward-scan" \
		--set analysis.jobs=1 --set analysis.packs="$build/default.wardpack:$build/cloud.wardpack" \
		"$@" 2>>"$log" 3>&- &
	pids[n]=$!
	for _ in $(seq 1200); do
		[ "$(grep -c service.started "$log")" -gt "${started:-0}" ] && break
		kill -0 "${pids[n]}" || { tail -n 5 "$log"; return 1; }
		sleep 0.1
	done
	[ "$(grep -c service.started "$log")" -gt "${started:-0}" ] || return 1
	ports[n]=$(sed -n 's/.*service.started.*"server.port":"\([0-9]*\)".*/\1/p' "$log" | tail -n 1)
	[ -n "${ports[n]}" ]
}

# Ends node $1 with signal $2 (TERM).
stop_node() {
	[ -n "${pids[$1]:-}" ] || return 0
	kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null || true
	wait "${pids[$1]}" 2>/dev/null || true
	pids[$1]=
}

# All nodes' addresses, with commas.
addresses() {
	local n all=
	for n in "${!ports[@]}"; do all=$all,localhost:${ports[n]}; done
	echo "${all#,}"
}

fleet() {
	local command=$1 at=$2
	shift 2
	node tests/kafka/fleet.js "$command" "$at" "$dir" src/proto "$@"
}

# What a node says of all it counted.
figure() {
	wardcloud stats --config "$dir/$1/wardcloud.conf" --json | jq ".all.$2"
}

# Until $1 events have been acknowledged, however slow the machine is.
await_acknowledged() {
	for _ in $(seq 600); do
		[ "$(wc -l <"$dir/acknowledged" 2>/dev/null || echo 0)" -ge "$1" ] && return 0
		sleep 0.1
	done
	return 1
}

# Until node $1 has counted at least $2 sightings.
await_sightings() {
	for _ in $(seq 300); do
		[ "$(figure "$1" sightings)" -ge "$2" ] && return 0
		sleep 0.1
	done
	return 1
}
