/* SPDX-License-Identifier: Apache-2.0 */
/* What `scan` and `explain` share: intelligence, scanners, and turning replies into reports. */
#ifndef WARD_CLI_SESSION_H
#define WARD_CLI_SESSION_H

#include "cli/options.h"
#include "cli/report.h"
#include "pool/pool.h"

/* Filled by the options tables (WARD_SESSION_OPTIONS below). */
struct ward_session_options {
	struct ward_strings rules;
	struct ward_strings intel;
	bool no_default_intel;
	bool lenient;
	uint64_t jobs;
	struct {
		uint64_t file, object, bytes, files, depth, ratio, memory, seconds;
	} max;
};

/* What holds when the command line says nothing. */
void ward_session_options_default(struct ward_session_options *ret_options);
void ward_session_options_done(struct ward_session_options *options);

/* Rows for an options table whose struct has a member `session` of that type. */
#define WARD_SESSION_OPTIONS(type)                                                                 \
	{"rules",                                                                                  \
	 'r',                                                                                      \
	 WARD_OPTION_LIST,                                                                         \
	 "PATH",                                                                                   \
	 offsetof(type, session.rules),                                                            \
	 "YARA rules or signatures: a file or a directory of them"},                               \
		{"intel",                                                                          \
		 'i',                                                                              \
		 WARD_OPTION_LIST,                                                                 \
		 "PACK",                                                                           \
		 offsetof(type, session.intel),                                                    \
		 "intelligence pack made by `ward intel compile`"},                                \
		{"no-default-intel",                                                               \
		 0,                                                                                \
		 WARD_OPTION_FLAG,                                                                 \
		 NULL,                                                                             \
		 offsetof(type, session.no_default_intel),                                         \
		 "do not load the rules that ship with Ward"},                                     \
		{"lenient",                                                                        \
		 0,                                                                                \
		 WARD_OPTION_FLAG,                                                                 \
		 NULL,                                                                             \
		 offsetof(type, session.lenient),                                                  \
		 "leave out rule files that do not parse, with a warning"},                        \
		{"jobs",                                                                           \
		 'j',                                                                              \
		 WARD_OPTION_NUMBER,                                                               \
		 "N",                                                                              \
		 offsetof(type, session.jobs),                                                     \
		 "scanner processes (default: one per CPU)"},                                      \
		{"max-file",                                                                       \
		 0,                                                                                \
		 WARD_OPTION_SIZE,                                                                 \
		 "SIZE",                                                                           \
		 offsetof(type, session.max.file),                                                 \
		 "largest file looked at (default 16G)"},                                          \
		{"max-object",                                                                     \
		 0,                                                                                \
		 WARD_OPTION_SIZE,                                                                 \
		 "SIZE",                                                                           \
		 offsetof(type, session.max.object),                                               \
		 "largest object unpacked (default 256M)"},                                        \
		{"max-bytes",                                                                      \
		 0,                                                                                \
		 WARD_OPTION_SIZE,                                                                 \
		 "SIZE",                                                                           \
		 offsetof(type, session.max.bytes),                                                \
		 "bytes unpacked from one file (default 1G)"},                                     \
		{"max-files",                                                                      \
		 0,                                                                                \
		 WARD_OPTION_NUMBER,                                                               \
		 "N",                                                                              \
		 offsetof(type, session.max.files),                                                \
		 "objects inside one file (default 100000)"},                                      \
		{"max-depth",                                                                      \
		 0,                                                                                \
		 WARD_OPTION_NUMBER,                                                               \
		 "N",                                                                              \
		 offsetof(type, session.max.depth),                                                \
		 "containers within containers (default 24, at most 64)"},                         \
		{"max-ratio",                                                                      \
		 0,                                                                                \
		 WARD_OPTION_NUMBER,                                                               \
		 "N",                                                                              \
		 offsetof(type, session.max.ratio),                                                \
		 "unpacked to packed size (default 250)"},                                         \
		{"max-memory",                                                                     \
		 0,                                                                                \
		 WARD_OPTION_SIZE,                                                                 \
		 "SIZE",                                                                           \
		 offsetof(type, session.max.memory),                                               \
		 "working memory for one file (default 512M)"},                                    \
	{                                                                                          \
		"max-time", 0, WARD_OPTION_TIME, "TIME", offsetof(type, session.max.seconds),      \
			"time for one file (default 2m)"                                           \
	}

/* Loads the intelligence and starts the scanners; prints what is wrong to stderr. NULL then. */
struct ward_pool *ward_session_start(const struct ward_session_options *options) WARD_MUST_CHECK;

/* A reply as a report; borrows from both. */
void ward_session_report(const char *path, const struct ward_pool_reply *reply,
			 struct ward_report *ret_report);

/* Name of the file's owner, cached; valid until the next call. */
const char *ward_session_owner(unsigned uid);

#endif
