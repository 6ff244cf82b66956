/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cloud/import/json.h"
#include "cloud/import/readers.h"
#include "cloud/import/values.h"

struct event {
	struct ward_entries *into;
	struct ward_span name; /* of the threat, as the event as a whole has it */
	uint64_t line;
	bool found;
};

/* --- names --- */

/* Tags that name a malware: misp-galaxy:malpedia="Emotet" and others of these name spaces. */
static bool
names_threat(struct ward_span tag, struct ward_span *ret)
{
	static const char *const spaces[] = {
		"misp-galaxy:malpedia=",
		"misp-galaxy:ransomware=",
		"misp-galaxy:banker=",
		"misp-galaxy:rat=",
		"misp-galaxy:stealer=",
		"misp-galaxy:botnet=",
		"misp-galaxy:backdoor=",
		"misp-galaxy:mitre-malware=",
		"misp-galaxy:tool=",
		"misp-galaxy:threat-actor=",
		"malware:",
		"malware-family:",
	};

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		if (!ward_text_starts_nocase(tag, spaces[i]))
			continue;
		tag = ward_span_cut(tag, strlen(spaces[i]), tag.len);
		if (tag.len > 1 && tag.data[0] == '"' && tag.data[tag.len - 1] == '"')
			tag = ward_span_cut(tag, 1, tag.len - 2);
		*ret = tag;
		return tag.len > 0;
	}
	return false;
}

static struct ward_span
name_in_tags(const json_t *holder)
{
	struct ward_span name = {NULL, 0};
	size_t i;
	json_t *tag;

	json_array_foreach(json_object_get(holder, "Tag"), i,
			   tag) if (name.len == 0 &&
				    names_threat(ward_json_text(tag, "name"), &name)) return name;
	return name;
}

/* The first cluster of a galaxy about malware. */
static struct ward_span
name_in_galaxies(const json_t *event)
{
	size_t i;
	json_t *galaxy;

	json_array_foreach(json_object_get(event, "Galaxy"), i, galaxy)
	{
		static const char *const types[] = {"malpedia",	     "ransomware", "banker",
						    "rat",	     "stealer",	   "botnet",
						    "mitre-malware", "tool"};
		const json_t *first = json_array_get(json_object_get(galaxy, "GalaxyCluster"), 0);

		for (size_t n = 0; n < sizeof(types) / sizeof(types[0]); n++)
			if (ward_text_eq_nocase(ward_json_text(galaxy, "type"), types[n]) &&
			    ward_json_text(first, "value").len > 0)
				return ward_json_text(first, "value");
	}
	return ward_span_of(NULL, 0);
}

static struct ward_span
name_of_event(const json_t *event)
{
	struct ward_span name = name_in_galaxies(event);

	if (name.len == 0)
		name = name_in_tags(event);
	return name.len > 0 ? name : ward_json_text(event, "info");
}

/* --- attributes --- */

static bool
to_ids(const json_t *attribute)
{
	const json_t *flag = json_object_get(attribute, "to_ids");

	return json_is_true(flag) ||
	       (json_is_string(flag) && strcmp(json_string_value(flag), "1") == 0) ||
	       (json_is_number(flag) && json_number_value(flag) > 0);
}

static const char *
usable(const json_t *attribute, struct ward_import_item *item, uint8_t digest[32])
{
	struct ward_span hex, type = ward_json_text(attribute, "type");

	if (ward_json_true(attribute, "deleted"))
		return "deleted";
	if (!ward_import_misp_type(type, ward_json_text(attribute, "value"), &hex))
		return "an attribute that is not the hash of a file";
	if (!to_ids(attribute))
		return "not meant for detection (to_ids is off)";
	return ward_import_digest(ward_text_trim(hex), &item->kind, digest) ? NULL : "not a hash";
}

static enum ward_rc
take_attributes(struct event *e, const json_t *list)
{
	enum ward_rc rc = WARD_OK;
	size_t i;
	json_t *attribute;

	json_array_foreach(list, i, attribute)
	{
		struct ward_import_item item = {.confidence = -1};
		struct ward_import_place place = {e->line, ward_json_text(attribute, "uuid")};
		uint8_t digest[32];
		const char *why = rc ? NULL : usable(attribute, &item, digest);

		if (rc)
			break;
		if (why) {
			ward_entries_skip(e->into, why, place);
			continue;
		}
		item.digest = digest;
		item.threat = name_in_tags(attribute);
		if (item.threat.len == 0)
			item.threat = e->name;
		rc = ward_entries_add(e->into, &item, place);
	}
	return rc;
}

static enum ward_rc
take_event(struct event *e, const json_t *event)
{
	enum ward_rc rc;
	size_t i;
	json_t *object;

	if (!json_is_object(event))
		return WARD_OK;
	e->found = true;
	e->name = name_of_event(event);
	rc = take_attributes(e, json_object_get(event, "Attribute"));
	json_array_foreach(json_object_get(event, "Object"), i,
			   object) if (!rc && !ward_json_true(object, "deleted")) rc =
		take_attributes(e, json_object_get(object, "Attribute"));
	return rc;
}

/* {"Event": …}, {"response": [{"Event": …}]} and [{"Event": …}]. */
static enum ward_rc
take_piece(void *context, const char *key, const json_t *value, uint64_t line)
{
	struct event *e = context;

	e->line = line;
	if (strcmp(key, "Event") == 0)
		return take_event(e, value);
	return json_is_object(value) ? take_event(e, json_object_get(value, "Event")) : WARD_OK;
}

enum ward_rc
ward_import_misp(struct ward_span text, struct ward_entries *into)
{
	struct event e = {.into = into};
	struct ward_json_error error = {.line = 0};
	enum ward_rc rc = ward_json_each(text, "response", take_piece, &e, &error);

	if (rc == WARD_E_FORMAT) {
		ward_entries_skip(into, error.why, ward_import_line(error.line));
		return WARD_OK;
	}
	if (!rc && !e.found)
		ward_entries_skip(into, "no MISP event in it (a feed's manifest names events only)",
				  ward_import_line(1));
	return rc;
}

/* --- warning lists --- */

struct warninglist {
	struct ward_entries *into;
	bool strings, hashes; /* it is of that type, and may match hashes */
};

static enum ward_rc
note_type(void *context, const char *key, const json_t *value, uint64_t line)
{
	struct warninglist *w = context;
	size_t i;
	json_t *attribute;

	(void)line;
	if (strcmp(key, "type") == 0)
		w->strings =
			json_is_string(value) && strcmp(json_string_value(value), "string") == 0;
	if (strcmp(key, "matching_attributes") != 0)
		return WARD_OK;
	json_array_foreach(value, i, attribute)
	{
		enum ward_import_kind kind;

		w->hashes |=
			json_is_string(attribute) &&
			ward_import_hash_name(ward_span_str(json_string_value(attribute)), &kind);
	}
	return WARD_OK;
}

static enum ward_rc
take_value(void *context, const char *key, const json_t *value, uint64_t line)
{
	struct warninglist *w = context;
	struct ward_import_item item = {.says = WARD_SAYS_GOOD, .confidence = -1};
	uint8_t digest[32];

	if (strcmp(key, "list") != 0)
		return WARD_OK;
	if (!json_is_string(value) ||
	    !ward_import_digest(ward_text_trim(ward_span_of(json_string_value(value),
							    json_string_length(value))),
				&item.kind, digest)) {
		ward_entries_skip(w->into, "not a hash", ward_import_line(line));
		return WARD_OK;
	}
	item.digest = digest;
	return ward_entries_add(w->into, &item, ward_import_line(line));
}

enum ward_rc
ward_import_warninglist(struct ward_span text, struct ward_entries *into)
{
	struct warninglist w = {.into = into};
	struct ward_json_error error = {.line = 0};
	enum ward_rc rc = ward_json_each(text, "list", note_type, &w, &error);

	if (!rc && w.strings && w.hashes)
		rc = ward_json_each(text, "list", take_value, &w, &error);
	else if (!rc)
		ward_entries_skip(into, "a warning list that is not about hashes of files",
				  ward_import_line(1));
	if (rc != WARD_E_FORMAT)
		return rc;
	ward_entries_skip(into, error.why, ward_import_line(error.line));
	return WARD_OK;
}
