/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/guard.h"

#include "base/text.h"
#include "guard.pb-c.h"
#include "proto/codec-priv.h"

enum ward_rc
ward_guard_ask_encode(enum ward_guard_operation operation, struct ward_buf *out)
{
	Ward__Guard__V1__Ask m = WARD__GUARD__V1__ASK__INIT;

	m.version = WARD_GUARD_VERSION;
	m.operation = (Ward__Guard__V1__Operation)operation;
	return ward_codec_pack(&m.base, out);
}

enum ward_rc
ward_guard_ask_decode(struct ward_span in, struct ward_arena *arena,
		      enum ward_guard_operation *ret_operation)
{
	const Ward__Guard__V1__Ask *m =
		ward_codec_unpack(&ward__guard__v1__ask__descriptor, in, arena);

	if (!m || m->version != WARD_GUARD_VERSION ||
	    (m->operation != WARD__GUARD__V1__OPERATION__OPERATION_STATUS &&
	     m->operation != WARD__GUARD__V1__OPERATION__OPERATION_RELOAD))
		return WARD_E_PROTO;
	*ret_operation = (enum ward_guard_operation)m->operation;
	return WARD_OK;
}

/* --- what both directions hold to --- */

static bool
is_name(const char *text)
{
	size_t n = 0;

	for (; text && text[n]; n++) {
		if (n == WARD_GUARD_NAME_MAX ||
		    (!ward_text_is_alnum((uint8_t)text[n]) && !strchr("_.-", text[n])))
			return false;
	}
	return n > 0;
}

static bool
is_text(const char *text)
{
	return text && strnlen(text, WARD_GUARD_TEXT_MAX + 1) <= WARD_GUARD_TEXT_MAX;
}

static bool
makes_sense(const struct ward_guard_reply *r)
{
	bool fine = r->rc <= WARD_OK && r->rc >= WARD_E_STOPPED && r->error &&
		    strnlen(r->error, WARD_GUARD_ERROR_MAX + 1) <= WARD_GUARD_ERROR_MAX;

	for (size_t i = 0; i < r->issue_count; i++)
		fine &= is_name(r->issues[i].code) && is_text(r->issues[i].text);
	for (size_t i = 0; i < r->text_count; i++)
		fine &= is_name(r->texts[i].name) && is_text(r->texts[i].value);
	for (size_t i = 0; i < r->figure_count; i++)
		fine &= is_name(r->figures[i].name);
	return fine;
}

/* --- out --- */

struct parts {
	Ward__Guard__V1__Issue issues[WARD_GUARD_ISSUES_MAX], *issue_list[WARD_GUARD_ISSUES_MAX];
	Ward__Guard__V1__Text texts[WARD_GUARD_TEXTS_MAX], *text_list[WARD_GUARD_TEXTS_MAX];
	Ward__Guard__V1__Figure figures[WARD_GUARD_FIGURES_MAX],
		*figure_list[WARD_GUARD_FIGURES_MAX];
};

static ProtobufCBinaryData
bytes(const char *text)
{
	return ward_codec_bytes(text, strlen(text));
}

static void
fill(const struct ward_guard_reply *r, struct parts *p)
{
	for (size_t i = 0; i < r->issue_count; i++) {
		ward__guard__v1__issue__init(&p->issues[i]);
		p->issues[i].code = bytes(r->issues[i].code);
		p->issues[i].text = bytes(r->issues[i].text);
		p->issue_list[i] = &p->issues[i];
	}
	for (size_t i = 0; i < r->text_count; i++) {
		ward__guard__v1__text__init(&p->texts[i]);
		p->texts[i].name = bytes(r->texts[i].name);
		p->texts[i].value = bytes(r->texts[i].value);
		p->text_list[i] = &p->texts[i];
	}
	for (size_t i = 0; i < r->figure_count; i++) {
		ward__guard__v1__figure__init(&p->figures[i]);
		p->figures[i].name = bytes(r->figures[i].name);
		p->figures[i].value = r->figures[i].value;
		p->figure_list[i] = &p->figures[i];
	}
}

enum ward_rc
ward_guard_reply_encode(const struct ward_guard_reply *reply, struct ward_arena *arena,
			struct ward_buf *out)
{
	Ward__Guard__V1__Reply m = WARD__GUARD__V1__REPLY__INIT;
	struct parts *p;

	if (reply->issue_count > WARD_GUARD_ISSUES_MAX ||
	    reply->text_count > WARD_GUARD_TEXTS_MAX ||
	    reply->figure_count > WARD_GUARD_FIGURES_MAX || !makes_sense(reply))
		return WARD_E_INVAL;
	p = ward_arena_alloc(arena, sizeof(*p));
	if (!p)
		return WARD_E_LIMIT;
	fill(reply, p);
	m.version = WARD_GUARD_VERSION;
	m.rc = reply->rc;
	m.error = bytes(reply->error);
	m.healthy = reply->healthy;
	m.issues = p->issue_list;
	m.n_issues = reply->issue_count;
	m.texts = p->text_list;
	m.n_texts = reply->text_count;
	m.figures = p->figure_list;
	m.n_figures = reply->figure_count;
	return ward_codec_pack(&m.base, out);
}

/* --- in --- */

static void
take(const Ward__Guard__V1__Reply *m, struct ward_arena *arena, struct ward_guard_reply *r)
{
	r->rc = (enum ward_rc)m->rc;
	r->healthy = m->healthy;
	r->error = ward_codec_text(arena, m->error, WARD_GUARD_ERROR_MAX);
	r->issue_count = m->n_issues;
	for (size_t i = 0; i < m->n_issues; i++)
		r->issues[i] = (struct ward_guard_issue){
			ward_codec_text(arena, m->issues[i]->code, WARD_GUARD_NAME_MAX),
			ward_codec_text(arena, m->issues[i]->text, WARD_GUARD_TEXT_MAX)};
	r->text_count = m->n_texts;
	for (size_t i = 0; i < m->n_texts; i++)
		r->texts[i] = (struct ward_guard_text){
			ward_codec_text(arena, m->texts[i]->name, WARD_GUARD_NAME_MAX),
			ward_codec_text(arena, m->texts[i]->value, WARD_GUARD_TEXT_MAX)};
	r->figure_count = m->n_figures;
	for (size_t i = 0; i < m->n_figures; i++)
		r->figures[i] = (struct ward_guard_figure){
			ward_codec_text(arena, m->figures[i]->name, WARD_GUARD_NAME_MAX),
			m->figures[i]->value};
}

enum ward_rc
ward_guard_reply_decode(struct ward_span in, struct ward_arena *arena,
			struct ward_guard_reply *ret_reply)
{
	const Ward__Guard__V1__Reply *m =
		ward_codec_unpack(&ward__guard__v1__reply__descriptor, in, arena);
	struct ward_guard_reply *r;

	if (!m || m->version != WARD_GUARD_VERSION || m->n_issues > WARD_GUARD_ISSUES_MAX ||
	    m->n_texts > WARD_GUARD_TEXTS_MAX || m->n_figures > WARD_GUARD_FIGURES_MAX)
		return WARD_E_PROTO;
	r = ward_arena_alloc(arena, sizeof(*r));
	if (!r)
		return WARD_E_PROTO;
	take(m, arena, r);
	if (!makes_sense(r))
		return WARD_E_PROTO;
	*ret_reply = *r;
	return WARD_OK;
}
