/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's configuration: lines of "key = value" under [sections], '#' begins a comment. Every
 * key, its kind, range, default and help stand in one table (config-keys.c), which also writes the
 * commented default file and the man page's list. What the file says can be overruled by
 * "section.key=value" on the command line.
 */
#ifndef WARD_CLOUD_OPS_CONFIG_H
#define WARD_CLOUD_OPS_CONFIG_H

#include "base/buf.h"

enum { WARD_CONFIG_TEXT = 256 };

typedef char ward_config_text[WARD_CONFIG_TEXT];

/* Plain data; copy it as you like. Times in ms, sizes in bytes. */
struct ward_config {
	struct {
		ward_config_text directory, organisation;
		uint64_t drain_ms;
		bool debug, text_log;
	} service;
	struct {
		ward_config_text listen, certificate, key, client_ca;
		uint64_t threads, connections_max, address_max, streams_max;
		uint64_t idle_ms, handshake_ms, stall_ms;
	} edge;
	struct {
		ward_config_text listen;
	} metrics;
	struct {
		ward_config_text backend; /* "file" or "kafka" */
		uint64_t segment_bytes, waiting_bytes, reserve_bytes;
		uint64_t snapshot_every_ms;
		ward_config_text snapshots; /* directory */
		bool let_go;
	} log;
	struct {
		ward_config_text brokers, prefix;
		uint64_t partitions, replicas, min_insync;
		uint64_t start_ms, wait_ms;
		ward_config_text security; /* "plaintext", "tls" or "sasl-tls" */
		ward_config_text ca, certificate, key, mechanism, user, password_file;
	} kafka;
	struct {
		uint64_t cache_bytes, overlay_max;
	} views;
	struct {
		uint64_t quota_bytes, keep_ms;
		ward_config_text backend; /* "dir" or "s3" */
		ward_config_text s3_endpoint, s3_region, s3_bucket, s3_prefix;
		ward_config_text s3_credentials, s3_ca;
		bool s3_path_style;
		uint64_t s3_timeout_ms;
	} objects;
	struct {
		ward_config_text scanner, packs; /* packs: paths separated by ':' */
		uint64_t jobs, timeout_ms, queue_max, sample_max, spool_bytes;
	} analysis;
	struct {
		bool publish, allow;
		uint64_t confidence; /* 0 to 100 */
		uint64_t life_ms;
		uint64_t gate_devices, gate_percent, gate_age_ms;
		ward_config_text mirror_listen;
	} updates;
	struct {
		uint64_t device_requests, device_burst; /* a second */
		uint64_t device_bytes;			/* of samples, an hour */
		uint64_t enrol_address, enrol_all;	/* a minute */
	} limits;
};

/* Every key as the table says it is when nobody sets it. */
void ward_config_default(struct ward_config *ret_config);

/*
 * Reads `text` (of the file `name`) over what `config` holds. All mistakes are found, not only the
 * first: lines "name:12: edge.threads: not a number" in `why` (any maximum), and WARD_E_FORMAT; then
 * `config` is not to be used.
 */
enum ward_rc ward_config_read(struct ward_config *config, const char *name, struct ward_span text,
			      struct ward_buf *why) WARD_MUST_CHECK;
/* "section.key=value". */
enum ward_rc ward_config_set(struct ward_config *config, const char *assignment,
			     struct ward_buf *why) WARD_MUST_CHECK;
/* What no single key can tell. */
enum ward_rc ward_config_check(const struct ward_config *config,
			       struct ward_buf *why) WARD_MUST_CHECK;

/* The whole configuration as a file that reads back to the same: keys that differ from the default
 * as settings, others as comments; every key with its help. */
enum ward_rc ward_config_write(const struct ward_config *config,
			       struct ward_buf *out) WARD_MUST_CHECK;

/* `name` below the service's directory unless it is absolute. False when it is too long. */
bool ward_config_path(const struct ward_config *config, const char *name,
		      ward_config_text ret_path) WARD_MUST_CHECK;

#endif
