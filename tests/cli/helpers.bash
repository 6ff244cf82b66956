# SPDX-License-Identifier: Apache-2.0
# Shared by the bats files: where the programs are, and harmless test files made on the spot.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${WARD_BUILD:-$top/build}
ward=$BUILD/ward

# The EICAR test string (eicar.org), put together here so that this file itself is no finding.
eicar() {
	printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}

# A signature for the text "harmless look-alike" as whole file, in ClamAV's .hsb form.
lookalike() {
	printf 'harmless look-alike'
}

lookalike_signature() {
	printf '%s:%s:Test.Lookalike\n' "$(lookalike | sha256sum | cut -d' ' -f1)" "$(lookalike | wc -c)"
}

setup() {
	work=$(mktemp -d)
	cd "$work" || return 1
}

teardown() {
	cd / && rm -rf "$work"
}

# One field of the only (or first) "file" line: json_of FILTER, from $output.
json_of() {
	printf '%s\n' "$output" | jq -r "select(.event == \"file\") | $1"
}
