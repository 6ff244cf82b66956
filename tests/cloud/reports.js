// SPDX-License-Identifier: Apache-2.0
// Report load for the kill test. What is acknowledged is written down, event by event.
// usage: node reports.js HOST:PORT CA KEY CSR TOKEN PROTOS DIRECTORY MODE
// MODE 0 enrols (the certificate goes to DIRECTORY); 1 reports until the service dies; 2 sends all
// that was ever acknowledged again, which must change nothing.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, ca, key, csr, token, protos, directory, mode] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const certificate = `${directory}/device.pem`, acknowledged = `${directory}/acknowledged`;
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

async function load() {
	const client = protection();
	for (;;) {
		const ids = Array.from({ length: 20 }, uuid7);
		try {
			await report(client, ids);
		} catch {
			process.exit(0); // it was killed; these are not acknowledged
		}
		fs.appendFileSync(acknowledged, ids.map((id) => `${id.toString('hex')}\n`).join(''));
	}
}

async function again() {
	const ids = fs.readFileSync(acknowledged, 'utf8').trim().split('\n').map((hex) => Buffer.from(hex, 'hex'));
	await new Promise((resolve) => setTimeout(resolve, 1000)); // until all is applied
	let duplicates = 0;
	for (let at = 0; at < ids.length; at += 5000) duplicates += (await report(protection(), ids.slice(at, at + 5000))).duplicates;
	console.log(`${ids.length} acknowledged, ${duplicates} of them there`);
	process.exit(duplicates === ids.length ? 0 : 1);
}

({ 0: enroll, 1: load, 2: again })[mode]();
