#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# tests/endurance/run, the short form. Needs root.

@test "half a minute of load, kills, reloads and a cloud that comes and goes" {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 240 "$BATS_TEST_DIRNAME/run" --minutes 0.5 --build "${WARD_BUILD:-build}"
}
