// SPDX-License-Identifier: Apache-2.0
// Endpoints of a service of several nodes, by a gRPC client that nobody here wrote (@grpc/grpc-js).
// usage: node fleet.js COMMAND HOST:PORT[,HOST:PORT…] DIRECTORY PROTOS [ARGUMENT]
// DIRECTORY holds ca.pem, device.key, device.csr, and what this writes: device.pem, acknowledged.
//   enroll TOKEN   at the first node
//   load           reports until DIRECTORY/stop is there; what a node did not acknowledge is sent again
//                  to the next one, as endpoints do; what was acknowledged is written down
//   again          sends all that was ever acknowledged to every node: each must know each event
//   ask            looks up some of it at every node: prints one line a node, which must be the same
//   ask-on         looks up without a pause until DIRECTORY/stop is there: every answer must come, and half
//                  of them within a second, which is less than anything that waits for brokers takes
//   refused        reports once; prints the status and the reason
//   submit FILE    sends a sample; prints the status, or the verdict
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [command, list, directory, protos, argument] = process.argv.slice(2);
const addresses = list.split(',');
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;
const file = (name) => `${directory}/${name}`;
const read = (name) => fs.readFileSync(file(name));
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`;
const stopped = () => fs.existsSync(file('stop'));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const options = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
const clients = () => addresses.map((address) => new ward.Protection(address,
	grpc.credentials.createSsl(read('ca.pem'), read('device.key'), read('device.pem')), options));

function uuid7() {
	const id = crypto.randomBytes(16);
	id.writeUIntBE(Date.now(), 0, 6);
	id[6] = id[6] & 0x0f | 0x70;
	id[8] = id[8] & 0x3f | 0x80;
	return id;
}

// Each event has a file of its own: an event that counted twice shows as a file seen twice.
const hash = (id) => crypto.createHash('sha256').update(id).digest();
const event = (id) => ({ id, time_ms: Date.now(), sighting: { file: { sha256: hash(id), size: 1 } } });

const report = (client, ids, ms) => new Promise((resolve, reject) => {
	const call = client.Report({ deadline: Date.now() + ms }, (error, reply) => error ? reject(error) : resolve(reply));
	call.on('error', () => {});
	for (let at = 0; at < ids.length; at += 100) call.write({ events: ids.slice(at, at + 100).map(event) });
	call.end();
});

const lookup = (client, hashes, ms) => new Promise((resolve, reject) =>
	client.Lookup({ files: hashes.map((sha256) => ({ sha256, size: 1 })) }, { deadline: Date.now() + ms },
		(error, reply) => error ? reject(error) : resolve(reply)));

const acknowledged = () => read('acknowledged').toString().trim().split('\n').map((hex) => Buffer.from(hex, 'hex'));

const commands = {
	enroll() {
		const client = new ward.Enrollment(addresses[0], grpc.credentials.createSsl(read('ca.pem')));
		return new Promise((resolve, reject) => client.Enroll({ token: argument, csr: read('device.csr') },
			{ deadline: Date.now() + 20000 }, (error, reply) => {
				if (error) return reject(error);
				fs.writeFileSync(file('device.pem'), pem(reply.certificate));
				return resolve();
			}));
	},

	async load() {
		const nodes = clients(), failures = {};
		let count = 0, longest = 0, last = Date.now();
		for (let turn = 0; !stopped(); turn++) {
			const ids = Array.from({ length: 20 }, uuid7);
			for (let tries = 0; !stopped(); tries++) {
				try {
					await report(nodes[(turn + tries) % nodes.length], ids, 10000);
					fs.appendFileSync(file('acknowledged'), ids.map((id) => `${id.toString('hex')}\n`).join(''));
					count += ids.length;
					longest = Math.max(longest, Date.now() - last);
					last = Date.now();
					await pause(20); // nodes that were killed must catch up on a busy machine too
					break;
				} catch (error) {
					failures[grpc.status[error.code]] = (failures[grpc.status[error.code]] || 0) + 1;
					await pause(50);
				}
			}
		}
		console.log(`${count} acknowledged; not acknowledged at first: ${JSON.stringify(failures)}; longest pause ${longest} ms`);
	},

	async again() {
		const ids = acknowledged();
		for (const node of clients()) {
			let known = 0;
			for (let at = 0; at < ids.length; at += 5000) known += (await report(node, ids.slice(at, at + 5000), 30000)).duplicates;
			console.log(`${ids.length} acknowledged, ${known} of them known`);
			if (known !== ids.length) process.exitCode = 1;
		}
	},

	async ask() {
		const hashes = acknowledged().slice(0, 500).map(hash);
		if (argument) hashes.push(Buffer.from(argument, 'hex'));
		for (const node of clients()) console.log(JSON.stringify((await lookup(node, hashes, 10000)).files.map((f) => [f.verdict, f.confidence, f.threat, f.tier])));
	},

	async 'ask-on'() {
		const nodes = clients();
		const took = [];
		while (!stopped()) {
			const begun = Date.now();
			await lookup(nodes[took.length % nodes.length], [crypto.randomBytes(32)], 10000);
			took.push(Date.now() - begun);
			await pause(2);
		}
		took.sort((a, b) => a - b);
		console.log(`${took.length} look-ups answered, half of them within ${took[took.length >> 1]} ms, the slowest after ${took[took.length - 1]} ms`);
		if (took.length === 0 || took[took.length >> 1] >= 1000)
			process.exit(1);
	},

	submit() {
		const sample = fs.readFileSync(argument), sha256 = crypto.createHash('sha256').update(sample).digest();
		return new Promise((resolve) => {
			const call = clients()[0].SubmitSample({ deadline: Date.now() + 60000 }, (error, reply) => {
				console.log(error ? `${grpc.status[error.code]}: ${error.details}` : `${reply.status} ${reply.verdict.verdict} ${reply.verdict.threat}`);
				resolve();
			});
			call.on('error', () => {});
			call.write({ header: { file: { sha256, size: sample.length }, wait_ms: 30000 } });
			call.write({ data: sample });
			call.end();
		});
	},

	async refused() {
		try {
			await report(clients()[0], [uuid7()], 20000);
			console.log('OK');
		} catch (error) {
			console.log(`${grpc.status[error.code]}: ${error.details}`);
		}
	},
};

commands[command]().then(() => process.exit(), (error) => {
	console.error(error.message);
	process.exit(1);
});
