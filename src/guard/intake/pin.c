/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to believe, and what was stored about that. */
#include <unistd.h>

#include "guard/intake/intake-priv.h"
#include "sys/fd.h"

enum { ROOT_MAX = 128 * 1024 };

/* A file that is not there reads as an empty one. `by_root`: else it is as if it were not there. */
static enum ward_rc
read_file(const char *path, bool by_root, struct ward_buf *into, bool *ret_there)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_fd_stat st;
	enum ward_rc rc = ward_fd_open_regular(-1, path, false, &fd, &st);

	*ret_there = false;
	if (rc == WARD_E_NOENT)
		return WARD_OK;
	if (rc == WARD_OK && by_root &&
	    ((st.uid != 0 && st.uid != geteuid()) || st.links != 1 || (st.mode & 022) != 0))
		return WARD_OK;
	if (rc == WARD_OK)
		rc = ward_fd_read_all(fd, into);
	*ret_there = rc == WARD_OK;
	return rc;
}

/* Less is there than was taken, or what was taken cannot be read: all comes again, from the first. */
static enum ward_rc
begin_again(struct ward_intake *i, struct ward_span root)
{
	struct ward_refusal refusal;
	enum ward_rc rc;

	ward_trust_freep(&i->trust);
	rc = ward_trust_new(root, &i->trust, &refusal);
	if (rc == WARD_OK)
		rc = ward_ledger_reset(i->ledger);
	i->dirty = true;
	i->lost = false;
	intake_tell(i, "records-damaged",
		    "the records that were stored are damaged; they are fetched again");
	return rc;
}

static enum ward_rc
open_ledger(struct ward_intake *i, uint64_t *ret_last)
{
	struct ward_ledger *ledger = NULL;
	enum ward_rc rc = ward_ledger_open(i->records_path, ward_trust_frontier(i->trust)->size,
					   &ledger, ret_last);

	(void)pthread_mutex_lock(&i->lock);
	i->ledger = ledger;
	(void)pthread_mutex_unlock(&i->lock);
	return rc;
}

static enum ward_rc
load(struct ward_intake *i, struct ward_span root)
{
	enum ward_trust_opened opened;
	struct ward_refusal refusal;
	uint64_t last = UINT64_MAX;
	enum ward_rc rc;

	ward_trust_freep(&i->trust);
	rc = ward_trust_open(i->state_path, root, &i->trust, &opened, &refusal);
	if (rc == WARD_E_PERM)
		intake_refuse(i, &refusal);
	if (rc != WARD_OK)
		return rc;
	if (opened == WARD_TRUST_DAMAGED)
		intake_tell(i, "state-damaged", refusal.text);
	if (!i->ledger)
		rc = open_ledger(i, &last);
	if (rc == WARD_OK && last < ward_trust_frontier(i->trust)->size)
		rc = begin_again(i, root);
	if (rc == WARD_OK)
		rc = intake_replay(i);
	return rc;
}

/* Nothing of what other keys have signed counts any more. */
static enum ward_rc
forget(struct ward_intake *i)
{
	enum ward_rc rc = ward_entry_remove(-1, i->state_path, false);

	ward_trust_freep(&i->trust);
	i->lost = i->dirty = false;
	if (rc == WARD_E_NOENT)
		rc = WARD_OK;
	if (rc == WARD_OK && i->ledger)
		rc = ward_ledger_reset(i->ledger);
	return rc;
}

/* A state without its records, or records without their state, are found out when they are read. */
static enum ward_rc
pin(struct ward_intake *i, struct ward_span root)
{
	WARD_AUTO(ward_trust_freep) struct ward_trust *is_one = NULL;
	struct ward_refusal refusal;
	enum ward_rc rc = WARD_OK;

	if (root.len > 0)
		rc = ward_trust_new(root, &is_one, &refusal);
	if (rc == WARD_E_PERM)
		intake_refuse(i, &refusal);
	if (rc == WARD_OK)
		rc = forget(i);
	if (rc == WARD_OK)
		rc = ward_fd_write_atomic(i->pin_path, root, 0600);
	if (rc == WARD_OK)
		intake_tell(i, "root-pinned",
			    root.len > 0 ? "the root of trust of this enrolment is pinned"
					 : "the root of trust is given up");
	return rc;
}

static enum ward_rc
adopt(struct ward_intake *i)
{
	WARD_AUTO(ward_buf_done) struct ward_buf came = {0}, kept = {0};
	bool there = false, was_there = false;
	enum ward_rc rc;

	ward_buf_init(&came, ROOT_MAX, NULL);
	ward_buf_init(&kept, ROOT_MAX, NULL);
	rc = read_file(i->root_path, true, &came, &there);
	if (rc == WARD_OK)
		rc = read_file(i->pin_path, false, &kept, &was_there);
	if (rc == WARD_OK && there && !ward_span_eq(ward_buf_span(&came), ward_buf_span(&kept))) {
		rc = pin(i, ward_buf_span(&came));
		if (rc == WARD_OK) {
			ward_buf_clear(&kept);
			rc = ward_buf_append(&kept, came.data, came.len);
		}
	}
	/* What is no root is not pinned; the one before stays. */
	if (rc == WARD_E_PERM)
		rc = WARD_OK;
	if (rc != WARD_OK || i->trust)
		return rc;
	return kept.len > 0 ? load(i, ward_buf_span(&kept)) : intake_replay(i);
}

/* As it was when it was looked at; 0: not there. */
static int64_t
stamp(const struct ward_intake *i)
{
	struct ward_fd_stat st = {.ctime = 0};

	if (ward_fd_stat_at(-1, i->root_path, false, &st) != WARD_OK)
		return 0;
	return st.ctime ^ (int64_t)st.inode;
}

enum ward_rc
intake_pin(struct ward_intake *i)
{
	int64_t now = stamp(i);
	enum ward_rc rc;

	if (now == i->pin_seen)
		return WARD_OK;
	rc = adopt(i);
	if (rc == WARD_OK)
		i->pin_seen = now;
	return rc;
}
