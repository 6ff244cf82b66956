#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Block at first sight: the real guard, the real network process, the real service on loopback, in a
# mount namespace and on a file system of their own. Needs root.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build} TOP=$top

# guarded FUNCTION: runs it in there.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 150 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/cloud.bash'; $(declare -f "$1"); $1"
}

body_first_sight() {
	service
	enroll
	start
	connected
	bad "$fs/bad"
	denied "$fs/bad"
	has_event open.denied
	[ "$(events open.denied | jq -r '."threat.indicator.name"' | head -n 1)" = Test.Ward.CloudOnly ]
	[ "$(events open.denied | jq -r '."ward.layer"' | head -n 1)" = cloud ]
	# nobody has seen it, and it is harmless: held, sent, allowed
	good "$fs/good"
	[ "$("$fs/good")" = ran ]
	wait_figure cloud.samples_sent 2
	[ "$(figure cloud.held)" -ge 2 ]
	[ "$(figure opens.expired)" = 0 ]
	cp "$fs/bad" "$work/x" 2>/dev/null && fail 'it was copied'
	stop
	# another endpoint: denied by reputation, or by the update that told of it; nothing is sent
	state=$work/second
	new_token
	enroll
	start
	connected
	bad_again "$fs/again"
	denied "$fs/again"
	wait_for 100 eval '[ "$(($(figure cloud.lookups) + $(figure cloud.recalled) + $(figure records.blocks)))" -ge 1 ]'
	[ "$(figure cloud.samples_sent)" = 0 ]
	stop
}

@test "a file nobody has seen is held and denied; the next endpoint knows it; a good one runs" {
	guarded body_first_sight
}

body_packages() {
	service
	enroll
	# A database of packages and a system's place of our own.
	mkdir -p "$work/dpkg/info" "$work/package"
	mount --bind "$work/dpkg" /var/lib/dpkg
	mount --bind "$fs" /opt
	# What the package has, and later where it has it.
	list() {
		md5sum "$work/package/$1" | sed "s, .*,  opt/$1," >"$work/dpkg/info/$1.md5sums"
		echo "/opt/$1" >"$work/dpkg/info/$1.list"
	}
	start
	connected
	good "$work/package/ours"
	list ours
	eicar >"$work/package/eicar"
	list eicar
	wait_figure packages.files 2
	cp "$work/package/ours" /opt/ours
	[ "$(/opt/ours)" = ran ]
	[ "$(figure cloud.held)" = 0 ] || fail "held though it is a package's"
	[ "$(figure packages.unchanged)" -ge 1 ]
	# Under another name, or changed, it is anybody's.
	cp "$work/package/ours" /opt/copy
	[ "$(/opt/copy)" = ran ]
	held=$(figure cloud.held)
	[ "$held" -ge 1 ]
	good /opt/ours
	[ "$(/opt/ours)" = ran ]
	[ "$(figure cloud.held)" -gt "$held" ]
	# What is convicted stays convicted, whatever a package says.
	cp "$work/package/eicar" /opt/eicar
	denied /opt/eicar
	stop
}

@test "files as their package has installed them are not held" {
	guarded body_packages
}

# What lay there before the guard came, and nobody has opened since.
body_scan() {
	service
	enroll
	bad "$fs/bad"
	cp "$fs/bad" "$fs/same"
	good "$fs/good"
	scan_root=$fs
	start '{"actions": {"malicious": "quarantine"}}'
	connected
	ward scan start full --wait --socket "$work/control.sock"
	wait_for 100 eval '[ ! -e "$fs/bad" ] && [ ! -e "$fs/same" ]'
	[ -e "$fs/good" ]
	has_event file.convicted-late
	[ "$(figure cloud.held)" = 0 ] || fail 'something was held'
	stop
}

@test "a scan of the machine asks about what nobody knows, and acts when the answer comes" {
	guarded body_scan
}

body_one_question() {
	service
	enroll
	start
	connected
	bad "$fs/bad"
	for i in $(seq 20); do
		cat "$fs/bad" >>"$work/leaked" 2>/dev/null &
		readers+=($!)
	done
	for p in "${readers[@]}"; do
		wait "$p" && fail 'one of them read it'
	done
	[ ! -s "$work/leaked" ]
	wait_figure cloud.samples_sent 1
	[ "$(figure cloud.samples_sent)" = 1 ]
	stop
}

@test "many opens of one file wait on one question" {
	guarded body_one_question
}

body_gone() {
	service
	enroll
	start
	connected
	stop_service
	for i in 1 2 3 4; do
		good "$fs/file$i"
	done
	before=$(date +%s%N)
	for i in 1 2 3 4; do
		allowed "$fs/file$i"
	done
	[ $((($(date +%s%N) - before) / 1000000)) -lt 10000 ] || fail 'opens waited for a service that is gone'
	wait_for 50 eval '[ "$(word cloud)" = unreachable ]'
	[ "$(figure cloud.down_since_ms)" -gt 0 ]
	# the breaker is open: no wait at all
	good "$fs/later"
	allowed "$fs/later"
	bad "$fs/bad"
	allowed "$fs/bad"
	wait_for 100 eval '[ "$(figure cloud.outbox)" -ge 1 ]'
	waiting=$(figure cloud.outbox)
	restart_service
	wait_for 600 eval '[ "$(word cloud)" = connected ]'
	wait_for 100 eval '[ "$(figure cloud.outbox)" = 0 ]'
	stop
	[ "$(wardcloud stats --config "$conf" --json | jq .all.sightings)" -ge "$waiting" ]
}

@test "the service gone: opens go on by the fail mode, status says since when, events arrive later" {
	guarded body_gone
}

body_recalled() {
	service
	enroll
	start
	connected
	bad "$fs/bad"
	denied "$fs/bad"
	stop_service
	bad_again "$fs/copy"
	denied "$fs/copy"
	# by its word, or by the record that it published about the content
	[ "$(($(figure cloud.recalled) + $(figure records.blocks)))" -ge 1 ]
	# of what nobody has said anything the fail mode decides
	bad "$fs/other"
	allowed "$fs/other"
	stop
}

@test "what the cloud has convicted stays so when it is gone, in any file" {
	guarded body_recalled
}

body_closed() {
	service
	enroll
	start '{"cloud": {"hold": "1s"}, "fail": {"open": "closed", "exec": "closed"}}'
	connected
	kill -STOP "$pid"
	good "$fs/file"
	before=$(date +%s%N)
	denied "$fs/file"
	took=$((($(date +%s%N) - before) / 1000000))
	[ "$took" -ge 900 ] && [ "$took" -lt 4000 ] || fail "it took $took ms"
	kill -CONT "$pid"
	stop
}

@test "a service that hangs costs the hold time, then the fail mode says" {
	guarded body_closed
}

body_killed() {
	service
	enroll
	start
	connected
	for i in 1 2 3; do
		bad "$fs/bad$i"
		cat "$fs/bad$i" >"$work/leaked" 2>/dev/null &
		reader=$!
		kill -KILL "$(uplink)" || true
		wait "$reader" && fail 'it was read'
	done
	[ ! -s "$work/leaked" ]
	[ "$(figure cloud.starts)" -ge 2 ]
	stop
}

@test "the network process killed in the middle of a hold: the question is put again" {
	guarded body_killed
}

body_late() {
	service
	enroll
	start '{"cloud": {"hold": "1ms"}, "actions": {"malicious": "quarantine"}}'
	connected
	bad "$fs/bad"
	allowed "$fs/bad"
	wait_for 150 has_event file.convicted-late
	wait_for 50 test ! -e "$fs/bad"
	stop
}

@test "a verdict that comes late takes the file away" {
	guarded body_late
}

body_late_kills() {
	service
	enroll
	start '{"actions": {"malicious": "kill"}}'
	connected
	cp /bin/sleep "$fs/sleep"
	printf '%s' "$RANDOM$RANDOM" >>"$fs/sleep"
	sleep 0.05
	"$fs/sleep" 60 &
	runs=$!
	sleep 1
	kill -0 "$runs"
	wardcloud verdict set "$(sha256sum "$fs/sleep" | cut -d' ' -f1)" malicious --threat Test.Late \
		--reason test --config "$conf"
	wait "$runs" && fail 'it ran to its end'
	wait_for 50 test ! -e "$fs/sleep"
	stop
}

@test "a verdict that changes ends who runs the file, when the policy says so" {
	guarded body_late_kills
}

body_change() {
	service
	enroll
	start
	connected
	good "$fs/good"
	allowed "$fs/good"
	wardcloud verdict set "$(sha256sum "$fs/good" | cut -d' ' -f1)" malicious --threat Test.Late \
		--reason test --config "$conf"
	wait_for 50 has_event file.convicted-late
	denied "$fs/good"
	stop
}

@test "a verdict that changes reaches files that were let go" {
	guarded body_change
}

body_not_enrolled() {
	mkdir "$work/state"
	start
	# until the network process has said so, it might be
	wait_for 50 eval '[ "$(word cloud)" = not-enrolled ]'
	good "$fs/good"
	[ "$("$fs/good")" = ran ]
	[ "$(figure cloud.held)" = 0 ]
	stop
}

@test "not enrolled, nothing is held" {
	guarded body_not_enrolled
}

body_sight() {
	service
	enroll
	start '{"actions": {"malicious": "quarantine"}}'
	connected
	sight --json || fail "$said"
	step() { jq -c "select(.step == \"$1\") | $2" <<<"$said"; }
	[ "$(jq -s 'length' <<<"$said")" = 7 ] || fail "$said"
	[ "$(jq -s 'all(.ok)' <<<"$said")" = true ]
	[ "$(step 'first sight' '[.outcome, .held]')" = '["denied",true]' ]
	[ "$(step verdict '[.threat, .tier]')" = '["Test.Ward.CloudOnly","sample"]' ]
	[ "$(step ordinary '[.outcome, .held]')" = '["allowed",true]' ]
	# it is told as what it was, and nothing is left
	id=$(step verdict .id | tr -d '"')
	"$BUILD/ward" threat show "$id" --socket "$work/control.sock" --json >"$work/threat"
	[ "$(jq -c '[.category, .status, .layer, .evidence.tier]' "$work/threat")" = \
		'["test","deleted","cloud","sample"]' ] || fail "$(cat "$work/threat")"
	[ -z "$("$BUILD/ward" quarantine list --socket "$work/control.sock")" ]
	[ -z "$(ls "$fs")" ]
	# never the same files twice
	sight || fail "$said"
	[[ $said == *"first sight  OK "*"then denied"*"verdict      OK "*"by sample"* ]]
	stop
}

@test "ward cloud test --block-at-first-sight shows that the guard does, and leaves nothing" {
	guarded body_sight
}

body_sight_fails() {
	mkdir "$work/elsewhere"
	code=0
	sight || code=$?
	[ $code = 2 ] || fail "$said"
	service
	enroll
	start '{"realtime": {"mode": "audit"}}'
	sight && fail 'in audit mode'
	[[ $said == *"mode         FAILED "*audit* ]] || fail "$said"
	stop
	start
	connected
	# what the guard does not watch
	fs=$work/elsewhere
	sight && fail 'where nobody watches'
	[[ $said == *'first sight  FAILED '*'does not watch this file system'* ]] || fail "$said"
	[ -z "$(ls "$work/elsewhere")" ]
	fs=$work/fs
	stop_service
	wait_for 200 eval '[ "$(word cloud)" = unreachable ]'
	sight && fail 'without a cloud'
	[[ $said == *'cloud        FAILED  unreachable'* ]] || fail "$said"
	stop
}

@test "the test of block at first sight says why it is not so" {
	guarded body_sight_fails
}
