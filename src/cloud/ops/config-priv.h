/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys. */
#ifndef WARD_CLOUD_OPS_CONFIG_PRIV_H
#define WARD_CLOUD_OPS_CONFIG_PRIV_H

#include "cloud/ops/config.h"

enum ward_config_kind {
	WARD_CONFIG_IS_TEXT,
	WARD_CONFIG_IS_BOOL,
	WARD_CONFIG_IS_NUMBER,
	WARD_CONFIG_IS_SIZE,
	WARD_CONFIG_IS_TIME,
};

struct ward_config_key {
	const char *section, *name;
	enum ward_config_kind kind;
	size_t offset;
	uint64_t low, high;   /* numbers: the range taken; the default may lie outside: "0" */
	const char *standard; /* the default, as it would be written */
	const char *help;
};

extern const struct ward_config_key ward_config_keys[];
extern const size_t ward_config_key_count;

#endif
