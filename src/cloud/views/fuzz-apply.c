/* SPDX-License-Identifier: Apache-2.0 */
/* Records of any bytes are refused or applied, whatever was applied before. The input: length in two
 * bytes, record, and so on. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloud/views/views-priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct ward_views *
views(void)
{
	static struct ward_views *open;
	static char directory[] = "/tmp/ward-fuzz-apply-XXXXXX";
	struct ward_views_options options = {
		.directory = directory, .overlay_max = 64, .cache_bytes = 1 << 20};
	char why[512];

	if (!open && (!mkdtemp(directory) || ward_views_open(&options, &open, why)))
		abort();
	return open;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint64_t offset;
	const struct ward_apply_news *news;
	struct ward_apply *apply = NULL;

	if (ward_apply_new(views(), &apply))
		abort();
	while (len > 2) {
		size_t n = (size_t)data[0] << 8 | data[1];
		struct ward_log_entry entry = {.position = {WARD_LOG_STATE, 0, offset}};
		bool full = false;

		data += 2;
		len -= 2;
		n = n < len ? n : len;
		entry.body = ward_span_of(data, n);
		if (ward_apply_add(apply, &entry, &full))
			break;
		offset++;
		if (full && ward_apply_commit(apply, &news))
			abort();
		data += n;
		len -= n;
	}
	if (ward_apply_commit(apply, &news))
		abort();
	ward_apply_free(apply);
	return 0;
}
