#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs that run from no file, and wardd's eBPF program that sees them. What is refused is refused in a
# PID name space of its own. Needs root; on a kernel that takes no eBPF the rest is looked at.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# guarded FUNCTION [unshare's options]: runs it in a mount namespace and a file system of its own; 77: skips.
guarded() {
	local body=$1 code=0
	shift
	[ "$(id -u)" = 0 ] || skip 'eBPF and fanotify need root'
	unshare --mount --pid --fork --propagation private true 2>/dev/null || skip 'no name spaces here'
	timeout 120 unshare --mount --propagation private "$@" bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; $(declare -f "$body" helpers); helpers; $body" || code=$?
	[ $code != 77 ] || skip 'this kernel takes no eBPF program'
	return $code
}

helpers() {
	status_of() {
		"$BUILD/ward" status --json --socket "$work/control.sock" | jq -r ".\"$1\""
	}
	# Runs true(1) from memory, to its end; says its number.
	from_memory() {
		python3 - <<-'PY'
			import os
			pid = os.fork()
			if pid == 0:
			    fd = os.memfd_create("ward-test")
			    os.write(fd, open("/bin/true", "rb").read())
			    os.execve(fd, ["true"], {})
			os.waitpid(pid, 0)
			print(pid)
		PY
	}
	# Runs true(1) from a file that somebody else had and that is gone.
	from_removed() {
		cp /bin/true "$fs/gone"
		chown 12345 "$fs/gone"
		python3 - "$fs/gone" <<-'PY'
			import os, sys
			fd = os.open(sys.argv[1], os.O_RDONLY | os.O_CLOEXEC)
			os.unlink(sys.argv[1])
			os.execve(fd, ["true"], {})
		PY
	}
}

body_short() {
	start
	has_event memory.witness || fail 'the log does not say what looks'
	[ "$(status_of memory.ebpf)" != none ] || { stop; exit 77; }
	pid=$(from_memory)
	[ ! -e "/proc/$pid" ]
	wait_for 100 eval 'events memory.executed | grep -q "\"process.pid\":\"$pid\""'
	seen=$(events memory.executed | jq -c "select(.\"process.pid\" == \"$pid\")")
	[ "$(jq -r '."ward.mechanism"' <<<"$seen")" = ebpf ]
	[ "$(jq -r '."process.executable"' <<<"$seen")" = ward-test ]
	[ "$(jq -r '."user.id"' <<<"$seen")" = 0 ]
	"$BUILD/ward" history --kind memory-executed --json --socket "$work/control.sock" | grep -q ward-test
	# An ordinary program is none.
	cp /bin/true "$fs/fine"
	"$fs/fine"
	stop
	! grep -q "$fs/fine" <(events memory.executed; events deleted.executed)
}

@test "a program from memory that ends at once is seen by eBPF, and remembered" {
	guarded body_short
}

body_without() {
	no_ebpf=yes
	start
	[ "$(status_of memory.ebpf)" = none ]
	[[ $(status_of memory.ebpf_text) == *'switched off'* ]]
	from_memory >/dev/null
	stop
	! events memory.executed | grep -q '"ward.mechanism":"ebpf"'
}

@test "without eBPF the status says so" {
	guarded body_without
}

body_denied() {
	start '{"realtime": {"memfd": "deny"}}'
	way=$(status_of memory.ebpf)
	[ "$way" != none ] || { stop; exit 77; }
	cp /bin/true "$fs/fine"
	"$fs/fine"
	from_removed 2>/dev/null && fail 'it ran'
	wait_for 100 eval '[ -n "$(events deleted.refused; events deleted.killed)" ]'
	[ "$(jq -r '."user.id"' <<<"$(events deleted.refused; events deleted.killed)" | head -n 1)" = 0 ]
	"$BUILD/ward" status --json --socket "$work/control.sock" >"$work/said"
	jq -e '.health_issues | map(select(.code == "memory-open")) | length == 0' "$work/said"
	# The guard's end, the hardest, is the program's too.
	kill -KILL "$guard"
	wait "$guard" 2>/dev/null || true
	guard=
	wait_for 100 from_removed
}

@test "with memfd = deny a removed file does not run, until the guard is killed" {
	guarded body_denied --pid --fork --mount-proc --kill-child
}
