/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/watch/mounts.h"

#include "base/text.h"

/* Three octal digits after a backslash, for white space and the backslash itself. */
static int
escaped(struct ward_span s)
{
	int value = 0;

	if (s.len < 4 || s.data[0] != '\\')
		return -1;
	for (size_t i = 1; i < 4; i++) {
		if (s.data[i] < '0' || s.data[i] > '7')
			return -1;
		value = value * 8 + (s.data[i] - '0');
	}
	return value > 0 && value < 256 ? value : -1;
}

static bool
unescape(struct ward_span from, char *ret, size_t room)
{
	size_t n = 0;

	while (from.len > 0) {
		int c = escaped(from);

		if (n + 1 >= room)
			return false;
		ret[n++] = (char)(c < 0 ? from.data[0] : c);
		from = ward_span_cut(from, c < 0 ? 1 : 4, from.len);
	}
	ret[n] = 0;
	return n > 0;
}

static bool
number(struct ward_span text, uint32_t *ret)
{
	uint64_t value;

	if (!ward_text_u64(text, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool
device(struct ward_span text, struct ward_mount *m)
{
	struct ward_span part;

	return ward_text_split(&text, ':', &part) && number(part, &m->major) &&
	       number(text, &m->minor);
}

/* id, parent, major:minor, root, place, options, optional fields …, "-", type, source, options */
static bool
parse(struct ward_span line, struct ward_mount *m)
{
	struct ward_span part = {NULL, 0};

	if (!ward_text_split(&line, ' ', &part) || !number(part, &m->id) ||
	    !ward_text_split(&line, ' ', &part) || !ward_text_split(&line, ' ', &part) ||
	    !device(part, m) || !ward_text_split(&line, ' ', &part))
		return false;
	m->whole = ward_span_eq(part, ward_span_str("/"));
	if (!ward_text_split(&line, ' ', &part) || !unescape(part, m->place, sizeof(m->place)))
		return false;
	do {
		if (!ward_text_split(&line, ' ', &part))
			return false;
	} while (!ward_span_eq(part, ward_span_str("-")));
	if (!ward_text_split(&line, ' ', &part) || !unescape(part, m->type, sizeof(m->type)))
		return false;
	(void)ward_text_split(&line, ' ', &part); /* the source */
	m->options = line;
	return true;
}

enum ward_rc
ward_mounts_next(struct ward_span *rest, struct ward_mount *ret_mount)
{
	struct ward_span line;

	/* Nothing stands behind the last line's end. */
	if (!ward_text_split(rest, '\n', &line) || (line.len == 0 && rest->len == 0))
		return WARD_E_NOENT;
	return parse(line, ret_mount) ? WARD_OK : WARD_E_FORMAT;
}

/* Up to the next of two characters; advances. */
static struct ward_span
piece(struct ward_span *rest, char *ret_end)
{
	struct ward_span all = *rest;
	size_t n = 0;

	while (n < all.len && all.data[n] != ',' && all.data[n] != ':')
		n++;
	*ret_end = n < all.len ? (char)all.data[n] : ',';
	*rest = ward_span_cut(all, n + 1, all.len);
	return ward_span_cut(all, 0, n);
}

static bool
strip(struct ward_span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (!ward_span_starts(*s, prefix, n))
		return false;
	*s = ward_span_cut(*s, n, s->len);
	return true;
}

bool
ward_mounts_layer(struct ward_span *rest, char ret_place[WARD_MOUNT_PLACE], bool *ret_known)
{
	char end;

	while (rest->len > 0) {
		struct ward_span part = *rest;
		bool layer = strip(&part, "lowerdir=") || strip(&part, "upperdir=") ||
			     strip(&part, "lowerdir+=") || part.data[0] == '/';

		if (layer)
			*rest = part;
		part = piece(rest, &end);
		if (!layer)
			continue;
		if (part.len > 0 && part.data[0] == '/' &&
		    unescape(part, ret_place, WARD_MOUNT_PLACE))
			return true;
		/* "::" stands before layers that only hold data; a relative name is no place for us. */
		*ret_known &= part.len == 0;
	}
	return false;
}
