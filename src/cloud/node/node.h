/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node: log, views, applier and sample store opened as the configuration says, with the views
 * caught up from a snapshot where the log alone no longer suffices. Used by the running service and
 * by the administrator's commands when none runs.
 *
 * Below service.directory: log/, views/, samples/, spool/, snapshots/ (or elsewhere: log.snapshots),
 * pki/, wardcloud.conf, admin.sock. With the kafka backend log/ holds only this node's lock and the
 * name of its cluster; several nodes, each with a directory of its own, are one service.
 */
#ifndef WARD_CLOUD_NODE_NODE_H
#define WARD_CLOUD_NODE_NODE_H

#include "cloud/objects/objects.h"
#include "cloud/ops/config.h"
#include "cloud/views/applier.h"

struct ward_release;

struct ward_node {
	struct ward_config config;
	struct ward_log *log;
	struct ward_views *views;
	struct ward_applier *applier;
	struct ward_objects *objects;
	struct ward_release
		*release; /* of the running service, for its operations; NULL: none runs */
};

/*
 * The configuration in `file` (NULL: the defaults), then `sets` ("section.key=value") over it,
 * checked. `why`: what is wrong, one line each.
 */
enum ward_rc ward_node_config(const char *file, const char *const *sets, size_t count,
			      struct ward_config *ret_config, struct ward_buf *why) WARD_MUST_CHECK;

/*
 * Opens everything and starts the applier; does not wait until it has caught up. WARD_E_PERM: a
 * service (or another command) has it open. `why` gets a line. `events` may be NULL.
 */
enum ward_rc ward_node_open(const struct ward_config *config,
			    const struct ward_applier_events *events, struct ward_node **ret,
			    struct ward_buf *why) WARD_MUST_CHECK;
struct ward_node *ward_node_close(struct ward_node *node);
void ward_node_closep(struct ward_node **node);

/* Only the log, for `wardcloud replay`. */
enum ward_rc ward_node_open_log(const struct ward_config *config, struct ward_log **ret,
				struct ward_buf *why) WARD_MUST_CHECK;

/*
 * The views below service.directory in `name` ("views"): those that are there, or, when they are
 * missing or behind what the log still has, those of the newest snapshot.
 */
enum ward_rc ward_node_open_views(const struct ward_config *config, struct ward_log *log,
				  const char *name, struct ward_views **ret,
				  struct ward_buf *why) WARD_MUST_CHECK;
/* Puts the directory of views `from` in the place of `to`; neither may be open. */
enum ward_rc ward_node_swap_views(const struct ward_config *config, const char *from,
				  const char *to, struct ward_buf *why) WARD_MUST_CHECK;
/* Removes a directory of views that is not open; fine if there is none. */
enum ward_rc ward_node_remove_views(const struct ward_config *config, const char *name,
				    struct ward_buf *why) WARD_MUST_CHECK;

/* Waits until all that was durable when it was called is applied; WARD_E_TIMEOUT, or WARD_E_STOPPED
 * when `stop` (may be NULL), asked twice a second, says so. */
enum ward_rc ward_node_settle(struct ward_node *node, int timeout_ms,
			      bool (*stop)(void)) WARD_MUST_CHECK;

/*
 * A snapshot of the views in log.snapshots, named by the time; when it is complete, the log before
 * it is let go (updates stay; log.let-go says when not) and older snapshots but one are removed.
 */
enum ward_rc ward_node_snapshot(struct ward_node *node, struct ward_buf *why) WARD_MUST_CHECK;
/* When the newest one in log.snapshots was made, by whichever node, in ms since 1970; 0: none. */
uint64_t ward_node_snapshot_time(const struct ward_config *config);

#endif
