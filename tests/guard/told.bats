#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the cloud hears of an endpoint: how it is, who reached for it, and what was really done to what was
# found. The real service on loopback, in a mount namespace and on a file system of their own. Needs root.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build} TOP=$top

guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 150 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/cloud.bash'; $(declare -f "$1" device stat_of); $1"
}

# device FIELD: of the only one there is.
device() {
	wardcloud device list --config "$conf" --json | jq -r ".devices[0].$1"
}

stat_of() {
	wardcloud stats --config "$conf" --json | jq ".all.$1"
}

body_health() {
	service
	echo '{"cloud": {"level": "high"}}' >"$work/org.json"
	wardcloud policy set --file "$work/org.json" --config "$conf"
	enroll
	start
	connected
	wait_for 200 eval '[ "$(device health_ms)" -gt 0 ]'
	[ "$(device mode)" = block ]
	[ "$(device 'issues | length')" = 0 ]
	[ "$(device policy_version)" -gt 0 ]
	[ "$(device intelligence_version)" = "$(word intelligence)" ]
	[ "$(device engine_version)" = "$(word version)" ]
	id=$(device id)
	[ "$(wardcloud device show "$id" --config "$conf" --json | jq -r .device.mode)" = block ]
	# The endpoint says the same of itself.
	[ "$(word cloud.device)" = "$id" ]
	[ "$(word cloud.organisation)" = test.example ]
	[ "$(figure cloud.certificate_until_ms)" -gt "$(date +%s000)" ]
	[ "$(figure policy.organisation_version)" = "$(device policy_version)" ]
	stop
}

@test "an endpoint tells how it is, and the service shows it" {
	guarded body_health
}

body_tampering() {
	service
	echo '{"cloud": {"level": "high"}}' >"$work/org.json"
	wardcloud policy set --file "$work/org.json" --config "$conf"
	enroll
	start
	connected
	ward config set cloud.level normal --socket "$work/control.sock" 2>/dev/null && fail 'it was weakened'
	wait_for 100 eval '[ "$(device tamperings)" = 1 ]'
	[ "$(device tampered)" = 'refused: change a setting (cloud.level)' ]
	# Told to stop: kept, and told when it is back.
	stop
	start
	connected
	wait_for 100 eval '[ "$(device tamperings)" = 2 ]'
	[ "$(device tampered)" = stopped ]
	kill -KILL "$guard"
	wait "$guard" 2>/dev/null || true
	start
	connected
	wait_for 100 eval '[ "$(device tamperings)" = 3 ]'
	[ "$(device tampered)" = killed ]
	[ "$(stat_of tamperings)" = 3 ]
	stop
}

@test "refused changes, stops and kills are told" {
	guarded body_tampering
}

# What the service has of it: the log's own words.
body_actions() {
	service
	enroll
	start '{"actions": {"malicious": "quarantine"}}'
	connected
	bad "$fs/bad"
	denied "$fs/bad"
	wait_for 50 test ! -e "$fs/bad"
	wait_for 100 eval '[ "$(stat_of detections)" = 1 ]'
	reports() {
		python3 - "$dir" "$last" <<-'PY'
			import hashlib, pathlib, sys
			digest = hashlib.sha256((sys.argv[2] + "\n").encode()).digest()
			found = set()
			for path in pathlib.Path(sys.argv[1]).rglob("*"):
			    data = path.read_bytes() if path.is_file() and "log" in path.parts else b""
			    at = data.find(b"\x0a\x20" + digest)
			    while at >= 0:
			        # Detection: verdict (field 2) 5, threat (3), action (4)
			        name = b"\x10\x05\x1a\x13Test.Ward.CloudOnly\x20"
			        there = data.find(name, at, at + 200)
			        if there >= 0:
			            found.add(data[there + len(name)])
			        at = data.find(b"\x0a\x20" + digest, at + 1)
			print(*sorted(found))
		PY
	}
	[ "$(reports)" = 3 ] || fail "actions: $(reports)"
	stop
}

@test "a quarantine that follows a block is told as a quarantine" {
	guarded body_actions
}

body_allowed() {
	service
	enroll
	start
	connected
	good "$fs/good"
	allowed "$fs/good"
	ward exclusion add hash "$(sha256sum <"$fs/good" | cut -d' ' -f1)" --socket "$work/control.sock"
	wardcloud verdict set "$(sha256sum <"$fs/good" | cut -d' ' -f1)" malicious --threat Test.Late \
		--reason test --config "$conf"
	# Neither the late verdict nor a question that is answered with it.
	wait_for 100 eval '[ "$(figure cloud.update_position)" -gt 0 ]'
	sleep 1
	allowed "$fs/good"
	cp "$fs/good" "$fs/again"
	sleep 0.05
	allowed "$fs/again"
	[ -z "$(events file.convicted-late)$(events open.denied)" ]
	ward exclusion remove hash "$(sha256sum <"$fs/good" | cut -d' ' -f1)" --socket "$work/control.sock"
	denied "$fs/good"
	stop
}

@test "what is excluded here is not convicted by the cloud either" {
	guarded body_allowed
}

body_allowances() {
	service
	enroll
	start
	connected
	eicar >"$fs/eicar"
	denied "$fs/eicar"
	ward threat allow --name Test.EICAR --socket "$work/control.sock"
	allowed "$fs/eicar"
	# The organisation does not let anybody allow things here: what was allowed is allowed no more.
	echo '{"local": {"allow_threats": false}}' >"$work/org.json"
	wardcloud policy set --file "$work/org.json" --config "$conf"
	ward enroll --renew --state "$state/uplink" >/dev/null
	wait_for 100 eval '[ "$(figure policy.organisation_version)" -gt 0 ]'
	denied "$fs/eicar"
	stop
}

@test "an allowance ends where the organisation lets nobody allow things" {
	guarded body_allowances
}
