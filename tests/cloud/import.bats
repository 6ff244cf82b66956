#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Lists taken over by an administrator, with the service stopped and running.

setup() {
	load helpers
	make_service
}

teardown() {
	stop_service
	rm -rf "${dir%/cloud}"
}

import() { wardcloud import --config "$conf" "$@"; }
# What holds of a SHA-256.
show() { wardcloud verdict show "$1" --config "$conf" --json | jq -r '[.verdict, .threat, .list] | join(" ")'; }
number() { printf '%064x' "$1"; }

# Tree and name of a set of real lists; skips where it is not.
real_lists() {
	local folder=${WARD_TI_LISTS:-/work/shared/data/ti}
	[ -e "$folder/$1" ] || skip "no real lists: $folder/$1 is not there (WARD_TI_LISTS names another place)"
	mkdir -p "$dir/real"
	case $1 in
	*.tar.gz) tar xzf "$folder/$1" -C "$dir/real" ;;
	*.gz) gzip -dc "$folder/$1" >"$dir/real/list" ;;
	esac
}

@test "importing again with --replace withdraws what is no longer listed, stopped and running" {
	for run in stopped running; do
		[ "$run" = stopped ] || start_service
		number 1 >"$dir/list"
		echo " Threat.One" >>"$dir/list"
		number 2 >>"$dir/list"
		import --list "$run" "$dir/list"
		number 2 >"$dir/list"
		number 9 >"$dir/other"
		import --list other "$dir/other"
		run import --list "$run" --replace "$dir/list"
		echo "$output"
		[ "$status" = 0 ]
		[[ $output == *"1 hashes taken"*"1 withdrawn"* ]]
		[ "$(show "$(number 2)")" = "malicious  $run" ]
		[ "$(show "$(number 9)")" = "malicious  other" ]
		printf '' >"$dir/empty"
		run import --list "$run" --replace "$dir/empty"
		[ "$status" = 2 ]
		[ "$(show "$(number 2)")" = "malicious  $run" ]
		[ "$run" = running ] || [ "$(show "$(number 1)")" = "unknown  " ]
	done
	[ "$(show "$(number 1)")" = "unknown  " ]
	stop_service
	run wardcloud replay --config "$conf" --compare
	echo "$output"
	[ "$status" = 0 ]
}

@test "a large list goes into a running service, which answers meanwhile" {
	start_service
	for i in $(seq 60000); do printf '%08x%056x Family.%d\n' "$i" "$i" "$((i % 5))"; done >"$dir/list"
	import --list big --confidence 70 --expires-days 30 "$dir/list" >"$dir/out" &
	import=$!
	wardcloud token list --config "$conf" --json | jq -e '.ok'
	wait "$import"
	grep -q '^60000 hashes taken, 60000 SHA-256; 60000 malicious' "$dir/out"
	[ "$(show "$(printf '%08x%056x' 60000 60000)")" = "malicious Family.0 big" ]
}

@test "a CSV, a STIX bundle, a MISP event and ClamAV's hashes become verdicts" {
	mkdir "$dir/in"
	cat >"$dir/in/a.csv" <<-END
		sha256,threat,verdict,confidence
		$(number 1),"Csv, quoted",malicious,80
		$(number 2),,clean,
	END
	cat >"$dir/in/b.json" <<-END
		{"type": "bundle", "objects": [
		{"type": "indicator", "id": "indicator--1", "pattern_type": "stix",
		 "pattern": "[file:hashes.'SHA-256' = '$(number 3)' OR file:hashes.SHA256 = '$(number 4)']"},
		{"type": "indicator", "id": "indicator--2", "pattern_type": "stix",
		 "pattern": "[file:hashes.'SHA-256' = '$(number 5)' AND file:name = 'x']"},
		{"type": "malware", "id": "malware--1", "name": "Stix.Evil"},
		{"type": "relationship", "relationship_type": "indicates",
		 "source_ref": "indicator--1", "target_ref": "malware--1"}]}
	END
	cat >"$dir/in/c.json" <<-END
		{"Event": {"info": "An event", "Attribute": [
		{"type": "filename|sha256", "to_ids": true, "value": "a.exe|$(number 6)"},
		{"type": "sha256", "to_ids": false, "value": "$(number 7)"}]}}
	END
	echo "$(number 8):*:Win.Clam-1:73" >"$dir/in/d.hsb"
	echo "$(number 8):77:Fp.Clam" >"$dir/in/e.sfp"
	run import --list mixed --dry-run "$dir/in"
	[ "$status" = 1 ]
	[ "$(show "$(number 1)")" = "unknown  " ]
	run import --list mixed "$dir/in"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"not an OR of hashes of files; the first one: "*"b.json, line 4, indicator--2"* ]]
	[[ $output == *"6 hashes taken, 6 SHA-256; 4 malicious, 0 suspicious, 2 known good; 1 duplicates, 2 not usable"* ]]
	[ "$(show "$(number 1)")" = "malicious Csv, quoted mixed" ]
	[ "$(show "$(number 2)")" = "clean  mixed" ]
	[ "$(show "$(number 3)")" = "malicious Stix.Evil mixed" ]
	[ "$(show "$(number 5)")" = "unknown  " ]
	[ "$(show "$(number 6)")" = "malicious An event mixed" ]
	[ "$(show "$(number 7)")" = "unknown  " ]
	[ "$(show "$(number 8)")" = "clean Fp.Clam mixed" ]
	# a list of bad files makes nobody good
	run import --list strict --verdict malicious "$dir/in"
	[[ $output == *" 0 known good"* ]]
	[ "$(wardcloud verdict show "$(number 4)" --config "$conf" --json | jq -r .list)" != "" ]
}

@test "known good by MD5 never overrides what is known of the SHA-256" {
	have_grpc_client || skip "npm cannot fetch @grpc/grpc-js"
	start_service
	make_request
	printf one >"$dir/one"
	printf two >"$dir/two"
	md5() { md5sum "$dir/$1" | cut -d' ' -f1; }
	sha() { sha256sum "$dir/$1" | cut -d' ' -f1; }
	printf '%s  usr/bin/one\n%s  usr/bin/two\n' "$(md5 one)" "$(md5 two)" >"$dir/x.md5sums"
	import --list debian "$dir/x.md5sums"
	sha one >"$dir/bad"
	import --list bad "$dir/bad"
	run device lookup "$(sha one):$(md5 one)" "$(sha two):$(md5 two)"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"VERDICT_MALICIOUS VERDICT_CLEAN"* ]]
}

@test "the parser runs in a sandbox" {
	awk 'BEGIN { for (i = 0; i < 1500000; i++) printf "%064d Name.%d\n", i, i % 1000 }' >"$dir/list"
	wardcloud import --list x --dry-run "$dir/list" >/dev/null &
	import=$!
	while kill -0 "$import" 2>/dev/null; do
		child=$(pgrep -P "$import" | head -n 1)
		[ -n "$child" ] && grep -q 'Seccomp:.2' "/proc/$child/status" && break
		sleep 0.02
	done
	run cat "/proc/$child/status"
	wait "$import"
	echo "$output"
	grep -qE '^NoNewPrivs:.1$' <<<"$output"
	grep -qE '^Seccomp:.2$' <<<"$output"
	grep -qE '^CapEff:.0+$' <<<"$output"
	[ "$(id -u)" != 0 ] || ! grep -qE '^Uid:.0.' <<<"$output"
}

@test "a hostile list costs only its import" {
	head -c 3000000 /dev/urandom >"$dir/garbage"
	run import --list x "$dir/garbage"
	[ "$status" = 2 ]
	[[ $output == *"nothing usable"* ]]
	{ printf '['; head -c 200000 /dev/zero | tr '\0' '['; } >"$dir/deep.json"
	run import --list x "$dir/deep.json"
	[ "$status" = 2 ]
	[[ $output == *"not JSON: maximum parsing depth reached"* ]]
	mkfifo "$dir/fifo"
	run timeout 10 wardcloud import --config "$conf" --list x "$dir/fifo"
	[ "$status" = 2 ]
	number 1 >"$dir/list"
	printf ' \033[2Jx\n' >>"$dir/list"
	run import --list x "$dir/list"
	[ "$status" = 0 ]
	[[ $output != *$'\033'* ]]
}

@test "real lists: ESET, Unit 42, MISP's warning lists, VirusShare" {
	real_lists eset_malware-ioc_BSD2.tar.gz
	run wardcloud import --dry-run --json --list real "$dir/real"
	[ "$status" = 1 ]
	for kind in sha256 sha1 md5; do # as many as a count by other means finds in the plain lists
		plain=$(cat $(find "$dir/real" -name "samples.$kind") | tr -d '\r' | tr A-F a-f | grep -oE '^[0-9a-f]{32,64}\b' | sort -u | wc -l)
		[ "$(jq ".taken.$kind" <<<"$output")" -ge "$plain" ]
	done
	[ "$(jq .clean <<<"$output")" = 0 ]
	rm -rf "$dir/real"
	real_lists unit42_playbooks_stix2_MIT.tar.gz
	run wardcloud import --dry-run --json --list real "$dir/real"
	[ "$status" = 1 ]
	all=$(find "$dir/real" -name '*.json' -exec jq -r '.objects[] | select(.type == "indicator") | .pattern' {} + |
		grep -oE "^\[file:hashes\.'SHA-256' = '[0-9a-fA-F]{64}'\]$" | tr A-F a-f | sort -u | wc -l)
	[ "$(jq .taken.sha256 <<<"$output")" -ge "$all" ]
	[ "$all" -gt 1000 ]
	rm -rf "$dir/real"
	real_lists misp_warninglists_core.tar.gz
	run wardcloud import --dry-run --json --list real "$dir/real/lists/ti-falsepositives"
	[ "$(jq .clean <<<"$output")" = "$(jq '[.list[] | ascii_downcase] | unique | length' "$dir"/real/lists/ti-falsepositives/list.json)" ]
	[ "$(jq .malicious <<<"$output")" = 0 ]
	rm -rf "$dir/real"
	real_lists virusshare_md5_131072_ocatak.txt.gz
	run wardcloud import --json --list real --config "$conf" "$dir/real"
	[ "$status" = 0 ]
	[ "$(jq .taken.md5 <<<"$output")" = "$(sort -u "$dir/real/list" | wc -l)" ]
}

@test "dpkg's own lists of this machine are known good" {
	ls /var/lib/dpkg/info/*.md5sums >/dev/null 2>&1 || skip "no dpkg here"
	run wardcloud import --json --list debian --config "$conf" /var/lib/dpkg/info/*.md5sums
	[ "$status" = 0 ]
	[ "$(jq .clean <<<"$output")" = "$(cut -c1-32 /var/lib/dpkg/info/*.md5sums | sort -u | wc -l)" ]
}
