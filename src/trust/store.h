/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an endpoint believes, in one file that is replaced whole: "WARDTRU1", the canonical message State
 * (trust.proto), and the SHA-256 of all that. The digest finds damage; who may write the file may do
 * anything (it belongs to root). Signatures are checked again when it is read, times are not.
 */
#ifndef WARD_TRUST_STORE_H
#define WARD_TRUST_STORE_H

#include "trust/trust.h"

enum { WARD_STATE_MAX = 8 + 704 * 1024 + 32 };

/* Appends the file's bytes. */
enum ward_rc ward_trust_save(const struct ward_trust *t, struct ward_buf *out) WARD_MUST_CHECK;
/* WARD_E_PERM with *ret_refusal ("state-damaged"): it is not what _save made. */
enum ward_rc ward_trust_load(struct ward_span bytes, struct ward_trust **ret,
			     struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

/* Replaces the file: after a crash at any moment there is the old state or the new one, and with WARD_OK
 * the new one is on the disk. Mode 0600. */
enum ward_rc ward_trust_write(const struct ward_trust *t, const char *path) WARD_MUST_CHECK;

enum ward_trust_opened {
	WARD_TRUST_STORED,  /* the file was good */
	WARD_TRUST_FIRST,   /* there was none */
	WARD_TRUST_DAMAGED, /* it was not what was written; *ret_refusal says so */
};

/*
 * Reads the file, or starts from the shipped root when there is none or it is damaged: endpoints then
 * take the chain of roots and the log from the beginning, and apply again what they had. The file is not
 * touched. WARD_E_PERM: the shipped root is none. WARD_E_IO and others: the file cannot be read, which is
 * no reason to forget what it says.
 */
enum ward_rc ward_trust_open(const char *path, struct ward_span shipped_root,
			     struct ward_trust **ret, enum ward_trust_opened *ret_opened,
			     struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif
