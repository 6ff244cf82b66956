/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large JSON documents (RFC 8259) a piece at a time: of the outermost object or array each member, and
 * of members that are arrays each element, is parsed by jansson for itself, so that memory is that of
 * the largest piece. jansson bounds the depth (2048). Bytes are strangers'.
 */
#ifndef WARD_CLOUD_IMPORT_JSON_H
#define WARD_CLOUD_IMPORT_JSON_H

#include <jansson.h>

#include "cloud/import/entries.h"

/* `key` is "" in an outermost array; the value is borrowed. `line` is where it begins. */
typedef enum ward_rc (*ward_json_fn)(void *context, const char *key, const json_t *value,
				     uint64_t line);

struct ward_json_error {
	char why[WARD_IMPORT_TEXT];
	uint64_t line;
};

/*
 * Calls `fn` for each piece until it fails. A member named `array` (NULL: any) that is an array is
 * handed out by elements, other members whole. WARD_E_FORMAT: not JSON, *ret_error says where (pieces before it were
 * handed out); WARD_E_NOMEM.
 */
enum ward_rc ward_json_each(struct ward_span text, const char *array, ward_json_fn fn,
			    void *context, struct ward_json_error *ret_error) WARD_MUST_CHECK;

/* The text of a member; empty when it is missing or something else. Borrowed. */
struct ward_span ward_json_text(const json_t *object, const char *key);
bool ward_json_true(const json_t *object, const char *key);

#endif
