/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <zstd.h>

#include "intel/delta/delta-priv.h"

enum { LEVEL = 9, WINDOW_MIN = 10, PIECE = 128 * 1024 };

static void
put(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static enum ward_rc
write_header(const struct ward_delta_pair *p, ward_delta_write write, void *ctx)
{
	uint8_t h[WARD_DELTA_HEADER] = {0};
	enum ward_rc rc;

	memcpy(h, WARD_DELTA_MAGIC, 8);
	put(h + 8, WARD_DELTA_VERSION, 4);
	put(h + 16, p->base.len, 8);
	put(h + 24, p->result.len, 8);
	memcpy(h + 32, p->base_id, WARD_DELTA_ID);
	memcpy(h + 64, p->result_id, WARD_DELTA_ID);
	rc = ward_digest(WARD_SHA256, p->result, h + 96);
	return rc ? rc : write(ctx, ward_span_of(h, sizeof(h)));
}

/* The window that reaches from the result's end to the base's beginning. */
static int
window_for(uint64_t reach)
{
	int log = WINDOW_MIN;

	while ((UINT64_C(1) << log) < reach)
		log++;
	return log;
}

static bool
set_up(ZSTD_CCtx *z, const struct ward_delta_pair *p)
{
	int window = window_for(p->base.len + p->result.len + 1);

	return !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_enableLongDistanceMatching, 1)) &&
	       !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(z, p->result.len)) &&
	       !ZSTD_isError(ZSTD_CCtx_refPrefix(z, p->base.data, p->base.len));
}

static enum ward_rc
write_frame(ZSTD_CCtx *z, const struct ward_delta_pair *p, ward_delta_write write, void *ctx)
{
	ZSTD_inBuffer in = {p->result.data, p->result.len, 0};
	uint8_t *piece = malloc(PIECE);
	enum ward_rc rc = piece ? WARD_OK : WARD_E_NOMEM;
	size_t left = 1;

	while (rc == WARD_OK && left != 0) {
		ZSTD_outBuffer out = {piece, PIECE, 0};

		left = ZSTD_compressStream2(z, &out, &in, ZSTD_e_end);
		if (ZSTD_isError(left))
			rc = WARD_E_NOMEM;
		else if (out.pos > 0)
			rc = write(ctx, ward_span_of(piece, out.pos));
	}
	free(piece);
	return rc;
}

enum ward_rc
ward_delta_make(const struct ward_delta_pair *pair, ward_delta_write write, void *ctx)
{
	ZSTD_CCtx *z;
	enum ward_rc rc;

	if (pair->base.len + pair->result.len >= WARD_DELTA_REACH)
		return WARD_E_LIMIT;
	z = ZSTD_createCCtx();
	if (!z)
		return WARD_E_NOMEM;
	rc = set_up(z, pair) ? write_header(pair, write, ctx) : WARD_E_NOMEM;
	if (rc == WARD_OK)
		rc = write_frame(z, pair, write, ctx);
	(void)ZSTD_freeCCtx(z);
	return rc;
}
