/* SPDX-License-Identifier: Apache-2.0 */
/* Between record.c, which translates, and record-check.c, which looks at values. */
#ifndef WARD_TRUST_RECORD_PRIV_H
#define WARD_TRUST_RECORD_PRIV_H

#include "trust/codec-priv.h"
#include "trust/record.h"

/* NULL, or what is wrong, static: "threat: …". */
const char *ward_trust_record_wrong(const struct ward_trust_record *r);
/* The same of a scope; an empty name or a device of zeros stands for all of their kind if `open`. */
const char *ward_trust_scope_wrong(const struct ward_trust_scope *s, bool open);

/* Between a scope and its message, which borrows from it. */
void ward_trust_scope_put(const struct ward_trust_scope *s, Ward__Trust__V1__Scope *m);
/* False: the message is not complete. */
bool ward_trust_scope_take(const Ward__Trust__V1__Scope *m, struct ward_trust_scope *ret);

#endif
