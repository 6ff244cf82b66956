/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the log is one for everybody: the head that is trusted here, that a record is under it, and
 * whether a head that another machine was shown is about the same log. Any thread; reads the disk, but for
 * the head.
 */
#ifndef WARD_GUARD_INTAKE_AUDIT_H
#define WARD_GUARD_INTAKE_AUDIT_H

#include "guard/intake/intake.h"

struct ward_audit_head {
	uint8_t log[WARD_LOG_ID];
	struct ward_head head;
	uint64_t version, expires_ms; /* of the timestamp that says so */
};

/* The trusted one; its timestamp's envelope goes to the end of `envelope` (NULL: nobody wants it).
 * WARD_E_NOENT: there is none. */
enum ward_rc ward_audit_head(struct ward_intake *i, struct ward_audit_head *ret,
			     struct ward_buf *envelope) WARD_MUST_CHECK;

struct ward_audit_record {
	uint64_t taken_ms;
	struct ward_hash leaf;
	struct ward_audit_head under;
	struct ward_proof proof; /* that the leaf is in the tree of that head */
};

/*
 * That the record which was taken here under this number is in the signed log; its payload goes to the end
 * of `payload`. WARD_E_NOENT: that record, or one before the head, is not here. WARD_E_PERM with *ret_refusal:
 * what is here is not what was signed.
 */
enum ward_rc ward_audit_record(struct ward_intake *i, uint64_t number,
			       struct ward_audit_record *ret, struct ward_buf *payload,
			       struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

enum ward_audit_word {
	WARD_AUDIT_AGREES,  /* its log begins, or is, ours */
	WARD_AUDIT_DIFFERS, /* two stories: the signed log is not one for everybody */
	WARD_AUDIT_AHEAD,   /* it has more records than are here: nothing can be said yet */
};

/*
 * Compares a timestamp's envelope, from another machine, with what was taken here. It has to be signed as our
 * root says, or WARD_E_PERM with *ret_refusal; its time may be over. *ret is what it says. WARD_E_NOENT and
 * WARD_E_PERM as of _record.
 */
enum ward_rc ward_audit_compare(struct ward_intake *i, struct ward_span envelope,
				struct ward_audit_head *ret, enum ward_audit_word *ret_word,
				struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif
