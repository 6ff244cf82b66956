/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log on Apache Kafka (or what speaks its protocol: at least 2.5), through librdkafka. One topic a
 * channel: PREFIX-events and PREFIX-state with as many partitions as configured, PREFIX-updates with
 * one. Topics that are not there are made; those that are there are checked, and refused when they
 * could lose what was acknowledged (kafka-topics.c says what is asked of them and why).
 *
 * Acknowledged means that all replicas in sync, at least `min_insync` of them, have the record. So an
 * acknowledged record survives
 *   - this service killed at any moment: brokers hold the record, not we;
 *   - min_insync - 1 brokers lost for good, with their disks, at the same time (one of three, as
 *     configured by default); and any number one after the other, when each is replaced in between;
 *   - brokers cut off from each other: those without a majority take nothing.
 * It may not survive
 *   - min_insync or more brokers losing their disks at once;
 *   - all replicas losing power at once: brokers acknowledge before they sync to disk. The file
 *     backend survives that. Put brokers where power does not fail together, or let them sync
 *     (flush.messages=1);
 *   - an unclean leader election (unclean.leader.election.enable, refused at open, or one forced by an
 *     administrator). A reader whose position the log no longer reaches says WARD_E_FORMAT.
 * With fewer than min_insync replicas in sync nothing is acknowledged, and nothing acknowledged is lost.
 *
 * Not acknowledged within `ack_ms`: `done` gets WARD_E_TIMEOUT, and the record may turn up in the log
 * all the same, before or after. So what is sent again must carry an id by which it counts once.
 *
 * ward_log_bounds tells what this log heard last from the brokers: what it appended itself is always
 * counted; what others appended, as soon as a reader of this log was told. It never waits.
 * ward_log_truncate has an effect on channels that are not compacted, and waits for the brokers.
 */
#ifndef WARD_CLOUD_LOG_KAFKA_H
#define WARD_CLOUD_LOG_KAFKA_H

#include "cloud/log/log.h"

struct ward_log_kafka_options {
	const char *brokers; /* "host:port,host:port": some of the cluster, where to ask first */
	const char *prefix;  /* of the topics: letters, digits, '.', '_', '-', at most 64 */
	const char
		*directory;   /* of this node alone: its lock, and which cluster it belongs to; made
				* with mode 0700 */
	uint32_t partitions;  /* of events and of state; 1 to WARD_LOG_PARTITIONS_MAX */
	unsigned replicas;    /* of topics that are made, 1 to 9 */
	unsigned min_insync;  /* 1 to replicas; topics with less are refused */
	uint64_t waiting_max; /* bytes taken and not yet acknowledged; 0: 64 MiB */
	unsigned open_ms;     /* how long to wait for the cluster when opening; 0: 60 s */
	unsigned ack_ms;      /* how long to wait for an acknowledgement; 0: 30 s */
	unsigned close_ms;    /* the longest time to wait for them when closing; 0: 10 s */

	bool tls;		   /* else in clear: for loopback and closed networks */
	const char *ca;		   /* PEM file; NULL: the system's */
	const char *certificate;   /* of ours, PEM file; NULL: none */
	const char *key;	   /* its key, PEM file */
	const char *mechanism;	   /* SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN, over TLS only; NULL: no
				    * password */
	const char *user;	   /* for it */
	const char *password_file; /* its first line; others must not be able to read it */
};

/*
 * Returns with the topics there and checked. WARD_E_TIMEOUT: the cluster did not answer in open_ms.
 * WARD_E_PERM: another process has `directory`, or the brokers do not let us in. WARD_E_INVAL: the
 * options, the topics' settings, or the cluster is another than before; `why` (room 512, may be NULL)
 * says it; it never holds a secret. Options are copied.
 */
enum ward_rc ward_log_open_kafka(const struct ward_log_kafka_options *options,
				 struct ward_log **ret, char why[512]) WARD_MUST_CHECK;

#endif
