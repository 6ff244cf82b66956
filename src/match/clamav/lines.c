/* SPDX-License-Identifier: Apache-2.0 */
#include "match/clamav/lines.h"

#include "base/text.h"
#include "match/clamav/body.h"
#include "match/hash/build.h"
#include "match/hash/list.h"

enum ward_verdict
ward_clamav_verdict(struct ward_span name, enum ward_verdict otherwise)
{
	if (otherwise == WARD_MALICIOUS && ward_span_starts(name, "PUA.", 4))
		return WARD_SUSPICIOUS;
	return otherwise;
}

static const char *
read_size(struct ward_span text, struct ward_hash_entry *e)
{
	e->any_size = text.len == 1 && text.data[0] == '*';
	e->size = 0;
	if (!e->any_size && !ward_text_u64(text, &e->size))
		return "size is neither a number nor *";
	return NULL;
}

static const char *
read_entry(const struct ward_clamav_mode *mode, struct ward_span line, struct ward_hash_entry *e)
{
	struct ward_span first = {0}, second = {0}, rest = line;
	const char *wrong;

	if (!ward_text_split(&rest, ':', &first) || !ward_text_split(&rest, ':', &second) ||
	    !ward_text_split(&rest, ':', &e->name))
		return "fewer than three fields";
	wrong = read_size(mode->section ? first : second, e);
	if (wrong)
		return wrong;
	if (!ward_hash_entry_digest(mode->section ? second : first, mode->section, e))
		return "not an MD5, SHA-1 or SHA-256 in hex";
	return e->name.len ? NULL : "no signature name";
}

const char *
ward_clamav_hash_line(const struct ward_load *load, struct ward_load_report *report,
		      struct ward_span line, void *arg, enum ward_rc *ret_rc)
{
	const struct ward_clamav_mode *mode = arg;
	struct ward_hash_entry e = {.source = ward_span_str(report->file)};
	const char *wrong = read_entry(mode, line, &e);

	*ret_rc = WARD_E_FORMAT;
	if (wrong)
		return wrong;
	e.verdict = ward_clamav_verdict(e.name, mode->verdict);
	*ret_rc = ward_hash_builder_add(load->hashes, &e);
	if (*ret_rc == WARD_OK)
		report->loaded++;
	return *ret_rc == WARD_OK ? NULL : "the entry cannot be stored";
}

const char *
ward_clamav_ignore_line(const struct ward_load *load, struct ward_load_report *report,
			struct ward_span line, void *arg, enum ward_rc *ret_rc)
{
	struct ward_span name = {0}, rest = line;

	(void)arg;
	*ret_rc = WARD_E_FORMAT;
	if (!ward_text_split(&rest, ':', &name) || name.len == 0)
		return "no signature name";
	if (rest.len) {
		ward_load_unsupported(report, "entries for one wording of a signature (name:md5)",
				      1);
		*ret_rc = WARD_OK;
		return NULL;
	}
	*ret_rc = ward_hash_builder_ignore(load->hashes, name);
	if (*ret_rc == WARD_OK)
		*ret_rc = ward_body_builder_ignore(load->bodies, name);
	if (*ret_rc == WARD_OK)
		report->loaded++;
	return *ret_rc == WARD_OK ? NULL : "the entry cannot be stored";
}
