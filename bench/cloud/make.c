/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data for bench/cloud/run: digests that are the SHA-256 of numbers.
 *
 *	make list N			N hex digests, one a line: a reputation list
 *	make bodies COUNT BATCH N KNOWN	COUNT gRPC messages of BATCH look-ups each, KNOWN of 100 of
 *					them from that list
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/grpc.h"
#include "proto/wire.h"

enum { BATCH_MAX = 1000 };

static void
digest_of(uint64_t number, uint8_t ret[32])
{
	SHA256((const uint8_t *)&number, sizeof(number), ret);
}

static void
list(uint64_t n)
{
	char hex[65];
	uint8_t digest[32];

	for (uint64_t i = 0; i < n; i++) {
		digest_of(i, digest);
		ward_text_hex(ward_span_of(digest, 32), hex);
		puts(hex);
	}
}

/* The same numbers each time (Knuth's MMIX generator). */
static uint64_t
next_number(void)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return state >> 16;
}

static void
body(uint64_t batch, uint64_t n, uint64_t known)
{
	static uint8_t digests[BATCH_MAX][32];
	static Ward__V1__FileQuery queries[BATCH_MAX];
	static Ward__V1__FileQuery *pointers[BATCH_MAX];
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	uint8_t prefix[WARD_GRPC_PREFIX];

	for (uint64_t i = 0; i < batch; i++) {
		uint64_t number = next_number();

		digest_of(next_number() % 100 < known ? number % n : n + number, digests[i]);
		ward__v1__file_query__init(&queries[i]);
		queries[i].sha256 = (ProtobufCBinaryData){32, digests[i]};
		pointers[i] = &queries[i];
	}
	request.files = pointers;
	request.n_files = batch;
	ward_buf_init(&out, 1 << 20, NULL);
	if (ward_wire_encode(&request.base, &out))
		exit(1);
	prefix[0] = 0;
	for (unsigned i = 0; i < 4; i++)
		prefix[1 + i] = (uint8_t)(out.len >> (24 - 8 * i));
	fwrite(prefix, 1, sizeof(prefix), stdout);
	fwrite(out.data, 1, out.len, stdout);
}

int
main(int argc, char **argv)
{
	uint64_t n[4] = {0};

	for (int i = 0; i < 4 && i + 2 < argc; i++)
		n[i] = strtoull(argv[i + 2], NULL, 10);
	if (argc == 3 && strcmp(argv[1], "list") == 0) {
		list(n[0]);
	} else if (argc == 6 && strcmp(argv[1], "bodies") == 0 && n[1] <= BATCH_MAX) {
		for (uint64_t i = 0; i < n[0]; i++)
			body(n[1], n[2], n[3]);
	} else {
		(void)fputs("usage: make list N | make bodies COUNT BATCH N KNOWN\n", stderr);
		return 2;
	}
	return 0;
}
