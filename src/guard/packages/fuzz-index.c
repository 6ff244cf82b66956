/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "guard/packages/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted can be searched, and its names end. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_index index;
	size_t first = 0;

	if (ward_index_open(ward_span_of(data, size), &index) != WARD_OK)
		return 0;
	(void)ward_index_find(&index, "/usr/bin/true", &first);
	for (size_t i = 0; i < index.count; i++) {
		if (strlen(ward_index_entry(&index, i).package) >= index.names.len)
			abort();
	}
	return 0;
}
