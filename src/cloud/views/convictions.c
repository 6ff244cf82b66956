/* SPDX-License-Identifier: Apache-2.0 */
/* What the service itself has convicted. */
#include "cloud/views/views-priv.h"

struct walk {
	struct ward_views *views;
	uint64_t now_ms;
	uint16_t confidence;
	size_t left;
	uint8_t last[WARD_HASH_LEN];
	bool any; /* `last` is a file's */
	bool stopped;
	ward_conviction_fn fn;
	void *context;
};

/* 'v' sha256 …: one file's entries stand together. */
static enum ward_rc
look_at(void *context, struct ward_span key, struct ward_span value)
{
	struct walk *w = context;
	struct ward_view_verdict holds;
	enum ward_rc rc;

	(void)value;
	if (key.len < 1 + WARD_HASH_LEN)
		return WARD_E_FORMAT;
	if (w->any && memcmp(w->last, key.data + 1, WARD_HASH_LEN) == 0)
		return WARD_OK;
	if (w->left-- == 0) {
		w->stopped = true;
		return WARD_E_STOPPED;
	}
	memcpy(w->last, key.data + 1, WARD_HASH_LEN);
	w->any = true;
	rc = ward_views_verdicts(w->views, (const uint8_t(*)[WARD_HASH_LEN])w->last, 1, NULL,
				 w->now_ms, &holds);
	if (rc || holds.source == 0 || holds.verdict != WARD_MALICIOUS || holds.list[0] ||
	    holds.confidence < w->confidence)
		return rc;
	return w->fn(w->context, w->last, &holds);
}

enum ward_rc
ward_views_convictions(struct ward_views *views, size_t max, struct ward_conviction_walk *walk,
		       ward_conviction_fn fn, void *context)
{
	struct walk w = {views, walk->now_ms, walk->confidence, max, {0}, walk->begun,
			 false, fn,	      context};
	struct ward_key from;
	enum ward_rc rc;

	memcpy(w.last, walk->last, sizeof(w.last));
	from = ward_key_of('v', ward_span_of(w.last, walk->begun ? sizeof(w.last) : 0),
			   ward_span_of(NULL, 0), ward_span_of(NULL, 0));
	rc = ward_store_each_from(&views->store, ward_span_of("v", 1), ward_key_span(&from),
				  look_at, &w);
	if (rc != WARD_OK && rc != WARD_E_STOPPED)
		return rc;
	walk->begun = w.any;
	walk->end = !w.stopped;
	memcpy(walk->last, w.last, sizeof(w.last));
	return WARD_OK;
}
