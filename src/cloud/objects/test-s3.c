/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures, credentials and answers by themselves; and, when WARD_TEST_S3 names the endpoint of a real
 * server (tests/cloud/s3.bats starts one), everything objects.h promises. */
#include "cloud/objects/s3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cloud/objects/conform.h"
#include "cloud/objects/objects-priv.h"
#include "cloud/objects/s3-http.h"
#include "cloud/objects/s3-sign.h"
#include "cloud/objects/s3-xml.h"
#include "sys/fd.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DATE  "20130524T000000Z"
#define HOST  "examplebucket.s3.amazonaws.com"

static const struct ward_s3_credentials example = {
	.key_id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

static void
expect_signature(const struct ward_s3_request *r, const char *signature)
{
	char value[WARD_S3_AUTHORIZATION];

	assert_int_equal(ward_s3_sign(r, &example, value), WARD_OK);
	assert_string_equal(strstr(value, "Signature=") + 10, signature);
}

/* The four examples of "Signature Calculations for the Authorization Header: Transferring Payload in a
 * Single Chunk (AWS Signature Version 4)". */
static void
test_signatures(void **state)
{
	static const struct ward_s3_header get[] = {{"host", HOST},
						    {"range", "bytes=0-9"},
						    {"x-amz-content-sha256", EMPTY},
						    {"x-amz-date", DATE}};
	static const char body[] =
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	static const struct ward_s3_header put[] = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
						    {"host", HOST},
						    {"x-amz-content-sha256", body},
						    {"x-amz-date", DATE},
						    {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
	static const struct ward_s3_header plain[] = {
		{"host", HOST}, {"x-amz-content-sha256", EMPTY}, {"x-amz-date", DATE}};
	const struct ward_s3_request requests[] = {
		{"GET", "us-east-1", "/test.txt", "", EMPTY, DATE, get, 4},
		{"PUT", "us-east-1", "/test%24file.text", "", body, DATE, put, 5},
		{"GET", "us-east-1", "/", "lifecycle=", EMPTY, DATE, plain, 3},
		{"GET", "us-east-1", "/", "max-keys=2&prefix=J", EMPTY, DATE, plain, 3},
	};

	(void)state;
	expect_signature(&requests[0],
			 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	expect_signature(&requests[1],
			 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	expect_signature(&requests[2],
			 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	expect_signature(&requests[3],
			 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void
test_encoding(void **state)
{
	WARD_AUTO(ward_buf_done) struct ward_buf out = {0};

	(void)state;
	ward_buf_init(&out, 100, NULL);
	assert_int_equal(ward_s3_encode(&out, ward_span_str("a/b c~+\xc3\xa9"), true), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str("a/b%20c~%2B%C3%A9")));
	ward_buf_clear(&out);
	assert_int_equal(ward_s3_encode(&out, ward_span_str("a/b="), false), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&out), ward_span_str("a%2Fb%3D")));
}

static void
test_credentials(void **state)
{
	static const char *const bad[] = {"", "[default]\naws_access_key_id = A\n",
					  "aws_access_key_id",
					  "aws_access_key_id = A\naws_secret_access_key = b c\n",
					  "aws_access_key_id = A\naws_secret_access_key =\n"};
	static const char good[] = "# keys\n[default]\naws_access_key_id = A\nregion = x\n"
				   "AWS_SECRET_ACCESS_KEY=b\r\n[other]\naws_access_key_id = C\n";
	char path[] = "/tmp/ward-s3-XXXXXX";
	struct ward_s3_credentials c;
	int fd = mkstemp(path);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ward_s3_credentials_parse(ward_span_str(bad[i]), &c),
				 WARD_E_FORMAT);
	assert_int_equal(ward_fd_write_all(fd, ward_span_str(good)), WARD_OK);
	assert_int_equal(ward_s3_credentials_read(path, &c), WARD_OK);
	assert_string_equal(c.key_id, "A");
	assert_string_equal(c.secret, "b");
	assert_string_equal(c.token, "");
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_int_equal(ward_s3_credentials_read(path, &c), WARD_E_PERM);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ward_s3_credentials_read(path, &c), WARD_E_NOENT);
}

/* --- answers --- */

#define A62 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY "samples/aa/aa" A62 ".zst"
#define OBJECT(key, size, time)                                                                    \
	"<Contents><Key>" key "</Key><LastModified>" time "</LastModified><Size>" size             \
	"</Size></Contents>"
#define PAGE(inside)                                                                               \
	"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\">" inside "</ListBucketResult>"

static enum ward_rc
note(void *context, const uint8_t sha256[32], uint64_t bytes, uint64_t stored_ms)
{
	uint64_t *seen = context;

	assert_int_equal(sha256[31], 0xaa);
	seen[0]++;
	seen[1] = bytes;
	seen[2] = stored_ms;
	return WARD_OK;
}

static enum ward_rc
parse(const char *page, uint64_t seen[3], struct ward_buf *token)
{
	memset(seen, 0, 3 * sizeof(*seen));
	return ward_s3_list_parse(ward_span_str(page), note, seen, token);
}

static void
test_pages(void **state)
{
	static const char *const bad[] = {
		"",
		"<ListBucketResult>",
		PAGE(OBJECT(KEY, "x", "2009-10-12T17:50:30.000Z")),
		PAGE(OBJECT(KEY, "5", "yesterday")),
		PAGE("<IsTruncated>true</IsTruncated>"),
		PAGE("<IsTruncated>true</IsTruncated><NextContinuationToken>&nope;</"
		     "NextContinuationToken>"),
	};
	WARD_AUTO(ward_buf_done) struct ward_buf token = {0};
	uint64_t seen[3];
	char code[64];

	(void)state;
	ward_buf_init(&token, 4096, NULL);
	assert_int_equal(
		parse(PAGE(OBJECT("other/readme", "1", "x") OBJECT(
			      KEY, "17",
			      "2009-10-12T17:50:30.000Z") "<IsTruncated>true</"
							  "IsTruncated><NextContinuationToken>a&"
							  "amp;b&#43;&#x3d;</"
							  "NextContinuationToken>"),
		      seen, &token),
		WARD_OK);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 17);
	assert_int_equal(seen[2], UINT64_C(1255369830000));
	assert_true(ward_span_eq(ward_buf_span(&token), ward_span_str("a&b+=")));
	assert_int_equal(parse(PAGE("<IsTruncated>false</IsTruncated>"), seen, &token), WARD_OK);
	assert_int_equal(token.len, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], seen, &token), WARD_E_FORMAT);
	ward_s3_error_parse(ward_span_str("<Error><Code>NoSuchKey\x1b</Code></Error>"), code);
	assert_string_equal(code, "NoSuchKey");
}

static enum ward_rc
try_open(const char *endpoint, const char *bucket, const char *prefix, char why[512])
{
	const struct ward_objects_s3_options options = {endpoint, "",	  bucket, prefix, "",
							"",	  "/tmp", true,	  1000,	  0};
	struct ward_objects *o = NULL;
	enum ward_rc rc = ward_objects_open_s3(&options, &o, why);

	ward_objects_close(o);
	return rc;
}

static void
test_options(void **state)
{
	char why[512];

	(void)state;
	assert_int_equal(try_open("http://s3.example", "bucket", "", why), WARD_E_INVAL);
	assert_string_equal(why, "without TLS the endpoint may only be this machine");
	assert_int_equal(try_open("http://localhost.example", "bucket", "", why), WARD_E_INVAL);
	assert_int_equal(try_open("ftp://localhost", "bucket", "", why), WARD_E_INVAL);
	assert_int_equal(try_open("https://u@h/x?y", "bucket", "", why), WARD_E_INVAL);
	assert_int_equal(try_open("https://h", "Bucket/..", "", why), WARD_E_INVAL);
	assert_int_equal(try_open("https://h", "bucket", "no-slash", why), WARD_E_INVAL);
	assert_int_equal(try_open("https://h", "bucket", "", why), WARD_E_NOENT);
	assert_string_equal(why, "the credentials' file is not there");
}

/* --- on a real server --- */

static struct ward_objects *
open_objects(uint64_t quota)
{
	const struct ward_objects_s3_options options = {.endpoint = getenv("WARD_TEST_S3"),
							.region = "eu-test-1",
							.bucket = "ward-test",
							.prefix = "a b/samples/",
							.credentials = getenv("WARD_TEST_S3_KEYS"),
							.ca = getenv("WARD_TEST_S3_CA"),
							.spool = "/tmp",
							.path_style = !getenv("WARD_TEST_S3_VHOST"),
							.quota = quota};
	struct ward_objects *o = NULL;
	char why[512];
	enum ward_rc rc = ward_objects_open_s3(&options, &o, why);

	if (rc)
		print_error("%s\n", why);
	assert_int_equal(rc, WARD_OK);
	return o;
}

/* Reads the object as it is stored, changes it, puts it back. */
static void
flip(const uint8_t sha256[32], unsigned part)
{
	const struct ward_objects_s3_options options = {.endpoint = getenv("WARD_TEST_S3"),
							.region = "eu-test-1",
							.bucket = "ward-test",
							.prefix = "a b/samples/",
							.credentials = getenv("WARD_TEST_S3_KEYS"),
							.ca = getenv("WARD_TEST_S3_CA"),
							.spool = "/tmp",
							.path_style =
								!getenv("WARD_TEST_S3_VHOST")};
	char name[WARD_OBJECT_NAME], why[512];
	struct ward_s3_call call = {"GET", name, "", -1, -1, 1 << 20};
	struct ward_s3_http *http = NULL;
	struct ward_s3_result result;
	struct ward_fd_stat st;
	uint8_t byte;
	int fd = -1;

	ward_object_name(sha256, name);
	assert_int_equal(ward_fd_memory("object", &fd), WARD_OK);
	assert_int_equal(ward_s3_http_open(&options, &http, why), WARD_OK);
	call.into = fd;
	assert_int_equal(ward_s3_http_call(http, &call, &result), WARD_OK);
	ward_buf_done(&result.answer);
	assert_int_equal(ward_fd_stat(fd, &st), WARD_OK);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(st.size * part / 16)), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(st.size * part / 16)), 1);
	call = (struct ward_s3_call){"PUT", name, "", fd, -1, 0};
	assert_int_equal(ward_s3_http_call(http, &call, &result), WARD_OK);
	ward_buf_done(&result.answer);
	ward_s3_http_close(http);
	close(fd);
}

static void
test_conformance(void **state)
{
	static const struct ward_objects_conform backend = {open_objects, flip, 40};

	(void)state;
	if (!getenv("WARD_TEST_S3")) {
		print_message(
			"no server: WARD_TEST_S3 is not set (tests/cloud/s3.bats starts one)\n");
		skip();
	}
	ward_objects_conform(&backend);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures),  cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_credentials), cmocka_unit_test(test_pages),
		cmocka_unit_test(test_options),	    cmocka_unit_test(test_conformance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
