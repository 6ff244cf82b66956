/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/refusal.h"

#include <stdarg.h>
#include <stdio.h>

const char *
ward_refusal_word(enum ward_refusal_code code)
{
	static const char *const words[WARD_REFUSED_COUNT] = {
		[WARD_REFUSED_NOT] = "",
		[WARD_REFUSED_SIZE] = "too-large",
		[WARD_REFUSED_FORMAT] = "malformed",
		[WARD_REFUSED_TYPE] = "wrong-type",
		[WARD_REFUSED_FIELD] = "bad-field",
		[WARD_REFUSED_THRESHOLD] = "signatures",
		[WARD_REFUSED_ROOT_CHAIN] = "root-chain",
		[WARD_REFUSED_ROLLBACK] = "rollback",
		[WARD_REFUSED_FORK] = "two-stories",
		[WARD_REFUSED_EXPIRED] = "expired",
		[WARD_REFUSED_MIX] = "mix-and-match",
		[WARD_REFUSED_ORDER] = "not-yet",
		[WARD_REFUSED_LOG] = "other-log",
		[WARD_REFUSED_GAP] = "number-gap",
		[WARD_REFUSED_REPEAT] = "number-repeated",
		[WARD_REFUSED_ROLE] = "unknown-role",
		[WARD_REFUSED_KIND] = "kind-not-allowed",
		[WARD_REFUSED_SCOPE] = "scope-not-allowed",
		[WARD_REFUSED_HEAD] = "head-mismatch",
		[WARD_REFUSED_HEAD_OLD] = "head-older",
		[WARD_REFUSED_PROOF] = "bad-proof",
		[WARD_REFUSED_STATE] = "state-damaged",
	};

	return (unsigned)code < WARD_REFUSED_COUNT ? words[code] : "";
}

void
ward_refusal_note(struct ward_refusal *r, enum ward_refusal_code code, const char *fmt, ...)
{
	va_list args;

	r->code = code;
	va_start(args, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
}
