/* SPDX-License-Identifier: Apache-2.0 */
/* A segment's bytes: nothing reads outside them, and what is read can be written to the same. */
#include "cloud/log/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span rest = ward_span_of(data, size);
	struct ward_segment_record record;
	enum ward_log_channel channel;
	uint64_t first;

	if (!ward_segment_header_read(rest, &channel, &first))
		rest = ward_span_cut(rest, WARD_SEGMENT_HEADER, size);
	while (!ward_segment_record_read(rest, &record)) {
		uint8_t *copy = malloc(record.size);

		if (!copy)
			return 0;
		ward_segment_lay_out(copy, record.key, record.body);
		ward_segment_seal(copy, record.size, record.offset, record.time_ms);
		if (memcmp(copy, rest.data, record.size) != 0)
			abort();
		free(copy);
		rest = ward_span_cut(rest, record.size, rest.len);
	}
	return 0;
}
