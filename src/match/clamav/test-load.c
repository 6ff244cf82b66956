/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "match/clamav/body.h"
#include "match/clamav/clamav.h"
#include "match/clamav/cvd.h"
#include "match/hash/build.h"
#include "match/hash/list.h"

struct fixture {
	struct ward_load load;
	unsigned bad, reports, last_line;
	uint64_t loaded, unsupported;
	char text[200], file[200];
};

static void
on_notice(void *ctx, bool bad, const char *file, unsigned line, const char *text)
{
	struct fixture *f = ctx;

	if (!bad)
		return;
	f->bad++;
	f->last_line = line;
	(void)snprintf(f->text, sizeof(f->text), "%s", text);
	(void)snprintf(f->file, sizeof(f->file), "%s", file);
}

static void
on_report(void *ctx, const struct ward_load_report *report)
{
	struct fixture *f = ctx;

	f->reports++;
	f->loaded += report->loaded;
	for (size_t i = 0; i < report->unsupported_count; i++)
		f->unsupported += report->unsupported[i].count;
}

static void
start(struct fixture *f)
{
	*f = (struct fixture){.load = {.notice = on_notice, .report = on_report}};
	f->load.ctx = f;
	assert_int_equal(ward_hash_builder_new(&f->load.hashes), WARD_OK);
	assert_int_equal(ward_body_builder_new(&f->load.bodies), WARD_OK);
}

static void
stop(struct fixture *f)
{
	ward_hash_builder_free(f->load.hashes);
	ward_body_builder_free(f->load.bodies);
}

static enum ward_rc
load(struct fixture *f, const char *name, const char *text)
{
	return ward_clamav_load(&f->load, name, ward_span_str(text));
}

#define MD5    "aa15bcf478d165efd2065190eb473bcb"
#define SHA1   "aa15bcf478d165efd2065190eb473bcb00000000"
#define SHA256 "aa15bcf478d165efd2065190eb473bcbaa15bcf478d165efd2065190eb473bcb"

static void
test_hash_databases(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(load(&f, "a.hdb", "# comment\n\n" MD5 ":544:ClamAV-Test-File\r\n"),
			 WARD_OK);
	assert_int_equal(load(&f, "a.hsb", SHA256 ":*:Any:73\n" SHA1 ":7:Sha1:73:99\n"), WARD_OK);
	assert_int_equal(load(&f, "a.mdb", "1024:" MD5 ":Section\n"), WARD_OK);
	assert_int_equal(load(&f, "a.MSB", "1024:" SHA256 ":Section:73\n"), WARD_OK);
	assert_int_equal(load(&f, "dir.d/a.fp", MD5 ":9:Good\n"), WARD_OK);
	assert_int_equal(load(&f, "a.sfp", SHA256 ":9:Good"), WARD_OK);
	assert_int_equal(load(&f, "a.hdu", MD5 ":10:PUA.Tool\n"), WARD_OK);
	assert_int_equal(ward_hash_builder_count(f.load.hashes), 8);
	assert_int_equal(f.loaded, 8);
	assert_int_equal(f.reports, 7);
	assert_int_equal(f.bad, 0);
	stop(&f);
}

static void
test_bad_lines_are_named(void **state)
{
	static const char *const bad[] = {
		"x",
		MD5,
		MD5 ":5",
		MD5 ":5:",
		MD5 "0:5:Name",
		"zz15bcf478d165efd2065190eb473bcb:5:Name",
		MD5 ":five:Name",
		MD5 ":-1:Name",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture f;
		char text[300];

		start(&f);
		(void)snprintf(text, sizeof(text), MD5 ":5:Good\n%s\n", bad[i]);
		assert_int_equal(load(&f, "some.hdb", text), WARD_E_FORMAT);
		assert_int_equal(f.bad, 1);
		assert_int_equal(f.last_line, 2);
		assert_string_equal(f.file, "some.hdb");
		stop(&f);
	}
}

static void
test_errors_are_told_up_to_a_number(void **state)
{
	struct fixture f;
	char text[1000] = "";

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		(void)snprintf(text + 2 * i, sizeof(text) - 2 * i, "x\n");
	start(&f);
	assert_int_equal(load(&f, "a.hdb", text), WARD_E_FORMAT);
	assert_int_equal(f.bad, WARD_LOAD_MAX_ERRORS);
	stop(&f);
}

static void
test_unsupported_kinds_are_counted(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(load(&f, "a.ldb", "Sig;Target:0;0;6162\n#c\nSig2;Target:0;0;6162\n"),
			 WARD_OK);
	assert_int_equal(f.unsupported, 2);
	assert_int_equal(
		load(&f, "a.ndb", "A:0:*:61626364\nB:0:*:6162(B)\nC:11:*:616263\nD:0:*:61\n"),
		WARD_OK);
	assert_int_equal(f.unsupported, 5);
	assert_int_equal(f.loaded, 1);
	assert_int_equal(load(&f, "a.ign2", "A\nB:0123\n"), WARD_OK);
	assert_int_equal(f.unsupported, 6);
	assert_int_equal(load(&f, "a.exe", "MZ"), WARD_E_UNSUPPORTED);
	stop(&f);
}

static void
test_plain_lists(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_int_equal(
		ward_hash_list_load(&f.load, "a.txt",
				    ward_span_str("# feed\n" SHA256 "\n" SHA1 "  name.exe\n" MD5
						  ",Family.X\n" SHA256 " *bin\n")),
		WARD_OK);
	assert_int_equal(f.loaded, 4);
	assert_int_equal(ward_hash_list_load(&f.load, "b.txt", ward_span_str("hello\n")),
			 WARD_E_FORMAT);
	assert_int_equal(f.last_line, 1);
	stop(&f);
}

/* The header of daily.cvd 25784 as published: its signature is of its MD5. */
static void
test_published_signature(void **state)
{
	static const char signature[] = "4Jp9JtGJY6nUk8JHDQQpQeBwlfXqskvhXL+vesDNqAeWCmjbudU+Hy/"
					"Nj4/BH2vl70c/R5B/VYY+eqqCQo6o"
					"7VGLqLJr/E+19gejqMp/iRcuHrtnLw6V/x3UjO3/"
					"qYVSlcJvAjtMI7FK32wjB+Sp8kaS/ZbfaFQp6trRQhis"
					"jqf";
	uint8_t md5[16];

	(void)state;
	assert_true(ward_text_unhex(ward_span_str("92baacd59fd26e6bcf03077add78d209"), md5, 16));
	assert_true(ward_clamav_signed(md5, ward_span_str(signature)));
	md5[0] ^= 1;
	assert_false(ward_clamav_signed(md5, ward_span_str(signature)));
	md5[0] ^= 1;
	assert_false(ward_clamav_signed(md5, ward_span_str("")));
	assert_false(ward_clamav_signed(md5, ward_span_str("!!")));
	assert_false(ward_clamav_signed(md5, ward_span_of(signature, 100)));
	assert_false(ward_clamav_signed(
		md5,
		ward_span_str("99999999999999999999999999999999999999999999999999999999999999"
			      "9999999999999999999999999999999999999999999999999999999999999999"
			      "99999999999999999999999999999999999999999999999999999999999999")));
}

static void
put_member(struct ward_buf *tar, const char *name, const char *text)
{
	uint8_t block[512] = {0};
	unsigned sum = 0;
	size_t n = strlen(text);

	(void)snprintf((char *)block, 100, "%s", name);
	(void)snprintf((char *)block + 124, 24, "%011zo", n);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar", 6);
	for (unsigned i = 0; i < 512; i++)
		sum += block[i];
	(void)snprintf((char *)block + 148, 8, "%06o", sum);
	assert_int_equal(ward_buf_append(tar, block, 512), WARD_OK);
	assert_int_equal(ward_buf_append(tar, text, n), WARD_OK);
	memset(block, 0, 512);
	assert_int_equal(ward_buf_append(tar, block, (512 - n % 512) % 512), WARD_OK);
}

static void
put_header(struct ward_buf *out, const char *md5, const char *signature)
{
	char header[513];

	memset(header, ' ', 512);
	header[snprintf(header, 512,
			"ClamAV-VDB:16 Apr 2026 07-58 -0400:1:2:63:%s:%s:me:1587038339", md5,
			signature)] = ' ';
	assert_int_equal(ward_buf_append(out, header, 512), WARD_OK);
}

static void
put_gzip(struct ward_buf *out, const struct ward_buf *in)
{
	z_stream z = {0};
	uint8_t *at = ward_buf_reserve(out, in->len + 1000);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = in->data;
	z.avail_in = (uInt)in->len;
	z.next_out = at;
	z.avail_out = (uInt)in->len + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	ward_buf_grown(out, z.total_out);
	deflateEnd(&z);
}

static void
test_containers(void **state)
{
	struct ward_buf tar, plain, packed;
	struct fixture f;

	(void)state;
	ward_buf_init(&tar, 1 << 20, NULL);
	ward_buf_init(&plain, 1 << 20, NULL);
	ward_buf_init(&packed, 1 << 20, NULL);
	put_member(&tar, "COPYING", "free");
	put_member(&tar, "x.hdb", MD5 ":544:Test\n");
	put_member(&tar, "x.ndb", "A:0:*:61626364\n");
	put_member(&tar, "x.ldb", "Sig;Target:0;0;6162\n");
	put_member(&tar, "x.strange", "?");
	put_header(&plain, "X", "X");
	put_header(&packed, "X", "X");
	assert_int_equal(ward_buf_append(&plain, tar.data, tar.len), WARD_OK);
	put_gzip(&packed, &tar);

	start(&f);
	assert_int_equal(ward_clamav_load(&f.load, "x.cld", ward_buf_span(&plain)), WARD_OK);
	assert_int_equal(f.loaded, 2);
	assert_int_equal(f.reports, 4);
	assert_int_equal(f.unsupported, 2);
	assert_int_equal(ward_clamav_load(&f.load, "x.cud", ward_buf_span(&packed)), WARD_OK);
	assert_int_equal(f.loaded, 4);
	/* The same as .cvd: neither MD5 nor signature hold. */
	assert_int_equal(ward_clamav_load(&f.load, "x.cvd", ward_buf_span(&packed)), WARD_E_FORMAT);
	assert_string_equal(f.file, "x.cvd");
	assert_int_equal(f.loaded, 4);
	/* Cut at every length: an error, or nothing but whole members. */
	for (size_t n = 0; n < packed.len; n += 7)
		assert_int_equal(ward_clamav_load(&f.load, "x.cud", ward_span_of(packed.data, n)),
				 WARD_E_FORMAT);
	stop(&f);
	ward_buf_done(&tar);
	ward_buf_done(&plain);
	ward_buf_done(&packed);
}

static void
check_info(const char *info, enum ward_rc want)
{
	struct ward_buf out;
	struct fixture f;

	ward_buf_init(&out, 1 << 20, NULL);
	put_header(&out, "X", "X");
	put_member(&out, "x.hdb", MD5 ":544:Test\n");
	put_member(&out, "x.info", info);
	start(&f);
	assert_int_equal(ward_clamav_load(&f.load, "x.cld", ward_buf_span(&out)), want);
	stop(&f);
	ward_buf_done(&out);
}

static void
test_info_is_believed(void **state)
{
	static const char line[] = MD5 ":544:Test\n";
	char hex[65], info[200];
	uint8_t digest[32];

	(void)state;
	assert_int_equal(ward_digest(WARD_SHA256, ward_span_str(line), digest), WARD_OK);
	ward_text_hex(ward_span_of(digest, 32), hex);
	(void)snprintf(info, sizeof(info), "ClamAV-VDB:x\nx.hdb:%zu:%s\nDSIG:y\n", strlen(line),
		       hex);
	check_info(info, WARD_OK);
	(void)snprintf(info, sizeof(info), "x.hdb:1:%s\n", hex);
	check_info(info, WARD_E_FORMAT);
	hex[5] ^= 1;
	(void)snprintf(info, sizeof(info), "x.hdb:%zu:%s\n", strlen(line), hex);
	check_info(info, WARD_E_FORMAT);
}

static void
test_md5_without_signature_is_refused(void **state)
{
	struct ward_buf tar, out;
	struct fixture f;
	uint8_t md5[16];
	char hex[33];

	(void)state;
	ward_buf_init(&tar, 1 << 20, NULL);
	ward_buf_init(&out, 1 << 20, NULL);
	put_member(&tar, "x.hdb", MD5 ":544:Test\n");
	assert_int_equal(ward_digest(WARD_MD5, ward_buf_span(&tar), md5), WARD_OK);
	ward_text_hex(ward_span_of(md5, 16), hex);
	put_header(&out, hex, "abcdef");
	assert_int_equal(ward_buf_append(&out, tar.data, tar.len), WARD_OK);
	start(&f);
	assert_int_equal(ward_clamav_load(&f.load, "x.cvd", ward_buf_span(&out)), WARD_E_FORMAT);
	assert_string_equal(f.text, "the signature is not ClamAV's");
	assert_int_equal(f.loaded, 0);
	stop(&f);
	ward_buf_done(&tar);
	ward_buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_databases),
		cmocka_unit_test(test_bad_lines_are_named),
		cmocka_unit_test(test_errors_are_told_up_to_a_number),
		cmocka_unit_test(test_unsupported_kinds_are_counted),
		cmocka_unit_test(test_plain_lists),
		cmocka_unit_test(test_published_signature),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_info_is_believed),
		cmocka_unit_test(test_md5_without_signature_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
