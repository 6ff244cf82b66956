/* SPDX-License-Identifier: Apache-2.0 */
/* Between document.c, which walks a document, and setting.c, which reads a value. */
#ifndef WARD_POLICY_READER_PRIV_H
#define WARD_POLICY_READER_PRIV_H

#include "policy/document.h"
#include "policy/json/mistake.h"

/* Reads a value into the document's policy; false after noting what is wrong with it. */
bool ward_setting_read(const struct ward_setting *s, const struct ward_json *value,
		       struct ward_policy_document *d, struct ward_mistakes *m) WARD_MUST_CHECK;

#endif
