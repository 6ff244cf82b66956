/* SPDX-License-Identifier: Apache-2.0 */
#include "match/hash/list.h"

#include "base/text.h"
#include "match/hash/build.h"

bool
ward_hash_entry_digest(struct ward_span hex, bool section, struct ward_hash_entry *ret)
{
	enum ward_hash_kind kind = section ? WARD_HASH_SECTION_SHA256 : WARD_HASH_SHA256;
	size_t len = hex.len / 2;

	if (len == WARD_SHA1_LEN)
		kind = section ? WARD_HASH_SECTION_SHA1 : WARD_HASH_SHA1;
	else if (len == WARD_MD5_LEN)
		kind = section ? WARD_HASH_SECTION_MD5 : WARD_HASH_MD5;
	else if (len != WARD_SHA256_LEN)
		return false;
	if (!ward_text_unhex(hex, ret->digest, len))
		return false;
	ret->kind = kind;
	return true;
}

static bool
is_separator(uint8_t c)
{
	return ward_text_is_space(c) || c == ',' || c == ':' || c == ';';
}

static const char *
take_line(const struct ward_load *load, struct ward_load_report *report, struct ward_span line,
	  void *arg, enum ward_rc *ret_rc)
{
	struct ward_hash_entry e = {.any_size = true,
				    .verdict = WARD_MALICIOUS,
				    .name = ward_span_str("Listed.Hash"),
				    .source = ward_span_str(report->file)};
	struct ward_span name;
	size_t end = 0;

	(void)arg;
	while (end < line.len && !is_separator(line.data[end]))
		end++;
	*ret_rc = WARD_E_FORMAT;
	if (!ward_hash_entry_digest(ward_span_cut(line, 0, end), false, &e))
		return "not an MD5, SHA-1 or SHA-256 in hex";
	while (end < line.len && (is_separator(line.data[end]) || line.data[end] == '*'))
		end++;
	name = ward_span_cut(line, end, line.len);
	if (name.len)
		e.name = name;
	*ret_rc = ward_hash_builder_add(load->hashes, &e);
	if (*ret_rc == WARD_OK)
		report->loaded++;
	return *ret_rc == WARD_OK ? NULL : "the entry cannot be stored";
}

enum ward_rc
ward_hash_list_load(const struct ward_load *load, const char *file, struct ward_span text)
{
	struct ward_load_report report = {.file = file, .kind = "hash list"};
	enum ward_rc rc = ward_load_lines(load, &report, text, take_line, NULL);

	return rc == WARD_OK ? ward_load_end(load, &report) : rc;
}
