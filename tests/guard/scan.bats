#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Scans of the machine by the guard, at a machine of a few files below a file system of the test's own. Needs
# root.

export top
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# guarded FUNCTION: runs it in there, with what is below.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 170 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/control.bash'
		. '$BATS_TEST_DIRNAME/scan.bash'; $(declare -f "$1"); $1"
}

body_quick() {
	machine
	start "$(policy '{}')"
	code=0
	ward scan start quick --wait >"$work/said" || code=$?
	[ "$code" = 1 ] || fail "exit status $code: $(cat "$work/said")"
	grep -q '2 threats' "$work/said" || fail "$(cat "$work/said")"
	# Where malware starts, and not elsewhere; links lead nowhere.
	wait_for 50 eval '[ "$(ward threat list --status quarantined --json | wc -l)" = 2 ]'
	[ ! -e "$fs/etc/cron.d/job" ] && [ ! -e "$fs/home/anna/Downloads/tool" ]
	[ -e "$fs/srv/data/file" ] && [ -L "$fs/home/anna/Downloads/link" ]
	ward threat list --json | jq -e 'select(.reason == "scan" and .name == "Test.EICAR")' >/dev/null
	scans | jq -e '.kind == "quick" and .source == "command" and .result == "done" and .files == 7
		and .threats == 2 and .not_scanned == 2 and .not_scanned_reasons.special == 2 and .uid == 0
		and .bytes > 100 and (.intelligence | length) >= 16 and (.begin | endswith("Z"))' >/dev/null ||
		fail "$(scans)"
	ward status --json | jq -e '."quick_scan.result" == "done" and ."quick_scan.threats" == 2
		and ."quick_scan.source" == "command" and ."scan.state" == "idle" and .healthy' >/dev/null ||
		fail "$(ward status)"
	[ "$(events scan.started | jq -r '."ward.scan.kind"')" = quick ]
	[ "$(events scan.ended | jq -r '."ward.scan.threats"')" = 2 ]
	events file.found | jq -e 'select(."ward.status" == "quarantined")' >/dev/null
	# A full one finds the rest.
	ward scan start full --wait >"$work/said" && fail 'it found nothing'
	wait_for 50 eval '[ ! -e "$fs/srv/data/file" ]'
	code=0
	ward scan start full --wait >"$work/said" || code=$?
	[ "$code" = 0 ] || fail "exit status $code"
	[ "$(scans full | wc -l)" = 2 ] && [ "$(scans quick | wc -l)" = 1 ] && [ "$(scans -n 2 | wc -l)" = 2 ]
	stop
}

@test "a quick scan looks where malware starts, a full one everywhere; what is found is taken away" {
	guarded body_quick
}

body_rights() {
	machine
	start "$(policy '{}')"
	refused scan start quick
	refused scan stop
	refused scan pause
	refused scan resume
	[ "$(other ward scan status --json | jq -r .state)" = idle ]
	history tamper-refused | jq -e 'select(.text == "refused to start a scan of the machine")' >/dev/null
	ward scan stop 2>"$work/said" && fail 'there was nothing to stop'
	grep -q 'no scan is under way' "$work/said"
	ward scan start everything 2>"$work/said" && fail 'it knows that'
	grep -q 'quick and full' "$work/said"
	ward scan start quick --wait >/dev/null || true
	# Anybody may know that there was one, not who had it done.
	other ward scan history --json | jq -e '.result == "done" and (has("uid") or has("program") | not)' >/dev/null
	history scan-started | jq -e 'select(.uid == 0 and (.program | endswith("/ward")))' >/dev/null
	# A file of such a name is scanned all the same.
	eicar >"$work/start"
	(cd "$work" && "$BUILD/ward" scan --no-summary ./start | grep -q Test.EICAR) || fail './start'
	stop
}

@test "administrators have scans begin and end, anybody may know of them" {
	guarded body_rights
}

body_control() {
	machine
	for i in $(seq 3000); do echo "$i" >"$fs/srv/data/$i"; done
	start "$(policy '{"scan": {"threads": 1}}')"
	ward scan start full >/dev/null
	ward scan pause
	wait_for 50 eval '[ "$(scan_state state)" = paused ]'
	ward scan start quick 2>"$work/said" && fail 'two at once'
	grep -q 'a full scan is under way' "$work/said" || fail "$(cat "$work/said")"
	# Meanwhile everybody works, and nobody waits.
	allowed "$fs/tmp/fine"
	denied "$fs/srv/data/file"
	ward scan resume
	wait_for 50 eval '[ "$(scan_state state)" != paused ]'
	ward scan pause 2>/dev/null || true
	ward scan stop 2>/dev/null || true
	wait_for 100 no_scan_goes
	[[ $(scans | jq -r .result) =~ ^(cancelled|done)$ ]] || fail "$(scans)"
	ward scan start full >/dev/null
	ward scan pause
	ward scan stop
	wait_for 100 last_result full cancelled
	# What was stopped is not gone on with.
	stop
	start_again
	no_scan_goes || fail 'it goes on'
	stop
}

@test "a scan can be paused and stopped, and is one at a time" {
	guarded body_control
}

# Slow by the policy, killed in the middle, and gone on with at full speed: every file counts once.
body_resume() {
	mkdir -p "$fs/srv/a/b" "$fs/srv/c"
	for i in $(seq 2000); do echo "a $i" >"$fs/srv/a/$i"; done
	for i in $(seq 2000); do echo "c $i" >"$fs/srv/c/$i"; done
	eicar >"$fs/srv/z"
	echo x >"$fs/srv/a/b/x"
	start "$(policy '{}')"
	stop
	# A planned one was missed: it is made up for at once.
	history_sql "UPDATE total SET value = value - 3 * 86400000 WHERE what = 1"
	start_again '{"scan": {"cpu_percent": 5, "threads": 1}, "schedule": {"full": "day", "spread": "0s"}}'
	wait_for 300 eval '[ "$(scan_state files)" -gt 20 ] 2>/dev/null'
	kill -KILL "$guard"
	wait "$guard" 2>/dev/null || true
	seen=$(scan_count)
	[ "$seen" -gt 0 ] && [ "$seen" -lt 4002 ] || fail "it was at $seen"
	echo new >"$fs/srv/0-behind-us"
	echo new >"$fs/srv/zz-before-us"
	start_again '{"scan": {"cpu_percent": 100}, "schedule": {"full": "day", "spread": "0s"}}'
	wait_for 600 last_result full done
	[ "$(events scan.continued | jq -r '."ward.scan.files"')" = "$seen" ]
	scans full | jq -e '.files == 4003 and .threats == 1 and .source == "catch-up" and .id == 1' >/dev/null ||
		fail "$(scans)"
	[ "$(scans | wc -l)" = 1 ]
	wait_for 50 eval '[ ! -e "$fs/srv/z" ]'
	# Not again: the next one is tomorrow's.
	stop
	start_again '{"schedule": {"full": "day", "spread": "0s"}}'
	no_scan_goes
	[ "$(scans | wc -l)" = 1 ]
	[ -n "$(scan_state next_full)" ]
	stop
}

@test "a scan that is cut off by a kill goes on where it was, and counts each file once" {
	guarded body_resume
}

body_stop_resumes() {
	mkdir -p "$fs/srv"
	for i in $(seq 1000); do echo "$i" >"$fs/srv/$i"; done
	start "$(policy '{}')"
	ward scan start full >/dev/null
	ward scan pause
	wait_for 50 eval '[ "$(scan_state state)" = paused ]'
	stop
	start_again '{"schedule": {"catch_up": false}}'
	[ "$(scans | jq -r .result)" = interrupted ]
	no_scan_goes || fail 'it goes on'
	stop
	start_again
	wait_for 200 last_result full done
	scans | jq -e '.files == 1000 and .source == "command"' >/dev/null || fail "$(scans)"
	stop
}

@test "an end of the guard is no end of its scan, unless the policy says so" {
	guarded body_stop_resumes
}

body_exclusions() {
	machine
	mkdir -p "$fs/srv/left-out" "$fs/srv/zip"
	digest=$(eicar | sha256sum | cut -c1-64)
	eicar >"$fs/srv/left-out/file"
	eicar >"$fs/srv/data/file.skip"
	{ eicar; echo; echo other; } >"$fs/srv/data/other"
	(cd "$fs/srv/data" && python3 -c 'import zipfile; zipfile.ZipFile("../zip/x.zip", "w").write("file")')
	start "$(policy "$(jq -n --arg d "$fs/srv/left-out" --arg real "$fs/srv/data/file" '{
		scan: {archives: false}, blocked: {hashes: []},
		exclusions: [{path: $d, force: "a test"}, {extension: "skip"}, {path: $real, force: "a test", scope: "realtime"}]}')")"
	ward threat allow --hash "$digest"
	ward scan start full --wait >"$work/said" || true
	# The same content is allowed wherever it lies; only the archive was not looked into.
	scans | jq -e '.not_scanned_reasons.unsupported == 1 and .result == "done"' >/dev/null || fail "$(scans)"
	[ -e "$fs/srv/left-out/file" ] && [ -e "$fs/srv/data/file.skip" ] && [ -e "$fs/etc/cron.d/job" ]
	[ -e "$fs/srv/zip/x.zip" ]
	ward threat disallow --hash "$digest"
	policy "$(jq -n --arg d "$fs/srv/left-out" --arg real "$fs/srv/data/file" '{
		exclusions: [{path: $d, force: "a test"}, {extension: "skip"}, {path: $real, force: "a test", scope: "realtime"}]}')" >"$work/policy.json"
	ward reload
	ward scan start full --wait >"$work/said" && fail 'it found nothing'
	wait_for 50 eval '[ ! -e "$fs/srv/zip/x.zip" ] && [ ! -e "$fs/etc/cron.d/job" ]'
	[ -e "$fs/srv/left-out/file" ] && [ -e "$fs/srv/data/file.skip" ]
	# That one is excluded from real-time protection only.
	wait_for 50 eval '[ ! -e "$fs/srv/data/file" ]'
	stop
}

@test "exclusions, allowances and the archives' setting count in scans" {
	guarded body_exclusions
}

# One answer on a machine: `ward scan` leaves out what the guard does.
body_user() {
	mkdir -p "$work/files/left-out"
	eicar >"$work/files/file"
	eicar >"$work/files/left-out/file"
	echo blocked >"$work/files/ours"
	chmod -R a+rX "$work"
	start "$(policy "$(jq -n --arg d "$work/files/left-out" --arg h "$(sha256sum <"$work/files/ours" | cut -c1-64)" \
		'{blocked: {hashes: [$h]}, exclusions: [{path: $d, force: "a test"}]}')")"
	ward scan --json "$work/files" >"$work/said" && fail 'it found nothing'
	jq -se '(map(select(.event == "excluded")) | length == 1 and (.[0].kind == "path"))
		and (map(select(.verdict == "malicious") | .findings[0].threat) | sort == ["Policy.Blocked", "Test.EICAR"])' \
		"$work/said" >/dev/null || fail "$(cat "$work/said")"
	[ "$(ward scan --json --ignore-exclusions "$work/files" | jq -s 'map(select(.verdict == "malicious")) | length')" = 3 ]
	# What is allowed: who may know it is told.
	ward threat allow --name Test.EICAR
	[ "$(ward scan --json "$work/files" | jq -s 'map(select(.event == "excluded" and .kind == "threat")) | length')" = 1 ]
	[ "$(other ward scan --json "$work/files" 2>&1 | jq -s 'map(select(.event == "file" and .verdict == "malicious")) | length')" = 2 ]
	stop
	# Without a guard nothing is left out, and nothing is said of it.
	ward scan --json "$work/files" >"$work/said" 2>"$work/errors" && fail 'it found nothing'
	[ ! -s "$work/errors" ] || fail "$(cat "$work/errors")"
	[ "$(jq -s 'map(select(.verdict == "malicious")) | length' "$work/said")" = 2 ]
}

@test "ward scan heeds what the guard has in force" {
	guarded body_user
}

body_passive() {
	machine
	start "$(policy '{"realtime": {"mode": "passive"}}')"
	ward scan start quick --wait >"$work/said" && fail 'it found nothing'
	wait_for 50 eval '[ "$(ward threat list --status allowed --json | wc -l)" = 2 ]'
	[ -e "$fs/etc/cron.d/job" ] && [ -e "$fs/home/anna/Downloads/tool" ]
	stop
	start_again '{"realtime": {"mode": "on_demand"}}'
	ward scan start quick --wait >"$work/said" && fail 'it found nothing'
	wait_for 50 eval '[ ! -e "$fs/etc/cron.d/job" ]'
	stop
}

@test "passive mode tells what a scan finds and leaves it, mode on_demand takes it away" {
	guarded body_passive
}

body_schedule() {
	machine
	# Three seconds before noon, wherever that is now.
	TZ="TST$(python3 -c 'import time
s = 43197 - int(time.time()) % 86400
if s > 12 * 3600: s -= 86400
s = -s
print("%s%02d:%02d:%02d" % ("-" if s < 0 else "", abs(s) // 3600, abs(s) // 60 % 60, abs(s) % 60))')"
	export TZ
	start "$(policy '{"schedule": {"quick": "day", "quick_at": "12:00", "spread": "0s"}}')"
	no_scan_goes || fail 'too early'
	wait_for 200 last_result quick done
	scans | jq -e '.source == "schedule" and .threats == 2' >/dev/null || fail "$(scans)"
	ward status --json | jq -e '."quick_scan.source" == "schedule" and ."quick_scan.next_ms" > 0
		and ."quick_scan.overdue_since_ms" == 0' >/dev/null
	stop
	# Four days without one, and nothing is made up for: that is an issue.
	history_sql "UPDATE total SET value = value - 5 * 86400000 WHERE what = 1"
	history_sql "UPDATE run SET begin_ms = begin_ms - 4 * 86400000"
	start_again '{"schedule": {"quick": "day", "quick_at": "12:00", "spread": "0s", "catch_up": false}}'
	wait_for 50 eval 'ward status --json | jq -e ".health_issues[] | select(.code == \"quick-scan-overdue\")" >/dev/null'
	no_scan_goes
	stop
	# A policy that is changed to an hour that was does not begin a scan now.
	start_again '{"schedule": {"quick": "never"}}'
	policy '{"schedule": {"quick": "day", "quick_at": "11:30", "spread": "0s"}}' >"$work/policy.json"
	ward reload
	wait_for 50 eval '[ -n "$(scan_state next_quick)" ]'
	no_scan_goes || fail 'it began'
	[ "$(scans | wc -l)" = 1 ]
	stop
}

@test "scans begin by the schedule; one that is missing is told" {
	guarded body_schedule
}
