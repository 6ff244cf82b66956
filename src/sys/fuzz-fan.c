/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each event takes something off, and the reading ends. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span rest = ward_span_of(data, size);
	struct ward_fan_event event;
	size_t left = size;

	while (ward_fan_next(&rest, &event) == WARD_OK) {
		if (rest.len >= left)
			__builtin_trap();
		left = rest.len;
	}
	return 0;
}
