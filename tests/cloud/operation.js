// SPDX-License-Identifier: Apache-2.0
// What an administrator wants to know of a running service, one step at a time.
// usage: node operation.js HOST:PORT CA KEY CSR PROTOS CERT STEP [ARGUMENT]; CERT is written by "enroll".
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, caFile, keyFile, csrFile, protos, certFile, step, argument] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const ca = fs.readFileSync(caFile), key = fs.readFileSync(keyFile);
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const protection = () => new ward.Protection(address, grpc.credentials.createSsl(ca, key, fs.readFileSync(certFile)));
const sha256 = (data) => crypto.createHash('sha256').update(data).digest();
// The status's name of a call that ends, or its answer.
const outcome = (call) => new Promise((resolve) => call((error, reply) => resolve(error ? grpc.status[error.code] : reply)));
const lookup = (client) => outcome((done) => client.Lookup({ files: [{ sha256: crypto.randomBytes(32) }] }, { deadline: Date.now() + 20000 }, done));
const count = (all) => all.reduce((sum, one) => ({ ...sum, [one]: (sum[one] || 0) + 1 }), {});

const enroll = (token) => outcome((done) => new ward.Enrollment(address, grpc.credentials.createSsl(ca))
	.Enroll({ token, csr: fs.readFileSync(csrFile) }, { deadline: Date.now() + 20000 }, done));

function event(name) {
	const id = crypto.randomBytes(16);
	id.writeUIntBE(Date.now(), 0, 6);
	id[6] = id[6] & 0x0f | 0x70;
	id[8] = id[8] & 0x3f | 0x80;
	return { id, time_ms: Date.now(), sighting: { file: { sha256: sha256(id), size: 1, context: { name } } } };
}
const report = (client, events) => outcome((done) => {
	const call = client.Report({ deadline: Date.now() + 60000 }, done);
	call.on('error', () => {});
	call.end({ events });
});
const reports = async (client, n) => (await report(client, Array.from({ length: n }, () => event('x')))).accepted;

const submit = (client, data) => outcome((done) => {
	const call = client.SubmitSample({ deadline: Date.now() + 60000 }, done);
	call.on('error', () => {});
	call.write({ header: { file: { sha256: sha256(data), size: data.length, type: 'elf' }, wait_ms: 0 } });
	call.end({ data });
});

const steps = {
	async enroll() {
		const reply = await enroll(argument);
		fs.writeFileSync(certFile, pem(reply.certificate));
	},
	// One device may not call as often as it likes, and nobody may try tokens as often as he likes.
	async limits() {
		const client = protection(), answers = [];
		for (let i = 0; i < 60; i++) answers.push(await lookup(client));
		const seen = count(answers.map((a) => a === 'RESOURCE_EXHAUSTED' ? a : 'OK'));
		assert.ok(seen.OK >= 10 && seen.RESOURCE_EXHAUSTED >= 10, JSON.stringify(seen));
		const tried = [];
		for (let i = 0; i < 20; i++) tried.push(await enroll('ward-aaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaaaaaaaaaa'));
		assert.ok(count(tried).PERMISSION_DENIED >= 1 && count(tried).RESOURCE_EXHAUSTED >= 10, JSON.stringify(count(tried)));
	},
	// More than the log may have waiting, and more samples than may wait for analysis; afterwards all is well.
	async overload() {
		const client = protection(), long = 'n'.repeat(250);
		// a client on a busy machine may be too slow for a log that keeps up: so several times
		let said = {};
		for (let i = 0; i < 20 && !said.RESOURCE_EXHAUSTED; i++) {
			const many = await Promise.all(Array.from({ length: 60 }, () => report(client, Array.from({ length: 1000 }, () => event(long)))));
			said = count(many.map((a) => a.accepted ? 'OK' : a));
		}
		assert.ok(said.RESOURCE_EXHAUSTED > 0, JSON.stringify(said));
		assert.deepStrictEqual(Object.keys(said).filter((s) => s !== 'OK' && s !== 'RESOURCE_EXHAUSTED'), []);
		assert.strictEqual(await reports(client, 10), 10);
		const samples = await Promise.all(Array.from({ length: 40 }, (_, i) => submit(client, Buffer.concat([Buffer.from(`${i}`), crypto.randomBytes(1000)]))));
		const taken = count(samples.map((a) => a.status || a));
		assert.ok(taken.SAMPLE_STATUS_STORED > 0, JSON.stringify(taken));
		assert.deepStrictEqual(Object.keys(taken).filter((s) => s !== 'SAMPLE_STATUS_STORED' && s !== 'RESOURCE_EXHAUSTED'), []);
		assert.ok(taken.RESOURCE_EXHAUSTED > 0, JSON.stringify(taken));
		assert.ok((await lookup(client)).files);
		console.log(`reports ${JSON.stringify(said)}, samples ${JSON.stringify(taken)}`);
	},
	async full() {
		const client = protection(), answer = await report(client, [event('x')]);
		assert.ok(answer === 'RESOURCE_EXHAUSTED' || answer === 'UNAVAILABLE', JSON.stringify(answer));
		assert.ok((await lookup(client)).files); // who asks is answered all the same
	},
	async room() {
		const answer = await report(protection(), Array.from({ length: 100 }, () => event('x')));
		assert.strictEqual(answer.accepted, 100, JSON.stringify(answer));
	},
	// Told to stop, the service lets a report end, and tells those who only listen.
	async drain() {
		const client = protection(), listening = client.Subscribe({ position: 0, heartbeat_ms: 1000 });
		const ended = new Promise((resolve) => listening.on('error', (error) => resolve(grpc.status[error.code])));
		await new Promise((resolve) => listening.once('data', resolve));
		let call;
		const answer = outcome((done) => { call = client.Report({ deadline: Date.now() + 20000 }, done); });
		call.on('error', () => {});
		call.write({ events: [event('x')] });
		await sleep(300);
		process.kill(Number(argument), 'SIGTERM');
		await sleep(700);
		call.end({ events: [event('y')] });
		assert.strictEqual((await answer).accepted, 2);
		assert.strictEqual(await ended, 'UNAVAILABLE');
	},
};

steps[step]().then(() => process.exit(0), (error) => {
	console.log(error.stack);
	process.exit(1);
});
