/* SPDX-License-Identifier: Apache-2.0 */
#include "client/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/words.h"
#include "sys/fd.h"

static void
test_places(void **state)
{
	static const struct {
		const char *path, *place;
	} cases[] = {
		{"/usr/bin/ls", "system"},
		{"/usr", "system"},
		{"/usrlocal/x", "other"},
		{"/usr/local/bin/x", "other"},
		{"/opt/vendor/x", "system"},
		{"/home/eva/.bashrc", "user"},
		{"/root/x", "user"},
		{"/home/eva/Downloads/setup.sh", "download"},
		{"/home/eva/Downloads-old/x", "user"},
		{"/home/eva/public_html/a.php", "web"},
		{"/home/eva/Maildir/new/1", "mail"},
		{"/tmp/x", "temp"},
		{"/dev/shm/x", "temp"},
		{"/run/user/1000/x", "temp"},
		{"/var/www/html/a.php", "web"},
		{"/usr/share/nginx/html/x", "web"},
		{"/var/spool/mail/eva", "mail"},
		{"/media/eva/STICK/a.exe", "removable"},
		{"/var/lib/docker/overlay2/abc/diff/tmp/x", "container"},
		{"/home/eva/.local/share/containers/storage/x", "container"},
		{"/srv/data/x", "other"},
		{"relative/x", "other"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(ward_word_path_class(ward_place_of(cases[i].path, 0)),
				    cases[i].place);
	/* NFS, whatever the path says */
	assert_string_equal(ward_word_path_class(ward_place_of("/home/eva/x", 0x6969)), "network");
}

static void
test_place_of_an_open_file(void **state)
{
	char name[] = "/tmp/ward-query-XXXXXX";
	int fd = mkstemp(name), memory = -1;

	(void)state;
	assert_true(fd >= 0);
	assert_string_equal(ward_word_path_class(ward_place_of_fd(fd)), "temp");
	assert_int_equal(ward_fd_memory("x", &memory), WARD_OK);
	assert_string_equal(ward_word_path_class(ward_place_of_fd(memory)), "other");
	(void)unlink(name);
	ward_fd_close(&fd);
	ward_fd_close(&memory);
	assert_string_equal(ward_word_path_class(ward_place_of_fd(-1)), "other");
}

static void
test_what_is_told(void **state)
{
	static const uint8_t digest[32] = {1, 2, 3, 4};
	Ward__V1__Policy policy = WARD__V1__POLICY__INIT;
	struct ward_query_facts facts = {
		.sha256 = digest,
		.size = 7,
		.type = WARD_TYPE_ELF,
		.traits = 3,
		.packed = true,
		.place = WARD__V1__PATH_CLASS__PATH_CLASS_TEMP,
		.name = "a.out",
	};
	struct ward_query q;

	(void)state;
	ward_query_fill(&q, &facts, &policy);
	assert_memory_equal(q.file.sha256.data, digest, 32);
	assert_string_equal(q.file.type, "elf");
	assert_true(q.file.features->packed);
	assert_int_equal(q.file.context->path_class, WARD__V1__PATH_CLASS__PATH_CLASS_TEMP);
	assert_string_equal(q.file.context->name, "");
	policy.send_names = true;
	ward_query_fill(&q, &facts, &policy);
	assert_string_equal(q.file.context->name, "a.out");
	facts.name = "bell\a";
	ward_query_fill(&q, &facts, &policy);
	assert_string_equal(q.file.context->name, "");
	facts.name = "latin\xe4";
	ward_query_fill(&q, &facts, &policy);
	assert_string_equal(q.file.context->name, "");
}

/* Who asks by prefix says nothing else, or the prefix hides nothing. */
static void
test_hidden(void **state)
{
	static const uint8_t digest[32] = {1, 2, 3, 4};
	Ward__V1__Policy policy = WARD__V1__POLICY__INIT;
	struct ward_query_facts facts = {.sha256 = digest, .size = 7, .name = "x"};
	Ward__V1__FileQuery bare = WARD__V1__FILE_QUERY__INIT;
	struct ward_query q;

	(void)state;
	policy.private_lookup = policy.send_names = true;
	ward_query_fill(&q, &facts, &policy);
	assert_int_equal(q.file.prefix.len, 3);
	assert_memory_equal(q.file.prefix.data, digest, 3);
	bare.prefix = q.file.prefix;
	assert_memory_equal(&q.file, &bare, sizeof(bare));
	ward_query_hide(&q, 5);
	assert_int_equal(q.file.prefix.len, 5);
}

static void
test_consent(void **state)
{
	(void)state;
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_SAFE, WARD_TYPE_ELF),
			 WARD_CONSENT_YES);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_SAFE, WARD_TYPE_SHELL),
			 WARD_CONSENT_YES);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_SAFE, WARD_TYPE_PDF),
			 WARD_CONSENT_NO);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_SAFE, WARD_TYPE_ZIP),
			 WARD_CONSENT_NO);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_SAFE, WARD_TYPE_MAIL),
			 WARD_CONSENT_NO);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_UNSPECIFIED, WARD_TYPE_TEXT),
			 WARD_CONSENT_NO);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_ALL, WARD_TYPE_PDF),
			 WARD_CONSENT_YES);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_NONE, WARD_TYPE_ELF),
			 WARD_CONSENT_NO);
	assert_int_equal(ward_consent_of(WARD__V1__SAMPLES__SAMPLES_ASK, WARD_TYPE_ELF),
			 WARD_CONSENT_ASK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),	     cmocka_unit_test(test_place_of_an_open_file),
		cmocka_unit_test(test_what_is_told), cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_consent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
