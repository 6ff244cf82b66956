// SPDX-License-Identifier: Apache-2.0
// Every method of the service, called by a gRPC client that nobody here wrote (@grpc/grpc-js).
// usage: NODE_PATH=… node methods.js HOST:PORT CA.pem KEY.pem CSR.der TOKEN SAMPLE PROTO_DIRECTORY
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const zlib = require('zlib');

const [address, caFile, keyFile, csrFile, token, sampleFile, protos] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const ca = fs.readFileSync(caFile), key = fs.readFileSync(keyFile);
const sample = fs.readFileSync(sampleFile);
const sha256 = (data) => crypto.createHash('sha256').update(data).digest();
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

const unary = (client, method, request) => new Promise((resolve, reject) =>
	client[method](request, { deadline: Date.now() + 30000 }, (error, reply) => error ? reject(error) : resolve(reply)));
const refused = (promise, code) => promise.then(
	() => assert.fail(`${grpc.status[code]} expected`),
	(error) => assert.strictEqual(grpc.status[error.code], grpc.status[code], error.message));

// A client stream: the messages, then the one answer.
const stream = (client, method, messages) => new Promise((resolve, reject) => {
	const call = client[method]({ deadline: Date.now() + 90000 }, (error, reply) => error ? reject(error) : resolve(reply));
	call.on('error', () => {});
	for (const message of messages) call.write(message);
	call.end();
});

// A version-7 UUID (RFC 9562 §5.7).
function uuid7(ms = Date.now()) {
	const id = crypto.randomBytes(16);
	id.writeUIntBE(ms, 0, 6);
	id[6] = id[6] & 0x0f | 0x70;
	id[8] = id[8] & 0x3f | 0x80;
	return id;
}
const sighting = (hash, extra = {}) => ({ id: uuid7(), time_ms: Date.now(), sighting: { file: { sha256: hash, size: 5 } }, ...extra });

// Updates until one satisfies `wanted`.
const updates = (client, request, wanted) => new Promise((resolve, reject) => {
	const call = client.Subscribe(request, { deadline: Date.now() + 30000 });
	call.on('data', (update) => {
		if (!wanted(update)) return;
		resolve(update);
		call.cancel();
	});
	call.on('error', (error) => error.code === grpc.status.CANCELLED || reject(error));
	call.on('end', () => reject(new Error('the stream ended')));
});

function* pieces(header, data, size = 256 * 1024) {
	yield { header };
	for (let at = header.offset || 0; at < data.length; at += size) yield { data: data.subarray(at, at + size) };
}

const steps = {
	async 'Protection without a certificate is UNAUTHENTICATED'() {
		const client = new ward.Protection(address, grpc.credentials.createSsl(ca));
		await refused(unary(client, 'Lookup', { files: [{ sha256: sha256('x') }] }), grpc.status.UNAUTHENTICATED);
	},
	async 'Enroll with a wrong token is PERMISSION_DENIED'(t) {
		t.enrollment = new ward.Enrollment(address, grpc.credentials.createSsl(ca));
		await refused(unary(t.enrollment, 'Enroll', { token: 'ward-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa', csr: fs.readFileSync(csrFile) }),
			grpc.status.PERMISSION_DENIED);
	},
	async 'Enroll gives a certificate for this key'(t) {
		const reply = await unary(t.enrollment, 'Enroll', { token, csr: fs.readFileSync(csrFile), device: { name: 'methods.js', os: 'test' } });
		const certificate = new crypto.X509Certificate(reply.certificate);
		assert.strictEqual(reply.device.length, 16);
		assert.ok(certificate.checkPrivateKey(crypto.createPrivateKey(key)));
		assert.ok(certificate.subjectAltName.replace(/-/g, '').includes(reply.device.toString('hex')), certificate.subjectAltName);
		t.device = reply.device;
		t.credentials = grpc.credentials.createSsl(ca, key, Buffer.from(pem(reply.certificate)));
		t.client = new ward.Protection(address, t.credentials);
	},
	async 'a token for one device lets in no second'(t) {
		await refused(unary(t.enrollment, 'Enroll', { token, csr: fs.readFileSync(csrFile) }), grpc.status.PERMISSION_DENIED);
	},
	async 'Lookup of an unknown file says unknown'(t) {
		const reply = await unary(t.client, 'Lookup', { files: [{ sha256: sha256('never seen'), size: 10, type: 'data' }] });
		assert.strictEqual(reply.files.length, 1);
		assert.strictEqual(reply.files[0].verdict, 'VERDICT_UNKNOWN');
	},
	async 'Lookup of 1000 files answers in their order'(t) {
		const files = Array.from({ length: 1000 }, (_, i) => ({ sha256: sha256(`file ${i}`), size: i }));
		const reply = await unary(t.client, 'Lookup', { files });
		assert.deepStrictEqual(reply.files.map((f) => f.query), files.map((_, i) => i));
	},
	async 'Lookup of 1001 files is INVALID_ARGUMENT'(t) {
		const files = Array.from({ length: 1001 }, (_, i) => ({ sha256: sha256(`file ${i}`) }));
		await refused(unary(t.client, 'Lookup', { files }), grpc.status.INVALID_ARGUMENT);
	},
	async 'Report counts each event once'(t) {
		const events = Array.from({ length: 100 }, (_, i) => sighting(sha256(`seen ${i}`)));
		const first = await stream(t.client, 'Report', [{ events: events.slice(0, 60) }, { events: events.slice(60) }]);
		assert.deepStrictEqual([first.accepted, first.duplicates, first.refused.length], [100, 0, 0]);
		await new Promise((resolve) => setTimeout(resolve, 500)); // until they are applied
		const again = await stream(t.client, 'Report', [{ events }]);
		assert.deepStrictEqual([again.accepted, again.duplicates], [0, 100]);
	},
	async 'Report refuses events that are too old, one by one'(t) {
		const old = sighting(sha256('old'), { id: uuid7(Date.now() - 40 * 86400000) });
		const reply = await stream(t.client, 'Report', [{ events: [old, sighting(sha256('new'))] }]);
		assert.deepStrictEqual([reply.accepted, reply.refused.length], [1, 1]);
		assert.ok(reply.refused[0].id.equals(old.id));
	},
	async "Report with somebody else's device is PERMISSION_DENIED"(t) {
		await refused(stream(t.client, 'Report', [{ events: [sighting(sha256('x'), { device: uuid7() })] }]), grpc.status.PERMISSION_DENIED);
	},
	async 'SubmitSample with a wrong digest is refused'(t) {
		const file = { sha256: sha256('something else'), size: sample.length, type: 'text' };
		await assert.rejects(stream(t.client, 'SubmitSample', pieces({ file, wait_ms: 1000 }, sample)));
	},
	async 'SubmitSample resumes where it broke off'(t) {
		const big = crypto.randomBytes(1500000), file = { sha256: sha256(big), size: big.length, type: 'elf' };
		await new Promise((resolve) => {
			const call = t.client.SubmitSample({ deadline: Date.now() + 30000 }, () => resolve());
			call.write({ header: { file, wait_ms: 0 } });
			call.write({ data: big.subarray(0, 400000) });
			call.write({ data: big.subarray(400000, 800000) }, () => setTimeout(() => call.cancel(), 500));
		});
		const resume = await stream(t.client, 'SubmitSample', [{ header: { file, wait_ms: 0 } }]);
		assert.strictEqual(resume.status, 'SAMPLE_STATUS_RESUME');
		assert.ok(resume.offset > 0 && resume.offset <= 800000, `offset ${resume.offset}`);
		const rest = await stream(t.client, 'SubmitSample', pieces({ file, offset: resume.offset, wait_ms: 60000 }, big));
		assert.strictEqual(rest.status, 'SAMPLE_STATUS_STORED');
		assert.strictEqual(rest.verdict.tier, 'TIER_SAMPLE');
	},
	async 'SubmitSample of the test file convicts it'(t) {
		const file = { sha256: sha256(sample), size: sample.length, type: 'text' };
		const reply = await stream(t.client, 'SubmitSample', pieces({ file, wait_ms: 60000 }, sample));
		assert.strictEqual(reply.status, 'SAMPLE_STATUS_STORED');
		assert.strictEqual(reply.verdict.verdict, 'VERDICT_MALICIOUS');
		assert.strictEqual(reply.verdict.tier, 'TIER_SAMPLE');
		assert.ok(reply.verdict.evidence.length > 0);
		const again = await stream(t.client, 'SubmitSample', [{ header: { file, wait_ms: 60000 } }]);
		assert.strictEqual(again.status, 'SAMPLE_STATUS_KNOWN');
	},
	async 'Lookup knows it from then on'(t) {
		const reply = await unary(t.client, 'Lookup', { files: [{ sha256: sha256(sample) }] });
		assert.strictEqual(reply.files[0].verdict, 'VERDICT_MALICIOUS');
		assert.ok(reply.files[0].ttl_seconds > 0);
		assert.deepStrictEqual(reply.files[0].evidence.map((e) => e.kind), ['sample', 'yara']);
		assert.strictEqual(reply.files[0].evidence[1].name, 'Test_Ward_CloudOnly');
	},
	async 'Lookup by prefix finds it, and only what has the prefix'(t) {
		const prefix = sha256(sample).subarray(0, 3);
		const reply = await unary(t.client, 'Lookup', { files: [{ prefix }] });
		assert.ok(reply.files.some((f) => f.sha256.equals(sha256(sample)) && f.verdict === 'VERDICT_MALICIOUS'));
		assert.ok(reply.files.every((f) => f.sha256.subarray(0, 3).equals(prefix)));
	},
	async 'Subscribe tells of the conviction, and resumes after it'(t) {
		const update = await updates(t.client, { position: 0, heartbeat_ms: 1000 }, (u) => u.verdict && u.verdict.sha256.equals(sha256(sample)));
		assert.ok(update.position > 0);
		// what may come behind it is its signed record, and nothing of the conviction again
		const next = await updates(t.client, { position: update.position, heartbeat_ms: 1000 }, (u) => u.what !== 'updates');
		assert.strictEqual(next.what, 'heartbeat');
		assert.ok(next.position >= update.position && next.heartbeat.timestamp.length > 0);
	},
	async 'what was inside a sample is known too'(t) {
		const inside = Buffer.concat([sample, Buffer.from('inside')]), packed = zlib.gzipSync(inside);
		const file = { sha256: sha256(packed), size: packed.length, type: 'gzip' };
		const reply = await stream(t.client, 'SubmitSample', pieces({ file, wait_ms: 60000 }, packed));
		assert.strictEqual(reply.verdict.verdict, 'VERDICT_MALICIOUS');
		await updates(t.client, { position: 0, heartbeat_ms: 1000 }, (u) => u.verdict && u.verdict.sha256.equals(sha256(inside)));
		const known = await unary(t.client, 'Lookup', { files: [{ sha256: sha256(inside) }] });
		assert.strictEqual(known.files[0].verdict, 'VERDICT_MALICIOUS');
		console.log(`inside ${sha256(inside).toString('hex')} of ${sha256(packed).toString('hex')}`);
	},
	async 'a deadline is kept'(t) {
		const call = new Promise((resolve, reject) => t.client.SubmitSample({ deadline: Date.now() + 300 },
			(error, reply) => error ? reject(error) : resolve(reply)).write({ header: { file: { sha256: sha256('slow'), size: 10, type: 'elf' } } }));
		await refused(call, grpc.status.DEADLINE_EXCEEDED);
	},
	async 'an unknown method is UNIMPLEMENTED'(t) {
		const call = new Promise((resolve, reject) => t.client.makeUnaryRequest('/ward.v1.Protection/Nothing', (b) => b, (b) => b,
			Buffer.alloc(0), (error, reply) => error ? reject(error) : resolve(reply)));
		await refused(call, grpc.status.UNIMPLEMENTED);
	},
	async 'Renew gives another certificate of the same device'(t) {
		const reply = await unary(new ward.Enrollment(address, t.credentials), 'Renew', { csr: fs.readFileSync(csrFile) });
		assert.ok(reply.device.equals(t.device));
		const fresh = grpc.credentials.createSsl(ca, key, Buffer.from(pem(reply.certificate)));
		await unary(new ward.Protection(address, fresh), 'Lookup', { files: [{ sha256: sha256('x') }] });
	},
	async 'who leaves is refused at once, on the open connection too'(t) {
		await unary(new ward.Enrollment(address, t.credentials), 'Leave', {});
		await assert.rejects(unary(t.client, 'Lookup', { files: [{ sha256: sha256('x') }] }));
		const again = new ward.Protection(address, t.credentials);
		await assert.rejects(unary(again, 'Lookup', { files: [{ sha256: sha256('x') }] }));
	},
};

(async () => {
	const t = {};
	let bad = 0;
	for (const [name, step] of Object.entries(steps)) {
		try {
			await step(t);
			console.log(`ok ${name}`);
		} catch (error) {
			bad++;
			console.log(`not ok ${name}\n  ${error.stack}`);
		}
	}
	process.exit(bad ? 1 : 0);
})();
