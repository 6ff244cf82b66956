/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples by SHA-256: zstd-compressed, inert (stored under a digest, never under a name or mode that
 * could be run), each once. Backends implement objects-priv.h: a directory, and a server that speaks S3
 * (s3.h). They pass the same tests (conform.h). Every function may block on disk or network: call it
 * from worker threads, never from an event loop. Any thread.
 */
#ifndef WARD_CLOUD_OBJECTS_OBJECTS_H
#define WARD_CLOUD_OBJECTS_OBJECTS_H

#include "base/rc.h"
#include "base/span.h"

struct ward_objects;

struct ward_objects_dir_options {
	const char *directory; /* made with mode 0700 if not there */
	uint64_t quota;	       /* bytes stored (compressed) before WARD_E_LIMIT; 0: none */
};

/* WARD_E_PERM, WARD_E_NOENT: the place; WARD_E_IO. Closed by ward_objects_close. */
enum ward_rc ward_objects_open_dir(const struct ward_objects_dir_options *options,
				   struct ward_objects **ret, char why[512]) WARD_MUST_CHECK;
struct ward_objects *ward_objects_close(struct ward_objects *objects);

/*
 * Stores all of `fd` (from its beginning). The caller has checked that its SHA-256 is `sha256`; it is
 * checked again while compressing (WARD_E_FORMAT if not, nothing is stored). Durable when it returns.
 * WARD_OK also when it was there. WARD_E_LIMIT: quota.
 */
enum ward_rc ward_objects_put(struct ward_objects *objects, const uint8_t sha256[32],
			      int fd) WARD_MUST_CHECK;
/*
 * The sample as a sealed memory file of at most `max` bytes, its SHA-256 checked; the caller closes.
 * WARD_E_NOENT, WARD_E_LIMIT, WARD_E_FORMAT (damaged), WARD_E_IO.
 */
enum ward_rc ward_objects_get(struct ward_objects *objects, const uint8_t sha256[32], uint64_t max,
			      int *ret_fd) WARD_MUST_CHECK;
/* WARD_OK: it is there; WARD_E_NOENT. */
enum ward_rc ward_objects_has(struct ward_objects *objects,
			      const uint8_t sha256[32]) WARD_MUST_CHECK;
/* WARD_OK also when it was not there. */
enum ward_rc ward_objects_remove(struct ward_objects *objects,
				 const uint8_t sha256[32]) WARD_MUST_CHECK;

/* Called for each sample in no order; WARD_E_STOPPED ends early. */
typedef enum ward_rc (*ward_object_fn)(void *context, const uint8_t sha256[32],
				       uint64_t stored_bytes, uint64_t stored_ms);
enum ward_rc ward_objects_list(struct ward_objects *objects, ward_object_fn fn,
			       void *context) WARD_MUST_CHECK;

/* Removes samples stored before `before_ms`; calls `fn` (may be NULL) for each one removed. */
enum ward_rc ward_objects_expire(struct ward_objects *objects, uint64_t before_ms,
				 ward_object_fn fn, void *context) WARD_MUST_CHECK;

struct ward_objects_stats {
	uint64_t objects, bytes; /* stored now */
	uint64_t puts, gets, failures;
};
void ward_objects_stats(struct ward_objects *objects, struct ward_objects_stats *ret_stats);

#endif
