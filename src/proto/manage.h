/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of manage.proto as plain structures. Decoders trust nothing (WARD_E_PROTO): another
 * version, an unknown operation or kind, other letters in a name, a text that is too long or holds a
 * NUL, too many of anything. What they return is complete, bounded, and lives in the arena.
 */
#ifndef WARD_PROTO_MANAGE_H
#define WARD_PROTO_MANAGE_H

#include "base/buf.h"

enum {
	WARD_MANAGE_VERSION = 1,
	WARD_MANAGE_ID = 16,
	WARD_MANAGE_TEXT_MAX = 4096,
	WARD_MANAGE_VALUE_MAX = 16 * 1024,
	WARD_MANAGE_CURSOR_MAX = 64,
	WARD_MANAGE_ERROR_MAX = 8192,
	WARD_MANAGE_NAME_MAX = 32,
	WARD_MANAGE_FIELDS_MAX = 32,
	WARD_MANAGE_FIELD_MAX = 32 * 1024,
	WARD_MANAGE_ENTRIES_MAX = 256,
	WARD_MANAGE_ARENA = 8 << 20, /* budget with which every valid message can be decoded */
};

/* As in manage.proto. */
enum ward_manage_operation {
	WARD_MANAGE_THREAT_LIST = 1,
	WARD_MANAGE_THREAT_SHOW,
	WARD_MANAGE_QUARANTINE_LIST,
	WARD_MANAGE_CONFIG_LIST,
	WARD_MANAGE_EXCLUSION_LIST,
	WARD_MANAGE_ALLOWANCE_LIST,
	WARD_MANAGE_EVENT_LIST,
	WARD_MANAGE_ALLOW,
	WARD_MANAGE_DISALLOW,
	WARD_MANAGE_THREAT_RESTORE,
	WARD_MANAGE_THREAT_DELETE,
	WARD_MANAGE_QUARANTINE_ADD,
	WARD_MANAGE_QUARANTINE_RESTORE,
	WARD_MANAGE_QUARANTINE_PURGE,
	WARD_MANAGE_QUARANTINE_DELETE,
	WARD_MANAGE_QUARANTINE_VERIFY,
	WARD_MANAGE_CONFIG_SET,
	WARD_MANAGE_CONFIG_UNSET,
	WARD_MANAGE_EXCLUSION_ADD,
	WARD_MANAGE_EXCLUSION_REMOVE,
	WARD_MANAGE_SCAN_START,
	WARD_MANAGE_SCAN_STOP,
	WARD_MANAGE_SCAN_PAUSE,
	WARD_MANAGE_SCAN_RESUME,
	WARD_MANAGE_SCAN_STATUS,
	WARD_MANAGE_SCAN_LIST,
	WARD_MANAGE_UPDATE_STATUS,
	WARD_MANAGE_UPDATE_HISTORY,
	WARD_MANAGE_UPDATE_APPLY,
	WARD_MANAGE_UPDATE_ROLLBACK,
	WARD_MANAGE_UPDATE_FREEZE,
	WARD_MANAGE_UPDATE_UNFREEZE,
	WARD_MANAGE_UPDATE_RECORDS,
	WARD_MANAGE_AUDIT_HEAD,
	WARD_MANAGE_AUDIT_RECORD,
	WARD_MANAGE_AUDIT_COMPARE,
	WARD_MANAGE_OPERATIONS,
};

/* Bits of a request. */
enum {
	WARD_MANAGE_SET_ID = 1,	  /* restore: set-user-id and its like too */
	WARD_MANAGE_LENIENT = 2,  /* restore: leave out what the destination cannot hold */
	WARD_MANAGE_DISTRUST = 4, /* restore: the file is not allowed from now on */
	WARD_MANAGE_AGAIN = 8,	  /* update: an older pack, or one that failed, too */
	WARD_MANAGE_FLAGS = 15,
};

struct ward_manage_request {
	enum ward_manage_operation operation;
	uint8_t id[WARD_MANAGE_ID];
	bool has_id;
	const char *path, *name, *value, *why; /* never NULL once decoded; NULL encodes as "" */
	struct ward_span cursor;
	uint32_t limit;
	uint64_t time_ms, bytes;
	unsigned flags;
};

enum ward_manage_kind {
	WARD_MANAGE_TEXT,
	WARD_MANAGE_NUMBER,
	WARD_MANAGE_BOOL,
	WARD_MANAGE_TIME,
	WARD_MANAGE_JSON,
	WARD_MANAGE_KINDS,
};

struct ward_manage_field {
	const char *name;
	enum ward_manage_kind kind;
	struct ward_span text; /* without NUL; one follows when it was decoded */
	uint64_t number;
};

struct ward_manage_entry {
	struct ward_manage_field *fields;
	size_t count;
};

struct ward_manage_reply {
	enum ward_rc rc;
	const char *error; /* never NULL */
	struct ward_manage_entry *entries;
	size_t count;
	struct ward_span next;
};

/* Encoding appends to `out`, using the arena meanwhile. WARD_E_INVAL: the decoder would refuse it. */
enum ward_rc ward_manage_request_encode(const struct ward_manage_request *request,
					struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_manage_request_decode(struct ward_span in, struct ward_arena *arena,
					struct ward_manage_request *ret_request) WARD_MUST_CHECK;
enum ward_rc ward_manage_reply_encode(const struct ward_manage_reply *reply,
				      struct ward_arena *arena,
				      struct ward_buf *out) WARD_MUST_CHECK;
enum ward_rc ward_manage_reply_decode(struct ward_span in, struct ward_arena *arena,
				      struct ward_manage_reply *ret_reply) WARD_MUST_CHECK;

/* Where these requests are taken: "manage.sock" beside the guard's control socket. False: too long. */
enum { WARD_MANAGE_SOCKET_MAX = 108 }; /* sun_path */
bool ward_manage_socket(const char *control, char ret_path[WARD_MANAGE_SOCKET_MAX]) WARD_MUST_CHECK;

/* The field of that name, or NULL. */
const struct ward_manage_field *ward_manage_field_find(const struct ward_manage_entry *entry,
						       const char *name);

#endif
