// SPDX-License-Identifier: Apache-2.0
// One device: enrols when DIRECTORY has no certificate yet, then looks files up or sends one in.
// usage: node device.js HOST:PORT CA KEY CSR TOKEN PROTOS DIRECTORY lookup SHA256:MD5… | submit FILE
// Prints the verdicts in order; of a submission its status and the verdict.
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
const answer = (resolve, reject) => (error, reply) => error ? reject(error) : resolve(reply);

async function enroll() {
	if (fs.existsSync(certificate)) return;
	const client = new ward.Enrollment(address, grpc.credentials.createSsl(fs.readFileSync(ca)));
	const reply = await new Promise((resolve, reject) =>
		client.Enroll({ token, csr: fs.readFileSync(csr) }, { deadline: Date.now() + 20000 }, answer(resolve, reject)));
	fs.writeFileSync(certificate, pem(reply.certificate));
}

async function lookup(client) {
	const files = operands.map((pair) => pair.split(':')).map(([sha256, md5]) => ({ sha256: Buffer.from(sha256, 'hex'), md5: Buffer.from(md5, 'hex') }));
	const reply = await new Promise((resolve, reject) => client.Lookup({ files }, { deadline: Date.now() + 20000 }, answer(resolve, reject)));
	return reply.files.map((f) => f.verdict).join(' ');
}

async function submit(client, offset = 0) {
	const data = fs.readFileSync(operands[0]);
	const file = { sha256: crypto.createHash('sha256').update(data).digest(), size: data.length, type: 'text' };
	const reply = await new Promise((resolve, reject) => {
		const call = client.SubmitSample({ deadline: Date.now() + 90000 }, answer(resolve, reject));
		call.on('error', () => {});
		call.write({ header: { file, offset, wait_ms: 60000 } });
		for (let at = offset; at < data.length; at += 256 * 1024) call.write({ data: data.subarray(at, at + 256 * 1024) });
		call.end();
	});
	if (reply.status === 'SAMPLE_STATUS_RESUME' && reply.offset > offset) return submit(client, reply.offset);
	return `${reply.status} ${reply.verdict ? reply.verdict.verdict : ''}`;
}

(async () => {
	await enroll();
	const client = new ward.Protection(address, grpc.credentials.createSsl(fs.readFileSync(ca), fs.readFileSync(key), fs.readFileSync(certificate)));
	console.log(await { lookup, submit }[command](client));
	process.exit(0);
})().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
