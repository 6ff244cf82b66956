/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/codec/probe.h"
#include "formats/mail/mail.h"

static void
test_two_parts(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_mail_read,
			   "From: a@example.org\r\nSubject: =?utf-8?B?SGk=?=\r\n there\r\n"
			   "Content-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\r\npreamble\r\n"
			   "--b 1\r\n\r\ntext\r\n"
			   "--b 1  \r\nContent-Disposition: attachment; filename=x.bin\r\n"
			   "Content-Transfer-Encoding: BASE64\r\n\r\nQ2F0\r\n"
			   "--b 1--\r\nepilogue\r\n"),
		WARD_OK);
	assert_int_equal(p->children, 2);
	assert_string_equal(probe_text(p, "part-1"), "text");
	assert_string_equal(probe_text(p, "x.bin"), "Cat");
	assert_string_equal(p->facts, "mail.subject=Hi there\nmail.from=a@example.org\n"
				      "mail.attachments=x.bin\n");
	assert_int_equal(p->traits, 0);
	probe_free(p);
}

static void
test_nested_and_attached_message(void **state)
{
	struct probe *p = probe_new();
	struct probe_child *message;

	(void)state;
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed; boundary=out\n\n--out\n"
				    "Content-Type: multipart/alternative; boundary=out2\n\n"
				    "--out2\n\none\n--out2\n\ntwo\n" /* no end of out2 */
				    "--out\nContent-Type: message/rfc822\n\nSubject: x\n\nhi\n"
				    "--out--\n--out\n\nlate\n"),
			 WARD_OK);
	assert_int_equal(p->children, 4);
	assert_string_equal(probe_text(p, "part-1"), "one");
	assert_string_equal(probe_text(p, "part-2"), "two");
	message = probe_find(p, "message-3");
	assert_int_equal(message->type, WARD_TYPE_MAIL);
	assert_string_equal((char *)message->bytes, "Subject: x\n\nhi");
	assert_string_equal(probe_text(p, "part-4"), "late\n");
	probe_free(p);
}

/* Clients disagree which of two fields counts: both are followed. */
static void
test_fields_given_twice(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed; boundary=a\n"
				    "Content-Type: multipart/mixed; boundary=b\n\n"
				    "--a\n\nharmless\n--a--\n"
				    "--b\nContent-Transfer-Encoding: 7bit\n"
				    "Content-Transfer-Encoding: base64\n\nQ2F0\n--b--\n"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "part-1"), "harmless");
	assert_string_equal(probe_text(p, "reading-2/part-1"), "Cat");
	assert_true(p->traits & WARD_TRAIT_MALFORMED);
	probe_free(p);
}

static void
test_boundary_oddities(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	/* none given, and found in the text */
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed\n\n--guess\n\na\n--guess--\n"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "part-1"), "a");
	probe_free(p);
	p = probe_new();
	/* empty, and inner equal to outer */
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n"
				    "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nb\n"
				    "----\n--\n\nc\n"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "part-1"), "b");
	assert_string_equal(probe_text(p, "part-2"), "c\n");
	probe_free(p);
	p = probe_new();
	/* a part that ends inside its header */
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n"
				    "--b\n\nz\n"),
			 WARD_OK);
	assert_string_equal(probe_text(p, "part-2"), "z\n");
	probe_free(p);
}

static void
test_ten_thousand_levels(void **state)
{
	struct probe *p = probe_new();
	struct ward_buf text;

	(void)state;
	ward_buf_init(&text, 4 << 20, NULL);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(ward_buf_printf(&text,
						 "Content-Type: multipart/mixed; boundary=b%d\n\n"
						 "--b%d\n",
						 i, i),
				 WARD_OK);
	assert_int_equal(ward_mail_read(ward_buf_span(&text), p->arena, &p->sink), WARD_OK);
	assert_int_equal(p->gaps, 1);
	assert_int_equal(p->gap[0], WARD_REASON_DEPTH);
	assert_int_equal(p->children, 1);
	ward_buf_done(&text);
	probe_free(p);
}

static void
test_long_header(void **state)
{
	struct probe *p = probe_new();
	struct ward_buf text;

	(void)state;
	ward_buf_init(&text, 4 << 20, NULL);
	assert_int_equal(ward_buf_str(&text, "Subject: "), WARD_OK);
	for (int i = 0; i < 200000; i++)
		assert_int_equal(ward_buf_str(&text, "x\n "), WARD_OK);
	assert_int_equal(ward_buf_str(&text, "x\n\nbody"), WARD_OK);
	assert_int_equal(ward_mail_read(ward_buf_span(&text), p->arena, &p->sink), WARD_OK);
	assert_string_equal(probe_text(p, "part-1"), "body");
	ward_buf_done(&text);
	probe_free(p);
}

static void
test_no_mail(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_mail_read, "just text\nwithout fields\n"),
			 WARD_E_FORMAT);
	assert_int_equal(probe_read(p, ward_mail_read, ""), WARD_E_FORMAT);
	assert_int_equal(probe_read(p, ward_mbox_read, "just text"), WARD_E_FORMAT);
	assert_int_equal(p->children, 0);
	probe_free(p);
}

static void
test_encrypted_and_partial(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: application/pkcs7-mime; "
				    "smime-type=enveloped-data; name=smime.p7m\n"
				    "Content-Transfer-Encoding: base64\n\nQ2F0\n"),
			 WARD_OK);
	assert_int_equal(p->gap[0], WARD_REASON_ENCRYPTED);
	assert_true(p->traits & WARD_TRAIT_ENCRYPTED);
	assert_int_equal(
		probe_read(p, ward_mail_read, "Content-Type: message/partial; number=1\n\nhalf\n"),
		WARD_OK);
	assert_int_equal(p->gap[1], WARD_REASON_UNSUPPORTED);
	probe_free(p);
}

static void
test_sink_stops_the_reader(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	p->answer = WARD_E_STOPPED;
	assert_int_equal(probe_read(p, ward_mail_read,
				    "Content-Type: multipart/mixed; boundary=b\n\n"
				    "--b\n\na\n--b\n\nb\n--b--\n"),
			 WARD_E_STOPPED);
	assert_int_equal(p->children, 1);
	p->refuse = WARD_E_LIMIT;
	assert_int_equal(probe_read(p, ward_mail_read, "A: b\n\nc\n"), WARD_E_LIMIT);
	probe_free(p);
}

static void
test_mbox(void **state)
{
	struct probe *p = probe_new();

	(void)state;
	assert_int_equal(
		probe_read(p, ward_mbox_read,
			   "From a Thu\nSubject: 1\n\nFrom here on is body\n\n"
			   "From b Fri\r\nSubject: 2\r\n\r\nx\r\n\r\nFrom c\nSubject: 3\n"),
		WARD_OK);
	assert_int_equal(p->children, 4);
	assert_string_equal(probe_text(p, "message-1"), "Subject: 1\n\n");
	assert_int_equal(p->child[2].type, WARD_TYPE_MAIL);
	assert_string_equal(probe_text(p, "message-4"), "Subject: 3\n");
	probe_free(p);
}

/* Debian's clamav-testfiles, where they are installed: each holds clam.exe. */
static void
check_real(ward_reader reader, const char *path, const uint8_t *want, size_t want_len)
{
	struct probe *p = probe_new();
	struct probe_child *found;
	size_t len = 0;
	uint8_t *in = probe_load(path, &len);

	assert_non_null(in);
	assert_int_equal(reader(ward_span_of(in, len), p->arena, &p->sink), WARD_OK);
	found = probe_find(p, "clam.exe");
	assert_int_equal(found->len, want_len);
	assert_memory_equal(found->bytes, want, want_len);
	free(in);
	probe_free(p);
}

static void
test_real_files(void **state)
{
	size_t len = 0;
	uint8_t *want = probe_load("/usr/share/clamav-testfiles/clam.exe", &len);

	(void)state;
	if (!want) {
		print_message("skipped: no clamav-testfiles here\n");
		skip();
	}
	check_real(ward_mail_read, "/usr/share/clamav-testfiles/clam.mail", want, len);
	/* The mail reader itself passes over the mbox line of a single message. */
	check_real(ward_mail_read, "/usr/share/clamav-testfiles/clam.exe.mbox.base64", want, len);
	check_real(ward_mail_read, "/usr/share/clamav-testfiles/clam.exe.mbox.uu", want, len);
	free(want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_parts),
		cmocka_unit_test(test_nested_and_attached_message),
		cmocka_unit_test(test_fields_given_twice),
		cmocka_unit_test(test_boundary_oddities),
		cmocka_unit_test(test_ten_thousand_levels),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_no_mail),
		cmocka_unit_test(test_encrypted_and_partial),
		cmocka_unit_test(test_sink_stops_the_reader),
		cmocka_unit_test(test_mbox),
		cmocka_unit_test(test_real_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
