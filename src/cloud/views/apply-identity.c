/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about devices, tokens and policies. All of them stand in one partition, so their order is the
 * same for everybody (docs/decisions/0007-log-channels.md); what devices report about themselves
 * comes through others, and touches only members that do not decide anything. */
#include "cloud/views/apply-priv.h"

typedef Ward__View__V1__Device Device;
typedef Ward__View__V1__Token Token;

static const struct ward_span none = {NULL, 0};

static enum ward_rc
load_device(struct ward_apply *a, ProtobufCBinaryData id, struct ward_key *ret_key, Device **ret)
{
	bool found;
	enum ward_rc rc;

	*ret_key = ward_key_of('d', ward_apply_span(id), none, none);
	rc = ward_apply_load(a, ret_key, &ward__view__v1__device__descriptor, ret, &found);
	if (!rc && !found)
		ward__view__v1__device__init(*ret);
	return rc;
}

static enum ward_rc
load_token(struct ward_apply *a, ProtobufCBinaryData id, struct ward_key *ret_key, Token **ret,
	   bool *ret_found)
{
	enum ward_rc rc;

	*ret_key = ward_key_of('t', ward_apply_span(id), none, none);
	rc = ward_apply_load(a, ret_key, &ward__view__v1__token__descriptor, ret, ret_found);
	if (!rc && !*ret_found)
		ward__view__v1__token__init(*ret);
	return rc;
}

static enum ward_device_state
state_of(const Device *d)
{
	if (d->state == WARD_DEVICE_ACTIVE && d->revoked)
		return WARD_DEVICE_REVOKED;
	return (enum ward_device_state)d->state;
}

static enum ward_rc
put_device(struct ward_apply *a, const struct ward_key *key, ProtobufCBinaryData id,
	   const Device *d)
{
	struct ward_apply_news *news = &a->news;

	if (news->device_count < WARD_APPLY_CHANGES) {
		memcpy(news->devices[news->device_count].id, id.data, WARD_DEVICE_LEN);
		news->devices[news->device_count++].state = state_of(d);
	}
	return ward_apply_put_message(a, key, &d->base);
}

enum ward_rc
ward_apply_token(struct ward_apply *a, const Record *r)
{
	const Ward__Log__V1__Token *t = r->token;
	struct ward_key key;
	bool found;
	Token *token;
	enum ward_rc rc = load_token(a, t->id, &key, &token, &found);

	if (rc)
		return rc;
	token->secret_sha256 = t->secret_sha256;
	token->name = t->name;
	token->created_ms = t->created_ms;
	token->expires_ms = t->expires_ms;
	token->uses = t->uses;
	token->revoked = t->revoked;
	return ward_apply_put_message(a, &key, &token->base);
}

static bool
lets_in(const Token *t, uint64_t time_ms)
{
	return !t->revoked && (t->expires_ms == 0 || time_ms < t->expires_ms) &&
	       (t->uses == 0 || t->used < t->uses);
}

static void
describe(Device *d, const Ward__V1__DeviceInfo *info)
{
	if (!info)
		return;
	d->name = info->name;
	d->os = info->os;
	d->architecture = info->architecture;
	d->engine_version = info->engine_version;
}

enum ward_rc
ward_apply_enrollment(struct ward_apply *a, const Record *r)
{
	const Ward__Log__V1__Enrollment *e = r->enrollment;
	struct ward_key token_key, device_key;
	bool found;
	Token *token;
	Device *device;
	enum ward_rc rc = load_token(a, e->token, &token_key, &token, &found);

	if (!rc)
		rc = load_device(a, e->device, &device_key, &device);
	if (rc || device->state != WARD_DEVICE_UNKNOWN)
		return rc; /* an id asks in once */
	device->state =
		found && lets_in(token, r->time_ms) ? WARD_DEVICE_ACTIVE : WARD_DEVICE_REFUSED;
	device->enrolled_ms = r->time_ms;
	device->token = e->token;
	describe(device, e->info);
	if (device->state == WARD_DEVICE_ACTIVE) {
		token->used++;
		ward_apply_count(a, WARD_STAT_ENROLLED, r->time_ms, 1);
		rc = ward_apply_put_message(a, &token_key, &token->base);
	}
	return rc ? rc : put_device(a, &device_key, e->device, device);
}

enum ward_rc
ward_apply_certificate(struct ward_apply *a, const Record *r)
{
	struct ward_key key;
	Device *device;
	enum ward_rc rc = load_device(a, r->certificate->device, &key, &device);

	if (rc)
		return rc;
	device->not_after_ms = r->certificate->not_after_ms;
	describe(device, r->certificate->info);
	return ward_apply_put_message(a, &key, &device->base);
}

enum ward_rc
ward_apply_revocation(struct ward_apply *a, const Record *r)
{
	struct ward_key key;
	Device *device;
	enum ward_rc rc = load_device(a, r->revocation->device, &key, &device);

	if (rc)
		return rc;
	device->revoked = !r->revocation->withdrawn;
	device->revoke_reason = r->revocation->reason;
	return put_device(a, &key, r->revocation->device, device);
}

enum ward_rc
ward_apply_policy(struct ward_apply *a, const Record *r)
{
	struct ward_span name = ward_span_str(r->policy->name);
	struct ward_key key = ward_key_of('p', name, none, none);
	struct ward_key long_key = ward_key_of('p', name, ward_span_str("document"), none);
	Ward__V1__Policy fields = *r->policy->policy, document = WARD__V1__POLICY__INIT;
	enum ward_rc rc;

	/* Every look-up reads the fields; only who enrols needs the document. */
	document.document = fields.document;
	fields.document = (ProtobufCBinaryData){0, NULL};
	rc = ward_apply_put_message(a, &key, &fields.base);
	return rc ? rc : ward_apply_put_message(a, &long_key, &document.base);
}

static void
note_health(Device *d, const Ward__V1__Health *h, uint64_t time_ms)
{
	if (time_ms < d->health_ms)
		return;
	d->health_ms = time_ms;
	d->update_position = h->update_position;
	d->outbox = h->outbox;
	d->issues = h->issues;
	d->n_issues = h->n_issues;
	d->mode = h->mode;
	d->intelligence_version = h->intelligence_version;
	d->policy_version = h->policy_version;
	if (h->engine_version[0])
		d->engine_version = h->engine_version;
}

/* "refused: change a setting (cloud.enabled)" */
static enum ward_rc
note_tampering(struct ward_apply *a, Device *d, const Ward__V1__Tamper *t, uint64_t time_ms)
{
	static const char *const kinds[] = {"", "refused", "stopped", "killed"};
	bool known = (unsigned)t->kind < sizeof(kinds) / sizeof(kinds[0]);
	char *text;

	ward_apply_count(a, WARD_STAT_TAMPERINGS, time_ms, 1);
	d->tamperings++;
	if (time_ms < d->tampered_ms)
		return WARD_OK;
	text = ward_arena_printf(a->arena, "%s%s%s%s%s%s", known ? kinds[t->kind] : "?",
				 t->deed[0] ? ": " : "", t->deed, t->setting[0] ? " (" : "",
				 t->setting, t->setting[0] ? ")" : "");
	if (!text)
		return WARD_E_NOMEM;
	d->tampered_ms = time_ms;
	d->tampered = text;
	return WARD_OK;
}

enum ward_rc
ward_apply_device_seen(struct ward_apply *a, const Record *r, const Ward__V1__Event *event)
{
	struct ward_key key;
	Device *device;
	enum ward_rc rc = load_device(a, r->device, &key, &device);

	if (rc)
		return rc;
	device->events++;
	device->detections += event->what_case == WARD__V1__EVENT__WHAT_DETECTION;
	if (r->time_ms > device->last_seen_ms)
		device->last_seen_ms = r->time_ms;
	if (event->what_case == WARD__V1__EVENT__WHAT_HEALTH)
		note_health(device, event->health, r->time_ms);
	if (event->what_case == WARD__V1__EVENT__WHAT_TAMPER)
		rc = note_tampering(a, device, event->tamper, r->time_ms);
	return rc ? rc : ward_apply_put_message(a, &key, &device->base);
}
