/* SPDX-License-Identifier: Apache-2.0 */
/* The next root and the next list of targets, out of the last ones and the command line. */
#ifndef WARD_CLOUD_CEREMONY_EDIT_H
#define WARD_CLOUD_CEREMONY_EDIT_H

#include "cloud/ceremony/envelopes.h"

/* The standard lives of what is signed offline. */
enum { WARD_CEREMONY_DAYS = 365 };

/* `wardcloud keys root`, `keys targets`; exit status. */
int ward_edit_root(struct ward_ceremony_options *o);
/* As _root. */
int ward_edit_targets(struct ward_ceremony_options *o);

/* Version 1 of a new log, a year from now, without keys. WARD_E_IO: no random bytes. */
enum ward_rc ward_edit_first_root(struct ward_trust_root *ret, uint64_t now_ms) WARD_MUST_CHECK;
/* "rule,signature"; "all" are all that there are. False after saying what is wrong. */
bool ward_edit_kinds(const char *text, uint64_t *ret_kinds) WARD_MUST_CHECK;
/* Whether that is what `text`, a file or the first 8 or more hex digits of its id, means. */
bool ward_edit_is_key(const struct ward_trust_key *key, const char *text);
/* From 1 to 16. False after saying what is wrong. */
bool ward_edit_threshold(const char *text, unsigned *ret) WARD_MUST_CHECK;

#endif
