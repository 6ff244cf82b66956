/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/stix-pattern.h"

#include "base/text.h"
#include "cloud/import/values.h"

struct pattern {
	struct ward_span left;
	ward_stix_hash_fn fn; /* NULL: only looking */
	void *context;
	enum ward_rc rc;
};

static const char other[] = "a pattern that is not an OR of hashes of files";
static const char other_hash[] = "a pattern with a hash that is not SHA-256, SHA-1 or MD5";

static void
advance(struct pattern *p, size_t n)
{
	p->left = ward_span_cut(p->left, n, p->left.len);
}

static void
skip_space(struct pattern *p)
{
	while (p->left.len > 0 && ward_text_is_space(p->left.data[0]))
		advance(p, 1);
}

static bool
take(struct pattern *p, const char *text)
{
	skip_space(p);
	if (!ward_span_starts(p->left, text, strlen(text)))
		return false;
	advance(p, strlen(text));
	return true;
}

/* A word, which no letter may follow; keywords are upper case, but some tools write them otherwise. */
static bool
take_word(struct pattern *p, const char *word)
{
	size_t len = strlen(word);

	skip_space(p);
	if (!ward_text_starts_nocase(p->left, word) ||
	    (p->left.len > len && ward_text_is_alnum(p->left.data[len])))
		return false;
	advance(p, len);
	return true;
}

/* '…' without escapes: no digest and no hash's name needs one. */
static bool
take_string(struct pattern *p, char quote, struct ward_span *ret)
{
	size_t n = 1;

	skip_space(p);
	if (p->left.len == 0 || p->left.data[0] != (uint8_t)quote)
		return false;
	while (n < p->left.len && p->left.data[n] != (uint8_t)quote && p->left.data[n] != '\\')
		n++;
	if (n == p->left.len || p->left.data[n] == '\\')
		return false;
	*ret = ward_span_cut(p->left, 1, n - 1);
	advance(p, n + 1);
	return true;
}

static const char *
take_digest(struct pattern *p, enum ward_import_kind kind)
{
	enum ward_import_kind found;
	struct ward_span hex;
	uint8_t digest[32];

	if (!take_string(p, '\'', &hex))
		return other;
	if (!ward_import_digest(hex, &found, digest) || found != kind)
		return "a pattern with a hash that is none";
	if (p->fn && !p->rc)
		p->rc = p->fn(p->context, kind, digest);
	return NULL;
}

/* The name of a hash function after "file:hashes." */
static const char *
take_name(struct pattern *p, enum ward_import_kind *ret_kind)
{
	struct ward_span name;
	size_t n = 0;

	if (!take_string(p, '\'', &name) && !take_string(p, '"', &name)) {
		while (n < p->left.len && (ward_text_is_alnum(p->left.data[n]) ||
					   p->left.data[n] == '_' || p->left.data[n] == '-'))
			n++;
		name = ward_span_cut(p->left, 0, n);
		advance(p, n);
	}
	if (name.len == 0)
		return other;
	return ward_import_hash_name(name, ret_kind) ? NULL : other_hash;
}

static const char *
take_set(struct pattern *p, enum ward_import_kind kind)
{
	const char *why = NULL;

	if (!take(p, "("))
		return other;
	do
		why = take_digest(p, kind);
	while (!why && take(p, ","));
	return why || take(p, ")") ? why : other;
}

static const char *
take_comparison(struct pattern *p)
{
	enum ward_import_kind kind;
	const char *why;

	if (!take(p, "file:hashes."))
		return other;
	why = take_name(p, &kind);
	if (why)
		return why;
	if (take_word(p, "IN"))
		return take_set(p, kind);
	if (!take(p, "=="))
		if (!take(p, "="))
			return other;
	return take_digest(p, kind);
}

static const char *
take_all(struct pattern *p)
{
	const char *why = NULL;

	do {
		if (!take(p, "["))
			return other;
		do
			why = take_comparison(p);
		while (!why && take_word(p, "OR"));
		if (!why && !take(p, "]"))
			why = other;
	} while (!why && take_word(p, "OR"));
	skip_space(p);
	return why || p->left.len == 0 ? why : other;
}

const char *
ward_stix_pattern(struct ward_span pattern, ward_stix_hash_fn fn, void *context,
		  enum ward_rc *ret_rc)
{
	struct pattern look = {.left = pattern}, use = {pattern, fn, context, WARD_OK};
	const char *why = take_all(&look);

	if (!why)
		why = take_all(&use);
	if (!why)
		*ret_rc = use.rc;
	return why;
}
