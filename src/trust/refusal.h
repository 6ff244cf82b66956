/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something signed is not believed. The words are for programs and never change their meaning;
 * the text is for people. Only one thing is told, the first that is wrong.
 */
#ifndef WARD_TRUST_REFUSAL_H
#define WARD_TRUST_REFUSAL_H

#include "base/rc.h"

enum ward_refusal_code {
	WARD_REFUSED_NOT = 0,
	WARD_REFUSED_SIZE,	 /* "too-large": longer than such a thing may be */
	WARD_REFUSED_FORMAT,	 /* "malformed": no such thing, or not in canonical encoding */
	WARD_REFUSED_TYPE,	 /* "wrong-type": signed, but as something else */
	WARD_REFUSED_FIELD,	 /* "bad-field": a field has a value it may not have */
	WARD_REFUSED_THRESHOLD,	 /* "signatures": fewer good signatures of the role than needed */
	WARD_REFUSED_ROOT_CHAIN, /* "root-chain": not the next root */
	WARD_REFUSED_ROLLBACK,	 /* "rollback": older than what is known */
	WARD_REFUSED_FORK,	 /* "two-stories": another content of the same version */
	WARD_REFUSED_EXPIRED,	 /* "expired" */
	WARD_REFUSED_MIX,	 /* "mix-and-match": not what the signed list names */
	WARD_REFUSED_ORDER,	 /* "not-yet": what it is checked against is missing */
	WARD_REFUSED_LOG,	 /* "other-log": about another log than the root names */
	WARD_REFUSED_GAP,	 /* "number-gap": a record is missing before it */
	WARD_REFUSED_REPEAT,	 /* "number-repeated": its number was there already */
	WARD_REFUSED_ROLE,	 /* "unknown-role": there is no such delegation */
	WARD_REFUSED_KIND,	 /* "kind-not-allowed" for its delegation */
	WARD_REFUSED_SCOPE,	 /* "scope-not-allowed" for its delegation */
	WARD_REFUSED_HEAD,	 /* "head-mismatch": the records are not those of the signed head */
	WARD_REFUSED_HEAD_OLD,	 /* "head-older": the head has fewer records than were taken */
	WARD_REFUSED_PROOF,	 /* "bad-proof": it does not prove what it should */
	WARD_REFUSED_STATE,	 /* "state-damaged": what was stored is not what was written */
	WARD_REFUSED_COUNT
};

enum { WARD_REFUSAL_TEXT = 240 };

struct ward_refusal {
	enum ward_refusal_code code;
	char text[WARD_REFUSAL_TEXT]; /* one line for people, English, cut if it is longer */
};

/* "rollback" and so on; "" for WARD_REFUSED_NOT and what is out of range; static. */
const char *ward_refusal_word(enum ward_refusal_code code);

/* Notes the code and the text. */
void ward_refusal_note(struct ward_refusal *r, enum ward_refusal_code code, const char *fmt, ...)
	WARD_PRINTF(3, 4);
/* Notes it, and is WARD_E_PERM: what every function here returns for what it refuses. A macro, so that
 * whoever reads it (an analyzer too) sees that. */
#define WARD_REFUSE(r, code, ...) (ward_refusal_note((r), (code), __VA_ARGS__), WARD_E_PERM)

#endif
