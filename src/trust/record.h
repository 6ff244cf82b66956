/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update record: one thing that endpoints are to do or leave from now on, as plain values. Format
 * and limits: docs/updates.md. Texts are never NULL after decoding; NULL counts as "" when encoding.
 */
#ifndef WARD_TRUST_RECORD_H
#define WARD_TRUST_RECORD_H

#include "trust/dsse.h"

/* What a record does. The numbers stand in the bit masks of delegations and never change. */
enum ward_trust_kind {
	WARD_KIND_BLOCK_FILE = 1,    /* "block-file": SHA-256, SHA-1 or MD5 */
	WARD_KIND_ALLOW_FILE = 2,    /* "allow-file": SHA-256 only */
	WARD_KIND_BLOCK_SIMILAR = 3, /* "block-similar": TLSH */
	WARD_KIND_BLOCK_SIGNER = 4,  /* "block-signer" */
	WARD_KIND_ALLOW_SIGNER = 5,  /* "allow-signer" */
	WARD_KIND_BLOCK_ORIGIN = 6,  /* "block-origin": URL, domain, network */
	WARD_KIND_ALLOW_ORIGIN = 7,  /* "allow-origin" */
	WARD_KIND_RULE = 8,	     /* "rule": YARA source */
	WARD_KIND_SIGNATURE = 9,     /* "signature": a line of ClamAV's formats */
	WARD_KIND_MODEL = 10,	     /* "model", by reference */
	WARD_KIND_DISABLE = 11,	     /* "disable": rule, signature, model or record */
	WARD_KIND_BEHAVIOUR = 12,    /* "behaviour": carried, not read by anybody yet */
	WARD_KIND_POLICY = 13,	     /* "policy" */
	WARD_KIND_END
};

enum ward_trust_scope_kind {
	WARD_SCOPE_ALL = 1,
	WARD_SCOPE_RING = 2,
	WARD_SCOPE_TAG = 3,
	WARD_SCOPE_DEVICE = 4,
};

enum ward_trust_expiry_kind {
	WARD_EXPIRY_NEVER = 1,
	WARD_EXPIRY_UNTIL = 2,	  /* value: ms since 1970 */
	WARD_EXPIRY_DURATION = 3, /* value: ms from when the endpoint took it */
	WARD_EXPIRY_PACK = 4,	  /* value: version of the pack `pack` that ends it */
};

enum ward_trust_disabled {
	WARD_DISABLED_RULE = 1,
	WARD_DISABLED_SIGNATURE = 2,
	WARD_DISABLED_MODEL = 3,
	WARD_DISABLED_RECORD = 4,
};

enum ward_trust_where { WARD_ORIGIN_URL = 1, WARD_ORIGIN_DOMAIN = 2, WARD_ORIGIN_NETWORK = 3 };

/* Longest texts and runs, in bytes. */
enum {
	WARD_RECORD_ID = 16,
	WARD_RECORD_AUTHOR = 128,
	WARD_RECORD_REASON = 1024,
	WARD_RECORD_EVIDENCE = 512,
	WARD_RECORD_THREAT = 128,
	WARD_RECORD_NAME = 128, /* of rules, signatures, models, signers */
	WARD_RECORD_URL = 2048,
	WARD_RECORD_DOMAIN = 253,
	WARD_RECORD_RULE = 64 * 1024,
	WARD_RECORD_LINE = 16 * 1024,
	WARD_RECORD_POLICY = 64 * 1024,
	WARD_RECORD_TLSH = 35,
	WARD_RECORD_DISTANCE = 200,
	WARD_RECORD_TIER = 5,
	WARD_RECORD_CONFIDENCE = 100,
};

struct ward_trust_scope {
	enum ward_trust_scope_kind kind;
	const char *name;   /* RING, TAG; otherwise "" */
	uint8_t device[16]; /* DEVICE; otherwise zero */
};

struct ward_trust_reference {
	uint8_t sha256[32];
	uint64_t size; /* at least 1 */
};

struct ward_trust_record {
	uint64_t number; /* from 1; it is leaf number - 1 of the log */
	uint8_t id[WARD_RECORD_ID];
	uint64_t time_ms;
	const char *role; /* the delegation under which it is signed */
	const char *author, *reason, *evidence, *threat;
	unsigned tier; /* as ward.v1.Tier; 0: a person */
	unsigned confidence;
	struct ward_trust_scope scope;
	struct {
		enum ward_trust_expiry_kind kind;
		uint64_t value;
		const char *pack; /* PACK; otherwise "" */
	} expiry;
	enum ward_trust_kind kind;
	union { /* by kind; spans are borrowed, after decoding from the arena */
		struct ward_span file; /* 32, 20 or 16 bytes */
		struct {
			uint8_t tlsh[WARD_RECORD_TLSH];
			unsigned distance;
		} similar;
		struct {
			const char *name;
			struct ward_span certificate; /* SHA-256, or empty */
		} signer;
		struct {
			enum ward_trust_where where;
			const char *text;	  /* URL or domain */
			struct ward_span address; /* 4 or 16 bytes */
			unsigned prefix;
		} origin;
		struct {
			const char *name;
			struct ward_span source;
		} rule;
		struct {
			const char *format, *line;
		} signature;
		struct {
			const char *name;
			uint64_t version;
			struct ward_trust_reference content;
		} model;
		struct {
			enum ward_trust_disabled what;
			const char *name; /* RULE, SIGNATURE, MODEL */
			uint64_t record;  /* RECORD: an earlier one's number */
		} disable;
		struct {
			const char *name;
			unsigned format;
			struct ward_span source;
		} behaviour;
		struct {
			struct ward_span document; /* empty: it is a reference */
			struct ward_trust_reference reference;
		} policy;
	} of;
};

/* "block-file" …; "" for what is no kind; static. */
const char *ward_trust_kind_word(enum ward_trust_kind kind);
/* False: no such word. */
bool ward_trust_kind_parse(const char *word, enum ward_trust_kind *ret);

/* Appends the payload of an envelope. WARD_E_PERM with *ret_refusal when a field has a value that no
 * record may have: what is made here is never refused by _decode. WARD_E_LIMIT: the buffer. */
enum ward_rc ward_trust_record_encode(const struct ward_trust_record *r, struct ward_buf *out,
				      struct ward_refusal *ret_refusal) WARD_MUST_CHECK;
/*
 * A payload as a record, every field checked; who signed it is another question (trust/accept.h).
 * WARD_E_PERM with *ret_refusal: malformed, or a bad field, which the text names. WARD_E_LIMIT: the
 * arena's budget (128 times the input and 64 KiB suffices).
 */
enum ward_rc ward_trust_record_decode(struct ward_span payload, struct ward_arena *arena,
				      struct ward_trust_record *ret,
				      struct ward_refusal *ret_refusal) WARD_MUST_CHECK;

#endif
