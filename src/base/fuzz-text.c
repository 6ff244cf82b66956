/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, splitting and converting agree with each other on any bytes. */
#include <stdlib.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_find(struct ward_span hay, struct ward_span needle)
{
	size_t at = ward_text_find(hay, needle, 0);
	size_t any = ward_text_find_nocase(hay, needle, 0);

	must(at == SIZE_MAX || ward_span_eq(ward_span_cut(hay, at, needle.len), needle));
	must(any <= at);
	must(ward_text_find(hay, hay, 0) == 0);
}

static void
check_split(struct ward_span in)
{
	struct ward_span rest = in;
	struct ward_span part;
	size_t bytes = 0;

	while (ward_text_split(&rest, ',', &part)) {
		bytes += part.len;
		must(ward_text_trim(part).len <= part.len);
	}
	must(bytes <= in.len);
}

static void
check_hex(struct ward_span in)
{
	char hex[2 * 64 + 1];
	uint8_t back[64];
	struct ward_span head = ward_span_cut(in, 0, sizeof(back));

	ward_text_hex(head, hex);
	must(ward_text_unhex(ward_span_str(hex), back, head.len));
	must(ward_span_eq(ward_span_of(back, head.len), head));
	(void)ward_text_unhex(head, back, head.len / 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ward_span in = ward_span_of(data, size);
	uint64_t value;

	check_find(in, ward_span_cut(in, size / 2, size % 7));
	check_split(in);
	check_hex(in);
	must(!ward_text_u64(in, &value) || (size > 0 && data[0] >= '0' && data[0] <= '9'));
	return 0;
}
