#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `ward scan` as a user meets it.

load helpers.bash

make_pack() {
	lookalike_signature >sig.hsb
	"$ward" intel compile -o pack sig.hsb >/dev/null
	lookalike >bad
	printf 'nothing here' >good
}

scan() {
	run --separate-stderr "$ward" scan --no-default-intel --intel pack "$@"
}

bats_require_minimum_version 1.5.0

@test "finds a known hash, says where, exits 1" {
	make_pack
	scan .
	[ "$status" -eq 1 ]
	[[ "$output" == *"malicious"*"./bad"* ]]
	[[ "$output" == *"Test.Lookalike (hash"* ]]
	[[ "$output" != *"./good"* ]]
}

@test "exits 0 when nothing is found, and prints totals" {
	make_pack
	scan good
	[ "$status" -eq 0 ]
	[[ "$output" == *"Looked at 1 files"* ]]
	[[ "$output" == *"clean                 1"* ]]
}

@test "shows the path inside nested archives" {
	make_pack
	tar cf inner.tar bad
	zip -q outer.zip inner.tar
	rm bad inner.tar
	scan --json outer.zip
	[ "$status" -eq 1 ]
	[ "$(json_of '.findings[0].inside')" = 'inner.tar!/bad' ]
}

@test "encrypted zip is not-scanned:encrypted, never clean" {
	make_pack
	zip -q -P secret locked.zip bad
	scan --json locked.zip
	[ "$status" -eq 0 ]
	[ "$(json_of .verdict)" = not-scanned ]
	[ "$(json_of '.not_scanned[0].reason')" = encrypted ]
	scan --strict locked.zip
	[ "$status" -eq 2 ]
}

@test "standard input" {
	make_pack
	run --separate-stderr bash -c "'$ward' scan --no-default-intel --intel pack --json - < bad"
	[ "$status" -eq 1 ]
	[ "$(json_of .path)" = - ]
}

@test "a missing path is a clear line and exit 2; the rest is still scanned" {
	make_pack
	scan --json missing bad
	[ "$status" -eq 1 ]
	[ "$(json_of 'select(.path == "missing") | .not_scanned[0].reason')" = vanished ]
	[ "$(json_of 'select(.path == "bad") | .verdict')" = malicious ]
	scan missing
	[ "$status" -eq 2 ]
	[[ "$output" == *"missing"*"No such file or directory"* ]]
}

@test "no permission" {
	make_pack
	mkdir closed
	chmod 0 closed
	chmod 755 .
	if [ "$(id -u)" -eq 0 ]; then
		run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$ward" scan --no-default-intel --intel pack --json "$work"
	else
		scan --json .
	fi
	chmod 755 closed
	[ "$(json_of 'select(.path | endswith("closed")) | .not_scanned[0].reason')" = permission ]
	[ "$(json_of 'select(.path | endswith("bad")) | .verdict')" = malicious ]
}

@test "FIFO, socket, device, kernel file systems and link loops do not hang" {
	make_pack
	mkfifo fifo
	ln -s loop loop
	ln -s . self
	run --separate-stderr timeout 20 "$ward" scan --no-default-intel --intel pack --json . /dev/null /proc/self
	[ "$status" -eq 1 ]
	[ "$(json_of 'select(.path == "./fifo") | .not_scanned[0].reason')" = special ]
	[ "$(json_of 'select(.path == "/dev/null") | .not_scanned[0].reason')" = special ]
	[ "$(json_of 'select(.path == "/proc/self") | .not_scanned[0].reason')" = special ]
	[ "$(printf '%s\n' "$output" | jq -r 'select(.event == "file") | .path' | grep -c '/bad$')" -eq 1 ]
}

@test "names with newlines, escapes and invalid UTF-8 forge nothing" {
	make_pack
	cp bad $'evil\n\033[2Jname'
	cp bad $'raw\xff'
	scan .
	[[ "$output" == *'evil\n\x1b[2Jname'* ]]
	[[ "$output" != *$'\033[2J'* ]]
	scan --json .
	printf '%s\n' "$output" | jq -e . >/dev/null
	[ "$(json_of 'select(.path_hex) | .path_hex')" = 2e2f726177ff ]
}

@test "sparse and over-large files end within their limits and say so" {
	make_pack
	truncate -s 20G huge
	scan --json huge
	[ "$(json_of '.not_scanned[0].reason')" = size ]
	truncate -s 5G big
	scan --json --max-time 60s big
	[ "$(json_of .size)" = 5368709120 ]
	[ "$(json_of .verdict)" = clean ]
}

@test "exclude patterns" {
	make_pack
	mkdir -p skip/deep
	cp bad skip/deep/
	scan --exclude skip --exclude bad .
	[ "$status" -eq 0 ]
}

@test "limits from the command line" {
	make_pack
	tar cf a.tar bad
	for i in 1 2 3 4; do tar cf "b$i.tar" a.tar && mv "b$i.tar" a.tar; done
	scan --json a.tar
	[ "$(json_of .verdict)" = malicious ]
	scan --json --max-depth 3 a.tar
	[ "$(json_of .verdict)" = not-scanned ]
	[ "$(json_of '.not_scanned[0].reason')" = depth ]
	head -c 50000000 /dev/zero >zeros
	gzip zeros
	scan --json --max-ratio 20 zeros.gz
	[ "$(json_of '.not_scanned[0].reason')" = ratio ]
	scan --json --max-bytes 1M zeros.gz
	[ "$(json_of '.not_scanned[0].reason')" = bytes ]
	scan --json --max-object 1M zeros.gz
	[ "$(json_of '.not_scanned[0].reason')" = size ]
}

@test "a rule file that does not parse: file, line, reason, exit 2" {
	printf 'rule fine { condition: true }\nrule broken { condition: nonsense }\n' >broken.yar
	lookalike >bad
	run --separate-stderr "$ward" scan --rules broken.yar bad
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"broken.yar:2:"* ]]
}

@test "rules from the command line, with externals" {
	printf 'rule named { meta: threat_name = "Test.Named" condition: filename matches /^b.d$/ }\n' >own.yar
	lookalike >bad
	lookalike >other
	run --separate-stderr "$ward" scan --no-default-intel --rules own.yar --json .
	[ "$status" -eq 1 ]
	[ "$(json_of 'select(.path == "./bad") | .findings[0].threat')" = Test.Named ]
	[ "$(json_of 'select(.path == "./other") | .verdict')" = clean ]
}

@test "the shipped rules find EICAR, plain and wrapped" {
	eicar >eicar.com
	zip -q eicar.zip eicar.com
	tar czf eicar.tgz eicar.zip
	run --separate-stderr "$ward" scan --json .
	[ "$status" -eq 1 ]
	[ "$(printf '%s\n' "$output" | jq -r 'select(.event == "summary") | .malicious')" = 3 ]
}

@test "the shipped rules, as sources and compiled, are no finding themselves" {
	run --separate-stderr "$ward" scan "$top/rules" "$BUILD/default.wardpack"
	[ "$status" -eq 0 ]
}

@test "help, version and mistakes" {
	run "$ward" --help
	[ "$status" -eq 0 ]
	[[ "$output" == *"ward scan"* ]]
	run "$ward" scan --help
	[ "$status" -eq 0 ]
	run "$ward" version
	[[ "$output" == "ward 0."* ]]
	run "$ward" scna
	[ "$status" -eq 2 ]
	run "$ward" scan
	[ "$status" -eq 2 ]
	run "$ward" scan --nonsense /tmp
	[ "$status" -eq 2 ]
}

@test "every option of the help text is in the man page" {
	for command in scan intel enroll cloud; do
		page=$top/docs/man/ward-$command.1
		for option in $("$ward" $command --help | sed '/^Examples:/,$d' | grep -oE '^ .*--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			grep -q "Fl Fl ${option#--}" "$page" || { echo "$command $option"; false; }
		done
	done
}
