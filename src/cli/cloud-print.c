/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud-print.h"

#include "cli/human.h"
#include "cli/json.h"

const char *
ward_cloud_confidence(uint32_t thousandths, char ret[8])
{
	uint32_t n = thousandths <= 1000 ? thousandths : 1000;

	(void)snprintf(ret, 8, "%u.%03u", n / 1000, n % 1000);
	return ret;
}

static void
print(FILE *out, const char *text)
{
	ward_human_print(out, ward_span_str(text));
}

static void
print_one(const Ward__V1__Evidence *e, const char *indent, FILE *out)
{
	(void)fputs(indent, out);
	print(out, e->kind);
	if (*e->name) {
		(void)fputs(" ", out);
		print(out, e->name);
	}
	if (e->weight != 0)
		(void)fprintf(out, " %+d.%03d", e->weight / 1000,
			      (e->weight < 0 ? -e->weight : e->weight) % 1000);
	if (*e->path) {
		(void)fputs(" in ", out);
		print(out, e->path);
	}
	if (*e->detail) {
		(void)fputs(": ", out);
		print(out, e->detail);
	}
	(void)fputs("\n", out);
}

void
ward_cloud_print_evidence(const Ward__V1__FileVerdict *v, const char *indent, FILE *out)
{
	for (size_t i = 0; i < v->n_evidence; i++)
		print_one(v->evidence[i], indent, out);
}

void
ward_cloud_print(const Ward__V1__FileVerdict *v, const char *indent, FILE *out)
{
	char confidence[8];

	(void)fprintf(out, "%sverdict:    %s\n", indent,
		      ward_verdict_name(ward_wire_verdict_from(v->verdict)));
	if (*v->threat) {
		(void)fprintf(out, "%sthreat:     ", indent);
		print(out, v->threat);
		(void)fputs("\n", out);
	}
	(void)fprintf(out, "%stier:       %s, confidence %s\n", indent,
		      ward_wire_tier_name(v->tier),
		      ward_cloud_confidence(v->confidence, confidence));
	for (size_t i = 0; i < v->n_evidence; i++) {
		(void)fprintf(out, "%sbecause:    ", indent);
		print_one(v->evidence[i], "", out);
	}
	(void)fprintf(out, "%sgood for:   %u s\n%ssample:     %s\n", indent, v->ttl_seconds, indent,
		      ward_word_sample(v->sample));
}

/* --- JSON --- */

static void
set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

static json_t *
evidence_json(const Ward__V1__Evidence *e)
{
	json_t *object = json_object();

	ward_json_set_text(object, "kind", e->kind);
	ward_json_set_text(object, "name", e->name);
	ward_json_set_text(object, "detail", e->detail);
	ward_json_set_text(object, "inside", e->path);
	if (e->weight != 0)
		set(object, "weight", json_integer(e->weight));
	ward_json_set_text(object, "version", e->version);
	return object;
}

json_t *
ward_cloud_json(const Ward__V1__FileVerdict *v)
{
	json_t *object, *evidence;

	if (!v)
		return json_null();
	object = json_object();
	evidence = json_array();
	for (size_t i = 0; i < v->n_evidence; i++)
		(void)json_array_append_new(evidence, evidence_json(v->evidence[i]));
	set(object, "verdict", json_string(ward_verdict_name(ward_wire_verdict_from(v->verdict))));
	set(object, "tier", json_string(ward_wire_tier_name(v->tier)));
	set(object, "confidence", json_integer(v->confidence));
	ward_json_set_text(object, "threat", v->threat);
	set(object, "evidence", evidence);
	set(object, "ttl_seconds", json_integer(v->ttl_seconds));
	set(object, "sample", json_string(ward_word_sample(v->sample)));
	if (v->hold_ms)
		set(object, "hold_ms", json_integer(v->hold_ms));
	return object;
}

void
ward_cloud_step(bool as_json, const char *name, bool good, const char *text, json_t *more)
{
	json_t *object;

	if (!as_json) {
		(void)printf("%-12s %-7s ", name, good ? "OK" : "FAILED");
		ward_human_print(stdout, ward_span_str(text));
		(void)fputs("\n", stdout);
		json_decref(more);
		return;
	}
	object = json_pack("{s:s, s:s, s:b}", "event", "cloud.test", "step", name, "ok", good);
	ward_json_set_text(object, "detail", text);
	if (more)
		(void)json_object_update(object, more);
	json_decref(more);
	ward_json_line(object, stdout);
}
