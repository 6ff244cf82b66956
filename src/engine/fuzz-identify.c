/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum ward_type type = ward_identify(ward_span_of(data, size));

	if ((unsigned)type >= WARD_TYPE_COUNT || (size > 0 && type == WARD_TYPE_EMPTY))
		abort();
	return 0;
}
