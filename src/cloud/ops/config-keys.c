/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/ops/config-priv.h"

#define AT(member) offsetof(struct ward_config, member)
#define TEXT(section, name, member, standard, help)                                                \
	{                                                                                          \
		section, name, WARD_CONFIG_IS_TEXT, AT(member), 0, 0, standard, help               \
	}
#define NUMBER(section, name, member, low, high, standard, help)                                   \
	{                                                                                          \
		section, name, WARD_CONFIG_IS_NUMBER, AT(member), low, high, standard, help        \
	}
#define SIZE(section, name, member, low, high, standard, help)                                     \
	{                                                                                          \
		section, name, WARD_CONFIG_IS_SIZE, AT(member), low, high, standard, help          \
	}
#define TIME(section, name, member, low, high, standard, help)                                     \
	{                                                                                          \
		section, name, WARD_CONFIG_IS_TIME, AT(member), low, high, standard, help          \
	}

#define MIB    (UINT64_C(1) << 20)
#define TIB    (UINT64_C(1) << 40)
#define MINUTE (UINT64_C(60) * 1000)
#define DAY    (UINT64_C(24) * 60 * MINUTE)

const struct ward_config_key ward_config_keys[] = {
	TEXT("service", "directory", service.directory, "/var/lib/wardcloud",
	     "Where everything is kept. Other paths are relative to it."),
	TEXT("service", "organisation", service.organisation, "",
	     "Name in the devices' certificates; set by `wardcloud init`."),
	TIME("service", "drain", service.drain_ms, 0, 10 * MINUTE, "20s",
	     "How long running calls may take when the service is told to stop."),
	{"service", "debug", WARD_CONFIG_IS_BOOL, AT(service.debug), 0, 0, "no",
	 "Log more about the service's own life."},
	{"service", "text-log", WARD_CONFIG_IS_BOOL, AT(service.text_log), 0, 0, "no",
	 "Log lines for people instead of JSON."},

	TEXT("edge", "listen", edge.listen, "[::]:7443", "Address and port for the endpoints."),
	TEXT("edge", "certificate", edge.certificate, "pki/server.pem",
	     "Certificate chain shown to the endpoints, PEM."),
	TEXT("edge", "key", edge.key, "pki/server.key", "Its key, PEM."),
	TEXT("edge", "client-ca", edge.client_ca, "pki/ca.pem",
	     "Who vouches for the endpoints' certificates, PEM."),
	NUMBER("edge", "threads", edge.threads, 1, 256, "0", "Event loops; 0: one for each CPU."),
	NUMBER("edge", "connections", edge.connections_max, 1, 1000000, "50000",
	       "Connections at once, of all endpoints."),
	NUMBER("edge", "connections-per-address", edge.address_max, 1, 1000000, "1024",
	       "Connections at once from one address."),
	NUMBER("edge", "streams", edge.streams_max, 1, 10000, "128",
	       "Calls at once on one connection."),
	TIME("edge", "idle", edge.idle_ms, 1000, DAY, "10m",
	     "A connection without calls is closed after this time."),
	TIME("edge", "handshake", edge.handshake_ms, 100, 10 * MINUTE, "10s",
	     "Time for the TLS handshake."),
	TIME("edge", "stall", edge.stall_ms, 100, 60 * MINUTE, "30s",
	     "Longest pause within a message that has begun."),

	TEXT("metrics", "listen", metrics.listen, "127.0.0.1:7480",
	     "Address and port of /metrics and /healthz, without encryption or passwords; empty: "
	     "off."),

	TEXT("log", "backend", log.backend, "file",
	     "Where the log is kept: file (below the directory) or kafka (see [kafka])."),
	SIZE("log", "segment", log.segment_bytes, MIB, TIB, "128M", "Size of one segment file."),
	SIZE("log", "waiting", log.waiting_bytes, MIB, TIB, "64M",
	     "Bytes taken and not yet durable before senders are told to come back later."),
	SIZE("log", "reserve", log.reserve_bytes, 0, TIB, "64M",
	     "Take nothing more when the file system has less room left."),
	TIME("log", "snapshot-every", log.snapshot_every_ms, MINUTE, 365 * DAY, "0",
	     "Make a snapshot of the views this often and let go of the log before it; 0: "
	     "never. Nodes that share log.snapshots make one between them."),
	TEXT("log", "snapshots", log.snapshots, "snapshots",
	     "Directory of the snapshots; with several nodes best one that all of them reach."),
	{"log", "let-go", WARD_CONFIG_IS_BOOL, AT(log.let_go), 0, 0, "yes",
	 "Let go of the log before a snapshot. With the kafka backend only if log.snapshots is an "
	 "absolute path: a directory that all nodes share, for a node that is behind needs it."},

	TEXT("kafka", "brokers", kafka.brokers, "",
	     "Brokers to ask first, host:port, separated by commas. Needed for log.backend = "
	     "kafka; "
	     "the rest of this section counts for it alone."),
	TEXT("kafka", "prefix", kafka.prefix, "ward",
	     "The topics are called PREFIX-events, PREFIX-state and PREFIX-updates."),
	NUMBER("kafka", "partitions", kafka.partitions, 1, 256, "16",
	       "Partitions of events and of state; never changes once the topics are made."),
	NUMBER("kafka", "replicas", kafka.replicas, 1, 9, "3", "Replicas of topics that are made."),
	NUMBER("kafka", "min-insync", kafka.min_insync, 1, 9, "2",
	       "Replicas that have a record before it is acknowledged, at least; topics that ask "
	       "for fewer (min.insync.replicas) are refused."),
	TIME("kafka", "start", kafka.start_ms, 1000, DAY, "1m",
	     "How long to wait for the brokers when the service starts."),
	TIME("kafka", "wait", kafka.wait_ms, 1000, 60 * MINUTE, "30s",
	     "How long to wait for an acknowledgement before a sender is told that there is none."),
	TEXT("kafka", "security", kafka.security, "plaintext",
	     "plaintext (loopback and closed networks only), tls, or sasl-tls (a password "
	     "besides)."),
	TEXT("kafka", "ca", kafka.ca, "",
	     "Who vouches for the brokers' certificates, PEM; empty: the system's."),
	TEXT("kafka", "certificate", kafka.certificate, "",
	     "Certificate shown to the brokers, PEM; empty: none."),
	TEXT("kafka", "key", kafka.key, "", "Its key, PEM."),
	TEXT("kafka", "mechanism", kafka.mechanism, "SCRAM-SHA-512",
	     "SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."),
	TEXT("kafka", "user", kafka.user, "", "Name for it."),
	TEXT("kafka", "password-file", kafka.password_file, "",
	     "File whose first line is the password; only the service's user may read it."),

	SIZE("views", "cache", views.cache_bytes, 8 * MIB, TIB, "256M",
	     "Memory for cached blocks."),
	NUMBER("views", "overlay", views.overlay_max, 1000, 100000000, "1000000",
	       "Changed verdicts before the mapped table is built anew."),

	SIZE("objects", "quota", objects.quota_bytes, 0, 1024 * TIB, "0",
	     "Bytes of samples kept, compressed; 0: no limit."),
	TIME("objects", "keep", objects.keep_ms, MINUTE, 3650 * DAY, "0",
	     "How long samples are kept; 0: for ever."),
	TEXT("objects", "backend", objects.backend, "dir",
	     "Where samples are kept: dir (below the service's directory) or s3."),
	TEXT("objects", "s3-endpoint", objects.s3_endpoint, "",
	     "https://host[:port] of the S3 server; http only to this machine itself."),
	TEXT("objects", "s3-region", objects.s3_region, "us-east-1", "Its region."),
	TEXT("objects", "s3-bucket", objects.s3_bucket, "", "The bucket; it must be there."),
	TEXT("objects", "s3-prefix", objects.s3_prefix, "samples/",
	     "What all keys begin with; ends with a slash."),
	TEXT("objects", "s3-credentials", objects.s3_credentials, "s3.credentials",
	     "File with aws_access_key_id and aws_secret_access_key, mode 0600."),
	TEXT("objects", "s3-ca", objects.s3_ca, "",
	     "Who vouches for the S3 server's certificate, PEM; empty: the system's CAs."),
	{"objects", "s3-path-style", WARD_CONFIG_IS_BOOL, AT(objects.s3_path_style), 0, 0, "no",
	 "The bucket stands in the path, not in the host's name."},
	TIME("objects", "s3-timeout", objects.s3_timeout_ms, 1000, 10 * MINUTE, "30s",
	     "Longest time without progress before a request is tried again."),

	TEXT("analysis", "scanner", analysis.scanner, "", "ward-scan; empty: the installed one."),
	TEXT("analysis", "packs", analysis.packs, "",
	     "Intelligence for samples, separated by colons; empty: the installed packs."),
	NUMBER("analysis", "jobs", analysis.jobs, 1, 256, "0",
	       "Sandboxed scanners; 0: one for each CPU."),
	TIME("analysis", "timeout", analysis.timeout_ms, 1000, 60 * MINUTE, "2m",
	     "Longest time for one sample."),
	NUMBER("analysis", "queue", analysis.queue_max, 1, 1000000, "1000",
	       "Samples that may wait for analysis."),
	SIZE("analysis", "sample", analysis.sample_max, MIB, 16 * 1024 * MIB, "256M",
	     "Largest sample taken."),
	SIZE("analysis", "spool", analysis.spool_bytes, MIB, TIB, "4G",
	     "Room for samples that are being received."),

	{"updates", "publish", WARD_CONFIG_IS_BOOL, AT(updates.publish), 0, 0, "yes",
	 "Block for everybody, by a signed record, what the analysis of a sample or an analyst has "
	 "convicted. Needs the keys that `wardcloud keys` makes."},
	NUMBER("updates", "publish-confidence", updates.confidence, 0, 100, "90",
	       "How sure a conviction has to be for that, in per cent."),
	TIME("updates", "publish-life", updates.life_ms, 0, 3650 * DAY, "0",
	     "How long endpoints keep such a record, from when they took it; 0: no end."),
	{"updates", "publish-allow", WARD_CONFIG_IS_BOOL, AT(updates.allow), 0, 0, "no",
	 "What an analyst calls clean is allowed by a record, besides no longer being blocked."},
	NUMBER("updates", "gate-devices", updates.gate_devices, 1, 1000000000, "20",
	       "A file that this many devices have met is not blocked by itself, if it has been "
	       "known for long enough (gate-age)."),
	NUMBER("updates", "gate-percent", updates.gate_percent, 0, 100, "1",
	       "The same of a file that more than this share of all devices, and five of them, "
	       "have met."),
	TIME("updates", "gate-age", updates.gate_age_ms, 0, 3650 * DAY, "1d",
	     "How long ago a file was first met, at least, for the gates to hold a block of it: "
	     "what spreads over all devices within an hour is an outbreak."),
	TEXT("updates", "mirror-listen", updates.mirror_listen, "",
	     "Address and port where signed updates can be had by plain GET, for caches and "
	     "mirrors, "
	     "by anybody; empty: off."),

	NUMBER("limits", "device-requests", limits.device_requests, 1, 1000000, "200",
	       "Calls of one device each second, in the long run."),
	NUMBER("limits", "device-burst", limits.device_burst, 1, 1000000, "2000",
	       "Calls of one device at once after a pause."),
	SIZE("limits", "device-bytes", limits.device_bytes, MIB, TIB, "2G",
	     "Bytes of samples one device may send each hour."),
	NUMBER("limits", "enrol-address", limits.enrol_address, 1, 1000000, "30",
	       "Enrolments tried from one address each minute."),
	NUMBER("limits", "enrol", limits.enrol_all, 1, 1000000, "600",
	       "Enrolments tried each minute, by all."),
};

const size_t ward_config_key_count = sizeof(ward_config_keys) / sizeof(ward_config_keys[0]);
