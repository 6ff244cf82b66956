// SPDX-License-Identifier: Apache-2.0
// A trusted server (the service's own certificate) that answers every call wrongly, in the way named.
// usage: node garbage.js CERTIFICATE.pem KEY.pem MODE; prints its port.
'use strict';
const fs = require('fs');
const http2 = require('http2');
const tls = require('tls');
const net = require('net');

const [certificate, keyFile, mode] = process.argv.slice(2);
const options = { cert: fs.readFileSync(certificate), key: fs.readFileSync(keyFile), minVersion: 'TLSv1.3' };
const frame = (body, length = body.length, flag = 0) => {
	const head = Buffer.alloc(5);
	head.writeUInt8(flag, 0);
	head.writeUInt32BE(length, 1);
	return Buffer.concat([head, body]);
};
// protobuf by hand: LookupReply.files (1) with a FileVerdict of these bytes
const reply = (...verdict) => Buffer.from([0x0a, verdict.length, ...verdict]);

// What is in the body, and the trailers (null: the stream is cut).
const modes = {
	truncated: [frame(Buffer.alloc(10), 1000), { 'grpc-status': '0' }],
	oversized: [frame(Buffer.alloc(10), 100 << 20), { 'grpc-status': '0' }],
	compressed: [frame(reply(0x10, 1), undefined, 1), { 'grpc-status': '0' }],
	garbage: [frame(Buffer.from('not a message at all, \xff\xff')), { 'grpc-status': '0' }],
	noise: [Buffer.from('GET / HTTP/1.0 and more of that kind'), { 'grpc-status': '0' }],
	'no-verdict': [frame(reply(0x08, 0)), { 'grpc-status': '0' }],
	'other-query': [frame(reply(0x08, 5, 0x18, 1)), { 'grpc-status': '0' }],
	twice: [Buffer.concat([frame(reply(0x18, 1)), frame(reply(0x18, 1))]), { 'grpc-status': '0' }],
	'no-status': [frame(reply(0x18, 1)), {}],
	'clean-but-refused': [frame(reply(0x18, 1)), { 'grpc-status': '7', 'grpc-message': 'no%07%1b[31m' }],
	'no-message': [Buffer.alloc(0), { 'grpc-status': '0' }],
	cut: [frame(reply(0x18, 1)), null],
};

function answer(stream) {
	const [body, trailers] = modes[mode];
	stream.on('error', () => {});
	stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
	stream.on('wantTrailers', () => trailers === null
		? stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR) : stream.sendTrailers(trailers));
	stream.end(body);
}

function endless(stream) {
	stream.on('error', () => {});
	stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
	const more = () => { while (!stream.destroyed && stream.write(frame(reply(0x18, 1)))); };
	stream.on('drain', more);
	more();
}

function page(stream) {
	stream.on('error', () => {});
	stream.respond({ ':status': 200, 'content-type': 'text/html' });
	stream.end('<html>please log in</html>');
}

function start() {
	if (mode === 'silent') // takes connections, says nothing
		return net.createServer(() => {});
	if (mode === 'http1') // TLS, but no HTTP/2
		return tls.createServer({ ...options, ALPNProtocols: ['http/1.1'] }, (s) => s.on('error', () => {}));
	if (mode === 'bytes') // claims HTTP/2, sends something else
		return tls.createServer({ ...options, ALPNProtocols: ['h2'] }, (s) => {
			s.on('error', () => {});
			s.write(Buffer.alloc(4096, 0x41));
		});
	const server = http2.createSecureServer(options);
	server.on('stream', { endless, page }[mode] || answer);
	server.on('sessionError', () => {});
	return server;
}

const server = start();
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
