/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data for bench/cloud/run: digests that are the SHA-256 of numbers.
 *
 *	make list N			N hex digests, one a line: a reputation list
 *	make bodies COUNT BATCH N KNOWN	COUNT gRPC messages of BATCH look-ups each, KNOWN of 100 of
 *					them from that list
 *	make reports COUNT EVENTS	COUNT gRPC messages of EVENTS sightings each, all of now
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/grpc.h"
#include "proto/wire.h"
#include "sys/clock.h"

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
put(const ProtobufCMessage *message)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	uint8_t prefix[WARD_GRPC_PREFIX];

	ward_buf_init(&out, 4 << 20, NULL);
	if (ward_wire_encode(message, &out))
		exit(1);
	ward_grpc_prefix(prefix, (uint32_t)out.len);
	fwrite(prefix, 1, sizeof(prefix), stdout);
	fwrite(out.data, 1, out.len, stdout);
}

static void
body(uint64_t batch, uint64_t n, uint64_t known)
{
	static uint8_t digests[BATCH_MAX][32];
	static Ward__V1__FileQuery queries[BATCH_MAX];
	static Ward__V1__FileQuery *pointers[BATCH_MAX];
	Ward__V1__LookupRequest request = WARD__V1__LOOKUP_REQUEST__INIT;

	for (uint64_t i = 0; i < batch; i++) {
		uint64_t number = next_number();

		digest_of(next_number() % 100 < known ? number % n : n + number, digests[i]);
		ward__v1__file_query__init(&queries[i]);
		queries[i].sha256 = (ProtobufCBinaryData){32, digests[i]};
		pointers[i] = &queries[i];
	}
	request.files = pointers;
	request.n_files = batch;
	put(&request.base);
}

/* A UUID of version 7 (RFC 9562 §5.7), different for each number. */
static void
event_id(uint64_t ms, uint64_t number, uint8_t ret[16])
{
	for (unsigned i = 0; i < 6; i++)
		ret[i] = (uint8_t)(ms >> (40 - 8 * i));
	ret[6] = 0x70;
	ret[8] = 0x80;
	for (unsigned i = 0; i < 7; i++)
		ret[9 + i] = (uint8_t)(number >> (8 * i));
}

static void
reports(uint64_t count, uint64_t events)
{
	static uint8_t digests[BATCH_MAX][32], ids[BATCH_MAX][16];
	static Ward__V1__FileQuery files[BATCH_MAX];
	static Ward__V1__Sighting sightings[BATCH_MAX];
	static Ward__V1__Event all[BATCH_MAX];
	static Ward__V1__Event *pointers[BATCH_MAX];
	Ward__V1__ReportRequest request = WARD__V1__REPORT_REQUEST__INIT;
	uint64_t ms = ward_clock_wall() / 1000;

	for (uint64_t i = 0; i < count; i++) {
		for (uint64_t e = 0; e < events; e++) {
			event_id(ms, i * events + e, ids[e]);
			digest_of(i * events + e, digests[e]);
			ward__v1__event__init(&all[e]);
			ward__v1__sighting__init(&sightings[e]);
			ward__v1__file_query__init(&files[e]);
			files[e].sha256 = (ProtobufCBinaryData){32, digests[e]};
			sightings[e].file = &files[e];
			all[e].id = (ProtobufCBinaryData){16, ids[e]};
			all[e].time_ms = ms;
			all[e].what_case = WARD__V1__EVENT__WHAT_SIGHTING;
			all[e].sighting = &sightings[e];
			pointers[e] = &all[e];
		}
		request.events = pointers;
		request.n_events = events;
		put(&request.base);
	}
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
	} else if (argc == 4 && strcmp(argv[1], "reports") == 0 && n[1] <= BATCH_MAX) {
		reports(n[0], n[1]);
	} else {
		(void)fputs("usage: make list N | make bodies COUNT BATCH N KNOWN | "
			    "make reports COUNT EVENTS\n",
			    stderr);
		return 2;
	}
	return 0;
}
