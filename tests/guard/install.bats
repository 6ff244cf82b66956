#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `make install` puts where, and whether the service manager can make sense of it.

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	root=$BATS_TEST_TMPDIR/root
	DESTDIR=$root meson install -C "${WARD_BUILD:-$top/build}" --no-rebuild >/dev/null
	usr=$root/usr/local
	unit=$usr/lib/systemd/system/wardd.service
}

@test "programs, units, users, policy directory, completion and manuals are installed" {
	for f in bin/ward bin/wardcloud sbin/wardd libexec/ward/ward-scan libexec/ward/ward-uplink; do
		[ -x "$usr/$f" ]
	done
	for f in systemd/system/wardd.service systemd/system/wardcloud.service sysusers.d/ward.conf; do
		[ -s "$usr/lib/$f" ]
	done
	[ "$(stat -c %a "$root/etc/ward")" = 755 ]
	for f in ward/default.wardpack ward/policy.schema.json bash-completion/completions/ward \
		zsh/site-functions/_ward; do
		[ -s "$usr/share/$f" ]
	done
	# every manual there is
	for f in "$top"/docs/man/*; do
		[ -s "$usr/share/man/man${f##*.}/${f##*/}" ]
	done
}

@test "every user that a unit or the guard needs is made" {
	for name in ward-scan ward-uplink ward-admin wardcloud; do
		grep -qE "^[ug] $name " "$usr/lib/sysusers.d/ward.conf"
	done
	[ -n "$(command -v systemd-sysusers)" ] || skip 'no systemd-sysusers here'
	systemd-sysusers --root="$root" "$usr/lib/sysusers.d/ward.conf"
	grep -q '^ward-admin:' "$root/etc/group"
	grep -q '^wardcloud:' "$root/etc/passwd"
}

@test "the guard's unit lets its network process reach its directory and the cloud" {
	# ward-uplink is a child of the guard: it has the unit's limits and another user
	grep -qx 'StateDirectoryMode=0711' "$unit"
	grep -qE '^RestrictAddressFamilies=.*AF_INET AF_INET6' "$unit"
	[ "$(grep -c '^IPAddressDeny' "$unit")" = 0 ]
	grep -qx 'UMask=0077' "$unit"
}

@test "systemd has nothing to say about the units" {
	[ -n "$(command -v systemd-analyze)" ] || skip 'no systemd-analyze here'
	for name in wardd wardcloud; do
		# the program is not where it will be
		sed "s,=/usr/local/,=$usr/," "$usr/lib/systemd/system/$name.service" \
			>"$BATS_TEST_TMPDIR/$name.service"
		run systemd-analyze --man=no verify "$BATS_TEST_TMPDIR/$name.service"
		[ "$status" = 0 ]
		[ -z "$output" ] || { echo "$output"; false; }
	done
}
