/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `wardcloud keys`: one set of options, of which each verb takes some. */
#ifndef WARD_CLOUD_CEREMONY_OPTIONS_H
#define WARD_CLOUD_CEREMONY_OPTIONS_H

#include "cloud/keys/keyfile.h"

enum {
	WARD_CEREMONY_KEYS = 16,
	WARD_CEREMONY_EDITS = 64,
	WARD_CEREMONY_SETS = 16,
};

/* Changes to a root or a list of targets, in the order of the command line. */
enum ward_edit_kind {
	WARD_EDIT_ADD,	     /* "ROLE=PUB" */
	WARD_EDIT_REMOVE,    /* "ROLE=PUB" or "ROLE=ID" */
	WARD_EDIT_THRESHOLD, /* "ROLE=N", or "N" for the delegation */
	WARD_EDIT_DELEGATE,  /* "NAME"; what follows is about it */
	WARD_EDIT_PUBLIC,    /* "PUB": a key of the delegation */
	WARD_EDIT_KINDS,     /* "rule,signature" or "all" */
	WARD_EDIT_SCOPES, /* "all", "ring:canary", "tag:x", "device:UUID", "ring", "tag", "device" */
	WARD_EDIT_END,	  /* "PUB:NUMBER" or "ID:NUMBER": counts up to that record */
	WARD_EDIT_REVOKE, /* "NAME": the delegation goes */
};

struct ward_edit {
	enum ward_edit_kind kind;
	const char *text; /* borrowed from argv, as all texts here */
};

struct ward_ceremony_options {
	const char *config, *sets[WARD_CEREMONY_SETS];
	size_t set_count;
	ward_key_path directory; /* of the trust: --dir, or as configured; "" until _directory */
	const char *dir, *out, *from, *passphrase_file, *kinds;
	const char
		*keys[WARD_CEREMONY_KEYS]; /* that sign: paths, or names in the directory's keys/ */
	size_t key_count;
	struct ward_edit edits[WARD_CEREMONY_EDITS];
	size_t edit_count;
	uint64_t expires_ms; /* a time; 0: the standard */
	uint64_t now_ms;
	unsigned root_keys, root_threshold; /* of init */
	bool install, online, first, new_log, help;
	int operand_count;
	char **operands;
};

/* Parses what stands behind the verb; `allowed` names the options that the verb takes, without "--", with a
 * space on both sides of each. False after saying what is wrong. */
bool ward_ceremony_parse(struct ward_ceremony_options *o, const char *allowed, int argc,
			 char **argv) WARD_MUST_CHECK;
/* Finds the directory. False after saying what is wrong. */
bool ward_ceremony_directory(struct ward_ceremony_options *o) WARD_MUST_CHECK;
/* "365d", "12h" … in ms; false: no such. */
bool ward_ceremony_duration(const char *text, uint64_t *ret_ms) WARD_MUST_CHECK;
/* "wardcloud: keys: TEXT" on standard error, and exit status 2. */
int ward_ceremony_fail(const char *text);
/* The same of what the library said. */
int ward_ceremony_refused(enum ward_rc rc, const struct ward_refusal *why);

#endif
