// SPDX-License-Identifier: Apache-2.0
// What a device gets at enrolment: the policy's key, and a document that this key has signed. The
// envelope is taken apart and proved with node's own Ed25519, by what src/policy/envelope.h says.
// usage: NODE_PATH=… node policy.js HOST:PORT CA.pem CSR.der TOKEN PROTO_DIRECTORY > DOCUMENT
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, caFile, csrFile, token, protos] = process.argv.slice(2);
const ward = grpc.loadPackageDefinition(loader.loadSync('ward.proto', {
	includeDirs: [protos], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
})).ward.v1;

function open(envelope, key) {
	const body = envelope.subarray(0, envelope.length - 64), signature = envelope.subarray(envelope.length - 64);
	const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]); // RFC 8410 §4
	const publicKey = crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' });
	const message = Buffer.concat([Buffer.from('ward policy envelope 1\0'), body]);
	assert.ok(crypto.verify(null, message, publicKey, signature), 'the signature is wrong');
	assert.strictEqual(body.toString('latin1', 0, 8), 'WARDPOL1');
	assert.ok(body.subarray(8, 24).equals(crypto.createHash('sha256').update(key).digest().subarray(0, 16)));
	assert.strictEqual(body.readUInt32LE(40), body.length - 44);
	return { version: Number(body.readBigUInt64LE(24)), issued: Number(body.readBigUInt64LE(32)), document: body.subarray(44) };
}

const client = new ward.Enrollment(address, grpc.credentials.createSsl(fs.readFileSync(caFile)));
client.Enroll({ token, csr: fs.readFileSync(csrFile) }, { deadline: Date.now() + 30000 }, (error, reply) => {
	assert.ifError(error);
	assert.strictEqual(reply.policy_keys.length, 1);
	assert.strictEqual(reply.policy_keys[0].length, 32);
	const opened = open(reply.policy.document, reply.policy_keys[0]);
	assert.strictEqual(opened.version, reply.policy.version);
	assert.ok(Math.abs(Date.now() - opened.issued) < 3600000);
	process.stdout.write(opened.document);
	process.stderr.write(`${reply.policy.level} ${reply.policy.samples} ${reply.policy.hold_ms} version ${opened.version}\n`);
	client.close();
});
