// SPDX-License-Identifier: Apache-2.0
// Signed updates as a device gets them; messages go to files, for updates-endpoint to believe or not.
// usage: node updates.js HOST:PORT CA KEY CSR TOKEN PROTOS DIRECTORY COMMAND
//   fetch AFTER LIMIT OUT	FetchUpdates until the head: each answer to OUT; prints calls and records
//   metadata ROLE VERSION OUT	FetchMetadata; prints the bytes
//   follow COUNT OUT		Subscribe until COUNT records came; OUT.ready when the stream stands
//   storm CALLS AFTER		as many FetchUpdates at once; prints how many different answers came
//   lookup SHA256 OUT		Lookup: the verdict is printed, its record goes to OUT
//   submit FILE OUT		SubmitSample: the same
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, ca, key, csr, token, protos, directory, command, ...operands] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const certificate = `${directory}/device.pem`;
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const unary = (client, method, request) => new Promise((resolve, reject) =>
	client[method](request, { deadline: Date.now() + 60000 }, (error, reply) => error ? reject(error) : resolve(reply)));
const bytes = ward.Protection.service.FetchUpdates.responseSerialize;

function frame(updates, out) {
	const body = bytes(updates), length = Buffer.alloc(4);
	length.writeUInt32BE(body.length);
	fs.appendFileSync(out, Buffer.concat([length, body]));
}

async function enroll() {
	if (fs.existsSync(certificate)) return;
	const client = new ward.Enrollment(address, grpc.credentials.createSsl(fs.readFileSync(ca)));
	const reply = await unary(client, 'Enroll', { token, csr: fs.readFileSync(csr) });
	fs.writeFileSync(certificate, pem(reply.certificate));
	fs.writeFileSync(`${directory}/enrolled.root`, reply.root);
}

async function fetch(client, after, limit, out) {
	let calls = 0, records = 0, proof;
	do {
		const reply = await unary(client, 'FetchUpdates', { after: Number(after) + records, limit: Number(limit) });
		frame(reply, out);
		calls++;
		records += reply.records.length;
		proof = reply.proof.length;
	} while (proof > 0);
	return `calls ${calls} records ${records}`;
}

async function metadata(client, role, version, out) {
	const reply = await unary(client, 'FetchMetadata', { role, version: Number(version) });
	fs.writeFileSync(out, reply.envelope);
	return reply.envelope.length;
}

const follow = (client, count, out) => new Promise((resolve, reject) => {
	let records = 0, pushes = 0, beats = 0;
	const call = client.Subscribe({ heartbeat_ms: 1000 }, { deadline: Date.now() + 60000 });
	call.on('data', (update) => {
		if (update.updates) {
			frame(update.updates, out);
			pushes++;
			records += update.updates.records.length;
		} else if (update.heartbeat) {
			beats += update.heartbeat.timestamp.length > 0 ? 1 : 0;
			fs.writeFileSync(`${out}.ready`, '');
		}
		if (records < Number(count)) return;
		resolve(`records ${records} pushes ${pushes} signed-heartbeats ${beats > 0}`);
		call.cancel();
	});
	call.on('error', (error) => error.code === grpc.status.CANCELLED || reject(error));
	call.on('end', () => reject(new Error('the stream ended')));
});

async function storm(client, calls, after) {
	const replies = await Promise.all(Array.from({ length: Number(calls) }, () => unary(client, 'FetchUpdates', { after: Number(after) })));
	return new Set(replies.map((reply) => bytes(reply).toString('hex'))).size;
}

function told(verdict, out) {
	fs.writeFileSync(out, verdict.record);
	return `${verdict.verdict} record ${verdict.record.length > 0}`;
}

async function lookup(client, sha256, out) {
	const reply = await unary(client, 'Lookup', { files: [{ sha256: Buffer.from(sha256, 'hex') }] });
	return told(reply.files[0], out);
}

async function submit(client, path, out) {
	const data = fs.readFileSync(path);
	const file = { sha256: crypto.createHash('sha256').update(data).digest(), size: data.length, type: 'text' };
	const reply = await new Promise((resolve, reject) => {
		const call = client.SubmitSample({ deadline: Date.now() + 90000 }, (error, answer) => error ? reject(error) : resolve(answer));
		call.on('error', () => {});
		call.write({ header: { file, wait_ms: 60000 } });
		call.write({ data });
		call.end();
	});
	return told(reply.verdict, out);
}

(async () => {
	await enroll();
	const client = new ward.Protection(address, grpc.credentials.createSsl(fs.readFileSync(ca), fs.readFileSync(key), fs.readFileSync(certificate)));
	console.log(await { fetch, metadata, follow, storm, lookup, submit }[command](client, ...operands));
	process.exit(0);
})().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
