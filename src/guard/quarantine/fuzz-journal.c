/* SPDX-License-Identifier: Apache-2.0 */
/* Journals: what is accepted names one entry of one directory, and survives a round trip. */
#include <stdlib.h>

#include "guard/quarantine/quarantine-priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_original o, again;
	struct ward_buf out;

	if (ward_original_decode(ward_span_of(data, size), &o) != WARD_OK)
		return 0;
	if (memchr(o.name.data, '/', o.name.len) || memchr(o.stash, '/', strlen((char *)o.stash)))
		abort();
	ward_buf_init(&out, 16 * 1024, NULL);
	if (ward_original_encode(&o, &out) != WARD_OK ||
	    ward_original_decode(ward_buf_span(&out), &again) != WARD_OK ||
	    !ward_span_eq(o.name, again.name) || !ward_span_eq(o.parent, again.parent) ||
	    o.inode != again.inode)
		abort();
	ward_buf_done(&out);
	return 0;
}
