#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Small files that unpack to far too much: every one must end soon, within its limits, and say so.
# WARD is the program to test.

setup_file() {
	export BOMBS="$BATS_FILE_TMPDIR/bombs"
	python3 "$BATS_TEST_DIRNAME/make.py" "$BOMBS"
}

# scan FILE: one JSON line of the file in $output; fails when it takes longer than a minute.
scan() {
	run timeout 60 "${WARD:-build/ward}" scan --json --no-default-intel --no-progress \
		--no-summary --max-time 50s "$BOMBS/$1"
	[ "$status" -eq 0 ]
	output=$(grep '"event":"file"' <<<"$output")
	[ -n "$output" ]
}

# says REASON...: not scanned, and for one of these reasons.
says() {
	[[ $output == *'"verdict":"not-scanned"'* ]]
	local reason
	for reason in "$@"; do
		[[ $output != *"\"reason\":\"$reason\""* ]] || return 0
	done
	echo "none of $* in $output"
	return 1
}

@test "10 GiB of zeros in a gzip" {
	scan zeros.gz
	says size ratio
}

@test "3 GiB of zeros in a zip" {
	scan zeros.zip
	says size ratio
}

@test "a zip of zips of zips" {
	scan nested.zip
	says bytes files
}

@test "20000 entries that are the same bytes" {
	scan same-bytes.zip
	says ratio
}

@test "2000 entries that quote each other" {
	scan quoted.zip
	says ratio bytes
}

@test "10000 tars in each other" {
	scan deep.tar
	says depth
}

@test "10000 gzips in each other" {
	scan deep.gz
	says depth
}

@test "a tar with a hole of 1 TiB" {
	scan sparse.tar
	says ratio size
}

@test "a gzip that unpacks to itself" {
	gzip -dc <"$BOMBS/quine.gz" | cmp - "$BOMBS/quine.gz"
	scan quine.gz
	says depth
}

@test "a PDF stream packed twice" {
	scan bomb.pdf
	says ratio
}

@test "a PDF whose objects go in circles is read to its end" {
	scan cyclic.pdf
	[[ $output == *'"type":"pdf"'* ]]
	[[ $output != *crashed* && $output != *timeout* ]]
}
