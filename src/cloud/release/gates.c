/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not leave by itself: a block of a file that a list of known good files has, or that many devices
 * have had for long. Old and common files are rarely new malware, and a wrong block of one stops a fleet.
 */
#include "cloud/release/release-priv.h"

enum { MEMORY = 256 * 1024, SHARE_MIN = 5 };

static bool
is_common(const struct ward_release *r, const struct ward_view_file *file)
{
	const struct ward_release_policy *p = &r->o.policy;
	struct ward_views_size size;

	if (file->prevalence >= p->gate_devices)
		return true;
	ward_views_size(r->o.views, &size);
	return file->prevalence >= SHARE_MIN &&
	       file->prevalence * 1000 > p->gate_share * size.devices;
}

enum ward_rc
release_gate_file(struct ward_release *r, const uint8_t sha256[WARD_HASH_LEN], uint64_t now_ms,
		  struct ward_refusal *ret_why)
{
	struct ward_budget budget = {.cap = MEMORY};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_view_file file;
	const char *list = NULL;
	enum ward_rc rc = arena ? ward_views_listed_clean(r->o.views, sha256, now_ms, arena, &list)
				: WARD_E_NOMEM;

	if (rc)
		return rc;
	if (list)
		return WARD_REFUSE(ret_why, WARD_REFUSED_FIELD,
				   "the list %s says that this file is good", list);
	rc = ward_views_file(r->o.views, sha256, arena, &file);
	if (rc)
		return rc == WARD_E_NOENT ? WARD_OK : rc;
	if (is_common(r, &file) && file.first_seen_ms > 0 &&
	    file.first_seen_ms + r->o.policy.gate_age_ms <= now_ms)
		return WARD_REFUSE(ret_why, WARD_REFUSED_FIELD,
				   "%llu devices have this file, the first one for %llu hours",
				   (unsigned long long)file.prevalence,
				   (unsigned long long)((now_ms - file.first_seen_ms) / 3600000));
	return WARD_OK;
}

enum ward_rc
release_gate(struct ward_release *r, const struct ward_trust_record *record, uint64_t now_ms,
	     struct ward_refusal *ret_why)
{
	if (record->kind != WARD_KIND_BLOCK_FILE || record->of.file.len != WARD_HASH_LEN)
		return WARD_OK; /* of other digests nothing is counted */
	return release_gate_file(r, record->of.file.data, now_ms, ret_why);
}
