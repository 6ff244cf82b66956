#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# wardd on one file system after the other, each in a file of its own or on a tmpfs of the test's. What this
# machine cannot make or mount is skipped by name. Needs root. NFS is not here: it takes a server in the kernel.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# on TYPE COMMAND…: body_writable on what the command mounts at $fs; $image is a file for it.
on() {
	tried "$1" body_writable "${@:2}"
}

tried() {
	local code=0 type=$1 body=$2
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	shift 2
	make_it=$* type=$type timeout 120 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; . '$BATS_TEST_DIRNAME/control.bash'
		$(declare -f prepare "$body"); $body" || code=$?
	[ $code != 77 ] || skip "no $type here"
	return $code
}

prepare() {
	image=$work/image
	asked() {
		ward status --json | jq '."opens.asked"'
	}
	truncate -s 512M "$image"
	eval "$make_it" >"$work/made" 2>&1 || { cat "$work/made"; exit 77; }
	[ "$(findmnt -n -o FSTYPE -T "$fs" | tail -n 1)" = "$type" ] || exit 77
}

body_writable() {
	prepare
	eicar >"$fs/planted"
	eicar >"$work/eicar"
	start "{\"actions\": {\"malicious\": \"quarantine\"}, \"realtime\": {\"filesystems\": [\"$type\"]}}"
	# Bad: not even its first open.
	denied "$fs/planted"
	wait_for 100 eval '[ ! -e "$fs/planted" ]'
	wait_for 100 eval '[ -n "$(threat quarantined)" ]'
	ward quarantine verify
	ward threat restore "$(threat quarantined)"
	cmp "$fs/planted" "$work/eicar"
	# Clean: asked about once.
	echo clean >"$fs/clean"
	known "$fs/clean"
	before=$(asked)
	allowed "$fs/clean"
	allowed "$fs/clean"
	[ "$(asked)" = "$before" ] || fail 'a known file was asked about'
	# Under other names too.
	mv "$fs/clean" "$fs/moved"
	ln "$fs/moved" "$fs/linked" 2>/dev/null || cp "$fs/moved" "$fs/linked"
	settled "$fs/moved"
	allowed "$fs/moved"
	[ "$(asked)" = "$before" ] || fail 'another name was asked about'
	# And no more after a write.
	echo more >>"$fs/moved"
	settled "$fs/moved" && fail 'a write keeps the verdict'
	allowed "$fs/moved"
	[ "$(asked)" -gt "$before" ] || fail 'what was written was not asked about'
	stop
}

# What cannot be written to: the first open is denied, and what is clean is known.
body_read_only() {
	mkdir "$work/tree"
	eicar >"$work/tree/planted"
	echo clean >"$work/tree/clean"
	prepare
	start "{\"realtime\": {\"filesystems\": [\"$type\"]}}"
	denied "$fs/planted"
	allowed "$fs/clean"
	wait_for 100 settled "$fs/clean"
	before=$(ward status --json | jq '."opens.asked"')
	allowed "$fs/clean"
	[ "$(ward status --json | jq '."opens.asked"')" = "$before" ] || fail 'a known file was asked about'
	denied "$fs/planted"
	stop
}

@test "ext4" {
	on ext4 'mkfs.ext4 -q "$image" && mount -o loop "$image" "$fs"'
}

@test "xfs" {
	on xfs 'mkfs.xfs -q "$image" && mount -o loop "$image" "$fs"'
}

@test "btrfs" {
	on btrfs 'mkfs.btrfs -q "$image" && mount -o loop "$image" "$fs"'
}

@test "overlay" {
	on overlay 'mkdir "$work/low" "$work/top" && mount -t tmpfs ward-test "$work/top" &&
		mkdir "$work/top/up" "$work/top/work" &&
		mount -t overlay -o "lowerdir=$work/low,upperdir=$work/top/up,workdir=$work/top/work" ward-test "$fs"'
}

@test "squashfs, which is read only" {
	tried squashfs body_read_only \
		'mksquashfs "$work/tree" "$work/packed" -quiet -no-progress && mount -o loop,ro "$work/packed" "$fs"'
}

@test "fuse, where the policy names it" {
	on fuse 'mkdir "$work/below" && bindfs "$work/below" "$fs"'
}
