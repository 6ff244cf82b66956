/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and envelopes as text for people. */
#ifndef WARD_CLOUD_CEREMONY_SHOW_H
#define WARD_CLOUD_CEREMONY_SHOW_H

#include "cloud/ceremony/options.h"
#include "trust/piece.h"

/* `wardcloud keys show FILE…`: keys, metadata, records. Exit status. */
int ward_show(const struct ward_ceremony_options *o);
/* `wardcloud keys status`. Exit status: 1 when endpoints would believe nothing new. */
int ward_status(struct ward_ceremony_options *o);

/* The names of a directory's public keys, for what is shown. */
enum { WARD_SHOW_NAMES = 256, WARD_SHOW_NAME = 80 };
struct ward_show_names {
	size_t count;
	struct {
		struct ward_trust_key key;
		char name[WARD_SHOW_NAME];
	} keys[WARD_SHOW_NAMES];
};

/* Reads DIRECTORY/keys; what is no key is left out. */
void ward_show_names_read(const char *directory, struct ward_show_names *ret);
/* Writes "root-1 (1a2b3c4d5e6f7081)" or the id alone. */
void ward_show_key(const struct ward_show_names *names, const uint8_t id[WARD_TRUST_KEY_ID]);
/* "2027-11-25 12:00 UTC, in 364 days". */
void ward_show_time(uint64_t ms, uint64_t now_ms);
/* The delegation's lines. */
void ward_show_delegation(const struct ward_show_names *names,
			  const struct ward_trust_delegation *d);

#endif
