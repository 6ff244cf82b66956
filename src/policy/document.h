/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy document: JSON (docs/policy.md), read strictly. Unknown names, wrong types, values out of
 * range and repetitions are all reported, each with line and column, and then nothing is taken.
 */
#ifndef WARD_POLICY_DOCUMENT_H
#define WARD_POLICY_DOCUMENT_H

#include "policy/settings.h"

enum {
	WARD_POLICY_TEXT_MAX = 1 << 20, /* bytes of a document */
	WARD_POLICY_EXCLUSIONS_MAX = 10000,
};

/* Who has written it. */
enum ward_policy_author {
	WARD_POLICY_LOCAL,	  /* the machine's administrator: /etc/ward/policy.json */
	WARD_POLICY_ORGANISATION, /* comes signed from the cloud */
};

struct ward_policy_document {
	struct ward_policy policy; /* defaults where nothing is set */
	enum ward_policy_author author;
	const char *name;		  /* what it calls itself; "" */
	bool set[WARD_SETTINGS_MAX];	  /* by index in ward_settings */
	unsigned line[WARD_SETTINGS_MAX]; /* where; 0 when not set */
	struct ward_budget budget;	  /* of the arena */
	struct ward_arena *arena;	  /* owns all texts and lists */
};

/*
 * Reads a document. Mistakes are appended to `why` as "NAME:LINE:COLUMN: SETTING: what is wrong"
 * lines; WARD_E_FORMAT then. WARD_E_LIMIT: it is larger than WARD_POLICY_TEXT_MAX or needs too much
 * memory (said in `why`). The text is not needed afterwards.
 */
enum ward_rc ward_policy_document_read(struct ward_span text, const char *name,
				       enum ward_policy_author author, struct ward_buf *why,
				       struct ward_policy_document **ret) WARD_MUST_CHECK;
/* The empty document: all defaults. */
enum ward_rc ward_policy_document_new(enum ward_policy_author author,
				      struct ward_policy_document **ret) WARD_MUST_CHECK;
struct ward_policy_document *ward_policy_document_free(struct ward_policy_document *d);
/* For WARD_AUTO. */
void ward_policy_document_freep(struct ward_policy_document **d);

/* Appends what is set, and the exclusions, as a document that reads back the same. */
enum ward_rc ward_policy_document_write(const struct ward_policy_document *d,
					struct ward_buf *out) WARD_MUST_CHECK;

/* "a time like \"10s\", from 0 to 60s": what the setting takes. */
enum ward_rc ward_setting_expects(const struct ward_setting *s,
				  struct ward_buf *out) WARD_MUST_CHECK;

#endif
