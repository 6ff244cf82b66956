/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/policy/organisation.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/envelope.h"
#include "sys/entry.h"
#include "sys/fd.h"

enum { PATH_ROOM = 4096, KEYS_MAX = 16 * WARD_SIGN_PUBLIC };

#define DOCUMENT_NAME "the organisation's policy"

struct store {
	struct ward_buf keys, envelope;
	bool has_keys; /* the file is there, and root's */
};

static void
store_init(struct store *s)
{
	ward_buf_init(&s->keys, KEYS_MAX, NULL);
	ward_buf_init(&s->envelope, WARD_ENVELOPE_MAX, NULL);
}

static void
store_done(struct store *s)
{
	ward_buf_done(&s->keys);
	ward_buf_done(&s->envelope);
}

static enum ward_rc
complain(struct ward_buf *why, const char *path, enum ward_rc rc, const char *text)
{
	(void)!ward_buf_printf(why, "%s: %s\n", path, text);
	return rc;
}

/* A file that is not there reads as an empty one. `by_root`: it counts only if root has made it. */
static enum ward_rc
read_file(const char *directory, const char *name, bool by_root, struct ward_buf *into,
	  bool *ret_there, struct ward_buf *why)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st;
	char path[PATH_ROOM];
	enum ward_rc rc = WARD_E_LIMIT;

	*ret_there = false;
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path))
		rc = ward_fd_open_regular(-1, path, false, &fd, &st);
	if (rc == WARD_E_NOENT)
		return WARD_OK;
	if (rc == WARD_OK && by_root &&
	    ((st.uid != 0 && st.uid != geteuid()) || st.links != 1 || (st.mode & 022) != 0))
		return WARD_OK;
	if (rc == WARD_OK)
		rc = ward_fd_read_all(fd, into);
	*ret_there = rc == WARD_OK;
	return rc == WARD_OK ? rc : complain(why, path, rc, ward_rc_str(rc));
}

static enum ward_rc
write_file(const char *directory, const char *name, struct ward_span bytes, struct ward_buf *why)
{
	char path[PATH_ROOM];
	enum ward_rc rc = ward_entry_make_directory(-1, directory, 0711);

	if (rc == WARD_E_PERM) /* it is there; else writing will tell */
		rc = WARD_OK;
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		rc = WARD_E_LIMIT;
	if (rc == WARD_OK)
		rc = ward_fd_write_atomic(path, bytes, 0600);
	return rc == WARD_OK ? rc : complain(why, path, rc, ward_rc_str(rc));
}

static enum ward_rc
read_store(const char *directory, const char *keys, const char *envelope, bool by_root,
	   struct store *ret, struct ward_buf *why)
{
	bool ignored;
	enum ward_rc rc = read_file(directory, keys, by_root, &ret->keys, &ret->has_keys, why);

	if (rc == WARD_OK)
		rc = read_file(directory, envelope, false, &ret->envelope, &ignored, why);
	return rc;
}

/* What is kept, as far as its own keys prove it. */
static void
known_of(const struct store *kept, struct ward_envelope_known *ret)
{
	struct ward_envelope e;
	const char *ignored;

	memset(ret, 0, sizeof(*ret));
	if (ward_envelope_open(ward_buf_span(&kept->envelope), ward_buf_span(&kept->keys), ret, &e,
			       &ignored) != WARD_OK)
		return;
	ret->version = e.version;
	memcpy(ret->sha256, e.sha256, sizeof(ret->sha256));
}

static bool
same(const struct ward_buf *a, const struct ward_buf *b)
{
	return a->len == b->len && (!a->data || !b->data || memcmp(a->data, b->data, a->len) == 0);
}

/* Root has enrolled this machine anew: what other keys have signed does not count any more. */
static enum ward_rc
take_keys(const struct ward_policy_places *places, const struct store *came, struct store *kept,
	  struct ward_buf *why)
{
	enum ward_rc rc;

	if (!came->has_keys || same(&came->keys, &kept->keys))
		return WARD_OK;
	if (came->keys.len % WARD_SIGN_PUBLIC != 0)
		return complain(why, places->enrolment, WARD_E_FORMAT, "policy.keys: no keys");
	rc = write_file(places->kept, "keys", ward_buf_span(&came->keys), why);
	ward_buf_clear(&kept->keys);
	if (rc != WARD_OK || came->keys.len == 0) /* root has ended the enrolment */
		return rc;
	return ward_buf_append(&kept->keys, came->keys.data, came->keys.len);
}

static enum ward_rc
take_envelope(const struct ward_policy_places *places, const struct store *came,
	      const struct store *kept, struct ward_envelope_known *known, struct ward_buf *why)
{
	WARD_AUTO(ward_policy_document_freep) struct ward_policy_document *d = NULL;
	struct ward_envelope e;
	const char *text = "";
	enum ward_rc rc;

	if (came->envelope.len == 0 || same(&came->envelope, &kept->envelope))
		return WARD_OK;
	rc = ward_envelope_open(ward_buf_span(&came->envelope), ward_buf_span(&kept->keys), known,
				&e, &text);
	if (rc != WARD_OK)
		return complain(why, DOCUMENT_NAME, rc, text);
	rc = ward_policy_document_read(e.document, DOCUMENT_NAME, WARD_POLICY_ORGANISATION, why,
				       &d);
	if (rc == WARD_OK)
		rc = write_file(places->kept, "envelope", ward_buf_span(&came->envelope), why);
	if (rc == WARD_OK)
		known->version = e.version;
	return rc;
}

enum ward_rc
ward_organisation_take(const struct ward_policy_places *places, struct ward_buf *why,
		       uint64_t *ret_version)
{
	WARD_AUTO(store_done) struct store came = {.has_keys = false};
	WARD_AUTO(store_done) struct store kept = {.has_keys = false};
	struct ward_envelope_known known;
	enum ward_rc rc;

	store_init(&came);
	store_init(&kept);
	rc = read_store(places->kept, "keys", "envelope", false, &kept, why);
	if (rc == WARD_OK)
		rc = read_store(places->enrolment, "policy.keys", "policy.envelope", true, &came,
				why);
	if (rc == WARD_OK)
		rc = take_keys(places, &came, &kept, why);
	known_of(&kept, &known);
	if (rc == WARD_OK)
		rc = take_envelope(places, &came, &kept, &known, why);
	if (rc == WARD_OK)
		*ret_version = known.version;
	return rc;
}

enum ward_rc
ward_organisation_read(const struct ward_policy_places *places, struct ward_buf *why,
		       struct ward_policy_document **ret)
{
	WARD_AUTO(store_done) struct store kept = {.has_keys = false};
	const struct ward_envelope_known nothing = {.version = 0};
	struct ward_envelope e;
	const char *text = "";
	enum ward_rc rc;

	store_init(&kept);
	rc = read_store(places->kept, "keys", "envelope", false, &kept, why);
	if (rc != WARD_OK || kept.envelope.len == 0)
		return rc;
	rc = ward_envelope_open(ward_buf_span(&kept.envelope), ward_buf_span(&kept.keys), &nothing,
				&e, &text);
	/* Signed by keys that root has replaced: it is another organisation's. */
	if (rc != WARD_OK) {
		(void)!ward_buf_printf(why, DOCUMENT_NAME ": %s\n", text);
		return WARD_OK;
	}
	return ward_policy_document_read(e.document, DOCUMENT_NAME, WARD_POLICY_ORGANISATION, why,
					 ret);
}

int64_t
ward_organisation_stamp(const struct ward_policy_places *places)
{
	static const char *const names[] = {"policy.envelope", "policy.keys"};
	char path[PATH_ROOM];
	int64_t stamp = 0;

	for (size_t i = 0; i < 2; i++) {
		struct ward_fd_stat st = {.ctime = 0};

		if (snprintf(path, sizeof(path), "%s/%s", places->enrolment, names[i]) <
			    (int)sizeof(path) &&
		    ward_fd_stat_at(-1, path, false, &st) == WARD_OK)
			stamp = (int64_t)((uint64_t)stamp * 3) ^ st.ctime;
	}
	return stamp;
}
