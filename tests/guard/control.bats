#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What administrators ask of wardd, and what others may not. Each test has a mount namespace and a file
# system of its own; nothing of the machine is watched. Needs root.

export top
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# guarded FUNCTION: runs it in there, with what is below.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 170 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/control.bash'; $(declare -f "$1"); $1"
}

body_allow() {
	start
	eicar >"$fs/eicar"
	denied "$fs/eicar"
	wait_for 50 eval '[ -n "$(threat blocked)" ]'
	id=$(threat blocked)
	ward threat show "$id" | grep -q Test.EICAR
	ward threat allow "$id" --why 'a test'
	allowed "$fs/eicar"
	[ "$(ward threat list --status allowed --json | jq -r .id)" = "$id" ]
	[ "$(ward threat allowed --json | jq -r .why)" = 'a test' ]
	# The same content elsewhere too, another one with the same threat not.
	cp "$fs/eicar" "$fs/copy"
	allowed "$fs/copy"
	{ eicar; echo; } >"$fs/other"
	denied "$fs/other"
	# It holds when the guard is started anew, and ends when it is taken back.
	stop
	restart
	allowed "$fs/eicar"
	ward threat disallow "$id"
	denied "$fs/eicar"
	ward threat allow --name Test.EICAR
	allowed "$fs/other"
	ward threat disallow --name Test.EICAR
	denied "$fs/other"
	# One that ends by itself.
	ward threat allow --name Test.EICAR --for 1s
	allowed "$fs/eicar"
	wait_for 40 eval '! cat "$fs/eicar" 2>/dev/null >&2'
	history threat-allowed | jq -e 'select(.uid == 0 and (.program | endswith("/ward")))' >/dev/null
	stop
}

@test "what is allowed opens, here and elsewhere, until it is taken back" {
	guarded body_allow
}

body_restore() {
	start '{"actions": {"malicious": "quarantine"}}'
	eicar >"$work/eicar"
	# On a file system that has all of it, and is not watched until it is mounted.
	mkdir "$fs/box"
	eicar >"$work/made"
	chown 1234:2345 "$work/made"
	chmod 0640 "$work/made"
	note "$work/made"
	touch -d '2020-02-03T04:05:06.789Z' "$work/made"
	was=$(facts "$work/made")
	stop
	cp --preserve=all "$work/made" "$fs/box/file"
	[ "$(facts "$fs/box/file")" = "$was" ]
	restart
	cat "$fs/box/file" >/dev/null 2>&1 && fail 'it opened'
	wait_for 100 eval '[ ! -e "$fs/box/file" ]'
	wait_for 50 eval '[ -n "$(threat quarantined)" ]'
	id=$(threat quarantined)
	[ "$(ward quarantine list --json | jq -r .path)" = "$fs/box/file" ]
	ward quarantine verify
	ward threat restore "$id"
	[ "$(facts "$fs/box/file")" = "$was" ] || fail "$(facts "$fs/box/file"), was $was"
	allowed "$fs/box/file"
	[ "$(ward threat list --json | jq -r .status)" = restored ]
	# Nothing is overwritten; elsewhere it goes; it stays until it is deleted.
	said=$(ward threat restore "$id" 2>&1) && fail 'overwritten'
	[[ $said == *'taken'* ]]
	ward threat restore "$id" --to "$fs/second"
	cmp "$fs/second" "$work/eicar"
	ward threat delete "$id"
	[ "$(ward quarantine list 2>&1)" = 'The quarantine is empty.' ]
	stop
}

@test "what was quarantined comes back with owner, mode, attributes and times" {
	guarded body_restore
}

body_by_hand() {
	start
	echo strange >"$fs/strange"
	id=$(ward quarantine add "$fs/strange" --why 'looks strange' --json | jq -r .id)
	[ ! -e "$fs/strange" ]
	ward quarantine show "$id" | grep -q "$fs/strange"
	ward quarantine restore "$id"
	[ "$(cat "$fs/strange")" = strange ]
	# Pages: more items than one answer holds.
	for i in $(seq 120); do
		echo "$i" >"$fs/file$i"
		ward quarantine add "$fs/file$i" >/dev/null
	done
	[ "$(ward quarantine list --json | jq -r .id | sort -u | wc -l)" = 121 ]
	[ "$(ward threat list --json | jq -r .id | sort -u | wc -l)" = 121 ]
	[ "$(ward threat list --json -n 7 | wc -l)" = 7 ]
	[ "$(ward quarantine verify | grep -c whole)" = 121 ]
	# A byte of one is changed.
	item=$(find "$work/state/quarantine" -type f -size +0 -printf '%s %p\n' | grep -v key | sort -n | tail -n 1 | cut -d' ' -f2)
	printf 'x' | dd of="$item" bs=1 seek=200 conv=notrunc status=none
	ward quarantine verify >"$work/said" && fail 'damage is not seen'
	grep -q damaged "$work/said"
	ward quarantine purge && fail 'purged without being told what'
	ward quarantine purge --all
	[ "$(ward quarantine list 2>&1)" = 'The quarantine is empty.' ]
	stop
}

@test "quarantine by hand: add, page, verify, purge" {
	guarded body_by_hand
}

body_policy() {
	start
	ward config set cloud.level high
	[ "$(ward config get cloud.level)" = '"high"' ]
	[ "$(jq -r .cloud.level "$work/policy.json")" = high ]
	[ "$(jq -r .actions.malicious "$work/policy.json")" = block ]
	ward config list | grep -q 'cloud.level .*"high".*\[local\]'
	said=$(ward config set cloud.level extreme 2>&1) && fail 'taken'
	[[ $said == *cloud.level* ]]
	said=$(ward config set cloud.hold '"1s"}, "fail": {"open": "closed"' 2>&1) && fail 'more than a value'
	[ "$(ward config get cloud.level)" = '"high"' ]
	ward config unset cloud.level
	[ "$(ward config get cloud.level)" = '"normal"' ]
	# Exclusions are in force at once.
	mkdir "$fs/out"
	eicar >"$fs/out/eicar"
	denied "$fs/out/eicar"
	said=$(ward exclusion add path "$fs/out" 2>&1) && fail 'a place where everybody writes'
	[[ $said == *force* ]]
	ward exclusion add path "$fs/out" --force 'a test'
	allowed "$fs/out/eicar"
	ward exclusion list | grep -q 'a test.*\[local\]'
	chmod 755 "$work"
	other ward exclusion check "$fs/out/eicar" | grep -q "excluded by  path $fs/out (local)"
	other ward exclusion check "$fs/other" 2>/dev/null && fail 'not excluded'
	ward exclusion add path "$fs/out" --force again 2>/dev/null && fail 'twice'
	ward exclusion add path / 2>/dev/null && fail 'everything'
	ward exclusion remove path "$fs/out" --force 'a test'
	denied "$fs/out/eicar"
	ward exclusion add threat 'Test.*'
	allowed "$fs/out/eicar"
	ward exclusion remove threat 'Test.*'
	denied "$fs/out/eicar"
	[ "$(history config-changed | wc -l)" = 6 ]
	# A file with a mistake is not used; what was in force stays, and where the mistake is, is said.
	printf '{"cloud":\n  {"level": "hihg"}}\n' >"$work/policy.json"
	kill -HUP "$guard"
	wait_for 50 eval 'ward status --json | grep -q "policy.json:2:13"'
	[ "$(ward config get cloud.level)" = '"normal"' ]
	ward config set cloud.level high 2>/dev/null && fail 'written over a mistake'
	denied "$fs/out/eicar"
	echo '{"actions": {"malicious": "block"}}' >"$work/policy.json"
	ward reload
	ward status --json | grep -q policy.json && fail 'the mistake is gone'
	stop
}

@test "settings and exclusions change at once, and never by a file with a mistake" {
	guarded body_policy
}

body_organisation() {
	. "$top/tests/cloud/helpers.bash"
	trap 'stop_service; finish' EXIT
	TMPDIR=$work make_service
	start_service
	enroll() {
		"$BUILD/ward" enroll --state "$work/enrolment" "$@"
	}
	version() {
		ward status --json | jq -r '."policy.organisation_version"'
	}
	# An old policy of the machine's own had switched the cloud off; the organisation's says on.
	start '{"cloud": {"enabled": false, "level": "moderate"}}'
	stop
	restart
	[ "$(ward config get cloud.enabled)" = false ]
	echo '{"cloud": {"enabled": true, "level": "high"}, "local": {"restore": false}}' >"$work/org.json"
	wardcloud policy set --file "$work/org.json" --config "$conf"
	enroll --server "localhost:$port" --token "$token" --ca-sha256 "$fingerprint"
	wait_for 100 eval '[ "$(ward config get cloud.enabled)" = true ]'
	first=$(version)
	[ "$first" -gt 0 ]
	ward config list | grep -q 'cloud.level .*"high".*\[managed\].*not taken'
	# What would weaken it is refused, with the reason, and noted; what strengthens is not.
	said=$(ward config set cloud.level normal 2>&1) && fail 'weakened'
	[[ $said == *cloud.level*stays* ]] || fail "$said"
	said=$(ward config set cloud.enabled false 2>&1) && fail 'switched off'
	[ "$(history tamper-refused | wc -l)" = 1 ]
	ward config set cloud.level high_plus
	[ "$(ward config get cloud.level)" = '"high_plus"' ]
	ward config unset cloud.level
	echo harmless >"$fs/file"
	item=$(ward quarantine add "$fs/file" --json | jq -r .id)
	said=$(ward quarantine restore "$item" 2>&1) && fail 'restored'
	[[ $said == *local.restore* ]] || fail "$said"
	# A newer one comes with the next contact and is in force without anybody's doing.
	cp "$work/enrolment/policy.envelope" "$work/old"
	echo '{"cloud": {"enabled": true, "level": "zero_tolerance"}}' >"$work/org.json"
	wardcloud policy set --file "$work/org.json" --config "$conf"
	enroll --renew
	wait_for 100 eval '[ "$(ward config get cloud.level)" = "\"zero_tolerance\"" ]'
	second=$(version)
	[ "$second" -gt "$first" ]
	# The old one put back, or everything removed, changes nothing; neither does a new start.
	cp "$work/old" "$work/enrolment/policy.envelope"
	wait_for 100 eval 'ward status --json | grep -q policy-refused'
	rm "$work/enrolment/policy.envelope" "$work/enrolment/policy.keys"
	stop
	restart
	[ "$(ward config get cloud.level)" = '"zero_tolerance"' ]
	[ "$(version)" = "$second" ]
	# The end of the enrolment is the end of its policy.
	enroll --renew
	wait_for 100 test -e "$work/enrolment/policy.keys"
	enroll --leave
	wait_for 100 eval '[ "$(ward config get cloud.level)" = "\"moderate\"" ]'
	stop
}

@test "the organisation's signed policy: what it says stands, and only a newer one changes it" {
	guarded body_organisation
}

body_life() {
	start
	kill -KILL "$guard"
	wait "$guard" 2>/dev/null || true
	restart
	[ "$(history service-killed | wc -l)" = 1 ]
	stop
	restart
	[ "$(history service-killed | wc -l)" = 1 ]
	[ "$(history service-stopped | wc -l)" = 1 ]
	stop
}

@test "an end that nobody asked for is noticed at the next start" {
	guarded body_life
}

# --- others ---

body_others() {
	start '{"actions": {"malicious": "quarantine"}}'
	chmod 755 "$work"
	eicar >"$fs/eicar"
	wait_for 100 eval '[ -n "$(threat quarantined)" ]'
	id=$(threat quarantined)
	item=$(ward quarantine list --json | jq -r .id)
	# May ask how it is, and what the settings are.
	other ward status >/dev/null
	other ward config list | grep -q '^cloud.level'
	other ward config get cloud.level
	other ward exclusion list 2>/dev/null
	# May see nothing of other users' files, and of their own.
	[ -z "$(other ward threat list --json)" ]
	[ -z "$(other ward quarantine list --json)" ]
	other ward threat show "$id" && fail 'shown'
	other ward quarantine show "$item" && fail 'shown'
	other cat "$work"/state/quarantine/* && fail 'read'
	other ls "$work/state" && fail 'listed'
	# May change nothing, and is told why.
	refused threat allow "$id"
	refused threat allow --name Test.EICAR
	refused threat disallow --name Test.EICAR
	refused threat restore "$id"
	refused threat delete "$id"
	refused quarantine restore "$item" --to /tmp/x
	refused quarantine delete "$item"
	refused quarantine purge --all
	refused quarantine verify
	refused quarantine add "$work/policy.json"
	refused config set cloud.level normal
	refused config unset cloud.level
	refused exclusion add path /srv
	refused exclusion remove path /srv
	refused history
	refused reload
	[ "$(jq -c . "$work/policy.json")" = '{"actions":{"malicious":"quarantine"}}' ]
	[ "$(ward quarantine list --json | jq -r .id)" = "$item" ]
	# Each refused change once, however often it is tried.
	refused config set cloud.level normal
	[ "$(history tamper-refused | jq -r .text | sort | uniq -c | sort -n | tail -n 1 | awk '{print $1}')" -le 2 ]
	[ "$(history tamper-refused | jq -r .uid | sort -u)" = 65534 ]
	# May not end it.
	other kill -TERM "$guard" && fail 'ended'
	other kill -STOP "$guard" && fail 'stopped'
	stop
}

@test "who is no administrator may ask, and change nothing" {
	guarded body_others
}

body_own() {
	start
	mkdir -m 1777 "$fs/home"
	eicar >"$work/eicar" && chmod 644 "$work/eicar"
	chmod 755 "$work"
	other cp "$work/eicar" "$fs/home/mine"
	eicar >"$fs/home/roots"
	other cat "$fs/home/mine" && fail 'opened'
	other cat "$fs/home/roots" && fail 'opened'
	wait_for 50 eval '[ "$(ward threat list --json | wc -l)" = 2 ]'
	[ "$(other ward threat list --json | jq -r .path)" = "$fs/home/mine" ]
	stop
}

@test "everybody sees what was found in own files, and only that" {
	guarded body_own
}

body_admins() {
	start
	chmod 755 "$work"
	grep -v '^ward-admin:' /etc/group >"$work/group"
	echo 'ward-admin:x:4321:' >>"$work/group"
	mount --bind "$work/group" /etc/group
	admin ward config set cloud.level high
	[ "$(ward config get cloud.level)" = '"high"' ]
	[ "$(history config-changed | jq -r .uid)" = 65534 ]
	# Restores with own rights: not where only root may write, not through a link.
	mkdir -m 700 "$fs/roots"
	mkdir -m 1777 "$fs/home"
	echo data >"$fs/file" && chmod 666 "$fs/file"
	item=$(ward quarantine add "$fs/file" --json | jq -r .id)
	said=$(admin ward quarantine restore "$item" --to "$fs/roots/file" 2>&1) && fail "restored: $said"
	[ ! -e "$fs/roots/file" ]
	other ln -s "$fs/roots" "$fs/home/way"
	admin ward quarantine restore "$item" --to "$fs/home/way/file" && fail 'through a link'
	[ ! -e "$fs/roots/file" ]
	admin ward quarantine restore "$item" --set-id --to "$fs/home/file" && fail 'set-id'
	# Takes no file of root's out of its directory.
	echo system >"$fs/system" && chmod 644 "$fs/system"
	admin ward quarantine add "$fs/system" && fail 'a file of root was taken'
	[ -e "$fs/system" ]
	admin ward quarantine restore "$item" --to "$fs/home/file"
	[ "$(cat "$fs/home/file")" = data ]
	stop
}

@test "the group ward-admin changes things, with the rights of who asks" {
	guarded body_admins
}

body_races() {
	start
	chmod 755 "$work"
	grep -v '^ward-admin:' /etc/group >"$work/group"
	echo 'ward-admin:x:4321:' >>"$work/group"
	mount --bind "$work/group" /etc/group
	mkdir -m 700 "$fs/roots"
	mkdir -m 1777 "$fs/home"
	other mkdir "$fs/home/real"
	echo data >"$fs/file" && chmod 666 "$fs/file"
	item=$(ward quarantine add "$fs/file" --json | jq -r .id)
	# Names swap for links to root's directory while it is restored.
	other bash -c '
		cd "$0/home" && ln -s "$0/roots" link
		while [ ! -e stop ]; do
			mv -T real away; mv -T link real; mv -T real link; mv -T away real
		done' "$fs" 2>/dev/null &
	swapper=$!
	for i in $(seq 150); do
		admin ward quarantine restore "$item" --to "$fs/home/real/file$i" >/dev/null 2>&1 || true
	done
	# And a directory on which something is mounted and taken off again.
	(
		for i in $(seq 60); do
			mount --bind "$fs/roots" "$fs/home/real" 2>/dev/null
			umount "$fs/home/real" 2>/dev/null
		done
	) &
	mounter=$!
	while kill -0 $mounter 2>/dev/null; do
		i=$((i + 1))
		admin ward quarantine restore "$item" --to "$fs/home/real/file$i" >/dev/null 2>&1 || true
	done
	: >"$fs/home/stop"
	wait $mounter $swapper || true
	umount "$fs/home/real" 2>/dev/null || true
	[ -z "$(ls "$fs/roots")" ] || fail "something is in root's directory: $(ls "$fs/roots")"
	[ -n "$(ls "$fs"/home/real "$fs"/home/away 2>/dev/null | grep file)" ] || fail 'nothing was restored at all'
	stop
}

@test "swapped names, links and mounts never lead a restore where its asker may not" {
	guarded body_races
}

body_flood() {
	start '{"realtime": {"deadline": "2s"}}'
	chmod 755 "$work"
	# Not through `other`: $! would be a shell's number, and the flood would outlive it.
	setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs /usr/bin/python3 - "$work" <<-'PY' &
		import os, random, socket, sys, time
		paths = [sys.argv[1] + "/manage.sock", sys.argv[1] + "/control.sock"]
		held, end = [], time.time() + 120  # nobody leaves it behind
		while time.time() < end:
		    try:
		        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		        s.setblocking(False)
		        s.connect(random.choice(paths))
		        kind = random.randrange(4)
		        if kind == 0:
		            s.send(os.urandom(random.randrange(1, 60000)))
		        elif kind == 1:
		            s.send(b"\x08\x01\x10\x04")  # a question whose answer it never reads
		            s.send(b"\x08\x01\x10\x04")
		        elif kind == 2:
		            s.send(b"\x08")  # half a message
		        held.append(s)
		    except OSError:
		        pass
		    if len(held) > 200:
		        for s in held[:100]:
		            s.close()
		        del held[:100]
	PY
	flood=$!
	sleep 0.5
	echo clean >"$fs/clean"
	for i in $(seq 40); do
		echo "$i" >"$fs/file$i"
		allowed "$fs/file$i"
		eicar >"$fs/bad$i"
		denied "$fs/bad$i"
	done
	# An administrator is heard all the same, and so is another user.
	wait_for 100 eval 'setpriv --reuid 65533 --clear-groups "$BUILD/ward" config get cloud.level --socket "$work/control.sock"'
	wait_for 100 eval 'ward config get cloud.level >/dev/null 2>&1'
	ward threat list --json -n 1 >/dev/null
	kill -0 $flood || fail 'the flood ended too early to say anything'
	kill $flood
	wait $flood || true
	[ -z "$(events opens.not-decided)" ] || fail 'opens fell to the fail mode'
	wait_for 100 eval 'other ward config get cloud.level >/dev/null 2>&1'
	kill -0 "$guard"
	[ "$(ls /proc/"$guard"/fd | wc -l)" -lt 120 ] || fail 'descriptors leak'
	stop
}

@test "a flood of connections, half messages and garbage delays nobody's opens" {
	guarded body_flood
}

body_slow() {
	chmod 755 "$work"
	python3 - "$fs/slow" <<-'PY'
		import sys, zipfile
		with zipfile.ZipFile(sys.argv[1], "w") as z:
		    for i in range(90000):
		        z.writestr(f"{i}.txt", f"text of number {i}\n" * 8)
	PY
	for i in $(seq 16); do
		cp "$fs/slow" "$fs/slow$i"
	done
	eicar >"$work/eicar"
	start '{"realtime": {"deadline": "2s"}}'
	for i in $(seq 16); do
		other cat "$fs/slow$i" >"$work/out" 2>&1 &
	done
	sleep 0.3
	for i in $(seq 15); do
		cp "$work/eicar" "$fs/bad$i"
		denied "$fs/bad$i"
		cp /bin/true "$fs/run$i"
		"$fs/run$i"
	done
	[ "$(ward status --json | jq '."queue.scanning"')" -ge 2 ] || fail 'the slow files were not slow enough to say anything'
	stop
}

@test "one user's slow files are not in the way of another user's opens" {
	guarded body_slow
}
