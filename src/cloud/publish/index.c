/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/publish/index.h"

#include <stdlib.h>

#include "base/text.h"
#include "sys/fd.h"

enum { INDEX_MAX = 16 << 20 };

static bool
is_index(const json_t *index)
{
	const char *format = json_string_value(json_object_get(index, "format"));

	return format && strcmp(format, "ward-publications") == 0 &&
	       json_integer_value(json_object_get(index, "version")) == 1 &&
	       json_is_array(ward_index_packs(index));
}

json_t *
ward_index_read(const char *path)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, NULL);
	json_t *index;

	if (rc == WARD_E_NOENT)
		return json_pack("{s:s, s:i, s:[]}", "format", "ward-publications", "version", 1,
				 "packs");
	ward_buf_init(&text, INDEX_MAX, NULL);
	if (rc != WARD_OK || ward_fd_read_all(fd, &text) != WARD_OK || text.len == 0)
		return NULL;
	index = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	if (index && is_index(index))
		return index;
	json_decref(index);
	return NULL;
}

enum ward_rc
ward_index_write(const char *path, const json_t *index)
{
	char *text = json_dumps(index, JSON_INDENT(1));
	enum ward_rc rc =
		text ? ward_fd_write_atomic(path, ward_span_str(text), 0644) : WARD_E_NOMEM;

	free(text);
	return rc;
}

json_t *
ward_index_packs(const json_t *index)
{
	return json_object_get(index, "packs");
}

uint64_t
ward_index_newest(const json_t *index)
{
	const json_t *newest = json_array_get(ward_index_packs(index), 0);
	json_int_t number = json_integer_value(json_object_get(newest, "number"));

	return number > 0 ? (uint64_t)number : 0;
}

static json_t *
counts_of(const struct ward_pack_counts *counts)
{
	json_t *object = json_object();

	for (unsigned k = 0; k < WARD_HASH_KINDS; k++)
		if (counts->hashes[k])
			(void)json_object_set_new(object,
						  ward_hash_kind_name((enum ward_hash_kind)k),
						  json_integer((json_int_t)counts->hashes[k]));
	if (counts->bodies)
		(void)json_object_set_new(object, "body-signatures",
					  json_integer((json_int_t)counts->bodies));
	if (counts->yara_rules)
		(void)json_object_set_new(object, "yara-rules",
					  json_integer((json_int_t)counts->yara_rules));
	return object;
}

json_t *
ward_index_pack(const struct ward_publish_job *job, const char *sha256, uint64_t size)
{
	const struct ward_edition *e = job->edition;
	char id[WARD_PUBLISH_HEX];

	ward_text_hex(ward_span_of(job->result->id, WARD_PACK_ID_LEN), id);
	return json_pack("{s:I, s:s, s:s, s:I, s:I, s:s%, s:o, s:[]}", "number",
			 (json_int_t)e->number, "id", id, "sha256", sha256, "size",
			 (json_int_t)size, "made", (json_int_t)e->made_s, "notes",
			 e->notes.len ? (const char *)e->notes.data : "", e->notes.len, "counts",
			 counts_of(&job->result->counts), "deltas");
}

const char *
ward_index_hex(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));
	uint8_t bytes[32];

	return text && ward_text_unhex(ward_span_str(text), bytes, sizeof(bytes)) ? text : "";
}
