/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "guard/packages/database.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a database says, what comes of it is an index. The first byte says how much of it are
   diversions. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WARD_AUTO(ward_database_freep) struct ward_database *d = ward_database_new(0x3f);
	struct ward_span in = ward_span_of(data, size);
	size_t diversions = size ? data[0] * size / 256 : 0;
	struct ward_index index;
	struct ward_buf out;

	if (!d)
		return 0;
	ward_buf_init(&out, WARD_INDEX_MAX, NULL);
	if (ward_database_diversions(d, ward_span_cut(in, 1, diversions)) == WARD_OK &&
	    ward_database_sums(d, ward_span_str("package:amd64"),
			       ward_span_cut(in, diversions, size)) == WARD_OK &&
	    (ward_database_end(d, &out) != WARD_OK ||
	     ward_index_open(ward_buf_span(&out), &index) != WARD_OK))
		abort();
	ward_buf_done(&out);
	return 0;
}
