/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "cloud/import/json.h"
#include "cloud/import/readers.h"
#include "cloud/import/stix-pattern.h"
#include "cloud/import/values.h"
#include "match/intern.h"

/* What is known of an object's id: the object's own name, and the one it is tied to. */
struct node {
	uint32_t name;	 /* number in names, 0: none */
	uint32_t target; /* number of an id + 1, 0: none */
	uint32_t rank;	 /* how well the target names a threat */
};

struct bundle {
	struct ward_entries *into;
	struct ward_intern ids, names;
	struct node *nodes; /* by the id's number */
	size_t room;
	/* the indicator that is being read */
	struct ward_import_item item;
	struct ward_import_place place;
};

/* --- the first reading: names, and what is tied to what --- */

static enum ward_rc
node_of(struct bundle *b, struct ward_span id, uint32_t *ret_number)
{
	enum ward_rc rc = ward_intern_add(&b->ids, id, ret_number);

	if (!rc && *ret_number >= b->room) {
		size_t room = b->room ? 2 * b->room : 1024;
		struct node *more = realloc(b->nodes, room * sizeof(*more));

		if (!more)
			return WARD_E_NOMEM;
		memset(more + b->room, 0, (room - b->room) * sizeof(*more));
		b->nodes = more;
		b->room = room;
	}
	return rc;
}

/* How well an object of this type names a threat; 0: not at all. */
static uint32_t
rank_of(struct ward_span id)
{
	static const char *const types[] = {"threat-actor--", "intrusion-set--", "campaign--",
					    "tool--", "malware--"};

	for (uint32_t i = 0; i < 5; i++)
		if (ward_span_starts(id, types[i], strlen(types[i])))
			return i + 1;
	return 0;
}

enum { MALWARE = 5 };

static enum ward_rc
tie(struct bundle *b, struct ward_span from, struct ward_span to)
{
	uint32_t number, target, rank = rank_of(to);
	enum ward_rc rc;

	if (rank == 0 || from.len == 0)
		return WARD_OK;
	rc = node_of(b, from, &number);
	if (!rc)
		rc = node_of(b, to, &target);
	if (!rc && rank > b->nodes[number].rank) {
		b->nodes[number].rank = rank;
		b->nodes[number].target = target + 1;
	}
	return rc;
}

static enum ward_rc
note_name(struct bundle *b, const json_t *object)
{
	struct ward_span id = ward_json_text(object, "id"), name = ward_json_text(object, "name");
	uint32_t number, text;
	enum ward_rc rc;

	if (rank_of(id) == 0 || name.len == 0)
		return WARD_OK;
	rc = node_of(b, id, &number);
	if (!rc)
		rc = ward_intern_add(&b->names, name, &text);
	if (!rc)
		b->nodes[number].name = text;
	return rc;
}

static bool
is_file(struct ward_span id)
{
	return ward_span_starts(id, "file--", 6);
}

static enum ward_rc
note_relationship(struct bundle *b, const json_t *object)
{
	struct ward_span from = ward_json_text(object, "source_ref");
	struct ward_span to = ward_json_text(object, "target_ref");

	if (ward_json_true(object, "revoked"))
		return WARD_OK;
	if (ward_span_starts(from, "indicator--", 11) &&
	    ward_span_eq(ward_json_text(object, "relationship_type"), ward_span_str("indicates")))
		return tie(b, from, to);
	if (is_file(from) && rank_of(to) == MALWARE)
		return tie(b, from, to);
	if (is_file(to) && rank_of(from) == MALWARE)
		return tie(b, to, from);
	return WARD_OK;
}

static enum ward_rc
note_samples(struct bundle *b, const json_t *malware)
{
	struct ward_span id = ward_json_text(malware, "id");
	enum ward_rc rc = WARD_OK;
	size_t i;
	json_t *ref;

	json_array_foreach(json_object_get(malware, "sample_refs"), i, ref)
	{
		struct ward_span file = json_is_string(ref) ? ward_span_str(json_string_value(ref))
							    : ward_span_of(NULL, 0);

		if (!rc && is_file(file))
			rc = tie(b, file, id);
	}
	return rc;
}

static bool
is_type(const json_t *object, const char *type)
{
	return ward_span_eq(ward_json_text(object, "type"), ward_span_str(type));
}

static enum ward_rc
note_object(void *context, const char *key, const json_t *object, uint64_t line)
{
	struct bundle *b = context;
	enum ward_rc rc = WARD_OK;

	(void)line;
	if (strcmp(key, "objects") != 0 || !json_is_object(object))
		return WARD_OK;
	if (is_type(object, "relationship"))
		return note_relationship(b, object);
	if (is_type(object, "malware"))
		rc = note_samples(b, object);
	return rc ? rc : note_name(b, object);
}

/* --- the second reading: what is to be found --- */

/* The name of what the object is tied to. */
static struct ward_span
tied_name(const struct bundle *b, struct ward_span id, bool *ret_tied)
{
	uint32_t number = ward_intern_find(&b->ids, id);
	uint32_t target = number == UINT32_MAX ? 0 : b->nodes[number].target;

	*ret_tied = target > 0;
	return target > 0 && b->nodes[target - 1].name
		       ? ward_intern_get(&b->names, b->nodes[target - 1].name)
		       : ward_span_of(NULL, 0);
}

/* Indicator types (§10.6), and as labels in STIX 2.0; the first of another kind may be a name. */
static void
read_labels(struct ward_import_item *item, const json_t *labels)
{
	static const char *const vocabulary[] = {
		"maliciousactivity", "anomalousactivity", "benign",
		"compromised",	     "anonymization",	  "attribution",
		"unknown",	     "indicator",	  "malware"};
	size_t i;
	json_t *label;

	json_array_foreach(labels, i, label)
	{
		struct ward_span text = json_is_string(label)
						? ward_span_str(json_string_value(label))
						: ward_span_of(NULL, 0);
		char word[WARD_IMPORT_WORD];
		enum ward_import_says says;
		bool listed = false;

		ward_import_word(text, word);
		for (size_t n = 0; n < sizeof(vocabulary) / sizeof(vocabulary[0]); n++)
			listed |= strcmp(word, vocabulary[n]) == 0;
		if (!listed && item->threat.len == 0 && text.len > 0)
			item->threat = text;
		if (listed && ward_import_verdict(text, &says) && says > item->says)
			item->says = says;
	}
}

static bool
has_digest(struct ward_span text)
{
	size_t run = 0;

	for (size_t i = 0; i < text.len && run < 32; i++)
		run = ward_text_hex_value(text.data[i]) >= 0 ? run + 1 : 0;
	return run >= 32;
}

static void
read_name(struct bundle *b, const json_t *object)
{
	struct ward_span name = ward_json_text(object, "name");
	bool tied;

	b->item.threat = tied_name(b, ward_json_text(object, "id"), &tied);
	read_labels(&b->item, json_object_get(object, "indicator_types"));
	read_labels(&b->item, json_object_get(object, "labels"));
	if (b->item.threat.len == 0 && !has_digest(name))
		b->item.threat = name;
}

static const char *
read_validity(struct bundle *b, const json_t *object)
{
	struct ward_span until = ward_json_text(object, "valid_until");
	struct ward_span from = ward_json_text(object, "valid_from");
	const json_t *confidence = json_object_get(object, "confidence");
	uint64_t ms = 0;

	if (ward_json_true(object, "revoked"))
		return "revoked";
	if (until.len > 0 && !ward_import_time(until, &b->item.expires_ms))
		return "not a time (valid_until)";
	if (from.len > 0 && !ward_import_time(from, &ms))
		return "not a time (valid_from)";
	if (ms > ward_entries_terms(b->into)->now_ms)
		return "not valid yet";
	if (json_is_number(confidence) && json_number_value(confidence) >= 0 &&
	    json_number_value(confidence) <= 100)
		b->item.confidence = (int)lround(10 * json_number_value(confidence));
	return NULL;
}

static enum ward_rc
take_hash(void *context, enum ward_import_kind kind, const uint8_t *digest)
{
	struct bundle *b = context;

	b->item.kind = kind;
	b->item.digest = digest;
	return ward_entries_add(b->into, &b->item, b->place);
}

static const char *
take_indicator(struct bundle *b, const json_t *object, enum ward_rc *ret_rc)
{
	struct ward_span language = ward_json_text(object, "pattern_type");
	const char *why;

	if (language.len > 0 && !ward_span_eq(language, ward_span_str("stix")))
		return "a pattern in another language than STIX";
	why = read_validity(b, object);
	if (why)
		return why;
	read_name(b, object);
	return ward_stix_pattern(ward_json_text(object, "pattern"), take_hash, b, ret_rc);
}

static const char *
take_file(struct bundle *b, const json_t *object, enum ward_rc *ret_rc)
{
	static const char *const names[WARD_IMPORT_KINDS][4] = {
		{"SHA-256", "SHA256", "sha256", "sha-256"},
		{"SHA-1", "SHA1", "sha1", "sha-1"},
		{"MD5", "md5", "MD-5", "md-5"}};
	const json_t *hashes = json_object_get(object, "hashes");
	bool tied;

	if (!json_is_object(hashes) || json_object_size(hashes) == 0)
		return "a file without hashes";
	b->item.threat = tied_name(b, ward_json_text(object, "id"), &tied);
	if (!tied && !ward_entries_terms(b->into)->observed)
		return "a file that nothing calls malicious (--observed takes it)";
	for (int k = 0; k < WARD_IMPORT_KINDS; k++)
		for (size_t n = 0; n < 4; n++) {
			enum ward_import_kind kind;
			uint8_t digest[32];

			if (!ward_import_digest(ward_json_text(hashes, names[k][n]), &kind,
						digest) ||
			    (int)kind != k)
				continue;
			*ret_rc = take_hash(b, kind, digest);
			return NULL;
		}
	return "a file without a SHA-256, SHA-1 or MD5";
}

/* STIX 2.0 keeps observed files inside. */
static enum ward_rc
take_observed(struct bundle *b, const json_t *observed)
{
	enum ward_rc rc = WARD_OK;
	const char *key;
	json_t *object;

	json_object_foreach((json_t *)(uintptr_t)json_object_get(observed, "objects"), key, object)
	{
		const char *why = !rc && is_type(object, "file") ? take_file(b, object, &rc) : NULL;

		(void)key;
		if (why)
			ward_entries_skip(b->into, why, b->place);
	}
	return rc;
}

static enum ward_rc
take_object(void *context, const char *key, const json_t *object, uint64_t line)
{
	struct bundle *b = context;
	const char *why = NULL;
	enum ward_rc rc = WARD_OK;

	if (strcmp(key, "objects") != 0 || !json_is_object(object))
		return WARD_OK;
	b->item = (struct ward_import_item){.confidence = -1};
	b->place = (struct ward_import_place){line, ward_json_text(object, "id")};
	if (is_type(object, "indicator"))
		why = take_indicator(b, object, &rc);
	else if (is_type(object, "file"))
		why = take_file(b, object, &rc);
	else if (is_type(object, "observed-data"))
		rc = take_observed(b, object);
	if (why)
		ward_entries_skip(b->into, why, b->place);
	return rc;
}

enum ward_rc
ward_import_stix(struct ward_span text, struct ward_entries *into)
{
	struct bundle b = {.into = into};
	struct ward_json_error error = {.line = 0};
	uint32_t none;
	enum ward_rc rc;

	ward_intern_init(&b.ids, false);
	ward_intern_init(&b.names, false);
	rc = ward_intern_add(&b.names, ward_span_of("", 0), &none);
	if (!rc)
		rc = ward_json_each(text, "objects", note_object, &b, &error);
	if (!rc)
		rc = ward_json_each(text, "objects", take_object, &b, &error);
	if (rc == WARD_E_FORMAT) {
		ward_entries_skip(into, error.why, ward_import_line(error.line));
		rc = WARD_OK;
	}
	ward_intern_done(&b.ids);
	ward_intern_done(&b.names);
	free(b.nodes);
	return rc;
}
