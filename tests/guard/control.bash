# SPDX-License-Identifier: Apache-2.0
# Helpers of control.bats, beside inside.bash.

# ward ARGUMENTS…: as whoever calls, of the guard under test.
ward() {
	"$BUILD/ward" "$@" --socket "$work/control.sock"
}

# restart: the guard again, with the policy and the state that are there.
restart() {
	: >"$log"
	"$BUILD/wardd" --only "$fs" --policy "$work/policy.json" --socket "$work/control.sock" \
		--state "$work/state" --enrolment "$work/enrolment" 2>>"$log" &
	guard=$!
	wait_for 100 grep -q guard.started "$log"
}

# other COMMAND…: as nobody, who is in no group of importance; `other ward …` too.
other() {
	as "$@"
}

# admin COMMAND…: as nobody, who is in the group ward-admin.
admin() {
	groups=4321 as "$@"
}

as() {
	if [ "$1" = ward ]; then
		shift
		set -- "$BUILD/ward" "$@" --socket "$work/control.sock"
	fi
	if [ -n "${groups:-}" ]; then
		setpriv --reuid 65534 --regid 65534 --groups "$groups" --no-new-privs "$@"
	else
		setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$@"
	fi
}

# refused ARGUMENTS…: by everybody else's ward, with a word about why.
refused() {
	local said
	said=$(other ward "$@" 2>&1) && fail "$* was not refused"
	[[ $said == *ward-admin* ]] || fail "$*: $said"
}

# threat STATUS: the id of the newest one.
threat() {
	ward threat list --status "$1" --json | head -n 1 | jq -r '.id // empty'
}

# history KIND: its events as JSON.
history() {
	ward history --kind "$1" --json
}

# note FILE: an extended attribute, of a kind that this kernel's tmpfs has.
note() {
	python3 - "$1" <<-'PY'
		import os, sys
		try:
		    os.setxattr(sys.argv[1], "user.note", b"kept")
		except OSError:
		    os.setxattr(sys.argv[1], "security.note", b"kept")
	PY
}

# facts FILE: what must come back.
facts() {
	stat -c '%u:%g %a %s %Y.%y' "$1"
	python3 -c 'import os, sys; print(sorted((n, os.getxattr(sys.argv[1], n)) for n in os.listxattr(sys.argv[1])))' "$1"
	sha256sum <"$1"
}
