/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void
ward_buf_init(struct ward_buf *b, size_t max, struct ward_budget *budget)
{
	*b = (struct ward_buf){.max = max, .budget = budget};
}

void
ward_buf_done(struct ward_buf *b)
{
	if (!b)
		return;
	if (b->budget)
		ward_budget_give(b->budget, b->room);
	free(b->data);
	*b = (struct ward_buf){0};
}

void
ward_buf_clear(struct ward_buf *b)
{
	b->len = 0;
	b->full = false;
}

static size_t
next_room(const struct ward_buf *b, size_t need)
{
	size_t room = b->room ? b->room : 256;

	while (room < need)
		room = room > b->max / 2 ? b->max : room * 2;
	return room < b->max ? room : b->max;
}

static enum ward_rc
make_room(struct ward_buf *b, size_t n)
{
	size_t room;
	uint8_t *data;

	if (n > b->max - b->len)
		return WARD_E_LIMIT;
	if (b->len + n <= b->room)
		return WARD_OK;
	room = next_room(b, b->len + n);
	if (b->budget && !ward_budget_take(b->budget, room - b->room))
		return WARD_E_LIMIT;
	data = realloc(b->data, room);
	if (!data) {
		if (b->budget)
			ward_budget_give(b->budget, room - b->room);
		return WARD_E_NOMEM;
	}
	b->data = data;
	b->room = room;
	return WARD_OK;
}

uint8_t *
ward_buf_reserve(struct ward_buf *b, size_t n)
{
	if (make_room(b, n ? n : 1) != WARD_OK) {
		b->full = true;
		return NULL;
	}
	return b->data + b->len;
}

void
ward_buf_grown(struct ward_buf *b, size_t n)
{
	b->len += n;
}

enum ward_rc
ward_buf_append(struct ward_buf *b, const void *data, size_t n)
{
	enum ward_rc rc = make_room(b, n);

	if (rc != WARD_OK) {
		b->full = true;
		return rc;
	}
	if (n) {
		memcpy(b->data + b->len, data, n);
		b->len += n;
	}
	return WARD_OK;
}

enum ward_rc
ward_buf_byte(struct ward_buf *b, uint8_t byte)
{
	return ward_buf_append(b, &byte, 1);
}

enum ward_rc
ward_buf_str(struct ward_buf *b, const char *text)
{
	return ward_buf_append(b, text, strlen(text));
}

enum ward_rc
ward_buf_printf(struct ward_buf *b, const char *fmt, ...)
{
	va_list args;
	int len;
	uint8_t *at;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return WARD_E_INVAL;
	/* vsnprintf writes a NUL too: it needs a place, though it is not counted. */
	at = ward_buf_reserve(b, (size_t)len + 1);
	if (!at)
		return WARD_E_LIMIT;
	va_start(args, fmt);
	(void)vsnprintf((char *)at, (size_t)len + 1, fmt, args);
	va_end(args);
	ward_buf_grown(b, (size_t)len);
	return WARD_OK;
}
