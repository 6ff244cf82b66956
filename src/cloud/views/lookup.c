/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: from memory where they stand, from all that was said where that depends on the device or
 * the time. */
#include "cloud/views/views-priv.h"

enum { ARENA = 1024 * 1024, BATCH_MAX = 1000 };

/* --- deciding from all that was said --- */

struct decision {
	struct ward_views *views;
	struct ward_arena *arena;
	const uint8_t *device;
	uint64_t now_ms;
	struct ward_said best;
	bool any, have, scoped;
};

/* False: it does not hold, and what was unpacked for it may go. */
static bool
weigh(struct decision *d, const struct ward_said *said)
{
	d->any = true;
	if (said->expires_ms && said->expires_ms <= d->now_ms)
		return false;
	if (d->have && !ward_said_outweighs(said, &d->best))
		return false;
	d->best = *said;
	d->have = true;
	return true;
}

static bool
is_for(const struct decision *d, const Ward__Log__V1__Verdict *v)
{
	return v->scope.len == 0 ||
	       (d->device && memcmp(v->scope.data, d->device, WARD_DEVICE_LEN) == 0);
}

/* Thousands of devices may have a verdict of their own on one file: what does not hold is unpacked,
 * seen and forgotten. */
static enum ward_rc
weigh_verdict(void *context, struct ward_span key, struct ward_span value)
{
	struct decision *d = context;
	struct ward_arena_mark before = ward_arena_save(d->arena);
	Ward__Log__V1__Verdict *v;
	bool holds = false;
	enum ward_rc rc =
		ward_store_unpack(&ward__log__v1__verdict__descriptor, value, d->arena, &v);

	(void)key;
	if (rc)
		return rc;
	d->any = true;
	d->scoped |= v->scope.len > 0;
	if (is_for(d, v))
		holds = weigh(d, &(struct ward_said){
					 .source = (int)v->source,
					 .verdict = ward_wire_verdict_from(v->verdict),
					 .confidence = (uint16_t)v->confidence,
					 .scoped = v->scope.len > 0,
					 .expires_ms = v->expires_ms,
					 .time_ms = v->time_ms,
					 .threat = v->threat,
					 .list = "",
				 });
	if (!holds)
		ward_arena_restore(d->arena, before);
	return WARD_OK;
}

static enum ward_rc
weigh_listed(void *context, struct ward_span key, struct ward_span value)
{
	struct decision *d = context;
	struct ward_arena_mark before = ward_arena_save(d->arena);
	Ward__View__V1__Listed *l;
	enum ward_rc rc =
		ward_store_unpack(&ward__view__v1__listed__descriptor, value, d->arena, &l);

	(void)key;
	if (!rc &&
	    !weigh(d, &(struct ward_said){
			      .source = WARD__LOG__V1__SOURCE__SOURCE_IMPORT,
			      .verdict = ward_wire_verdict_from((Ward__V1__Verdict)l->verdict),
			      .confidence = (uint16_t)l->confidence,
			      .expires_ms = l->expires_ms,
			      .time_ms = l->time_ms,
			      .threat = l->threat,
			      .list = l->list,
		      }))
		ward_arena_restore(d->arena, before);
	return rc;
}

static enum ward_rc
value_of(const struct decision *d, struct ward_verdict_value *ret)
{
	*ret = (struct ward_verdict_value){.verdict = WARD_UNKNOWN,
					   .flags = d->scoped ? WARD_VERDICT_SCOPED : 0};
	if (!d->have)
		return WARD_OK;
	ret->verdict = (uint8_t)d->best.verdict;
	ret->source = (uint8_t)d->best.source;
	ret->confidence = d->best.confidence;
	ret->expires_ms = d->best.expires_ms;
	ret->threat = ward_names_number(d->views->names, d->best.threat);
	ret->list = ward_names_number(d->views->names, d->best.list);
	return ret->threat == UINT32_MAX || ret->list == UINT32_MAX ? WARD_E_NOMEM : WARD_OK;
}

static enum ward_rc
decide(struct ward_views *views, char prefix, Ward__Log__V1__Digest kind, struct ward_span digest,
       struct decision *d)
{
	uint8_t kind_byte = (uint8_t)kind;
	struct ward_key listed =
		ward_key_of('m', ward_span_of(&kind_byte, 1), digest, ward_span_of(NULL, 0));
	struct ward_key said =
		ward_key_of(prefix, digest, ward_span_of(NULL, 0), ward_span_of(NULL, 0));
	enum ward_rc rc = WARD_OK;

	if (prefix)
		rc = ward_store_each(&views->store, ward_key_span(&said), weigh_verdict, d);
	if (!rc)
		rc = ward_store_each(&views->store, ward_key_span(&listed), weigh_listed, d);
	return rc;
}

enum ward_rc
ward_views_decide(struct ward_views *views, const uint8_t sha256[WARD_HASH_LEN],
		  const uint8_t *device, uint64_t now_ms, struct ward_verdict_value *ret,
		  bool *ret_found)
{
	struct ward_budget budget = {.cap = ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct decision d = {.views = views, .arena = arena, .device = device, .now_ms = now_ms};
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	rc = decide(views, 'v', WARD__LOG__V1__DIGEST__DIGEST_SHA256,
		    ward_span_of(sha256, WARD_HASH_LEN), &d);
	if (!rc)
		rc = value_of(&d, ret);
	*ret_found = d.any;
	return rc;
}

/* --- look-ups --- */

static struct ward_view_verdict
view_of(struct ward_views *views, const struct ward_verdict_value *value)
{
	return (struct ward_view_verdict){
		.verdict = (enum ward_verdict)value->verdict,
		.confidence = value->confidence,
		.source = value->source,
		.partial = value->verdict == WARD_NOT_SCANNED,
		.expires_ms = value->expires_ms,
		.threat = ward_names_text(views->names, value->threat),
		.list = ward_names_text(views->names, value->list),
	};
}

static bool
depends(const struct ward_verdict_value *value, const uint8_t *device, uint64_t now_ms)
{
	return (value->expires_ms && value->expires_ms <= now_ms) ||
	       (device && (value->flags & WARD_VERDICT_SCOPED));
}

enum ward_rc
ward_views_verdicts(struct ward_views *views, const uint8_t (*sha256)[WARD_HASH_LEN], size_t count,
		    const uint8_t *device, uint64_t now_ms, struct ward_view_verdict *ret_verdicts)
{
	static _Thread_local struct ward_verdict_value values[BATCH_MAX];
	static _Thread_local bool found[BATCH_MAX];
	enum ward_rc rc = WARD_OK;

	if (count > BATCH_MAX)
		return WARD_E_INVAL;
	ward_verdicts_find(views->verdicts, sha256, count, values, found);
	for (size_t i = 0; i < count && !rc; i++) {
		bool any;

		ret_verdicts[i] = (struct ward_view_verdict){
			.verdict = WARD_UNKNOWN, .threat = "", .list = ""};
		if (!found[i])
			continue;
		if (depends(&values[i], device, now_ms))
			rc = ward_views_decide(views, sha256[i], device, now_ms, &values[i], &any);
		if (!rc && values[i].source)
			ret_verdicts[i] = view_of(views, &values[i]);
	}
	return rc;
}

enum ward_rc
ward_views_weak(struct ward_views *views, Ward__Log__V1__Digest kind, const uint8_t *digest,
		uint64_t now_ms, struct ward_view_verdict *ret_verdict)
{
	struct ward_budget budget = {.cap = ARENA};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct decision d = {.views = views, .arena = arena, .now_ms = now_ms};
	size_t len = kind == WARD__LOG__V1__DIGEST__DIGEST_SHA1 ? 20 : 16;
	struct ward_verdict_value value;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	rc = decide(views, 0, kind, ward_span_of(digest, len), &d);
	if (!rc)
		rc = value_of(&d, &value);
	if (!rc)
		*ret_verdict = view_of(views, &value);
	return rc;
}

enum ward_rc
ward_views_prefix(struct ward_views *views, struct ward_span prefix, uint64_t now_ms, size_t max,
		  uint8_t (*ret_sha256)[WARD_HASH_LEN], struct ward_view_verdict *ret_verdicts,
		  size_t *ret_count, bool *ret_more)
{
	static _Thread_local struct ward_verdict_value values[WARD_WIRE_PREFIX_ANSWERS];
	size_t count, kept = 0;
	enum ward_rc rc = WARD_OK;

	if (max > WARD_WIRE_PREFIX_ANSWERS || prefix.len > WARD_HASH_LEN)
		return WARD_E_INVAL;
	count = ward_verdicts_prefix(views->verdicts, prefix, max, ret_sha256, values, ret_more);
	for (size_t i = 0; i < count && !rc; i++) {
		bool any;

		if (depends(&values[i], NULL, now_ms))
			rc = ward_views_decide(views, ret_sha256[i], NULL, now_ms, &values[i],
					       &any);
		if (rc || !values[i].source)
			continue;
		memmove(ret_sha256[kept], ret_sha256[i], WARD_HASH_LEN);
		ret_verdicts[kept++] = view_of(views, &values[i]);
	}
	*ret_count = kept;
	return rc;
}
