/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the engine and whatever knows bad bytes: hash tables, YARA,
 * ClamAV signatures, later one-pass matchers. The engine holds a set of
 * matchers and shows each object to all of them.
 */
#ifndef WARD_MATCH_MATCH_H
#define WARD_MATCH_MATCH_H

#include "base/arena.h"
#include "base/verdict.h"
#include "formats/layout.h"
#include "formats/type.h"
#include "sys/digest.h"

/* Where the object came from, as told by whoever opened it: YARA's externals.
 * Never NULL strings. */
struct ward_match_origin {
	const char *filename;  /* last component of the outer file's path */
	const char *filepath;  /* its whole path */
	const char *extension; /* with the dot, lower case; "" if none */
	const char *owner;     /* user name or number; "" if not known */
};

struct ward_match_object {
	struct ward_span bytes;
	struct ward_digests *digests; /* computed on demand; shared by all matchers */
	enum ward_type type;
	bool derived; /* a view (normalised text): whole-object hashes do not apply */
	bool inner;   /* inside a container */
	const struct ward_match_origin *origin;
	const struct ward_layout *layout; /* NULL unless an executable */
	bool (*expired)(void *ctx);	  /* time is up; may be NULL */
	void *ctx;
};

struct ward_match_hit {
	enum ward_layer layer;
	enum ward_verdict verdict; /* WARD_MALICIOUS or WARD_SUSPICIOUS; WARD_CLEAN: allow-listed */
	const char *threat;	   /* threat name, e.g. "Linux.Miner.XMRig.Config"; valid
				      during the call */
	const char *rule;	   /* rule or signature identifier; may be NULL */
	const char *source;	   /* file of the intelligence it came from; may be NULL */
	const char *detail;	   /* evidence for people ("string $a at 0x40"); may be NULL */
};

/* Returns false when the caller has seen enough. The hit's strings are copied
 * by the receiver. */
typedef bool (*ward_match_report)(void *ctx, const struct ward_match_hit *hit);

/* One loaded source of knowledge. Immutable after load: any number of scans may
 * share it. */
struct ward_matcher {
	const char *name; /* static: "hash", "yara", "clamav" */
	/* Reads contents, not only digests and size: if no matcher does, the engine
	   need not unpack views made for matching only. */
	bool wants_bytes;
	/*
	 * WARD_OK, or WARD_E_TIMEOUT, WARD_E_LIMIT (too much work), WARD_E_NOMEM,
	 * WARD_E_FORMAT (damaged intelligence): the object was not wholly matched (hits
	 * before that count). WARD_E_STOPPED when `report` said enough.
	 */
	enum ward_rc (*scan)(const struct ward_matcher *m, const struct ward_match_object *object,
			     ward_match_report report, void *ctx);
	void (*free)(struct ward_matcher *m);
};

/* Shows the object to one matcher. */
enum ward_rc ward_matcher_scan(const struct ward_matcher *m, const struct ward_match_object *object,
			       ward_match_report report, void *ctx) WARD_MUST_CHECK;
/* NULL is fine. Always returns NULL. */
struct ward_matcher *ward_matcher_free(struct ward_matcher *m);

/*
 * What loading or compiling intelligence reports line by line: file, line (0:
 * whole file), text. Errors (bad = true) fail the load; the others tell what is
 * not supported, with counts.
 */
typedef void (*ward_match_notice)(void *ctx, bool bad, const char *file, unsigned line,
				  const char *text);

#endif
