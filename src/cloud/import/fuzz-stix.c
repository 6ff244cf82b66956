/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/import/readers.h"

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
	struct ward_import_terms terms = {.verdict = WARD_UNKNOWN, .now_ms = 1, .observed = true};
	struct ward_entries *e = ward_entries_new(&terms);
	struct ward_import_totals totals;
	size_t bytes = 0;
	enum ward_rc rc;

	if (!e)
		return 0;
	rc = ward_import_stix(ward_span_of(data, size), e);
	if (!rc)
		rc = ward_entries_each(e, take, &bytes, &totals);
	ward_entries_free(e);
	return rc == WARD_E_INVAL ? -1 : 0;
}
