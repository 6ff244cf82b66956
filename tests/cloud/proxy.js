// SPDX-License-Identifier: Apache-2.0
// A small HTTP proxy (CONNECT, RFC 9110 §9.3.6) on loopback: counts what goes through it, wants a
// password if told one, and cuts its first connections after so many bytes from the client.
// usage: node proxy.js LOGFILE [PASSWORD [CUTS BYTES]]; prints its port.
'use strict';
const fs = require('fs');
const http = require('http');
const net = require('net');

const [log, password, cuts, bytes] = process.argv.slice(2);
let cutting = Number(cuts || 0);
const note = (text) => fs.appendFileSync(log, `${text}\n`);

const server = http.createServer((request, response) => {
	response.writeHead(405);
	response.end();
});
server.on('connect', (request, client, head) => {
	const wanted = `Basic ${Buffer.from(password || '').toString('base64')}`;
	client.on('error', () => {});
	if (password && request.headers['proxy-authorization'] !== wanted) {
		note('refused');
		client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
		return;
	}
	note(`connect ${request.url}`);
	const [host, port] = [request.url.replace(/:\d+$/, ''), request.url.replace(/.*:/, '')];
	const upstream = net.connect(Number(port), host === 'localhost' ? '127.0.0.1' : host, () => {
		client.write('HTTP/1.1 200 OK\r\n\r\n');
		upstream.write(head);
		upstream.pipe(client);
	});
	let passed = 0;
	const cut = cutting > 0 ? Number(bytes) : Infinity;
	upstream.on('error', () => client.destroy());
	upstream.on('close', () => client.destroy());
	client.on('data', (data) => {
		passed += data.length;
		if (passed > cut) {
			note(`cut ${passed}`);
			cutting--;
			// what was sent is on its way; then the line is dead
			upstream.end();
			client.destroy();
			return;
		}
		if (!upstream.write(data)) {
			client.pause();
			upstream.once('drain', () => client.resume());
		}
	});
	client.on('close', () => {
		note(`passed ${passed}`);
		upstream.end();
	});
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
