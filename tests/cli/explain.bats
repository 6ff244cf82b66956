#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load helpers.bash

bats_require_minimum_version 1.5.0

@test "explain shows type, digests, entropy and structure" {
	run --separate-stderr "$ward" explain /bin/true
	[ "$status" -eq 0 ]
	[[ "$output" == *"ELF"* ]]
	[[ "$output" == *"$(sha256sum </bin/true | cut -d' ' -f1)"* ]]
	[[ "$output" == *"$(md5sum </bin/true | cut -d' ' -f1)"* ]]
	[[ "$output" == *"Entropy"* ]]
	[[ "$output" == *"elf.machine"* ]]
}

@test "explain names every match and exits 1" {
	eicar >e
	run --separate-stderr "$ward" explain --json e
	[ "$status" -eq 1 ]
	[ "$(json_of '.findings | length > 0')" = true ]
	[ "$(json_of '[.facts[] | select(.key == "hash.sha1")] | length')" = 1 ]
}

@test "explain of a missing file" {
	run --separate-stderr "$ward" explain missing
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"No such file or directory"* ]]
}
