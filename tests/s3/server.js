// SPDX-License-Identifier: Apache-2.0
// A real S3 server on loopback for the tests: s3rver keeps the objects; before it stands AWS's own signer
// (@smithy/signature-v4), which signs each request again and refuses those whose signature, body digest
// or time is another one, for s3rver does not check them. It can also fail, as busy servers do.
// usage: NODE_PATH=… node server.js DIRECTORY [KEY.pem CERTIFICATE.pem]
// Prints "port N". GET /-/log gives what was asked; POST /-/fail?count=N&status=503 makes the next N
// requests fail (status 0: the connection is cut in the middle of the answer).
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const S3rver = require('s3rver');
const { SignatureV4 } = require('@smithy/signature-v4');
const { Sha256 } = require('@aws-crypto/sha256-js');

const [directory, key, certificate] = process.argv.slice(2);
const bucket = 'ward-test', region = 'eu-test-1', pageSize = 7;
const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'ward+test/secret' };
const signer = new SignatureV4({ credentials, region, service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false });
const log = [];
let failures = 0, failure = 503;

const error = (response, status, code) => {
	response.writeHead(status, { 'content-type': 'application/xml' });
	response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
};

// What the signature says it is of; null when it is right.
async function wrongSignature(request, url, body) {
	const authorization = request.headers.authorization || '';
	const fields = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/[^,]*,SignedHeaders=([^,]*),Signature=([0-9a-f]{64})$/.exec(authorization);
	if (!fields) return 'AccessDenied';
	if (fields[1] !== credentials.accessKeyId) return 'InvalidAccessKeyId';
	const digest = crypto.createHash('sha256').update(body).digest('hex');
	if (request.headers['x-amz-content-sha256'] !== digest) return 'XAmzContentSHA256Mismatch';
	const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.headers['x-amz-date'] || '');
	if (!time) return 'AccessDenied';
	const date = new Date(Date.UTC(time[1], time[2] - 1, time[3], time[4], time[5], time[6]));
	if (Math.abs(Date.now() - date) > 900000) return 'RequestTimeTooSkewed';
	const headers = {};
	for (const name of fields[2].split(';')) headers[name] = request.headers[name];
	if (!headers.host || !headers['x-amz-date'] || !headers['x-amz-content-sha256']) return 'AccessDenied';
	const signed = await signer.sign({
		method: request.method, protocol: 'http:', hostname: 'x', path: url.pathname, headers,
		query: Object.fromEntries(url.searchParams),
	}, { signingDate: date });
	return signed.headers.authorization.endsWith(`Signature=${fields[3]}`) ? null : 'SignatureDoesNotMatch';
}

function control(request, response, url) {
	if (url.pathname === '/-/fail') {
		failures = Number(url.searchParams.get('count'));
		failure = Number(url.searchParams.get('status'));
	}
	response.end(JSON.stringify(log));
}

// The bucket may stand in the host's name; pages are small, so that lists have several.
function forward(request, response, url, body, port) {
	const virtual = request.headers.host.startsWith(`${bucket}.`);
	if (url.searchParams.has('list-type')) url.searchParams.set('max-keys', pageSize);
	const inner = http.request({
		port, host: '127.0.0.1', method: request.method, path: (virtual ? `/${bucket}` : '') + url.pathname + url.search,
		headers: { 'content-length': body.length, 'content-type': request.headers['content-type'] || 'application/octet-stream' },
	}, (answer) => {
		response.writeHead(answer.statusCode, answer.headers);
		answer.pipe(response);
	});
	inner.end(body);
}

async function serve(request, response, port) {
	const url = new URL(request.url, 'http://x'), pieces = [];
	for await (const piece of request) pieces.push(piece);
	if (url.pathname.startsWith('/-/')) return control(request, response, url);
	const body = Buffer.concat(pieces);
	log.push({ method: request.method, url: request.url, type: request.headers['content-type'] || '' });
	if (failures > 0) {
		failures--;
		if (failure) return error(response, failure, 'SlowDown');
		response.writeHead(200, { 'content-length': 100000 });
		response.write('<');
		return setTimeout(() => response.destroy(), 50);
	}
	const wrong = await wrongSignature(request, url, body);
	if (wrong) return error(response, 403, wrong);
	return forward(request, response, url, body, port);
}

(async () => {
	const store = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, vhostBuckets: false, configureBuckets: [{ name: bucket }] });
	const { port } = await store.run();
	const answer = (request, response) => serve(request, response, port).catch((problem) => {
		console.error(problem);
		error(response, 500, 'InternalError');
	});
	const server = key ? https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) }, answer) : http.createServer(answer);
	server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
})();
