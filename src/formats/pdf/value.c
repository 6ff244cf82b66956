/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf/value.h"

struct parser {
	struct ward_cursor *c;
	struct ward_arena *arena;
	unsigned depth;
	bool end; /* a word that ends every object was met */
};

static enum ward_rc parse_value(struct parser *p, struct ward_pdf_token t,
				struct ward_pdf_value **ret_value);

static bool
is_word(const struct ward_pdf_token *t, const char *word)
{
	return t->kind == WARD_PDF_TOKEN_WORD && ward_span_eq(t->text, ward_span_str(word));
}

/* A word no object goes past, however unfinished it is. It is left for the caller to read. */
static bool
ends_object(struct parser *p, const struct ward_pdf_token *t)
{
	if (!is_word(t, "endobj") && !is_word(t, "stream") && !is_word(t, "endstream") &&
	    !is_word(t, "obj") && !is_word(t, "xref") && !is_word(t, "trailer"))
		return false;
	p->c->pos -= t->text.len;
	p->end = true;
	return true;
}

static enum ward_rc
new_value(struct parser *p, enum ward_pdf_kind kind, struct ward_pdf_value **ret_value)
{
	*ret_value = ward_arena_alloc(p->arena, sizeof(**ret_value));
	if (!*ret_value)
		return WARD_E_LIMIT;
	(*ret_value)->kind = kind;
	return WARD_OK;
}

/* An integer, or the first of the three words of a reference. */
static enum ward_rc
parse_int(struct parser *p, int64_t num, struct ward_pdf_value **ret_value)
{
	struct ward_cursor look = *p->c;
	struct ward_arena_mark mark = ward_arena_save(p->arena);
	struct ward_pdf_token gen = {0};
	struct ward_pdf_token r = {0};
	enum ward_rc rc = WARD_OK;
	bool is_ref;

	ward_pdf_skip_space(&look);
	/* Only digits can go on as a reference; a string here must not be read twice. */
	if (ward_cursor_peek(&look) >= '0' && ward_cursor_peek(&look) <= '9') {
		rc = ward_pdf_lex(&look, p->arena, &gen);
		ward_pdf_skip_space(&look);
		if (rc == WARD_OK && ward_cursor_peek(&look) == 'R')
			rc = ward_pdf_lex(&look, p->arena, &r);
	}
	ward_arena_restore(p->arena, mark);
	if (rc != WARD_OK)
		return rc;
	is_ref = gen.kind == WARD_PDF_TOKEN_INT && is_word(&r, "R");
	if (is_ref)
		*p->c = look;
	rc = new_value(p, is_ref ? WARD_PDF_REF : WARD_PDF_INT, ret_value);
	if (rc == WARD_OK)
		(*ret_value)->num = num;
	return rc;
}

static enum ward_rc
parse_word(struct parser *p, const struct ward_pdf_token *t, struct ward_pdf_value **ret_value)
{
	bool yes = is_word(t, "true");
	enum ward_pdf_kind kind = yes || is_word(t, "false") ? WARD_PDF_BOOL : WARD_PDF_NULL;
	enum ward_rc rc;

	if (ends_object(p, t)) {
		*ret_value = NULL;
		return WARD_OK;
	}
	rc = new_value(p, kind, ret_value);
	if (rc == WARD_OK)
		(*ret_value)->num = yes;
	return rc;
}

static enum ward_rc
parse_text(struct parser *p, const struct ward_pdf_token *t, struct ward_pdf_value **ret_value)
{
	enum ward_pdf_kind kind = t->kind == WARD_PDF_TOKEN_NAME ? WARD_PDF_NAME : WARD_PDF_STRING;
	enum ward_rc rc = new_value(p, kind, ret_value);

	if (rc == WARD_OK)
		(*ret_value)->text = t->text;
	return rc;
}

static enum ward_rc
parse_array(struct parser *p, struct ward_pdf_value *array)
{
	struct ward_pdf_value **tail = &array->first;
	enum ward_rc rc = WARD_OK;

	while (rc == WARD_OK && !p->end) {
		struct ward_pdf_token t;
		struct ward_pdf_value *item = NULL;

		rc = ward_pdf_lex(p->c, p->arena, &t);
		if (rc != WARD_OK || t.kind == WARD_PDF_TOKEN_ARRAY_CLOSE ||
		    t.kind == WARD_PDF_TOKEN_END)
			return rc;
		rc = parse_value(p, t, &item);
		if (rc == WARD_OK && item) {
			*tail = item;
			tail = &item->next;
		}
	}
	return rc;
}

/* One member; *ret_more is false behind the last. What stands where a key should be is left out. */
static enum ward_rc
parse_member(struct parser *p, struct ward_pdf_value **ret_item, bool *ret_more)
{
	struct ward_pdf_token key;
	struct ward_pdf_token t;
	enum ward_rc rc = ward_pdf_lex(p->c, p->arena, &key);

	*ret_item = NULL;
	*ret_more = rc == WARD_OK && key.kind != WARD_PDF_TOKEN_DICT_CLOSE &&
		    key.kind != WARD_PDF_TOKEN_END;
	if (!*ret_more)
		return rc;
	if (key.kind != WARD_PDF_TOKEN_NAME) {
		(void)ends_object(p, &key);
		return WARD_OK;
	}
	rc = ward_pdf_lex(p->c, p->arena, &t);
	if (rc != WARD_OK)
		return rc;
	*ret_more = t.kind != WARD_PDF_TOKEN_DICT_CLOSE && t.kind != WARD_PDF_TOKEN_END;
	if (!*ret_more)
		return WARD_OK;
	rc = parse_value(p, t, ret_item);
	if (rc == WARD_OK && *ret_item)
		(*ret_item)->key = key.text;
	return rc;
}

static enum ward_rc
parse_dict(struct parser *p, struct ward_pdf_value *dict)
{
	struct ward_pdf_value **tail = &dict->first;
	enum ward_rc rc = WARD_OK;
	bool more = true;

	while (rc == WARD_OK && more && !p->end) {
		struct ward_pdf_value *item;

		rc = parse_member(p, &item, &more);
		if (rc == WARD_OK && item) {
			*tail = item;
			tail = &item->next;
		}
	}
	return rc;
}

/* To the end of an array or dictionary that nests too deep, keeping nothing of it. */
static enum ward_rc
skip_nest(struct parser *p)
{
	struct ward_arena_mark mark = ward_arena_save(p->arena);
	enum ward_rc rc = WARD_OK;
	size_t open = 1;

	while (rc == WARD_OK && open) {
		struct ward_pdf_token t;

		rc = ward_pdf_lex(p->c, p->arena, &t);
		ward_arena_restore(p->arena, mark);
		if (rc != WARD_OK || t.kind == WARD_PDF_TOKEN_END || ends_object(p, &t))
			return rc;
		if (t.kind == WARD_PDF_TOKEN_ARRAY_OPEN || t.kind == WARD_PDF_TOKEN_DICT_OPEN)
			open++;
		if (t.kind == WARD_PDF_TOKEN_ARRAY_CLOSE || t.kind == WARD_PDF_TOKEN_DICT_CLOSE)
			open--;
	}
	return rc;
}

static enum ward_rc
parse_nest(struct parser *p, enum ward_pdf_kind kind, struct ward_pdf_value **ret_value)
{
	enum ward_rc rc;

	if (p->depth >= WARD_PDF_DEPTH_MAX) {
		*ret_value = NULL;
		return skip_nest(p);
	}
	rc = new_value(p, kind, ret_value);
	if (rc != WARD_OK)
		return rc;
	p->depth++;
	rc = kind == WARD_PDF_ARRAY ? parse_array(p, *ret_value) : parse_dict(p, *ret_value);
	p->depth--;
	return rc;
}

/* *ret_value is NULL for what is no value. */
static enum ward_rc
parse_value(struct parser *p, struct ward_pdf_token t, struct ward_pdf_value **ret_value)
{
	*ret_value = NULL;
	switch (t.kind) {
	case WARD_PDF_TOKEN_INT:
		return parse_int(p, t.num, ret_value);
	case WARD_PDF_TOKEN_REAL:
		return new_value(p, WARD_PDF_REAL, ret_value);
	case WARD_PDF_TOKEN_NAME:
	case WARD_PDF_TOKEN_STRING:
		return parse_text(p, &t, ret_value);
	case WARD_PDF_TOKEN_WORD:
		return parse_word(p, &t, ret_value);
	case WARD_PDF_TOKEN_ARRAY_OPEN:
		return parse_nest(p, WARD_PDF_ARRAY, ret_value);
	case WARD_PDF_TOKEN_DICT_OPEN:
		return parse_nest(p, WARD_PDF_DICT, ret_value);
	case WARD_PDF_TOKEN_END:
	case WARD_PDF_TOKEN_ARRAY_CLOSE:
	case WARD_PDF_TOKEN_DICT_CLOSE:
	case WARD_PDF_TOKEN_OTHER:
	default:
		return WARD_OK;
	}
}

enum ward_rc
ward_pdf_value_parse(struct ward_cursor *c, struct ward_arena *arena,
		     struct ward_pdf_value **ret_value)
{
	struct parser p = {.c = c, .arena = arena};
	struct ward_pdf_value *value = NULL;
	struct ward_pdf_token t;
	enum ward_rc rc = ward_pdf_lex(c, arena, &t);

	if (rc == WARD_OK)
		rc = parse_value(&p, t, &value);
	if (rc != WARD_OK)
		return rc;
	if (!value)
		return WARD_E_FORMAT;
	*ret_value = value;
	return WARD_OK;
}

const struct ward_pdf_value *
ward_pdf_value_get(const struct ward_pdf_value *dict, const char *key)
{
	const struct ward_pdf_value *found = NULL;
	struct ward_span want = ward_span_str(key);

	if (!dict || dict->kind != WARD_PDF_DICT)
		return NULL;
	for (const struct ward_pdf_value *v = dict->first; v; v = v->next)
		if (ward_span_eq(v->key, want))
			found = v;
	return found;
}

bool
ward_pdf_value_is_name(const struct ward_pdf_value *value, const char *name)
{
	return value && value->kind == WARD_PDF_NAME &&
	       ward_span_eq(value->text, ward_span_str(name));
}

int64_t
ward_pdf_value_int(const struct ward_pdf_value *value, int64_t max, int64_t fallback)
{
	if (!value || value->kind != WARD_PDF_INT || value->num < 0 || value->num > max)
		return fallback;
	return value->num;
}
