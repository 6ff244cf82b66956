/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/inflate.h"

#include <zlib.h>

enum { STEP = 64 * 1024 };

struct job {
	z_stream z;
	struct ward_span rest; /* input not yet given to zlib: avail_in is 32 bits */
	struct ward_buf *out;
	ward_inflate_charge charge;
	void *ctx;
};

static void
feed(struct job *j)
{
	size_t n = j->rest.len < (1u << 30) ? j->rest.len : (1u << 30);

	if (j->z.avail_in || n == 0)
		return;
	j->z.next_in = (Bytef *)(uintptr_t)j->rest.data;
	j->z.avail_in = (uInt)n;
	j->rest = ward_span_cut(j->rest, n, j->rest.len);
}

/* Room for the next step: less than STEP when the buffer's maximum is near. */
static size_t
step_room(const struct ward_buf *out)
{
	size_t left = out->max - out->len;

	return left < STEP ? left : STEP;
}

static enum ward_rc
step(struct job *j, bool *ret_end)
{
	size_t room = step_room(j->out);
	uint8_t *at = room ? ward_buf_reserve(j->out, room) : NULL;
	size_t made;
	int z;

	if (!at)
		return WARD_E_LIMIT;
	feed(j);
	j->z.next_out = at;
	j->z.avail_out = (uInt)room;
	z = inflate(&j->z, Z_NO_FLUSH);
	made = room - j->z.avail_out;
	ward_buf_grown(j->out, made);
	*ret_end = z == Z_STREAM_END;
	if (made && j->charge) {
		enum ward_rc rc = j->charge(j->ctx, made);

		if (rc != WARD_OK)
			return rc;
	}
	if (z == Z_MEM_ERROR)
		return WARD_E_NOMEM;
	if (z == Z_BUF_ERROR || (z == Z_OK && made == 0 && !j->z.avail_in && !j->rest.len))
		return WARD_E_TRUNCATED;
	return z == Z_OK || z == Z_STREAM_END ? WARD_OK : WARD_E_FORMAT;
}

enum ward_rc
ward_inflate(enum ward_inflate_wrap wrap, struct ward_span in, struct ward_buf *out,
	     ward_inflate_charge charge, void *ctx)
{
	struct job j = {.rest = in, .out = out, .charge = charge, .ctx = ctx};
	enum ward_rc rc = WARD_OK;
	bool end = false;

	if (inflateInit2(&j.z, wrap == WARD_INFLATE_RAW ? -15 : 15) != Z_OK)
		return WARD_E_NOMEM;
	while (rc == WARD_OK && !end)
		rc = step(&j, &end);
	(void)inflateEnd(&j.z);
	return rc;
}
