// SPDX-License-Identifier: Apache-2.0
// Report load for the kill test. What is sent and what is acknowledged is written down, event by event.
// usage: node reports.js HOST:PORT CA KEY CSR TOKEN PROTOS DIRECTORY MODE
// MODE 0 enrols (the certificate goes to DIRECTORY); 1 reports on several streams until DIRECTORY/stop
// is there, and sends what was not acknowledged again, under the same ids, until it is; 2 sends all
// that was ever acknowledged once more, which must change nothing.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, ca, key, csr, token, protos, directory, mode] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const certificate = `${directory}/device.pem`, sent = `${directory}/sent`, acknowledged = `${directory}/acknowledged`;
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;

function enroll() {
	const client = new ward.Enrollment(address, grpc.credentials.createSsl(fs.readFileSync(ca)));
	client.Enroll({ token, csr: fs.readFileSync(csr) }, { deadline: Date.now() + 20000 }, (error, reply) => {
		if (error) throw error;
		fs.writeFileSync(certificate, pem(reply.certificate));
		process.exit(0);
	});
}

function uuid7() {
	const id = crypto.randomBytes(16);
	id.writeUIntBE(Date.now(), 0, 6);
	id[6] = id[6] & 0x0f | 0x70;
	id[8] = id[8] & 0x3f | 0x80;
	return id;
}

const event = (id) => ({ id, time_ms: Date.now(), sighting: { file: { sha256: crypto.createHash('sha256').update(id).digest(), size: 1 } } });

const protection = () => new ward.Protection(address, grpc.credentials.createSsl(fs.readFileSync(ca), fs.readFileSync(key), fs.readFileSync(certificate)));

const report = (client, ids) => new Promise((resolve, reject) => {
	const call = client.Report({ deadline: Date.now() + 5000 }, (error, reply) => error ? reject(error) : resolve(reply));
	call.on('error', () => {});
	for (let at = 0; at < ids.length; at += 100) call.write({ events: ids.slice(at, at + 100).map(event) });
	call.end();
});

const lines = (ids) => ids.map((id) => `${id.toString('hex')}\n`).join('');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// As an endpoint does: the same events until they are acknowledged.
async function insist(ids) {
	for (let client = protection(); ; client.close(), client = protection()) {
		try {
			const reply = await report(client, ids);
			client.close();
			return reply;
		} catch {
			await sleep(20); // it was killed, or is not there yet
		}
	}
}

async function stream() {
	while (!fs.existsSync(`${directory}/stop`)) {
		// up to three messages: the first may be durable and the last not
		const ids = Array.from({ length: crypto.randomInt(1, 250) }, uuid7);
		fs.appendFileSync(sent, lines(ids));
		const reply = await insist(ids);
		if (reply.accepted + reply.duplicates !== ids.length) throw new Error(`of ${ids.length}: ${JSON.stringify(reply)}`);
		fs.appendFileSync(acknowledged, lines(ids));
	}
}

async function load() {
	await Promise.all([stream(), stream(), stream(), stream()]);
	process.exit(0);
}

async function again() {
	const ids = fs.readFileSync(acknowledged, 'utf8').trim().split('\n').map((hex) => Buffer.from(hex, 'hex'));
	await sleep(1000); // until all is applied
	let duplicates = 0;
	for (let at = 0; at < ids.length; at += 5000) duplicates += (await report(protection(), ids.slice(at, at + 5000))).duplicates;
	console.log(`${ids.length} acknowledged, ${duplicates} of them there`);
	process.exit(duplicates === ids.length ? 0 : 1);
}

({ 0: enroll, 1: load, 2: again })[mode]();
