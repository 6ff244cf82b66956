/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/limits.h"

void
ward_limits_default(struct ward_limits *ret_limits)
{
	*ret_limits = (struct ward_limits){
		.max_object = 256u << 20,
		.max_bytes = 1u << 30,
		.max_files = 100000,
		.max_depth = 24,
		.max_ratio = 250,
		.max_memory = 512u << 20,
	};
}
