/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

static const uint8_t zeros[8];

/* The next n (<= 8) bytes, or zeros after marking the failure: callers need no
 * branch. */
static const uint8_t *
take(struct ward_cursor *c, size_t n)
{
	const uint8_t *p;

	if (c->failed || c->in.len - c->pos < n) {
		c->failed = true;
		return zeros;
	}
	p = c->in.data + c->pos;
	c->pos += n;
	return p;
}

struct ward_cursor
ward_cursor_at(struct ward_span in, uint64_t offset)
{
	struct ward_cursor c = ward_cursor_of(in);

	ward_cursor_seek(&c, offset);
	return c;
}

enum ward_rc
ward_cursor_rc(const struct ward_cursor *c)
{
	return c->failed ? WARD_E_TRUNCATED : WARD_OK;
}

size_t
ward_cursor_left(const struct ward_cursor *c)
{
	return c->failed ? 0 : c->in.len - c->pos;
}

uint8_t
ward_cursor_u8(struct ward_cursor *c)
{
	return take(c, 1)[0];
}

uint16_t
ward_cursor_u16le(struct ward_cursor *c)
{
	const uint8_t *p = take(c, 2);

	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
ward_cursor_u32le(struct ward_cursor *c)
{
	const uint8_t *p = take(c, 4);

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t
ward_cursor_u64le(struct ward_cursor *c)
{
	uint64_t value = 0;
	const uint8_t *p = take(c, 8);

	for (int i = 7; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

uint16_t
ward_cursor_u16be(struct ward_cursor *c)
{
	const uint8_t *p = take(c, 2);

	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
ward_cursor_u32be(struct ward_cursor *c)
{
	const uint8_t *p = take(c, 4);

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

uint64_t
ward_cursor_u64be(struct ward_cursor *c)
{
	uint64_t value = 0;
	const uint8_t *p = take(c, 8);

	for (int i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return value;
}

struct ward_span
ward_cursor_bytes(struct ward_cursor *c, uint64_t n)
{
	struct ward_span out = {NULL, 0};

	if (c->failed || n > c->in.len - c->pos) {
		c->failed = true;
		return out;
	}
	out = ward_span_cut(c->in, c->pos, n);
	c->pos += (size_t)n;
	return out;
}

void
ward_cursor_skip(struct ward_cursor *c, uint64_t n)
{
	(void)ward_cursor_bytes(c, n);
}

void
ward_cursor_seek(struct ward_cursor *c, uint64_t offset)
{
	if (c->failed || offset > c->in.len) {
		c->failed = true;
		return;
	}
	c->pos = (size_t)offset;
}

int
ward_cursor_peek(const struct ward_cursor *c)
{
	return ward_cursor_left(c) ? c->in.data[c->pos] : -1;
}

struct ward_span
ward_cursor_cstr(struct ward_cursor *c, size_t max)
{
	size_t left = ward_cursor_left(c);
	size_t look = left < max ? left : max;
	const uint8_t *start = look ? c->in.data + c->pos : NULL;
	const uint8_t *end = look ? memchr(start, 0, look) : NULL;

	if (!end) {
		c->failed = true;
		return (struct ward_span){NULL, 0};
	}
	c->pos += (size_t)(end - start) + 1;
	return ward_span_of(start, (size_t)(end - start));
}

bool
ward_cursor_line(struct ward_cursor *c, struct ward_span *ret_line)
{
	size_t left = ward_cursor_left(c);
	const uint8_t *start, *lf;
	size_t len;

	if (left == 0)
		return false;
	start = c->in.data + c->pos;
	lf = memchr(start, '\n', left);
	len = lf ? (size_t)(lf - start) : left;
	c->pos += len + (lf ? 1 : 0);
	if (lf && len > 0 && start[len - 1] == '\r')
		len--;
	*ret_line = ward_span_of(start, len);
	return true;
}
