/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps: other programs choose the names in it. What comes out names nothing but a range. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/running.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span rest = ward_span_of(data, size);
	char range[WARD_RUNNING_RANGE];

	while (ward_running_next(&rest, range))
		if (strlen(range) == 0 || strspn(range, "0123456789abcdefABCDEF-") != strlen(range))
			abort();
	return 0;
}
