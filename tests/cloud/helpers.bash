# SPDX-License-Identifier: Apache-2.0
# A service of its own for each test file, on loopback and any free port.
build=${BUILD:-$PWD/build}
wrapper=() # what the service is started with
PATH=$build:$PATH

# Makes $dir with keys and configuration; the first token is in $token.
make_service() {
	dir=$(mktemp -d)/cloud
	wardcloud init --dir "$dir" --organisation test.example --host localhost --host 127.0.0.1 \
		--listen 127.0.0.1:0 >"$dir.init" || return 1
	token=$(sed -n 's/^token: //p' "$dir.init")
	fingerprint=$(sed -n 's/^ca-sha256: //p' "$dir.init")
	conf=$dir/wardcloud.conf
}

# Starts it and does not wait; $pid. Further arguments go to serve.
launch_service() {
	touch "$dir/serve.log"
	starts=$(grep -c service.started "$dir/serve.log" || true)
	"${wrapper[@]}" wardcloud serve --config "$conf" --set metrics.listen=127.0.0.1:0 \
		--set analysis.scanner="$build/ward-scan" --set analysis.jobs=1 \
		--set analysis.packs="$build/default.wardpack:$build/cloud.wardpack" "$@" \
		2>>"$dir/serve.log" 3>&- &
	pid=$!
}

# The same, until it is ready; $port.
start_service() {
	launch_service "$@"
	for _ in $(seq 300); do
		[ "$(grep -c service.started "$dir/serve.log")" -gt "$starts" ] && break
		kill -0 "$pid" || return 1
		sleep 0.1
	done
	port=$(sed -n 's/.*service.started.*"server.port":"\([0-9]*\)".*/\1/p' "$dir/serve.log" | tail -n 1)
	[ -n "$port" ]
}

stop_service() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
	pid=
}

# The client from npm, fetched once into the build folder; false where npm cannot.
have_grpc_client() {
	mkdir -p "$build/npm"
	export NODE_PATH=$build/npm/node_modules
	cmp -s tests/cloud/package-lock.json "$build/npm/package-lock.json" &&
		[ -d "$NODE_PATH/@grpc/grpc-js" ] && return 0
	cp tests/cloud/package.json tests/cloud/package-lock.json "$build/npm/"
	(cd "$build/npm" && npm ci --silent --no-audit --no-fund >npm.log 2>&1)
}

# A key and a request for a certificate.
make_request() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/device.key"
	openssl req -new -key "$dir/device.key" -subj /CN=x -outform DER -out "$dir/device.csr"
}

# One device speaks: device lookup SHA256:MD5… or device submit FILE (make_request comes before).
device() {
	node tests/cloud/device.js "localhost:$port" "$dir/pki/ca.pem" "$dir/device.key" "$dir/device.csr" \
		"$token" src/proto "$dir" "$@"
}
