// SPDX-License-Identifier: Apache-2.0
// Garbage, truncated and oversized frames, floods, slow and silent peers; meanwhile a good client goes on.
// usage: node hostile.js HOST:PORT CA KEY CSR TOKEN PROTOS
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const http2 = require('http2');
const loader = require('@grpc/proto-loader');
const net = require('net');
const tls = require('tls');

const [address, caFile, keyFile, csrFile, token, protos] = process.argv.slice(2);
const [host, port] = address.split(':');
const ca = fs.readFileSync(caFile), key = fs.readFileSync(keyFile);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let cert, client;

const lookup = () => new Promise((resolve, reject) => {
	const begun = process.hrtime.bigint();
	client.Lookup({ files: [{ sha256: crypto.randomBytes(32) }] }, { deadline: Date.now() + 10000 },
		(error) => error ? reject(error) : resolve(Number(process.hrtime.bigint() - begun) / 1e6));
});
// Milliseconds until the other end closes; rejects after `patience`.
const closes = (socket, patience = 8000) => new Promise((resolve, reject) => {
	const begun = Date.now();
	socket.on('close', () => resolve(Date.now() - begun));
	socket.on('error', () => {});
	socket.resume();
	setTimeout(() => reject(new Error('still open')), patience).unref();
});
const secure = (options = {}) => new Promise((resolve, reject) => {
	const socket = tls.connect({ host, port, ca, key, cert, ALPNProtocols: ['h2'], ...options }, () => resolve(socket));
	socket.on('error', reject);
});
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const frame = (type, flags, stream, payload = Buffer.alloc(0)) => {
	const head = Buffer.alloc(9);
	head.writeUIntBE(payload.length, 0, 3);
	head[3] = type;
	head[4] = flags;
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
};
const raw = async (...frames) => {
	const socket = await secure();
	socket.write(Buffer.concat([preface, frame(4, 0, 0), ...frames]));
	return socket;
};
// A request over node's own HTTP/2; resolves to grpc-status.
const post = (path, body, headers = {}) => new Promise((resolve) => {
	const session = http2.connect(`https://${address}`, { ca, key, cert });
	const request = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
	let status;
	session.on('error', () => resolve('session'));
	request.on('response', (h) => { status = h['grpc-status']; });
	request.on('trailers', (h) => { status = h['grpc-status']; });
	request.on('error', () => {});
	request.on('close', () => { resolve(status); session.close(); });
	request.resume();
	request.end(body);
});
const message = (bytes, length = bytes.length, flag = 0) => {
	const head = Buffer.alloc(5);
	head[0] = flag;
	head.writeUInt32BE(length, 1);
	return Buffer.concat([head, bytes]);
};
const stranger = () => {
	const made = require('child_process').execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
		'-nodes', '-days', '2', '-subj', '/CN=x', '-addext', 'subjectAltName=URI:spiffe://test.example/device/00000000-0000-4000-8000-000000000000',
		'-keyout', '-', '-out', '-'], { stdio: ['ignore', 'pipe', 'ignore'] });
	return { key: made, cert: made };
};

const attacks = {
	async 'a certificate of somebody else'() {
		const socket = await secure(stranger()).catch(() => null);
		if (socket) await closes(socket);
	},
	async 'TLS 1.2'() { await assert.rejects(secure({ maxVersion: 'TLSv1.2' })); },
	async 'no HTTP/2'() { await assert.rejects(secure({ ALPNProtocols: ['http/1.1'] })); },
	async 'garbage instead of TLS'() {
		const socket = net.connect(port, host);
		socket.write(crypto.randomBytes(1000));
		await closes(socket);
	},
	async 'silence instead of a handshake'() { await closes(net.connect(port, host)); },
	async 'garbage instead of HTTP/2'() {
		const socket = await secure();
		socket.write(crypto.randomBytes(4000));
		await closes(socket);
	},
	async 'a frame that is larger than allowed'() { await closes(await raw(frame(0, 0, 1, Buffer.alloc(20000)))); },
	async 'a flood of pings'() {
		const socket = await raw();
		for (let i = 0; i < 200; i++) socket.write(frame(6, 0, 0, Buffer.alloc(8)));
		await closes(socket);
	},
	async 'a flood of settings'() {
		const socket = await raw();
		for (let i = 0; i < 200; i++) socket.write(frame(4, 0, 0));
		await closes(socket);
	},
	async 'rapid reset'() {
		// :method POST, :scheme https, :path and content-type as HPACK literals (RFC 7541 §6)
		const text = (index, value) => Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)]);
		const block = Buffer.concat([Buffer.from([0x83, 0x87]), text(0x04, '/ward.v1.Protection/Report'),
			Buffer.from([0x0f, 0x10, 16]), Buffer.from('application/grpc')]);
		const socket = await raw();
		for (let i = 0; i < 2000; i++)
			socket.write(Buffer.concat([frame(1, 4, 2 * i + 1, block), frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))]));
		await closes(socket);
	},
	async 'headers without an end'() {
		const socket = await raw(frame(1, 0, 1, Buffer.alloc(100, 0x82)));
		for (let i = 0; i < 2000 && !socket.destroyed; i++) socket.write(frame(9, 0, 1, Buffer.alloc(1000, 0x82)));
		await closes(socket);
	},
	async 'too many headers'() {
		const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'v']));
		assert.notStrictEqual(await post('/ward.v1.Protection/Lookup', message(Buffer.alloc(0)), many), '0');
	},
	async 'a message that is garbage'() { assert.strictEqual(await post('/ward.v1.Protection/Lookup', message(crypto.randomBytes(100))), '3'); },
	async 'a message that ends early'() { assert.strictEqual(await post('/ward.v1.Protection/Lookup', message(Buffer.alloc(10), 100)), '3'); },
	async 'a message that says it is 4 GiB'() { assert.strictEqual(await post('/ward.v1.Protection/Lookup', message(Buffer.alloc(10), 0xffffffff)), '8'); },
	async 'a compressed message'() { assert.strictEqual(await post('/ward.v1.Protection/Lookup', message(Buffer.alloc(10), 10, 1)), '12'); },
	async 'a message drop by drop'() {
		const session = http2.connect(`https://${address}`, { ca, key, cert });
		session.on('error', () => {});
		const request = session.request({ ':method': 'POST', ':path': '/ward.v1.Protection/Lookup', 'content-type': 'application/grpc' }, { endStream: false });
		const status = new Promise((resolve) => {
			request.on('response', (h) => resolve(h['grpc-status']));
			request.on('error', () => resolve('reset'));
		});
		request.write(Buffer.from([0, 0]));
		assert.strictEqual(await Promise.race([status, sleep(8000)]), '4');
		session.destroy();
	},
	async '500 connections that say nothing'() {
		const sockets = [];
		for (let i = 0; i < 500; i++) sockets.push(net.connect(port, host).on('error', () => {}));
		await sleep(300);
		const ms = await lookup();
		assert.ok(ms < 1000, `${ms} ms`);
		console.log(`  a look-up beside them took ${ms.toFixed(1)} ms`);
		await Promise.all(sockets.map((s) => closes(s)));
	},
};

(async () => {
	const enrollment = new ward.Enrollment(address, grpc.credentials.createSsl(ca));
	const reply = await new Promise((resolve, reject) => enrollment.Enroll({ token, csr: fs.readFileSync(csrFile) }, (e, r) => e ? reject(e) : resolve(r)));
	cert = Buffer.from(pem(reply.certificate));
	client = new ward.Protection(address, grpc.credentials.createSsl(ca, key, cert));
	let bad = 0;
	for (const [name, attack] of Object.entries(attacks)) {
		try {
			await attack();
			await lookup(); // the good client's connection is the same all the time
			console.log(`ok ${name}`);
		} catch (error) {
			bad++;
			console.log(`not ok ${name}\n  ${error.stack}`);
		}
	}
	process.exit(bad ? 1 : 0);
})();
