// SPDX-License-Identifier: Apache-2.0
// Strangers and enrolled devices that misbehave; all the time a good client on a connection of its own
// asks, and every one of its look-ups must be answered. Each attack says what must become of it.
// usage: node hostile.js HOST:PORT CA KEY CSR TOKEN PROTOS CONFIG; the service's edge.handshake and
// edge.stall are a second. CONFIG is for `wardcloud device revoke`; the token lets in three devices.
'use strict';
const assert = require('assert');
const child = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const http2 = require('http2');
const loader = require('@grpc/proto-loader');
const net = require('net');
const os = require('os');
const path = require('path');
const tls = require('tls');

const [address, caFile, keyFile, csrFile, token, protos, config] = process.argv.slice(2);
const [host, port] = address.split(':');
const ca = fs.readFileSync(caFile), key = fs.readFileSync(keyFile);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const LOOKUP = '/ward.v1.Protection/Lookup', REPORT = '/ward.v1.Protection/Report';
let cert;

// --- devices ---

function enroll() {
	const enrollment = new ward.Enrollment(address, grpc.credentials.createSsl(ca));
	return new Promise((resolve, reject) => enrollment.Enroll({ token, csr: fs.readFileSync(csrFile) }, (error, reply) => {
		if (error) reject(error);
		else resolve({ id: reply.device, cert: Buffer.from(pem(reply.certificate)) });
	}));
}

const clientOf = (certificate) => new ward.Protection(address, grpc.credentials.createSsl(ca, key, certificate));
const uuid = (id) => id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

// A certificate that openssl makes, by our CA or by itself.
function certificate({ uri, ours, expired }) {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ward-hostile-'));
	const file = (name) => path.join(directory, name);
	const openssl = (...args) => child.execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
	fs.writeFileSync(file('ext'), `subjectAltName=URI:${uri}\nextendedKeyUsage=clientAuth\n`);
	openssl('req', '-new', '-key', keyFile, '-subj', '/CN=x', '-out', file('csr'));
	openssl('x509', '-req', '-in', file('csr'), '-extfile', file('ext'), '-out', file('cert'), '-days', expired ? '-1' : '2',
		...ours ? ['-CA', caFile, '-CAkey', path.join(path.dirname(caFile), 'ca.key'), '-set_serial', '7'] : ['-signkey', keyFile]);
	const made = fs.readFileSync(file('cert'));
	fs.rmSync(directory, { recursive: true });
	return made;
}
const nobody = 'spiffe://test.example/device/00000000-0000-4000-8000-000000000000';

// --- raw HTTP/2 ---

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0, HEADERS = 1, PRIORITY = 2, RESET = 3, SETTINGS = 4, PUSH = 5, PING = 6, GOAWAY = 7, WINDOW = 8, CONTINUATION = 9;
const END_STREAM = 1, END_HEADERS = 4;
const PROTOCOL_ERROR = 1, FLOW_CONTROL_ERROR = 3, FRAME_SIZE_ERROR = 6, CALM = 11;
const u32 = (...numbers) => {
	const out = Buffer.alloc(4 * numbers.length);
	numbers.forEach((n, i) => out.writeUInt32BE(n >>> 0, 4 * i));
	return out;
};
const frame = (type, flags, stream, payload = Buffer.alloc(0)) =>
	Buffer.concat([u32(payload.length).subarray(1), Buffer.from([type, flags]), u32(stream), payload]);
// :method POST, :scheme https, :authority, :path and content-type in HPACK, as literals (RFC 7541 §6).
const literal = (index, value) => Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)]);
const request = (where) => Buffer.concat([Buffer.from([0x83, 0x87]), literal(0x01, host), literal(0x04, where), Buffer.from([0x0f, 0x10, 16]), Buffer.from('application/grpc')]);
const message = (bytes, length = bytes.length, flag = 0) => Buffer.concat([Buffer.from([flag]), u32(length), bytes]);
const question = (n = 1) => message(Buffer.concat(Array.from({ length: n }, () => Buffer.concat([Buffer.from([0x0a, 34, 0x0a, 32]), crypto.randomBytes(32)]))));

const secure = (options = {}) => new Promise((resolve, reject) => {
	const socket = tls.connect({ host, port, ca, key, cert, ALPNProtocols: ['h2'], ...options }, () => resolve(socket));
	socket.on('error', reject);
});

// A TLS connection and what comes back on it, frame by frame.
class Raw {
	static async open(...frames) { return Raw.openAs(cert, ...frames); }
	static async openAs(device, ...frames) {
		return new Raw(await secure({ cert: device })).send(preface, frame(SETTINGS, 0, 0), ...frames);
	}
	constructor(socket) {
		let rest = Buffer.alloc(0);
		Object.assign(this, { socket, frames: [], closed: false });
		socket.on('data', (data) => {
			rest = Buffer.concat([rest, data]);
			while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
				const length = rest.readUIntBE(0, 3);
				this.frames.push({ type: rest[3], flags: rest[4], stream: rest.readUInt32BE(5), payload: rest.subarray(9, 9 + length) });
				rest = rest.subarray(9 + length);
			}
		});
		socket.on('error', () => {});
		socket.on('close', () => { this.closed = true; });
	}
	send(...frames) {
		if (!this.closed) this.socket.write(Buffer.concat(frames));
		return this;
	}
	// The first frame that satisfies; fails when none comes.
	async until(wanted, patience = 8000) {
		for (let waited = 0; waited < patience; waited += 10) {
			const found = this.frames.find(wanted);
			if (found) return found;
			await sleep(10);
		}
		throw new Error(`not among ${this.frames.map((f) => `${f.type}/${f.stream}`).slice(-20).join(' ')}`);
	}
	async closes(patience = 8000) {
		for (let waited = 0; !this.closed && waited < patience; waited += 10) await sleep(10);
		assert.ok(this.closed, 'still open');
	}
	// GOAWAY with this code, and the end of the connection.
	async ends(code) {
		await this.closes();
		const goaway = this.frames.find((f) => f.type === GOAWAY);
		if (goaway) assert.strictEqual(goaway.payload.readUInt32BE(4), code);
		return Boolean(goaway);
	}
	async isReset(stream, patience) {
		return (await this.until((f) => f.type === RESET && f.stream === stream, patience)).payload.readUInt32BE(0);
	}
}
const socketCloses = (socket, patience = 8000) => new Promise((resolve, reject) => {
	socket.on('close', resolve);
	socket.on('error', () => {});
	socket.resume();
	setTimeout(() => reject(new Error('still open')), patience).unref();
});

// A call over node's own HTTP/2; resolves to grpc-status, or how else it ended.
const post = (where, body, headers = {}) => new Promise((resolve) => {
	const session = http2.connect(`https://${address}`, { ca, key, cert });
	const call = session.request({ ':method': 'POST', ':path': where, 'content-type': 'application/grpc', te: 'trailers', ...headers });
	let status = 'reset';
	session.on('error', () => resolve('session'));
	call.on('response', (h) => { status = h['grpc-status'] || status; });
	call.on('trailers', (h) => { status = h['grpc-status']; });
	call.on('error', () => {});
	call.on('close', () => { resolve(status); session.close(); });
	call.resume();
	call.end(body);
});
const codeOf = (promise) => promise.then(() => 'OK', (error) => grpc.status[error.code]);
const ask = (client) => codeOf(new Promise((resolve, reject) => client.Lookup({ files: [{ sha256: crypto.randomBytes(32) }] },
	{ deadline: Date.now() + 10000 }, (error, reply) => error ? reject(error) : resolve(reply))));

// --- the attacks ---

const attacks = {
	async 'a certificate of somebody else'() {
		const socket = await secure({ cert: certificate({ uri: nobody }) }).catch(() => null);
		if (socket) await socketCloses(socket);
		assert.notStrictEqual(await ask(clientOf(certificate({ uri: nobody }))), 'OK');
	},
	async 'a certificate that has expired'() {
		const old = certificate({ uri: nobody, ours: true, expired: true });
		const socket = await secure({ cert: old }).catch(() => null);
		if (socket) await socketCloses(socket);
		assert.notStrictEqual(await ask(clientOf(old)), 'OK');
	},
	async 'a certificate of our CA for a device that never enrolled'() {
		assert.strictEqual(await ask(clientOf(certificate({ uri: nobody, ours: true }))), 'PERMISSION_DENIED');
	},
	async 'a certificate of our CA for another organisation'() {
		assert.strictEqual(await ask(clientOf(certificate({ uri: 'spiffe://other/device/00000000-0000-4000-8000-000000000000', ours: true }))), 'UNAUTHENTICATED');
	},
	async 'no certificate'() {
		assert.strictEqual(await ask(new ward.Protection(address, grpc.credentials.createSsl(ca))), 'UNAUTHENTICATED');
	},
	async 'a revoked device, with a stream running'() {
		const device = await enroll(), client = clientOf(device.cert);
		assert.strictEqual(await ask(client), 'OK');
		const stream = client.Subscribe({ position: 0, heartbeat_ms: 1000 });
		const ended = new Promise((resolve) => stream.on('error', (error) => resolve(grpc.status[error.code])));
		await new Promise((resolve) => stream.once('data', resolve));
		const silent = await Raw.openAs(device.cert);
		await silent.until((f) => f.type === SETTINGS);
		child.execFileSync('wardcloud', ['device', 'revoke', uuid(device.id), '--config', config]);
		assert.strictEqual(await Promise.race([ended, sleep(3000)]), 'PERMISSION_DENIED');
		assert.ok(await silent.ends(0));
		assert.strictEqual(await ask(client), 'PERMISSION_DENIED');
		assert.strictEqual(await ask(clientOf(device.cert)), 'PERMISSION_DENIED');
	},
	async "someone else's device in an event"() {
		const device = await enroll(), client = clientOf(cert);
		const id = crypto.randomBytes(16);
		id.writeUIntBE(Date.now(), 0, 6);
		id[6] = id[6] & 0x0f | 0x70;
		id[8] = id[8] & 0x3f | 0x80;
		const call = new Promise((resolve, reject) => {
			const stream = client.Report({ deadline: Date.now() + 5000 }, (error, reply) => error ? reject(error) : resolve(reply));
			stream.on('error', () => {});
			stream.end({ events: [{ id, time_ms: Date.now(), device: device.id, sighting: { file: { sha256: crypto.randomBytes(32) } } }] });
		});
		assert.strictEqual(await codeOf(call), 'PERMISSION_DENIED');
	},
	async 'TLS 1.2'() { await assert.rejects(secure({ maxVersion: 'TLSv1.2' })); },
	async 'no HTTP/2'() { await assert.rejects(secure({ ALPNProtocols: ['http/1.1'] })); },
	async 'garbage instead of TLS'() {
		const socket = net.connect(port, host);
		socket.write(crypto.randomBytes(1000));
		await socketCloses(socket);
	},
	async 'silence instead of a handshake'() { await socketCloses(net.connect(port, host)); },
	async 'a handshake drop by drop'() {
		const socket = net.connect(port, host);
		const timer = setInterval(() => socket.write(Buffer.from([0x16])), 100);
		await socketCloses(socket);
		clearInterval(timer);
	},
	async 'silence after the handshake'() { await new Raw(await secure()).closes(); },
	async 'the preface drop by drop'() {
		const raw = new Raw(await secure());
		for (let i = 0; i < preface.length && !raw.closed; i++) {
			raw.send(preface.subarray(i, i + 1));
			await sleep(100);
		}
		await raw.closes();
	},
	async 'garbage instead of HTTP/2'() { await new Raw(await secure()).send(crypto.randomBytes(4000)).closes(); },
	async 'a frame that is larger than allowed'() { await (await Raw.open(frame(DATA, 0, 1, Buffer.alloc(20000)))).ends(FRAME_SIZE_ERROR); },
	async 'frames that make no sense'() {
		const bad = [
			frame(DATA, 0, 0, Buffer.alloc(10)), frame(HEADERS, END_HEADERS, 0, request(LOOKUP)), frame(HEADERS, END_HEADERS, 2, request(LOOKUP)),
			frame(SETTINGS, 0, 1), frame(SETTINGS, 0, 0, Buffer.alloc(5)), frame(PING, 0, 0, Buffer.alloc(7)), frame(PING, 0, 1, Buffer.alloc(8)),
			frame(WINDOW, 0, 0, u32(0)), frame(WINDOW, 0, 0, Buffer.alloc(3)), frame(RESET, 0, 1, u32(0)), frame(RESET, 0, 0, u32(0)),
			frame(PUSH, END_HEADERS, 1, Buffer.concat([u32(2), request(LOOKUP)])), frame(CONTINUATION, END_HEADERS, 1, request(LOOKUP)),
			frame(GOAWAY, 0, 1, u32(0, 0)), frame(DATA, 8, 1, Buffer.from([255])),
			frame(HEADERS, END_HEADERS, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])), frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), u32(0xffffffff)])),
			Buffer.concat([frame(HEADERS, 0, 1, request(LOOKUP)), frame(PING, 0, 0, Buffer.alloc(8))]),
			frame(WINDOW, 0, 0, u32(0x7fffffff)),
		];
		for (const bytes of bad) {
			const raw = await Raw.open(bytes);
			await raw.closes().catch((error) => { throw new Error(`${bytes.toString('hex')}: ${error.message}`); });
			assert.notStrictEqual(raw.frames.find((f) => f.type === GOAWAY)?.payload.readUInt32BE(4), 0);
		}
	},
	async 'random frames'() {
		await Promise.all(Array.from({ length: 30 }, async () => {
			const frames = Array.from({ length: 50 }, () => frame(crypto.randomInt(12), crypto.randomInt(256), crypto.randomInt(8), crypto.randomBytes(crypto.randomInt(200))));
			const raw = await Raw.open(...frames);
			raw.socket.end();
			await raw.closes();
		}));
	},
	async 'a frame that ends early'() {
		const raw = await Raw.open(frame(HEADERS, END_HEADERS, 1, request(LOOKUP)), frame(DATA, END_STREAM, 1, question()).subarray(0, 20));
		raw.socket.end();
		await raw.closes();
	},
	async 'a frame that stops half way'() {
		await (await Raw.open(frame(HEADERS, END_HEADERS, 1, request(LOOKUP)), frame(DATA, END_STREAM, 1, question()).subarray(0, 20))).closes();
	},
	async 'headers that stop half way'() { await (await Raw.open(frame(HEADERS, 0, 1, request(LOOKUP)))).closes(); },
	async 'headers drop by drop'() {
		const raw = await Raw.open(frame(HEADERS, 0, 1, Buffer.from([0x83])));
		for (let i = 0; i < 60 && !raw.closed; i++) {
			raw.send(frame(CONTINUATION, 0, 1, Buffer.from([0x87])));
			await sleep(100);
		}
		await raw.closes(100);
	},
	async 'headers without an end'() {
		const raw = await Raw.open(frame(HEADERS, 0, 1, Buffer.alloc(100, 0x82)));
		for (let i = 0; i < 2000 && !raw.closed; i++) raw.send(frame(CONTINUATION, 0, 1, Buffer.alloc(1000, 0x82)));
		await raw.closes();
	},
	async 'continuations without a byte'() {
		const raw = await Raw.open(frame(HEADERS, 0, 1));
		for (let i = 0; i < 5000 && !raw.closed; i++) raw.send(frame(CONTINUATION, 0, 1));
		await raw.closes();
	},
	async 'too many headers'() {
		const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'v']));
		assert.strictEqual(await post(LOOKUP, message(Buffer.alloc(0)), many), 'reset');
	},
	async 'a bomb of headers: one large, then a thousand times named'() {
		const raw = await Raw.open();
		for (let i = 0; i < 1000 && !raw.closed; i++) {
			const large = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 0x61)]); // 127 + 3873
			raw.send(frame(HEADERS, END_HEADERS, 2 * i + 1, Buffer.concat([i ? Buffer.alloc(0) : large, Buffer.alloc(8000, 0xbe)])));
			if (i % 50 === 0) await sleep(5);
		}
		await raw.ends(CALM);
	},
	async 'a table of headers of 4 GiB'() {
		const raw = await Raw.open(frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 1]), u32(0xffffffff)])), frame(HEADERS, END_HEADERS, 1, request(LOOKUP)), frame(DATA, END_STREAM, 1, question()));
		await raw.until((f) => f.type === HEADERS && f.stream === 1 && f.flags & END_STREAM); // answered as everybody
		raw.socket.destroy();
	},
	async 'a flood of pings'() {
		const raw = await Raw.open();
		for (let i = 0; i < 500; i++) raw.send(frame(PING, 0, 0, Buffer.alloc(8)));
		await raw.ends(CALM);
	},
	async 'a flood of settings'() {
		const raw = await Raw.open();
		for (let i = 0; i < 500; i++) raw.send(frame(SETTINGS, 0, 0));
		await raw.ends(CALM);
	},
	async 'a flood of window updates'() {
		const raw = await Raw.open();
		for (let i = 0; i < 200; i++) raw.send(...Array.from({ length: 100 }, () => frame(WINDOW, 0, 0, u32(1))));
		await raw.ends(CALM);
	},
	async 'a flood of priorities'() {
		const raw = await Raw.open();
		for (let i = 0; i < 1000; i++) raw.send(frame(PRIORITY, 0, 1001, Buffer.from([0, 0, 0, 3, 1])));
		await raw.ends(CALM);
	},
	async 'a flood of empty data'() {
		const raw = await Raw.open(frame(HEADERS, END_HEADERS, 1, request(REPORT)));
		for (let i = 0; i < 1000; i++) raw.send(frame(DATA, 0, 1));
		await raw.ends(CALM);
	},
	async 'rapid reset'() {
		const raw = await Raw.open();
		for (let i = 0; i < 2000; i++) raw.send(frame(HEADERS, END_HEADERS, 2 * i + 1, request(REPORT)), frame(RESET, 0, 2 * i + 1, u32(8)));
		await raw.ends(CALM);
	},
	async 'resets that we are made to send'() {
		const raw = await Raw.open();
		for (let i = 0; i < 2000 && !raw.closed; i++) {
			raw.send(frame(HEADERS, END_HEADERS, 2 * i + 1, request(REPORT)), frame(WINDOW, 0, 2 * i + 1, u32(0x7fffffff)));
			if (i % 50 === 0) await sleep(2);
		}
		await raw.ends(CALM);
	},
	async 'more streams than allowed'() {
		const raw = await Raw.open(frame(SETTINGS, 1, 0), ...Array.from({ length: 200 }, (_, i) => frame(HEADERS, END_HEADERS, 2 * i + 1, request(REPORT))));
		assert.ok(await raw.ends(PROTOCOL_ERROR));
	},
	async 'a window that overflows'() {
		const raw = await Raw.open(frame(HEADERS, END_HEADERS, 1, request(REPORT)), frame(WINDOW, 0, 1, u32(0x7fffffff)));
		assert.strictEqual(await raw.isReset(1), FLOW_CONTROL_ERROR);
		raw.socket.destroy();
	},
	async 'a reader whose window stays shut'() {
		const raw = await Raw.open(frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), u32(0)])), ...Array.from({ length: 50 }, (_, i) =>
			[frame(HEADERS, END_HEADERS, 2 * i + 1, request(LOOKUP)), frame(DATA, END_STREAM, 2 * i + 1, question())]).flat());
		for (let i = 0; i < 50; i++) assert.ok(await raw.isReset(2 * i + 1) > 0);
		raw.socket.destroy();
	},
	async 'a reader who does not read'() {
		const raw = await Raw.open();
		raw.socket.pause();
		const body = question(1000); // about 40 KB each way
		const pieces = (stream) => [0, 1, 2].map((n) => frame(DATA, n === 2 ? END_STREAM : 0, stream, body.subarray(n * 16000, (n + 1) * 16000)));
		raw.send(frame(WINDOW, 0, 0, u32(0x3fffffff)), frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), u32(0x3fffffff)])));
		for (let i = 0; i < 600; i++) { // more than the buffers of both ends hold
			raw.send(frame(HEADERS, END_HEADERS, 2 * i + 1, request(LOOKUP)), ...pieces(2 * i + 1));
			if (i % 60 === 59) await sleep(200);
		}
		await sleep(3000);
		raw.socket.resume();
		await raw.closes(2000);
	},
	async 'a message that is garbage'() { assert.strictEqual(await post(LOOKUP, message(crypto.randomBytes(100))), '3'); },
	async 'a message that ends early'() { assert.strictEqual(await post(LOOKUP, message(Buffer.alloc(10), 100)), '3'); },
	async 'a message that says it is 4 GiB'() { assert.strictEqual(await post(LOOKUP, message(Buffer.alloc(10), 0xffffffff)), '8'); },
	async 'a message of 5 MiB'() { assert.strictEqual(await post(LOOKUP, message(Buffer.alloc(5 << 20))), '8'); },
	async 'a compressed message'() { assert.strictEqual(await post(LOOKUP, message(Buffer.alloc(10), 10, 1)), '12'); },
	async 'no message, and two'() {
		assert.strictEqual(await post(LOOKUP, Buffer.alloc(0)), '3');
		assert.strictEqual(await post(LOOKUP, Buffer.concat([message(Buffer.alloc(0)), question()])), '3');
	},
	async 'not gRPC'() {
		assert.strictEqual(await post(LOOKUP, question(), { 'content-type': 'text/plain' }), '12');
		assert.strictEqual(await post(LOOKUP, question(), { ':method': 'PUT' }), '12');
		assert.strictEqual(await post('/', question()), '12');
	},
	async 'a message that stops half way'() {
		const raw = await Raw.open(frame(HEADERS, END_HEADERS, 1, request(LOOKUP)), frame(DATA, 0, 1, question().subarray(0, 2)));
		await raw.until((f) => f.type === HEADERS && f.stream === 1 && f.flags & END_STREAM);
		raw.socket.destroy();
	},
	async 'a message drop by drop'() {
		const raw = await Raw.open(frame(HEADERS, END_HEADERS, 1, request(LOOKUP)), frame(DATA, 0, 1, message(Buffer.alloc(0), 1000)));
		const over = raw.until((f) => f.type === HEADERS && f.stream === 1 && f.flags & END_STREAM, 6000);
		const timer = setInterval(() => raw.send(frame(DATA, 0, 1, Buffer.from([0]))), 200);
		await over.finally(() => clearInterval(timer));
		raw.socket.destroy();
	},
	async '500 connections that say nothing'() {
		const sockets = Array.from({ length: 500 }, () => net.connect(port, host).on('error', () => {}));
		await Promise.all(sockets.map((socket) => socketCloses(socket)));
	},
};

// --- the good client ---

const good = { stop: false, times: [], failed: [] };

async function goOn() {
	const client = clientOf(cert); // one connection from the first attack to the last
	while (!good.stop) {
		const begun = process.hrtime.bigint(), code = await ask(client);
		if (code === 'OK') good.times.push(Number(process.hrtime.bigint() - begun) / 1e6);
		else good.failed.push(code);
		await sleep(20);
	}
}

(async () => {
	let bad = 0;
	cert = (await enroll()).cert;
	const going = goOn();
	for (const [name, attack] of Object.entries(attacks)) {
		const before = good.times.length;
		try {
			await attack();
			for (let i = 0; i < 500 && good.times.length === before; i++) await sleep(10);
			assert.ok(good.times.length > before, 'the good client hears nothing');
			assert.deepStrictEqual(good.failed, []);
			const times = good.times.slice(before).sort((a, b) => a - b);
			console.log(`ok ${name} (${times.length} look-ups meanwhile, median ${times[times.length >> 1].toFixed(1)} ms, longest ${times[times.length - 1].toFixed(1)} ms)`);
		} catch (error) {
			bad++;
			console.log(`not ok ${name}\n  ${error.stack}`);
		}
	}
	good.stop = true;
	await going;
	console.log(`${Object.keys(attacks).length - bad} of ${Object.keys(attacks).length}`);
	process.exit(bad ? 1 : 0);
})();
