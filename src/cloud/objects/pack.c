/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/pack.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <zstd.h>

#include "sys/fd.h"

enum { BLOCK = 256 * 1024, LEVEL = 3, WINDOW_LOG = 27 };

/* --- storing --- */

struct packing {
	ZSTD_CCtx *zstd;
	EVP_MD_CTX *digest;
	uint8_t *in, *out;
	int to;
	uint64_t written;
};

static enum ward_rc
write_out(struct packing *p, size_t len)
{
	enum ward_rc rc = ward_fd_write_all(p->to, ward_span_of(p->out, len));

	p->written += len;
	return rc == WARD_E_IO && (errno == ENOSPC || errno == EDQUOT) ? WARD_E_LIMIT : rc;
}

/* One block, or with `end` what is left in the compressor. */
static enum ward_rc
pack_block(struct packing *p, size_t len, bool end)
{
	ZSTD_inBuffer in = {p->in, len, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {p->out, BLOCK, 0};
		enum ward_rc rc;

		left = ZSTD_compressStream2(p->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return WARD_E_NOMEM;
		rc = write_out(p, out.pos);
		if (rc)
			return rc;
	} while (end ? left > 0 : in.pos < in.size);
	return WARD_OK;
}

static enum ward_rc
pack_all(struct packing *p, int from, const uint8_t sha256[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t offset = 0;
	size_t n = 0;
	enum ward_rc rc;

	do {
		rc = ward_fd_pread(from, p->in, BLOCK, offset, &n);
		if (!rc && EVP_DigestUpdate(p->digest, p->in, n) != 1)
			rc = WARD_E_NOMEM;
		if (!rc)
			rc = pack_block(p, n, n == 0);
		offset += n;
	} while (!rc && n > 0);
	if (!rc &&
	    (EVP_DigestFinal_ex(p->digest, digest, NULL) != 1 || memcmp(digest, sha256, 32) != 0))
		rc = WARD_E_FORMAT;
	return rc;
}

enum ward_rc
ward_object_pack(int from, int to, const uint8_t sha256[32], uint64_t *ret_written)
{
	struct packing p = {.zstd = ZSTD_createCCtx(), .digest = EVP_MD_CTX_new(), .to = to};
	struct ward_fd_stat stat;
	enum ward_rc rc = ward_fd_stat(from, &stat);

	p.in = malloc(BLOCK);
	p.out = malloc(BLOCK);
	if (!rc && (!p.zstd || !p.digest || !p.in || !p.out ||
		    EVP_DigestInit_ex(p.digest, EVP_sha256(), NULL) != 1 ||
		    ZSTD_isError(ZSTD_CCtx_setParameter(p.zstd, ZSTD_c_compressionLevel, LEVEL)) ||
		    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(p.zstd, stat.size))))
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = pack_all(&p, from, sha256);
	*ret_written = p.written;
	ZSTD_freeCCtx(p.zstd);
	EVP_MD_CTX_free(p.digest);
	free(p.in);
	free(p.out);
	return rc;
}

/* --- reading --- */

struct unpacking {
	ZSTD_DCtx *zstd;
	EVP_MD_CTX *digest;
	uint8_t *in, *out;
	int to;
	uint64_t left; /* of what may come out */
};

static enum ward_rc
unpack_block(struct unpacking *u, size_t len, bool *ret_end)
{
	ZSTD_inBuffer in = {u->in, len, 0};

	while (in.pos < in.size) {
		ZSTD_outBuffer out = {u->out, BLOCK, 0};
		size_t more = ZSTD_decompressStream(u->zstd, &out, &in);
		enum ward_rc rc;

		if (ZSTD_isError(more))
			return WARD_E_FORMAT;
		*ret_end = more == 0;
		if (out.pos > u->left)
			return WARD_E_LIMIT;
		u->left -= out.pos;
		if (EVP_DigestUpdate(u->digest, u->out, out.pos) != 1)
			return WARD_E_NOMEM;
		rc = ward_fd_write_all(u->to, ward_span_of(u->out, out.pos));
		if (rc)
			return rc;
	}
	return WARD_OK;
}

static enum ward_rc
unpack_all(struct unpacking *u, int from, const uint8_t sha256[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint64_t offset = 0;
	bool end = false;
	size_t n;
	enum ward_rc rc;

	do {
		rc = ward_fd_pread(from, u->in, BLOCK, offset, &n);
		offset += n;
		if (!rc && n > 0)
			rc = unpack_block(u, n, &end);
	} while (!rc && n > 0);
	if (!rc && (!end || EVP_DigestFinal_ex(u->digest, digest, NULL) != 1 ||
		    memcmp(digest, sha256, 32) != 0))
		rc = WARD_E_FORMAT;
	return rc;
}

enum ward_rc
ward_object_unpack(int from, int to, uint64_t max, const uint8_t sha256[32])
{
	struct unpacking u = {
		.zstd = ZSTD_createDCtx(), .digest = EVP_MD_CTX_new(), .to = to, .left = max};
	enum ward_rc rc = WARD_OK;

	u.in = malloc(BLOCK);
	u.out = malloc(BLOCK);
	if (!u.zstd || !u.digest || !u.in || !u.out ||
	    EVP_DigestInit_ex(u.digest, EVP_sha256(), NULL) != 1 ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u.zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
		rc = WARD_E_NOMEM;
	if (!rc)
		rc = unpack_all(&u, from, sha256);
	ZSTD_freeDCtx(u.zstd);
	EVP_MD_CTX_free(u.digest);
	free(u.in);
	free(u.out);
	return rc;
}
