/* SPDX-License-Identifier: Apache-2.0 */
/* The log, of whichever kind the configuration says. */
#include "cloud/node/node.h"

#include <stdio.h>

#include "cloud/log/file.h"
#include "cloud/log/kafka.h"
#include "cloud/node/node-priv.h"
#include "sys/fd.h"

enum { WHY = 512 };

static enum ward_rc
open_file(const struct ward_config *c, const char *path, struct ward_log **ret, char why[WHY])
{
	struct ward_log_file_options options = {
		.directory = path,
		.segment_bytes = c->log.segment_bytes,
		.waiting_max = c->log.waiting_bytes,
		.reserve_bytes = c->log.reserve_bytes,
	};
	struct ward_fd_stat stat;
	char cluster[WARD_CONFIG_TEXT + 16];

	(void)snprintf(cluster, sizeof(cluster), "%s/cluster", path);
	if (!ward_fd_stat_at(-1, cluster, false, &stat)) {
		(void)snprintf(why, WHY, "this node's log is on Kafka");
		return WARD_E_INVAL;
	}
	return ward_log_open_file(&options, ret, why);
}

/* Paths of the [kafka] section, relative to the service's directory. */
struct kafka_paths {
	ward_config_text ca, certificate, key, password;
};

/* NULL where nothing is set; *good turns false when it is too long. */
static const char *
path_or_null(const struct ward_config *c, const char *name, ward_config_text into, bool *good)
{
	if (!name[0])
		return NULL;
	*good = *good && ward_config_path(c, name, into);
	return into;
}

static bool
kafka_security(const struct ward_config *c, struct kafka_paths *paths,
	       struct ward_log_kafka_options *o)
{
	bool good = true;

	o->tls = strcmp(c->kafka.security, "plaintext") != 0;
	if (!o->tls)
		return true;
	o->ca = path_or_null(c, c->kafka.ca, paths->ca, &good);
	o->certificate = path_or_null(c, c->kafka.certificate, paths->certificate, &good);
	o->key = path_or_null(c, c->kafka.key, paths->key, &good);
	if (strcmp(c->kafka.security, "sasl-tls") != 0)
		return good;
	o->mechanism = c->kafka.mechanism;
	o->user = c->kafka.user;
	o->password_file = path_or_null(c, c->kafka.password_file, paths->password, &good);
	return good;
}

static enum ward_rc
open_kafka(const struct ward_config *c, const char *path, struct ward_log **ret, char why[WHY])
{
	struct kafka_paths paths;
	struct ward_log_kafka_options options = {
		.brokers = c->kafka.brokers,
		.prefix = c->kafka.prefix,
		.directory = path,
		.partitions = (uint32_t)c->kafka.partitions,
		.replicas = (unsigned)c->kafka.replicas,
		.min_insync = (unsigned)c->kafka.min_insync,
		.waiting_max = c->log.waiting_bytes,
		.open_ms = (unsigned)c->kafka.start_ms,
		.ack_ms = (unsigned)c->kafka.wait_ms,
	};

	if (!kafka_security(c, &paths, &options))
		return WARD_E_LIMIT;
	return ward_log_open_kafka(&options, ret, why);
}

enum ward_rc
ward_node_open_log(const struct ward_config *c, struct ward_log **ret, struct ward_buf *why)
{
	ward_config_text path;
	char detail[WHY] = "";
	bool kafka = strcmp(c->log.backend, "kafka") == 0;

	if (!ward_config_path(c, "log", path))
		return WARD_E_LIMIT;
	return ward_node_why(why, (kafka ? open_kafka : open_file)(c, path, ret, detail),
			     kafka ? "log on Kafka" : path, detail);
}
