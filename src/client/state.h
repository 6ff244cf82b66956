/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an enrolled endpoint keeps, in a directory of mode 0700 that its user owns (when root writes
 * there, it does so as that user):
 *
 *	device.pem	the private key and its certificate
 *	enrolment.json	server, proxy, device, the organisation's CA, when to renew, policy
 *	policy.envelope	the organisation's policy as it was signed (policy/envelope.h); may be missing
 *	policy.keys	the keys that sign it, 32 bytes each: root's file, whoever owns the directory, for
 *			only what root has put there counts; empty: root has ended the enrolment
 *	updates.root	the first root of what is signed about updates (trust/trust.h), an envelope: root's file,
 *			like policy.keys; may be missing
 *	contact.json	when the service last answered or failed (client programs; may be missing)
 *	lock		held by whoever changes these
 *
 * Each file is replaced whole (crash-safe), mode 0600. enrolment.json is written last: without it
 * nothing is enrolled.
 */
#ifndef WARD_CLIENT_STATE_H
#define WARD_CLIENT_STATE_H

#include "client/client.h"
#include "client/key.h"

/* Of its own, below what belongs to root: who owns it can change nothing else. */
#define WARD_STATE_PARENT    "/var/lib/ward"
#define WARD_STATE_DIRECTORY WARD_STATE_PARENT "/uplink"

struct ward_state {
	char server[256], proxy[512]; /* proxy "": none */
	uint8_t device[16];
	uint64_t renew_after_ms; /* ms since 1970 */
	uint64_t enrolled_ms;
	Ward__V1__Policy policy;
	struct ward_buf ca;	  /* PEM */
	struct ward_buf identity; /* PEM: key, certificate */
	/* As the last reply brought them: saved then, not loaded. */
	struct ward_buf policy_keys, envelope, root;
};

/*
 * Whose directory it is on a machine with the guard: the user "ward-uplink", or where there is none
 * the numbers WARD_STATE_NUMBER, which no user has (Debian policy §9.2.2 reserves them).
 */
enum { WARD_STATE_NUMBER = 65533 };
void ward_state_owner(uint32_t *ret_uid, uint32_t *ret_gid);
/* As root: gives a directory of root's, and the files in it, to that user; makes it when it is not
 * there. One that another user owns stays his, and *ret_uid, *ret_gid are whose it is. WARD_E_PERM:
 * it is no directory, others may write to it, something else is in it, or it cannot be given. */
enum ward_rc ward_state_hand_over(const char *directory, uint32_t *ret_uid,
				  uint32_t *ret_gid) WARD_MUST_CHECK;

void ward_state_init(struct ward_state *state);
/* Wipes the key. */
void ward_state_done(struct ward_state *state);

/*
 * WARD_E_NOENT: not enrolled. WARD_E_PERM: the directory or a file may not be read. WARD_E_FORMAT: the
 * files do not belong together or make no sense; *ret_why (static, may be NULL) says what. A directory
 * that others may write to is WARD_E_FORMAT too: its contents prove nothing.
 */
enum ward_rc ward_state_load(const char *directory, struct ward_state *ret_state,
			     const char **ret_why) WARD_MUST_CHECK;
/* Makes the directory if it is not there (the last component). */
enum ward_rc ward_state_save(const char *directory, const struct ward_state *state) WARD_MUST_CHECK;
/* Removes all of it but the directory, and as root notes that there are no keys any more; fine when
 * there is nothing. */
enum ward_rc ward_state_clear(const char *directory) WARD_MUST_CHECK;
/* Makes the directory and takes its lock, until the descriptor is closed. WARD_E_PERM: somebody else
 * has it, or it may not be written; *ret_why as above. */
enum ward_rc ward_state_lock(const char *directory, int *ret_fd,
			     const char **ret_why) WARD_MUST_CHECK;

/* Options for a channel to the service, borrowed from the state. */
void ward_state_channel(const struct ward_state *state, struct ward_channel_options *ret_options);

/* --- enrolment --- */

/* Takes over a checked reply to Enroll or Renew for `key_pem`; pinned as ward_key_accept. A failure
 * leaves the state as it was. */
enum ward_rc ward_state_take(struct ward_state *state, struct ward_span key_pem,
			     const Ward__V1__EnrollReply *reply, const uint8_t *ca_sha256,
			     struct ward_span ca, const char **ret_why) WARD_MUST_CHECK;
/* True when the certificate is due to be renewed (or has expired: too late for it). */
bool ward_state_renewal_due(const struct ward_state *state, uint64_t now_ms);

/* --- contact.json --- */

struct ward_state_contact {
	uint64_t answered_ms, failed_ms;
	uint64_t failing_since_ms; /* 0: it is not */
	unsigned failures;	   /* in a row */
	char fault[16], text[256];
};
/* All zero when there is none. */
void ward_state_contact_load(const char *directory, struct ward_state_contact *ret_contact);
/* Puts what a client met on top of what was known. Not being able to write it is no failure. */
void ward_state_contact_save(const char *directory, struct ward_client *client);

/* --- policy words --- */

/* "normal", "zero_tolerance"…; "none", "safe"…; static, "unspecified" otherwise. */
const char *ward_policy_level_name(Ward__V1__Level level);
const char *ward_policy_samples_name(Ward__V1__Samples samples);

#endif
