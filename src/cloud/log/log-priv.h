/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend implements: the functions of log.h, one by one, with the arguments checked. A
 * backend's struct begins with a struct ward_log, its readers with a struct ward_log_reader. */
#ifndef WARD_CLOUD_LOG_LOG_PRIV_H
#define WARD_CLOUD_LOG_LOG_PRIV_H

#include "cloud/log/log.h"

struct ward_log_ops {
	enum ward_rc (*append)(struct ward_log *log, const struct ward_log_item *items,
			       size_t count, ward_log_done done, void *context);
	uint32_t (*partitions)(const struct ward_log *log, enum ward_log_channel channel);
	enum ward_rc (*bounds)(struct ward_log *log, enum ward_log_channel channel,
			       uint32_t partition, uint64_t *ret_first, uint64_t *ret_next);
	enum ward_rc (*reader_new)(struct ward_log *log, const struct ward_log_position *from,
				   size_t count, struct ward_log_reader **ret);
	void (*reader_free)(struct ward_log_reader *reader);
	enum ward_rc (*reader_next)(struct ward_log_reader *reader, int timeout_ms,
				    struct ward_log_entry *ret_entry);
	void (*reader_wake)(struct ward_log_reader *reader);
	enum ward_rc (*truncate)(struct ward_log *log, const struct ward_log_position *position);
	void (*stats)(struct ward_log *log, struct ward_log_stats *ret_stats);
	void (*close)(struct ward_log *log);
};

struct ward_log {
	const struct ward_log_ops *ops;
};

struct ward_log_reader {
	struct ward_log *log;
};

/* The partition a route selects among `partitions`. */
uint32_t ward_log_route(struct ward_span route, uint32_t partitions);

#endif
