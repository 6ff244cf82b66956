/* SPDX-License-Identifier: Apache-2.0 */
/* Key files, and the authority with a publisher's keys (trust/testing.h) in a directory of its own; what it
 * hands out is taken by an endpoint. */
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud/keys/authority.h"
#include "cloud/keys/directory.h"
#include "cloud/keys/keyfile.h"
#include "sys/fd.h"
#include "trust/testing.h"
#include <cmocka.h>

struct world {
	char directory[64], keys[80];
	struct test_publisher *p;
	struct ward_authority *a;
	struct ward_trust *endpoint;
	struct ward_refusal why;
	struct ward_buf out;
	struct ward_head head;
};

#define NOTHING ward_span_of(NULL, 0)

static void
put_key(struct world *w, const char *name, enum test_key key)
{
	uint8_t secret[WARD_SIGN_SECRET];

	test_secret(key, secret);
	assert_int_equal(ward_key_file_write(w->keys, name, secret, NOTHING, &w->why), WARD_OK);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)snprintf(w->directory, sizeof(w->directory), "/tmp/ward-test-keys-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	(void)snprintf(w->keys, sizeof(w->keys), "%s/keys", w->directory);
	assert_int_equal(mkdir(w->keys, 0700), 0);
	w->p = test_publisher_new();
	w->p->delegations[0].name = "service";
	w->p->delegations[1].name = "the-rules";
	test_sign_all(w->p);
	w->head = w->p->timestamp.head;
	ward_buf_init(&w->out, 1 << 20, NULL);
	put_key(w, "snapshot", TEST_SNAPSHOT);
	put_key(w, "timestamp", TEST_TIMESTAMP);
	put_key(w, "service", TEST_CONVICTIONS);
	*state = w;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ward_authority_closep(&w->a);
	ward_trust_free(w->endpoint);
	ward_buf_done(&w->out);
	test_publisher_free(w->p);
	assert_int_equal(nftw(w->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(w);
	return 0;
}

static enum ward_rc
create(struct world *w)
{
	const struct ward_span both[] = {w->p->envelopes[WARD_DSSE_TARGETS],
					 w->p->envelopes[WARD_DSSE_ROOT]};

	return ward_authority_create(w->directory, both, 2, TEST_NOW_MS, &w->a, &w->why);
}

static int
setup_created(void **state)
{
	setup(state);
	assert_int_equal(create(*state), WARD_OK);
	return 0;
}

static void
refused(const struct world *w, enum ward_rc rc, enum ward_refusal_code code, const char *text)
{
	assert_string_equal(w->why.text, text);
	assert_string_equal(ward_refusal_word(w->why.code), ward_refusal_word(code));
	assert_int_equal(rc, WARD_E_PERM);
}

static struct ward_span
envelope(struct world *w, enum ward_dsse_type type, uint64_t version)
{
	ward_buf_clear(&w->out);
	assert_int_equal(ward_authority_envelope(w->a, type, version, &w->out), WARD_OK);
	return ward_buf_span(&w->out);
}

/* The endpoint takes a timestamp, and all that it names. */
static void
follow(struct world *w, uint64_t previous, uint64_t now_ms)
{
	bool other_log;

	if (!w->endpoint)
		assert_int_equal(
			ward_trust_new(envelope(w, WARD_DSSE_ROOT, 1), &w->endpoint, &w->why),
			WARD_OK);
	for (uint64_t v = ward_trust_root_now(w->endpoint)->version + 1;; v++) {
		ward_buf_clear(&w->out);
		if (ward_authority_envelope(w->a, WARD_DSSE_ROOT, v, &w->out))
			break;
		assert_int_equal(ward_trust_take_root(w->endpoint, ward_buf_span(&w->out),
						      &other_log, &w->why),
				 WARD_OK);
	}
	ward_buf_clear(&w->out);
	assert_int_equal(
		ward_authority_sign_timestamp(w->a, previous, &w->head, now_ms, &w->out, &w->why),
		WARD_OK);
	assert_int_equal(
		ward_trust_take_timestamp(w->endpoint, ward_buf_span(&w->out), now_ms, &w->why),
		WARD_OK);
	assert_int_equal(ward_trust_timestamp_now(w->endpoint)->version, previous + 1);
	assert_int_equal(ward_trust_take_snapshot(w->endpoint, envelope(w, WARD_DSSE_SNAPSHOT, 0),
						  now_ms, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_take_targets(w->endpoint, envelope(w, WARD_DSSE_TARGETS, 0),
						 now_ms, &w->why),
			 WARD_OK);
	assert_int_equal(ward_trust_ready(w->endpoint, now_ms, &w->why), WARD_OK);
}

/* --- key files --- */

static void
keys_are_sealed_and_never_replaced(void **state)
{
	struct world *w = *state;
	uint8_t secret[WARD_SIGN_SECRET] = {1}, got[WARD_SIGN_SECRET];
	struct ward_span pass = ward_span_str("open sesame");
	struct ward_trust_key key;
	char path[128], text[256];
	struct stat st;

	assert_int_equal(ward_key_file_write(w->directory, "root-1", secret, pass, &w->why),
			 WARD_OK);
	(void)snprintf(path, sizeof(path), "%s/root-1.key", w->directory);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ward_key_file_read(path, pass, got, &w->why), WARD_OK);
	assert_memory_equal(got, secret, sizeof(got));
	assert_int_equal(ward_key_file_read(path, NOTHING, got, &w->why), WARD_E_ENCRYPTED);
	assert_int_equal(ward_key_file_read(path, ward_span_str("open"), got, &w->why),
			 WARD_E_PERM);
	(void)snprintf(text, sizeof(text), "%s: that is not its passphrase", path);
	assert_string_equal(w->why.text, text);
	assert_int_equal(ward_key_file_write(w->directory, "root-1", secret, pass, &w->why),
			 WARD_E_PERM);
	(void)snprintf(text, sizeof(text), "%s: it is there already; keys are never replaced",
		       path);
	assert_string_equal(w->why.text, text);
	(void)snprintf(path, sizeof(path), "%s/root-1.pub", w->directory);
	assert_int_equal(ward_key_file_public(path, &key, &w->why), WARD_OK);
	assert_int_equal(ward_sign_public(secret, got), WARD_OK);
	assert_memory_equal(key.public_key, got, sizeof(got));
	assert_int_equal(ward_key_file_write(w->directory, "../x", secret, pass, &w->why),
			 WARD_E_INVAL);
}

static void
what_others_may_read_is_no_secret(void **state)
{
	struct world *w = *state;
	struct ward_key_ring ring = {0};
	uint8_t got[WARD_SIGN_SECRET];
	char path[128], text[256];

	assert_int_equal(ward_key_ring_read(w->keys, &ring, &w->why), WARD_OK);
	assert_int_equal(ring.count, 3);
	assert_non_null(ward_key_ring_find(&ring, test_public(TEST_TIMESTAMP).id));
	assert_null(ward_key_ring_find(&ring, test_public(TEST_TARGETS).id));
	(void)snprintf(path, sizeof(path), "%s/timestamp.key", w->keys);
	assert_int_equal(chmod(path, 0640), 0);
	(void)snprintf(text, sizeof(text),
		       "%s: others may read it (mode 0640); chmod 600 it, and take another key if "
		       "somebody may have",
		       path);
	assert_int_equal(ward_key_file_read(path, NOTHING, got, &w->why), WARD_E_PERM);
	assert_string_equal(w->why.text, text);
	assert_int_equal(ward_key_ring_read(w->keys, &ring, &w->why), WARD_E_PERM);
	assert_int_equal(create(w), WARD_E_PERM);
	assert_string_equal(w->why.text, text);
	ward_key_ring_done(&ring);
}

static void
a_ring_has_what_is_not_sealed(void **state)
{
	struct world *w = *state;
	struct ward_key_ring ring = {0};
	uint8_t secret[WARD_SIGN_SECRET] = {9};

	assert_int_equal(
		ward_key_file_write(w->keys, "root-1", secret, ward_span_str("x"), &w->why),
		WARD_OK);
	assert_int_equal(ward_key_ring_read(w->keys, &ring, &w->why), WARD_OK);
	assert_int_equal(ring.count, 3);
	assert_int_equal(ward_key_ring_read("/nonexistent/keys", &ring, &w->why), WARD_OK);
	assert_int_equal(ring.count, 0);
	ward_key_ring_done(&ring);
}

static void
a_passphrase_is_one_line(void **state)
{
	struct world *w = *state;
	struct ward_buf text = {0};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/passphrase", w->directory);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str("one two\nthree\n"), 0600),
			 WARD_OK);
	assert_int_equal(ward_key_text_read(path, &text, &w->why), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&text), ward_span_str("one two")));
	ward_key_text_done(&text);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str("\n"), 0600), WARD_OK);
	assert_int_equal(ward_key_text_read(path, &text, &w->why), WARD_E_FORMAT);
	ward_key_text_done(&text);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str("x\n"), 0644), WARD_OK);
	assert_int_equal(ward_key_text_read(path, &text, &w->why), WARD_E_PERM);
	ward_key_text_done(&text);
}

/* --- the authority --- */

static void
endpoints_believe_it(void **state)
{
	struct world *w = *state;
	struct ward_trust_timestamp t;

	assert_int_equal(ward_authority_ready(w->a, TEST_NOW_MS, &w->why), WARD_OK);
	follow(w, 0, TEST_NOW_MS);
	ward_buf_clear(&w->out);
	assert_int_equal(
		ward_authority_sign_timestamp(w->a, 7, &w->head, TEST_NOW_MS, &w->out, &w->why),
		WARD_OK);
	assert_int_equal(ward_authority_read_timestamp(w->a, ward_buf_span(&w->out), &t, &w->why),
			 WARD_OK);
	assert_int_equal(t.version, 8);
	assert_int_equal(t.expires_ms, TEST_NOW_MS + WARD_AUTHORITY_TIMESTAMP_MS);
	/* somebody else's is none */
	refused(w,
		ward_authority_read_timestamp(w->a, w->p->envelopes[WARD_DSSE_SNAPSHOT], &t,
					      &w->why),
		WARD_REFUSED_TYPE, "it is signed as a snapshot, not as a timestamp");
}

static void
a_timestamp_is_renewed_after_a_third_of_its_life(void **state)
{
	const uint64_t third = WARD_AUTHORITY_TIMESTAMP_MS / 3;
	struct world *w = *state;

	assert_true(ward_authority_timestamp_due(w->a, NOTHING, TEST_NOW_MS));
	assert_int_equal(
		ward_authority_sign_timestamp(w->a, 0, &w->head, TEST_NOW_MS, &w->out, &w->why),
		WARD_OK);
	assert_false(ward_authority_timestamp_due(w->a, ward_buf_span(&w->out), TEST_NOW_MS));
	assert_false(ward_authority_timestamp_due(w->a, ward_buf_span(&w->out),
						  TEST_NOW_MS + third - 1));
	assert_true(
		ward_authority_timestamp_due(w->a, ward_buf_span(&w->out), TEST_NOW_MS + third));
	/* one of another key is due at once */
	w->p->signers[WARD_DSSE_TIMESTAMP] = TEST_STRANGER;
	test_sign_timestamp(w->p);
	assert_true(ward_authority_timestamp_due(w->a, w->p->envelopes[WARD_DSSE_TIMESTAMP],
						 TEST_NOW_MS));
}

static void
a_snapshot_is_renewed_after_a_third_of_its_life(void **state)
{
	const uint64_t third = WARD_AUTHORITY_SNAPSHOT_MS / 3;
	const uint64_t later = (TEST_NOW_MS / third + 1) * third;
	struct world *w = *state;
	bool changed = true;

	follow(w, 0, TEST_NOW_MS);
	assert_int_equal(ward_authority_refresh(w->a, later - 1, &changed, &w->why), WARD_OK);
	assert_false(changed);
	ward_buf_clear(&w->out);
	assert_int_equal(ward_authority_sign_timestamp(w->a, 1, &w->head, later, &w->out, &w->why),
			 WARD_OK);
	assert_int_equal(ward_authority_refresh(w->a, later, &changed, &w->why), WARD_OK);
	assert_true(changed);
	assert_true(ward_authority_timestamp_due(w->a, ward_buf_span(&w->out), later));
	follow(w, 2, later);
	/* the old one is still to be had */
	assert_true(envelope(w, WARD_DSSE_SNAPSHOT, 1).len > 0);
	assert_int_equal(ward_authority_refresh(w->a, later, &changed, &w->why), WARD_OK);
	assert_false(changed);
}

/* A record is taken by an endpoint; what the delegation may not say is refused here already. */
static void
records_are_signed_within_the_delegation(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1);
	const struct ward_trust_accepted *accepted;
	struct ward_trust_self self = {0};
	struct ward_span record;
	struct ward_trust_batch batch = {.records = &record, .count = 1, .now_ms = TEST_NOW_MS};

	r.role = "nobody"; /* is not looked at */
	follow(w, 0, TEST_NOW_MS);
	ward_buf_clear(&w->out);
	assert_int_equal(ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_OK);
	record = ward_buf_span(&w->out);
	test_append(w->p, record);
	w->head = w->p->timestamp.head;
	{
		struct ward_buf timestamp;

		ward_buf_init(&timestamp, 1 << 16, NULL);
		assert_int_equal(ward_authority_sign_timestamp(w->a, 1, &w->head, TEST_NOW_MS,
							       &timestamp, &w->why),
				 WARD_OK);
		batch.timestamp = ward_buf_span(&timestamp);
		assert_int_equal(ward_trust_accept(w->endpoint, &batch, &self, w->p->arena,
						   &accepted, &w->why),
				 WARD_OK);
		assert_string_equal(accepted[0].record.role, "service");
		ward_buf_done(&timestamp);
	}
	r.kind = WARD_KIND_ALLOW_FILE;
	r.threat = "";
	refused(w, ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_REFUSED_KIND,
		"record 1: service may not publish allow-file");
	r.number = 0;
	refused(w, ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_REFUSED_FIELD,
		"the record's number: from 1");
}

static void
records_of_others_are_checked(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1), got;

	r.role = "the-rules";
	r.kind = WARD_KIND_RULE;
	r.threat = "";
	r.scope = (struct ward_trust_scope){.kind = WARD_SCOPE_RING, .name = "canary"};
	r.of.rule.name = "x";
	r.of.rule.source = ward_span_str("rule x { condition: false }");
	assert_int_equal(ward_authority_check_record(w->a, test_seal(w->p, &r, TEST_RULES),
						     w->p->arena, &got, &w->why),
			 WARD_OK);
	assert_string_equal(got.of.rule.name, "x");
	refused(w,
		ward_authority_check_record(w->a, test_seal(w->p, &r, TEST_CONVICTIONS),
					    w->p->arena, &got, &w->why),
		WARD_REFUSED_THRESHOLD,
		"record 1 is signed by 0 of the 1 keys of the-rules that it needs");
}

static enum ward_rc
install_targets(struct world *w)
{
	test_sign_all(w->p);
	return ward_authority_install(w->a, &w->p->envelopes[WARD_DSSE_TARGETS], 1, TEST_NOW_MS,
				      &w->why);
}

static void
new_targets_come_in(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(1);

	follow(w, 0, TEST_NOW_MS);
	w->p->targets.version = 2;
	w->p->targets.delegation_count = 1;
	assert_int_equal(install_targets(w), WARD_OK);
	follow(w, 1, TEST_NOW_MS);
	assert_int_equal(ward_trust_targets_now(w->endpoint)->delegation_count, 1);
	/* the same again is fine, another one of that version is not, an older one neither */
	assert_int_equal(install_targets(w), WARD_OK);
	w->p->targets.expires_ms++;
	refused(w, install_targets(w), WARD_REFUSED_FORK,
		"there is another list of targets of version 2 already; give it the next version");
	w->p->targets.version = 1;
	refused(w, install_targets(w), WARD_REFUSED_ROLLBACK,
		"the list of targets has version 1, but 2 is known already");
	w->p->targets.version = 3;
	w->p->signers[WARD_DSSE_TARGETS] = TEST_STRANGER;
	refused(w, install_targets(w), WARD_REFUSED_THRESHOLD,
		"the list of targets is signed by 0 of the 1 keys of the trusted root that it "
		"needs");
	w->p->signers[WARD_DSSE_TARGETS] = TEST_TARGETS;
	w->p->targets.expires_ms = TEST_NOW_MS - 5000;
	refused(w, install_targets(w), WARD_REFUSED_EXPIRED,
		"the list of targets expired 5 seconds ago: the service has not spoken, or "
		"somebody "
		"holds back what it says");
	/* a service without its delegation signs nothing */
	w->p->targets.expires_ms = TEST_NOW_MS + TEST_HOUR_MS;
	w->p->delegations[0].name = "other";
	assert_int_equal(install_targets(w), WARD_OK);
	refused(w, ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_REFUSED_ROLE,
		"record 1: nobody called service may publish anything");
}

static void
a_revoked_key_signs_no_more(void **state)
{
	struct world *w = *state;
	struct ward_trust_record r = test_record(9);

	w->p->targets.version = 2;
	w->p->delegations[0].keys[0].last_number = 9;
	assert_int_equal(install_targets(w), WARD_OK);
	assert_int_equal(ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_OK);
	r.number = 10;
	assert_int_equal(ward_authority_sign_record(w->a, &r, &w->out, &w->why), WARD_E_NOENT);
	assert_string_equal(w->why.text, "no key of the delegation service is here, not sealed");
}

/* --- roots --- */

static void
replace(struct world *w, enum ward_dsse_type role, enum test_key key)
{
	w->p->root.version++;
	memset(&w->p->root.roles[role], 0, sizeof(w->p->root.roles[role]));
	w->p->root.roles[role].threshold = 1;
	assert_int_equal(ward_trust_role_add(&w->p->root.roles[role], test_public(key).public_key),
			 WARD_OK);
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
}

static enum ward_rc
install_root(struct world *w)
{
	return ward_authority_install(w->a, &w->p->envelopes[WARD_DSSE_ROOT], 1, TEST_NOW_MS,
				      &w->why);
}

static void
a_stolen_timestamp_key_is_replaced(void **state)
{
	struct world *w = *state;

	follow(w, 0, TEST_NOW_MS);
	replace(w, WARD_DSSE_TIMESTAMP, TEST_NEW_TIMESTAMP);
	assert_int_equal(install_root(w), WARD_E_NOENT);
	assert_string_equal(
		w->why.text,
		"0 of the 1 keys that root 2 wants for the timestamp are here, not sealed");
	put_key(w, "timestamp-2", TEST_NEW_TIMESTAMP);
	assert_int_equal(install_root(w), WARD_OK);
	follow(w, 1, TEST_NOW_MS);
	assert_int_equal(ward_trust_root_now(w->endpoint)->version, 2);
}

static void
other_keys_of_the_targets_bring_targets(void **state)
{
	struct world *w = *state;
	struct ward_span both[2];

	follow(w, 0, TEST_NOW_MS);
	replace(w, WARD_DSSE_TARGETS, TEST_STRANGER);
	refused(w, install_root(w), WARD_REFUSED_THRESHOLD,
		"the new root has other keys for the targets: a list of targets signed by them has "
		"to "
		"come together with it");
	w->p->targets.version = 2;
	w->p->signers[WARD_DSSE_TARGETS] = TEST_STRANGER;
	test_sign_all(w->p);
	both[0] = w->p->envelopes[WARD_DSSE_ROOT];
	both[1] = w->p->envelopes[WARD_DSSE_TARGETS];
	assert_int_equal(ward_authority_install(w->a, both, 2, TEST_NOW_MS, &w->why), WARD_OK);
	follow(w, 1, TEST_NOW_MS);
}

static void
roots_come_one_after_the_other(void **state)
{
	struct world *w = *state;
	struct ward_span roots[3];

	follow(w, 0, TEST_NOW_MS);
	w->p->root.version = 3;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	refused(w, install_root(w), WARD_REFUSED_ROOT_CHAIN,
		"it is root 3; after root 1 only the next one is taken");
	roots[0] = w->p->envelopes[WARD_DSSE_ROOT];
	w->p->root.version = 2;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, 0});
	refused(w, install_root(w), WARD_REFUSED_THRESHOLD,
		"the root is signed by 1 of the 2 keys of its own that it needs");
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	roots[1] = w->p->envelopes[WARD_DSSE_ROOT];
	roots[2] = envelope(w, WARD_DSSE_ROOT, 1);
	assert_int_equal(ward_authority_install(w->a, roots, 3, TEST_NOW_MS, &w->why), WARD_OK);
	follow(w, 1, TEST_NOW_MS);
	assert_int_equal(ward_trust_root_now(w->endpoint)->version, 3);
	refused(w,
		ward_authority_install(w->a, &w->p->envelopes[WARD_DSSE_TIMESTAMP], 1, TEST_NOW_MS,
				       &w->why),
		WARD_REFUSED_TYPE,
		"a timestamp is not installed: the service makes and publishes it");
}

static void
remove_file(struct world *w, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w->directory, name);
	assert_int_equal(unlink(path), 0);
}

/* Two nodes with the same keys sign the next snapshot at different moments: it is the same one. */
static void
nodes_sign_the_same_snapshot(void **state)
{
	const uint64_t third = WARD_AUTHORITY_SNAPSHOT_MS / 3;
	const uint64_t later = (TEST_NOW_MS / third + 1) * third;
	struct world *w = *state;
	struct ward_buf first;
	bool changed;

	ward_buf_init(&first, 1 << 16, NULL);
	for (uint64_t wait = 0; wait < 2; wait++) {
		assert_int_equal(ward_authority_refresh(w->a, later + wait * TEST_HOUR_MS, &changed,
							&w->why),
				 WARD_OK);
		assert_true(changed);
		if (wait == 0) {
			const struct ward_span s = envelope(w, WARD_DSSE_SNAPSHOT, 2);

			assert_int_equal(ward_buf_append(&first, s.data, s.len), WARD_OK);
			remove_file(w, "2.snapshot");
			ward_authority_closep(&w->a);
			assert_int_equal(
				ward_authority_open(w->directory, TEST_NOW_MS, &w->a, &w->why),
				WARD_OK);
		}
	}
	assert_true(ward_span_eq(envelope(w, WARD_DSSE_SNAPSHOT, 2), ward_buf_span(&first)));
	ward_buf_done(&first);
}

static void
an_expired_root_stops_signing(void **state)
{
	struct world *w = *state;
	uint64_t late = w->p->root.expires_ms + 7000;
	static const char text[] = "the root expired 7 seconds ago: the service has not spoken, or "
				   "somebody holds back "
				   "what it says";

	ward_authority_closep(&w->a);
	assert_int_equal(ward_authority_open(w->directory, late, &w->a, &w->why), WARD_OK);
	refused(w, ward_authority_ready(w->a, late, &w->why), WARD_REFUSED_EXPIRED, text);
	refused(w, ward_authority_sign_timestamp(w->a, 1, &w->head, late, &w->out, &w->why),
		WARD_REFUSED_EXPIRED, text);
	assert_int_equal(w->out.len, 0);
}

/* --- threads --- */

enum { THREADS = 4, ROUNDS = 40 };

/* Each asks for everything as often as the main thread changes things; what comes has to go together. */
static void *
asks(void *ctx)
{
	struct ward_authority *a = ctx;
	static const struct ward_frontier empty;
	struct ward_head head = {0};
	intptr_t good = ward_frontier_root(&empty, &head.root) == WARD_OK;

	for (int i = 0; i < ROUNDS && good; i++) {
		struct ward_trust_record r = test_record(1);
		struct ward_refusal why;
		struct ward_buf out;

		ward_buf_init(&out, 1 << 20, NULL);
		good = !ward_authority_sign_timestamp(a, 1, &head, TEST_NOW_MS, &out, &why) &&
		       ward_authority_timestamp_due(a, NOTHING, TEST_NOW_MS) &&
		       !ward_authority_sign_record(a, &r, &out, &why) &&
		       !ward_authority_envelope(a, WARD_DSSE_TARGETS, 0, &out);
		ward_buf_done(&out);
	}
	return (void *)good;
}

static void
threads_ask_while_it_changes(void **state)
{
	struct world *w = *state;
	pthread_t threads[THREADS];
	bool changed;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, asks, w->a), 0);
	for (uint64_t version = 2; version < 6; version++) {
		w->p->targets.version = version;
		assert_int_equal(install_targets(w), WARD_OK);
		assert_int_equal(ward_authority_refresh(w->a, TEST_NOW_MS, &changed, &w->why),
				 WARD_OK);
	}
	for (int i = 0; i < THREADS; i++) {
		void *good = NULL;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_non_null(good);
	}
}

/* --- the directory --- */

static void
another_process_brings_something(void **state)
{
	struct world *w = *state;
	struct ward_authority *other = NULL;
	bool changed;

	assert_int_equal(ward_authority_open(w->directory, TEST_NOW_MS, &other, &w->why), WARD_OK);
	w->p->targets.version = 2;
	assert_int_equal(install_targets(w), WARD_OK);
	assert_int_equal(ward_authority_refresh(other, TEST_NOW_MS, &changed, &w->why), WARD_OK);
	assert_true(changed);
	ward_buf_clear(&w->out);
	assert_int_equal(ward_authority_envelope(other, WARD_DSSE_TARGETS, 0, &w->out), WARD_OK);
	assert_true(ward_span_eq(ward_buf_span(&w->out), w->p->envelopes[WARD_DSSE_TARGETS]));
	ward_authority_closep(&other);
}

/* What a crash leaves between the writes of one installation: the old state works, and doing it again
 * completes it. */
static void
an_installation_that_was_cut_short(void **state)
{
	static const char *const lost[] = {"2.snapshot", "2.root", "2.targets"};
	struct world *w = *state;
	struct ward_span both[2];
	struct ward_trust_key stranger = test_public(TEST_STRANGER);

	follow(w, 0, TEST_NOW_MS);
	w->p->root.roles[WARD_DSSE_TARGETS].count = 0;
	assert_int_equal(
		ward_trust_role_add(&w->p->root.roles[WARD_DSSE_TARGETS], stranger.public_key),
		WARD_OK);
	w->p->root.version = 2;
	test_sign_root(w->p, (const enum test_key[]){TEST_ROOT_A, TEST_ROOT_B, 0});
	w->p->targets.version = 2;
	w->p->signers[WARD_DSSE_TARGETS] = TEST_STRANGER;
	test_sign_all(w->p);
	both[0] = w->p->envelopes[WARD_DSSE_ROOT];
	both[1] = w->p->envelopes[WARD_DSSE_TARGETS];
	for (size_t cut = 0; cut < 3; cut++) {
		assert_int_equal(ward_authority_install(w->a, both, 2, TEST_NOW_MS, &w->why),
				 WARD_OK);
		for (size_t i = 0; i <= cut; i++)
			remove_file(w, lost[i]);
		ward_authority_closep(&w->a);
		assert_int_equal(ward_authority_open(w->directory, TEST_NOW_MS, &w->a, &w->why),
				 WARD_OK);
		assert_int_equal(ward_authority_ready(w->a, TEST_NOW_MS, &w->why), WARD_OK);
	}
	assert_int_equal(ward_authority_install(w->a, both, 2, TEST_NOW_MS, &w->why), WARD_OK);
	follow(w, 1, TEST_NOW_MS);
	assert_int_equal(ward_trust_root_now(w->endpoint)->version, 2);
}

static void
overwrite(struct world *w, const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w->directory, name);
	assert_int_equal(ward_fd_write_atomic(path, ward_span_str(text), 0644), WARD_OK);
}

static void
damage_is_told(void **state)
{
	struct world *w = *state;
	char text[256];

	ward_authority_closep(&w->a);
	overwrite(w, "1.targets", "x");
	assert_int_equal(ward_authority_open(w->directory, TEST_NOW_MS, &w->a, &w->why), WARD_OK);
	refused(w, ward_authority_ready(w->a, TEST_NOW_MS, &w->why), WARD_REFUSED_FORMAT,
		"1.targets: it is no signed envelope");
	refused(w, ward_authority_sign_timestamp(w->a, 1, &w->head, TEST_NOW_MS, &w->out, &w->why),
		WARD_REFUSED_FORMAT, "1.targets: it is no signed envelope");
	assert_int_equal(ward_authority_envelope(w->a, WARD_DSSE_TARGETS, 0, &w->out),
			 WARD_E_NOENT);
	ward_authority_closep(&w->a);
	overwrite(w, "1.root", "x");
	(void)snprintf(text, sizeof(text), "%s/1.root: it is no signed envelope", w->directory);
	refused(w, ward_authority_open(w->directory, TEST_NOW_MS, &w->a, &w->why),
		WARD_REFUSED_FORMAT, text);
	remove_file(w, "1.root");
	assert_int_equal(ward_authority_open(w->directory, TEST_NOW_MS, &w->a, &w->why),
			 WARD_E_NOENT);
	assert_int_equal(ward_authority_open("/nonexistent", TEST_NOW_MS, &w->a, &w->why),
			 WARD_E_NOENT);
}

static void
old_snapshots_go(void **state)
{
	struct world *w = *state;
	struct ward_trust_names names;
	uint64_t now = TEST_NOW_MS;
	bool changed;

	for (int i = 0; i < 40; i++) {
		now += WARD_AUTHORITY_SNAPSHOT_MS / 3;
		if (now > w->p->targets.expires_ms)
			now = w->p->targets.expires_ms; /* over, but snapshots go on */
		assert_int_equal(ward_authority_refresh(w->a, now, &changed, &w->why), WARD_OK);
	}
	assert_int_equal(ward_trust_names_read(w->directory, &names, &w->why), WARD_OK);
	assert_true(names.count[WARD_DSSE_SNAPSHOT] <= WARD_TRUST_SNAPSHOTS_KEPT + 1);
	assert_int_equal(names.count[WARD_DSSE_ROOT], 1);
}

#define TEST(name, before) cmocka_unit_test_setup_teardown(name, before, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_sealed_and_never_replaced, setup),
		TEST(what_others_may_read_is_no_secret, setup),
		TEST(a_ring_has_what_is_not_sealed, setup),
		TEST(a_passphrase_is_one_line, setup),
		TEST(endpoints_believe_it, setup_created),
		TEST(a_timestamp_is_renewed_after_a_third_of_its_life, setup_created),
		TEST(a_snapshot_is_renewed_after_a_third_of_its_life, setup_created),
		TEST(records_are_signed_within_the_delegation, setup_created),
		TEST(records_of_others_are_checked, setup_created),
		TEST(new_targets_come_in, setup_created),
		TEST(a_revoked_key_signs_no_more, setup_created),
		TEST(a_stolen_timestamp_key_is_replaced, setup_created),
		TEST(other_keys_of_the_targets_bring_targets, setup_created),
		TEST(roots_come_one_after_the_other, setup_created),
		TEST(nodes_sign_the_same_snapshot, setup_created),
		TEST(an_expired_root_stops_signing, setup_created),
		TEST(threads_ask_while_it_changes, setup_created),
		TEST(another_process_brings_something, setup_created),
		TEST(an_installation_that_was_cut_short, setup_created),
		TEST(damage_is_told, setup_created),
		TEST(old_snapshots_go, setup_created),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
