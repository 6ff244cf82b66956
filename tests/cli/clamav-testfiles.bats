#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Debian's clamav-testfiles: 44 wrappings of one harmless program of 544 bytes. Every file whose
# format Ward unpacks must be found by the program's digest; the others are listed, so that one more
# or one less is noticed.

load helpers.bash

bats_require_minimum_version 1.5.0

files=/usr/share/clamav-testfiles

# Formats that the engine does not unpack yet: packed executables, AutoIt, InstallShield, NSIS, …
not_yet=${WARD_NOT_YET:-}

@test "every wrapped test file of a supported format is found" {
	[ -d "$files" ] || skip "clamav-testfiles is not installed"
	printf 'aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n' >test.hdb
	"$ward" intel compile -o pack test.hdb >/dev/null
	run --separate-stderr "$ward" scan --no-default-intel --intel pack --json "$files"
	[ "$status" -eq 1 ]
	printf '%s\n' "$output" | jq -r 'select(.event == "file" and .verdict != "malicious") | .path' |
		xargs -rn1 basename | sort >missed
	sort "$top/tests/cli/clamav-testfiles.missed" >expected
	diff expected missed
}
