#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `ward config`, `ward exclusion` and the policy's exclusions in `ward scan`, as a user meets them.

load ../cli/helpers.bash
bats_require_minimum_version 1.5.0

@test "the schema and the reader agree about good and bad documents" {
	"$ward" config schema >schema.json
	run /usr/bin/python3 "$BATS_TEST_DIRNAME/agree.py" "$ward" schema.json
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the committed schema, manual and man page are what the table says" {
	"$ward" config schema | cmp - "$top/dist/policy.schema.json"
	"$ward" config manual | diff - <(sed '1,/^<!-- from here on/d' "$top/docs/policy.md" | sed 1d; echo)
	"$ward" config man | diff - <(sed -n '/^\.\\" From here on/,/^\.\\" Until here/p' \
		"$top/docs/man/ward-policy.5" | sed '1d;$d')
}

@test "check names every mistake with file, line and column, and exits 1" {
	printf '{\n "cloud": {"leevel": "high",\n  "hold": "2m"},\n "exclusions": [{"path": "/usr"}]\n}\n' >p.json
	run "$ward" config check p.json
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = 'p.json:2:12: cloud: no setting "leevel"; did you mean "level"?' ]
	[ "${lines[1]}" = 'p.json:3:11: cloud.hold: expected a time like "10s", from 0 to 1m, found "2m"' ]
	[[ "${lines[2]}" == 'p.json:4:26: exclusions[0].path: too dangerous: '* ]]
	[ "${#lines[@]}" -eq 3 ]
}

@test "check says nothing of a good file, and tells a missing one apart" {
	echo '{"scan": {"threads": 4}}' >p.json
	run "$ward" config check p.json
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$ward" config check none.json
	[ "$status" -eq 1 ]
	[[ "$output" == *"none.json: "* ]]
}

@test "what a document holds cannot move the cursor" {
	printf '{"cloud": {"level": "\\u001b[31mhigh"}}' >p.json
	run "$ward" config check p.json
	[ "$status" -eq 1 ]
	[[ "$output" != *$'\e'* ]]
	[[ "$output" == *'\x1b'* ]]
}

@test "list marks where values come from, and says what was refused" {
	printf '{"scan": {"threads": 4}, "cloud": {\n"enabled": false}}' >local.json
	echo '{"cloud": {"enabled": true, "level": "high"}}' >org.json
	run --separate-stderr "$ward" config list --policy local.json --organisation org.json
	[ "$status" -eq 0 ]
	grep -qE '^cloud.enabled +true +\[managed\]$' <<<"$output"
	grep -qE '^cloud.level +"high" +\[managed\]$' <<<"$output"
	grep -qE '^scan.threads +4 +\[local\]$' <<<"$output"
	grep -qE '^cloud.hold +"10s"$' <<<"$output"
	[ "$stderr" = 'ward config: line 2: cloud.enabled: not taken: the organisation sets it to true; a local policy may only make it stronger, and false is not' ]
}

@test "every setting has a line, in JSON too" {
	echo '{}' >p.json
	"$ward" config list --policy p.json --json >list
	[ "$(jq -r .setting list | sort -u | wc -l)" -eq "$(wc -l <list)" ]
	[ "$(jq -r .setting list | wc -l)" -eq "$("$ward" config list --policy p.json | wc -l)" ]
	[ "$(jq -r '.source' list | sort -u)" = default ]
	run "$ward" config get --policy p.json cloud.level
	[ "$output" = '"high"' ] || [ "$output" = '"normal"' ]
	run "$ward" config get --policy p.json cloud.leevel
	[ "$status" -eq 2 ]
	[[ "$output" == *"did you mean cloud.level?"* ]]
}

exclusions() {
	mkdir -p data/sub
	ln -s data link
	cat >p.json <<-END
		{"exclusions": [
		 {"path": "$PWD/data", "scope": "on_demand", "force": "a test", "comment": "test"},
		 {"glob": "*.iso"},
		 {"path": "$PWD/old", "expires": "2020-01-01", "force": "a test"}]}
	END
}

@test "exclusion check explains what matches, and why" {
	exclusions
	touch data/sub/x
	run "$ward" exclusion check --policy p.json "$PWD/data/sub/x"
	[ "$status" -eq 0 ]
	[[ "$output" == *"real time: not excluded"* ]]
	[[ "$output" == *"other scope  path $PWD/data (local, line 2): covers everything below"* ]]
	[[ "$output" == *"scans on demand: excluded"* ]]
	run "$ward" exclusion check --policy p.json --scope realtime "$PWD/data/sub/x"
	[ "$status" -eq 1 ]
}

@test "exclusion check follows links, and tells near misses" {
	exclusions
	touch data/x data2 old
	run "$ward" exclusion check --policy p.json "$PWD/link/x"
	[ "$status" -eq 0 ]
	[[ "$output" == *"compared as "*"/data/x"* ]]
	run "$ward" exclusion check --policy p.json "$PWD/data2"
	[ "$status" -eq 1 ]
	[[ "$output" == *"near miss    path $PWD/data (local, line 2): ends within a component"* ]]
	run "$ward" exclusion check --policy p.json "$PWD/old"
	[ "$status" -eq 1 ]
	[[ "$output" == *"expired "*"it was over at 2020-01-02T00:00:00Z"* ]]
}

@test "exclusion list shows each, with its reason" {
	exclusions
	run "$ward" exclusion list --policy p.json
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ "${lines[0]}" == *'"force": "a test"'*"[local]" ]]
	"$ward" exclusion list --policy p.json --json | jq -e -s 'length == 3' >/dev/null
}

scan() {
	run --separate-stderr "$ward" scan --no-default-intel --intel pack "$@"
}

bad_files() {
	lookalike_signature >sig.hsb
	"$ward" intel compile -o pack sig.hsb >/dev/null
	exclusions
	lookalike >data/bad
	lookalike >here.iso
}

@test "a scan with a policy leaves out what it excludes, and says so" {
	bad_files
	scan data here.iso
	[ "$status" -eq 1 ]
	scan --policy p.json data here.iso link/bad
	[ "$status" -eq 0 ]
	[[ "$output" == *"excluded by the policy: 3"* ]]
	scan --policy p.json --all data
	[[ "$output" == *"excluded"*"data/bad (path $PWD/data)"* ]]
	scan --policy p.json --json data here.iso
	[ "$(jq -r 'select(.event == "excluded") | .kind' <<<"$output" | sort | tr '\n' ' ')" = "glob path " ]
	[ "$(jq -r 'select(.event == "summary") | .excluded' <<<"$output")" -eq 2 ]
	scan --policy p.json --ignore-exclusions data
	[ "$status" -eq 1 ]
}

@test "a hard link elsewhere is not excluded" {
	bad_files
	ln data/bad elsewhere
	scan --policy p.json data elsewhere
	[ "$status" -eq 1 ]
	[[ "$output" == *"./elsewhere"* || "$output" == *"elsewhere"* ]]
}

@test "an allowed hash or threat is looked at and not reported as found" {
	bad_files
	lookalike >loose
	printf '{"exclusions": [{"hash": "%s"}]}' "$(lookalike | sha256sum | cut -d' ' -f1)" >hash.json
	scan --policy hash.json loose
	[ "$status" -eq 0 ]
	echo '{"exclusions": [{"threat": "Test.Look*"}]}' >threat.json
	scan --policy threat.json --all loose
	[ "$status" -eq 0 ]
	[[ "$output" == *"loose (threat Test.Look*)"* ]]
	echo '{"exclusions": [{"threat": "Test.Other*"}]}' >threat.json
	scan --policy threat.json loose
	[ "$status" -eq 1 ]
}

@test "a scan does not start with a policy that has a mistake" {
	bad_files
	echo '{"exclusion": []}' >p.json
	scan --policy p.json data
	[ "$status" -eq 2 ]
	[[ "$stderr" == 'p.json:1:2: no section "exclusion"; did you mean "exclusions"?' ]]
}

@test "scan --policy convicts what the policy blocks, and no exclusion of the content helps" {
	mkdir tree
	echo harmless >tree/file
	echo other >tree/other
	digest=$(sha256sum <tree/file | cut -d' ' -f1)
	echo "{\"blocked\": {\"hashes\": [\"$digest\"]}, \"exclusions\": [{\"hash\": \"$digest\"}]}" >p.json
	run --separate-stderr "$ward" scan --no-default-intel --json --policy p.json tree
	[ "$status" -eq 1 ]
	[ "$(jq -r 'select(.verdict == "malicious") | .path + " " + .findings[0].threat' <<<"$output")" = \
		'tree/file Policy.Blocked' ]
	run --separate-stderr "$ward" scan --no-default-intel --ignore-exclusions --policy p.json tree
	[ "$status" -eq 1 ]
	echo "{\"blocked\": {\"hashes\": [\"$digest\"]}, \"exclusions\": [{\"path\": \"$PWD/tree/file\", \"force\": \"a test\"}]}" >p.json
	run --separate-stderr "$ward" scan --no-default-intel --policy p.json tree
	[ "$status" -eq 0 ]
}
