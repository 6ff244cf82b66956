/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/codec/base64.h"
#include "formats/codec/percent.h"
#include "formats/html/html-priv.h"

static bool
is_one_of(struct ward_span s, const char *const *list)
{
	for (; *list; list++)
		if (ward_text_eq_nocase(s, *list))
			return true;
	return false;
}

/* Attributes that take a URL. */
static const char *const url_attributes[] = {"href",   "src",	     "action",	 "formaction",
					     "data",   "background", "codebase", "xlink:href",
					     "poster", NULL};
/* Elements that load or run what they name. */
static const char *const embedding[] = {"object", "embed", "iframe", "frame", "applet", NULL};
/* Schemes that start programs on the machine that opens the page. */
static const char *const launching[] = {
	"ms-msdt:", "search-ms:", "ms-officecmd:", "file:", "mhtml:", "\\\\", NULL};

/* Browsers ignore control bytes and spaces before a URL, and line breaks and tabs
 * inside its scheme. */
static size_t
scheme_end(struct ward_span url, const char *scheme)
{
	size_t at = 0;

	while (at < url.len && url.data[at] <= ' ')
		at++;
	for (; *scheme; scheme++, at++) {
		while (at < url.len &&
		       (url.data[at] == '\t' || url.data[at] == '\n' || url.data[at] == '\r'))
			at++;
		if (at >= url.len || ward_text_lower(url.data[at]) != (uint8_t)*scheme)
			return 0;
	}
	return at;
}

/* Child data-N out of what follows "data:". */
static enum ward_rc
hand_data(struct ward_html_page *p, struct ward_span rest)
{
	WARD_AUTO(ward_buf_done) struct ward_buf plain = {0}, bytes = {0};
	struct ward_child child = {.packed = rest.len};
	struct ward_span head, body = rest;
	struct ward_codec_out o;
	enum ward_rc rc;

	ward_buf_init(&plain, rest.len * 2 + 8, ward_arena_budget(p->arena));
	ward_buf_init(&bytes, ward_sink_child_max(p->sink, rest.len + 8),
		      ward_arena_budget(p->arena));
	if (!ward_text_split(&body, ',', &head) || !body.len)
		return WARD_OK;
	if (p->data == WARD_HTML_CHILDREN_MAX) {
		ward_sink_gap(p->sink, NULL, WARD_REASON_FILES);
		return WARD_OK;
	}
	child.name = ward_arena_printf(p->arena, "data-%u", ++p->data);
	if (!child.name)
		return WARD_E_LIMIT;
	ward_codec_out_init(&o, &plain, p->sink);
	ward_codec_percent(body, &o);
	if (ward_text_find_nocase(ward_span_cut(head, 0, 512), ward_span_str("base64"), 0) ==
	    SIZE_MAX)
		return ward_codec_out_child(&o, &child);
	rc = ward_codec_out_finish(&o);
	if (rc != WARD_OK)
		return rc;
	ward_codec_out_init(&o, &bytes, p->sink);
	ward_codec_base64(ward_buf_span(&plain), &o);
	return ward_codec_out_child(&o, &child);
}

/* Adds code to the child "handlers". */
static void
add_code(struct ward_html_page *p, struct ward_span code, bool percent)
{
	if (percent)
		ward_codec_percent(code, &p->handlers);
	else
		ward_codec_write(&p->handlers, code);
	ward_codec_write(&p->handlers, ward_span_str(";\n"));
}

/* `*ret_active`: the URL is itself a document or code. */
static enum ward_rc
look_at_url(struct ward_html_page *p, struct ward_span url, bool *ret_active)
{
	size_t at = scheme_end(url, "data:");

	*ret_active = true;
	if (at)
		return hand_data(p, ward_span_cut(url, at, url.len));
	at = scheme_end(url, "javascript:");
	if (!at)
		at = scheme_end(url, "vbscript:");
	if (at) {
		add_code(p, ward_span_cut(url, at, url.len), true);
		return WARD_OK;
	}
	*ret_active = false;
	for (const char *const *scheme = launching; *scheme; scheme++)
		if (scheme_end(url, *scheme))
			ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
	return WARD_OK;
}

/* "0; url=…" of <meta http-equiv=refresh>. */
static enum ward_rc
look_at_refresh(struct ward_html_page *p, struct ward_span content)
{
	size_t at = ward_text_find_nocase(ward_span_cut(content, 0, 64), ward_span_str("url="), 0);
	enum ward_rc rc;
	bool active;

	if (at == SIZE_MAX)
		return WARD_OK;
	content = ward_text_trim(ward_span_cut(content, at + 4, content.len));
	if (content.len && (content.data[0] == '\'' || content.data[0] == '"'))
		content = ward_span_cut(content, 1, content.len - 2);
	rc = look_at_url(p, content, &active);
	if (active)
		ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
	return rc;
}

static enum ward_rc
hand_srcdoc(struct ward_html_page *p, struct ward_span value)
{
	struct ward_child child = {.bytes = value, .type = WARD_TYPE_HTML};

	if (p->frames == WARD_HTML_CHILDREN_MAX || !value.len)
		return WARD_OK;
	child.name = ward_arena_printf(p->arena, "srcdoc-%u", ++p->frames);
	return child.name ? ward_sink_child(p->sink, &child) : WARD_E_LIMIT;
}

static void
note_embedded(struct ward_html_page *p, const struct ward_html_tag *tag, struct ward_span url)
{
	if (!is_one_of(tag->name, embedding))
		return;
	if (ward_text_find(ward_span_cut(url, 0, 16), ward_span_str("://"), 0) != SIZE_MAX &&
	    !ward_text_eq_nocase(tag->name, "iframe") && !ward_text_eq_nocase(tag->name, "frame"))
		ward_sink_trait(p->sink, WARD_TRAIT_EXTERNAL);
	if (p->facts++ < WARD_HTML_FACTS_MAX)
		ward_sink_fact(p->sink, "html.embed", "%.*s %.*s", (int)tag->name.len,
			       (const char *)tag->name.data, url.len < 300 ? (int)url.len : 300,
			       (const char *)url.data);
}

enum ward_rc
ward_html_attribute(struct ward_html_page *p, const struct ward_html_tag *tag,
		    struct ward_span name, struct ward_span value)
{
	bool active;

	if (!value.len)
		return WARD_OK;
	if (name.len > 3 && ward_text_starts_nocase(name, "on")) {
		add_code(p, value, false);
		return WARD_OK;
	}
	if (ward_text_eq_nocase(name, "srcdoc"))
		return hand_srcdoc(p, value);
	if (ward_text_eq_nocase(name, "content") && ward_text_eq_nocase(tag->name, "meta"))
		return look_at_refresh(p, value);
	if (!is_one_of(name, url_attributes))
		return WARD_OK;
	note_embedded(p, tag, value);
	return look_at_url(p, value, &active);
}

enum ward_rc
ward_html_script(struct ward_html_page *p, struct ward_span language, struct ward_span body)
{
	static const char *const inert[] = {"json",	    "template",		"importmap",
					    "x-handlebars", "speculationrules", "text/plain"};
	struct ward_child child = {.bytes = body, .type = WARD_TYPE_JAVASCRIPT};

	for (size_t i = 0; i < sizeof(inert) / sizeof(inert[0]); i++)
		if (ward_text_find_nocase(language, ward_span_str(inert[i]), 0) != SIZE_MAX)
			return WARD_OK;
	if (ward_text_trim(body).len == 0)
		return WARD_OK;
	if (ward_text_find_nocase(language, ward_span_str("vbs"), 0) != SIZE_MAX)
		child.type = WARD_TYPE_VBSCRIPT;
	ward_sink_trait(p->sink, WARD_TRAIT_SCRIPT);
	if (p->scripts++ == WARD_HTML_CHILDREN_MAX)
		ward_sink_gap(p->sink, NULL, WARD_REASON_FILES);
	if (p->scripts > WARD_HTML_CHILDREN_MAX)
		return WARD_OK;
	child.name = ward_arena_printf(p->arena, "script-%u", p->scripts);
	/* Microsoft's script encoder: scanned as it is, but the source is hidden. */
	if (child.name && ward_text_find_nocase(language, ward_span_str(".encode"), 0) != SIZE_MAX)
		ward_sink_gap(p->sink, child.name, WARD_REASON_UNSUPPORTED);
	return child.name ? ward_sink_child(p->sink, &child) : WARD_E_LIMIT;
}
