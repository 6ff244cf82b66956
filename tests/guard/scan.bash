# SPDX-License-Identifier: Apache-2.0
# Helpers of scan.bats, beside inside.bash and control.bash: a machine below $fs that scans look at.

scan_root=$fs

# machine: directories as a machine has them, with bad files in three of them, one where no quick scan looks.
machine() {
	mkdir -p "$fs/etc/cron.d" "$fs/tmp" "$fs/home/anna/Downloads" "$fs/srv/data" "$fs/usr/lib/systemd"
	ln -s usr/lib "$fs/lib"
	eicar >"$fs/etc/cron.d/job"
	eicar >"$fs/home/anna/Downloads/tool"
	eicar >"$fs/srv/data/file"
	echo fine >"$fs/tmp/fine"
	cp /bin/true "$fs/usr/lib/systemd/true"
	: >"$fs/tmp/empty"
	mkfifo "$fs/tmp/fifo"
	mknod "$fs/tmp/null" c 1 3
	ln -s "$fs/srv/data/file" "$fs/home/anna/Downloads/link"
	ln -s "$fs/srv/data" "$fs/home/anna/bin"
}

# policy JSON: for the guard's next start or reload.
policy() {
	jq -n --argjson own "$1" '{actions: {malicious: "quarantine"}, schedule: {quick: "never"}} * $own'
}

# scans [KIND]: the history of them as JSON.
scans() {
	ward scan history "$@" --json
}

# scan_state FIELD
scan_state() {
	ward scan status --json | jq -r ".$1 // empty"
}

# no_scan_goes: for wait_for.
no_scan_goes() {
	[ "$(scan_state state)" = idle ]
}

# last_result KIND RESULT: for wait_for.
last_result() {
	[ "$(scans "$1" | head -n 1 | jq -r .result)" = "$2" ]
}

# history_sql STATEMENT: on the history of a guard that is not running.
history_sql() {
	python3 - "$work/state/history.db" "$1" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		db.execute(sys.argv[2])
		db.commit()
		db.close()
	PY
}

# scan_count: files of the newest scan, as a guard that was killed left it.
scan_count() {
	python3 - "$work/state/history.db" <<-'PY'
		import sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		print(db.execute("SELECT files FROM run ORDER BY id DESC LIMIT 1").fetchone()[0])
	PY
}

# start_again [JSON]: the guard with the state it left, and another policy.
start_again() {
	start "$(policy "${1:-{\}}")"
}
