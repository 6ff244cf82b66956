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
	    !device(part, m) || !ward_text_split(&line, ' ', &part) ||
	    !ward_text_split(&line, ' ', &part) || !unescape(part, m->place, sizeof(m->place)))
		return false;
	do {
		if (!ward_text_split(&line, ' ', &part))
			return false;
	} while (!ward_span_eq(part, ward_span_str("-")));
	return ward_text_split(&line, ' ', &part) && unescape(part, m->type, sizeof(m->type));
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
