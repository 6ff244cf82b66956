/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/delta/delta.h"

#include <stdlib.h>
#include <zstd.h>

#include "base/cursor.h"
#include "intel/delta/delta-priv.h"
#include "sys/crypto.h"

enum { WINDOW_MAX = 31, PIECE = 128 * 1024 };

bool
ward_delta_is(struct ward_span bytes)
{
	return ward_span_starts(bytes, WARD_DELTA_MAGIC, 8);
}

static void
take_digest(struct ward_cursor *c, uint8_t into[32])
{
	struct ward_span bytes = ward_cursor_bytes(c, 32);

	if (bytes.len == 32)
		memcpy(into, bytes.data, 32);
}

enum ward_rc
ward_delta_read(struct ward_span bytes, struct ward_delta *ret_delta)
{
	struct ward_cursor c = ward_cursor_of(bytes);
	struct ward_delta d = {0};
	uint32_t version, zero;

	if (!ward_delta_is(bytes))
		return WARD_E_FORMAT;
	ward_cursor_skip(&c, 8);
	version = ward_cursor_u32le(&c);
	zero = ward_cursor_u32le(&c);
	d.base_len = ward_cursor_u64le(&c);
	d.result_len = ward_cursor_u64le(&c);
	take_digest(&c, d.base);
	take_digest(&c, d.result);
	take_digest(&c, d.sha256);
	if (!ward_cursor_ok(&c))
		return WARD_E_FORMAT;
	if (version != WARD_DELTA_VERSION || zero != 0)
		return WARD_E_UNSUPPORTED;
	d.frame = ward_span_cut(bytes, WARD_DELTA_HEADER, bytes.len);
	if (ZSTD_getFrameContentSize(d.frame.data, d.frame.len) != d.result_len)
		return WARD_E_FORMAT;
	*ret_delta = d;
	return WARD_OK;
}

struct applying {
	const struct ward_delta *delta;
	ward_delta_write write;
	void *ctx;
	struct ward_hasher *hasher;
	uint64_t written;
	uint8_t piece[PIECE];
};

static enum ward_rc
give(struct applying *a, size_t len)
{
	struct ward_span bytes = ward_span_of(a->piece, len);
	enum ward_rc rc;

	if (len > a->delta->result_len - a->written)
		return WARD_E_FORMAT;
	a->written += len;
	rc = ward_hasher_add(a->hasher, bytes);
	return rc ? rc : a->write(a->ctx, bytes);
}

/* One frame and not a byte behind it. */
static enum ward_rc
unpack(struct applying *a, ZSTD_DCtx *z)
{
	ZSTD_inBuffer in = {a->delta->frame.data, a->delta->frame.len, 0};
	enum ward_rc rc = WARD_OK;
	size_t left = 1;

	while (rc == WARD_OK && left != 0) {
		ZSTD_outBuffer out = {a->piece, sizeof(a->piece), 0};
		size_t before = in.pos;

		left = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(left) || (left != 0 && in.pos == before && out.pos == 0))
			rc = WARD_E_FORMAT;
		else if (out.pos > 0)
			rc = give(a, out.pos);
	}
	if (rc == WARD_OK && (in.pos != in.size || a->written != a->delta->result_len))
		rc = WARD_E_FORMAT;
	return rc;
}

static enum ward_rc
check(struct applying *a)
{
	uint8_t real[WARD_SHA256_LEN];
	enum ward_rc rc = ward_hasher_end(a->hasher, real);

	if (rc == WARD_OK && memcmp(real, a->delta->sha256, sizeof(real)) != 0)
		rc = WARD_E_FORMAT;
	return rc;
}

enum ward_rc
ward_delta_apply(const struct ward_delta *delta, struct ward_span base, uint64_t max,
		 ward_delta_write write, void *ctx)
{
	struct applying *a;
	ZSTD_DCtx *z;
	enum ward_rc rc = WARD_OK;

	if (delta->result_len > max || delta->result_len >= WARD_DELTA_REACH)
		return WARD_E_LIMIT;
	if (delta->base_len != base.len)
		return WARD_E_FORMAT;
	a = calloc(1, sizeof(*a));
	z = ZSTD_createDCtx();
	if (!a || !z || ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_MAX)) ||
	    ZSTD_isError(ZSTD_DCtx_refPrefix(z, base.data, base.len)))
		rc = WARD_E_NOMEM;
	if (rc == WARD_OK) {
		a->delta = delta;
		a->write = write;
		a->ctx = ctx;
		rc = ward_hasher_new(&a->hasher);
	}
	if (rc == WARD_OK)
		rc = unpack(a, z);
	if (rc == WARD_OK)
		rc = check(a);
	if (a)
		ward_hasher_freep(&a->hasher);
	free(a);
	(void)ZSTD_freeDCtx(z);
	return rc;
}
