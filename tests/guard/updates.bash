# SPDX-License-Identifier: Apache-2.0
# Helpers of updates.bats, beside inside.bash and control.bash.

number() {
	printf '%064x' "$1"
}

# publish NAME [LINE] [FILE…]: a pack that finds "Marker NAME", with the installed one in it.
publish() {
	local name=$1 line=${2:-}
	shift
	[ $# = 0 ] || shift
	{
		[ -z "$line" ] || echo "$line"
		echo "$(echo "Marker $name" | sha256sum | cut -c1-64) Test.$name"
	} >"$work/$name.sha256"
	"$BUILD/wardcloud" intel build --out "$work/publications" --json \
		"$BUILD/default.wardpack" "$work/$name.sha256" "$@" >/dev/null
}

newest_pack() {
	echo "$work/publications/packs/$(jq -r '.packs[0].id' "$work/publications/index.json").wardpack"
}

newest_delta() {
	jq -r '.packs[0] | "\(.deltas[0].from)-\(.id)"' "$work/publications/index.json" |
		sed "s|.*|$work/publications/deltas/&.warddelta|"
}

# damage FILE OFFSET: the file with one byte changed.
damage() {
	python3 - "$1" "$2" <<-'PY'
		import sys
		b = bytearray(open(sys.argv[1], "rb").read())
		b[int(sys.argv[2])] ^= 0x41
		sys.stdout.buffer.write(b)
	PY
}

# said refused FILE PATTERN [OPTION…]: taking it is refused with a word about why; the pack in use stays.
said() {
	local before after words
	before=$(ward updates status --json | jq -r .id)
	words=$(ward updates apply "${@:4}" "$2" 2>&1) && fail "$2 was taken"
	grep -q "$3" <<<"$words" || fail "$2: $words"
	after=$(ward updates status --json | jq -r .id)
	[ "$before" = "$after" ] || fail "$2: another pack is in use now"
}

status_is() {
	[ "$(ward status --json | jq -r --arg n "$1" '.[$n]')" = "$2" ]
}

status() {
	status_is "$1" "$2" || fail "$1 is $(ward status --json | jq -r --arg n "$1" '.[$n]'), not $2"
}

# The guard's scanners: the zygote, a child of the guard, and its children.
zygotes() {
	pgrep -P "$guard" -x ward-scan
}

# crash_on FILE: each worker that has it ends by SIGSEGV as soon as it is seen, until the open is answered.
crash_on() {
	local worker reader z
	[ -e "$1" ] || { echo "$1" && seq 3000000; } >"$1"
	cat "$1" >/dev/null 2>&1 &
	reader=$!
	while kill -0 "$reader" 2>/dev/null; do
		for z in $(zygotes); do
			for worker in $(pgrep -P "$z"); do kill -SEGV "$worker" 2>/dev/null || true; done
		done
	done
	wait "$reader" || true
}

# The guard finds what its pack says, and what it says it uses is there, whole.
whole() {
	local id
	[ -e "$fs/eicar" ] || eicar >"$fs/eicar"
	denied "$fs/eicar"
	id=$(ward updates status --json | jq -r .id)
	[ "$id" = installed ] || "$BUILD/ward" intel verify "$work/state/intel/$id.wardpack" >/dev/null
	wait_for 50 eval '[ "$(find "$work/state/intel" -name "incoming-*" -o -name "*.tmp-*" | wc -l)" = 0 ]'
}
