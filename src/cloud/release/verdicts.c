/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what holds of a file to records: who is convicted is blocked, who no longer is, is let go. Ids are made
 * of what they stand for, so that neither a second node nor a second look publishes anything twice.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/utf.h"
#include "cloud/release/release-priv.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "sys/log.h"

enum { MEMORY = 8 << 20, BLOCKS = 16, PAGE = 1000 };

static char author[] = "wardcloud";

/* Convictions older than this are the packs' matter. */
static const uint64_t recent_ms = UINT64_C(24) * 3600 * 1000;

struct look {
	struct ward_release *r;
	struct ward_arena *arena;
	const uint8_t *sha256;
	uint64_t now_ms;
	uint8_t log[WARD_LOG_ID];
	struct ward_view_verdict holds;
	const Ward__Log__V1__Verdict *said; /* what decided; NULL: nothing that is told here */
	uint64_t blocks[BLOCKS];
	size_t block_count;
};

/* --- looking --- */

static enum ward_rc
find_said(struct look *l)
{
	Ward__Log__V1__Verdict **said = NULL;
	size_t count = 0;
	enum ward_rc rc = ward_views_said(l->r->o.views, l->sha256, l->arena, &said, &count);

	for (size_t i = 0; i < count && !rc; i++)
		if (said[i]->scope.len == 0 && said[i]->source == l->holds.source &&
		    ward_wire_verdict_from(said[i]->verdict) == l->holds.verdict)
			l->said = said[i];
	return rc;
}

static enum ward_rc
look_at(struct ward_release *r, const uint8_t *sha256, struct ward_arena *arena, struct look *ret)
{
	enum ward_rc rc;

	*ret = (struct look){
		.r = r, .arena = arena, .sha256 = sha256, .now_ms = ward_clock_wall() / 1000};
	ward_authority_log(r->o.authority, ret->log);
	rc = ward_views_verdicts(r->o.views, (const void *)sha256, 1, NULL, ret->now_ms,
				 &ret->holds);
	if (!rc)
		rc = find_said(ret);
	if (!rc)
		rc = ward_views_blocking(r->o.views, ret->log, ward_span_of(sha256, WARD_HASH_LEN),
					 ret->blocks, BLOCKS, &ret->block_count);
	return rc;
}

enum ward_rc
ward_release_record(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN],
		    struct ward_arena *arena, uint64_t *ret_number, struct ward_span *ret_envelope)
{
	uint64_t blocks[BLOCKS];
	uint8_t log[WARD_LOG_ID];
	struct ward_view_ledger ledger;
	size_t count = 0;
	enum ward_rc rc;

	ward_authority_log(r->o.authority, log);
	rc = ward_views_blocking(r->o.views, log, ward_span_of(sha256, WARD_HASH_LEN), blocks,
				 BLOCKS, &count);
	if (!rc)
		rc = ward_views_ledger(r->o.views, log, arena, &ledger);
	if (rc)
		return rc;
	if (count == 0 || blocks[count - 1] > ledger.covered)
		return WARD_E_NOENT;
	*ret_number = blocks[count - 1];
	return ward_views_record(r->o.views, log, *ret_number, arena, ret_envelope);
}

/* --- records --- */

/* An id of what it is about: the first half of a SHA-256. */
static enum ward_rc
make_id(const struct look *l, const char *what, struct ward_span about, uint64_t number,
	uint8_t ret_id[WARD_RECORD_ID])
{
	uint8_t digest[WARD_SHA256_LEN];
	const struct ward_span runs[] = {
		ward_span_str("ward.release."),	       ward_span_str(what),
		ward_span_of(l->log, WARD_LOG_ID),     about,
		ward_span_of(&number, sizeof(number)),
	};
	enum ward_rc rc =
		ward_digest_runs(WARD_SHA256, runs, sizeof(runs) / sizeof(runs[0]), digest);

	if (rc)
		return rc;
	memcpy(ret_id, digest, WARD_RECORD_ID);
	ret_id[6] = (ret_id[6] & 0x0f) | 0x80; /* a UUID of version 8, RFC 9562 §5.8 */
	ret_id[8] = (ret_id[8] & 0x3f) | 0x80;
	return WARD_OK;
}

static const char *
text_of(const struct look *l, const char *text, size_t max)
{
	struct ward_span whole = ward_span_str(text);
	char *cut = ward_arena_strdup(l->arena, ward_span_cut(whole, 0, ward_utf_fit(whole, max)));

	return cut ? cut : "";
}

/* What the analyst gave, else what the analysis found. */
static const char *
reason_of(const struct look *l)
{
	const Ward__Log__V1__Verdict *v = l->said;
	const char *found = NULL;

	if (!v)
		return "nothing is said against it any more";
	if (v->reason[0])
		return v->reason;
	if (v->n_evidence > 0 && v->evidence[0]->name[0])
		found = ward_arena_printf(l->arena, "%s: %s", v->evidence[0]->kind,
					  v->evidence[0]->name);
	return found ? found : "the service's own analysis";
}

static struct ward_trust_record
plain(const struct look *l, enum ward_trust_kind kind)
{
	return (struct ward_trust_record){
		.author = author,
		.reason = text_of(l, reason_of(l), WARD_RECORD_REASON),
		.scope = {.kind = WARD_SCOPE_ALL},
		.expiry = {.kind = WARD_EXPIRY_NEVER},
		.kind = kind,
	};
}

/* Ward.v1.Tier's numbers of who said it. */
static unsigned
tier_of(const struct look *l)
{
	switch (l->holds.source) {
	case WARD__LOG__V1__SOURCE__SOURCE_SAMPLE:
		return WARD__V1__TIER__TIER_SAMPLE;
	case WARD__LOG__V1__SOURCE__SOURCE_DETONATION:
		return WARD__V1__TIER__TIER_DETONATION;
	case WARD__LOG__V1__SOURCE__SOURCE_GRAPH:
		return WARD__V1__TIER__TIER_GRAPH;
	default:
		return 0;
	}
}

struct told {
	struct ward_release *r;
	uint8_t sha256[WARD_HASH_LEN];
};

static void
ended(void *context, enum ward_rc rc, const struct ward_released *released)
{
	struct told *t = context;
	char hex[2 * WARD_HASH_LEN + 1];

	release_tell(t->r, t->sha256, released->number, released->envelope);
	if (rc) {
		ward_text_hex(ward_span_of(t->sha256, WARD_HASH_LEN), hex);
		ward_say(WARD_WARNING, "release.failed", "a record could not be published",
			 "file.hash.sha256", hex, "error.message",
			 released->why->text[0] ? released->why->text : ward_rc_str(rc), NULL);
	}
	free(t);
}

static enum ward_rc
submit(struct look *l, const struct ward_trust_record *record)
{
	static const struct ward_release_author itself = {author, NULL};
	struct ward_refusal why = {.code = WARD_REFUSED_NOT};
	struct told *t;
	enum ward_rc rc;

	if (ward_views_record_of(l->r->o.views, l->log, record->id) != 0)
		return WARD_E_NOENT; /* published before, and perhaps disabled since */
	t = malloc(sizeof(*t));
	if (!t)
		return WARD_E_NOMEM;
	t->r = l->r;
	memcpy(t->sha256, l->sha256, WARD_HASH_LEN);
	rc = ward_release_submit(l->r, record, &itself, ended, t, &why);
	if (rc == WARD_E_PERM)
		release_hold(l->r, l->sha256, l->now_ms, why.text);
	if (rc)
		free(t);
	return rc;
}

/* --- what is made of it --- */

static bool
convicts(const struct look *l)
{
	return l->said && l->holds.verdict == WARD_MALICIOUS &&
	       l->holds.source != WARD__LOG__V1__SOURCE__SOURCE_IMPORT &&
	       l->holds.confidence >= l->r->o.policy.confidence;
}

static enum ward_rc
block(struct look *l)
{
	uint64_t life = l->r->o.policy.life_ms;
	struct ward_trust_record record = plain(l, WARD_KIND_BLOCK_FILE);
	struct ward_span digest = ward_span_of(l->sha256, WARD_HASH_LEN);

	record.threat = text_of(l, l->said->threat, WARD_RECORD_THREAT);
	if (!record.threat[0])
		record.threat = "Cloud.Convicted";
	record.tier = tier_of(l);
	record.confidence = l->holds.confidence / 10;
	record.of.file = digest;
	if (l->said->expires_ms) {
		record.expiry.kind = WARD_EXPIRY_UNTIL;
		record.expiry.value = l->said->expires_ms;
	} else if (life) {
		record.expiry.kind = WARD_EXPIRY_DURATION;
		record.expiry.value = life;
	}
	return make_id(l, "block", digest, l->said->time_ms, record.id) ? WARD_E_NOMEM
									: submit(l, &record);
}

static bool
is_own(const struct look *l, uint64_t number)
{
	struct ward_refusal why;
	struct ward_trust_record record;
	struct ward_span envelope;
	struct ward_dsse d;

	return !ward_views_record(l->r->o.views, l->log, number, l->arena, &envelope) &&
	       !ward_dsse_read(envelope, WARD_DSSE_RECORD, l->arena, &d, &why) &&
	       !ward_trust_record_decode(d.payload, l->arena, &record, &why) &&
	       strcmp(record.author, author) == 0;
}

/* Whoever calls it clean means all blocks of it; otherwise the service takes back its own. */
static void
let_go(struct look *l)
{
	bool all = l->holds.verdict == WARD_CLEAN && l->holds.source;

	for (size_t i = 0; i < l->block_count; i++) {
		uint64_t number = l->blocks[i];
		struct ward_trust_record record = plain(l, WARD_KIND_DISABLE);

		if (!all && !is_own(l, number))
			continue;
		record.of.disable.what = WARD_DISABLED_RECORD;
		record.of.disable.record = number;
		if (!make_id(l, "disable", ward_span_of(NULL, 0), number, record.id))
			(void)submit(l, &record);
	}
}

static void
allow(struct look *l)
{
	struct ward_span digest = ward_span_of(l->sha256, WARD_HASH_LEN);
	struct ward_trust_record record;

	if (!l->r->o.policy.allow || !l->said || l->holds.verdict != WARD_CLEAN ||
	    l->holds.source != WARD__LOG__V1__SOURCE__SOURCE_ANALYST)
		return;
	record = plain(l, WARD_KIND_ALLOW_FILE);
	record.of.file = digest;
	if (l->said->expires_ms) {
		record.expiry.kind = WARD_EXPIRY_UNTIL;
		record.expiry.value = l->said->expires_ms;
	}
	if (!make_id(l, "allow", digest, l->said->time_ms, record.id))
		(void)submit(l, &record);
}

void
release_consider(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN])
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_span envelope = {NULL, 0};
	uint64_t number = 0;
	struct look l;

	if (!arena || look_at(r, sha256, arena, &l))
		return;
	if (!convicts(&l)) {
		let_go(&l);
		allow(&l);
		return;
	}
	if (l.block_count == 0 && r->o.policy.convictions && block(&l) == WARD_OK)
		return; /* told when it is published */
	if (ward_release_record(r, sha256, arena, &number, &envelope))
		number = 0;
	release_tell(r, sha256, number, envelope);
}

/* --- all of them --- */

static enum ward_rc
consider_recent(void *context, const uint8_t sha256[WARD_HASH_LEN],
		const struct ward_view_verdict *holds)
{
	struct ward_release *r = context;
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct look l;

	(void)holds;
	if (arena && !look_at(r, sha256, arena, &l) && l.said && l.block_count == 0 &&
	    l.said->time_ms + recent_ms > l.now_ms)
		ward_release_verdict(r, sha256);
	return WARD_OK;
}

bool
release_consider_some(struct ward_release *r, struct ward_conviction_walk *walk)
{
	walk->now_ms = ward_clock_wall() / 1000;
	walk->confidence = (uint16_t)r->o.policy.confidence;
	return ward_views_convictions(r->o.views, PAGE, walk, consider_recent, r) || walk->end;
}
