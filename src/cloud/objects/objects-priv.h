/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend implements, below objects.h. A backend's struct begins with a struct ward_objects;
 * digests, quota and figures are kept for it. */
#ifndef WARD_CLOUD_OBJECTS_OBJECTS_PRIV_H
#define WARD_CLOUD_OBJECTS_OBJECTS_PRIV_H

#include <pthread.h>

#include "cloud/objects/objects.h"

struct ward_objects_ops {
	/* Stores what is not there, by ward_object_pack; whole and durable or not at all. *ret_bytes:
	 * compressed. */
	enum ward_rc (*put)(struct ward_objects *o, const uint8_t sha256[32], int fd,
			    uint64_t *ret_bytes);
	/* Into `to` by ward_object_unpack. */
	enum ward_rc (*get)(struct ward_objects *o, const uint8_t sha256[32], uint64_t max, int to);
	/* WARD_E_NOENT. */
	enum ward_rc (*size)(struct ward_objects *o, const uint8_t sha256[32], uint64_t *ret_bytes);
	/* It was there a moment ago. */
	enum ward_rc (*remove)(struct ward_objects *o, const uint8_t sha256[32]);
	/* Until `fn` fails, which is what it returns then. */
	enum ward_rc (*list)(struct ward_objects *o, ward_object_fn fn, void *context);
	void (*close)(struct ward_objects *o);
};

struct ward_objects {
	const struct ward_objects_ops *ops;
	uint64_t quota;
	pthread_mutex_t lock; /* of the figures */
	struct ward_objects_stats stats;
};

/* Sets up what all backends have. */
void ward_objects_init(struct ward_objects *o, const struct ward_objects_ops *ops, uint64_t quota);
void ward_objects_done(struct ward_objects *o);
/* The last step of opening: counts what is there. */
enum ward_rc ward_objects_count(struct ward_objects *o) WARD_MUST_CHECK;

enum { WARD_OBJECT_NAME = 80 };
/* "ab/ab….zst", and its digest back from the last part. */
void ward_object_name(const uint8_t sha256[32], char ret[WARD_OBJECT_NAME]);
bool ward_object_name_parse(const char *name, size_t len, uint8_t ret_sha256[32]);

#endif
