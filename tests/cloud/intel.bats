#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# wardcloud intel build: the directory of publications.

setup() {
	load helpers
	make_service
	out=$dir/publications
}

teardown() {
	stop_service
	rm -rf "${dir%/cloud}"
}

build() { wardcloud intel build --config "$conf" --out "$out" "$@"; }
number() { printf '%064x' "$1"; }
# Of the newest pack.
newest() { jq -r ".packs[0]$1" "$out/index.json"; }
# 5,000 digests, the last of them named after the argument.
list() {
	[ -e "$dir/digests" ] || head -c $((32 * 4999)) /dev/urandom | od -An -v -tx1 -w32 | tr -d ' ' >"$dir/digests"
	awk '{ print $1, "List." NR }' "$dir/digests"
	echo "$(number 7) Last.$1"
}

@test "packs, numbers, notes and deltas; what is there is what the index says" {
	list one >"$dir/list.sha256"
	build --notes 'the first' "$dir/list.sha256"
	[ "$(newest .number) $(newest .notes) $(newest .counts.sha256)" = "1 the first 5000" ]
	[ "$(newest '.deltas | length')" = 0 ]
	first=$(newest .id)
	[ "$(sha256sum <"$out/packs/$first.wardpack" | cut -c1-64)" = "$(newest .sha256)" ]
	ward intel verify "$out/packs/$first.wardpack"
	list two >"$dir/list.sha256"
	run build --json "$dir/list.sha256"
	[ "$status" = 0 ]
	[ "$(jq .number <<<"$output")" = 2 ]
	delta=$out/deltas/$first-$(newest .id).warddelta
	[ "$(sha256sum <"$delta" | cut -c1-64)" = "$(newest '.deltas[0].sha256')" ]
	[ "$(stat -c %s "$delta")" -lt "$(($(newest .size) / 10))" ]
	run build --number 2 "$dir/list.sha256"
	[ "$status" = 2 ]
	[[ $output == *"above 2"* ]]
}

@test "one file that does not parse, and nothing is published" {
	list one >"$dir/list.sha256"
	build "$dir/list.sha256"
	before=$(sha256sum "$out/index.json")
	echo 'rule {' >"$dir/bad.yar"
	run build "$dir/list.sha256" "$dir/bad.yar"
	[ "$status" = 2 ]
	[[ $output == *"bad.yar:1"* ]]
	[ "$(sha256sum "$out/index.json")" = "$before" ]
	[ "$(find "$out/packs" -type f | wc -l)" = 1 ]
}

@test "the service's own convictions, stopped and running; lists and withdrawn ones stay out" {
	echo "$(number 3) Feed.Three" >"$dir/feed"
	wardcloud import --config "$conf" --list feed "$dir/feed"
	start_service
	for i in $(seq 10 130); do
		wardcloud verdict set --config "$conf" "$(number "$i")" malicious --reason test \
			--threat "Own.Threat $i" >/dev/null
	done
	wardcloud verdict set --config "$conf" "$(number 10)" withdraw --reason wrong
	for run in running stopped; do
		build --convictions
		[ "$(newest .counts.sha256)" = 120 ]
		ward intel show "$out/packs/$(newest .id).wardpack" | grep -q convictions.sha256
		stop_service
	done
	[ "$(newest .number)" = 2 ]
}
