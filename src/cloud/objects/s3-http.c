/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/objects/s3-http.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud/objects/s3-sign.h"
#include "cloud/objects/s3-xml.h"
#include "sys/fd.h"

enum {
	TRIES = 4,
	FIRST_PAUSE_MS = 200,
	CONNECT_MS = 5000,
	STALL_S = 30,
	IDLE = 8, /* connections kept */
	ANSWER_MAX = 4 * 1024 * 1024,
	TEXT = 600,
	BLOCK = 64 * 1024,
};

struct ward_s3_http {
	struct ward_s3_credentials credentials;
	char base[TEXT]; /* "https://host:port" */
	char host[TEXT]; /* as in the Host header */
	char path[TEXT]; /* of the bucket: "" or "/bucket" */
	char prefix[TEXT], region[64], ca[TEXT];
	long stall_s;
	pthread_mutex_t lock;
	CURL *idle[IDLE];
	size_t idle_count;
};

/* --- opening --- */

static bool
is_loopback(struct ward_span authority)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(hosts[i]);

		if (ward_text_starts_nocase(authority, hosts[i]) &&
		    (authority.len == len || authority.data[len] == ':'))
			return true;
	}
	return false;
}

/* Host and port alone, in characters that need no care. */
static bool
is_authority(struct ward_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ward_text_is_alnum(s.data[i]) && !memchr("-._:[]", s.data[i], 6))
			return false;
	return s.len > 0;
}

static bool
is_bucket(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '-' && name[i] != '.')
			return false;
	return len >= 3 && len <= 63;
}

static bool
fits(int len)
{
	return len >= 0 && len < TEXT;
}

/* NULL, or what is wrong. */
static const char *
take_endpoint(struct ward_s3_http *h, const struct ward_objects_s3_options *o)
{
	struct ward_span url = ward_span_str(o->endpoint), authority;
	bool tls = ward_text_starts_nocase(url, "https://");
	size_t scheme = tls ? 8 : 7;

	if (!tls && !ward_text_starts_nocase(url, "http://"))
		return "the endpoint must be https://host[:port]";
	authority = ward_span_cut(url, scheme, url.len);
	if (authority.len > 0 && authority.data[authority.len - 1] == '/')
		authority.len--;
	if (!is_authority(authority))
		return "the endpoint must be https://host[:port]";
	if (!tls && !is_loopback(authority))
		return "without TLS the endpoint may only be this machine";
	if (!is_bucket(o->bucket))
		return "the bucket's name must have 3 to 63 of a-z 0-9 - .";
	if (!fits(snprintf(h->host, TEXT, "%s%s%.*s", o->path_style ? "" : o->bucket,
			   o->path_style ? "" : ".", (int)authority.len,
			   (const char *)authority.data)) ||
	    !fits(snprintf(h->base, TEXT, "%s%.*s", tls ? "https://" : "http://", TEXT - 10,
			   h->host)) ||
	    !fits(snprintf(h->path, TEXT, "%s%s", o->path_style ? "/" : "",
			   o->path_style ? o->bucket : "")))
		return "the endpoint is too long";
	return NULL;
}

static const char *
take_rest(struct ward_s3_http *h, const struct ward_objects_s3_options *o)
{
	size_t len = strlen(o->prefix);

	if (!is_authority(ward_span_str(o->region[0] ? o->region : "us-east-1")) ||
	    strlen(o->region) >= sizeof(h->region))
		return "the region is no name of one";
	if (len > 0 && (o->prefix[len - 1] != '/' || o->prefix[0] == '/'))
		return "the prefix must end with a slash and not begin with one";
	if (!fits(snprintf(h->prefix, TEXT, "%s", o->prefix)) ||
	    !fits(snprintf(h->ca, TEXT, "%s", o->ca)))
		return "a name is too long";
	(void)snprintf(h->region, sizeof(h->region), "%s", o->region[0] ? o->region : "us-east-1");
	h->stall_s = o->timeout_ms ? (long)((o->timeout_ms + 999) / 1000) : STALL_S;
	return NULL;
}

static const char *
take_credentials(struct ward_s3_http *h, const char *file, enum ward_rc *ret_rc)
{
	*ret_rc = ward_s3_credentials_read(file, &h->credentials);
	if (!*ret_rc)
		return NULL;
	if (*ret_rc == WARD_E_PERM)
		return "the credentials' file may only be readable by its owner, root or the "
		       "service";
	return *ret_rc == WARD_E_NOENT ? "the credentials' file is not there"
				       : "the credentials cannot be read";
}

enum ward_rc
ward_s3_http_open(const struct ward_objects_s3_options *options, struct ward_s3_http **ret,
		  char why[512])
{
	struct ward_s3_http *h = calloc(1, sizeof(*h));
	const char *wrong;
	enum ward_rc rc = WARD_E_INVAL;

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return WARD_E_NOMEM;
	}
	pthread_mutex_init(&h->lock, NULL);
	wrong = take_endpoint(h, options);
	if (!wrong)
		wrong = take_rest(h, options);
	if (!wrong)
		wrong = take_credentials(h, options->credentials, &rc);
	if (wrong) {
		(void)snprintf(why, 512, "%s", wrong);
		ward_s3_http_close(h);
		return rc;
	}
	*ret = h;
	return WARD_OK;
}

struct ward_s3_http *
ward_s3_http_close(struct ward_s3_http *h)
{
	if (!h)
		return NULL;
	while (h->idle_count > 0)
		curl_easy_cleanup(h->idle[--h->idle_count]);
	pthread_mutex_destroy(&h->lock);
	ward_s3_credentials_wipe(&h->credentials);
	free(h);
	curl_global_cleanup();
	return NULL;
}

/* --- connections --- */

static CURL *
borrow(struct ward_s3_http *h)
{
	CURL *curl = NULL;

	pthread_mutex_lock(&h->lock);
	if (h->idle_count > 0)
		curl = h->idle[--h->idle_count];
	pthread_mutex_unlock(&h->lock);
	return curl ? curl : curl_easy_init();
}

static void
give_back(struct ward_s3_http *h, CURL *curl)
{
	curl_easy_reset(curl); /* the connection stays */
	pthread_mutex_lock(&h->lock);
	if (h->idle_count < IDLE) {
		h->idle[h->idle_count++] = curl;
		curl = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	if (curl)
		curl_easy_cleanup(curl);
}

/* --- one try --- */

struct attempt {
	struct ward_s3_http *http;
	const struct ward_s3_call *call;
	struct ward_s3_result *result;
	CURL *curl;
	struct curl_slist *headers;
	struct ward_buf url;  /* begins with the base; the path from there */
	uint64_t sent, taken; /* bytes of the body, of the answer into a file */
	enum ward_rc rc;      /* of our own functions while curl calls them */
	char error[CURL_ERROR_SIZE];
};

static size_t
read_body(char *into, size_t size, size_t count, void *context)
{
	struct attempt *a = context;
	size_t n = 0;

	a->rc = ward_fd_pread(a->call->body, into, size * count, a->sent, &n);
	a->sent += n;
	return a->rc ? CURL_READFUNC_ABORT : n;
}

static size_t
take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct attempt *a = context;
	struct ward_span part = ward_span_of(bytes, size * count);
	long status = 0;

	(void)curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
	if (a->call->into < 0 || status != 200) {
		a->rc = ward_buf_append(&a->result->answer, part.data, part.len);
	} else if (part.len > a->call->into_max - a->taken) {
		a->rc = WARD_E_LIMIT;
	} else {
		a->taken += part.len;
		a->rc = ward_fd_write_all(a->call->into, part);
	}
	return a->rc ? CURL_WRITEFUNC_ERROR : part.len;
}

/* The body's SHA-256 in hex, and its length. */
static enum ward_rc
digest_body(int fd, char ret_hex[65], uint64_t *ret_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE], *block = malloc(BLOCK);
	enum ward_rc rc = context && block && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1
				  ? WARD_OK
				  : WARD_E_NOMEM;
	size_t n = 1;

	*ret_len = 0;
	while (!rc && n > 0) {
		n = 0;
		if (fd >= 0)
			rc = ward_fd_pread(fd, block, BLOCK, *ret_len, &n);
		if (!rc && EVP_DigestUpdate(context, block, n) != 1)
			rc = WARD_E_NOMEM;
		*ret_len += n;
	}
	if (!rc && EVP_DigestFinal_ex(context, digest, NULL) != 1)
		rc = WARD_E_NOMEM;
	if (!rc)
		ward_text_hex(ward_span_of(digest, 32), ret_hex);
	EVP_MD_CTX_free(context);
	free(block);
	return rc;
}

static enum ward_rc
add_header(struct attempt *a, const char *name, const char *value)
{
	WARD_AUTO(ward_buf_done) struct ward_buf line = {0};
	struct curl_slist *more;
	enum ward_rc rc;

	ward_buf_init(&line, 8192, NULL);
	rc = ward_buf_printf(&line, "%s:%s%s", name, value[0] ? " " : "", value);
	if (!rc)
		rc = ward_buf_byte(&line, 0);
	if (rc)
		return rc;
	more = curl_slist_append(a->headers, (const char *)line.data);
	if (!more)
		return WARD_E_NOMEM;
	a->headers = more;
	return WARD_OK;
}

static enum ward_rc
build_url(struct attempt *a)
{
	struct ward_s3_http *h = a->http;
	enum ward_rc rc = ward_buf_str(&a->url, h->base);

	if (!rc)
		rc = ward_buf_str(&a->url, h->path);
	if (!rc)
		rc = ward_buf_byte(&a->url, '/');
	if (!rc && a->call->key[0])
		rc = ward_s3_encode(&a->url, ward_span_str(h->prefix), true);
	if (!rc)
		rc = ward_s3_encode(&a->url, ward_span_str(a->call->key), true);
	return rc ? rc : ward_buf_byte(&a->url, 0);
}

static void
put_time(char ret[32])
{
	time_t now = time(NULL);
	struct tm t;

	if (!gmtime_r(&now, &t) || strftime(ret, 32, "%Y%m%dT%H%M%SZ", &t) == 0)
		ret[0] = 0;
}

static enum ward_rc
sign(struct attempt *a, const char *payload)
{
	struct ward_s3_http *h = a->http;
	char when[32], value[WARD_S3_AUTHORIZATION];
	const struct ward_s3_header headers[] = {{"host", h->host},
						 {"x-amz-content-sha256", payload},
						 {"x-amz-date", when},
						 {"x-amz-security-token", h->credentials.token}};
	const struct ward_s3_request request = {
		.method = a->call->method,
		.region = h->region,
		.path = (const char *)a->url.data + strlen(h->base),
		.query = a->call->query,
		.payload = payload,
		.time = when,
		.header = headers,
		.header_count = h->credentials.token[0] ? 4 : 3,
	};
	enum ward_rc rc;

	put_time(when);
	rc = ward_s3_sign(&request, &h->credentials, value);
	if (!rc)
		rc = add_header(a, "Authorization", value);
	for (size_t i = 1; i < request.header_count && !rc; i++)
		rc = add_header(a, headers[i].name, headers[i].value);
	return rc;
}

static void
set_common(struct attempt *a)
{
	CURL *c = a->curl;
	struct ward_s3_http *h = a->http;

	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->error);
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, h->stall_s);
	(void)curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	if (h->ca[0])
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, h->ca);
}

static void
set_method(struct attempt *a, uint64_t len)
{
	CURL *c = a->curl;

	if (strcmp(a->call->method, "PUT") == 0) {
		(void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(c, CURLOPT_READFUNCTION, read_body);
		(void)curl_easy_setopt(c, CURLOPT_READDATA, a);
		(void)curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)len);
	} else if (strcmp(a->call->method, "HEAD") == 0) {
		(void)curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else {
		(void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, a->call->method);
	}
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, a->headers);
}

static enum ward_rc
set_url(struct attempt *a)
{
	WARD_AUTO(ward_buf_done) struct ward_buf whole = {0};
	enum ward_rc rc;

	ward_buf_init(&whole, 16384, NULL);
	rc = ward_buf_printf(&whole, "%s%s%s", (const char *)a->url.data,
			     a->call->query[0] ? "?" : "", a->call->query);
	if (!rc)
		rc = ward_buf_byte(&whole, 0);
	if (!rc && curl_easy_setopt(a->curl, CURLOPT_URL, (const char *)whole.data) != CURLE_OK)
		rc = WARD_E_NOMEM;
	return rc;
}

static enum ward_rc
prepare(struct attempt *a)
{
	char payload[65];
	uint64_t len = 0;
	enum ward_rc rc = build_url(a);

	if (!rc)
		rc = digest_body(a->call->body, payload, &len);
	if (!rc)
		rc = sign(a, payload);
	if (!rc)
		rc = add_header(a, "Expect", "");
	if (!rc && a->call->body >= 0)
		rc = add_header(a, "Content-Type", "application/zstd");
	if (rc)
		return rc;
	set_common(a);
	set_method(a, len);
	return set_url(a);
}

/* What the end of a try means; *ret_again: another one may do better. */
static enum ward_rc
outcome(struct attempt *a, CURLcode code, bool *ret_again)
{
	struct ward_s3_result *r = a->result;
	curl_off_t length = -1;

	*ret_again = false;
	if (a->rc)
		return a->rc == WARD_E_LIMIT ? WARD_E_LIMIT : WARD_E_IO;
	(void)curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &r->status);
	(void)curl_easy_getinfo(a->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	r->length = length > 0 ? (uint64_t)length : 0;
	ward_s3_error_parse(ward_buf_span(&r->answer), r->code);
	if (code != CURLE_OK) {
		r->status = 0;
		(void)snprintf(r->code, sizeof(r->code), "%.63s",
			       a->error[0] ? a->error : curl_easy_strerror(code));
		*ret_again =
			code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE;
		return WARD_E_IO;
	}
	if (r->status >= 200 && r->status < 300)
		return WARD_OK;
	*ret_again = r->status >= 500 || r->status == 429 || r->status == 408;
	if (r->status == 404)
		return WARD_E_NOENT;
	if (r->status == 401 || r->status == 403)
		return WARD_E_PERM;
	return r->status == 413 || r->status == 507 ? WARD_E_LIMIT : WARD_E_IO;
}

static enum ward_rc
start_over(const struct ward_s3_call *call, struct ward_s3_result *result)
{
	ward_buf_clear(&result->answer);
	result->status = 0;
	result->code[0] = 0;
	if (call->into >= 0 &&
	    (ftruncate(call->into, 0) != 0 || lseek(call->into, 0, SEEK_SET) < 0))
		return WARD_E_IO;
	return WARD_OK;
}

static enum ward_rc
try_once(struct ward_s3_http *h, const struct ward_s3_call *call, struct ward_s3_result *result,
	 bool *ret_again)
{
	struct attempt a = {.http = h, .call = call, .result = result, .curl = borrow(h)};
	enum ward_rc rc = a.curl ? start_over(call, result) : WARD_E_NOMEM;

	*ret_again = false;
	ward_buf_init(&a.url, 8192, NULL);
	if (!rc)
		rc = prepare(&a);
	if (!rc)
		rc = outcome(&a, curl_easy_perform(a.curl), ret_again);
	if (a.curl)
		give_back(h, a.curl);
	curl_slist_free_all(a.headers);
	ward_buf_done(&a.url);
	return rc;
}

/* 0.2, 0.4, 0.8 s, each up to half longer, so that nodes do not come back in step. */
static void
pause_before(unsigned tries)
{
	uint64_t ms = (uint64_t)FIRST_PAUSE_MS << (tries - 1);
	struct timespec t;
	uint8_t random = 0;

	(void)RAND_bytes(&random, 1);
	ms += ms * random / 512;
	t = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL);
}

enum ward_rc
ward_s3_http_call(struct ward_s3_http *h, const struct ward_s3_call *call,
		  struct ward_s3_result *ret_result)
{
	bool again = false;
	enum ward_rc rc;

	memset(ret_result, 0, sizeof(*ret_result));
	ward_buf_init(&ret_result->answer, ANSWER_MAX, NULL);
	rc = try_once(h, call, ret_result, &again);
	for (unsigned tries = 1; again && tries < TRIES; tries++) {
		pause_before(tries);
		rc = try_once(h, call, ret_result, &again);
	}
	return rc;
}
