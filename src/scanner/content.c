/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/content.h"

static enum ward_reason
reason_of(enum ward_rc rc)
{
	switch ((int)rc) {
	case WARD_E_NOMEM:
		return WARD_REASON_MEMORY;
	case WARD_E_PERM:
		return WARD_REASON_PERMISSION;
	case WARD_E_UNSUPPORTED:
		return WARD_REASON_SPECIAL;
	default:
		return WARD_REASON_IO;
	}
}

/* One byte more than fits is asked for: files of /proc and /sys have contents but say their size is
   0 or a page. What comes is what there is, unless it is more than that. */
static enum ward_reason
read_small(struct ward_content *c, uint8_t *small)
{
	size_t n;
	enum ward_rc rc = ward_fd_pread(c->fd, small, WARD_CONTENT_SMALL + 1, 0, &n);

	if (rc != WARD_OK)
		return reason_of(rc);
	if (n > WARD_CONTENT_SMALL) {
		n = WARD_CONTENT_SMALL;
		c->why = c->before.size == 0 ? WARD_REASON_SPECIAL : WARD_REASON_CHANGED;
	}
	c->bytes = ward_span_of(small, n);
	return WARD_REASON_NONE;
}

static enum ward_reason
map_large(struct ward_content *c)
{
	enum ward_rc rc = ward_mapping_open_sequential(c->fd, c->before.size, &c->mapping);

	if (rc != WARD_OK)
		return reason_of(rc);
	rc = ward_mapping_guard(&c->mapping, c->fd);
	if (rc != WARD_OK) {
		ward_mapping_done(&c->mapping);
		return reason_of(rc);
	}
	c->mapped = true;
	c->bytes = c->mapping.bytes;
	return WARD_REASON_NONE;
}

enum ward_reason
ward_content_open(struct ward_content *c, int fd, uint8_t *small)
{
	enum ward_rc rc;

	*c = (struct ward_content){.fd = fd};
	rc = ward_fd_stat(fd, &c->before);
	if (rc != WARD_OK)
		return reason_of(rc);
	if (c->before.kind != WARD_FD_REGULAR)
		return WARD_REASON_SPECIAL;
	return c->before.size <= WARD_CONTENT_SMALL ? read_small(c, small) : map_large(c);
}

static bool
changed(const struct ward_content *c)
{
	struct ward_fd_stat after;

	return ward_fd_stat(c->fd, &after) != WARD_OK || after.size != c->before.size ||
	       after.mtime != c->before.mtime || after.ctime != c->before.ctime;
}

enum ward_reason
ward_content_close(struct ward_content *c)
{
	bool unreadable = false;

	if (c->mapped) {
		unreadable = ward_mapping_unguard();
		ward_mapping_done(&c->mapping);
		c->mapped = false;
	}
	if (changed(c))
		return WARD_REASON_CHANGED;
	return unreadable ? WARD_REASON_IO : c->why;
}
