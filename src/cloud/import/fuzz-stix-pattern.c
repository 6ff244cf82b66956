/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/stix-pattern.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ward_rc
take(void *context, enum ward_import_kind kind, const uint8_t *digest)
{
	size_t *count = context;

	(void)digest;
	if (kind >= WARD_IMPORT_KINDS)
		abort();
	++*count;
	return WARD_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum ward_rc rc = WARD_OK;
	size_t count = 0;

	/* what is not understood as a whole has given nothing */
	if (ward_stix_pattern(ward_span_of(data, size), take, &count, &rc) && count > 0)
		abort();
	return 0;
}
