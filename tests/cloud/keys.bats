#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The keys behind signed updates: the ceremony of docs/keys.md, rotation, loss, theft, and what is said.

setup() {
	PATH=${BUILD:-$PWD/build}:$PATH
	here=$PWD
	dir=$(mktemp -d)
	trust=$dir/trust
	cd "$dir"
	umask 077
	echo 'correct horse' >pass
}

teardown() {
	cd "$here"
	rm -rf "$dir"
}

keys() { wardcloud keys "$@"; }
says() { grep -qF -- "$1" <<<"$output" || { printf 'not said: %s\nbut: %s\n' "$1" "$output" >&2; return 1; }; }
# Roots whose keys are not sealed: what is signed with them costs no time.
quick() {
	mkdir -p "$trust/keys"
	keys new --online --out "$trust/keys" root-1 root-2 root-3 targets snapshot timestamp service
	cd "$trust/keys"
	keys root --first --out "$dir/1.root" --add root=root-1.pub --add root=root-2.pub --add root=root-3.pub \
		--add targets=targets.pub --add snapshot=snapshot.pub --add timestamp=timestamp.pub \
		--key ./root-1.key --key ./root-3.key
	keys targets --first --out "$dir/1.targets" --delegate service --public service.pub --kinds block-file,disable \
		--scopes all --key ./targets.key
	cd "$dir"
	keys install --dir "$trust" 1.root 1.targets
}

@test "everything in one go: sealed offline keys, and what to do with them" {
	run keys init --dir "$trust" --passphrase-file pass
	[ "$status" = 0 ]
	says 'MOVE THE SEALED ONES AWAY'
	for key in root-1 root-2 root-3 targets; do grep -q 'ENCRYPTED PRIVATE KEY' "$trust/keys/$key.key"; done
	for key in snapshot timestamp service; do grep -q 'BEGIN PRIVATE KEY' "$trust/keys/$key.key"; done
	[ -z "$(find "$trust/keys" -name '*.key' -perm /077)" ]
	run keys status --dir "$trust"
	[ "$status" = 0 ]
	says 'root       2 of 3:'
	says 'root-1.key, a key of the root, lies on this machine: move it away'
	says 'state      endpoints believe what is signed here'
	# keys are never replaced
	run keys init --dir "$trust" --passphrase-file pass
	[ "$status" = 2 ]
	says 'root-1.key: it is there already; keys are never replaced'
}

@test "the ceremony, as documented, with nothing secret of the root on the service's machine" {
	mkdir -p sticks/alice sticks/bob sticks/carol sticks/dora
	for holder in alice bob carol dora; do echo "passphrase of $holder" >sticks/$holder/passphrase; done
	run "$here/tools/key-ceremony" "$dir/sticks" "$trust"
	[ "$status" = 0 ]
	says 'state      endpoints believe what is signed here'
	! says 'lies on this machine' 2>/dev/null
	[ "$(cd "$trust/keys" && echo ./*.key)" = './service.key ./snapshot.key ./timestamp.key' ]
	run keys show "$trust/1.root"
	says 'root       2 of 3:'
	grep -q tools/key-ceremony "$here/docs/keys.md"
}

@test "wrong passphrases, files that others can read, and too few signatures" {
	keys init --dir "$trust" --passphrase-file pass
	echo 'wrong horse' >wrong
	run keys root --dir "$trust" --key root-1 --passphrase-file wrong --install
	[ "$status" = 2 ]
	says "$trust/keys/root-1.key: that is not its passphrase"
	chmod 644 pass
	run keys root --dir "$trust" --key root-1 --passphrase-file pass --install
	[ "$status" = 2 ]
	says 'pass: others may read it (mode 0644)'
	chmod 600 pass
	echo short >short
	run keys new --passphrase-file short x
	[ "$status" = 2 ]
	says 'a passphrase has at least 8 bytes'
	run keys root --dir "$trust" --key root-1 --passphrase-file pass --install
	[ "$status" = 2 ]
	says 'signatures: the root is signed by 1 of the 2 keys of its own that it needs'
	says 'Nothing was changed.'
	[ ! -e "$trust/2.root" ]
	chmod 640 "$trust/keys/timestamp.key"
	run keys status --dir "$trust"
	[ "$status" = 2 ]
	says 'timestamp.key: others may read it (mode 0640); chmod 600 it, and take another key if somebody may have'
}

@test "a root key is rotated: signed by old and new, the old root stays in the chain" {
	quick
	keys new --online --out "$trust/keys" root-4
	keys root --dir "$trust" --remove root="$trust/keys/root-2.pub" --add root="$trust/keys/root-4.pub" --out 2.root
	run keys show 2.root
	says 'root, version 2'
	says 'signed by  nobody'
	# who has gone alone with the new one is not enough of the old ones
	cp 2.root bad.root
	keys sign --dir "$trust" bad.root --key root-1 --key root-4
	run keys install --dir "$trust" bad.root
	[ "$status" = 2 ]
	says 'signatures: the root is signed by 1 of the 2 keys of the trusted root that it needs'
	keys sign --dir "$trust" 2.root --key root-1
	keys sign --dir "$trust" 2.root --key root-3
	keys install --dir "$trust" 2.root
	[ -e "$trust/1.root" ] && [ -e "$trust/2.root" ]
	run keys status --dir "$trust"
	[ "$status" = 0 ]
	says 'root       version 2'
	# nobody goes back, nothing is left out
	keys root --from 1.root --threshold root=1 --key "$trust/keys/root-1.key" --key "$trust/keys/root-3.key" --out other.root
	run keys install --dir "$trust" 1.root other.root
	[ "$status" = 2 ]
	says 'two-stories: there is another root 2 already'
	keys root --from 2.root --key "$trust/keys/root-1.key" --key "$trust/keys/root-3.key" --out 3.root
	keys root --from 3.root --key "$trust/keys/root-1.key" --key "$trust/keys/root-3.key" --out 4.root
	run keys install --dir "$trust" 4.root
	[ "$status" = 2 ]
	says 'root-chain: it is root 4; after root 2 only the next one is taken'
	keys install --dir "$trust" 4.root 3.root
}

@test "a stolen timestamp key is replaced, and another log begun" {
	quick
	log=$(keys show "$trust/1.root" | sed -n 's/^  log *//p')
	keys new --online --out "$dir" timestamp-2
	run keys root --dir "$trust" --remove timestamp="$trust/keys/timestamp.pub" --add timestamp=timestamp-2.pub \
		--new-log --key root-1 --key root-2 --install
	[ "$status" = 2 ]
	says '0 of the 1 keys that root 2 wants for the timestamp are here, not sealed'
	cp timestamp-2.* "$trust/keys/"
	keys root --dir "$trust" --remove timestamp="$trust/keys/timestamp.pub" --add timestamp=timestamp-2.pub \
		--new-log --key root-1 --key root-2 --install
	run keys status --dir "$trust"
	[ "$status" = 0 ]
	says 'timestamp  1 of 1: timestamp-2'
	[ "$(keys show "$trust/2.root" | sed -n 's/^  log *//p')" != "$log" ]
	# the thief's key signs no root
	run keys root --dir "$trust" --key timestamp --install
	[ "$status" = 2 ]
	says 'signatures: the root is signed by 0 of the 2 keys of its own that it needs'
}

@test "a lost targets key: the new root and a list signed by the new key come together" {
	quick
	keys new --online --out "$trust/keys" targets-2
	keys root --dir "$trust" --remove targets="$trust/keys/targets.pub" --add targets="$trust/keys/targets-2.pub" \
		--key root-1 --key root-2 --out 2.root
	run keys install --dir "$trust" 2.root
	[ "$status" = 2 ]
	says 'the new root has other keys for the targets: a list of targets signed by them has to come together with it'
	keys targets --dir "$trust" --key targets-2 --out 2.targets
	keys install --dir "$trust" 2.targets 2.root
	run keys status --dir "$trust"
	[ "$status" = 0 ]
	says 'signed by targets-2'
}

@test "a rule author is delegated, limited, and revoked" {
	quick
	keys new --online --out "$dir" erin
	run keys targets --dir "$trust" --delegate rules-erin --public erin.pub --kinds rules --scopes all --install
	[ "$status" = 2 ]
	says 'rules: no kind of record: block-file'
	run keys targets --dir "$trust" --delegate rules-erin --public erin.pub --kinds rule --scopes everywhere --install
	[ "$status" = 2 ]
	says 'everywhere: no scope: all, ring:NAME'
	# a list that the targets key has not signed is nothing
	run keys targets --dir "$trust" --delegate rules-erin --public erin.pub --kinds rule,signature --scopes ring:canary \
		--key service --install
	[ "$status" = 2 ]
	says 'signatures: the list of targets is signed by 0 of the 1 keys of the trusted root that it needs'
	keys targets --dir "$trust" --delegate rules-erin --public erin.pub --kinds rule,signature --scopes ring:canary \
		--key targets --install
	run keys status --dir "$trust"
	[ "$status" = 0 ]
	says 'rules-erin 1 of 1:'
	says 'kinds: rule signature'
	says 'devices: ring:canary'
	says 'snapshot   version 2'
	# his key was good up to record 40; what he signed before stays
	keys targets --dir "$trust" --delegate rules-erin --end erin.pub:40 --key targets --install
	run keys status --dir "$trust"
	says 'up to record 40'
	keys targets --dir "$trust" --revoke rules-erin --key targets --install
	run keys status --dir "$trust"
	! says rules-erin 2>/dev/null
	run keys targets --dir "$trust" --revoke rules-erin --key targets --install
	[ "$status" = 2 ]
	says 'rules-erin: there is no such delegation'
}

@test "an expired root: endpoints believe nothing new until the next one" {
	quick
	keys root --dir "$trust" --expires 8s --key root-1 --key root-2 --install
	run keys status --dir "$trust"
	says 'the root expires in less than 30 days: sign the next one'
	for _ in $(seq 300); do
		keys status --dir "$trust" >out || break
		sleep 0.2
	done
	output=$(cat out)
	says 'ENDPOINTS BELIEVE NOTHING NEW: expired: the root expired'
	run keys targets --dir "$trust" --key targets --install
	[ "$status" = 2 ]
	says 'expired: the root expired'
	keys root --dir "$trust" --key root-1 --key root-2 --install
	keys status --dir "$trust"
}

@test "the passphrase is asked for at the terminal, twice, and not shown" {
	cat >ask.py <<-'PY'
		import os, pty, sys
		answers = [a.encode() for a in sys.argv[1].split(",")]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[2], sys.argv[2:])
		seen = b""
		while True:
		    try:
		        data = os.read(fd, 1000)
		    except OSError:
		        break
		    if not data:
		        break
		    seen += data
		    if answers and data.rstrip(b" ").endswith(b":"):
		        os.write(fd, answers.pop(0) + b"\n")
		sys.stdout.buffer.write(seen)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PY
	run python3 ask.py 'tell nobody,tell nobody' wardcloud keys new x
	[ "$status" = 0 ]
	says 'New passphrase for the key x'
	says 'x.pub: '
	! says 'tell nobody' 2>/dev/null
	run python3 ask.py 'tell nobody,tell somebody' wardcloud keys new y
	[ "$status" = 2 ]
	says 'these are two different passphrases'
	[ ! -e y.key ]
	keys root --first --add root=x.pub --add targets=x.pub --add snapshot=x.pub --add timestamp=x.pub --out 1.root
	run python3 ask.py 'tell nobody' wardcloud keys sign 1.root --key ./x.key
	[ "$status" = 0 ]
	says '1.root: root, 1 signature'
	run setsid wardcloud keys sign 1.root --key ./x.key </dev/null
	[ "$status" = 2 ]
	says 'there is no terminal to ask for the passphrase; use --passphrase-file'
}

@test "wardcloud init makes them, unless told not to" {
	run wardcloud init --dir "$dir/a" --organisation test.example --host localhost
	[ "$status" = 0 ]
	sed -n 's/^updates-passphrase: //p' <<<"$output" >made
	[[ $(cat made) =~ ^([a-z2-9]{4}-){5}[a-z2-9]{4}$ ]]
	keys status --config "$dir/a/wardcloud.conf"
	keys root --config "$dir/a/wardcloud.conf" --key root-1 --key root-3 --passphrase-file made --install
	wardcloud init --dir "$dir/b" --organisation test.example --host localhost --no-updates-keys
	[ ! -e "$dir/b/trust" ]
	run keys status --config "$dir/b/wardcloud.conf"
	[ "$status" = 2 ]
	wardcloud init --dir "$dir/c" --organisation test.example --host localhost --updates-passphrase-file pass
	keys root --config "$dir/c/wardcloud.conf" --key root-1 --key root-3 --passphrase-file pass --install
}
