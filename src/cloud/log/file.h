/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded log: segment files in a directory of its own, one partition a channel. All appends
 * that wait are written together and made durable by one fdatasync (group commit).
 *
 * An acknowledged record survives: the service killed at any moment, the machine losing power (as far
 * as the disk honours fdatasync). It does not survive the loss of the disk. A torn tail left by a
 * crash is cut when the log is opened; damage anywhere else is reported, never skipped.
 */
#ifndef WARD_CLOUD_LOG_FILE_H
#define WARD_CLOUD_LOG_FILE_H

#include "cloud/log/log.h"

struct ward_log_file_options {
	const char *directory;	/* made with mode 0700 if it is not there; its parent must be */
	uint64_t segment_bytes; /* 0: 128 MiB */
	uint64_t waiting_max;	/* bytes taken and not yet durable; 0: 64 MiB */
	uint64_t reserve_bytes; /* refuse appends when the file system has less left; 0: 64 MiB */
};

/*
 * WARD_E_PERM also when another process has it open. WARD_E_FORMAT: damaged, and `why` (WARD_OK
 * room 512, may be NULL) says where.
 */
enum ward_rc ward_log_open_file(const struct ward_log_file_options *options, struct ward_log **ret,
				char why[512]) WARD_MUST_CHECK;

#endif
