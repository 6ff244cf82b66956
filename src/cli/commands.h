/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CLI_COMMANDS_H
#define WARD_CLI_COMMANDS_H

#include "cli/options.h"

/* Exit statuses, as scanners' users know them (clamscan, grep). */
enum ward_exit {
	WARD_EXIT_NOTHING = 0, /* nothing found */
	WARD_EXIT_FOUND = 1,   /* something malicious or suspicious */
	WARD_EXIT_ERROR =
		2, /* it could not be done; with --strict also: not everything was scanned */
	WARD_EXIT_INTERRUPTED = 130,
};

extern const struct ward_command ward_command_scan;
extern const struct ward_command ward_command_explain;
extern const struct ward_command ward_command_features;
extern const struct ward_command ward_command_intel;
extern const struct ward_command ward_command_enroll;
extern const struct ward_command ward_command_cloud;
extern const struct ward_command ward_command_config;
extern const struct ward_command ward_command_exclusion;
extern const struct ward_command ward_command_threat;
extern const struct ward_command ward_command_quarantine;
extern const struct ward_command ward_command_history;
extern const struct ward_command ward_command_updates;
extern const struct ward_command ward_command_audit;
extern const struct ward_command ward_command_status;
extern const struct ward_command ward_command_reload;
extern const struct ward_command ward_command_completion;

#endif
