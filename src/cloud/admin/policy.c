/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/admin/policy.h"

#include "cloud/identity/policy-key.h"
#include "policy/document.h"
#include "policy/envelope.h"

enum { WHY_MAX = 32 * 1024, SEALING = 44 + WARD_SIGN_SIZE };

/* The words of the setting and of the protocol, in the protocol's order. */
static const struct {
	enum ward_policy_level level;
	const char *name;
} levels[] = {{WARD_POLICY_LEVEL_NORMAL, ""},
	      {WARD_POLICY_LEVEL_NORMAL, "normal"},
	      {WARD_POLICY_LEVEL_MODERATE, "moderate"},
	      {WARD_POLICY_LEVEL_HIGH, "high"},
	      {WARD_POLICY_LEVEL_HIGH_PLUS, "high_plus"},
	      {WARD_POLICY_LEVEL_ZERO_TOLERANCE, "zero_tolerance"}};
static const struct {
	enum ward_policy_samples samples;
	const char *name;
} samples[] = {{WARD_POLICY_SAMPLES_SAFE, ""},
	       {WARD_POLICY_SAMPLES_SAFE, "safe"},
	       {WARD_POLICY_SAMPLES_ALL, "all"},
	       {WARD_POLICY_SAMPLES_NONE, "none"},
	       {WARD_POLICY_SAMPLES_ASK, "ask"}};

enum { LEVELS = 6, SAMPLES = 5 };

void
ward_admin_policy_put(json_t *out, const Ward__V1__Policy *p)
{
	unsigned level = (unsigned)p->level < LEVELS ? p->level : 0;
	unsigned sample = (unsigned)p->samples < SAMPLES ? p->samples : 0;

	(void)json_object_set_new(out, "level", json_string(levels[level].name));
	(void)json_object_set_new(out, "samples", json_string(samples[sample].name));
	(void)json_object_set_new(out, "hold_ms", json_integer(p->hold_ms));
	(void)json_object_set_new(out, "version", json_integer((json_int_t)p->version));
	(void)json_object_set_new(out, "send_names", json_boolean(p->send_names));
	(void)json_object_set_new(out, "private_lookup", json_boolean(p->private_lookup));
}

/* --- between the fields and the document --- */

static void
mark(struct ward_policy_document *d, const char *path)
{
	d->set[ward_setting_find(path) - ward_settings] = true;
}

static void
from_fields(const Ward__V1__Policy *p, struct ward_policy_document *d)
{
	d->policy.cloud.level = levels[(unsigned)p->level < LEVELS ? p->level : 0].level;
	d->policy.cloud.samples = samples[(unsigned)p->samples < SAMPLES ? p->samples : 0].samples;
	d->policy.cloud.hold = p->hold_ms;
	d->policy.cloud.send_names = p->send_names;
	d->policy.cloud.private_lookup = p->private_lookup;
	mark(d, "cloud.level");
	mark(d, "cloud.samples");
	mark(d, "cloud.hold");
	mark(d, "cloud.send_names");
	mark(d, "cloud.private_lookup");
}

static void
to_fields(const struct ward_policy_document *d, Ward__V1__Policy *p)
{
	for (unsigned i = 1; i < LEVELS; i++)
		if (levels[i].level == d->policy.cloud.level)
			p->level = (Ward__V1__Level)i;
	for (unsigned i = 1; i < SAMPLES; i++)
		if (samples[i].samples == d->policy.cloud.samples)
			p->samples = (Ward__V1__Samples)i;
	p->hold_ms = (uint32_t)d->policy.cloud.hold;
	p->send_names = d->policy.cloud.send_names;
	p->private_lookup = d->policy.cloud.private_lookup;
}

/* --- the request --- */

static const char *
text_of(const json_t *request, const char *name)
{
	const char *text = json_string_value(json_object_get(request, name));

	return text ? text : "";
}

/* NULL, or what is wrong; *ret_changed when something was. */
static const char *
set_words(const json_t *request, Ward__V1__Policy *p, bool *ret_changed)
{
	const char *level = text_of(request, "level"), *sample = text_of(request, "samples");
	unsigned i = 1, j = 1;

	while (i < LEVELS && strcmp(levels[i].name, level) != 0)
		i++;
	while (j < SAMPLES && strcmp(samples[j].name, sample) != 0)
		j++;
	if (level[0] && i == LEVELS)
		return "level: normal, moderate, high, high_plus or zero_tolerance";
	if (sample[0] && j == SAMPLES)
		return "samples: safe, all, none or ask";
	if (level[0])
		p->level = (Ward__V1__Level)i;
	if (sample[0])
		p->samples = (Ward__V1__Samples)j;
	*ret_changed |= level[0] || sample[0];
	return NULL;
}

static const char *
set_fields(const json_t *request, Ward__V1__Policy *p, bool *ret_changed)
{
	const json_t *names = json_object_get(request, "send_names");
	const json_t *private = json_object_get(request, "private_lookup");
	json_int_t hold = json_integer_value(json_object_get(request, "hold_ms"));

	if (hold > WARD_WIRE_HOLD_MAX_MS)
		return "hold: 60 seconds at most";
	if (hold > 0)
		p->hold_ms = (uint32_t)hold;
	if (names)
		p->send_names = json_is_true(names);
	if (private)
		p->private_lookup = json_is_true(private);
	*ret_changed |= hold > 0 || names || private;
	return set_words(request, p, ret_changed);
}

/* --- the document --- */

/* The bytes of the document in force; empty when there is none. */
static enum ward_rc
current(struct ward_node *node, struct ward_arena *arena, struct ward_span *ret)
{
	struct ward_span bytes;
	struct ward_envelope envelope;
	enum ward_rc rc = ward_views_policy_document(node->views, "default", arena, &bytes);

	if (rc)
		return rc;
	*ret = ward_span_of(NULL, 0);
	if (bytes.len == 0)
		return WARD_OK;
	rc = ward_envelope_peek(bytes, &envelope);
	if (!rc)
		*ret = envelope.document;
	return rc;
}

const char *
ward_admin_policy_text(struct ward_node *node, struct ward_arena *arena)
{
	struct ward_span text;
	const char *copy;

	if (current(node, arena, &text))
		return "";
	copy = ward_arena_strdup(arena, text);
	return copy ? copy : "";
}

/* NULL, or all its mistakes. */
static const char *
read_document(struct ward_span text, struct ward_arena *arena, struct ward_policy_document **ret)
{
	WARD_AUTO(ward_buf_done) struct ward_buf why = {0};
	const char *said;
	enum ward_rc rc;

	ward_buf_init(&why, WHY_MAX, NULL);
	rc = ward_policy_document_read(text, "policy", WARD_POLICY_ORGANISATION, &why, ret);
	if (!rc)
		return NULL;
	said = why.len ? ward_arena_strdup(arena, ward_buf_span(&why)) : NULL;
	return said ? said : ward_rc_str(rc);
}

/* A change on its way. */
struct change {
	struct ward_node *node;
	uint64_t now_ms;
	struct ward_arena *arena;
	Ward__V1__Policy *p;
};

static enum ward_rc
seal(const struct change *c, struct ward_span text)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};
	ward_config_text pki;
	uint8_t secret[WARD_SIGN_SECRET];
	uint8_t *copy;
	enum ward_rc rc = ward_config_path(&c->node->config, "pki", pki)
				  ? ward_policy_key_secret(pki, secret)
				  : WARD_E_LIMIT;

	if (rc)
		return rc;
	ward_buf_init(&out, WARD_WIRE_DOCUMENT_MAX, NULL);
	rc = ward_envelope_seal(secret, c->p->version, c->now_ms, text, &out);
	ward_sign_forget(secret);
	if (rc)
		return rc;
	copy = ward_arena_alloc(c->arena, out.len);
	if (!copy)
		return WARD_E_NOMEM;
	memcpy(copy, out.data, out.len);
	c->p->document = (ProtobufCBinaryData){out.len, copy};
	return WARD_OK;
}

/* `rewrite`: the document says something else than its text. */
static const char *
publish(const struct change *c, const struct ward_policy_document *d, struct ward_span text,
	bool rewrite)
{
	WARD_AUTO(ward_buf_done) struct ward_buf written = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&written, WARD_POLICY_TEXT_MAX, NULL);
	if (rewrite) {
		rc = ward_policy_document_write(d, &written);
		text = ward_buf_span(&written);
	}
	if (rc)
		return ward_rc_str(rc);
	if (text.len > WARD_WIRE_DOCUMENT_MAX - SEALING)
		return "the document is larger than 47 KiB";
	c->p->version++;
	rc = seal(c, text);
	return rc ? ward_rc_str(rc) : NULL;
}

const char *
ward_admin_policy_change(struct ward_node *node, const json_t *request, uint64_t now_ms,
			 struct ward_arena *arena, Ward__V1__Policy *p)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *d = NULL;
	const struct change c = {node, now_ms, arena, p};
	struct ward_span text = ward_span_str(text_of(request, "document"));
	bool given = text.len > 0, changed = false;
	const char *wrong = NULL;

	if (!given && current(node, arena, &text))
		return "the policy in force cannot be read";
	if (text.len > 0)
		wrong = read_document(text, arena, &d);
	else if (ward_policy_document_new(WARD_POLICY_ORGANISATION, &d))
		wrong = "no memory";
	if (wrong)
		return wrong;
	if (given)
		to_fields(d, p);
	wrong = set_fields(request, p, &changed);
	if (wrong)
		return wrong;
	if (!given && !changed)
		return "nothing to set";
	if (changed || text.len == 0)
		from_fields(p, d);
	return publish(&c, d, text, changed || text.len == 0);
}
