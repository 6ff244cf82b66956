/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of an organisation's trust:
 *
 *   1.root 2.root …        all roots, so that endpoints can follow the chain from any of them
 *   1.targets 2.targets …  what the targets' key has signed; the highest good one counts
 *   7.snapshot …           the last ones; made by the service
 *   keys/                  online keys (cloud/keys/keyfile.h), and in small sites the sealed others
 *   lock                   held by who writes
 *
 * Files are envelopes as they travel. Each is written whole or not at all, and never changed.
 */
#ifndef WARD_CLOUD_KEYS_DIRECTORY_H
#define WARD_CLOUD_KEYS_DIRECTORY_H

#include "trust/metadata.h"

enum { WARD_TRUST_FILES = 3, WARD_TRUST_FILES_MAX = 1024, WARD_TRUST_SNAPSHOTS_KEPT = 32 };

/* Versions by ward_dsse_type (root, targets, snapshot), ascending. */
struct ward_trust_names {
	size_t count[WARD_TRUST_FILES];
	uint64_t versions[WARD_TRUST_FILES][WARD_TRUST_FILES_MAX];
};

/* What there is by name; nothing is opened. WARD_E_NOENT: no such directory; WARD_E_LIMIT: too much. */
enum ward_rc ward_trust_names_read(const char *directory, struct ward_trust_names *ret,
				   struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* The highest version; 0: none. */
uint64_t ward_trust_names_last(const struct ward_trust_names *names, enum ward_dsse_type type);

/* Appends a file's bytes; more than such an envelope may have is WARD_E_LIMIT. */
enum ward_rc ward_trust_file_read(const char *directory, enum ward_dsse_type type, uint64_t version,
				  struct ward_buf *out,
				  struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Durable with WARD_OK. WARD_E_PERM: another file has that name; the same one is fine. */
enum ward_rc ward_trust_file_write(const char *directory, enum ward_dsse_type type,
				   uint64_t version, struct ward_span envelope,
				   struct ward_refusal *ret_why) WARD_MUST_CHECK;
/* Removes the snapshots but for the last WARD_TRUST_SNAPSHOTS_KEPT. */
void ward_trust_snapshots_tidy(const char *directory, const struct ward_trust_names *names);

/* Waits some seconds for the lock; close the descriptor to let go. WARD_E_PERM: somebody holds it. */
enum ward_rc ward_trust_lock(const char *directory, int *ret_fd,
			     struct ward_refusal *ret_why) WARD_MUST_CHECK;

#endif
