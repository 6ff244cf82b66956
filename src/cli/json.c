/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json.h"

#include "base/buf.h"
#include "base/utf.h"

json_t *
ward_json_text(const char *text)
{
	struct ward_span in = ward_span_str(text);
	struct ward_buf b;
	json_t *json = NULL;

	ward_buf_init(&b, in.len * 3 + 16, NULL);
	if (ward_utf_clean(&b, in) == WARD_OK)
		json = json_stringn((const char *)b.data, b.len);
	ward_buf_done(&b);
	return json ? json : json_string("");
}

void
ward_json_set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		(void)json_object_set_new(object, key, ward_json_text(text));
}

void
ward_json_line(json_t *object, FILE *out)
{
	(void)json_dumpf(object, out, JSON_COMPACT);
	(void)fputc('\n', out);
	json_decref(object);
}
