/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/ask/recent.h"

#include <stdlib.h>

#include "sys/fd.h"

enum { ROOM = 4096, PATH_ROOM = 4096 };

struct entry {
	uint8_t sha256[32];
	struct ward_key key;
	char *path; /* NULL: empty */
};

struct ward_recent {
	struct entry entries[ROOM]; /* a ring */
	size_t next;
};

struct ward_recent *
ward_recent_new(void)
{
	return calloc(1, sizeof(struct ward_recent));
}

struct ward_recent *
ward_recent_free(struct ward_recent *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < ROOM; i++)
		free(r->entries[i].path);
	free(r);
	return NULL;
}

void
ward_recent_put(struct ward_recent *r, const uint8_t sha256[32], const struct ward_key *key, int fd)
{
	struct entry *e = &r->entries[r->next];
	char path[PATH_ROOM];

	ward_fd_name(fd, path, sizeof(path));
	if (path[0] != '/')
		return;
	free(e->path);
	e->path = strdup(path);
	memcpy(e->sha256, sha256, sizeof(e->sha256));
	e->key = *key;
	r->next = (r->next + 1) % ROOM;
}

static void
try(const struct entry *e, void (*found)(void *ctx, int fd, const struct ward_key *key), void *ctx)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	struct ward_key now;
	enum ward_fd_kind kind;

	if (ward_fd_open_regular(-1, e->path, false, &fd, NULL) == WARD_OK &&
	    ward_key_of(fd, &now, &kind) == WARD_OK && ward_key_equal(&now, &e->key))
		found(ctx, fd, &e->key);
}

void
ward_recent_find(struct ward_recent *r, const uint8_t sha256[32],
		 void (*found)(void *ctx, int fd, const struct ward_key *key), void *ctx)
{
	for (size_t i = 0; i < ROOM; i++)
		if (r->entries[i].path && memcmp(r->entries[i].sha256, sha256, 32) == 0)
			try(&r->entries[i], found, ctx);
}
