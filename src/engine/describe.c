/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/describe.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"
#include "formats/entropy.h"

static void
add_digest(struct ward_result *r, struct ward_digests *digests, enum ward_digest_kind kind,
	   const char *key)
{
	char hex[2 * WARD_DIGEST_MAX + 1];
	const uint8_t *digest = ward_digests_get(digests, kind);

	if (!digest)
		return;
	ward_text_hex(ward_span_of(digest, ward_digest_len(kind)), hex);
	ward_result_add_fact(r, "", key, hex);
}

static void
add_blocks(struct ward_result *r, struct ward_span bytes)
{
	size_t step = (bytes.len + WARD_ENTROPY_BLOCKS - 1) / WARD_ENTROPY_BLOCKS;
	struct ward_buf b;
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&b, WARD_ENTROPY_BLOCKS * 8, NULL);
	for (size_t at = 0; rc == WARD_OK && at < bytes.len; at += step)
		rc = ward_buf_printf(&b, "%s%.1f", at ? "," : "",
				     ward_entropy(ward_span_cut(bytes, at, step)));
	if (rc == WARD_OK && ward_buf_byte(&b, 0) == WARD_OK)
		ward_result_add_fact(r, "", "entropy.blocks", (const char *)b.data);
	ward_buf_done(&b);
}

void
ward_describe(struct ward_result *r, struct ward_digests *digests)
{
	char value[16];

	add_digest(r, digests, WARD_MD5, "hash.md5");
	add_digest(r, digests, WARD_SHA1, "hash.sha1");
	(void)snprintf(value, sizeof(value), "%.3f", ward_entropy(digests->bytes));
	ward_result_add_fact(r, "", "entropy", value);
	add_blocks(r, digests->bytes);
}
