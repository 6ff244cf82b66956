#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# wardd with the kernel and real scanners. Each test has a mount namespace and a file system of its
# own; nothing of the machine is watched. Needs root.

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export BUILD=${WARD_BUILD:-$top/build}

# guarded FUNCTION: runs it in there.
guarded() {
	[ "$(id -u)" = 0 ] || skip 'fanotify needs root'
	unshare --mount --propagation private true 2>/dev/null || skip 'no mount namespaces here'
	timeout 120 unshare --mount --propagation private bash -c \
		". '$BATS_TEST_DIRNAME/inside.bash'; $(declare -f "$1"); $1"
}

body_basics() {
	start
	eicar >"$fs/eicar"
	echo hello >"$fs/clean"
	printf '#!/bin/sh\necho ran\n' >"$fs/script"
	cp /bin/true "$fs/true"
	{ printf '#!/bin/sh\n#'; eicar; } >"$fs/bad-script"
	chmod +x "$fs"/*
	denied "$fs/eicar"
	allowed "$fs/clean"
	"$fs/true"
	[ "$("$fs/script")" = ran ]
	eicar >"$fs/run" && chmod +x "$fs/run"
	said=$("$fs/run" 2>&1) && fail 'it ran'
	[[ $said == *'Operation not permitted'* ]]
	# The interpreter that opens it is refused like the execution.
	cp "$fs/eicar" "$fs/copy" 2>/dev/null && fail 'it was copied'
	said=$(sh "$fs/eicar" 2>&1) && fail 'sh read it'
	has_event open.denied
	[ "$(events open.denied | head -n 1 | jq -r '."threat.indicator.name"')" = Test.EICAR ]
	[ "$(events open.denied | jq -r '."file.path"' | sort -u | head -n 1)" = "$fs/eicar" ]
	stop
	allowed "$fs/eicar"
}

@test "what is bad neither opens nor runs, everything else does" {
	guarded body_basics
}

body_empty_and_special() {
	start
	: >"$fs/empty"
	allowed "$fs/empty"
	mkfifo "$fs/fifo"
	(echo through >"$fs/fifo") &
	[ "$(timeout 5 cat "$fs/fifo")" = through ]
	# A writer that does not want to wait still sees that nobody reads.
	python3 - "$fs/fifo" <<-'PY'
		import errno, os, sys
		try:
		    os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
		    sys.exit("somebody reads the FIFO")
		except OSError as e:
		    assert e.errno == errno.ENXIO
	PY
	mkdir "$fs/dir"
	ls "$fs/dir" >/dev/null
	mknod "$fs/null" c 1 3
	cat "$fs/null"
	stop
}

@test "empty files, directories, FIFOs and devices open as ever" {
	guarded body_empty_and_special
}

body_written() {
	start
	eicar >"$fs/eicar"
	wait_for 50 has_event file.convicted
	[ "$(events file.convicted | jq -r '."file.path"')" = "$fs/eicar" ]
	# Once, however often it is closed.
	echo x >"$fs/other"
	sleep 0.5
	[ "$(events file.convicted | wc -l)" = 1 ]
	stop
}

@test "a bad file that is written is found before anybody opens it" {
	guarded body_written
}

body_names() {
	start
	echo clean >"$fs/a"
	known "$fs/a"
	mv "$fs/a" "$fs/b"
	ln "$fs/b" "$fs/c"
	settled "$fs/b"
	settled "$fs/c"
	eicar >"$fs/bad"
	denied "$fs/bad"
	ln "$fs/bad" "$fs/hard"
	ln -s bad "$fs/soft"
	mv "$fs/bad" "$fs/moved"
	denied "$fs/hard"
	denied "$fs/moved"
	mv "$fs/hard" "$fs/bad"
	denied "$fs/soft"
	stop
}

@test "a rename or a hard link keeps the verdict" {
	guarded body_names
}

body_changes() {
	start
	for file in "$fs/write" "$fs/mapped" "$fs/cut"; do
		printf 'clean, and as long as what comes to stand in its place%40s' >"$file"
		known "$file"
	done
	eicar | dd of="$fs/write" conv=notrunc status=none
	settled "$fs/write" && fail 'a write keeps the verdict'
	eicar >"$fs/cut"
	denied "$fs/cut"
	eicar >"$work/eicar"
	python3 - "$fs/mapped" "$work/eicar" <<-'PY'
		import mmap, os, sys
		bad = open(sys.argv[2], "rb").read()
		fd = os.open(sys.argv[1], os.O_RDWR)
		m = mmap.mmap(fd, 0)
		m[:] = bad + b"\n" * (len(m) - len(bad))
		m.close()
		os.close(fd)
	PY
	wait_for 20 eval '! settled "$fs/mapped"'
	denied "$fs/mapped"
	stop
}

@test "a write, or a write through a mapping, loses the verdict" {
	guarded body_changes
}

body_writer() {
	# what is written is looked at when it is opened, and not just before
	start '{"realtime": {"scan_written": false}}'
	echo clean >"$fs/file"
	sleep 0.05
	exec 7>>"$fs/file"
	allowed "$fs/file"
	settled "$fs/file" && fail 'settled while somebody may write'
	eicar >"$fs/file"
	denied "$fs/file"
	exec 7>&-
	stop
}

@test "nothing is settled while somebody has the file open for writing" {
	guarded body_writer
}

body_marks() {
	"$BUILD/tests/guard/marks" "$fs" 40000
}

@test "opens that meet the end of a mark are asked about" {
	guarded body_marks
}

body_mounts() {
	start
	mkdir "$fs/late" "$fs/lower" "$fs/upper" "$fs/work" "$fs/over"
	mount -t tmpfs ward-late "$fs/late"
	wait_for 50 grep -q '"ward.watched":"2"' "$log"
	eicar >"$fs/late/eicar"
	denied "$fs/late/eicar"
	# by another mount of the same file system, and from another mount namespace
	mkdir "$work/elsewhere"
	mount --bind "$fs/late" "$work/elsewhere"
	denied "$work/elsewhere/eicar"
	unshare --mount cat "$fs/late/eicar" 2>/dev/null && fail 'opened in another namespace'
	# an overlay: its own file system, and the lower file is seen by neither of the others
	eicar >"$fs/lower/eicar"
	mount -t overlay overlay -o "lowerdir=$fs/lower,upperdir=$fs/upper,workdir=$fs/work" "$fs/over"
	wait_for 50 grep -q '"ward.watched":"3"' "$log"
	denied "$fs/over/eicar"
	echo clean >"$fs/over/clean"
	allowed "$fs/over/clean"
	# one that goes and comes back under the same number
	# not at once while the guard looks at a file there
	wait_for 100 umount "$fs/late"
	mount -t tmpfs ward-late "$fs/late"
	wait_for 50 eval '[ "$(grep -c "\"ward.watched\":\"3\"" "$log")" -ge 2 ]'
	eicar >"$fs/late/eicar"
	denied "$fs/late/eicar"
	stop
}

@test "mounts that come later, overlays, binds and other mount namespaces" {
	guarded body_mounts
}

body_audit() {
	start '{"realtime": {"mode": "audit"}}'
	eicar >"$fs/eicar"
	allowed "$fs/eicar"
	wait_for 50 has_event open.would-be-denied
	stop
}

@test "audit mode denies nothing and reports what it would have denied" {
	guarded body_audit
}

body_off() {
	start '{"realtime": {"mode": "on_demand"}}'
	eicar >"$fs/eicar"
	allowed "$fs/eicar"
	stop
}

@test "on demand, nothing is watched" {
	guarded body_off
}

body_quarantine() {
	start '{"actions": {"malicious": "quarantine"}}'
	echo keep >"$fs/keep"
	eicar >"$fs/eicar"
	wait_for 100 eval '[ ! -e "$fs/eicar" ]'
	wait_for 50 has_event file.convicted
	[ "$(events file.convicted | jq -r '."ward.status"')" = quarantined ]
	grep -rq 'EICAR-STANDARD' "$work/state" && fail 'it lies in quarantine as it was'
	[ -n "$(ls "$work/state/quarantine")" ]
	# The network process passes through to its own directory, and that is all for others.
	[ "$(stat -c %a "$work/state")" = 711 ]
	[ -z "$(find "$work/state" -mindepth 1 -perm /077)" ]
	allowed "$fs/keep"
	# one that is opened before the background comes to it
	for i in $(seq 20); do
		eicar >"$fs/eicar$i"
		cat "$fs/eicar$i" 2>/dev/null | grep -q EICAR && fail 'it opened'
	done
	wait_for 100 eval '[ -z "$(ls "$fs" | grep eicar)" ]'
	stop
}

@test "what the policy wants in quarantine goes there" {
	guarded body_quarantine
}

# The guard's word: status FILTER.
body_status() {
	status() {
		"$BUILD/ward" status --json --socket "$work/control.sock" | jq -r "$1"
	}
	# news of what was written takes marks away, and comes when it comes
	start '{"realtime": {"scan_written": false}, "exclusions": [{"extension": "skip", "comment": "test"}]}'
	[ "$(status .healthy)" = true ]
	[ "$(status .mode)" = block ]
	[ "$(status '."filesystems.watched"')" = 1 ]
	eicar >"$fs/eicar"
	denied "$fs/eicar"
	[ "$(status '."opens.denied"')" = 1 ]
	echo warm >"$fs/warm"
	known "$fs/warm"
	before=$(status '."opens.asked"')
	for i in $(seq 50); do
		read -r line <"$fs/warm"
	done
	[ "$line" = warm ]
	[ "$(status '."opens.asked"')" = "$before" ] || fail 'a known file was asked about'
	eicar >"$fs/a.skip"
	allowed "$fs/a.skip"
	# anybody may ask, not anybody may change
	chmod 755 "$work"
	cp "$BUILD/ward" "$work/ward"
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$work/ward" status --socket "$work/control.sock" | grep -q 'healthy: yes'
	said=$(setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$work/ward" reload --socket "$work/control.sock" 2>&1) && fail 'nobody may reload'
	[[ $said == *'refused: only root'* ]]
	# a reload takes marks and verdicts back, and the exclusion away
	settled "$fs/warm"
	echo '{"actions": {"malicious": "block"}}' >"$work/policy.json"
	"$BUILD/ward" reload --socket "$work/control.sock"
	wait_for 20 eval '! settled "$fs/warm"'
	denied "$fs/a.skip"
	allowed "$fs/warm"
	# one that cannot be used changes nothing
	echo '{"actions": {"malicious": "blocked"}}' >"$work/policy.json"
	said=$("$BUILD/ward" reload --socket "$work/control.sock" 2>&1) && fail 'it was taken'
	[[ $said == *policy.json:1:* ]]
	[ "$(status '.health_issues[0].code')" = reload-failed ]
	denied "$fs/eicar"
	python3 - "$work/control.sock" <<-'PY'
		import socket, sys
		for data in (b"x", b"\xff" * 60000, b"\x08\x63\x10\x01"):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.connect(sys.argv[1])
		    s.send(data)
		    assert s.recv(100) == b"", "an answer to nonsense"
		many = []
		for i in range(100):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.connect(sys.argv[1])
		    many.append(s)
	PY
	[ "$(status .mode)" = block ]
	stop
	"$BUILD/ward" status --socket "$work/control.sock" 2>&1 | grep -q 'not running'
}

@test "status, reload, and who may do what" {
	guarded body_status
}

body_interpreters() {
	# A harmless text, and a rule that convicts it wherever it stands.
	local bad=ward-test-bad-script-content
	printf 'rule bad { meta: threat = "Test.Script" strings: $a = "%s" condition: $a }' "$bad" \
		>"$work/bad.yar"
	"$BUILD/ward" intel compile --quiet -o "$work/bad.wardpack" "$work/bad.yar"
	pack=$work/bad.wardpack
	start
	printf '#!/bin/sh\necho ran\n' >"$fs/good"
	[ "$(sh "$fs/good")" = ran ]
	printf 'echo ran\n# %s\n' "$bad" >"$fs/bad.sh"
	printf 'print("ran")\n# %s\n' "$bad" >"$fs/bad.py"
	ways=(
		'sh bad.sh'
		'bash ./bad.sh'
		'python3 bad.py'
		'python3 -c "exec(open(\"bad.py\").read())"'
		'. ./bad.sh'
		'bash -c "source ./bad.sh"'
		'bash <bad.sh'
		'bash -c "$(cat bad.sh)"'
		'cat bad.sh | sh'
		'bash <(cat bad.sh)'
		'cp bad.sh copy && sh copy'
	)
	for way in "${ways[@]}"; do
		ran=$(cd "$fs" && bash -c "$way" 2>"$work/said") || true
		[ -z "$ran" ] || fail "$way: $ran"
		grep -q 'Operation not permitted' "$work/said" || fail "$way: $(cat "$work/said")"
	done
	# What lies in no file, nobody opens. These run, and no guard of files can help it.
	[ "$(bash -c "$(printf 'echo ran\n# %s' "$bad")")" = ran ]
	[ "$(printf 'echo ran\n# %s\n' "$bad" | sh)" = ran ]
	stop
	# A descriptor from before the guard started is read, not opened; by its name it is opened.
	exec 8<"$fs/bad.sh"
	start
	sh /proc/self/fd/8 2>/dev/null | grep -q ran && fail 'opened anew by /proc'
	[ "$(sh <&8)" = ran ]
	exec 8<&-
	stop
}

@test "an interpreter is refused a bad script, however it opens it" {
	guarded body_interpreters
}

body_memory() {
	start
	python3 - <<-'PY' &
		import os
		fd = os.memfd_create("ward-test")
		os.write(fd, open("/bin/sleep", "rb").read())
		os.execve(fd, ["sleep", "60"], {})
	PY
	memory=$!
	cp /bin/sleep "$fs/gone"
	"$fs/gone" 60 &
	gone=$!
	sleep 0.3
	rm "$fs/gone"
	stopped="$memory $gone"
	wait_for 50 eval 'events memory.executed | grep -q "\"process.pid\":\"$memory\""'
	wait_for 50 eval 'events deleted.executed | grep -q "\"process.pid\":\"$gone\""'
	[ "$(events memory.executed | jq -r 'select(."process.pid" == "'$memory'")."process.executable"')" = ward-test ]
	kill "$memory" "$gone"
	stop
	start '{"realtime": {"memfd": "off"}}'
	sleep 1.5
	has_event memory.kernel && fail 'it looked'
	stop
}

@test "programs that run from memory or from a removed file are reported" {
	guarded body_memory
}

# --- whoever dies ---

body_workers_die() {
	start
	echo a >"$fs/a"
	allowed "$fs/a"
	for i in $(seq 10); do
		kill -KILL $(workers) 2>/dev/null || true
		eicar >"$fs/eicar$i"
		denied "$fs/eicar$i"
	done
	kill -KILL "$(zygote)"
	eicar >"$fs/eicar"
	denied "$fs/eicar"
	stop
}

@test "scanners that die are replaced, and the open waits for the next" {
	guarded body_workers_die
}

body_reloads() {
	# intelligence NAME: one that convicts our text, and differs from the last one.
	intelligence() {
		printf 'rule %s { meta: threat = "Test.Reload" strings: $a = "ward-test-reload" condition: $a }' \
			"$1" >"$work/$1.yar"
		"$BUILD/ward" intel compile --quiet -o "$work/new.wardpack" "$work/$1.yar"
		mv "$work/new.wardpack" "$pack"
	}
	pack=$work/test.wardpack
	intelligence first
	start '{"realtime": {"deadline": "60s", "scan_written": false}}'
	echo a >"$fs/a"
	allowed "$fs/a"
	echo ward-test-reload >"$fs/bad"
	stop_scanners
	cat "$fs/bad" >/dev/null 2>"$work/said" &
	bad=$!
	sleep 0.3
	intelligence second
	"$BUILD/ward" reload --socket "$work/control.sock"
	sleep 0.3
	intelligence third
	"$BUILD/ward" reload --socket "$work/control.sock"
	wait_for 50 eval '! kill -0 "$bad" 2>/dev/null'
	wait "$bad" && fail 'it opened'
	grep -q 'Operation not permitted' "$work/said"
	stop
}

@test "a question that two changes of intelligence overtake is asked again" {
	guarded body_reloads
}

body_deadline() {
	start '{"realtime": {"deadline": "1s", "scan_written": false}}'
	echo a >"$fs/a"
	allowed "$fs/a"
	stop_scanners
	eicar >"$fs/eicar"
	allowed "$fs/eicar"
	wait_for 50 has_event opens.not-decided
	kill -CONT $stopped
	denied "$fs/eicar"
	stop
	start '{"realtime": {"deadline": "1s", "scan_written": false}, "fail": {"open": "closed"}}'
	echo b >"$fs/b"
	sleep 0.1
	allowed "$fs/b"
	stop_scanners
	echo c >"$fs/c"
	denied "$fs/c"
	kill -CONT $stopped
	sleep 1
	allowed "$fs/c"
	stop
}

@test "an open waits no longer than its deadline, and then the fail mode says" {
	guarded body_deadline
}

body_guard_killed() {
	start '{"realtime": {"deadline": "60s", "scan_written": false}}'
	echo a >"$fs/a"
	allowed "$fs/a"
	stop_scanners
	for i in 1 2 3 4 5; do
		echo "$i" >"$fs/file$i"
		cat "$fs/file$i" >"$work/out$i" &
		waiting+=($!)
	done
	sleep 0.5
	[ ! -s "$work/out1" ] || fail 'it did not wait'
	kill -KILL "$guard"
	guard=
	for p in "${waiting[@]}"; do
		wait "$p"
	done
	[ "$(cat "$work"/out*)" = "$(printf '1\n2\n3\n4\n5')" ]
}

@test "killing the guard lets go whoever waits" {
	guarded body_guard_killed
}

body_drain() {
	start '{"realtime": {"deadline": "60s", "scan_written": false}}'
	for i in $(seq 200); do
		echo "$i" >"$fs/file$i"
	done
	eicar >"$fs/eicar"
	for i in $(seq 200); do
		cat "$fs/file$i" >>"$work/out" &
		waiting+=($!)
	done
	# The queue is answered with verdicts, not let go.
	cat "$fs/eicar" 2>"$work/said" &
	bad=$!
	sleep 0.05
	stop
	wait "$bad" && fail 'let go instead of answered'
	for p in "${waiting[@]}"; do
		wait "$p"
	done
	[ "$(sort -n "$work/out" | tail -n 1)" = 200 ]
	[ "$(wc -l <"$work/out")" = 200 ]
}

@test "a stop answers who waits, then ends" {
	guarded body_drain
}

body_storm() {
	start '{"realtime": {"deadline": "60s"}}'
	python3 - "$fs" <<-'PY'
		import os, sys, threading
		fs, threads, failed = sys.argv[1], 200, []
		for i in range(2000):
		    with open(f"{fs}/{i}", "wb") as f:
		        f.write(b"file %d\n" % i)
		go = threading.Barrier(threads)
		def work(n):
		    go.wait()
		    for i in range(n, 2000, threads):
		        for _ in range(2):
		            try:
		                with open(f"{fs}/{i}", "rb") as f:
		                    if f.read() != b"file %d\n" % i:
		                        failed.append(i)
		            except OSError as e:
		                failed.append(e)
		all = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
		[t.start() for t in all]
		[t.join() for t in all]
		sys.exit(f"{len(failed)} failed: {failed[:3]}" if failed else 0)
	PY
	eicar >"$fs/eicar"
	for i in $(seq 2000); do
		cat "$fs/eicar" 2>/dev/null &
	done | grep -q EICAR && fail 'one got through'
	stop
}

@test "thousands of opens at once are all answered, and rightly" {
	guarded body_storm
}

body_races() {
	start
	eicar >"$fs/bad"
	echo clean >"$fs/good"
	ln -s good "$fs/link"
	(
		for i in $(seq 500); do
			ln -sfn bad "$fs/link"
			ln -sfn good "$fs/link"
			mv "$fs/good" "$fs/tmp" && mv "$fs/tmp" "$fs/good"
		done
	) &
	swapper=$!
	while kill -0 $swapper 2>/dev/null; do
		cat "$fs/link" 2>/dev/null || true
	done | grep -q EICAR && fail 'it was read'
	wait $swapper
	stop
}

@test "links and names that change while they are opened" {
	guarded body_races
}
