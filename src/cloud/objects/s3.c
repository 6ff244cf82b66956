/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "cloud/objects/objects-priv.h"
#include "cloud/objects/pack.h"
#include "cloud/objects/s3-http.h"
#include "cloud/objects/s3-sign.h"
#include "cloud/objects/s3-xml.h"
#include "sys/fd.h"

enum { SPOOL = 256, PAGES_MAX = 1000 * 1000 };

struct s3 {
	struct ward_objects base;
	struct ward_s3_http *http;
	char spool[SPOOL], prefix[SPOOL];
	char last[128]; /* what the server said when opening failed */
};

static struct s3 *
s3_of(struct ward_objects *o)
{
	return (struct s3 *)o;
}

static enum ward_rc
call(struct s3 *s, const struct ward_s3_call *what, uint64_t *ret_length)
{
	struct ward_s3_result result;
	enum ward_rc rc = ward_s3_http_call(s->http, what, &result);

	if (!rc && ret_length)
		*ret_length = result.length;
	ward_buf_done(&result.answer);
	return rc;
}

static enum ward_rc
put(struct ward_objects *o, const uint8_t sha256[32], int fd, uint64_t *ret_bytes)
{
	WARD_AUTO(ward_fd_close) int packed = -1;
	char name[WARD_OBJECT_NAME];
	struct ward_s3_call what = {"PUT", name, "", -1, -1, 0};
	enum ward_rc rc = ward_fd_temporary(s3_of(o)->spool, &packed);

	ward_object_name(sha256, name);
	if (!rc)
		rc = ward_object_pack(fd, packed, sha256, ret_bytes);
	what.body = packed;
	if (!rc)
		rc = call(s3_of(o), &what, NULL);
	return rc == WARD_E_NOENT ? WARD_E_IO : rc; /* the bucket is gone */
}

static enum ward_rc
get(struct ward_objects *o, const uint8_t sha256[32], uint64_t max, int to)
{
	WARD_AUTO(ward_fd_close) int packed = -1;
	char name[WARD_OBJECT_NAME];
	struct ward_s3_call what = {"GET", name, "", -1, -1, ZSTD_compressBound(max) + 1024};
	enum ward_rc rc = ward_fd_temporary(s3_of(o)->spool, &packed);

	ward_object_name(sha256, name);
	what.into = packed;
	if (!rc)
		rc = call(s3_of(o), &what, NULL);
	return rc ? rc : ward_object_unpack(packed, to, max, sha256);
}

static enum ward_rc
size(struct ward_objects *o, const uint8_t sha256[32], uint64_t *ret_bytes)
{
	char name[WARD_OBJECT_NAME];
	const struct ward_s3_call what = {"HEAD", name, "", -1, -1, 0};

	ward_object_name(sha256, name);
	return call(s3_of(o), &what, ret_bytes);
}

static enum ward_rc
remove_one(struct ward_objects *o, const uint8_t sha256[32])
{
	char name[WARD_OBJECT_NAME];
	const struct ward_s3_call what = {"DELETE", name, "", -1, -1, 0};
	enum ward_rc rc;

	ward_object_name(sha256, name);
	rc = call(s3_of(o), &what, NULL);
	return rc == WARD_E_NOENT ? WARD_OK : rc;
}

/* --- listing --- */

/* "continuation-token=…&list-type=2&prefix=…", sorted as it must be signed. */
static enum ward_rc
build_query(const struct s3 *s, struct ward_span token, struct ward_buf *out)
{
	enum ward_rc rc = WARD_OK;

	ward_buf_clear(out);
	if (token.len > 0) {
		rc = ward_buf_str(out, "continuation-token=");
		if (!rc)
			rc = ward_s3_encode(out, token, false);
		if (!rc)
			rc = ward_buf_byte(out, '&');
	}
	if (!rc)
		rc = ward_buf_str(out, "list-type=2&prefix=");
	if (!rc)
		rc = ward_s3_encode(out, ward_span_str(s->prefix), false);
	return rc ? rc : ward_buf_byte(out, 0);
}

static enum ward_rc
list_page(struct s3 *s, const char *query, ward_object_fn fn, void *context, struct ward_buf *token)
{
	const struct ward_s3_call what = {"GET", "", query, -1, -1, 0};
	struct ward_s3_result result;
	enum ward_rc rc = ward_s3_http_call(s->http, &what, &result);

	if (rc)
		(void)snprintf(s->last, sizeof(s->last), "%s (HTTP %ld)", result.code,
			       result.status);
	else
		rc = ward_s3_list_parse(ward_buf_span(&result.answer), fn, context, token);
	ward_buf_done(&result.answer);
	return rc;
}

static enum ward_rc
list(struct ward_objects *o, ward_object_fn fn, void *context)
{
	WARD_AUTO(ward_buf_done) struct ward_buf token = {0};
	WARD_AUTO(ward_buf_done) struct ward_buf query = {0};
	enum ward_rc rc = WARD_OK;

	ward_buf_init(&token, 8192, NULL);
	ward_buf_init(&query, 16384, NULL);
	for (unsigned page = 0; page < PAGES_MAX && !rc; page++) {
		rc = build_query(s3_of(o), ward_buf_span(&token), &query);
		if (!rc)
			rc = list_page(s3_of(o), (const char *)query.data, fn, context, &token);
		if (token.len == 0)
			break;
	}
	return rc;
}

/* --- opening --- */

static void
close_s3(struct ward_objects *o)
{
	ward_s3_http_close(s3_of(o)->http);
	ward_objects_done(o);
	free(o);
}

static const struct ward_objects_ops ops = {put, get, size, remove_one, list, close_s3};

static enum ward_rc
take_names(struct s3 *s, const struct ward_objects_s3_options *o, char why[512])
{
	if (snprintf(s->spool, SPOOL, "%s", o->spool) < SPOOL &&
	    snprintf(s->prefix, SPOOL, "%s", o->prefix) < SPOOL)
		return WARD_OK;
	(void)snprintf(why, 512, "a name is too long");
	return WARD_E_INVAL;
}

enum ward_rc
ward_objects_open_s3(const struct ward_objects_s3_options *options, struct ward_objects **ret,
		     char why[512])
{
	struct s3 *s = calloc(1, sizeof(*s));
	enum ward_rc rc;

	why[0] = 0;
	if (!s)
		return WARD_E_NOMEM;
	ward_objects_init(&s->base, &ops, options->quota);
	rc = take_names(s, options, why);
	if (!rc)
		rc = ward_s3_http_open(options, &s->http, why);
	if (!rc) {
		rc = ward_objects_count(&s->base);
		if (rc)
			(void)snprintf(why, 512, "%s", s->last);
	}
	if (rc)
		close_s3(&s->base);
	else
		*ret = &s->base;
	return rc;
}
