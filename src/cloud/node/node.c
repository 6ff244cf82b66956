/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/node/node.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cloud/node/node-priv.h"
#include "cloud/objects/s3.h"
#include "sys/fd.h"

enum { CONFIG_MAX = 256 * 1024, WHY = 512 };

enum ward_rc
ward_node_why(struct ward_buf *why, enum ward_rc rc, const char *what, const char *detail)
{
	enum ward_rc said;

	if (!rc)
		return rc;
	said = ward_buf_printf(why, "%s: %s%s%s\n", what, ward_rc_str(rc), detail[0] ? ": " : "",
			       detail);
	(void)said; /* without room there is still the code */
	return rc;
}

/* --- configuration --- */

static enum ward_rc
read_file(const char *path, struct ward_buf *into)
{
	WARD_AUTO(ward_fd_close) int fd = -1;
	enum ward_rc rc = ward_fd_open_regular(-1, path, true, &fd, NULL);

	return rc ? rc : ward_fd_read_all(fd, into);
}

static enum ward_rc
read_config(const char *path, struct ward_config *config, struct ward_buf *why)
{
	WARD_AUTO(ward_buf_done) struct ward_buf text = {0};
	enum ward_rc rc;

	ward_buf_init(&text, CONFIG_MAX, NULL);
	rc = ward_node_why(why, read_file(path, &text), path, "");
	return rc ? rc : ward_config_read(config, path, ward_buf_span(&text), why);
}

enum ward_rc
ward_node_config(const char *file, const char *const *sets, size_t count,
		 struct ward_config *ret_config, struct ward_buf *why)
{
	struct ward_config config;
	enum ward_rc rc = WARD_OK;

	ward_config_default(&config);
	if (file)
		rc = read_config(file, &config, why);
	for (size_t i = 0; i < count && !rc; i++)
		rc = ward_config_set(&config, sets[i], why);
	if (!rc)
		rc = ward_config_check(&config, why);
	if (!rc)
		*ret_config = config;
	return rc;
}

/* --- samples --- */

static enum ward_rc
open_s3(const struct ward_config *c, struct ward_objects **ret, struct ward_buf *why)
{
	ward_config_text spool, credentials, ca = "";
	char detail[WHY] = "";
	const struct ward_objects_s3_options options = {
		.endpoint = c->objects.s3_endpoint,
		.region = c->objects.s3_region,
		.bucket = c->objects.s3_bucket,
		.prefix = c->objects.s3_prefix,
		.credentials = credentials,
		.ca = ca,
		.spool = spool,
		.path_style = c->objects.s3_path_style,
		.timeout_ms = c->objects.s3_timeout_ms,
		.quota = c->objects.quota_bytes,
	};

	if (!ward_config_path(c, "spool", spool) ||
	    !ward_config_path(c, c->objects.s3_credentials, credentials) ||
	    (c->objects.s3_ca[0] && !ward_config_path(c, c->objects.s3_ca, ca)))
		return WARD_E_LIMIT;
	return ward_node_why(why, ward_objects_open_s3(&options, ret, detail),
			     c->objects.s3_endpoint, detail);
}

static enum ward_rc
open_samples(const struct ward_config *c, struct ward_objects **ret, struct ward_buf *why)
{
	ward_config_text path;
	char detail[WHY] = "";
	struct ward_objects_dir_options options = {path, c->objects.quota_bytes};

	if (strcmp(c->objects.backend, "s3") == 0)
		return open_s3(c, ret, why);
	if (!ward_config_path(c, "samples", path))
		return WARD_E_LIMIT;
	return ward_node_why(why, ward_objects_open_dir(&options, ret, detail), path, detail);
}

/* --- everything --- */

static enum ward_rc
make_directories(const struct ward_config *c, struct ward_buf *why)
{
	const char *const names[] = {"", "spool", c->log.snapshots};
	ward_config_text path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!ward_config_path(c, names[i], path))
			return WARD_E_LIMIT;
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return ward_node_why(why, errno == ENOENT ? WARD_E_NOENT : WARD_E_PERM,
					     path, "");
	}
	return WARD_OK;
}

static enum ward_rc
open_all(struct ward_node *node, const struct ward_applier_events *events, struct ward_buf *why)
{
	const struct ward_config *c = &node->config;
	enum ward_rc rc = make_directories(c, why);

	if (!rc)
		rc = ward_node_open_log(c, &node->log, why);
	if (!rc)
		rc = ward_node_open_views(c, node->log, "views", &node->views, why);
	if (!rc)
		rc = open_samples(c, &node->objects, why);
	if (!rc)
		rc = ward_node_why(
			why, ward_applier_start(node->log, node->views, events, &node->applier),
			"applier", "");
	return rc;
}

enum ward_rc
ward_node_open(const struct ward_config *config, const struct ward_applier_events *events,
	       struct ward_node **ret, struct ward_buf *why)
{
	WARD_AUTO(ward_node_closep) struct ward_node *node = calloc(1, sizeof(*node));
	enum ward_rc rc;

	if (!node)
		return WARD_E_NOMEM;
	node->config = *config;
	rc = open_all(node, events, why);
	if (rc)
		return rc;
	*ret = node;
	node = NULL;
	return WARD_OK;
}

struct ward_node *
ward_node_close(struct ward_node *node)
{
	if (!node)
		return NULL;
	ward_applier_stop(node->applier);
	ward_log_close(node->log);
	ward_views_close(node->views);
	ward_objects_close(node->objects);
	free(node);
	return NULL;
}

void
ward_node_closep(struct ward_node **node)
{
	*node = ward_node_close(*node);
}

/* --- settling --- */

enum { SETTLE_LOOK_MS = 500 };

/* The last record of each partition that has any. */
static enum ward_rc
ends_of(struct ward_log *log, struct ward_log_position *ret, size_t *ret_count)
{
	struct ward_log_position all[WARD_LOG_ENDS];
	size_t count, n = 0;
	enum ward_rc rc = ward_log_ends(log, all, &count);

	for (size_t i = 0; i < count && !rc; i++) {
		uint64_t first, next;

		rc = ward_log_bounds(log, all[i].channel, all[i].partition, &first, &next);
		if (next > first)
			ret[n++] = (struct ward_log_position){all[i].channel, all[i].partition,
							      next - 1};
	}
	*ret_count = n;
	return rc;
}

/* A partition may turn out to end earlier: what looked like its last records were marks. */
static enum ward_rc
take_back(struct ward_log *log, struct ward_log_position *ends, size_t *count)
{
	size_t n = 0;
	enum ward_rc rc = WARD_OK;

	for (size_t i = 0; i < *count && !rc; i++) {
		uint64_t first, next;

		rc = ward_log_bounds(log, ends[i].channel, ends[i].partition, &first, &next);
		if (next == first)
			continue;
		ends[n] = ends[i];
		if (ends[n].offset > next - 1)
			ends[n].offset = next - 1;
		n++;
	}
	*count = n;
	return rc;
}

enum ward_rc
ward_node_settle(struct ward_node *node, int timeout_ms, bool (*stop)(void))
{
	struct ward_log_position ends[WARD_LOG_ENDS];
	size_t count;
	enum ward_rc rc = ends_of(node->log, ends, &count);

	while (!rc && count > 0) {
		int slice = timeout_ms < SETTLE_LOOK_MS ? timeout_ms : SETTLE_LOOK_MS;

		rc = ward_applier_wait(node->applier, ends, count, slice);
		timeout_ms -= slice;
		if (rc != WARD_E_TIMEOUT || timeout_ms <= 0)
			return rc;
		rc = stop && stop() ? WARD_E_STOPPED : take_back(node->log, ends, &count);
	}
	return rc;
}
