/* SPDX-License-Identifier: Apache-2.0 */
/* Why an exclusion matches, or why one that looks as if it should does not. */
#include "base/text.h"
#include "base/utf.h"
#include "policy/exclude/read.h"
#include "policy/exclude/set-priv.h"

static enum ward_rc
say(struct ward_buf *out, const char *before, struct ward_span value, const char *after)
{
	enum ward_rc rc = ward_buf_str(out, before);

	if (rc == WARD_OK)
		rc = ward_utf_escape(out, value);
	return rc ? rc : ward_buf_str(out, after);
}

static enum ward_rc
say_match(const struct item *item, const struct ward_exclusion_subject *s, struct ward_buf *out)
{
	struct ward_span value = ward_span_str(item->entry->value);

	switch (item->entry->kind) {
	case WARD_EXCLUDE_PATH:
		if (s->path && strcmp(s->path, item->entry->value) == 0)
			return ward_buf_str(out, "names this very path");
		return say(out, "covers everything below ", value, "");
	case WARD_EXCLUDE_GLOB:
		return ward_buf_str(out, "its pattern matches the whole path");
	case WARD_EXCLUDE_EXTENSION:
		return say(out, "the name ends in .", value, "");
	case WARD_EXCLUDE_PROCESS:
		return ward_buf_str(out, "it is opened by this program");
	case WARD_EXCLUDE_HASH:
		return ward_buf_str(out, "the content has this digest");
	case WARD_EXCLUDE_THREAT:
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return ward_buf_str(out, "the threat has this name");
}

/* --- near misses --- */

static bool
near_path(const char *entry, const char *path, struct ward_buf *out, enum ward_rc *rc)
{
	size_t n = strlen(entry), m = strlen(path);

	if (m >= n && ward_text_starts_nocase(ward_span_str(path), entry) &&
	    strncmp(entry, path, n) != 0 && (m == n || path[n] == '/'))
		*rc = ward_buf_str(out, "differs in case only; case counts");
	else if (m > n && strncmp(entry, path, n) == 0)
		*rc = say(out, "ends within a component: ", ward_span_str(entry),
			  " covers only itself and what lies below it");
	else if (n > m && strncmp(entry, path, m) == 0 && (entry[m] == '/' || m == 1))
		*rc = ward_buf_str(out, "names something below this path, not the path itself");
	else
		return false;
	return true;
}

static bool
near_glob(const struct item *item, const char *path, struct ward_buf *out, enum ward_rc *rc)
{
	struct ward_span p = ward_span_str(path), directory = ward_glob_directory(item->glob);
	size_t reach = ward_glob_reach(item->glob, p);

	/* Nearer than the directory that leads there, or it is no miss worth telling. */
	if (directory.len == 0 || reach <= directory.len + 1)
		return false;
	if (reach == p.len)
		*rc = ward_buf_str(out, "the path ends before the pattern does");
	else
		*rc = say(out, "matches as far as ", ward_span_cut(p, 0, reach),
			  p.data[reach] == '/' ? "; * and ? do not match /, ** does" : "");
	return true;
}

static bool
near_process(const char *entry, const char *process, struct ward_buf *out, enum ward_rc *rc)
{
	const char *a = strrchr(entry, '/'), *b = strrchr(process, '/');

	if (!a || !b || strcmp(a, b) != 0)
		return false;
	*rc = ward_buf_str(out, "is another program of the same name; the whole path counts");
	return true;
}

static bool
is_near(const struct item *item, const struct ward_exclusion_subject *s, struct ward_buf *out,
	enum ward_rc *rc)
{
	switch (item->entry->kind) {
	case WARD_EXCLUDE_PATH:
		return s->path && near_path(item->entry->value, s->path, out, rc);
	case WARD_EXCLUDE_GLOB:
		return s->path && near_glob(item, s->path, out, rc);
	case WARD_EXCLUDE_PROCESS:
		return s->process && near_process(item->entry->value, s->process, out, rc);
	case WARD_EXCLUDE_EXTENSION:
	case WARD_EXCLUDE_HASH:
	case WARD_EXCLUDE_THREAT:
	case WARD_EXCLUDE_KINDS:
		break;
	}
	return false;
}

enum ward_rc
ward_exclusions_explain(const struct ward_exclusions *x, size_t entry,
			const struct ward_exclusion_subject *s, struct ward_buf *out,
			enum ward_exclusion_fit *ret_fit)
{
	const struct item *item = &x->items[entry];
	const struct ward_exclusion *e = item->entry;
	enum ward_rc rc = WARD_OK;

	if (!ward_exclusion_fits(item, s)) {
		*ret_fit = is_near(item, s, out, &rc) ? WARD_EXCLUSION_NEAR : WARD_EXCLUSION_OTHER;
		return rc;
	}
	rc = say_match(item, s, out);
	*ret_fit = WARD_EXCLUSION_MATCHES;
	if (rc == WARD_OK && e->expires_s && s->now_s >= e->expires_s) {
		*ret_fit = WARD_EXCLUSION_EXPIRED;
		rc = ward_buf_str(out, ", but it was over at ");
		return rc ? rc : ward_exclusion_print_time(e->expires_s, out);
	}
	if (rc == WARD_OK && !(e->scope & s->scope)) {
		*ret_fit = WARD_EXCLUSION_SCOPE;
		return ward_buf_str(out, s->scope == WARD_EXCLUDE_REALTIME
						 ? ", but only in scans on demand"
						 : ", but only in real time");
	}
	return rc;
}
