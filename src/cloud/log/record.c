/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/log/record.h"

#include "sys/crc32c.h"

typedef Ward__Log__V1__Record Record;

struct place {
	enum ward_log_channel channel;
	struct ward_span route;	   /* empty: the first partition */
	char kind;		   /* first byte of the key */
	struct ward_span parts[3]; /* rest of the key */
	uint32_t sum;		   /* and its end, unless 0 */
	uint64_t number;	   /* the same, big-endian */
};

static struct ward_span
bytes_of(ProtobufCBinaryData b)
{
	return ward_span_of(b.data, b.len);
}

static struct place
of_file(enum ward_log_channel channel, char kind, ProtobufCBinaryData sha256)
{
	return (struct place){channel, bytes_of(sha256), kind, {bytes_of(sha256)}, 0, 0};
}

static struct place
of_identity(char kind, ProtobufCBinaryData id)
{
	return (struct place){WARD_LOG_STATE, {NULL, 0}, kind, {bytes_of(id)}, 0, 0};
}

static const Ward__V1__FileQuery *
event_file(const Ward__V1__Event *event)
{
	if (event->what_case == WARD__V1__EVENT__WHAT_SIGHTING)
		return event->sighting->file;
	if (event->what_case == WARD__V1__EVENT__WHAT_DETECTION)
		return event->detection->file;
	return NULL;
}

static struct place
of_event(const Record *r)
{
	const Ward__V1__FileQuery *file = event_file(r->event);

	return of_file(WARD_LOG_EVENTS, 'o', file ? file->sha256 : r->device);
}

static struct place
of_verdict(const Ward__Log__V1__Verdict *v)
{
	static const char digits[] = "0123456789";
	struct place p = of_file(WARD_LOG_STATE, 'v', v->sha256);

	p.parts[1] = ward_span_of(&digits[(unsigned)v->source % 10], 1);
	p.parts[2] = bytes_of(v->scope);
	return p;
}

/* Takes the place only of what was said of the same digests, not of others that begin alike. */
static uint32_t
sum_of(const Ward__Log__V1__Reputation *r)
{
	uint32_t sum = ward_crc32c(0, bytes_of(r->digests));

	return sum ? sum : 1;
}

static struct place
of_reputation(const Ward__Log__V1__Reputation *r)
{
	size_t width = r->kind == WARD__LOG__V1__DIGEST__DIGEST_SHA256 ? 32
		       : r->kind == WARD__LOG__V1__DIGEST__DIGEST_SHA1 ? 20
								       : 16;
	struct ward_span first = ward_span_cut(bytes_of(r->digests), 0, width);

	return (struct place){WARD_LOG_STATE, first, 'i', {first, ward_span_str(r->list)},
			      sum_of(r),      0};
}

/* Who enrolled before a token was revoked was let in by it: the revocation comes after, and must not
 * take the place of the token that stands before. */
static struct place
of_token(const Ward__Log__V1__Token *t)
{
	return of_identity(t->revoked ? 'z' : 't', t->id);
}

/* That a file was inside another one is a fact of its own: it must not take the place of its sample. */
static struct place
of_sample(const Ward__Log__V1__Sample *s)
{
	struct place place = of_file(WARD_LOG_STATE, 's', s->sha256);

	if (s->parent.len > 0) {
		place.kind = 'u';
		place.parts[1] = bytes_of(s->parent);
	}
	return place;
}

/* Of one log: number n of its records, version n of its timestamps. */
static struct place
of_number(char kind, ProtobufCBinaryData log, uint64_t number)
{
	struct place p = of_file(WARD_LOG_UPDATES, kind, log);

	p.route = (struct ward_span){NULL, 0};
	p.number = number;
	return p;
}

static struct place
place_of(const Record *r)
{
	switch ((int)r->fact_case) {
	case WARD__LOG__V1__RECORD__FACT_EVENT:
		return of_event(r);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE:
		return of_sample(r->sample);
	case WARD__LOG__V1__RECORD__FACT_SAMPLE_GONE:
		return of_file(WARD_LOG_STATE, 's', r->sample_gone->sha256);
	case WARD__LOG__V1__RECORD__FACT_VERDICT:
		return of_verdict(r->verdict);
	case WARD__LOG__V1__RECORD__FACT_REPUTATION:
		return of_reputation(r->reputation);
	case WARD__LOG__V1__RECORD__FACT_NOTE:
		return of_file(WARD_LOG_EVENTS, 'n', r->note->sha256);
	case WARD__LOG__V1__RECORD__FACT_SEEN:
		return of_file(WARD_LOG_EVENTS, 'o',
			       r->seen->file ? r->seen->file->sha256
					     : (ProtobufCBinaryData){0, NULL});
	case WARD__LOG__V1__RECORD__FACT_TOKEN:
		return of_token(r->token);
	case WARD__LOG__V1__RECORD__FACT_ENROLLMENT:
		return of_identity('e', r->enrollment->device);
	case WARD__LOG__V1__RECORD__FACT_CERTIFICATE:
		return of_identity('c', r->certificate->device);
	case WARD__LOG__V1__RECORD__FACT_REVOCATION:
		return of_identity('r', r->revocation->device);
	case WARD__LOG__V1__RECORD__FACT_POLICY:
		return (struct place){
			WARD_LOG_STATE, {NULL, 0}, 'p', {ward_span_str(r->policy->name)}, 0, 0};
	case WARD__LOG__V1__RECORD__FACT_CHANGE:
		return of_file(WARD_LOG_UPDATES, 'u', r->change->sha256);
	case WARD__LOG__V1__RECORD__FACT_PUBLISHED:
		return of_number('n', r->published->log, r->published->number);
	case WARD__LOG__V1__RECORD__FACT_TIMESTAMP:
		return of_number('k', r->timestamp->log, r->timestamp->version);
	default:
		return (struct place){.kind = 0};
	}
}

static enum ward_rc
key_of(const struct place *p, struct ward_arena *arena, struct ward_span *ret_key)
{
	size_t sum = p->sum ? sizeof(p->sum) : 0, number = p->number ? sizeof(p->number) : 0;
	size_t room = 1 + p->parts[0].len + p->parts[1].len + p->parts[2].len + sum + number;
	size_t len = 1;
	uint8_t *key;

	if (p->kind == 0 || p->parts[0].len == 0 || room > WARD_LOG_KEY_MAX)
		return WARD_E_INVAL;
	key = ward_arena_alloc(arena, room);
	if (!key)
		return WARD_E_NOMEM;
	key[0] = (uint8_t)p->kind;
	for (size_t i = 0; i < 3; i++) {
		if (p->parts[i].len > 0)
			memcpy(key + len, p->parts[i].data, p->parts[i].len);
		len += p->parts[i].len;
	}
	if (sum > 0)
		memcpy(key + len, &p->sum, sum);
	for (size_t i = 0; i < number; i++)
		key[len + sum + i] = (uint8_t)(p->number >> (56 - 8 * i));
	*ret_key = ward_span_of(key, room);
	return WARD_OK;
}

enum ward_rc
ward_record_item(const Record *record, struct ward_arena *arena, struct ward_log_item *ret_item)
{
	struct place place = place_of(record);
	struct ward_span key;
	enum ward_rc rc = key_of(&place, arena, &key);
	size_t size = protobuf_c_message_get_packed_size(&record->base);
	uint8_t *body;

	if (rc)
		return rc;
	body = size > WARD_LOG_BODY_MAX ? NULL : ward_arena_alloc(arena, size);
	if (!body)
		return size > WARD_LOG_BODY_MAX ? WARD_E_INVAL : WARD_E_NOMEM;
	protobuf_c_message_pack(&record->base, body);
	*ret_item =
		(struct ward_log_item){place.channel, place.route, key, ward_span_of(body, size)};
	return WARD_OK;
}

enum ward_rc
ward_record_append_wait(struct ward_log *log, const Record *record,
			struct ward_log_position *ret_position)
{
	struct ward_budget budget = {.cap = 2 * WARD_LOG_BODY_MAX};
	WARD_AUTO(ward_arena_freep) struct ward_arena *arena = ward_arena_new(&budget);
	struct ward_log_item item;
	enum ward_rc rc;

	if (!arena)
		return WARD_E_NOMEM;
	rc = ward_record_item(record, arena, &item);
	return rc ? rc : ward_log_append_wait(log, &item, 1, ret_position);
}
