/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ward_rc
take(void *context, Ward__Log__V1__Reputation *batch)
{
	size_t *bytes = context;

	*bytes += ward__log__v1__reputation__get_packed_size(batch);
	return WARD_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_import_figures figures;
	size_t bytes = 0;

	return ward_import_list(ward_span_of(data, size), take, &bytes, &figures) == WARD_E_INVAL;
}
