/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "base/utf.h"
#include "cli/cloud-print.h"
#include "cli/json.h"
#include "cli/report.h"

static bool
is_utf8(struct ward_span in)
{
	while (in.len) {
		size_t n = ward_utf_valid_at(in);

		if (n == 0)
			return false;
		in = ward_span_cut(in, n, in.len);
	}
	return true;
}

static json_t *
hex_of(struct ward_span in)
{
	char *hex = calloc(2, in.len + 1);
	json_t *json;

	if (!hex)
		return NULL;
	ward_text_hex(in, hex);
	json = json_string(hex);
	free(hex);
	return json;
}

static void
set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

static void
set_count(json_t *object, const char *key, uint64_t value)
{
	set(object, key, json_integer((json_int_t)value));
}

static void
set_path(json_t *object, const char *path)
{
	set(object, "path", ward_json_text(path));
	if (!is_utf8(ward_span_str(path)))
		set(object, "path_hex", hex_of(ward_span_str(path)));
}

static json_t *
finding_of(const struct ward_finding *f)
{
	json_t *object = json_object();

	ward_json_set_text(object, "threat", f->threat);
	set(object, "verdict", json_string(ward_verdict_name(f->verdict)));
	set(object, "layer", json_string(ward_layer_name(f->layer)));
	ward_json_set_text(object, "rule", f->rule);
	ward_json_set_text(object, "source", f->source);
	ward_json_set_text(object, "detail", f->detail);
	ward_json_set_text(object, "inside", f->path);
	return object;
}

static json_t *
gap_of(const struct ward_gap *g)
{
	json_t *object = json_object();

	set(object, "reason", json_string(ward_reason_name(g->reason)));
	ward_json_set_text(object, "inside", g->path);
	set_count(object, "count", g->count);
	return object;
}

static json_t *
fact_of(const struct ward_fact *f)
{
	json_t *object = json_object();

	ward_json_set_text(object, "inside", f->path);
	ward_json_set_text(object, "key", f->key);
	set(object, "value", ward_json_text(f->value));
	return object;
}

static json_t *
findings_of(const struct ward_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		(void)json_array_append_new(array, finding_of(&r->findings[i]));
	return array;
}

static json_t *
gaps_of(const struct ward_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->gap_count; i++)
		(void)json_array_append_new(array, gap_of(&r->gaps[i]));
	return array;
}

static json_t *
facts_of(const struct ward_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->fact_count; i++)
		(void)json_array_append_new(array, fact_of(&r->facts[i]));
	return array;
}

static void
set_contents(json_t *object, const struct ward_report *r)
{
	set(object, "type", json_string(ward_type_name(r->type)));
	set_count(object, "size", r->size);
	if (r->sha256)
		set(object, "sha256", hex_of(ward_span_of(r->sha256, WARD_SHA256_LEN)));
	if (r->known_good)
		set(object, "known_good", json_true());
	set_count(object, "objects", r->objects);
	set_count(object, "unpacked_bytes", r->unpacked_bytes);
	set_count(object, "scan_us", r->scan_us);
}

static json_t *
cloud_of(const struct ward_report_cloud *c)
{
	json_t *object = c->said ? ward_cloud_json(c->said) : json_object();

	set(object, "answered", json_boolean(c->said || c->nothing));
	set(object, "decided", json_boolean(c->decided));
	ward_json_set_text(object, "sample_result", c->sample);
	if (!c->said && !c->nothing)
		ward_json_set_text(object, "reason", c->why);
	return object;
}

void
ward_report_print_json(const struct ward_report *r, FILE *out)
{
	json_t *object = json_object();

	set(object, "event", json_string("file"));
	set_path(object, r->path);
	set(object, "verdict", json_string(ward_verdict_name(r->verdict)));
	if (r->looked_at)
		set_contents(object, r);
	ward_json_set_text(object, "detail", r->detail);
	set(object, "findings", findings_of(r));
	if (r->findings_dropped)
		set_count(object, "findings_dropped", r->findings_dropped);
	set(object, "not_scanned", gaps_of(r));
	if (r->cloud)
		set(object, "cloud", cloud_of(r->cloud));
	if (r->fact_count)
		set(object, "facts", facts_of(r));
	ward_json_line(object, out);
}

void
ward_totals_print_json(const struct ward_totals *t, FILE *out)
{
	json_t *object = json_object(), *reasons = json_object();

	set(object, "event", json_string("summary"));
	set_count(object, "files", ward_totals_files(t));
	for (int v = WARD_CLEAN; v <= WARD_MALICIOUS; v++)
		set_count(object,
			  v == WARD_NOT_SCANNED ? "not_scanned"
						: ward_verdict_name((enum ward_verdict)v),
			  t->files[v]);
	for (int i = 1; i < WARD_REASON_COUNT; i++)
		if (t->gaps[i])
			set_count(reasons, ward_reason_name((enum ward_reason)i), t->gaps[i]);
	set(object, "not_scanned_reasons", reasons);
	if (t->excluded)
		set_count(object, "excluded", t->excluded);
	set_count(object, "objects", t->objects);
	set_count(object, "bytes", t->bytes);
	set_count(object, "unpacked_bytes", t->unpacked_bytes);
	set(object, "seconds", json_real(t->seconds));
	if (t->cloud.asked)
		set(object, "cloud",
		    json_pack("{s:I, s:I, s:I, s:I, s:I}", "asked", (json_int_t)t->cloud.asked,
			      "answered", (json_int_t)t->cloud.answered, "decided",
			      (json_int_t)t->cloud.decided, "samples_sent",
			      (json_int_t)t->cloud.sent, "unanswered",
			      (json_int_t)t->cloud.unanswered));
	ward_json_line(object, out);
}
