/* SPDX-License-Identifier: Apache-2.0 */
/* Words and numbers that lists of several formats use. Bytes are strangers'. */
#ifndef WARD_CLOUD_IMPORT_VALUES_H
#define WARD_CLOUD_IMPORT_VALUES_H

#include "cloud/import/entries.h"

/* A moment in ms since 1970: RFC 3339 (a space instead of the T, and no zone, are let pass: UTC), a
 * date alone, or seconds since 1970. False for others and for those before 1970. */
bool ward_import_time(struct ward_span text, uint64_t *ret_ms);
/* 0 to 100, or low, medium, high; in thousandths. -1: none of them. */
int ward_import_confidence(struct ward_span text);
/* "malicious", "clean" and their like. False: another word. */
bool ward_import_verdict(struct ward_span text, enum ward_import_says *ret_says);

enum { WARD_IMPORT_WORD = 32 };
/* Lower case, letters and digits only; empty when it is longer than 31. "SHA-256" is "sha256". */
void ward_import_word(struct ward_span text, char ret_word[WARD_IMPORT_WORD]);
/* The digest that the name of a hash function means; false for functions that are not used. */
bool ward_import_hash_name(struct ward_span name, enum ward_import_kind *ret_kind);
/* The digest in a value of MISP's attribute type: "sha256", "filename|md5", "malware-sample" and so on;
 * false for other types. *ret_hex is the part of the value that should be it. */
bool ward_import_misp_type(struct ward_span type, struct ward_span value,
			   struct ward_span *ret_hex);

#endif
