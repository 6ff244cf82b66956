/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An endpoint for tests of the service: takes messages Updates from a file, each behind its length in 4 bytes,
 * big-endian; prints "number kind digest" of each record, then "taken N of N".
 * usage: updates-endpoint ROOT TARGETS SNAPSHOT FRAMES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proto/wire.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "trust/accept.h"

enum { FILE_MAX = 64 << 20, MEMORY = 512 << 20 };

static int
complain(const char *what, const char *why)
{
	(void)fprintf(stderr, "updates-endpoint: %s: %s\n", what, why);
	return 1;
}

/* --- the endpoint --- */

struct endpoint {
	struct ward_arena *arena;
	struct ward_trust *trust;
	struct ward_span targets, snapshot;
	uint64_t now_ms, taken;
};

static struct ward_span
read_file(struct ward_arena *arena, const char *path)
{
	WARD_AUTO(ward_buf_done) struct ward_buf all = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	char *copy;

	ward_buf_init(&all, FILE_MAX, NULL);
	if (ward_fd_open_regular(-1, path, true, &fd, NULL) || ward_fd_read_all(fd, &all)) {
		(void)complain(path, "cannot be read");
		exit(1);
	}
	copy = ward_arena_strdup(arena, ward_buf_span(&all));
	return ward_span_of(copy, all.len);
}

/* What it has already is left out, as endpoints do. */
static bool
is_new(struct endpoint *e, struct ward_span envelope)
{
	struct ward_trust_record record;
	struct ward_refusal why;
	struct ward_dsse d;

	return ward_dsse_read(envelope, WARD_DSSE_RECORD, e->arena, &d, &why) ||
	       ward_trust_record_decode(d.payload, e->arena, &record, &why) ||
	       record.number > ward_trust_frontier(e->trust)->size;
}

static void
print(const struct ward_trust_record *r)
{
	char hex[65] = "-";

	if (r->kind == WARD_KIND_BLOCK_FILE || r->kind == WARD_KIND_ALLOW_FILE)
		ward_text_hex(r->of.file, hex);
	else if (r->kind == WARD_KIND_DISABLE && r->of.disable.what == WARD_DISABLED_RECORD)
		(void)snprintf(hex, sizeof(hex), "%llu", (unsigned long long)r->of.disable.record);
	(void)printf("%llu %s %s\n", (unsigned long long)r->number, ward_trust_kind_word(r->kind),
		     hex);
}

static enum ward_rc
take(struct endpoint *e, const Ward__V1__Updates *updates, struct ward_refusal *why)
{
	struct ward_span *records =
		ward_arena_array(e->arena, updates->n_records + 1, sizeof(*records));
	struct ward_trust_batch batch = {.records = records, .now_ms = e->now_ms};
	const struct ward_trust_accepted *accepted;
	struct ward_trust_self self = {.ring = ""};
	struct ward_proof proof;
	enum ward_rc rc = WARD_OK;

	batch.timestamp = ward_span_of(updates->timestamp.data, updates->timestamp.len);
	for (size_t i = 0; i < updates->n_records; i++) {
		struct ward_span envelope =
			ward_span_of(updates->records[i].data, updates->records[i].len);

		if (is_new(e, envelope))
			records[batch.count++] = envelope;
	}
	if (updates->proof.len > 0) {
		rc = ward_proof_read(ward_span_of(updates->proof.data, updates->proof.len), &proof);
		batch.proof = &proof;
	}
	if (!rc && updates->n_records > 0 && batch.count == 0)
		return WARD_OK; /* all of it is known */
	if (!rc)
		rc = ward_trust_accept(e->trust, &batch, &self, e->arena, &accepted, why);
	for (size_t i = 0; i < batch.count && !rc; i++)
		print(&accepted[i].record);
	e->taken += rc ? 0 : batch.count;
	return rc;
}

/* The metadata, with the first timestamp. */
static enum ward_rc
begin(struct endpoint *e, struct ward_span timestamp, struct ward_refusal *why)
{
	enum ward_rc rc = ward_trust_take_timestamp(e->trust, timestamp, e->now_ms, why);

	if (!rc)
		rc = ward_trust_take_snapshot(e->trust, e->snapshot, e->now_ms, why);
	return rc ? rc : ward_trust_take_targets(e->trust, e->targets, e->now_ms, why);
}

static int
take_frames(struct endpoint *e, struct ward_span frames)
{
	struct ward_refusal why = {.text = ""};

	for (size_t at = 0; at + 4 <= frames.len;) {
		const uint8_t *b = frames.data + at;
		size_t len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
		Ward__V1__Updates *updates;
		const char *field = NULL;
		enum ward_rc rc = ward_wire_decode(&ward__v1__updates__descriptor,
						   ward_span_cut(frames, at + 4, len), e->arena,
						   &updates, &field);

		if (rc)
			return complain("a message", field ? field : ward_rc_str(rc));
		if (!ward_trust_targets_now(e->trust))
			rc = begin(e, ward_span_of(updates->timestamp.data, updates->timestamp.len),
				   &why);
		if (!rc)
			rc = take(e, updates, &why);
		if (rc)
			return complain(ward_refusal_word(why.code),
					why.text[0] ? why.text : ward_rc_str(rc));
		at += 4 + len;
	}
	(void)printf("taken %llu of %llu\n", (unsigned long long)e->taken,
		     (unsigned long long)ward_trust_timestamp_now(e->trust)->head.size);
	return 0;
}

int
main(int argc, char **argv)
{
	struct ward_budget budget = {.cap = MEMORY};
	struct ward_refusal why = {.text = ""};
	struct endpoint e = {.arena = ward_arena_new(&budget), .now_ms = ward_clock_wall() / 1000};

	if (argc != 5 || !e.arena)
		return complain("usage", "ROOT TARGETS SNAPSHOT FRAMES");
	e.targets = read_file(e.arena, argv[2]);
	e.snapshot = read_file(e.arena, argv[3]);
	if (ward_trust_new(read_file(e.arena, argv[1]), &e.trust, &why))
		return complain(argv[1], why.text);
	return take_frames(&e, read_file(e.arena, argv[4]));
}
