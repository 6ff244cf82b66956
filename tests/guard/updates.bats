#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Another pack for a guard that runs, and back. Each test has a mount namespace and a file system of its
# own; nothing of the machine is watched. Needs root.

export top
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# guarded FUNCTION: runs it in there, with what is below.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout $((170 + ${WARD_KILLS:-0} * 5)) unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/control.bash'; . '$BATS_TEST_DIRNAME/updates.bash'; $(declare -f "$1"); $1"
}

body_adopt() {
	local scan_root=$fs
	start
	publish one
	echo "Marker one" >"$fs/one"
	allowed "$fs/one"
	ward updates apply "$(newest_pack)" --json | jq -e '.number == 1' >/dev/null
	denied "$fs/one"
	status 'definitions.version' 1
	status 'definitions.status' up_to_date
	# What runs is looked at with it.
	wait_for 100 eval 'ward scan history running --json | jq -e ".source == \"update\" and .result == \"done\"" >/dev/null'
	ward status --json | jq -e '."definitions.updated_minutes_ago" == 0 and (.health_issues | length) == 0' >/dev/null
	# The next one as a delta, while files are opened all the time.
	publish two
	for i in $(seq 40); do echo "file $i" >"$fs/load-$i"; done
	(while [ ! -e "$work/enough" ]; do cat "$fs"/load-* >/dev/null || echo refused >>"$work/load"; done) &
	load=$!
	ward updates apply "$(newest_delta)" --json | jq -e '.number == 2' >/dev/null
	touch "$work/enough"
	wait "$load"
	[ ! -e "$work/load" ] || fail 'an open failed while packs changed'
	echo "Marker two" >"$fs/two"
	denied "$fs/two"
	# Nothing is lost by a restart, and the one before comes back.
	stop
	restart
	denied "$fs/two"
	ward updates rollback --json | jq -e '.number == 1 and .previous_number == 2' >/dev/null
	allowed "$fs/two"
	denied "$fs/one"
	ward updates history --json | jq -s -e 'map(.detail.action) == ["rolled-back", "taken", "taken"]' >/dev/null
	stop
}

@test "a pack and a delta are taken under load; they last; rollback" {
	guarded body_adopt
}

body_refuse() {
	start '{"updates": {"load_memory": "8M"}}'
	publish good
	ward updates apply "$(newest_pack)"
	good=$(ward updates status --json | jq -r .id)
	# Damaged, each in another place; nothing at all; something else; a delta for another base.
	for at in 20 70 300 2000; do
		damage "$(newest_pack)" "$at" >"$work/damaged"
		said refused "$work/damaged" 'damaged'
	done
	: >"$work/empty"
	said refused "$work/empty" 'damaged'
	said refused "$BUILD/ward" 'damaged'
	publish next
	damage "$(newest_delta)" 400 >"$work/damaged"
	said refused "$work/damaged" 'damaged'
	# One that convicts the shell.
	publish shell "$(sha256sum /bin/sh | cut -c1-64) Evil.Shell"
	said refused "$(newest_pack)" 'Evil.Shell in /bin/'
	# One that does not find what everybody finds.
	number 5 >"$work/blind.sha256"
	"$BUILD/ward" intel compile -q -o "$work/blind.wardpack" "$work/blind.sha256"
	said refused "$work/blind.wardpack" 'EICAR' --again
	# One that is too big once it is loaded.
	python3 - "$work/big.yar" <<-'PY'
		import random, sys
		random.seed(1)
		with open(sys.argv[1], "w") as f:
		    for i in range(12000):
		        text = "".join(random.choice("abcdefghijklmnop") for _ in range(24))
		        print(f'rule big_{i} {{ strings: $a = "{text}" $b = "{text[::-1]}" condition: all of them }}', file=f)
	PY
	publish big '' "$work/big.yar"
	said refused "$(newest_pack)" 'memory'
	# An older one, unless it is meant.
	oldest=$work/publications/packs/$good.wardpack
	publish last
	ward updates apply "$(newest_pack)"
	said refused "$oldest" 'number 1'
	ward updates freeze
	said refused "$oldest" 'frozen' --again
	ward updates unfreeze
	ward updates apply --again "$oldest"
	[ "$(ward updates status --json | jq -r .id)" = "$good" ]
	ward updates history --json | jq -s -e 'map(select(.detail.action == "refused")) | length >= 11' >/dev/null
	refused updates apply "$oldest"
	refused updates rollback
	refused updates freeze
	other ward updates status --json | jq -e .number >/dev/null
	stop
}

@test "what is damaged, convicts the shell, is blind, too big or older is refused, and nothing changes" {
	guarded body_refuse
}

body_crash() {
	start '{"updates": {"trial_crashes": 3}, "realtime": {"deadline": "60s"}}'
	publish one
	ward updates apply "$(newest_pack)"
	publish two
	ward updates apply "$(newest_delta)"
	status 'definitions.version' 2
	# Always the same file: that may be the file's fault.
	for _ in 1 2 3; do crash_on "$fs/same"; done
	status 'definitions.version' 2
	for i in $(seq 30); do
		crash_on "$fs/other-$i"
		rm "$fs/other-$i"
		! status_is 'definitions.version' 1 || break
	done
	wait_for 100 status_is 'definitions.version' 1
	wait_for 100 eval 'ward status --json | jq -e ".health_issues[] | select(.code == \"update-fell-back\")" >/dev/null'
	ward updates history --json | head -n 1 | jq -e '.detail.action == "fell-back" and (.detail.why | test("crashed on [0-9]+ files"))' >/dev/null
	# That pack is not taken again by accident; another one is, and the issue goes.
	said refused "$(newest_pack)" 'failed here'
	publish three
	ward updates apply "$(newest_pack)"
	wait_for 100 eval 'ward status --json | jq -e "(.health_issues | length) == 0" >/dev/null'
	stop
}

@test "scanners that crash on several files after a change bring the pack before back by itself" {
	guarded body_crash
}

body_kill() {
	start
	publish one
	publish two
	RANDOM=${WARD_SEED:-4711}
	for i in $(seq "${WARD_KILLS:-30}"); do
		file=$(shuf -n 1 --random-source=<(yes "$i$RANDOM") < <(printf '%s\n' "$work"/publications/packs/* "$work"/publications/deltas/*))
		ward updates apply --again "$file" >/dev/null 2>&1 &
		asked=$!
		sleep "$(printf '0.%03d' $((RANDOM % 700)))"
		kill -KILL "$guard"
		wait "$guard" 2>/dev/null || true
		wait "$asked" || true
		restart
		whole
	done
	ward updates apply --again "$(newest_pack)"
	status 'definitions.version' 2
	stop
}

@test "kill -9 at any moment of an update leaves a guard that starts with whole intelligence" {
	guarded body_kill
}
