/* SPDX-License-Identifier: Apache-2.0 */
/* A stream's way through its filters (ISO 32000-1, 7.3.8.2, 7.4). */
#include "formats/pdf/doc.h"

enum { FILTERS_MAX = 32, DECODED_MAX = 256 << 20, BUF_KEEP = 1 << 20 };

struct chain {
	const struct ward_pdf_doc *doc;
	const struct ward_pdf_value *filters; /* a name or an array */
	const struct ward_pdf_value *parms;   /* a dictionary, an array or NULL */
};

void
ward_pdf_decoded_init(struct ward_pdf_decoded *d, const struct ward_pdf_doc *doc)
{
	size_t max = ward_sink_child_max(doc->sink, DECODED_MAX);
	struct ward_budget *budget = ward_arena_budget(doc->arena);

	*d = (struct ward_pdf_decoded){0};
	ward_buf_init(&d->bytes, max, budget);
	ward_buf_init(&d->spare, max, budget);
}

void
ward_pdf_decoded_done(struct ward_pdf_decoded *d)
{
	ward_buf_done(&d->bytes);
	ward_buf_done(&d->spare);
	*d = (struct ward_pdf_decoded){0};
}

static uint32_t
parm(const struct ward_pdf_value *dict, const char *key, uint32_t fallback)
{
	return (uint32_t)ward_pdf_value_int(ward_pdf_value_get(dict, key), UINT32_MAX, fallback);
}

static struct ward_pdf_parms
read_parms(const struct ward_pdf_value *dict)
{
	struct ward_pdf_parms p = WARD_PDF_PARMS_DEFAULT;

	p.predictor = parm(dict, "Predictor", p.predictor);
	p.colors = parm(dict, "Colors", p.colors);
	p.bits = parm(dict, "BitsPerComponent", p.bits);
	p.columns = parm(dict, "Columns", p.columns);
	p.early_change = parm(dict, "EarlyChange", 1) != 0;
	return p;
}

/* The value of either of two keys, behind references. */
static enum ward_rc
get(const struct ward_pdf_doc *doc, const struct ward_pdf_value *dict, const char *key,
    const char *short_key, const struct ward_pdf_value **ret_value)
{
	const struct ward_pdf_value *v = ward_pdf_value_get(dict, key);

	if (!v)
		v = ward_pdf_value_get(dict, short_key);
	return ward_pdf_doc_resolve(doc, v, ret_value);
}

/* Element i of an array, or a lone value as element 0, behind references. */
static enum ward_rc
element(const struct ward_pdf_doc *doc, const struct ward_pdf_value *list, size_t i,
	const struct ward_pdf_value **ret_value)
{
	const struct ward_pdf_value *v = list;

	if (list && list->kind == WARD_PDF_ARRAY) {
		v = list->first;
		for (; v && i > 0; i--)
			v = v->next;
	} else if (i > 0) {
		v = NULL;
	}
	return ward_pdf_doc_resolve(doc, v, ret_value);
}

/* The parameters of a Crypt filter that does nothing (7.4.10). */
static bool
is_identity(const struct ward_pdf_value *parms)
{
	const struct ward_pdf_value *name = ward_pdf_value_get(parms, "Name");

	return !name || ward_pdf_value_is_name(name, "Identity");
}

static void
shrink(struct ward_buf *b)
{
	if (b->room > BUF_KEEP) {
		struct ward_budget *budget = b->budget;
		size_t max = b->max;

		ward_buf_done(b);
		ward_buf_init(b, max, budget);
	}
	ward_buf_clear(b);
}

/* Runs one filter from d->view; its result becomes d->view. */
static enum ward_rc
run(const struct ward_pdf_doc *doc, enum ward_pdf_filter filter, const struct ward_pdf_parms *parms,
    struct ward_pdf_decoded *d)
{
	struct ward_pdf_output o = {.out = &d->spare, .sink = doc->sink};
	struct ward_buf swap;
	enum ward_rc rc;

	shrink(&d->spare);
	rc = ward_pdf_filter_decode(filter, parms, d->view, &o);
	d->refused = o.refused;
	swap = d->bytes;
	d->bytes = d->spare;
	d->spare = swap;
	d->view = ward_buf_span(&d->bytes);
	return rc;
}

/* Filter i of the chain. *ret_more is false behind the last. */
static enum ward_rc
step(const struct chain *chain, size_t i, struct ward_pdf_decoded *d, bool *ret_more)
{
	const struct ward_pdf_value *name;
	const struct ward_pdf_value *dict;
	struct ward_pdf_parms parms;
	enum ward_pdf_filter filter;
	enum ward_rc rc = element(chain->doc, chain->filters, i, &name);

	*ret_more = false;
	if (rc != WARD_OK || !name)
		return rc;
	rc = element(chain->doc, chain->parms, i, &dict);
	if (rc != WARD_OK)
		return rc;
	if (name->kind != WARD_PDF_NAME)
		return WARD_E_FORMAT;
	*ret_more = true;
	filter = ward_pdf_filter_by_name(name->text);
	d->image = filter == WARD_PDF_FILTER_IMAGE;
	if (d->image) {
		*ret_more = false;
		return WARD_OK;
	}
	if (filter == WARD_PDF_FILTER_CRYPT)
		return is_identity(dict) ? WARD_OK : WARD_E_ENCRYPTED;
	/* The undecoded bytes are better than none. */
	if (filter == WARD_PDF_FILTER_UNKNOWN)
		return WARD_E_UNSUPPORTED;
	parms = read_parms(dict);
	return run(chain->doc, filter, &parms, d);
}

/*
 * A damaged filter's output still goes through the rest of the chain: viewers do so too. The first
 * trouble is what is told.
 */
static enum ward_rc
run_chain(const struct chain *chain, struct ward_pdf_decoded *d)
{
	enum ward_rc first = WARD_OK;
	bool more = true;
	size_t i = 0;

	for (; more && i < FILTERS_MAX; i++) {
		enum ward_rc rc = step(chain, i, d, &more);
		bool damage = rc == WARD_E_FORMAT || rc == WARD_E_TRUNCATED;

		if (first == WARD_OK)
			first = rc;
		if (rc != WARD_OK && !damage)
			return rc;
	}
	return more ? WARD_E_UNSUPPORTED : first;
}

enum ward_rc
ward_pdf_doc_decode(const struct ward_pdf_doc *doc, const struct ward_pdf_object *object,
		    struct ward_pdf_decoded *d)
{
	struct chain chain = {.doc = doc};
	enum ward_rc rc;

	shrink(&d->bytes);
	d->image = false;
	d->view = object->stream;
	/* What was stored counts too: a thousand objects may claim the same bytes. */
	rc = ward_sink_charge(doc->sink, 0, object->stream.len);
	d->refused = rc != WARD_OK;
	if (rc == WARD_OK)
		rc = get(doc, object->value, "Filter", "F", &chain.filters);
	if (rc == WARD_OK)
		rc = get(doc, object->value, "DecodeParms", "DP", &chain.parms);
	if (rc != WARD_OK)
		return rc;
	/* /F is also the key of a stream kept in another file (7.3.8.2): then it is no filter. */
	if (!chain.filters ||
	    (chain.filters->kind != WARD_PDF_NAME && chain.filters->kind != WARD_PDF_ARRAY)) {
		rc = ward_sink_charge(doc->sink, object->stream.len, 0);
		d->refused = rc != WARD_OK;
		return rc;
	}
	return run_chain(&chain, d);
}
