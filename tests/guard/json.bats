#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docs/json.md and what the commands that ask the guard print: the same keys. Needs root.

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

body_keys() {
	machine
	start "$(policy '{"exclusions": [{"extension": "iso"}], "schedule": {"quick": "day"}}')"
	{
		ward scan start quick --json
		ward scan status --json
		wait_for 100 no_scan_goes
		ward scan start full --wait --json || true
		ward scan start running --wait --json || true
		wait_for 50 eval '[ -n "$(threat quarantined)" ]'
		ward scan history --json
		ward threat list --json
		ward threat show "$(threat quarantined)" --json
		ward threat allow --name Test.EICAR --for 1h --why it --json
		ward threat allowed --json
		ward quarantine list --json
		echo x >"$fs/mine"
		ward quarantine add "$fs/mine" --json
		ward quarantine restore "$(ward quarantine list --json | head -n 1 | jq -r .id)" --to "$fs/back" --json
		ward quarantine purge --older-than 1000h --json
		ward config list --json
		ward exclusion list --json
		ward history --json
		ward updates freeze --json
		ward updates unfreeze --json
		ward updates history --json
		ward status --json || true
	} >"$work/said"
	stop
	# Each key of each event is named.
	jq -r '.event as $e | keys[] | "\($e) \(.)"' "$work/said" | sort -u >"$work/keys"
	[ "$(cut -d' ' -f1 "$work/keys" | sort -u | wc -l)" = 9 ] || fail "$(cut -d' ' -f1 "$work/keys" | sort -u)"
	while read -r event key; do
		grep -qF "\"event\": \"$event\"" "$top/docs/json.md" || fail "$event is missing in docs/json.md"
		[ "$key" = event ] || grep -qF "\`$key\`" "$top/docs/json.md" || fail "$key of $event is missing there"
	done <"$work/keys"
	# And of the status nothing is named that is not there; while nothing is scanned two are not.
	sed -n '/^# The JSON of `ward status`/,/^# The JSON of `ward threat`/p' "$top/docs/json.md" | grep '^| `' |
		cut -d'|' -f2 | grep -o '`[a-z_.]*`' | tr -d '`' | sort >"$work/documented"
	sed -n 's/^guard.status //p' "$work/keys" | grep -v '^event$' | sort >"$work/there"
	[ "$(comm -23 "$work/documented" "$work/there" | tr '\n' ' ')" = 'scan.kind scan.percent ' ] ||
		fail "named, and not there: $(comm -23 "$work/documented" "$work/there")"
}

@test "docs/json.md names every key that the guard's commands print" {
	guarded body_keys
}
